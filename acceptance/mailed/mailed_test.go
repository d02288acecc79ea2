// Package mailed takes the ways that lead through a mailbox, on the running
// program with a real mail server, black box.
package mailed

import (
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// Somebody registers, and nothing is stored before the address is proven.
func TestRegistration(t *testing.T) {
	option, box := rig.Mailed(t)
	r := rig.New(t, option)
	b, name := r.Browser(), r.Name()
	first := b.Post("/register", "login", name)
	l := box.Next(r, name)
	if l.Subject != "Example VPN: Confirm your address and create the account" || !strings.HasPrefix(l.Link[0], "/register/") {
		t.Fatalf("the mail says %q and leads to %q", l.Subject, l.Link)
	}
	if p := r.Browser().Post("/login", "login", name, "password", "whatever it may be"); p.Location != "" {
		t.Errorf("an address that is not proven logs in: %s", p.Location)
	}
	for range 3 {
		if p := r.Browser().Get(l.Link[0]); p.Status != 200 {
			t.Errorf("opening the link: %d", p.Status)
		}
	}
	password := r.Secret("a password", "nine mares and a stone wall")
	if p := b.Post(l.Link[0], "password", password); !strings.HasPrefix(p.Location, "/login") {
		t.Fatalf("choosing the password: %d to %q: %s", p.Status, p.Location, p.Text())
	}
	if p := r.Browser().Post(l.Link[0], "password", password); p.Status == 303 {
		t.Error("the link made a second account")
	}
	if p := b.Post("/login", "login", name, "password", password); p.Location != "/security" {
		t.Fatalf("logging in: %d to %q", p.Status, p.Location)
	}

	// A taken address gets a mail; the page says the same.
	again := r.Browser().Post("/register", "login", name)
	if again.Status != first.Status || again.Location != first.Location {
		t.Errorf("a taken address is answered %d to %q, a free one %d to %q", again.Status, again.Location, first.Status, first.Location)
	}
	if l := box.Next(r, name); !strings.Contains(l.Subject, "already") || !strings.HasPrefix(l.Link[0], "/reset/") {
		t.Errorf("a taken address is told %q, %q", l.Subject, l.Link)
	}
}

// The e-mail code is turned on, asked for, sent again; only the newest works.
func TestMailCode(t *testing.T) {
	option, box := rig.Mailed(t)
	r := rig.New(t, option)
	p := r.Person()
	b := r.Browser()
	p.LogIn(b)
	if at := b.Post("/security/on", "method", "mail").Location; at == "" {
		t.Fatal("the e-mail code cannot be chosen")
	} else {
		p := b.Post(at, "ticket", b.Hash("setup"), "code", box.Next(r, p.Name).Code)
		if p.Location != "/security/on/codes" {
			t.Fatalf("the number mailed for the set-up: %d to %q: %s", p.Status, p.Location, p.Text())
		}
	}
	if p := b.Post("/security/on/codes", "ticket", b.Hash("setup"), "saved", "yes"); p.Location != "/security/on/done" {
		t.Fatalf("complete: %d to %q", p.Status, p.Location)
	}
	if l := box.Next(r, p.Name); !strings.Contains(l.Subject, "turned on") {
		t.Errorf("the notice says %q", l.Subject)
	}

	r.Clock.Advance(2 * time.Minute)
	c := r.Browser()
	if at := p.First(c).Location; at != "/login/second" {
		t.Fatalf("the first step leads to %q", at)
	}
	old := box.Next(r, p.Name)
	r.Clock.Advance(61 * time.Second)
	c.Post("/login/second/send", "way", p.Way("mail"))
	fresh := box.Next(r, p.Name)
	if lines := strings.Split(strings.TrimSpace(fresh.Text), "\n"); !strings.HasPrefix(lines[0], fresh.Code) || !strings.HasSuffix(lines[len(lines)-1], "#"+fresh.Code) {
		t.Errorf("the mail begins with %q and ends with %q", lines[0], lines[len(lines)-1])
	}
	if page := c.Post("/login/second", "way", p.Way("mail"), "code", old.Code); page.Status == 303 {
		t.Error("the older number works")
	}
	if page := c.Post("/login/second", "way", p.Way("mail"), "code", fresh.Code); page.Location != "/security" {
		t.Errorf("the newest number: %d to %q: %s", page.Status, page.Location, page.Text())
	}
}

// Somebody leaves, comes back under the same address, and leaves again. Nothing
// mailed before brings the account back, and the audit finds nothing amiss.
func TestLeaving(t *testing.T) {
	option, box := rig.Mailed(t)
	r := rig.New(t, option)
	name := r.Name()
	var old []string
	for range 2 {
		r.Clock.Advance(2 * time.Hour)
		b := r.Browser()
		b.Post("/register", "login", name)
		first := box.Next(r, name).Link[0]
		b.Post("/register", "login", name)
		second := box.Next(r, name).Link[0]
		password := r.Secret("a password", "nine mares and a stone wall")
		if p := b.Post(first, "password", password); p.Status != 303 {
			t.Fatalf("registering: %d: %s", p.Status, p.Text())
		}
		b.Post("/login", "login", name, "password", password)
		tok, _ := nidan.ParseSession(b.Cookie("session"))
		out, err := r.Service().DeleteAccount(t.Context(), tok, nidan.NewSecret(password), nidan.Answer{}, nidan.From{})
		if err != nil || out.Reason != nidan.OK {
			t.Fatalf("leaving: %s %v", out.Reason, err)
		}
		if l := box.Next(r, name); !strings.Contains(l.Subject, "deleted") {
			t.Errorf("leaving is told as %q", l.Subject)
		}
		if p := b.Get("/security"); p.Status == 200 {
			t.Error("the session outlives its account")
		}
		old = append(old, first, second)
		for _, link := range old {
			if p := r.Browser().Post(link, "password", password); p.Status == 303 {
				t.Errorf("a link mailed before brings the account back")
			}
		}
		if _, err := r.Service().Verify(t.Context(), func(f *nidan.Fault) { t.Errorf("audit verify: %v", f) }); err != nil {
			t.Error(err)
		}
	}
}
