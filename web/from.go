package web

import (
	"net/http"
	"net/netip"

	"github.com/nidan-auth/nidan"
)

// From says where a request came from, given the address of whoever sent it; an
// invalid one is not known.
func From(a netip.Addr, r *http.Request) nidan.From {
	f := nidan.From{Network: Network(a), Browser: BrowserFamily(r.UserAgent())}
	if a.IsValid() {
		f.Address = a.String()
	}
	return f
}

// Peer is the other end of the connection: whoever sent the request, where no
// proxy stands in between.
func Peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// Network is what first-step tries are counted by: one household has one IPv4
// address, or a whole /64 to choose from.
func Network(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return "unknown"
	case a.Is4():
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return "unknown" // unreachable: 64 bits fit
	}
	return p.String()
}
