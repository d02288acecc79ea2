package nidan

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// MethodName names a way of taking the second step, for example "totp".
type MethodName string

// A Channel is the road a proof took. Two proofs of one channel are one proof:
// a mailed link and a mailed number show one mailbox twice (law 3).
type Channel string

// The channels.
const (
	ChannelMemory Channel = "memory" // a password
	ChannelApp    Channel = "app"    // an authenticator app
	ChannelSheet  Channel = "sheet"  // backup codes
	ChannelMail   Channel = "mail"   // anything mailed, whatever the address

	// A remembered browser stands in for the second step, and is none
	// (NIST SP 800-63B-4 §5.1): it satisfies no step-up.
	ChannelBrowser Channel = "browser"
)

// Traits are what the rules need to know of a method. They never change.
type Traits struct {
	Method  MethodName
	Channel Channel
	AMR     string // RFC 8176 reference, for example "otp"
	Level   Level  // what a password and this method are worth together

	// DisableAfter is the number of wrong answers in a row after which the
	// authenticator is disabled (NIST SP 800-63B-4 §3.2.2: at most 100);
	// 0 where the method's own budget does that work, and then its wrong
	// answers do not stop the password either.
	DisableAfter int

	// Reserve marks a method that gets a person in when the others cannot:
	// it never protects alone, goes when the last other one goes, and its
	// use is told to the owner.
	Reserve bool
}

// A Method is a way of taking the second step. It is pure: what it needs comes
// as arguments, what it learns goes into the State it returns. It is reached
// only through Service, which has done the counting, and each implementation
// has to pass methodtest.
type Method interface {
	Traits() Traits

	// Check judges one answer. It must not accept an answer twice: the State
	// of an accepting Verdict refuses the same answer. hashes holds the result
	// of [Slow.SlowCheck] if the method has one.
	Check(s State, answer string, hashes []Hashed, now time.Time) Verdict

	// Enrol draws what a new authenticator (or the successor named in the
	// request) needs. Nothing of it is stored but in a sealed ticket.
	Enrol(r Enrolment, now time.Time, random io.Reader) (Draft, error)

	// Confirm judges the proof that the holder has what Enrol drew. An
	// accepting Verdict carries the State to store, merged with the old one
	// where the request named one.
	Confirm(old State, d Draft, answer string, hashes []Hashed, now time.Time) Verdict
}

// Slow is implemented by a method whose answers are kept as slow hashes. What
// it returns is computed between load and decide, under admission.
type Slow interface {
	// SlowCheck returns the one hash that judging the answer needs; ok is
	// false where the answer cannot be right without any hashing.
	SlowCheck(s State, answer string) (h SlowHash, ok bool)

	// SlowConfirm returns the hashes that storing the draft needs.
	SlowConfirm(old State, d Draft) []SlowHash
}

// Prompting is implemented by a method that sends its holder something before
// they can answer. Its Check and Confirm accept nothing: an answer belongs to a
// prompt, and what is outstanding is kept by the rules, in the document, bound
// to the sign-in or set-up that asked for it. Binding an authenticator is
// answering its first prompt.
type Prompting interface {
	// Begin draws a prompt.
	Begin(now time.Time, random io.Reader) (Prompt, error)

	// Respond judges an answer to a prompt's State. The State of an accepting
	// Verdict is the authenticator's. The rules ask once per prompt that was
	// accepted: they drop it in the commit that accepts.
	Respond(p State, answer string, now time.Time) Verdict
}

// A Prompt is what Begin draws.
type Prompt struct {
	State State     // for Respond; it says nothing of Code to whoever reads it
	Code  Secret    // what the message carries
	Until time.Time // when Respond begins to refuse it
}

// Counted is implemented by a method that hands out a number of codes.
type Counted interface {
	Sheet(s State) Sheet
}

// A Sheet is what may be said of a set of codes without naming one.
type Sheet struct {
	Issued time.Time
	Total  int
	Left   int
	Used   []UsedCode // oldest first
}

// Next suggests the code to use: the lowest number that is left (NIST SP
// 800-63B-4 §3.1.2.2), or "".
func (s Sheet) Next() string {
	for n := 1; n <= s.Total; n++ {
		number := fmt.Sprintf("%02d", n)
		if !slices.ContainsFunc(s.Used, func(u UsedCode) bool { return u.Number == number }) {
			return number
		}
	}
	return ""
}

// UsedCode is a code that is spent: its number, and when it was used.
type UsedCode struct {
	Number string
	At     time.Time
}

// A Judgement is what a method says of an answer.
type Judgement int

// The judgements. Every one but Accepted and Malformed is counted.
const (
	Wrong     Judgement = iota // the zero value refuses
	Accepted                   // proven; State consumes it
	Used                       // right once, used already
	Late                       // right a moment ago
	Behind                     // right Off ago: the holder's clock is behind
	Ahead                      // right in Off: told at set-up only
	Replaced                   // from a set replaced on When
	Malformed                  // cannot be an answer of this method at all
)

// A Verdict is a judgement and what follows from it.
type Verdict struct {
	Judgement Judgement
	State     State         // Accepted: the state to store
	Off       time.Duration // Behind, Ahead
	When      time.Time     // Replaced
	Item      string        // Accepted: which of several codes it was, for the record
	Step      int64         // Accepted: a number that identifies the code among all of this authenticator, for the record
}

// An Enrolment asks for something to hand to the holder.
type Enrolment struct {
	Issuer  string // the brand, as it will stand in an app
	Account string // the name the holder knows the account by
	Old     State  // Reserve methods: the present set, which the new one replaces
	Item    string // Reserve methods: replace this one code only
}

// A Draft is an authenticator before it is one. It lives in a ticket.
type Draft struct {
	State   State   `json:"s"`
	Handout Handout `json:"h"`
}

// A Handout is what the holder has to see or save. Its fields are secrets
// except for the dates; it exists in the sealed ticket and on the page.
type Handout struct {
	URI    string    `json:"u,omitempty"` // otpauth://
	Key    string    `json:"k,omitempty"` // base32, without spaces
	Codes  []string  `json:"c,omitempty"` // as printed
	Issued time.Time `json:"i,omitzero"`
	Item   string    `json:"n,omitempty"` // the one number replaced, if it is one
}

// SlowHash asks for one slow hash.
type SlowHash struct {
	Like  string   // a stored hash whose parameters, salt and key are used again; empty: today's
	Cost  HashCost // for a new one
	Salt  []byte   // for a new one: 16 bytes; two hashes with one salt share their prefix
	Input Secret
}

// HashCost chooses the parameters of a new hash.
type HashCost int

// The costs.
const (
	CostPassword HashCost = iota // Argon2id 19 MiB, t=2, p=1 (OWASP)
	CostCode                     // Argon2id 8 MiB, t=1, p=1, for inputs of 80 random bits
)

// Hashed is a computed slow hash. It is bound to the bytes it was computed
// for: whoever receives it compares Hash with what the document holds now.
type Hashed struct {
	Of   SlowHash
	Hash string // PHC form; two hashes with the same prefix differ in the last field only
}
