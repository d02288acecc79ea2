package web

import (
	"net/netip"
	"testing"
)

// A household's whole /64 is one network, and its neighbour's another.
func TestNetworkOfIPv6(t *testing.T) {
	a, b, c := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:1"), netip.MustParseAddr("2001:db8:0:1::1")
	if Network(a) != Network(b) || Network(a) == Network(c) {
		t.Errorf("%s %s %s", Network(a), Network(b), Network(c))
	}
}
