package hostile

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// A whole life, with everything wrong that can be wrong on the way, leaves none
// of its secrets behind, in whatever form: not in the database, not in the log
// with its lines for every request, not on a page that tells of an error
// (SECURITY Q1, Q2, Q4).
func TestWholeLife(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	led := func(p rig.Page, path string) {
		t.Helper()
		if !strings.HasSuffix(p.Location, path) {
			t.Fatalf("status %d to %q instead of %s: %s", p.Status, p.Location, path, p.Text())
		}
	}
	name, b := r.Name(), r.Browser()
	db := r.SQL()
	stored := "" // every row at several moments: later ones take the place of earlier ones
	look := func() {
		for _, rows := range r.Dump(db) {
			for _, row := range rows {
				for column, v := range row {
					if text, ok := v.([]byte); ok {
						v = string(text)
					}
					stored += fmt.Sprint(column, " ", v, "\n")
				}
			}
		}
	}
	p := &person{r: r, t: t, name: name, password: r.Secret("a password", "näive ﬁsh <&> with \"batteries\" 1")}

	// Invited, with passwords that will not do.
	invite := r.Link(nidan.TicketInvite, name)
	for _, bad := range []string{"short1 2", strings.Repeat("long one ", 40), "contains " + name, "aaaaaaaaaaaaaaaaaaaaaaaa", "a\x1b[2Jcontrol character"} {
		b.Post(invite, "password", r.Secret("a password that will not do", bad))
	}
	b.Get(invite)
	led(b.Post(invite, "password", p.password), "/login?account")
	b.Post(invite, "password", p.password)

	// Logged in, with wrong passwords.
	for _, bad := range []string{"not the right one at all", p.password + "x", strings.ToUpper(p.password)} {
		b.Post("/login", "login", name, "password", r.Secret("a wrong password", bad))
	}
	b.Post("/login", "login", p.password, "password", r.Secret("a password typed into the wrong account", "typed into the wrong account"))
	led(p.first(b), "/security")

	// Set up, with wrong codes.
	led(b.Post("/security/on", "method", "totp"), "/security/on/scan")
	scan := b.Get("/security/on/scan")
	phone := p.scan(scan)
	p.again(b, "/security/on/scan", "ticket", b.Hash("setup"), "code", phone.Wrong())
	b.Post("/security/on/scan", "ticket", "another", "code", phone.Code())
	led(b.Post("/security/on/scan", "ticket", b.Hash("setup"), "code", phone.Code()), "/security/on/codes")
	b.Get("/security/on/scan")
	codes := r.ReadCodes(b.Get("/security/on/codes"))
	b.Get("/security/on/codes/file")
	p.again(b, "/security/on/codes", "ticket", b.Hash("setup"))
	led(b.Post("/security/on/codes", "ticket", b.Hash("setup"), "saved", "yes"), "/security/on/done")
	b.Post("/security/on/codes", "ticket", b.Hash("setup"), "saved", "yes")

	look()
	// Logged in with both steps: wrong, used, late, early, of another form.
	r.Clock.Advance(time.Minute)
	c := r.Browser()
	p.first(c)
	app, list := p.ways()
	for _, bad := range []string{phone.Wrong(), phone.At(r.Clock.Wall().Add(-5 * time.Minute)), codes[0], "", "12345", "not a code at all, but long enough"} {
		c.Post("/login/second", "way", app, "code", bad)
	}
	c.Post("/login/second", "way", list, "code", codes[0][:len(codes[0])-1]+"0")
	c = r.Browser()
	p.first(c)
	led(c.Post("/login/second", "way", app, "code", phone.Code()), "/security")
	d := r.Browser()
	p.first(d)
	d.Post("/login/second", "way", app, "code", phone.Code()) // used
	c.Get("/security?ticket=" + codes[1])

	look()
	// In by a backup code, and its successor.
	d = r.Browser()
	p.first(d)
	led(d.Post("/login/second", "way", list, "code", codes[1]), "/security/code")
	next := r.ReadCodes(d.Get("/security/code"))
	d.Get("/security/code/file")
	p.again(d, "/security/code", "ticket", d.Hash("renew"))
	led(d.Post("/security/code", "ticket", d.Hash("renew"), "saved", "yes"), "/security")
	if len(next) != 1 {
		t.Fatalf("%d successors", len(next))
	}

	look()
	// New codes; the old ones are told from wrong ones.
	r.Clock.Advance(time.Minute)
	c.Post("/security/codes", "password", r.Secret("a wrong password", "a wrong one in a session"), "way", app, "code", phone.Code())
	led(c.Post("/security/codes", "password", p.password, "way", app, "code", phone.Code()), "/security/codes/new")
	fresh := r.ReadCodes(c.Get("/security/codes/new"))
	c.Get("/security/codes/new/file")
	led(c.Post("/security/codes/new", "ticket", c.Hash("reissue"), "saved", "yes"), "/security/codes/done")
	d = r.Browser()
	p.first(d)
	d.Post("/login/second", "way", list, "code", codes[2])

	look()
	// Links: used, used again, and too late.
	browser := r.Link(nidan.TicketBrowser, name)
	led(r.Browser().Post(browser), "/login?browser")
	r.Browser().Post(browser)
	reset := r.Link(nidan.TicketReset, name)
	late := r.Link(nidan.TicketReset, name)
	r.Browser().Post(reset, "password", r.Secret("a password that will not do", "too short 12"))
	old := p.password
	p.password = r.Secret("a password", "another one, with a battery")
	led(r.Browser().Post(reset, "password", p.password), "/login?password")
	r.Browser().Post(reset, "password", old)
	r.Clock.Advance(time.Hour)
	r.Browser().Get(late)
	r.Browser().Get(late + "x")
	c.Get("/security") // ended by the reset

	look()
	// Turned off, with wrong everything, and logged out.
	e := r.Browser()
	p.first(e)
	app, list = p.ways()
	led(e.Post("/login/second", "way", list, "code", fresh[1]), "/security/code")
	e.Post("/security/off", "password", old, "way", list, "code", fresh[2])
	e.Post("/security/off", "password", p.password, "way", list, "code", codes[3])
	e.Post("/security/sessions/end", "id", "none")
	led(e.Post("/security/off", "password", p.password, "way", app, "code", phone.Code()), "/security/off/done")
	e.Get("/security/codes")
	session := e.Cookie("session")
	led(e.Post("/logout"), "/login")
	e.SetCookie("session", session)
	e.Get("/security")
	e.Do("POST", "/login", "application/json", strings.NewReader(`{"password":"`+p.password+`"}`))

	if n := len(r.Secrets()); n < 60 {
		t.Errorf("only %d secrets were met: is this a whole life?", n)
	}
	look()
	p.missing("the tables", stored)
	r.Stop()
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if file, err := os.ReadFile(r.Database() + suffix); err == nil {
			p.missing("the database"+suffix, string(file))
		}
	}
	log := r.Log()
	if !strings.Contains(log, `"msg":"request"`) || !strings.Contains(log, "POST /login/second") {
		t.Error("the log has no lines for requests")
	}
	p.missing("the log", log)
	p.missing("a page with an error", r.ErrorPages())
}

// person is somebody whose life does not go as smoothly as that of the rig's.
type person struct {
	r              *rig.Rig
	t              *testing.T
	name, password string
}

func (p *person) first(b *rig.Browser) rig.Page {
	return b.Post("/login", "login", p.name, "password", p.password)
}

// scan reads the key off the page.
func (p *person) scan(page rig.Page) *rig.Phone {
	_, rest, ok := strings.Cut(page.Body, "secret=")
	if !ok || len(rest) < 32 {
		p.t.Fatalf("no key on the page: %s", page.Text())
	}
	return p.r.Phone(rest[:32])
}

// again posts what makes a step of a wizard show itself once more, with what it
// hands out: its reader is the bearer of the unfinished ticket, who may see that
// (law 9). So this is done past the rig, which keeps every page that tells of an
// error and would find it there.
func (p *person) again(b *rig.Browser, path string, fields ...string) {
	p.t.Helper()
	form := make(url.Values)
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(p.t.Context(), "POST", p.r.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.r.URL)
	for _, name := range []string{"session", "setup", "reissue", "renew"} {
		if v := b.Cookie(name); v != "" {
			req.AddCookie(&http.Cookie{Name: "__Host-nidan_" + name, Value: v})
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusUnprocessableEntity || resp.Header.Get("Cache-Control") != "no-store" {
		p.t.Errorf("%s once more: %d, %v", path, resp.StatusCode, err)
	}
}

func (p *person) ways() (app, list string) {
	v, err := p.r.Service().Show(p.t.Context(), p.name)
	if err != nil || len(v.Authenticators) != 2 {
		p.t.Fatal(len(v.Authenticators), err)
	}
	return v.Authenticators[0].ID, v.Authenticators[1].ID
}

func (p *person) missing(place, text string) {
	p.t.Helper()
	for _, what := range rig.Find(text, p.r.Secrets()) {
		p.t.Errorf("%s stands in %s", what, place)
	}
}
