package nidan

// What tests of this package's outside look at. Nothing here changes a rule.

// ForgetNode forgets what a process keeps in memory only.
func ForgetNode(s *Service) { s.networks = networks{} }

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
