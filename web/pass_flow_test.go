package web

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// Two proxied hosts, and what each has put into a cookie of its own.
const (
	wikiHost, vaultHost = "wiki.example", "vault.example:8443"
	hostValue           = "a value in a cookie of the host's own"
)

func bindOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// proxies registers the hosts. wiki asks for a password, vault for both steps.
func (h *house) proxies() {
	h.Helper()
	h.must(h.svc.PutParty(h.Context(), nidan.Party{ID: "tools", Name: "Tools", Hosts: []nidan.Proxied{
		{Host: wikiHost, Level: nidan.LevelPassword}, {Host: vaultHost, Level: nidan.LevelAAL2},
	}}, "test"))
}

// sentBy is where a host sends a browser without a pass.
func sentBy(host string) string {
	return passPath + "?" + url.Values{"host": {host}, "bind": {bindOf(hostValue)}}.Encode()
}

// crossed demands that the browser was led on to the host, with what gets a pass
// there and nowhere else, and that nothing waits any more.
func (b *browser) crossed(host string) {
	b.Helper()
	at, query, _ := strings.Cut(b.shown.path, "?")
	v, err := url.ParseQuery(query)
	if err != nil || at != "https://"+host+"/_nidan/done" || b.shown.status != http.StatusSeeOther || len(v) != 1 {
		b.Fatalf("at %s with %d, not led on to %s", b.shown.path, b.shown.status, host)
	}
	if _, waits := b.cookies[passCookie]; waits {
		b.Error("the host still waits")
	}
	ticket := nidan.NewSecret(v.Get("ticket"))
	if out, err := b.svc.RedeemPass(b.Context(), ticket, host, nidan.NewSecret("another value")); err != nil || out.Passed() {
		b.Errorf("%s, %v: redeemed in another browser", out.Reason, err)
	}
	out := b.must(b.svc.RedeemPass(b.Context(), ticket, host, nidan.NewSecret(hostValue)))
	if _, err := b.svc.CheckPass(b.Context(), out.Pass.Token, host); err != nil {
		b.Error(err)
	}
}

// leadsOn demands that the page's forms may lead on to the host and nowhere
// else; empty: to nobody. What the form says of itself is returned.
func (b *browser) leadsOn(host string) string {
	b.Helper()
	want := policy
	if host != "" {
		want = strings.Replace(policy, "form-action 'self'", "form-action 'self' https://"+host, 1)
	}
	if b.shown.policy != want {
		b.Fatalf("%s: %s", b.shown.path, b.shown.policy)
	}
	if !strings.Contains(b.shown.html, `name="pass"`) {
		return ""
	}
	drawn := b.value("pass")
	if (host != "") != strings.HasSuffix(drawn, "."+host) {
		b.Fatalf("the form says %q", drawn)
	}
	return drawn
}

// TestALogInLeadsOnToAHost: without a session by the log-in, with one at once.
func TestALogInLeadsOnToAHost(t *testing.T) {
	h := newHouse(t)
	h.proxies()
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	b := h.browser("192.0.2.1")
	b.open(sentBy(vaultHost))
	b.at("/login", http.StatusOK)
	b.says("To go on to vault.example:8443.")
	b.send("/login", "login", p.name, "password", "not the password at all", "pass", b.leadsOn(vaultHost))
	b.at("/login", http.StatusUnprocessableEntity)
	b.says("To go on to vault.example:8443.")
	b.send("/login", "login", p.name, "password", p.password, "pass", b.leadsOn(vaultHost))
	b.at("/login/second", http.StatusOK)
	way := b.value("way")
	b.send("/login/second", "way", way, "code", "000000", "pass", b.leadsOn(vaultHost))
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.send("/login/second", "way", way, "code", p.code(h), "pass", b.leadsOn(vaultHost))
	b.crossed(vaultHost)
	for _, host := range []string{vaultHost, wikiHost} {
		b.open(sentBy(host))
		b.crossed(host)
	}
	b.open("/security")
	b.at("/security", http.StatusOK)
	b.leadsOn("")

	plain := h.join("nora@example.com")
	b = h.browser("192.0.2.2")
	b.open(sentBy(wikiHost))
	b.logIn(plain)
	b.crossed(wikiHost)
	b.open(sentBy(vaultHost))
	if b.at(passPath, http.StatusOK); b.cookies[passCookie] == "" {
		t.Error("it does not wait for what has to come before")
	}
	b.send("/logout")
	b.logIn(plain)
	b.at("/security", http.StatusOK)
}

// TestABackupCodeLeadsOnToAHost by the page of its successor, whether that is
// saved or not.
func TestABackupCodeLeadsOnToAHost(t *testing.T) {
	h := newHouse(t)
	h.proxies()
	p := h.protect("mina@example.com", "totp")
	for i := range 2 {
		b := h.browser("192.0.2.1")
		b.open(sentBy(vaultHost))
		b.logIn(p)
		b.open("/login/second?way=" + wayOf(b, "Use a backup code"))
		b.leadsOn(vaultHost)
		b.send("/login/second", "way", b.value("way"), "code", p.codes[i])
		b.at("/security/code", http.StatusOK)
		drawn := b.leadsOn(vaultHost)
		if i == 0 {
			b.send("/security/code", "ticket", b.value("ticket"), "pass", drawn)
			b.at("/security/code", http.StatusUnprocessableEntity)
			b.send("/security/code", "ticket", b.value("ticket"), "saved", "yes", "pass", b.leadsOn(vaultHost))
		} else {
			b.open(b.linkOf("Not now"))
		}
		b.crossed(vaultHost)
	}
}

// TestAHostAsksForMoreThanAPassword: who has two-step verification off sets it
// up, and its last page leads on.
func TestAHostAsksForMoreThanAPassword(t *testing.T) {
	h := newHouse(t)
	h.proxies()
	p := h.join("mina@example.com")
	b := h.browser("192.0.2.1")
	b.open(sentBy(vaultHost))
	b.logIn(p)
	b.at(passPath, http.StatusOK)
	b.says("vault.example:8443 opens only with two-step verification", "Turn on")
	b.leadsOn(vaultHost)
	b.saysNot("Log in again")
	b.open(b.linkOf("Turn on"))
	b.setUp(p)
	b.leadsOn("")
	b.open(b.linkOf("Go on to vault.example:8443"))
	b.crossed(vaultHost)
	b.open("/security/on/done")
	b.saysNot("Go on to")
}

// TestARememberedBrowserIsNotEnoughForAHost: it logs in again, and then the code
// is asked.
func TestARememberedBrowserIsNotEnoughForAHost(t *testing.T) {
	h := newHouse(t)
	h.proxies()
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h), "remember", "yes")
	b.at("/security", http.StatusOK)
	b.send("/logout")
	b.open(sentBy(wikiHost)) // for which it is enough
	b.logIn(p)
	b.crossed(wikiHost)
	b.send("/logout")
	b.open(sentBy(vaultHost))
	b.logIn(p)
	b.at(passPath, http.StatusOK)
	b.says("asks for the code of your app or for a backup code", "Log in again")
	tok, _ := nidan.ParseSession(b.cookies[sessionCookie])
	b.send("/pass/again")
	b.at("/login", http.StatusOK)
	b.says("To go on to vault.example:8443.")
	if _, err := h.svc.Session(t.Context(), tok); err == nil || b.cookies[sessionCookie] != "" || b.cookies[rememberedCookie] != "" {
		t.Error("the session or the remembered browser is left")
	}
	h.pass(time.Minute)
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h))
	b.crossed(vaultHost)
}

// TestTwoTabsWaitForTwoHosts: each form leads to what its page was drawn for, as
// its policy allows nothing else.
func TestTwoTabsWaitForTwoHosts(t *testing.T) {
	h := newHouse(t)
	h.proxies()
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	b := h.browser("192.0.2.1")
	b.open("/login")
	empty := b.leadsOn("")
	b.open(sentBy(vaultHost))
	first := b.leadsOn(vaultHost)
	b.open(sentBy(wikiHost))
	b.leadsOn(wikiHost)
	b.send("/login", "login", p.name, "password", p.password, "pass", first)
	b.at("/login/second", http.StatusOK)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h), "pass", b.leadsOn(vaultHost))
	b.crossed(vaultHost)

	b.open(sentBy("else.example"))
	b.send("/logout")
	b.open(sentBy(wikiHost))
	h.pass(time.Minute)
	b.send("/login", "login", p.name, "password", p.password, "pass", empty)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h), "pass", empty)
	b.at("/security", http.StatusOK)
}

// TestNoHostWaits: nothing that is not registered, or not written as such, is
// remembered, named or led to, by the address or by a cookie.
func TestNoHostWaits(t *testing.T) {
	h := newHouse(t)
	h.proxies()
	p := h.join("mina@example.com")
	in := h.browser("192.0.2.1")
	in.logIn(p)
	session, good := in.cookies[sessionCookie], bindOf(hostValue)
	hosts := []string{
		"", "else.example", "WIKI.example", "wiki.example.", "wiki.example:443", "wiki.example/", "wiki.example@evil.example", "//wiki.example",
		"https://wiki.example", "wiki.example\r\nSet-Cookie: a=b", "wiki.example\n", "wiki.example;x", "wiki.example x", "wiki.example, a", "*.example", "*",
		"'none'", strings.Repeat("a", 5000), strings.Repeat("a.", 100) + "example", "wiki.example\x00", "\xff", "<b>",
	}
	binds := []string{
		"", "x", good + "A", good[:42], good[:42] + "=", good[:20] + "\r\n" + good[20:], good[:20] + "\n" + good[21:], strings.Repeat("A", 5000), good[:42] + "/",
		strings.Repeat("_", 43), // which is no hash: bits are left over
	}
	try := func(host, bind string) {
		t.Helper()
		for _, b := range []*browser{h.browser("192.0.2.1"), h.browser("192.0.2.2")} {
			if b.network == in.network {
				b.cookies[sessionCookie] = session
			}
			b.cookies[passCookie] = good + "." + wikiHost
			b.open(passPath + "?" + url.Values{"host": {host}, "bind": {bind}}.Encode())
			b.at(passPath, http.StatusNotFound)
			b.says("is not set up here", "tell whoever runs it")
			b.leadsOn("")
			if _, waits := b.cookies[passCookie]; waits || host != "" && strings.Contains(b.shown.text(), host) {
				t.Errorf("%.60q waits or is repeated", host)
			}
			alone := host == wikiHost+"\n" || host == wikiHost+";x" // of which a browser sends the name, and that is a good one
			res := ask(h.pages, http.MethodGet, "/login", nil, func(r *http.Request) { r.Header.Set("Cookie", passCookie+"="+bind+"."+host) })
			if page, err := io.ReadAll(res.Body); err != nil || strings.Contains(string(page), "To go on to") && !alone || res.Header.Get("Content-Security-Policy") != policy && !alone {
				t.Errorf("a cookie of %.60q leads on", host)
			}
			b.send("/login", "login", p.name, "password", p.password, "pass", bind+"."+host)
			if strings.Contains(host, "\x00") || strings.Contains(host, "\xff") || len(host)+len(bind) > 2000 {
				continue // no form is read of these
			}
			b.at("/security", http.StatusOK)
		}
	}
	for _, host := range hosts {
		try(host, good)
	}
	for _, bind := range binds {
		try(wikiHost, bind)
	}
	b := h.browser("192.0.2.3")
	for _, at := range []string{passPath, passPath + "?host=" + wikiHost, passPath + "?bind=" + good, sentBy(wikiHost) + "&host=" + vaultHost, passPath + "?%zz"} {
		b.open(at)
		b.at(passPath, http.StatusNotFound)
	}
	h.must(h.svc.PutParty(t.Context(), nidan.Party{ID: "high", Name: "High", Hosts: []nidan.Proxied{{Host: "high.example", Level: nidan.LevelAAL2PHR}}}, "test"))
	b.open(sentBy("high.example")) // which nothing that these pages have is enough for
	b.at(passPath, http.StatusNotFound)
}

// TestAHostThatIsTakenAwayWaitsNoMore, nor one that was asked for long ago.
func TestAHostThatIsTakenAwayWaitsNoMore(t *testing.T) {
	h := newHouse(t)
	h.proxies()
	b := h.browser("192.0.2.1")
	b.open(sentBy(wikiHost))
	b.leadsOn(wikiHost)
	res := ask(h.pages, http.MethodGet, sentBy(wikiHost), nil)
	if c := res.Cookies(); len(c) != 1 || c[0].Name != passCookie || c[0].MaxAge != 600 || c[0].Value != bindOf(hostValue)+"."+wikiHost {
		t.Errorf("%v", c)
	}
	h.must(h.svc.RemoveParty(t.Context(), "tools", "test"))
	h.pass(5 * time.Second)
	b.open("/login")
	b.leadsOn("")
	b.saysNot("To go on to")
	b.logIn(h.join("mina@example.com"))
	b.at("/security", http.StatusOK)
}

// TestASessionOfAProductOpensNoHost.
func TestASessionOfAProductOpensNoHost(t *testing.T) {
	s := newHouse(t).shop()
	s.proxies()
	p := s.protected("mina", "")
	b := s.led(p)
	b.open(sentBy(wikiHost))
	b.at(passPath, http.StatusForbidden)
	b.says("You are here for Tea & Cakes, and that does not open wiki.example", "Back to Tea & Cakes")
	b.leadsBack(true)
	if _, waits := b.cookies[passCookie]; waits {
		t.Error("the host waits")
	}
	b.send("/back")
	b.brought()

	// A host that waits has no part in what a product begins.
	b.open(sentBy(wikiHost))
	b.at("/login", http.StatusOK)
	b.send(s.link(p, nidan.HandoverSettings, nidan.LevelAAL2))
	b.leadsBack(true)
	s.pass(time.Minute)
	b.send("/login/second", "way", b.value("way"), "code", p.code(s.house))
	b.at("/security", http.StatusOK)
}

// TestPagesBesideALogInLeadToNoHost, whatever waits.
func TestPagesBesideALogInLeadToNoHost(t *testing.T) {
	h := newHouse(t)
	h.proxies()
	b := h.browser("192.0.2.1")
	b.open(sentBy(wikiHost))
	for _, at := range []string{"/forgot", "/register", "/browser", "/help", "/nope"} {
		b.open(at)
		b.leadsOn("")
	}
	delete(b.cookies, passCookie)
	b.enter(h.join("nora@example.com"))
	for _, at := range []string{"/security", "/security/on", "/security/account", "/security/browsers"} {
		b.cookies[passCookie] = fmt.Sprint(passAsk{wikiHost, bindOf(hostValue)})
		b.open(at)
		b.leadsOn("")
	}
}
