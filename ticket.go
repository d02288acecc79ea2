package nidan

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"time"
)

// TicketPurpose says what a ticket is for. It stands in what the seal binds,
// so a ticket never serves another purpose.
type TicketPurpose string

// The purposes of tickets.
const (
	TicketSetUp   TicketPurpose = "set_up"
	TicketReissue TicketPurpose = "reissue"
	TicketRenew   TicketPurpose = "renew" // of one used backup code
	TicketInvite  TicketPurpose = "invite"
	TicketReset   TicketPurpose = "reset"
	TicketBrowser TicketPurpose = "browser"

	TicketRegister TicketPurpose = "register"
	TicketAddress  TicketPurpose = "address"  // a new login name
	TicketSecond   TicketPurpose = "second"   // a second address
	TicketRecovery TicketPurpose = "recovery" // opens the wizard that binds a new authenticator
	TicketBind     TicketPurpose = "bind"     // that wizard's own
	TicketCancel   TicketPurpose = "cancel"   // of a recovery
	TicketNotMe    TicketPurpose = "notme"
)

// Lifetimes of tickets.
const (
	carriedFor = 60 * time.Minute
	inviteFor  = 7 * 24 * time.Hour
	proofFor   = 24 * time.Hour // registration, proof of an address
	linkFor    = 30 * time.Minute

	maxTicket = 3500 // bytes sealed; browsers drop cookies over 4,096 without a word
)

// A ticket is whatever is unfinished or unproven, carried by the person
// instead of being stored. It is honoured only while epoch and revision are
// what they were.
type ticket struct {
	Purpose  TicketPurpose `json:"p"`
	Account  AccountID     `json:"a,omitempty"`
	Name     string        `json:"n,omitempty"` // login name; of an invitation that of nobody yet
	Item     string        `json:"o,omitempty"` // the new or second address
	Lineage  string        `json:"l,omitempty"` // of the session it belongs to
	Epoch    int64         `json:"e,omitempty"`
	Revision int64         `json:"r,omitempty"`
	Made     Stamp         `json:"v,omitzero"` // of the document that made it
	Issued   time.Time     `json:"i"`
	Expires  time.Time     `json:"x"`

	Recovery string `json:"y,omitempty"`  // recovery: which one
	Replaces string `json:"z,omitempty"`  // set-up: the authenticator that goes when this one comes
	Adds     bool   `json:"q,omitempty"`  // set-up: to an account that is protected
	Prove    bool   `json:"pr,omitempty"` // set-up: the address has to be proven first
	Proved   bool   `json:"pd,omitempty"` // set-up: it was
	Mailed   bool   `json:"ml,omitempty"` // it was mailed to Name: whoever has it reads that mailbox

	Method    MethodName `json:"m,omitempty"` // set-up: which one
	Draft     *Draft     `json:"d,omitempty"` // set-up: not confirmed yet
	Password  *proof     `json:"w,omitempty"` // set-up: fresh when the ticket was issued
	Confirmed *confirmed `json:"c,omitempty"` // set-up: shown to work
	Codes     *Draft     `json:"b,omitempty"` // the backup codes to save
}

// confirmed is an authenticator that has been shown to work and awaits
// Complete.
type confirmed struct {
	State State `json:"s"`
	Proof proof `json:"p"`
}

func (s *Service) sealTicket(t *ticket) Secret {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // unreachable: methods' states are JSON, see methodtest
	}
	sealed := ticketPrefix + s.sealCarried(ForTicket, string(t.Purpose), b)
	if len(sealed) > maxTicket {
		panic("nidan: a ticket is over its cap") // unreachable: drafts are bounded, see methodtest
	}
	return NewSecret(sealed)
}

// carriedSalt is the length of the random owner under which a carried value is
// sealed. It stands in front, in clear: with it no key seals more than a few
// values, however many are handed out.
const carriedSalt = 13

func (s *Service) sealCarried(p Purpose, ad string, plain []byte) string {
	salt := newID(s.random)[:carriedSalt]
	return salt + strict.EncodeToString(s.sealer.Seal(p, salt, []byte(ad), plain))
}

// openTicket returns nil for anything that is not a live ticket of the purpose.
// expired is true if it was one.
func (s *Service) openTicket(p TicketPurpose, c Secret, now time.Time) (t *ticket, expired bool) {
	t = new(ticket)
	if !s.open(ForTicket, ticketPrefix, string(p), c, t) || t.Purpose != p {
		return nil, false
	}
	if !now.Before(t.Expires) {
		return nil, true
	}
	return t, false
}

// open opens a sealed value that somebody carries. ad is the ticket's purpose,
// or a browser cookie's prefix.
func (s *Service) open(p Purpose, prefix, ad string, c Secret, into any) bool {
	v := c.Reveal()
	v, ok := strings.CutPrefix(v, prefix)
	if !ok || len(v) > maxTicket || len(v) < carriedSalt {
		return false
	}
	sealed, err := strict.DecodeString(v[carriedSalt:])
	if err != nil {
		return false
	}
	b, err := s.sealer.Open(p, v[:carriedSalt], []byte(ad), sealed)
	if err != nil {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil {
		return false
	}
	_, err = d.Token()
	return err == io.EOF
}

// TicketHash names a ticket without giving it away. Every form of a wizard
// carries the hash of the ticket it was drawn from, so that a form of another
// tab changes nothing.
func TicketHash(t Secret) string {
	sum := sha256.Sum256([]byte(t.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// A Held is what a page may show of the ticket its reader carries.
type Held struct {
	Name     string // login name of the account
	Kept     string // name of the product that keeps it; empty: we do
	Method   MethodName
	Step     Step
	Adds     bool
	Replaces string  // id of the authenticator that goes when this one comes
	Proved   bool    // a number mailed to the account's address was entered on the way
	Handout  Handout // of the method, until it is confirmed
	Codes    Handout // to save
	Mailed   *Mailed // the number that this step waits for
	Expires  time.Time
}

// A Step is what a wizard waits for.
type Step int

// The steps, in order.
const (
	StepChoose  Step = iota // a method; of a recovery only
	StepProve               // the number mailed to the account's address
	StepConfirm             // an answer that shows the authenticator at work
	StepSave                // "I have saved them"
)

// again is a copy for one attempt at a decision: one that loses the race must
// not hand on what it has done to the ticket.
func (t *ticket) again() *ticket {
	c := *t
	return &c
}

// step says what a wizard's ticket waits for.
func (t *ticket) step() Step {
	switch {
	case t.Codes != nil:
		return StepSave
	case t.Prove:
		return StepProve
	case t.Method == "":
		return StepChoose
	}
	return StepConfirm
}

// link makes the ticket of a link to an account as this decision leaves it.
func (d *decision) link(p TicketPurpose, from time.Time, life time.Duration) *ticket {
	a := d.acct
	return &ticket{
		Purpose: p, Account: a.ID, Name: a.Name, Epoch: a.Epoch, Revision: a.Revision, Made: d.stamp(),
		Issued: d.now, Expires: from.Add(life), Mailed: true,
	}
}

// honoured reports whether a ticket to an account still stands.
func (t *ticket) honoured(s *Service, a *Account, now time.Time) bool {
	if t.Account != a.ID {
		return false
	}
	switch t.Purpose { // what undoes outlives what it undoes
	case TicketNotMe:
		return t.Issued.After(a.NotMeLink)
	case TicketCancel:
		return a.Recovery != nil && a.Recovery.ID == t.Recovery
	}
	if t.Epoch != a.Epoch || t.Name != "" && t.Name != a.Name {
		return false
	}
	switch t.Purpose {
	case TicketBrowser:
		return t.Issued.After(a.BrowserLink)
	case TicketReset, TicketAddress, TicketSecond:
		return t.Revision == a.Revision
	case TicketRecovery, TicketBind:
		if t.Revision != a.Revision || !a.Password.Stopped.IsZero() || a.Recovery == nil || a.Recovery.ID != t.Recovery || s.state(a.Recovery, now) != RecoveryRipe {
			return false
		}
		return t.Purpose == TicketBind || t.Issued.After(a.RecoveryLink)
	}
	return false
}

// Carried is a ticket as it comes back with a form: the one the browser carries
// now, and the hash (see TicketHash) of the one that the form was drawn from.
// A form of another tab changes nothing.
type Carried struct {
	Ticket Secret
	Drawn  string
}

// drawn answers OK, DoneElsewhere where nothing is carried any more, or
// OtherTab.
func (c Carried) drawn() Outcome {
	switch {
	case c.Ticket.Empty():
		return Outcome{Reason: DoneElsewhere}
	case !NewSecret(c.Drawn).Equal(NewSecret(TicketHash(c.Ticket))):
		return Outcome{Reason: OtherTab}
	}
	return Outcome{Reason: OK}
}
