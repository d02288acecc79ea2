package web

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// second opens a link for a log-in up to the page that asks for the code.
func (s *shop) second(b *browser, p *person) {
	s.Helper()
	b.send(s.link(p, nidan.HandoverSignIn, nidan.LevelAAL2))
	b.at("/login/second", http.StatusOK)
}

// noPasswordOfOurs demands a page that speaks of none and leads to no page
// about one.
func (b *browser) noPasswordOfOurs() {
	b.Helper()
	for _, no := range []string{`type="password"`, `href="/login"`, `href="/forgot"`, "our password here", "ith your password again", "ink and your password"} {
		if strings.Contains(b.shown.html, no) {
			b.Errorf("%s has %s: %s", b.shown.path, no, b.shown.text())
		}
	}
}

// ripeLink takes a recovery of the shop's from the lost phone to the mailed
// link. What stands on the way is read in the browser that opens it.
func (s *shop) ripeLink(b *browser, p *person) string {
	s.Helper()
	s.second(b, p)
	b.open("/login/lost")
	b.says("you log in at Tea & Cakes again, and set up a new method with a link that we mail you", "open Security settings from Tea & Cakes")
	b.noPasswordOfOurs()
	b.open("/login/recovery")
	b.says("After the wait, log in at Tea & Cakes again, up to the page that asks for the code", "Open the link in the same browser")
	b.noPasswordOfOurs()
	b.send("/login/recovery")
	b.says("Recovery is under way", "Log in at Tea & Cakes again", "set a new password at Tea & Cakes too")
	b.noPasswordOfOurs()
	s.post()
	for range 26 {
		s.pass(time.Hour)
		s.post()
	}
	s.second(b, p)
	b.open("/login/recovery")
	b.says("Open it in this browser, and set up a new method")
	b.noPasswordOfOurs()
	b.send("/login/recovery/link")
	b.says("Open it in this browser, while this log-in at Tea & Cakes is open")
	b.noPasswordOfOurs()
	return linkTo(s.mailed(nidan.NoticeRecoveryLink).Link)
}

// TestARecoveryOfAProductsAccount: from the lost phone, by the link and the
// log-in that is open beside it, to a log-in with the new app.
func TestARecoveryOfAProductsAccount(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "mina@example.com")
	old := *p
	b := s.browser("192.0.2.1")
	at := s.ripeLink(b, p)
	for range 2 {
		b.open(at)
		b.at(at, http.StatusOK)
	}
	b.says("For the account mina of the shop of Tea & Cakes", "your log-in is open in this browser", "Continue")
	b.noPasswordOfOurs()
	b.send(at)
	b.at("/recover/method", http.StatusOK)
	b.noPasswordOfOurs()
	b.send("/recover/method", "ticket", b.value("ticket"), "method", "totp")
	b.at("/recover/scan", http.StatusOK)
	b.noPasswordOfOurs()
	p.key = b.holds().Handout.Key
	s.pass(30 * time.Minute) // by then the log-in is over
	b.send("/recover/scan", "ticket", b.value("ticket"), "code", p.code(s.house))
	b.at("/recover/codes", http.StatusOK)
	b.noPasswordOfOurs()
	p.codes = b.holds().Codes.Codes
	b.send("/recover/codes", "ticket", b.value("ticket"), "saved", "yes")
	b.at("/recover/done", http.StatusOK)
	b.says("Log in again at Tea & Cakes: with your password there, then with the new method")
	b.noPasswordOfOurs()
	if _, in := b.cookies[sessionCookie]; in {
		t.Fatal("somebody is logged in")
	}
	s.mailed(nidan.NoticeRecovered)
	b.open("/recover/codes")
	b.at("/recover/codes", http.StatusGone)
	b.says("log in again at the service that you came from")
	b.open(at)
	b.at(at, http.StatusGone)
	b.says("For a new one, log in again at the service that you came from")
	b.noPasswordOfOurs()

	s.pass(time.Minute)
	s.second(b, p)
	way := b.value("way")
	b.send("/login/second", "way", way, "code", old.code(s.house))
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.send("/login/second", "way", way, "code", p.code(s.house))
	if out := s.redeem(b.brought(), shopValue); !out.Passed() || out.Assertion.Account != "mina" {
		t.Errorf("%s, %+v", out.Reason, out.Assertion)
	}
}

// TestALinkOfAProductsAccountNeedsItsLogIn: without one in this browser, with
// that of somebody else, or one that is over, the page says what to do, and
// nothing is begun.
func TestALinkOfAProductsAccountNeedsItsLogIn(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "mina@example.com")
	nora := s.protected("nora", "nora@example.com")
	theirs := s.protect("theo@example.com", "totp")
	b := s.browser("192.0.2.1")
	at := s.ripeLink(b, p)
	refused := func(b *browser) {
		t.Helper()
		for _, verb := range []string{"GET", "POST"} {
			if b.open(at); verb == "POST" {
				b.send(at, "password", goodPassword)
				b.at(at, http.StatusUnprocessableEntity)
				b.says("In this browser no log-in at Tea & Cakes with this account is open")
			} else {
				b.at(at, http.StatusOK)
			}
			b.says("First log in at Tea & Cakes, in this browser", "as far as the page that asks for the code", "open the link in the mail again")
			b.noPasswordOfOurs()
			if strings.Contains(b.shown.html, `<form method="post"><div`) || b.cookies[bindCookie] != "" {
				t.Error("it can be begun, or was")
			}
		}
	}
	empty, others, ours, odd := s.browser("192.0.2.2"), s.browser("192.0.2.3"), s.browser("192.0.2.4"), s.browser("192.0.2.5")
	s.second(others, nora)
	ours.logIn(theirs)
	ours.at("/login/second", http.StatusOK)
	odd.cookies[pendingCookie] = "np_" + body
	for _, b := range []*browser{empty, others, ours, odd} {
		refused(b)
	}
	// An account that is called the same is another one all the same.
	k, out, err := s.svc.Kept(t.Context(), s.caller, "nora")
	s.must(out, err)
	s.must(s.svc.Describe(t.Context(), k, nidan.Details{Label: "mina of the shop", Address: "nora@example.com"}, s.from()))
	others.open(at)
	others.send(at)
	others.at(at, http.StatusUnprocessableEntity)
	if others.cookies[bindCookie] != "" {
		t.Fatal("the sign-in of somebody else began it")
	}
	s.pass(15 * time.Minute)
	refused(b) // over by now
	s.second(b, p)
	b.open(at)
	b.send(at)
	b.at("/recover/method", http.StatusOK)
	b.noPasswordOfOurs()
	drawn := b.value("ticket")
	s.browser("192.0.2.6").send(linkTo(s.mailed(nidan.NoticeRecoveryReady).Undo))
	b.send("/recover/method", "ticket", drawn, "method", "totp")
	b.at("/recover/method", http.StatusUnprocessableEntity)
	b.says("This recovery is over", "log in again at the service that you came from")
	b.noPasswordOfOurs()
}

// TestItWasNotMeByMailOfAProduct: the password is changed there, and no link to
// one is promised.
func TestItWasNotMeByMailOfAProduct(t *testing.T) {
	s := newHouse(t).shop()
	s.protected("mina", "mina@example.com")
	told := s.mailed(nidan.NoticeOn)
	if told.Kept != "Tea & Cakes" {
		t.Errorf("the mail takes the account for one of %q", told.Kept)
	}
	at := linkTo(told.Undo)
	b := s.browser("192.0.2.1")
	b.open(at)
	b.says("mina of the shop", "Set a new one at Tea & Cakes", "Nobody is logged out of Tea & Cakes: do that there.")
	b.saysNot("with a link that we mail you")
	b.noPasswordOfOurs()
	b.send(at)
	b.at("/done/notme", http.StatusOK)
	b.says("Every browser is logged out", "Now set a new password at Tea & Cakes", "Nobody is logged out of Tea & Cakes: do that there.")
	b.saysNot("just mailed")
	b.noPasswordOfOurs()
	b.open(at)
	b.at(at, http.StatusGone)
	b.says("set a new password at the service where you log in")
	b.noPasswordOfOurs()

	s.protect("theo@example.com", "totp") // and with an account of ours, in the same browser
	if told = s.mailed(nidan.NoticeOn); told.Kept != "" {
		t.Errorf("the mail takes an account of ours for one of %q", told.Kept)
	}
	b.send(linkTo(told.Undo))
	b.at("/done/notme", http.StatusOK)
	b.says("Set a new password, with the link that we have just mailed you")
	b.open("/security")
	b.at("/login", http.StatusOK)
}

// TestACancelledRecoveryOfAProduct: its page leads to no password of ours.
func TestACancelledRecoveryOfAProduct(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "mina@example.com")
	b := s.browser("192.0.2.1")
	s.second(b, p)
	b.send("/login/recovery")
	b = s.browser("192.0.2.2")
	b.send(linkTo(s.mailed(nidan.NoticeRecoveryStarted).Undo))
	b.at("/done/cancel", http.StatusOK)
	b.says("set a new one there now", "your password for Tea & Cakes")
	b.noPasswordOfOurs()
}

// TestACookiePutsNoWordsOnAPage: only what is registered is named.
func TestACookiePutsNoWordsOnAPage(t *testing.T) {
	s := newHouse(t).shop()
	for value, kept := range map[string]bool{"Tea & Cakes": true, "Call +1 555 0100": false, "": false, "shop": false} {
		b := s.browser("192.0.2.1")
		b.cookies[ledCookie] = base64.RawURLEncoding.EncodeToString([]byte(value))
		for _, at := range []string{"/done/notme", "/done/cancel", "/recover/done"} {
			b.open(at)
			b.at(at, http.StatusOK)
			if strings.Contains(b.shown.text(), "Tea & Cakes") != kept {
				t.Errorf("%s, %q: %s", at, value, b.shown.text())
			}
			b.saysNot("555")
		}
	}
}

// TestNoMailWithoutAMailbox: a method that mails is not offered where nothing
// can be mailed to.
func TestNoMailWithoutAMailbox(t *testing.T) {
	s := newHouse(t).shop()
	for ref, address := range map[string]string{"mina": "", "nora": "nora@example.com"} {
		p := s.register(ref, address)
		b := s.led(p)
		b.at("/security/on", http.StatusOK)
		if strings.Contains(b.shown.html, `value="mail"`) != (address != "") {
			t.Errorf("%s: %s", ref, b.shown.text())
		}
		if address == "" {
			b.send("/security/on", "method", "mail")
			b.at("/security/on", http.StatusUnprocessableEntity)
			if strings.Contains(b.shown.html, `value="mail"`) {
				t.Error("it is offered once it was refused")
			}
			b.open("/security/on")
		}
		b.setUp(p)
		s.pass(time.Minute)
		b.open(addPath)
		if address == "" {
			b.at(addPath+"/totp", http.StatusOK)
			b.open(addPath + "/mail")
			b.at(addPath+"/mail", http.StatusNotFound)
			b.open("/security/methods/" + b.appWay() + "/replace/mail")
			b.at(b.shown.path, http.StatusNotFound)
		} else {
			b.at(addPath, http.StatusOK)
			b.says("E-mail code")
		}
	}

	// An address that was taken away: the way is left, and nothing comes by it.
	p := s.protected("theo", "theo@example.com")
	k, out, err := s.svc.Kept(t.Context(), s.caller, "theo")
	s.must(out, err)
	b := s.led(p)
	b.open(offPath)
	b.open(b.linkOf("Get a code by e-mail"))
	b.says("to t•••@example.com")
	s.must(s.svc.Describe(t.Context(), k, nidan.Details{Label: "theo of the shop"}, s.from()))
	b.cookies = map[string]string{}
	b = s.led(p)
	b.open(offPath)
	b.at(offPath, http.StatusOK)
	b.saysNot("Get a code by e-mail")
}
