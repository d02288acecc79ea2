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
)

// Lifetimes of tickets.
const (
	carriedFor = 60 * time.Minute
	inviteFor  = 7 * 24 * time.Hour
	linkFor    = 30 * time.Minute

	maxTicket = 3500 // bytes sealed; browsers drop cookies over 4,096 without a word
)

// A ticket is whatever is unfinished or unproven, carried by the person
// instead of being stored. It is honoured only while epoch and revision are
// what they were.
type ticket struct {
	Purpose  TicketPurpose `json:"p"`
	Account  AccountID     `json:"a,omitempty"`
	Name     string        `json:"n,omitempty"` // invitation: the address, for which there is no account yet
	Lineage  string        `json:"l,omitempty"` // of the session it belongs to
	Epoch    int64         `json:"e,omitempty"`
	Revision int64         `json:"r,omitempty"`
	Made     Stamp         `json:"v,omitzero"` // of the document that made it
	Issued   time.Time     `json:"i"`
	Expires  time.Time     `json:"x"`

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
	if !s.open(ForTicket, string(p), c, t) || t.Purpose != p {
		return nil, false
	}
	if !now.Before(t.Expires) {
		return nil, true
	}
	return t, false
}

// open opens a sealed value that somebody carries. ad is the ticket's purpose,
// or the browser prefix.
func (s *Service) open(p Purpose, ad string, c Secret, into any) bool {
	v := c.Reveal()
	prefix := ticketPrefix
	if p == ForBrowser {
		prefix = browserPrefix
	}
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
	Method    MethodName
	Confirmed bool
	Handout   Handout // of the method, until it is confirmed
	Codes     Handout // to save
	Expires   time.Time
}
