package server

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

// Who is believed to say where a request came from (SECURITY C4, R5).
func TestVisitorAddress(t *testing.T) {
	v := visitors{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::1/128")}}
	const proxy = "10.0.0.5:1234"
	for _, x := range []struct {
		name, peer string
		forwarded  []string
		want, net  string
	}{
		{"nobody in between", "203.0.113.9:1", nil, "203.0.113.9", "203.0.113.9"},
		{"a stranger's header", "203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9", "203.0.113.9"},
		{"this machine's header, not declared", "127.0.0.1:1", []string{"198.51.100.1"}, "127.0.0.1", "127.0.0.1"},
		{"the proxy's header", proxy, []string{"198.51.100.1"}, "198.51.100.1", "198.51.100.1"},
		{"the visitor wrote something in front", proxy, []string{"1.1.1.1, 2.2.2.2, 198.51.100.1"}, "198.51.100.1", "198.51.100.1"},
		{"in a line of its own", proxy, []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1", "198.51.100.1"},
		{"two proxies", proxy, []string{"1.1.1.1, 198.51.100.1, 10.0.0.6"}, "198.51.100.1", "198.51.100.1"},
		{"proxies only", proxy, []string{"10.0.0.7, 10.0.0.6"}, "10.0.0.7", "10.0.0.7"},
		{"the visitor claims to be a proxy", proxy, []string{"10.0.0.9, 198.51.100.1"}, "198.51.100.1", "198.51.100.1"},
		{"the proxy wrote nothing", proxy, nil, "10.0.0.5", "10.0.0.5"},
		{"the proxy wrote an empty line", proxy, []string{""}, "10.0.0.5", "10.0.0.5"},
		{"the proxy wrote nonsense", proxy, []string{"198.51.100.1, unknown"}, "10.0.0.5", "10.0.0.5"},
		{"nonsense behind a proxy", proxy, []string{"198.51.100.1, x, 10.0.0.6"}, "10.0.0.6", "10.0.0.6"},
		{"with a port", proxy, []string{"198.51.100.1:443"}, "198.51.100.1", "198.51.100.1"},
		{"IPv6", proxy, []string{"2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"IPv6 with a port", proxy, []string{"[2001:db8:1:2:3:4:5:6]:443"}, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"IPv6 in brackets", proxy, []string{"[2001:db8:1:2::9]"}, "2001:db8:1:2::9", "2001:db8:1:2::/64"},
		{"IPv4 written as IPv6", proxy, []string{"::ffff:198.51.100.1"}, "198.51.100.1", "198.51.100.1"},
		{"a proxy on IPv6", "[fd00::1]:9", []string{"198.51.100.1"}, "198.51.100.1", "198.51.100.1"},
		{"a proxy written as IPv6", "[::ffff:10.0.0.5]:9", []string{"198.51.100.1"}, "198.51.100.1", "198.51.100.1"},
		{"a neighbour of a proxy", "[fd00::2]:9", []string{"198.51.100.1"}, "fd00::2", "fd00::/64"},
		{"with a zone", "[fe80::1%eth0]:9", nil, "fe80::1", "fe80::/64"},
		{"no address at all", "@", []string{"198.51.100.1"}, "", "unknown"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = x.peer
		for _, f := range x.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		for _, h := range []string{"Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"} {
			r.Header.Set(h, "9.9.9.9")
		}
		r.Header.Set("Forwarded", "for=9.9.9.9")
		if f := v.from(r); f.Address != x.want || f.Network != x.net {
			t.Errorf("%s: from %q of %q, want %q of %q", x.name, f.Address, f.Network, x.want, x.net)
		}
	}
}

func TestLocal(t *testing.T) {
	var v visitors
	for _, x := range []struct {
		peer, header string
		want         bool
	}{
		{"127.0.0.1:1", "", true},
		{"[::1]:1", "", true},
		{"192.0.2.1:1", "", false},
		{"127.0.0.1:1", "X-Forwarded-For", false}, // a proxy on this machine, declared or not
		{"127.0.0.1:1", "Forwarded", false},
		{"127.0.0.1:1", "Via", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = x.peer
		if x.header != "" {
			r.Header.Set(x.header, "1.1.1.1")
		}
		if v.local(r) != x.want {
			t.Errorf("%+v", x)
		}
	}
}

// Nothing that a stranger writes changes who he is taken for, and nothing that
// stands to the left of the proxy's own word is believed.
func FuzzVisitor(f *testing.F) {
	f.Add("1.1.1.1, 2.2.2.2", "203.0.113.9")
	f.Add("", "::ffff:10.0.0.9")
	f.Add("[::1]:9,,", "2001:db8::1")
	v := visitors{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}}
	f.Fuzz(func(t *testing.T, written, visitor string) {
		a, err := netip.ParseAddr(visitor)
		if err != nil || v.trusted(plain(a)) {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["X-Forwarded-For"] = []string{written}
		r.RemoteAddr = netip.AddrPortFrom(a, 1).String()
		if got := v.address(r); got != plain(a) {
			t.Errorf("a stranger at %s is taken for %s", a, got)
		}
		r.Header["X-Forwarded-For"] = []string{written, plain(a).String()}
		r.RemoteAddr = "10.0.0.1:1"
		if got := v.address(r); got != plain(a) {
			t.Errorf("behind the proxy %s is taken for %s", a, got)
		}
	})
}
