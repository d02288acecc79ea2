package web

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
	"github.com/nidan-auth/nidan/password"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
)

// A house is the pages over a real Service, with a database, keys and hashes,
// and a clock that the test turns. Mails are handed over when the test says so.
type house struct {
	*testing.T
	svc   *nidan.Service
	pages *Pages
	db    *store.SQLite
	keys  *vault.Vault
	clock *hands
	inbox []nidan.Notice // handed over, oldest first

	around http.Handler // of the application that the pages are mounted in, nil: none
}

// hands are the two times of a clock, turned together.
type hands struct{ since time.Duration }

func (h *hands) Now() nidan.Instant {
	return nidan.Instant{Wall: noon.Add(h.since), Elapsed: h.since}
}

// quick is the first step with a hash that costs nothing: these tests are about
// pages, and walk through hundreds of passwords and backup codes.
type quick struct{ *password.FirstStep }

// Hash implements [nidan.FirstStep].
func (quick) Hash(_ context.Context, h nidan.SlowHash) (nidan.Hashed, error) {
	prefix := h.Like[:strings.LastIndexByte(h.Like, '$')+1]
	if prefix == "" {
		salt := h.Salt
		if salt == nil {
			salt = []byte(rand.Text())
		}
		prefix = fmt.Sprintf("$quick$%x$", salt)
	}
	sum := sha256.Sum256([]byte(prefix + h.Input.Reveal()))
	return nidan.Hashed{Of: h, Hash: prefix + base64.RawStdEncoding.EncodeToString(sum[:])}, nil
}

// newHouse offers everything; change may change its Service and its pages.
func newHouse(t *testing.T, change ...func(*nidan.Config, *Config)) *house {
	t.Helper()
	dir := t.TempDir()
	h := &house{T: t, clock: new(hands)}
	var err error
	if h.db, err = store.CreateSQLite(t.Context(), filepath.Join(dir, "nidan.db"), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if h.keys, err = vault.Create(filepath.Join(dir, "keys", "keyring.json")); err != nil {
		t.Fatal(err)
	}
	first, err := password.New(password.Options{Keys: h.keys, Random: rand.Reader, Brand: testBrand.Name})
	if err != nil {
		t.Fatal(err)
	}
	service := nidan.Config{
		Store: h.db, Archive: h.db, Sealer: h.keys, FirstStep: quick{first}, Clock: h.clock, Random: rand.Reader,
		Methods: []nidan.Method{totp.New(), mailcode.New(), backup.New()}, Mails: true, Open: true, Issuer: testBrand.Name,
	}
	pages := testConfig(t)
	pages.Features = Features()
	pages.From = func(r *http.Request) nidan.From {
		return nidan.From{Network: r.Header.Get("X-Network"), Address: r.Header.Get("X-Network"), Browser: r.UserAgent()}
	}
	for _, c := range change {
		c(&service, &pages)
	}
	if h.svc, err = nidan.New(service); err != nil {
		t.Fatal(err)
	}
	pages.Service = h.svc
	if h.pages, err = New(pages); err != nil {
		t.Fatal(err)
	}
	return h
}

// pass lets time go by. Whoever watches the clock looks at it meanwhile.
func (h *house) pass(d time.Duration) {
	h.Helper()
	h.clock.since += d
	if suspended, err := h.svc.CheckClock(h.Context()); err != nil || suspended {
		h.Fatalf("the clock is in doubt: %v, %v", suspended, err)
	}
}

// post hands over every mail that is due, as the sender does, and returns them.
func (h *house) post() []nidan.Notice {
	h.Helper()
	now := h.svc.Now()
	rows, err := h.db.Lease(h.Context(), now, now.Add(time.Minute), 1000)
	if err != nil {
		h.Fatal(err)
	}
	var came []nidan.Notice
	for _, row := range rows {
		n, err := h.svc.Message(h.Context(), row)
		if err != nil {
			h.Fatal(err)
		}
		if err := h.svc.Delivered(h.Context(), row.Account, n); err != nil {
			h.Fatal(err)
		}
		if err := h.db.Sent(h.Context(), row.Account, row.ID); err != nil {
			h.Fatal(err)
		}
		if n.To != "" {
			came = append(came, n)
		}
	}
	slices.SortStableFunc(came, func(a, b nidan.Notice) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Version, b.Version)) })
	h.inbox = append(h.inbox, came...)
	return came
}

// mailed hands over what is due and returns the newest mail of a kind.
func (h *house) mailed(kind nidan.NoticeKind) nidan.Notice {
	h.Helper()
	h.post()
	for _, n := range slices.Backward(h.inbox) {
		if n.Kind == kind {
			return n
		}
	}
	h.Fatalf("no mail is a %s", kind)
	return nidan.Notice{}
}

// A person has an account, and what it takes to get into it.
type person struct {
	name     string
	password string
	key      string   // of the authenticator app, empty: none
	codes    []string // backup codes
}

const goodPassword = "violet harbour swims at dawn"

// join makes an account with a password and nothing else.
func (h *house) join(name string) *person {
	h.Helper()
	link, out, err := h.svc.PrintLink(h.Context(), nidan.TicketInvite, name, "test")
	if err != nil || !out.Passed() {
		h.Fatal(out.Reason, err)
	}
	if out, err := h.svc.AcceptInvite(h.Context(), link.Ticket, nidan.NewSecret(goodPassword), "en", nidan.From{}); err != nil || !out.Passed() {
		h.Fatal(out.Reason, err)
	}
	return &person{name: name, password: goodPassword}
}

// protect joins and turns two-step verification on with a method.
func (h *house) protect(name string, m nidan.MethodName) *person {
	h.Helper()
	p := h.join(name)
	out := h.must(h.svc.SignIn(h.Context(), p.name, nidan.NewSecret(p.password), nidan.From{}))
	tok, ok := nidan.ParseSession(out.Session.Token.Reveal())
	if !ok {
		h.Fatal("no session")
	}
	out = h.must(h.svc.BeginSetUp(h.Context(), tok, m, nidan.Secret{}, nidan.From{}))
	h.finish(p, tok, out.Ticket)
	return p
}

// another adds a method to what a person has. They get new codes.
func (h *house) another(p *person, m nidan.MethodName) {
	h.Helper()
	tok, way := h.signIn(p)
	out := h.must(h.svc.BeginAdd(h.Context(), tok, m, "", nidan.NewSecret(p.password), way, nidan.From{}))
	h.finish(p, tok, out.Ticket)
}

// finish takes a set-up from its first ticket to Complete.
func (h *house) finish(p *person, tok nidan.SessionToken, ticket nidan.Secret) {
	h.Helper()
	carried := func() nidan.Carried { return nidan.Carried{Ticket: ticket, Drawn: nidan.TicketHash(ticket)} }
	held := func() nidan.Held {
		d, out, err := h.svc.Held(h.Context(), tok, nidan.TicketSetUp, ticket)
		if err != nil || !out.Passed() {
			h.Fatal(out.Reason, err)
		}
		return d
	}
	for held().Step != nidan.StepSave {
		d := held()
		answer := ""
		if d.Mailed != nil {
			h.post()
			for _, n := range slices.Backward(h.inbox) {
				if answer = n.Code; answer != "" {
					break
				}
			}
		} else {
			p.key = d.Handout.Key
			answer = p.code(h)
		}
		ticket = h.must(h.svc.Confirm(h.Context(), tok, carried(), nidan.NewSecret(answer), nidan.From{})).Ticket
	}
	p.codes = held().Codes.Codes
	h.must(h.svc.Complete(h.Context(), tok, nidan.TicketSetUp, carried(), true, nidan.From{}))
}

// signIn makes a session with a backup code, and gives the answer that the next
// change of protection takes. Both are spent.
func (h *house) signIn(p *person) (nidan.SessionToken, nidan.Answer) {
	h.Helper()
	out := h.must(h.svc.SignIn(h.Context(), p.name, nidan.NewSecret(p.password), nidan.From{}))
	pending, _ := nidan.ParsePending(out.Pending.Token.Reveal())
	view, _, err := h.svc.Pending(h.Context(), pending, nil)
	if err != nil {
		h.Fatal(err)
	}
	i := slices.IndexFunc(view.Ways, func(w nidan.Way) bool { return w.Reserve })
	answer := func() nidan.Answer {
		code := p.codes[0]
		p.codes = p.codes[1:]
		return nidan.Answer{Authenticator: view.Ways[i].ID, Code: nidan.NewSecret(code)}
	}
	out = h.must(h.svc.Answer(h.Context(), pending, answer(), nidan.From{}))
	tok, _ := nidan.ParseSession(out.Session.Token.Reveal())
	return tok, answer()
}

func (h *house) must(out nidan.Outcome, err error) nidan.Outcome {
	h.Helper()
	if err != nil || !out.Passed() && out.Reason != nidan.SecondStep {
		h.Fatalf("%s, %v", out.Reason, err)
	}
	return out
}

// code is what the person's app shows. A new one is due every 30 seconds, and
// the house's clock stands still unless it is turned.
func (p *person) code(h *house) string {
	h.Helper()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(p.key)
	if err != nil {
		h.Fatal(err)
	}
	return totpAt(seed, h.svc.Now())
}

// totpAt is RFC 6238 with SHA-1, 6 digits and 30 seconds.
func totpAt(seed []byte, at time.Time) string {
	mac := hmac.New(sha1.New, seed)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & (1<<31 - 1)
	return fmt.Sprintf("%06d", n%1_000_000)
}

// A browser keeps cookies and follows our redirects.
type browser struct {
	*house
	network string
	cookies map[string]string
	shown   shown
}

// shown is the page that a browser shows.
type shown struct {
	path   string
	status int
	html   string
	policy string // that it came with
}

func (h *house) browser(network string) *browser {
	return &browser{house: h, network: network, cookies: map[string]string{}}
}

// open asks for a page by its address.
func (b *browser) open(path string) {
	b.Helper()
	b.ask(http.MethodGet, path, "")
}

// send posts a form: names and values in turn.
func (b *browser) send(path string, fields ...string) {
	b.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	b.ask(http.MethodPost, path, form.Encode())
}

func (b *browser) ask(verb, path, body string) {
	b.Helper()
	for range 5 {
		res := b.asks(verb, path, strings.NewReader(body), func(r *http.Request) {
			r.Header.Set("X-Network", b.network)
			r.Header.Set("User-Agent", "Firefox on Windows")
			for name, value := range b.cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
		})
		for _, c := range res.Cookies() {
			if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
				delete(b.cookies, c.Name)
			}
		}
		page, err := io.ReadAll(res.Body)
		if err != nil {
			b.Fatal(err)
		}
		b.shown = shown{path: path, status: res.StatusCode, html: string(page), policy: res.Header.Get("Content-Security-Policy")}
		if at := res.Header.Get("Location"); at != "" && at[0] != '/' { // away from here
			b.shown.path = at
			return
		}
		if res.StatusCode != http.StatusSeeOther {
			return
		}
		verb, path, body = http.MethodGet, res.Header.Get("Location"), ""
	}
	b.Fatalf("no end of redirects at %s", path)
}

// asks sends a request to the pages, or to the application around them.
func (b *browser) asks(verb, path string, body io.Reader, change func(*http.Request)) *http.Response {
	if b.around == nil {
		return ask(b.pages, verb, path, body, change)
	}
	if !strings.HasPrefix(path, "/app/") { // whose pages are named as if they stood alone
		path = b.pages.base + path
	}
	res := ask(b.around, verb, path, body, change)
	if at, ours := strings.CutPrefix(res.Header.Get("Location"), b.pages.base+"/"); ours {
		res.Header.Set("Location", "/"+at)
	}
	return res
}

// logIn takes the first step.
func (b *browser) logIn(p *person) {
	b.Helper()
	b.send("/login", "login", p.name, "password", p.password)
}

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	inLine = regexp.MustCompile(`</?(?:time|a|b)\b[^>]*>`) // a line
)

// text is what a page says, without its markup.
func (s shown) text() string {
	_, main, _ := strings.Cut(s.html, "<main ")
	_, main, _ = strings.Cut(main, ">")
	main = tag.ReplaceAllString(inLine.ReplaceAllString(main, ""), " ")
	return strings.Join(strings.Fields(html.UnescapeString(main)), " ")
}

// says demands a page that says all of these.
func (b *browser) says(texts ...string) {
	b.Helper()
	for _, text := range texts {
		if got := b.shown.text(); !strings.Contains(got, text) {
			b.Fatalf("%s (%d) does not say %q: %s", b.shown.path, b.shown.status, text, got)
		}
	}
}

// saysNot demands a page that says none of these.
func (b *browser) saysNot(texts ...string) {
	b.Helper()
	for _, text := range texts {
		if got := b.shown.text(); strings.Contains(got, text) {
			b.Fatalf("%s says %q: %s", b.shown.path, text, got)
		}
	}
}

// at demands a page by its address, its query left out, and status.
func (b *browser) at(path string, status int) {
	b.Helper()
	got, _, _ := strings.Cut(b.shown.path, "?")
	if got != path || b.shown.status != status {
		b.Fatalf("at %s with %d, not at %s with %d: %s", b.shown.path, b.shown.status, path, status, b.shown.text())
	}
}

// value is what stands in a field of the page.
func (b *browser) value(field string) string {
	b.Helper()
	input := regexp.MustCompile(`<input[^>]*\sname="` + field + `"[^>]*>`).FindString(b.shown.html)
	if input == "" {
		b.Fatalf("%s has no field %q", b.shown.path, field)
	}
	_, after, _ := strings.Cut(input, ` value="`)
	value, _, _ := strings.Cut(after, `"`)
	return html.UnescapeString(value)
}
