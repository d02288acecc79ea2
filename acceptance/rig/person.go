package rig

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

// A Person has an account, and what they keep about it.
type Person struct {
	r        *Rig
	Name     string
	Password string
	Phone    *Phone
	Codes    []string
}

// Person makes an account by invitation, as an operator and its holder would.
func (r *Rig) Person() *Person {
	r.T.Helper()
	p := &Person{r: r, Name: r.Name()}
	p.Password = r.Secret("a password", fmt.Sprintf("correct mare %d with battery", r.serial))
	ctx := context.Background()
	link, out, err := r.Service().PrintLink(ctx, nidan.TicketInvite, p.Name, "test")
	if err != nil || out.Reason != nidan.OK {
		r.T.Fatalf("invite %s: %s %v", p.Name, out.Reason, err)
	}
	r.Secret("an invitation", link.Ticket.Reveal())
	out, err = r.Service().AcceptInvite(ctx, link.Ticket, nidan.NewSecret(p.Password), "en", nidan.From{})
	if err != nil || out.Reason != nidan.OK {
		r.T.Fatalf("accept the invitation of %s: %s %v", p.Name, out.Reason, err)
	}
	return p
}

// Somebody is a person whose account was made otherwise.
func (r *Rig) Somebody(name, password string) *Person {
	return &Person{r: r, Name: name, Password: password}
}

// Protected makes an account that has two-step verification on, and a browser
// that is logged in to it. The clock has moved on to a fresh code.
func (r *Rig) Protected() (*Person, *Browser) {
	r.T.Helper()
	p, b := r.Person(), r.Browser()
	p.LogIn(b)
	p.TurnOn(b)
	r.Clock.Advance(time.Minute)
	return p, b
}

// Link prints a link for a person, as the operator would, and returns its path.
func (r *Rig) Link(purpose nidan.TicketPurpose, name string) string {
	r.T.Helper()
	link, out, err := r.Service().PrintLink(context.Background(), purpose, name, "test")
	if err != nil || out.Reason != nidan.OK {
		r.T.Fatalf("%s link for %s: %s %v", purpose, name, out.Reason, err)
	}
	return "/" + string(purpose) + "/" + r.Secret("a link", link.Ticket.Reveal())
}

// First takes the first step in a browser.
func (p *Person) First(b *Browser) Page {
	return b.Post("/login", "login", p.Name, "password", p.Password)
}

// LogIn logs in, with the second step if the account asks for it.
func (p *Person) LogIn(b *Browser) {
	p.r.T.Helper()
	page := p.First(b)
	if page.Location == "/login/second" || strings.HasSuffix(page.Location, "/login/second") {
		page = p.Second(b, p.Phone.Code())
	}
	if b.Cookie("session") == "" {
		p.r.T.Fatalf("log in as %s: status %d, %s", p.Name, page.Status, page.Text())
	}
}

// Way returns the id of a way as the second-step page names it: "totp" or
// "backup".
func (p *Person) Way(method string) string {
	p.r.T.Helper()
	view, err := p.r.Service().Show(context.Background(), p.Name)
	if err != nil {
		p.r.T.Fatal(err)
	}
	for _, a := range view.Authenticators {
		if string(a.Method) == method {
			return a.ID
		}
	}
	return "none"
}

// Second answers with a code of the app.
func (p *Person) Second(b *Browser, code string) Page {
	return b.Post("/login/second", "way", p.Way("totp"), "code", code)
}

// Backup answers with a backup code.
func (p *Person) Backup(b *Browser, code string) Page {
	return b.Post("/login/second", "way", p.Way("backup"), "code", code)
}

var key = regexp.MustCompile(`secret=([A-Z2-7]{32})`)
var backupCode = regexp.MustCompile(`\b\d\d-(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\b`)

// TurnOn walks the set-up with an app from a browser that has just logged in.
func (p *Person) TurnOn(b *Browser) {
	p.r.T.Helper()
	p.Scan(b)
	p.r.must(b.Post("/security/on/scan", "ticket", b.Hash("setup"), "code", p.Phone.Code()), "/security/on/codes")
	p.Codes = p.r.ReadCodes(b.Get("/security/on/codes"))
	p.r.must(b.Post("/security/on/codes", "ticket", b.Hash("setup"), "saved", "yes"), "/security/on/done")
}

// Scan begins the set-up and reads the key off the page.
func (p *Person) Scan(b *Browser) Page {
	p.r.T.Helper()
	p.r.must(b.Post("/security/on", "method", "totp"), "/security/on/scan")
	page := b.Get("/security/on/scan")
	m := key.FindStringSubmatch(page.Body)
	if m == nil {
		p.r.T.Fatalf("no key on the page: %d %s", page.Status, page.Text())
	}
	p.Phone = p.r.Phone(m[1])
	return page
}

// ReadCodes reads the backup codes off a page.
func (r *Rig) ReadCodes(page Page) []string {
	var codes []string
	for _, c := range backupCode.FindAllString(page.Body, -1) {
		if len(codes) == 0 || codes[len(codes)-1] != c {
			codes = append(codes, r.Secret("a backup code", c))
			r.Secret("a backup code", strings.ReplaceAll(c[3:], "-", ""))
		}
	}
	return codes
}

// must ends the test unless a page redirects to a path.
func (r *Rig) must(p Page, path string) {
	r.T.Helper()
	if !strings.HasSuffix(p.Location, path) {
		r.T.Fatalf("status %d to %q instead of a redirect to %s: %s", p.Status, p.Location, path, p.Text())
	}
}

// Hash names the ticket in a cookie as a form does.
func (b *Browser) Hash(cookie string) string {
	return nidan.TicketHash(nidan.NewSecret(b.Cookie(cookie)))
}

// A Phone shows the codes of one key.
type Phone struct {
	r    *Rig
	Key  string
	seed []byte
}

// Phone takes a key in, as a person types or scans it.
func (r *Rig) Phone(key string) *Phone {
	r.T.Helper()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	if err != nil {
		r.T.Fatal(err)
	}
	r.Secret("a key", key)
	r.Secret("a seed", string(seed))
	return &Phone{r, key, seed}
}

// Code is what the phone shows now.
func (p *Phone) Code() string { return p.At(p.r.Clock.Wall()) }

// At is what it shows at a time (RFC 6238, written apart from the program).
func (p *Phone) At(t time.Time) string {
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], uint64(t.Unix()/30))
	h := hmac.New(sha1.New, p.seed)
	h.Write(msg[:])
	sum := h.Sum(nil)
	o := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[o:])&0x7fffffff)%1_000_000)
}

// Wrong is a code that the phone does not show within ten minutes of now.
func (p *Phone) Wrong() string {
	for n := range 1000 {
		code := fmt.Sprintf("%06d", 314159+n)
		near := false
		for off := -21; off <= 21; off++ {
			near = near || p.At(p.r.Clock.Wall().Add(time.Duration(off)*30*time.Second)) == code
		}
		if !near {
			return code
		}
	}
	panic("unreachable: 43 codes do not fill a thousand")
}
