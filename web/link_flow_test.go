package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

const otherPassword = "seven lanterns over the old canal"

// linkTo is where a mailed link leads.
func linkTo(l nidan.MailedLink) string { return "/" + string(l.Purpose) + "/" + l.Ticket }

// TestAForgottenPassword: the link comes by mail, its page says what stays, and
// it logs nobody in.
func TestAForgottenPassword(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.browser("192.0.2.1")
	b.open("/login")
	b.says("Forgot the password?")
	b.open("/forgot")
	b.at("/forgot", http.StatusOK)
	b.send("/forgot", "login", " Mina@EXAMPLE.com ")
	b.at("/sent/reset", http.StatusOK)
	b.says("some minutes", "look for “Example VPN” in your spam folder", "30 minutes", "at least 72 hours")
	b.saysNot("mina")
	n := h.mailed(nidan.NoticeResetLink)
	if n.To != p.name {
		t.Fatal(n.To)
	}
	at := linkTo(n.Link)
	for range 3 {
		b.open(at)
		b.at(at, http.StatusOK)
	}
	b.says("The second step stays after a reset", "authenticator app", "Then you log in with the new password", "14:35 UTC")
	b.saysNot("72 hours")
	b.send(at, "password", "too short")
	b.at(at, http.StatusUnprocessableEntity)
	b.says("That password is too short")
	if !strings.Contains(b.shown.html, "<title>Error:") || !strings.Contains(b.shown.html, `aria-describedby="password-wrong password-hint"`) {
		t.Error("the page does not say where it failed")
	}
	b.send(at, "password", otherPassword)
	b.at("/login", http.StatusOK)
	b.says("Your new password is set")
	if _, in := b.cookies[sessionCookie]; in {
		t.Fatal("the link logged somebody in")
	}
	b.open(at)
	b.at(at, http.StatusGone)
	b.says("This link has run out or been used. Ask for a new one.")
	b.logIn(p)
	b.says("That address or password is not right")
	p.password = otherPassword
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
}

// TestAResetByMailIsNoSecondStep: who has the e-mail code alone is told so
// before, and of the wait.
func TestAResetByMailIsNoSecondStep(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "mail")
	b := h.browser("192.0.2.1")
	b.send("/forgot", "login", p.name)
	at := linkTo(h.mailed(nidan.NoticeResetLink).Link)
	b.open(at)
	b.says("You have the e-mail code alone", "you will need a backup code, or wait at least 72 hours")
	h.another(p, "totp")
	b.send("/forgot", "login", p.name)
	b.open(linkTo(h.mailed(nidan.NoticeResetLink).Link))
	b.saysNot("72 hours")
	b.says("authenticator app")
}

func TestRegistration(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.open("/register")
	b.send("/register", "login", "not an address")
	b.at("/register", http.StatusUnprocessableEntity)
	if b.value("login") != "not an address" || !strings.Contains(b.shown.html, `aria-describedby="login-wrong"`) {
		t.Error("what was typed is not kept, or not said to be wrong")
	}
	b.send("/register", "login", "mina@example.com")
	b.at("/sent/register", http.StatusOK)
	n := h.mailed(nidan.NoticeRegister)
	at := linkTo(n.Link)
	b.open(at)
	b.says("Choose a password")
	if n.To != "mina@example.com" || !strings.Contains(b.shown.html, `autocomplete="username" value="mina@example.com"`) {
		t.Errorf("mailed to %s, and the password manager is not told whose it is", n.To)
	}
	b.send(at, "password", goodPassword)
	b.at("/login", http.StatusOK)
	b.says("Your account is ready")
	b.open(at)
	b.at(at, http.StatusGone)
	if !strings.Contains(b.shown.html, `href="/register"`) {
		t.Error("no way to a new link")
	}
	b.logIn(&person{name: "mina@example.com", password: goodPassword})
	b.at("/security", http.StatusOK)

	b.send("/register", "login", "mina@example.com")
	b.at("/sent/register", http.StatusOK)
	if n := h.mailed(nidan.NoticeHasAccount); n.To != "mina@example.com" || n.Link.Purpose != nidan.TicketReset {
		t.Errorf("%s, %s", n.To, n.Link.Purpose)
	}
}

// TestNothingIsAskedForWithoutMail: the page for a forgotten password names
// support, and there is no registration, nor a link that would be one.
func TestNothingIsAskedForWithoutMail(t *testing.T) {
	h := newHouse(t, func(s *nidan.Config, p *Config) { s.Mails, s.Open, p.Features = false, false, nil })
	b := h.browser("192.0.2.1")
	for _, at := range []string{"/forgot", "/browser"} {
		b.open(at)
		b.at(at, http.StatusOK)
		b.says("Support can send you a link", "help@example.com")
		b.send(at, "login", "mina@example.com")
		b.at(at, http.StatusOK)
		b.says("Support can send you a link")
	}
	for _, at := range []string{"/register", "/sent/register", "/register/x"} {
		b.open(at)
		b.at(at, http.StatusNotFound)
	}
	for _, at := range []string{"/register", "/register/x"} {
		b.send(at, "login", "mina@example.com", "password", goodPassword)
		b.at(at, http.StatusNotFound)
	}
	if came := h.post(); len(came) > 0 {
		t.Errorf("%d mails", len(came))
	}
}

func TestABrowserIsMadeKnownByMail(t *testing.T) {
	h := newHouse(t)
	p := h.join("mina@example.com")
	b := h.browser("192.0.2.1")
	b.open("/browser")
	b.says("Make this browser known")
	b.send("/browser", "login", p.name)
	b.at("/sent/browser", http.StatusOK)
	b.says("Open the link in the browser that you want to log in with")
	at := linkTo(h.mailed(nidan.NoticeBrowserLink).Link)
	b.open(at)
	if b.cookies[browserCookie] != "" {
		t.Fatal("a GET made it known")
	}
	b.send(at)
	b.at("/login", http.StatusOK)
	if b.cookies[browserCookie] == "" {
		t.Fatal("it is not known")
	}
	b.open(at)
	b.at(at, http.StatusGone)
}

// TestANewAddress: its page shows it, hides the old one from whoever reads it,
// and changes nothing by being opened.
func TestANewAddress(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	tok, way := h.signIn(p)
	h.must(h.svc.BeginAddress(h.Context(), tok, "mina@new.example", nidan.NewSecret(p.password), way, nidan.From{}))
	n := h.mailed(nidan.NoticeAddressLink)
	if n.To != "mina@new.example" {
		t.Fatal(n.To)
	}
	b, at := h.browser("192.0.2.1"), linkTo(n.Link)
	for range 2 {
		b.open(at)
	}
	b.says("mina@new.example", "m•••@example.com", "Every browser is logged out", "You did not ask for it?")
	b.saysNot(p.name)
	if _, err := h.svc.Session(h.Context(), tok); err != nil {
		t.Fatal("a GET changed something:", err)
	}
	b.send(at)
	b.at("/login", http.StatusOK)
	b.says("Log in with the new one")
	if _, err := h.svc.Session(h.Context(), tok); err == nil {
		t.Error("a session outlived it")
	}
	b.logIn(p)
	b.says("That address or password is not right")
	p.name = "mina@new.example"
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
	b.open(at)
	b.at(at, http.StatusGone)
}

func TestASecondAddress(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	tok, way := h.signIn(p)
	h.must(h.svc.BeginSecond(h.Context(), tok, "mina@second.example", true, nidan.NewSecret(p.password), way, nidan.From{}))
	b, at := h.browser("192.0.2.1"), linkTo(h.mailed(nidan.NoticeSecondLink).Link)
	b.open(at)
	b.says("mina@second.example", "m•••@example.com", "ends a recovery")
	if o, err := h.svc.Overview(h.Context(), tok); err != nil || o.Second != "" {
		t.Fatal("a GET changed something:", err)
	}
	b.send(at)
	b.at("/done/second", http.StatusOK)
	if o, err := h.svc.Overview(h.Context(), tok); err != nil || o.Second != nidan.Mask("mina@second.example") || !o.Recovers {
		t.Error(o.Second, err)
	}
	b.send(at)
	b.at(at, http.StatusGone)
}

// startRecovery starts one behind the password, without a second step.
func (h *house) startRecovery(p *person) {
	h.Helper()
	out := h.must(h.svc.SignIn(h.Context(), p.name, nidan.NewSecret(p.password), nidan.From{}))
	pending, _ := nidan.ParsePending(out.Pending.Token.Reveal())
	h.must(h.svc.StartRecovery(h.Context(), pending, nidan.From{Address: "198.51.100.23", Browser: "Chrome on Linux"}))
}

func TestARecoveryIsCancelledByItsNotice(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	h.startRecovery(p)
	first := linkTo(h.mailed(nidan.NoticeRecoveryStarted).Undo)
	h.pass(12 * time.Hour)
	half := linkTo(h.mailed(nidan.NoticeRecoveryHalf).Undo)
	b := h.browser("192.0.2.1")
	for _, at := range []string{first, half} {
		b.open(at)
		b.at(at, http.StatusOK)
		b.says("mina@example.com", "22 November 2026, 15:05 UTC", "198.51.100.23", "Chrome on Linux", "23 November 2026, 15:05 UTC", "Do you still need it?")
	}
	b.send(first)
	b.at("/done/cancel", http.StatusOK)
	b.says("Your methods go on working", "set a new one now")
	for _, at := range []string{first, half} {
		b.open(at)
		b.at(at, http.StatusGone)
		b.says("it was cancelled or completed")
		b.send(at)
		b.at(at, http.StatusGone)
	}
	h.mailed(nidan.NoticeRecoveryGone)
}

// TestItWasNotMeByMail: any notice leads there, one button stops whoever it
// was, and no method is touched.
func TestItWasNotMeByMail(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	tok, _ := h.signIn(p)
	at := linkTo(h.mailed(nidan.NoticeOn).Undo)
	b := h.browser("192.0.2.1")
	b.open(at)
	b.at(at, http.StatusOK)
	b.says("mina@example.com", "Every browser is logged out", "Your present password stops working", "A recovery under way is cancelled", "Your methods and backup codes stay")
	if _, err := h.svc.Session(h.Context(), tok); err != nil {
		t.Fatal("a GET changed something:", err)
	}
	b.send(at)
	b.at("/done/notme", http.StatusOK)
	if _, err := h.svc.Session(h.Context(), tok); err == nil {
		t.Error("a session outlived it")
	}
	b.logIn(p)
	b.at("/login", http.StatusUnprocessableEntity)
	b.open(at)
	b.at(at, http.StatusGone)

	b.send("/forgot", "login", p.name)
	b.send(linkTo(h.mailed(nidan.NoticeResetLink).Link), "password", otherPassword)
	p.password = otherPassword
	b.logIn(p)
	h.pass(time.Minute)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h))
	b.at("/security", http.StatusOK)
}

// TestANetworkAsksTooMuch: beyond its measure it is told how long to wait,
// whatever name it gives.
func TestANetworkAsksTooMuch(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	for i := range 100 {
		b.send("/forgot", "login", fmt.Sprintf("nobody%d@example.com", i))
		b.at("/sent/reset", http.StatusOK)
	}
	b.send("/forgot", "login", "nobody@example.com")
	b.at("/forgot", http.StatusTooManyRequests)
	b.says("Too many links were asked for from this network", "in 60 minutes")
	other := h.browser("198.51.100.1")
	other.send("/forgot", "login", "nobody@example.com")
	other.at("/sent/reset", http.StatusOK)
}
