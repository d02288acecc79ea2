package nidan

import "time"

// What tests of this package's outside look at. Nothing here changes a rule.

// ForgetNode forgets what a process keeps in memory only, and makes it one that
// runs since up.
func ForgetNode(s *Service, up time.Time) {
	s.networks, s.up = networks{}, up
	s.glance.forget()
	s.glance.most = 0
}

// Remember puts what a document opens to where a process that made it would have
// it.
func Remember(s *Service, r Record, a *Account) { s.opened.put(r, a) }

// Limits that tests count up to.
const (
	WrongBeforeWait = wrongBeforeWait
	WrongBeforeStop = wrongBeforeStop
	WrongInMonth    = wrongInMonth
	WrongPerSignIn  = wrongPerSignIn
	MaxPending      = maxPending
	MaxSessions     = maxSessions
	MaxBrowsers     = maxBrowsers
	MaxRetired      = maxRetired
	MaxTicket       = maxTicket
)

// TokenID is what the database knows of a token.
func TokenID(s string) string {
	if len(s) != tokenLength {
		return ""
	}
	return newToken(s).id
}

// EventHash is the hash that the next event holds.
var EventHash = eventHash

// Opened opens a document as the Service does.
func Opened(s *Service, r Record) (*Account, error) { return s.openAccount(r) }

// AsInside is the caller as if this process belonged to it.
func AsInside(c *Caller) *Caller {
	return &Caller{party: c.party, key: keyRef{Party: c.party.ID, Scopes: Scopes()}, inside: true}
}
