package nidan

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Reason says what came of a command. The list is closed: pages, and later
// the API, translate these and nothing else. A Reason never depends on a
// secret that its reader has not proven to know.
type Reason string

// The reasons.
const (
	OK         Reason = "ok"
	SecondStep Reason = "second_step" // first step passed; a pending sign-in is open

	// Refused before the password was proven; the same for every name.
	WrongFirstStep Reason = "wrong_first_step"
	FirstStepWait  Reason = "first_step_wait" // Until says when the next try is judged

	// The second step, and so told only behind a right password.
	WrongAnswer     Reason = "wrong_answer"
	UsedAnswer      Reason = "used_answer"
	LateAnswer      Reason = "late_answer"      // it has just run out
	ClockBehind     Reason = "clock_behind"     // Off says how far
	ClockAhead      Reason = "clock_ahead"      // told at set-up only, where its holder has the seed anyway
	ReplacedAnswer  Reason = "replaced_answer"  // a code of a set replaced on When
	MalformedAnswer Reason = "malformed_answer" // cannot be a code at all: not judged, not counted
	Waiting         Reason = "waiting"          // Until says when the next answer is judged; Count how many were wrong
	SignInEnded     Reason = "sign_in_ended"    // too many wrong answers in it
	Disabled        Reason = "disabled"         // this authenticator takes no more answers until it is bound again
	NoSuchWay       Reason = "no_such_way"      // the account has no such authenticator
	Expired         Reason = "expired"          // the pending sign-in or ticket has run out
	Gone            Reason = "gone"             // there is no such sign-in or session (any more): start again
	DoneElsewhere   Reason = "done_elsewhere"   // the ticket is of an earlier epoch or revision
	OtherTab        Reason = "other_tab"        // the form was drawn from another ticket than the one carried
	StepUp          Reason = "step_up"          // a fresh proof is needed first
	NotSaved        Reason = "not_saved"        // "I have saved them" is not ticked
	NotProtected    Reason = "not_protected"    // there is no two-step verification to act on
	AlreadyOn       Reason = "already_on"       // first set-up is open only to accounts that are not protected
	LinkDead        Reason = "link_dead"        // an invitation, reset or browser link that has run out or was used

	// Mailed numbers and links.
	SendWait    Reason = "send_wait"     // Until says when the next can be mailed
	SendsUsedUp Reason = "sends_used_up" // this sign-in or set-up has had all of its numbers: start again
	NoCodeSent  Reason = "no_code_sent"  // no number is outstanding: nothing was judged
	SameMailbox Reason = "same_mailbox"  // the password was set by a mailed link: a mailed number proves nothing more
	NoMail      Reason = "no_mail"       // this installation sends none

	// Recovery.
	RecoveryWaits Reason = "recovery_waits" // Until says when it ripens
	NoRecovery    Reason = "no_recovery"    // none is in progress

	LastOne Reason = "last_one" // the last authenticator is removed by turning off

	// New passwords and names.
	PasswordShort      Reason = "password_short"
	PasswordLong       Reason = "password_long"
	PasswordUnreadable Reason = "password_unreadable" // not text, or with characters that cannot be typed
	PasswordCommon     Reason = "password_common"     // on the list of common or leaked passwords
	PasswordPersonal   Reason = "password_personal"   // contains the address or the product's name
	PasswordSimple     Reason = "password_simple"     // one character or sequence repeated
	NameInvalid        Reason = "name_invalid"        // not an address we can take
	NameTaken          Reason = "name_taken"          // an account has it already
	NoAccount          Reason = "no_account"          // told to operators, and to a product of its own accounts: there is none of that name
	NotFrozen          Reason = "not_frozen"          // operator only

	// Relying parties.
	FirstStepStopped    Reason = "first_step_stopped"   // until a password changed later is stated
	ScopeMissing        Reason = "scope_missing"        // the key does not have the scope that this takes
	AccountExists       Reason = "account_exists"       // the product has an account of that id already
	RefInvalid          Reason = "id_invalid"           // not an id that a product can give
	IdempotencyMismatch Reason = "idempotency_mismatch" // the same name for another request
	TimeInvalid         Reason = "time_invalid"         // a password that will be changed in the future, or was by mail at no time
	ReturnInvalid       Reason = "return_invalid"       // not an address that is registered, or none that could be
	BindInvalid         Reason = "bind_invalid"         // not a SHA-256 in base64url
	LevelInvalid        Reason = "level_invalid"        // not what could be asked for
	LevelTooLow         Reason = "level_too_low"        // worth less than was asked for
	ResultDead          Reason = "result_dead"          // redeemed, run out, or of another product or browser
	HostInvalid         Reason = "host_invalid"         // not a host that is registered, or none that could be

	// Told to operators only.
	NoParty      Reason = "no_party"
	HostTaken    Reason = "host_taken" // another party has it
	NoKey        Reason = "no_key"
	ScopeInvalid Reason = "scope_invalid"
	LifeInvalid  Reason = "life_invalid"
	TooMany      Reason = "too_many" // the cap is reached
)

// Outcome is what a command answers. Fields beyond Reason are set where the
// reason or the verb says so; secrets in it are for the person who called.
type Outcome struct {
	Reason Reason
	Until  time.Time     // Waiting, FirstStepWait: when it is over
	Count  int           // Waiting: wrong answers in a row; WrongAnswer: wrong ones in this sign-in
	Off    time.Duration // ClockBehind, ClockAhead: how far, always positive
	When   time.Time     // ReplacedAnswer: when the set was replaced
	Limit  int           // PasswordShort: the least length in characters
	Left   int           // after a backup code was used: how many are left
	Used   string        // after a backup code was used: its number
	Others bool          // the wrong answers came from browsers the account does not know

	Pending *PendingGrant // SignIn: the second step is due
	Session *SessionGrant // a session was minted
	Browser Secret        // the known-browser cookie, where one was made

	Remembered Secret // the remembered-browser cookie, where one was made

	Ticket Secret // the ticket to carry on with

	Handover  *HandoverGrant // OpenHandover
	Return    *ReturnGrant   // the browser goes back to where it came from
	Assertion *Assertion     // what the product that keeps the account is told
	Pass      *PassGrant     // RedeemPass
	Repeated  bool           // this write was made before; what was secret in its answer is not told again
}

// hands reports whether it hands out something that has to be in force.
func (o *Outcome) hands() bool {
	return o.Session != nil || o.Pending != nil || o.Handover != nil || o.Return != nil || o.Assertion != nil || o.Pass != nil ||
		!o.Browser.Empty() || !o.Remembered.Empty()
}

// Passed reports whether the command did what was asked.
func (o Outcome) Passed() bool { return o.Reason == OK }

// PendingGrant is a pending sign-in just opened.
type PendingGrant struct {
	Token   Secret
	Expires time.Time
}

// SessionGrant is a session just minted.
type SessionGrant struct {
	Token   Secret
	Expires time.Time // absolute end; it ends earlier when idle
}

// Errors of commands. All of them mean "not proven": nothing was accepted, and
// unless ErrUnknown is among them nothing was changed.
var (
	ErrBusy     = errors.New("nidan: too many commands at once; nothing was judged")
	ErrClock    = errors.New("nidan: the machine's clocks have parted; nothing is accepted until an operator confirms the time")
	ErrFrozen   = errors.New("nidan: the account is frozen")
	ErrNotFound = errors.New("nidan: not found")
	ErrConflict = errors.New("nidan: the document has another version")
	ErrTaken    = errors.New("nidan: the look-up key is taken")
	ErrUnknown  = errors.New("nidan: the outcome of the commit is unknown")
)

// A Fault is damage in what the database returned: something that does not
// open, does not parse, is older than an artefact shown with it, or stands
// where it cannot. It names the account and the part, never a content.
type Fault struct {
	Account AccountID
	Part    string // "document", "session", "event", "lookup", "ticket", "browser", "outbox"
	Cause   string
	Shown   int64 // version of the artefact, where that is the cause
	Found   int64 // version of the document
}

// Error implements error.
func (f *Fault) Error() string {
	s := fmt.Sprintf("nidan: fault in the %s of account %s: %s", f.Part, f.Account, f.Cause)
	if f.Shown != 0 {
		s += fmt.Sprintf(" (shown %d, found %d)", f.Shown, f.Found)
	}
	return s
}

// requestKept is how long an answered request is known again, and how many of
// an account are; beyond, the oldest is forgotten.
const (
	requestKept = 24 * time.Hour
	maxRequests = 12
)

// A Request is what a product calls one write, to be able to repeat it.
type Request struct {
	Key  string // what it is called, hashed together with who calls; empty: it has no name
	Body string // hash of all that it asks
}

// answeredRequest is a write that was committed.
type answeredRequest struct {
	Key    string    `json:"k"`
	Body   string    `json:"b"`
	Reason Reason    `json:"r"`
	At     time.Time `json:"t"`
	Told   told      `json:"a,omitzero"` // nothing secret, and lost with the answer otherwise
}

// told is what an assertion said, but for whose it is.
type told struct {
	Level  Level     `json:"l"`
	AMR    []string  `json:"m"`
	AuthAt time.Time `json:"t"`
}

// request returns the answered one of a name, or nil.
func (a *Account) request(r Request, now time.Time) *answeredRequest {
	i := slices.IndexFunc(a.Requests, func(q answeredRequest) bool { return r.Key != "" && q.Key == r.Key && now.Sub(q.At) < requestKept })
	if i < 0 {
		return nil
	}
	return &a.Requests[i]
}

// outcome is what a repetition is answered: what came of it, without anything
// secret. Who signed in is told again for no longer than a sign-in may take, and not
// once the first step is stopped: repeated later, a log-in is one more.
func (q *answeredRequest) outcome(r Request, a *Account, now time.Time) Outcome {
	if q.Body != r.Body {
		return Outcome{Reason: IdempotencyMismatch}
	}
	out := Outcome{Reason: q.Reason, Repeated: true}
	if q.Told.Level != LevelNone {
		if now.Sub(q.At) >= pendingFor || !a.Password.Stopped.IsZero() {
			return Outcome{Reason: Gone}
		}
		out.Assertion = &Assertion{Account: a.Ref, Level: q.Told.Level, AMR: q.Told.AMR, AuthAt: q.Told.AuthAt}
	}
	return out
}

// answered keeps what came of a request, in the commit that did it.
func (d *decision) answered(from From, out Outcome) {
	if from.Request.Key == "" {
		return
	}
	a := d.acct
	a.Requests = slices.DeleteFunc(a.Requests, func(q answeredRequest) bool { return d.now.Sub(q.At) >= requestKept })
	if n := len(a.Requests) - maxRequests + 1; n > 0 {
		a.Requests = slices.Delete(a.Requests, 0, n)
	}
	q := answeredRequest{Key: from.Request.Key, Body: from.Request.Body, Reason: out.Reason, At: d.now}
	if out.Assertion != nil {
		q.Told = told{out.Assertion.Level, out.Assertion.AMR, out.Assertion.AuthAt}
	}
	a.Requests = append(a.Requests, q)
}
