package readme

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A person sits at a browser without JavaScript and does what the text says.
// The rig's browser is not used: it belongs to a program that the test itself
// has put together, and this one was started by a reader's command.
type person struct {
	t       *testing.T
	at      string // http://host:port
	cookies map[string]string

	name, password string
	codes          []string // backup codes
}

func (s *sandbox) visitor(name, password string) *person {
	return &person{t: s.t, at: "http://" + s.at, cookies: make(map[string]string), name: name, password: password}
}

// A page is what came back in the end, redirects followed.
type page struct {
	path, body string
}

var once = &http.Client{
	Timeout:       patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// open gets a page; with fields it sends a form.
func (p *person) open(path string, fields ...string) page {
	p.t.Helper()
	method, form := http.MethodGet, url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		method = http.MethodPost
		form.Set(fields[i], fields[i+1])
	}
	for range 5 {
		req, err := http.NewRequestWithContext(p.t.Context(), method, p.at+path, strings.NewReader(form.Encode()))
		if err != nil {
			p.t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if method == http.MethodPost {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for name, value := range p.cookies {
			req.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		resp, err := once.Do(req)
		if err != nil {
			p.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err := resp.Body.Close(); err != nil {
			p.t.Error(err)
		}
		if err != nil {
			p.t.Fatal(err)
		}
		for _, c := range resp.Cookies() {
			if p.cookies[c.Name] = c.Value; c.MaxAge < 0 {
				delete(p.cookies, c.Name)
			}
		}
		to := resp.Header.Get("Location")
		if to == "" {
			return page{path, string(body)}
		}
		method, form, path = http.MethodGet, url.Values{}, strings.TrimPrefix(to, p.at)
	}
	p.t.Fatalf("redirected in circles, in the end to %s", path)
	return page{}
}

var tags = regexp.MustCompile(`(?s)<[^>]*>`)

// text is what a page says.
func (g page) text() string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(g.body, " "))), " ")
}

// find returns the first group of a pattern that has to be on the page.
func (p *person) find(g page, pattern string) string {
	p.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(g.body)
	if m == nil {
		p.t.Fatalf("no %s on %s: %s", pattern, g.path, g.text())
	}
	return html.UnescapeString(m[1])
}

// must sees that a page is the one meant.
func (p *person) must(g page, path string) page {
	p.t.Helper()
	if g.path != path {
		p.t.Fatalf("at %s instead of %s: %s", g.path, path, g.text())
	}
	return g
}

const ticketField = `name="ticket" value="([^"]+)"`

// turnOn walks the set-up: scan, code, backup codes, checkbox, Complete.
func (p *person) turnOn() {
	p.t.Helper()
	scan := p.must(p.open("/security/on", "method", "totp"), "/security/on/scan")
	code := codeOf(p.t, p.find(scan, `secret=([A-Z2-7]{32})`), time.Now())
	sheet := p.must(p.open("/security/on/scan", "ticket", p.find(scan, ticketField), "code", code), "/security/on/codes")
	p.codes = regexp.MustCompile(`\b\d\d-(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b`).FindAllString(sheet.text(), -1)
	if len(p.codes) != 10 {
		p.t.Fatalf("%d backup codes", len(p.codes))
	}
	p.must(p.open("/security/on/codes", "ticket", p.find(sheet, ticketField), "saved", "yes"), "/security/on/done")
}

// logIn logs in, with the next backup code if one is asked for.
func (p *person) logIn() page {
	p.t.Helper()
	g := p.open("/login", "login", p.name, "password", p.password)
	if g.path != "/login/second" {
		return g
	}
	way := p.find(g, `/login/second\?way=([a-z2-7]+)`)
	g = p.open("/login/second?way=" + way)
	used := p.codes[0]
	p.codes = p.codes[1:]
	return p.open("/login/second", "way", way, "code", used)
}

// codeOf is what an authenticator app shows (RFC 6238).
func codeOf(t *testing.T, key string, at time.Time) string {
	t.Helper()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha1.New, seed)
	if err := binary.Write(h, binary.BigEndian, uint64(at.Unix()/30)); err != nil {
		t.Fatal(err)
	}
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// steps is what the text tells a person to do between two commands.
var steps = map[string]func(*sandbox){
	"stop the server": (*sandbox).stop,

	// After "account create": opens the link that was printed, chooses a
	// password, logs in and turns two-step verification on.
	"accept the invitation and turn it on": func(s *sandbox) {
		s.t.Helper()
		m := regexp.MustCompile(`(/invite/\S+)\n.*owner of (\S+) and`).FindStringSubmatch(s.printed)
		if m == nil {
			s.t.Fatalf("no invitation was printed: %s", s.printed)
		}
		p := s.visitor(m[2], "seven green boats at noon")
		p.must(p.open(m[1], "password", p.password), "/login?account")
		p.must(p.logIn(), "/security")
		p.turnOn()
		s.person = p
	},

	// After "account link --reset": chooses another password.
	"set a new password": func(s *sandbox) {
		s.t.Helper()
		link := regexp.MustCompile(`/reset/\S+`).FindString(s.printed)
		s.person.password = "eight red kites at dusk"
		s.person.must(s.person.open(link, "password", s.person.password), "/login?password")
		s.person.must(s.person.logIn(), "/security/code")
	},

	// After "demo": the three things that it says to try.
	"walk the demo": func(s *sandbox) {
		s.t.Helper()
		m := regexp.MustCompile(`password\s+(\S+)`).FindStringSubmatch(s.printed)
		if m == nil {
			s.t.Fatalf("no password was printed: %s", s.printed)
		}
		p := s.visitor("demo@example.com", m[1])
		p.must(p.logIn(), "/security")
		p.turnOn()
		p.must(p.open("/logout", "x", "y"), "/login")
		p.must(p.logIn(), "/security/code")
		if g := p.open("/security"); !strings.Contains(g.text(), "Two-step verification has been on since") {
			s.t.Errorf("security settings: %s", g.text())
		}
	},

	// With the database put back, what the browser shows is newer.
	"come back": func(s *sandbox) {
		s.t.Helper()
		s.person.at = "http://" + s.at
		s.person.must(s.person.logIn(), "/login")
	},

	// In the browser known from before, with a backup code.
	"log in again": func(s *sandbox) {
		s.t.Helper()
		s.person.at = "http://" + s.at
		s.person.must(s.person.logIn(), "/security/code")
	},
}
