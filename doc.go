// Package nidan decides who has taken the second step.
//
// It is the library inside the Nidan program: the types, the rules and the
// [Service] that applies them. It has no SQL, no HTTP, no clock, no randomness
// and no keys of its own; all of these come in through the small interfaces
// [Store], [Sealer], [Clock], [FirstStep] and [Method], and only the standard
// library is imported.
//
// An application that has people of its own puts all of it together with package
// inside; docs/recipes/embed.md shows it.
//
// # One account, one document, one version
//
// Everything a decision about an account depends on is one [Account]: a
// document that is loaded whole, decided on by pure functions, sealed, and
// saved by compare-and-set on its version. A command goes
//
//	load → slow hashes (under admission) → decide (pure) → commit
//
// and, where another command was faster, again from load. From this one shape
// follow single use of codes, counting before answering, and one commit for
// document, session, events and notices together.
//
// # The map
//
//   - account.go, authenticator.go, browser.go: the document and its caps
//   - method.go: the contract of a way of taking the second step
//   - service.go, change.go, opened.go: load → decide → commit, written once
//   - signin.go: the first step and the pending sign-in
//   - answer.go: the second step ([Service.Answer]), the one door to a method
//   - session.go, assurance.go: the one mint, sessions, levels
//   - setup.go: tickets of the account holder: set-up, reissue, replacement
//   - protection.go: turning off
//   - link.go: invitation, reset and browser links
//   - throttle.go, gate.go: the ladder of the second step and of the first
//   - ticket.go, token.go: what people carry
//   - secret.go: what must not print itself
//   - document.go: an account as JSON, and back
//   - event.go, notice.go, outcome.go: what is recorded, told and answered
//   - store.go: what is asked of a database
//   - overview.go: what the security settings show
//   - party.go, kept.go, register.go: products, their keys and the accounts they keep
//   - handover.go, pass.go, inside.go: how products lead here, and are told
//   - operator.go, instance.go, audit.go: what the command line asks
//
// # Rules for a change here
//
// A wrong code is an [Outcome] that commits, not an error that rolls back.
// Anything that fails to load, open, parse or connect is "not proven", never
// "not needed". Time is an argument, and so are randomness, hashes and keys.
package nidan
