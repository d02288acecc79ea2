package attacks

import (
	"encoding/base32"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/web"
)

// gives reports whether an answer gives away anything that a set-up hands out.
func gives(p rig.Page, who *rig.Person) bool {
	for _, secret := range append([]string{"otpauth", who.Phone.Key, who.Phone.Key[:4] + " " + who.Phone.Key[4:8]}, who.Codes...) {
		if strings.Contains(p.Body, secret) || strings.Contains(p.Location, secret) {
			return true
		}
	}
	return false
}

// A pending sign-in is asked for the live key, and for a second authenticator.
func TestA1SetUpRoutesWithPendingSignIn(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := person(t, r), r.Browser()
	p.LogIn(owner)

	// The owner's tickets, as they were at each step of the set-up.
	p.Scan(owner)
	tickets := []string{owner.Cookie("setup")}
	drawn := owner.Hash("setup")
	owner.Post("/security/on/scan", "ticket", drawn, "code", p.Phone.Code())
	tickets = append(tickets, owner.Cookie("setup"))
	if page := owner.Get("/security/on/scan"); page.Status != http.StatusGone || gives(page, p) {
		t.Errorf("the key once it is confirmed: status %d", page.Status)
	}
	p.Codes = r.ReadCodes(owner.Get("/security/on/codes"))
	if page := owner.Post("/security/on/codes", "ticket", owner.Hash("setup"), "saved", "yes"); page.Location != "/security/on/done" {
		t.Fatalf("complete: %d %s", page.Status, page.Text())
	}
	before := show(t, r, p)

	thief := r.Browser()
	p.First(thief)
	for _, x := range routes(t, r) {
		if !strings.HasPrefix(x.Pattern, "/security") {
			continue
		}
		for name, dress := range map[string]func(*rig.Browser){
			"as it is":           func(*rig.Browser) {},
			"as session":         func(b *rig.Browser) { b.SetCookie("session", b.Cookie("pending")) },
			"with a stolen draw": func(b *rig.Browser) { b.SetCookie("setup", tickets[0]) },
			"with stolen codes": func(b *rig.Browser) {
				b.SetCookie("session", b.Cookie("pending"))
				b.SetCookie("setup", tickets[1])
				b.SetCookie("reissue", tickets[1])
			},
		} {
			b := thief.Clone()
			dress(b)
			page := b.Do(x.Method, path(x), form, strings.NewReader("method=totp&saved=yes&ticket="+b.Hash("setup")+"&code="+p.Phone.Code()))
			if page.Status != http.StatusSeeOther || page.Location != "/login" || gives(page, p) {
				t.Errorf("%s %s %s: status %d, to %q", x.Method, x.Pattern, name, page.Status, page.Location)
			}
		}
	}

	// Nor does the owner's own session see any of it again.
	for _, ticket := range tickets {
		for _, x := range routes(t, r) {
			if x.Method != http.MethodGet || x.Needs != web.AnySession {
				continue
			}
			b := owner.Clone()
			for _, name := range []string{"setup", "reissue", "renew"} {
				b.SetCookie(name, ticket)
			}
			if page := b.Get(path(x)); gives(page, p) {
				t.Errorf("%s with the ticket of a set-up that is complete: status %d, and it shows what was handed out", x.Pattern, page.Status)
			}
		}
	}
	if after := show(t, r, p); len(after.Authenticators) != len(before.Authenticators) || after.Epoch != before.Epoch {
		t.Errorf("the account had %d authenticators and has %d", len(before.Authenticators), len(after.Authenticators))
	}
}

// A set-up that is left before its end protects nothing and locks nobody out.
func TestA2UnfinishedSetUp(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p := person(t, r)
	off := func(after string) {
		t.Helper()
		v := show(t, r, p)
		if !v.Protected.IsZero() || len(v.Authenticators) != 0 {
			t.Errorf("%s: protected %v with %d authenticators", after, v.Protected, len(v.Authenticators))
		}
		b := r.Browser()
		if page := p.First(b); page.Location != "/security" {
			t.Errorf("%s: the log-in leads to %q", after, page.Location)
		}
	}
	b := r.Browser()
	p.LogIn(b)
	p.Scan(b)
	off("key shown")

	page := b.AsBearer().Post("/security/on/scan", "ticket", b.Hash("setup"), "code", p.Phone.Wrong())
	if page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code confirms: %d", page.Status)
	}
	for _, saved := range []string{"yes", "no"} {
		if page := b.Post("/security/on/codes", "ticket", b.Hash("setup"), "saved", saved); page.Location == "/security/on/done" {
			t.Errorf("complete without a code, saved=%s", saved)
		}
	}
	off("wrong code")

	b.Post("/security/on/scan", "ticket", b.Hash("setup"), "code", p.Phone.Code())
	p.Codes = r.ReadCodes(b.Get("/security/on/codes"))
	if len(p.Codes) != 10 {
		t.Fatalf("%d codes", len(p.Codes))
	}
	off("code confirmed, codes shown")
	for _, saved := range []string{"", "no", "on", "true", "1"} {
		b.AsBearer().Post("/security/on/codes", "ticket", b.Hash("setup"), "saved", saved)
	}
	off("codes not saved")
	if page := b.Get("/security"); strings.Contains(page.Text(), "1 of 10") || !strings.Contains(page.Body, `/security/on"`) {
		t.Error("the settings list something")
	}

	if page := b.Post("/logout"); page.Location != "/login" {
		t.Fatal("no log-out")
	}
	if page := p.First(b); page.Location != "/security" || !loggedIn(b) {
		t.Errorf("after a log-out a second step is asked: %q", page.Location)
	}
}

// A hijacked session adds an authenticator in silence.
func TestA3HijackedSession(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := person(t, r), r.Browser()
	p.LogIn(b)
	begins := func(b *rig.Browser, fields ...string) bool {
		return b.Post("/security/on", append([]string{"method", "totp"}, fields...)...).Location == "/security/on/scan"
	}
	r.Clock.Advance(5 * time.Minute)
	if !begins(b.Clone()) {
		t.Error("five minutes after the password the set-up does not begin")
	}
	r.Clock.Advance(time.Second)
	thief := b.Clone()
	page := thief.Post("/security/on", "method", "totp")
	if page.Status != http.StatusUnprocessableEntity || thief.Cookie("setup") != "" || !strings.Contains(page.Body, `name="password"`) {
		t.Errorf("after more than five minutes: status %d", page.Status)
	}
	for range 5 {
		if begins(thief, "password", "not the owner's password") {
			t.Fatal("begun with a wrong password")
		}
	}
	if page := thief.Post("/security/on", "method", "totp", "password", "not the owner's password"); page.Status != http.StatusTooManyRequests || retryAfter(page) == 0 {
		t.Errorf("the sixth guess in a session: status %d", page.Status)
	}

	// The owner is not kept out by that, and is told.
	fresh := r.Browser()
	p.LogIn(fresh)
	p.TurnOn(fresh)
	if told(t, r, p, nidan.NoticeOn) != 1 {
		t.Errorf("notices: %+v", notices(t, r, p))
	}
	if loggedIn(b) {
		t.Error("the hijacked session has outlived the set-up")
	}
	// From now on a session does not do, however fresh.
	r.Clock.Advance(time.Minute)
	for _, at := range []string{"/security/on", "/security/codes", "/security/off"} {
		if page := fresh.Clone().Post(at, "method", "totp", "way", p.Way("totp")); page.Status != http.StatusUnprocessableEntity && page.Location != "/security" {
			t.Errorf("%s with a session alone: status %d, to %q", at, page.Status, page.Location)
		}
	}
	if v := show(t, r, p); len(v.Authenticators) != 2 {
		t.Errorf("%d authenticators", len(v.Authenticators))
	}
}

// The code that confirmed the set-up is used again.
func TestA4SetUpCodeAgain(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := person(t, r), r.Browser()
	p.LogIn(b)
	p.TurnOn(b) // the clock stands still: its code is still the one shown
	again := r.Browser()
	p.First(again)
	for _, code := range []string{p.Phone.Code(), p.Phone.At(r.Clock.Wall().Add(-30 * time.Second))} {
		page := p.Second(again, code)
		if again.Cookie("session") != "" || !page.SaysReason(nidan.UsedAnswer) {
			t.Errorf("the code of the set-up, or one before it: status %d, %s", page.Status, page.Text())
		}
	}
	if page := b.Post("/security/off", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code()); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("it turns off what it has turned on: %d", page.Status)
	}
	r.Clock.Advance(30 * time.Second)
	if p.Second(again, p.Phone.Code()); again.Cookie("session") == "" {
		t.Error("the next code does not log in")
	}
}

// Backup codes from before two-step verification, or from an earlier time of
// it, go on working.
func TestA5CodesOfAnotherTime(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := person(t, r), r.Browser()
	p.LogIn(b)
	page := b.Post("/security/codes", "password", p.Password, "way", "x", "code", "01-0000-0000-0000-0000")
	if page.Status != http.StatusUnprocessableEntity || len(r.ReadCodes(page)) != 0 || b.Cookie("reissue") != "" {
		t.Errorf("codes without two-step verification: status %d", page.Status)
	}
	for _, at := range []string{"/security/codes", "/security/codes/new", "/security/codes/new/file", "/security/code", "/security/on/codes", "/security/on/codes/file"} {
		if page := b.Get(at); page.Status == http.StatusOK {
			t.Errorf("%s answers without two-step verification", at)
		}
	}

	p.TurnOn(b)
	first := p.Codes
	firstSheet := p.Way("backup")
	r.Clock.Advance(time.Minute)
	if page := b.Post("/security/codes", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code()); page.Location != "/security/codes/new" {
		t.Fatalf("reissue: %d", page.Status)
	}
	unsaved, drawn := b.Cookie("reissue"), b.Hash("reissue")
	never := r.ReadCodes(b.Get("/security/codes/new"))
	r.Clock.Advance(time.Minute)
	if page := b.Post("/security/off", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code()); page.Location != "/security/off/done" {
		t.Fatalf("turn off: %d", page.Status)
	}
	p.TurnOn(b)
	r.Clock.Advance(time.Minute)
	if p.Way("backup") == firstSheet {
		t.Error("the new sheet is the old one")
	}
	b.SetCookie("reissue", unsaved)
	if page := b.Post("/security/codes/new", "ticket", drawn, "saved", "yes"); page.Location == "/security/codes/done" {
		t.Error("codes prepared in an earlier time came into force")
	}
	for _, code := range []string{first[0], first[9], never[0]} {
		c := r.Browser()
		p.First(c)
		for _, way := range []string{p.Way("backup"), firstSheet} {
			c.Post("/login/second", "way", way, "code", typed(code))
		}
		if c.Cookie("session") != "" {
			t.Error("a code of an earlier time logs in")
		}
	}
	c := r.Browser()
	p.First(c)
	if p.Backup(c, p.Codes[0]); c.Cookie("session") == "" {
		t.Error("a code of this time does not log in")
	}
}

// The form names whose account it is, and which key to use.
func TestA6ChosenSubjectAndKey(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	victim, mallory, b := person(t, r), person(t, r), r.Browser()
	mallory.LogIn(b)
	was := show(t, r, victim)
	const chosen = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	evil := []string{
		"user_id", string(was.ID), "account", string(was.ID), "sub", victim.Name, "login", victim.Name, "name", victim.Name, "email", victim.Name,
		"secret", chosen, "key", chosen, "seed", chosen, "uri", "otpauth://totp/x:y?secret=" + chosen, "issuer", "Evil", "codes", "01-0000-0000-0000-0000",
	}
	if page := b.Post("/security/on", append([]string{"method", "totp"}, evil...)...); page.Location != "/security/on/scan" {
		t.Fatalf("set-up: %d", page.Status)
	}
	page := b.Get("/security/on/scan?" + strings.Join([]string{"secret=" + chosen, "account=" + string(was.ID), "issuer=Evil"}, "&"))
	if strings.Contains(page.Body, chosen) || strings.Contains(page.Body, victim.Name) || strings.Contains(page.Body, "Evil") {
		t.Error("the page shows what was posted")
	}
	mallory.Scan(b) // a key of its own
	if seed, err := base32.StdEncoding.DecodeString(mallory.Phone.Key); err != nil || len(seed) != 20 || mallory.Phone.Key == chosen {
		t.Errorf("the key has %d bytes: %v", len(seed), err)
	}
	first := mallory.Phone.Key
	if mallory.Scan(b); mallory.Phone.Key == first {
		t.Error("two set-ups have one key")
	}
	b.Post("/security/on/scan", append([]string{"ticket", b.Hash("setup"), "code", mallory.Phone.Code()}, evil...)...)
	mallory.Codes = r.ReadCodes(b.Get("/security/on/codes"))
	if page := b.Post("/security/on/codes", append([]string{"ticket", b.Hash("setup"), "saved", "yes"}, evil...)...); page.Location != "/security/on/done" {
		t.Fatalf("complete: %d", page.Status)
	}
	if v := show(t, r, mallory); v.Protected.IsZero() || len(v.Authenticators) != 2 {
		t.Error("it was not done to the account of the session")
	}
	if is := show(t, r, victim); is.Version != was.Version || len(is.Authenticators) != 0 {
		t.Errorf("the other account went from version %d to %d", was.Version, is.Version)
	}

	// A ticket that is planted into another's browser is of another session.
	accomplice, a := person(t, r), r.Browser()
	accomplice.LogIn(a)
	accomplice.Scan(a)
	v := r.Browser()
	victim.LogIn(v)
	v.SetCookie("setup", a.Cookie("setup"))
	for _, page := range []rig.Page{v.Get("/security/on/scan"), v.Post("/security/on/scan", "ticket", a.Hash("setup"), "code", accomplice.Phone.Code())} {
		if page.Status == http.StatusOK || page.Location == "/security/on/codes" || strings.Contains(page.Body, accomplice.Phone.Key) {
			t.Errorf("a planted ticket goes on: %d to %q", page.Status, page.Location)
		}
	}
}
