package nidan

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"
)

// Format is the format number of the documents this code writes.
const Format = 1

// The caps of a document. What would go beyond is refused, or evicts
// where the comment says so.
const (
	maxAuthenticators = 10
	maxRetired        = 20 // disabled or removed ones remembered by id and dates; the oldest goes
	maxPending        = 5  // per browser class; a new one evicts the oldest of its class
	maxBrowsers       = 10 // known; the longest unseen one goes
	maxSessions       = 50 // the oldest ends
	maxNameLength     = 40 // characters, of a name that a person gives
	maxDocument       = 32 << 10
)

// An Account is the one document that every decision about an account depends
// on. Only this package changes one; it is stored sealed.
type Account struct {
	Form    int       `json:"f"` // format number of this JSON
	ID      AccountID `json:"id"`
	Version int64     `json:"v"`
	Branch  int64     `json:"branch,omitempty"` // raised when the account goes on after it was frozen

	// Of an account that a relying party keeps: which one, what that calls the
	// account, and where messages go. Name is then what its holder knows.
	Party   string `json:"party,omitempty"`
	Brand   string `json:"brand,omitempty"` // its name, as it stands in authenticator apps
	Ref     string `json:"ref,omitempty"`
	Address string `json:"addr,omitempty"`

	Name     string    `json:"name"` // canonical login name
	Language string    `json:"lang,omitempty"`
	Created  time.Time `json:"created"`
	Last     time.Time `json:"last"` // of the newest commit; time is never earlier for this account

	// Epoch ends sessions, tokens and links together (law 7); Revision is
	// finer and ends tickets. Both only grow.
	Epoch    int64 `json:"epoch"`
	Revision int64 `json:"rev"`

	Password Password `json:"pw"`

	// Protected since: from the first Complete until turned off. The zero
	// time means not protected. It is never derived from a count (law 4).
	Protected time.Time `json:"protected,omitzero"`

	Authenticators []Authenticator `json:"auth,omitempty"`
	Retired        []Retired       `json:"retired,omitempty"` // newest last
	Throttle       Throttle        `json:"throttle,omitzero"`

	Default string `json:"default,omitempty"` // authenticator asked first; empty: the oldest

	Pending  []Pending      `json:"pending,omitempty"`  // oldest first
	Prompts  []Outstanding  `json:"prompts,omitempty"`  // numbers mailed and not used
	Sessions []SessionRef   `json:"sessions,omitempty"` // oldest first; a session row not listed here is none
	Browsers []KnownBrowser `json:"browsers,omitempty"`

	Remembered []RememberedBrowser `json:"rem,omitempty"` // oldest first; ends with the epoch

	Proven   time.Time     `json:"proven,omitzero"` // when Name was last shown to reach its holder
	Second   SecondAddress `json:"second,omitzero"`
	Recovery *Recovery     `json:"recovery,omitempty"` // in progress
	Deleted  time.Time     `json:"deleted,omitzero"`   // a tombstone: nothing else of it is left

	// Links of a kind issued before are used up: the first one used kills its
	// kind.
	BrowserLink  time.Time `json:"blink,omitzero"`
	NotMeLink    time.Time `json:"nlink,omitzero"`
	RecoveryLink time.Time `json:"rlink,omitzero"`

	Requests []answeredRequest `json:"req,omitempty"`     // writes of a product that it may repeat; oldest first
	Results  []result          `json:"results,omitempty"` // handed out and not redeemed; oldest first

	Chain Chain `json:"chain"`
}

// Password is the first step.
type Password struct {
	Hash    string    `json:"h"` // PHC
	Changed time.Time `json:"t"`
	Stopped time.Time `json:"stop,omitzero"` // since when it no longer works, until a reset
	ByReset time.Time `json:"r,omitzero"`    // when it was last set by a mailed link

	// ByMail marks one that a mailed link set, until a sign-in completes
	// through another channel: until then a mailed number is no second step.
	ByMail time.Time `json:"m,omitzero"`
}

// SessionRef is the document's own word that a session lives. Putting back the
// row of an ended session therefore brings nothing back.
type SessionRef struct {
	ID   SessionID `json:"i"`
	Made int64     `json:"v"` // version that made it
	At   time.Time `json:"t"`
	Ends time.Time `json:"e"`
}

// formatted is all that a document ever prints of itself.
func (a Account) formatted() string {
	return "account " + string(a.ID) + " version " + strconv.FormatInt(a.Version, 10)
}

// Format implements [fmt.Formatter].
func (a Account) Format(f fmt.State, _ rune) { placeholder(f, a.formatted()) }

// LogValue implements [slog.LogValuer].
func (a Account) LogValue() slog.Value { return slog.StringValue(a.formatted()) }

// projection is what lists show.
func (a *Account) projection(lastSignIn time.Time) Projection {
	p := Projection{Name: a.Name, Protected: a.IsProtected(), Created: a.Created, LastSignIn: lastSignIn}
	for i := range a.Authenticators {
		if m := a.Authenticators[i].Method; !slices.Contains(p.Methods, m) {
			p.Methods = append(p.Methods, m)
		}
	}
	return p
}

// IsProtected reports whether the second step is required (law 4).
func (a *Account) IsProtected() bool { return !a.Protected.IsZero() }

// A Stamp says which document made an artefact. Versions count within a branch;
// a new branch begins when an account that was frozen goes on.
type Stamp struct {
	Branch  int64 `json:"b,omitempty"`
	Version int64 `json:"v"`
}

// stamp is that of the document as it stands.
func (a *Account) stamp() Stamp { return Stamp{a.Branch, a.Version} }

// newer reports whether s was made later than t, or by a version that t's
// branch has not reached. What an abandoned branch made is not newer.
func (s Stamp) newer(t Stamp) bool {
	return s.Branch > t.Branch || s.Branch == t.Branch && s.Version > t.Version
}

// bumpEpoch ends everything that was handed out (law 7).
func (a *Account) bumpEpoch() {
	a.Epoch++
	a.bumpRevision()
	a.Results = nil
	a.Requests = slices.DeleteFunc(a.Requests, func(q answeredRequest) bool { return q.Told.Level != LevelNone })
	a.Sessions = nil
	a.Remembered = nil
}

// bumpRevision ends tickets, and sign-ins that began under the old protection.
func (a *Account) bumpRevision() {
	a.Revision++
	a.Pending = nil
}
