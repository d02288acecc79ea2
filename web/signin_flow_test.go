package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// TestABackupCodeLeadsToItsReplacement, and to what to do about the old phone.
func TestABackupCodeLeadsToItsReplacement(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.post()
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.open("/login/second?way=" + wayOf(b, "Use a backup code"))
	b.says("Enter a backup code", "Do not ask in this browser for 30 days", "Number 01 is the next one")
	b.send("/login/second", "way", b.value("way"), "code", strings.ToLower(strings.ReplaceAll(p.codes[0], "-", " ")))
	b.at("/security/code", http.StatusOK)
	b.says("Replace backup code 01", "Is the old phone gone?", "Replace the phone")
	if !strings.Contains(b.shown.html, `<a href="/security/methods">`) {
		t.Error("nothing leads to the methods")
	}
	if n := h.mailed(nidan.NoticeBackupUsed); n.Item != "01" || n.Count != 9 {
		t.Errorf("told of %s, %d left", n.Item, n.Count)
	}
}

// TestTheWayOutOfAWaitThatOthersCaused is offered to every name alike.
func TestTheWayOutOfAWaitThatOthersCaused(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.browser("192.0.2.1")
	var known string
	for _, name := range []string{p.name, "nobody@example.com"} {
		for range 6 {
			b.send("/login", "login", name, "password", "wrong")
		}
		b.at("/login", http.StatusTooManyRequests)
		b.says("Wrong passwords were entered several times")
		if !strings.Contains(b.shown.html, `href="/browser"`) || !strings.Contains(b.shown.html, `href="/register"`) {
			t.Errorf("%s: no way out of the wait", name)
		}
		page := strings.ReplaceAll(b.shown.html, name, "")
		if known == "" {
			known = page
		} else if page != known {
			t.Error("the page tells whether there is an account")
		}
	}
	h.pass(time.Hour)
	b.send("/login", "login", p.name, "password", "wrong")
	b.at("/login", http.StatusUnprocessableEntity)
	if b.says("That address or password is not right."); strings.Contains(b.shown.html, `href="/browser"`) {
		t.Error("offered without a wait")
	}
}
