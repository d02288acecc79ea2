// Package password is the craft of the first step: slow hashes, what a new
// password must be, and the canonical form of a login name. It implements
// [nidan.FirstStep].
//
// It owns the stored form of hashes, how many are computed at a time, the list
// of common passwords and the rules built on it. It knows nothing of accounts
// and stores nothing.
//
// # The stored hash
//
// Argon2id in PHC form with one field more than most, the id of a key:
//
//	$argon2id$v=19$m=19456,t=2,p=1,keyid=00c0ffee$SALT$HASH
//
// HASH is not Argon2id's output but HMAC-SHA-256 of it under a key that the
// database never sees (NIST SP 800-63B-4 §3.1.1.2, "keyed hash"). Whoever has
// only the database cannot even begin to guess.
//
// # What a new password must be
//
// In this order; see [FirstStep.Judge]:
//
//  1. text of at most 256 bytes in NFC, without control characters
//  2. at least 15 characters, counted as code points, or what the operator
//     chose from 8 to 64 (NIST SP 800-63B-4 §3.1.1.2, ASVS 5.0 §6.2.1)
//  3. not around the account's address or the product's name (ASVS 5.0 §6.2.11)
//  4. not a common one (ASVS 5.0 §6.2.4), and not merely put together from
//     common and predictable pieces
//
// Nothing is asked of its composition. Rules 3 and 4 read it as a guesser would:
// compatibility forms unified (NFKC), in lower case, and for words with the
// usual substitutions undone (0 for o, @ for a, $ for s and so on).
//
// For rule 4 the whole password is taken apart into pieces, each with what it
// counts for; of all ways to do it the one with the least sum is taken:
//
//	a password of the list                                    2
//	three or more along a walk: 123, qwer, edcba, 1qaz, あいう   1
//	a year from 1900 to 2099                                  1
//	three or more that came before in the same order          1
//	any other character                                       1
//
// A password whose pieces count for less than 8 is refused (for less than
// LIMIT − 2 where the operator chose a LIMIT under 10). So "passwordpassword1"
// counts for 4, "Summer2026Winter2027" for 6 and "aaaaaaaaaaaaaaa" for 2; four
// listed words in a row count for 8 and will do. It is the password as a whole
// that is compared with what is predictable, as NIST asks; that a word of the
// list stands in it does not matter where enough else does.
//
// Rule 3 alone looks inside, because the address and the product's name are
// what everybody tries first.
//
// # The list
//
// common.txt holds some 6,500 passwords of four characters and more, in lower
// case. It was composed from general knowledge of which passwords are common:
// the numbers and keyboard walks, words, names, teams, brands and phrases that
// head the published lists, with those typical of Japan, Korea and other
// languages, and the usual endings behind the best known of them. What is a
// listed word and a short ending besides was left out, as rule 4 refuses it
// anyway. It is not taken from a corpus of leaked passwords and does not replace
// checking against one (ASVS 5.0 §6.2.12).
package password
