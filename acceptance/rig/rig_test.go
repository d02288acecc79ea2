package rig

import (
	"testing"
	"time"
)

// The rig itself: a person turns two-step verification on, logs in with it, by
// a backup code, and turns it off.
func TestRig(t *testing.T) {
	r := New(t)
	p, _ := r.Protected()
	if len(p.Codes) != 10 {
		t.Fatalf("%d backup codes", len(p.Codes))
	}
	b := r.Browser()
	p.LogIn(b)
	if page := b.Get("/security"); page.Status != 200 {
		t.Fatalf("security settings: %d", page.Status)
	}
	c := r.Browser()
	p.First(c)
	if p.Backup(c, p.Codes[2]); c.Cookie("session") == "" {
		t.Fatal("a backup code did not log in")
	}
	r.Clock.Advance(time.Minute)
	off := b.Post("/security/off", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code())
	r.must(off, "/security/off/done")
	r.Restart()
	p.LogIn(r.Browser())
}

func TestProxy(t *testing.T) {
	r := New(t, BehindProxy)
	p, _ := r.Protected()
	p.LogIn(r.Browser())
}
