// Package vault keeps the keys that the database never sees, and seals with
// them.
//
// It owns the keyring (one small file, or the same text in the environment),
// the format of everything sealed, and the canary by which a keyring and a
// database recognise each other. It knows nothing of accounts, documents or
// SQL.
//
// # What it promises
//
// A value opens only with the same keyring, store, purpose, owner and
// associated data it was sealed for, and only if no bit of it was changed.
// Whatever else is given to [Vault.Open] is an error and never a panic. No
// error and no print-out has a key or a plaintext in it.
//
// Not promised: that a value is the newest one sealed for its place. An old
// value put back opens; versions inside the sealed documents find that.
//
// # Keys
//
// Each key of the keyring is 32 random bytes with a short id. The first one
// seals, all of them open. From each, HKDF-SHA-256 (RFC 5869) derives a sub-key
// per store, purpose and owner, so that no two accounts and no two uses share
// one.
//
// # The sealed format
//
//	offset  bytes  content
//	     0      1  format: 1
//	     1      4  id of the key
//	     5     12  random nonce
//	    17      n  ciphertext, as long as the plaintext
//	  17+n     16  tag
//
// AES-256-GCM under the sub-key. The first five bytes are not in the associated
// data because both are bound already: the format stands in the derivation of
// the sub-key, and the id chooses what it is derived from.
//
// Nonces are random, so one sub-key may seal 2^32 values (NIST SP 800-38D
// §8.3): a million a day for eleven years, for each owner and purpose. Seal
// with the account as owner wherever there is one.
//
// # A start
//
// [Start] is all that a server calls. It makes the keyring at the first start
// with an empty database, and refuses every pair of keyring and database that
// cannot belong together, each with its own error and what to do about it.
package vault
