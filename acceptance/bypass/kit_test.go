package bypass

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// hosts registers the shop; wiki is what one of its hosts asks for.
func (s *stage) hosts(wiki nidan.Level) {
	s.t.Helper()
	s.must(s.Service().PutParty(s.t.Context(), nidan.Party{
		ID: "shop", Name: "Example Shop", Returns: []string{shopReturn},
		Hosts: []nidan.Proxied{{Host: vaultHost, Level: nidan.LevelAAL2}, {Host: wikiHost, Level: wiki}},
	}, "test"))
}

func (s *stage) must(out nidan.Outcome, err error) {
	s.t.Helper()
	if err != nil || !out.Passed() {
		s.t.Fatal(out.Reason, err)
	}
}

// leads ends the test unless a page led where it should.
func (s *stage) leads(p rig.Page, to string) {
	s.t.Helper()
	if at, _, _ := strings.Cut(p.Location, "?"); at != to {
		s.t.Fatalf("%d to %q instead of %q: %s", p.Status, p.Location, to, p.Text())
	}
}

func (s *stage) protected() *rig.Person {
	p, _ := s.Protected()
	return p
}

// ticket is the last part of a link that the operator prints.
func (s *stage) ticket(purpose nidan.TicketPurpose, name string) string {
	return strings.TrimPrefix(s.Link(purpose, name), "/"+string(purpose)+"/")
}

// mailed is the ticket of the newest link of a kind that has come to somebody.
func (s *stage) mailed(to, kind string) (text string) {
	s.t.Helper()
	s.settled()
	for _, m := range s.box.All() {
		for _, link := range m.Links() {
			u, err := url.Parse(link)
			if err != nil {
				s.t.Fatal(err)
			}
			if t, ok := strings.CutPrefix(u.Path, kind+"/"); ok && m.EnvelopeTo == to {
				text = s.Secret("a mailed link", t)
			}
		}
	}
	if text == "" {
		s.t.Fatalf("no link of %s has come to %s", kind, to)
	}
	return text
}

// settled waits until all that is due was mailed.
func (s *stage) settled() {
	s.t.Helper()
	s.must(s.Service().AskLink(s.t.Context(), nidan.TicketReset, "nobody@example.net", nidan.From{Network: s.Name()})) // wakes the one who sends
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		var n int
		now := s.Clock.Wall()
		if err := s.db.QueryRow(`SELECT count(*) FROM nidan_outbox WHERE cause = '' AND (due <= $1 OR tries > 0 AND due <= $2)`, now.UnixMicro(), now.Add(5*time.Minute).UnixMicro()).Scan(&n); err != nil {
			s.t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%d messages wait", n)
		}
	}
}

// kit is one of everything that a person can carry of their account, alive.
func (s *stage) kit(p *rig.Person) map[string]string {
	s.t.Helper()
	b, way, kit := s.Browser(), p.Way("totp"), make(map[string]string)
	both := func(at, to string, fields ...string) {
		s.t.Helper()
		s.Clock.Advance(30 * time.Second)
		s.leads(b.Post(at, append(fields, "password", p.Password, "way", way, "code", p.Phone.Code())...), to)
	}
	p.First(b)
	s.leads(p.Backup(b, p.Codes[0]), "/security/code")
	p.Codes = p.Codes[1:]
	both("/security/methods/"+way+"/replace/totp", "/security/on/scan")
	both("/security/codes", "/security/codes/new")
	for kind, at := range map[string]string{"/address": "/security/address", "/second": "/security/second"} {
		to := s.Name()
		both(at, at+"/sent", "item", to)
		kit[kind] = s.mailed(to, kind)
	}
	visitor := s.Browser()
	to := s.Name()
	s.leads(visitor.Post("/register", "login", to), "/sent/register")
	kit["/register"] = s.mailed(to, "/register")
	kit["/invite"], kit["/reset"], kit["/browser"] = s.ticket(nidan.TicketInvite, s.Name()), s.ticket(nidan.TicketReset, p.Name), s.ticket(nidan.TicketBrowser, p.Name)

	p.First(visitor)
	for range 2 { // the first one becomes the ticket of the wizard
		s.leads(visitor.Post("/login/recovery/link"), "/login/recovery")
		kit["/recovery"] = s.mailed(p.Name, "/recovery")
		if kit["bind"] == "" {
			s.leads(visitor.Post("/recovery/"+kit["/recovery"], "password", p.Password), "/recover/method")
			s.leads(visitor.Post("/recover/method", "ticket", visitor.Hash("bind"), "method", "totp"), "/recover/scan")
			kit["bind"] = visitor.Cookie("bind")
		}
		s.Clock.Advance(time.Minute)
	}
	kit["/cancel"], kit["/notme"] = s.mailed(p.Name, "/cancel"), s.mailed(p.Name, "/notme")

	s.Clock.Advance(30 * time.Second)
	other := s.Browser()
	p.First(other)
	s.leads(other.Post("/login/second", "way", way, "code", p.Phone.Code(), "remember", "yes"), "/security")
	kit["remembered"] = other.Cookie("remembered")
	p.First(visitor)
	kit["pending"] = visitor.Cookie("pending")
	for _, name := range []string{"session", "browser", "setup", "reissue", "renew"} {
		kit[name] = b.Cookie(name)
	}
	s.marks[p] = append(s.marks[p], p.Name)
	for _, page := range []rig.Page{b.Get("/security/on/scan"), b.Get("/security/codes/new"), b.Get("/security/code"), visitor.Get("/recover/scan")} {
		secrets := append(s.ReadCodes(page), appKey.FindString(page.Body))
		if len(secrets[0]) == 0 {
			s.t.Fatalf("%q has no secret: %s", page.Heading(), page.Text())
		}
		s.marks[p] = append(s.marks[p], secrets[0])
	}
	s.crossings(kit)
	return kit
}

// untouched is what somebody has who goes away then: what expires is swept by
// nobody. One session is of a password, from before two-step verification was
// turned on.
func (s *stage) untouched() map[string]string {
	p, low, b := s.Person(), s.Browser(), s.Browser()
	p.LogIn(low)
	p.LogIn(b)
	p.TurnOn(b)
	s.Clock.Advance(time.Minute)
	p.LogIn(b)
	open := s.Browser()
	p.First(open)
	return map[string]string{"low": low.Cookie("session"), "session": b.Cookie("session"), "pending": open.Cookie("pending")}
}

// crossings are the way to the vault, and the pass that the first one got there.
func (s *stage) crossings(kit map[string]string) {
	s.t.Helper()
	for range 2 {
		s.serial++
		to := s.ask(call{method: "GET", path: "/pass", query: url.Values{"host": {vaultHost}, "bind": {bindOf(awayValue)}}.Encode(), cookies: map[string]string{"session": kit["session"]}}).location
		_, ticket, ok := strings.Cut(to, "https://"+vaultHost+"/_nidan/done?ticket=")
		if !ok {
			s.t.Fatalf("the pass leads to %q", to)
		}
		if kit["crossing"] == "" {
			a := s.ask(call{method: "GET", path: "/_nidan/done", query: "ticket=" + ticket, cookies: map[string]string{"away": awayValue}, host: vaultHost})
			kit["host"] = a.set["host"]
		}
		kit["crossing"] = ticket
	}
	if kit["host"] == "" {
		s.t.Fatal("there is no pass")
	}
}

func bindOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// shop has an account that it keeps, and leads its holder here: a link that was
// not taken up, the result of one that was, and a session.
func (s *stage) shop(key, id string) map[string]string {
	s.t.Helper()
	svc, ctx := s.Service(), context.Background()
	c, err := svc.Caller(ctx, nidan.NewSecret(key), netip.MustParseAddr("192.0.2.99"))
	if err != nil {
		s.t.Fatal(err)
	}
	from := nidan.From{Door: c}
	s.must(svc.Register(ctx, c, id, nidan.Details{Label: keptLabel}, from))
	lead := func() string {
		k, out, err := svc.Kept(ctx, c, id)
		s.must(out, err)
		k, out, err = svc.State(ctx, k, time.Time{}, false, from)
		s.must(out, err)
		out, err = svc.OpenHandover(ctx, k, nidan.HandoverRequest{Use: nidan.HandoverSettings, Return: shopReturn, Level: nidan.LevelPassword, Bind: bindOf(awayValue)}, from)
		s.must(out, err)
		return s.Secret("a link of a product", out.Handover.Token.Reveal())
	}
	b := s.Browser()
	s.leads(b.Post("/step/"+lead()), "/security/on")
	_, result, _ := strings.Cut(b.Post("/back").Location, "?result=")
	s.leads(b.Post("/step/"+lead()), "/security/on")
	return map[string]string{"/step": lead(), "result": result, "session": b.Cookie("session")}
}

var appKey = regexp.MustCompile(`secret=[A-Z2-7]{32}`)
