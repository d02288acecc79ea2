package forwardauth

import "net/http"

// A Need is what a request must show to get more than a refusal.
type Need int

// The needs. The zero value is no declaration, and New refuses it.
const (
	Undeclared Need = iota
	Anonymous       // nothing
	HostPass        // the pass of the host that the proxy names
	HostTicket      // what our log-in sent along, beside the cookie of the host that sent the browser away
)

// String implements [fmt.Stringer]. It is empty where nothing is declared.
func (n Need) String() string {
	switch n {
	case Anonymous:
		return "anonymous"
	case HostPass:
		return "host pass"
	case HostTicket:
		return "host ticket"
	}
	return ""
}

// A Route is one line of the table.
type Route struct {
	Method string // GET, and with it HEAD; empty: any, as the request that it is about may have any
	Path   string
	Needs  Need

	do func(*Door, http.ResponseWriter, *http.Request)
}

// table is the only place where routes are declared.
func table() []Route {
	return []Route{
		{"", CheckPath, HostPass, (*Door).check},
		{"", StartPath, Anonymous, (*Door).start},
		{http.MethodGet, DonePath, HostTicket, (*Door).done},
		{http.MethodGet, KeysPath, Anonymous, (*Door).keys},
	}
}

// Routes returns the table, for the tests that are driven by it.
func Routes() []Route { return table() }

// Serves reports whether a path is one of this door's.
func Serves(path string) bool {
	_, ok := find(path)
	return ok
}

func find(path string) (Route, bool) {
	for _, r := range table() {
		if r.Path == path {
			return r, true
		}
	}
	return Route{}, false
}
