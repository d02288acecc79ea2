package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// TestALogInOfAProduct: from the link, by the second step, to the one registered
// address, with a result that is of use beside the shop's own cookie only.
func TestALogInOfAProduct(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "")
	at := s.link(p, nidan.HandoverSignIn, nidan.LevelAAL2)
	b := s.browser("192.0.2.1")
	b.open(at)
	b.at(at, http.StatusOK)
	b.says("the second step is taken on these pages")
	b.says("Tea & Cakes", "mina of the shop", "22 November 2026, 15:05 UTC", "192.0.2.1, Firefox on Windows",
		"only if you yourself have just logged in at Tea & Cakes. If not, close this page")
	b.leadsBack(true)
	s.pass(time.Minute)
	b.send(at)
	b.at("/login/second", http.StatusOK)
	b.says("For Tea & Cakes, account mina of the shop. Begun 22 November 2026, 15:05 UTC · Firefox on Windows · 192.0.2.1", "log in at Tea & Cakes once more")
	b.leadsBack(true)
	if strings.Contains(b.shown.html, `href="/login"`) {
		t.Error("leads to a log-in with a password that is not ours")
	}
	way := b.value("way")
	b.send("/login/second", "way", way, "code", "000000")
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.says("That code did not match", "For Tea & Cakes")
	b.focused("code")
	b.leadsBack(true)
	b.send("/login/second", "way", way, "code", p.code(s.house))
	result := b.brought()
	if _, known := b.cookies[browserCookie]; !known {
		t.Error("the browser is not known for it")
	}
	if out := s.redeem(result, "a value in the cookie of somebody else"); out.Passed() {
		t.Fatal("redeemed in another browser")
	}
	out := s.redeem(result, shopValue)
	if !out.Passed() || out.Assertion.Account != "mina" || out.Assertion.Level != nidan.LevelAAL2 {
		t.Fatalf("%s, %+v", out.Reason, out.Assertion)
	}

	b.open("/login/second") // Back
	b.at("/login/second", http.StatusGone)
	b.says("What you had open here has ended", "log in again at the service that you came from")
	b.leadsBack(false)
	b.send("/login/second", "way", way, "code", p.code(s.house))
	b.at("/login/second", http.StatusGone)
	b.open(at)
	b.at(at, http.StatusGone)
	b.says("log in again at the service that you came from")
}

// TestALinkToTheSettingsSaysSo: it is for no log-in.
func TestALinkToTheSettingsSaysSo(t *testing.T) {
	s := newHouse(t).shop()
	b := s.browser("192.0.2.1")
	b.open(s.link(s.register("mina", ""), nidan.HandoverSettings, nidan.LevelAAL2))
	b.says("Open your security settings", "your security settings for it are on these pages")
	b.saysNot("the second step is taken on these pages")
}

// TestALinkWorksForOneBrowser: looking takes nothing, the first press of the
// button all of it.
func TestALinkWorksForOneBrowser(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "")
	at := s.link(p, nidan.HandoverSignIn, nidan.LevelAAL2)
	one, two := s.browser("192.0.2.1"), s.browser("198.51.100.9")
	first := one.answer(http.MethodGet, at, "")
	if two.answer(http.MethodGet, at, "") != first || one.answer(http.MethodGet, at, "") != first || strings.Contains(first, "Set-Cookie") {
		t.Error("looking at the page changes it")
	}
	one.send(at)
	one.at("/login/second", http.StatusOK)
	two.send(at)
	two.at(at, http.StatusGone)
	two.says("This link does nothing any more", "in this or another browser", "log in again at the service that you came from")
	if _, has := two.cookies[pendingCookie]; has {
		t.Error("the second browser got in")
	}
	late := s.link(p, nidan.HandoverSignIn, nidan.LevelAAL2)
	s.pass(6 * time.Minute)
	for _, verb := range []string{http.MethodGet, http.MethodPost} {
		want := two.answer(verb, at, "")
		for _, dead := range []string{late, at[:len(at)-2] + "xx", "/step/x", "/step/%00"} {
			if got := two.answer(verb, dead, ""); got != want || !strings.HasPrefix(got, "410\n") {
				t.Errorf("%s %.20s tells why it is dead", verb, dead)
			}
		}
	}
	two.leadsBack(false)
}

// TestALogInOfAProductThatEnds: whoever has no password here is not sent to ask
// for one.
func TestALogInOfAProductThatEnds(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "")
	b := s.browser("192.0.2.1")
	b.send(s.link(p, nidan.HandoverSignIn, nidan.LevelAAL2))
	way := b.value("way")
	for range 5 {
		b.send("/login/second", "way", way, "code", "000000")
	}
	b.at("/login/second", http.StatusGone)
	b.says("This log-in has ended after 5 wrong codes", "Back to Tea & Cakes")
	if b.linkOf("Back to Tea & Cakes") != shopReturn {
		t.Error(b.linkOf("Back to Tea & Cakes"))
	}
	s.pass(2 * time.Hour) // and somebody with an account of ours is asked for the password
	b.cookies = map[string]string{}
	b.open("/security")
	b.at("/login", http.StatusOK)
}

// TestAWayThatIsNotEnough is not offered, and the page says why.
func TestAWayThatIsNotEnough(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "mina@example.com")
	b := s.browser("192.0.2.1")
	b.send(s.link(p, nidan.HandoverSignIn, nidan.LevelAAL2))
	b.says("This way is not enough for what you are opening")
	if strings.Contains(b.shown.html, `">Get a code by e-mail</a>`) {
		t.Error("it is offered all the same")
	}
	b.open("/login/lost")
	b.says("This way is not enough for what you are opening")
	if strings.Contains(b.shown.html, `">Get a code by e-mail</a>`) {
		t.Error("it is offered where the phone is lost")
	}
	b.leadsBack(false)
	b.send(s.link(p, nidan.HandoverSignIn, nidan.LevelTwoStep))
	b.open("/login/second?way=" + wayOf(b, "Get a code by e-mail"))
	b.send("/login/second/send", "way", b.value("way"))
	b.leadsBack(true)
	b.send("/login/second", "way", b.value("way"), "code", b.mailedCode(nidan.NoticeSignInCode))
	if out := s.redeem(b.brought(), shopValue); !out.Passed() || out.Assertion.Level != nidan.LevelTwoStep {
		t.Errorf("%s, %+v", out.Reason, out.Assertion)
	}
}

// TestABackupCodeLeadsBack, and its successor waits for nobody. What leads on to
// the settings offers it.
func TestABackupCodeLeadsBack(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "")
	b := s.browser("192.0.2.1")
	for i, use := range []nidan.HandoverUse{nidan.HandoverSignIn, nidan.HandoverSettings} {
		b.send(s.link(p, use, nidan.LevelAAL2))
		b.open("/login/second?way=" + wayOf(b, "Use a backup code"))
		b.send("/login/second", "way", b.value("way"), "code", p.codes[i])
		_, renews := b.cookies[renewCookie]
		if renews != (use == nidan.HandoverSettings) {
			t.Errorf("%s: a new code waits: %v", use, renews)
		}
		if use == nidan.HandoverSignIn && !s.redeem(b.brought(), shopValue).Passed() {
			t.Error("the result is not good")
		}
	}
	b.at("/security/code", http.StatusOK)
	b.send("/security/code", "ticket", b.value("ticket"), "saved", "yes")
	b.at("/security", http.StatusOK)
}

// TestABrowserIsRememberedForAProduct: the link alone leads back from the next
// time on, where that is enough.
func TestABrowserIsRememberedForAProduct(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "")
	b := s.browser("192.0.2.1")
	b.send(s.link(p, nidan.HandoverSignIn, nidan.LevelTwoStep))
	b.send("/login/second", "way", b.value("way"), "code", p.code(s.house), "remember", "yes")
	b.brought()
	b.send(s.link(p, nidan.HandoverSignIn, nidan.LevelTwoStep))
	if out := s.redeem(b.brought(), shopValue); !out.Passed() || out.Assertion.Level != nidan.LevelTwoStep {
		t.Errorf("%s, %+v", out.Reason, out.Assertion)
	}
	b.send(s.link(p, nidan.HandoverSignIn, nidan.LevelAAL2))
	b.at("/login/second", http.StatusOK)
}

// TestOnlyAProductIsLedBackTo: pages of everybody else let forms lead nowhere
// but to us, and there is nothing to go back to.
func TestOnlyAProductIsLedBackTo(t *testing.T) {
	s := newHouse(t).shop()
	p := s.join("nora@example.com")
	b := s.browser("192.0.2.1")
	for _, at := range []string{"/login", "/forgot", "/help"} {
		b.open(at)
		b.leadsBack(false)
	}
	b.enter(p)
	b.leadsBack(false)
	b.open("/security/on")
	b.leadsBack(false)
	b.send("/back")
	b.at("/security", http.StatusOK)
	b.open("/login")
	b.leadsBack(false)
}

// TestAPolicyNamesAHost: nothing that is registered can say more than that.
func TestAPolicyNamesAHost(t *testing.T) {
	for at, want := range map[string]string{
		"https://shop.example/back":       " https://shop.example",
		"https://shop.example:8443/back":  " https://shop.example:8443",
		"http://127.0.0.1:3000/":          " http://127.0.0.1:3000",
		"https://*.example/back":          "",
		"https://a;script-src/back":       "",
		"https://a,b/back":                "",
		"https://u@shop.example/back":     " https://shop.example",
		"javascript:alert(1)":             "",
		"//shop.example/back":             "",
		"":                                "",
		"https://shop.example:8443\nx/":   "",
		"https://shop.example 'none'/bac": "",
	} {
		if got := leadingTo(at); got != strings.Replace(policy, "form-action 'self'", "form-action 'self'"+want, 1) {
			t.Errorf("%q: %s", at, got)
		}
	}
}
