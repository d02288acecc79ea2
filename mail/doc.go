// Package mail writes what people are told and hands it over: a
// [nidan.Notice] becomes a message in its reader's language, and a queued
// message goes out once.
//
// It owns the sentences of mails, their plain and their HTML form, the
// addresses that links in mails lead to, and the conversation with the mail
// server. It decides nothing about accounts: what is to be told stands in the
// queue, sealed, in the commit that caused it.
//
// # The parts
//
//   - [Composer] turns a notice into a [Message].
//   - [Transport] hands a message over: [SMTP] to a mail server, [Sink] to the
//     memory of a demonstration.
//   - [Worker] takes what is due from the queue, opens it, has it composed and
//     sent, and says what became of it.
//
// # What a mail promises
//
//   - The plain text is the mail; the HTML repeats it, with nothing remote and
//     no script. Both are made of the same blocks.
//   - A number stands in the first line and in the last, where a browser finds
//     it bound to its host (https://wicg.github.io/sms-one-time-codes/), never
//     in the subject, and never together with a link.
//   - A link stands alone on its line, leads to the configured host, and opens
//     a page with one button. Nothing happens before that is pressed.
//   - Nothing in a mail was written by a person but addresses, and those are
//     of a form in which nothing can be said.
//
// # A new kind of notice
//
// One line in kinds.go, its sentences in each file of locale/, and its samples
// in samples_test.go. No other code changes.
package mail
