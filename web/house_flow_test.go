package web

import (
	"net/http"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// TestAHouse: what the other flows are built on works.
func TestAHouse(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	if n := h.mailed(nidan.NoticeOn); n.To != p.name {
		t.Error(n.To)
	}
	h.another(p, "mail")
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
	h.pass(time.Minute)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h))
	b.at("/security", http.StatusOK)
}
