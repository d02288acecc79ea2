package server

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/web"
)

// visitors finds out who sent a request. The only header it ever reads is
// X-Forwarded-For, and that only from a declared proxy; Forwarded, X-Real-IP
// and the rest are for anybody to write and are not looked at (SECURITY C4, R5).
type visitors struct{ proxies []netip.Prefix }

// address is the rightmost address that is not a proxy of ours: what stands to
// the left of it was written by whoever has that address. The zero Addr means
// that the peer itself is not known.
func (v visitors) address(r *http.Request) netip.Addr {
	at := web.Peer(r)
	if !v.trusted(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, ok := hop(hops[i])
		if !ok {
			return at // a proxy of ours wrote something else here: stop where we still know
		}
		at = a
		if !v.trusted(at) {
			return at
		}
	}
	return at
}

func (v visitors) trusted(a netip.Addr) bool {
	for _, p := range v.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// hop reads one element of the header: an address, as some proxies write it
// with a port.
func hop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
		return plain(a), true
	}
	ap, err := netip.ParseAddrPort(s)
	return plain(ap.Addr()), err == nil
}

// plain makes one address of the forms that mean the same one.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// local reports whether a request comes from this very machine and not through
// anything that forwards for others.
func (v visitors) local(r *http.Request) bool {
	if !web.Peer(r).IsLoopback() {
		return false
	}
	for _, h := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"} {
		if len(r.Header.Values(h)) > 0 {
			return false
		}
	}
	return true
}

// admitted reports whether a request may have crossed the network in between
// with a password in it: only from this machine or through a declared proxy.
func (v visitors) admitted(r *http.Request) bool {
	p := web.Peer(r)
	return p.IsLoopback() || v.trusted(p)
}

// from says where a request came from, as far as it can be believed.
func (v visitors) from(r *http.Request) nidan.From {
	return web.From(v.address(r), r)
}
