package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

// A shop keeps its own accounts, and sends their holders to the house.
type shop struct {
	*house
	caller *nidan.Caller
}

const (
	shopOrigin = "https://shop.example:8443"
	shopReturn = shopOrigin + "/account/back"
	shopValue  = "a value in a cookie of the shop's own"
)

func (h *house) shop() *shop {
	h.Helper()
	h.must(h.svc.PutParty(h.Context(), nidan.Party{ID: "shop", Name: "Tea & Cakes", Returns: []string{shopReturn}}, "test"))
	secret, _, out, err := h.svc.CreateKey(h.Context(), "shop", nidan.Scopes(), nil, time.Hour, "test")
	h.must(out, err)
	c, err := h.svc.Caller(h.Context(), secret, netip.MustParseAddr("192.0.2.99"))
	if err != nil {
		h.Fatal(err)
	}
	return &shop{h, c}
}

// from is where the person's browser is, as the shop tells.
func (s *shop) from() nidan.From {
	return nidan.From{Address: "192.0.2.1", Browser: "Firefox on Windows", Door: s.caller}
}

// register makes an account that the shop keeps. address may be empty.
func (s *shop) register(ref, address string) *person {
	s.Helper()
	label := ref + " of the shop"
	s.must(s.svc.Register(s.Context(), s.caller, ref, nidan.Details{Label: label, Address: address}, s.from()))
	return &person{name: ref}
}

// link states the first step of an account and opens a handover.
func (s *shop) link(p *person, use nidan.HandoverUse, worth nidan.Level) string {
	s.Helper()
	k, out, err := s.svc.Kept(s.Context(), s.caller, p.name)
	s.must(out, err)
	k, out, err = s.svc.State(s.Context(), k, time.Time{}, false, s.from())
	s.must(out, err)
	sum := sha256.Sum256([]byte(shopValue))
	out = s.must(s.svc.OpenHandover(s.Context(), k, nidan.HandoverRequest{
		Use: use, Return: shopReturn, Level: worth, Bind: base64.RawURLEncoding.EncodeToString(sum[:]),
	}, s.from()))
	return "/step/" + out.Handover.Token.Reveal()
}

// led follows a link for the settings to where it leads.
func (s *shop) led(p *person) *browser {
	s.Helper()
	b := s.browser("192.0.2.1")
	b.send(s.link(p, nidan.HandoverSettings, nidan.LevelAAL2))
	if b.shown.path == "/login/second" {
		s.pass(time.Minute)
		b.send("/login/second", "way", b.value("way"), "code", p.code(s.house))
		b.at("/security", http.StatusOK)
	}
	return b
}

// protected is an account of the shop's with an app and, with an address, with
// codes by mail.
func (s *shop) protected(ref, address string) *person {
	s.Helper()
	p := s.register(ref, address)
	b := s.led(p)
	b.setUp(p)
	if address != "" {
		s.pass(time.Minute)
		b.send(addPath+"/mail", "way", b.appWay(), "code", p.code(s.house))
		b.send("/security/on/mail", "ticket", b.value("ticket"), "code", b.mailedCode(nidan.NoticeSetUpCode))
		b.read(p)
		b.save()
	}
	s.pass(time.Hour)
	return p
}

func (b *browser) appWay() string {
	b.Helper()
	b.open(offPath)
	return b.value("way")
}

// setUp turns two-step verification on with an app, from the first page.
func (b *browser) setUp(p *person) {
	b.Helper()
	b.at("/security/on", http.StatusOK)
	b.send("/security/on", "method", "totp")
	if b.shown.path == "/security/on/mail" {
		b.send("/security/on/mail", "ticket", b.value("ticket"), "code", b.mailedCode(nidan.NoticeAddressCode))
	}
	b.at("/security/on/scan", http.StatusOK)
	b.read(p)
	b.send("/security/on/scan", "ticket", b.value("ticket"), "code", p.code(b.house))
	b.read(p)
	b.save()
	b.at("/security/on/done", http.StatusOK)
}

// brought demands that the browser is back at the shop, and returns the result;
// empty: it brought none.
func (b *browser) brought() string {
	b.Helper()
	at, query, asks := strings.Cut(b.shown.path, "?")
	if at != shopReturn || b.shown.status != http.StatusSeeOther {
		b.Fatalf("at %s with %d, not back at the shop", b.shown.path, b.shown.status)
	}
	v, err := url.ParseQuery(query)
	if err != nil || asks != (len(v) == 1 && v.Get("result") != "") {
		b.Fatalf("brings %q", query)
	}
	for _, name := range []string{pendingCookie, sessionCookie} {
		if _, ok := b.cookies[name]; ok {
			b.Errorf("the browser still has %s", name)
		}
	}
	return v.Get("result")
}

// redeem is what the shop makes of a result, with the value out of a cookie.
func (s *shop) redeem(result, value string) nidan.Outcome {
	s.Helper()
	tok, ok := nidan.ParseResult(result)
	if !ok {
		s.Fatalf("%q is no result", result)
	}
	out, err := s.svc.Redeem(s.Context(), s.caller, tok, nidan.NewSecret(value), nidan.From{Door: s.caller})
	if err != nil {
		s.Fatal(err)
	}
	return out
}

// leadsBack demands that the page's forms may lead to the shop and nowhere else,
// or to nobody.
func (b *browser) leadsBack(want bool) {
	b.Helper()
	only := policy
	if want {
		only = strings.Replace(policy, "form-action 'self'", "form-action 'self' "+shopOrigin, 1)
	}
	if b.shown.policy != only {
		b.Fatalf("%s: %s", b.shown.path, b.shown.policy)
	}
}
