package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// ripen takes a recovery from its start to the mailed link.
func (h *house) ripen(p *person) string {
	h.Helper()
	h.startRecovery(p)
	h.post()
	for range 74 {
		h.pass(time.Hour)
		h.post()
	}
	out := h.must(h.svc.SignIn(h.Context(), p.name, nidan.NewSecret(p.password), nidan.From{}))
	pending, _ := nidan.ParsePending(out.Pending.Token.Reveal())
	h.must(h.svc.MailRecoveryLink(h.Context(), pending, false, nidan.From{}))
	return linkTo(h.mailed(nidan.NoticeRecoveryLink).Link)
}

// held is what the browser's wizard holds.
func (b *browser) holds() nidan.Held {
	b.Helper()
	d, out, err := b.svc.HeldBinding(b.Context(), nidan.NewSecret(b.cookies[bindCookie]))
	if err != nil || !out.Passed() {
		b.Fatal(out.Reason, err)
	}
	return d
}

// TestARecoveryEndsWithANewMethod walks from the link to the log-in with what
// was set up. Nothing is changed before Complete, and nobody is logged in.
func TestARecoveryEndsWithANewMethod(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	old := *p
	at := h.ripen(p)
	live := h.browser("203.0.113.5") // logged in all the while
	live.logIn(p)
	live.send("/login/second", "way", live.value("way"), "code", p.code(h))
	live.at("/security", http.StatusOK)
	b := h.browser("192.0.2.1")
	for range 2 {
		b.open(at)
		b.at(at, http.StatusOK)
	}
	b.says("mina@example.com", "Every browser is logged out", "I have found my phone or codes")
	b.send(at, "password", "not the password at all")
	b.at(at, http.StatusUnprocessableEntity)
	b.says("That password is not right")
	b.cookies[ledCookie] = "yes" // of another account, which a product keeps
	b.send(at, "password", p.password)
	b.at("/recover/method", http.StatusOK)
	if b.linkOf("Leave") != "/login" {
		t.Error("who has a password here is not led to where it is asked for")
	}
	if _, in := b.cookies[sessionCookie]; in {
		t.Fatal("somebody is logged in")
	}
	b.send("/recover/method", "ticket", b.value("ticket"), "method", "carrier_pigeon")
	b.at("/recover/method", http.StatusUnprocessableEntity)
	for _, early := range []string{"/recover/codes", "/recover/codes/file", "/recover/scan", "/recover/mail"} {
		b.open(early)
		b.at("/recover/method", http.StatusOK)
	}
	b.send("/recover/method", "ticket", b.value("ticket"), "method", "totp")
	b.at("/recover/scan", http.StatusOK)
	b.open(at) // in the browser that used it, the link leads on
	b.at("/recover/method", http.StatusOK)
	b.open("/recover/scan")
	p.key = b.holds().Handout.Key
	if !strings.Contains(b.shown.html, `data-value="`+p.key+`"`) || !strings.Contains(b.shown.html, `action="/recover/scan"`) {
		t.Error("the key is not shown, or the form leads elsewhere")
	}
	drawn := b.value("ticket")
	b.send("/recover/scan", "ticket", drawn, "code", "000000")
	b.at("/recover/scan", http.StatusUnprocessableEntity)
	b.send("/recover/scan", "ticket", drawn, "code", p.code(h))
	b.at("/recover/codes", http.StatusOK)
	b.says("Then your old methods and codes stop working", "mina@example.com")
	p.codes = b.holds().Codes.Codes
	b.send("/recover/scan", "ticket", drawn, "code", p.code(h))
	b.at("/recover/scan", http.StatusUnprocessableEntity)
	b.says("You went on in another tab")
	b.open("/recover/scan")
	b.at("/recover/scan", http.StatusGone)
	b.says("the new method works when they are saved")
	b.open("/recover/codes/file")
	if got := b.shown; got.status != http.StatusOK || strings.Count(got.html, "\r\n    ") != 10 || !strings.Contains(got.html, p.codes[9]) {
		t.Errorf("the file: %d", got.status)
	}
	b.open("/recover/codes")
	drawn = b.value("ticket")
	b.send("/recover/codes", "ticket", drawn)
	b.at("/recover/codes", http.StatusUnprocessableEntity)
	b.says("To finish, tick")

	live.open("/security")
	live.at("/security", http.StatusOK) // nothing is changed yet
	b.send("/recover/codes", "ticket", drawn, "saved", "yes")
	b.at("/recover/done", http.StatusOK)
	b.says("Log in now", "Your old methods and backup codes no longer work")
	live.open("/security")
	live.at("/login", http.StatusOK)
	if _, in := b.cookies[sessionCookie]; in || b.cookies[bindCookie] != "" {
		t.Fatal("somebody is logged in, or the ticket is kept")
	}
	h.mailed(nidan.NoticeRecovered)

	h.pass(time.Minute)
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
	b.send("/login/second", "way", b.value("way"), "code", old.code(h))
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h))
	b.at("/security", http.StatusOK)
	b.open(at)
	b.at(at, http.StatusGone)
}

// TestARecoveryToTheEMailCode: the number is mailed and entered in the wizard.
// Who keeps the method gets the e-mail code back as a second step.
func TestARecoveryToTheEMailCode(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "mail")
	b := h.browser("192.0.2.1")
	b.send("/forgot", "login", p.name)
	b.send(linkTo(h.mailed(nidan.NoticeResetLink).Link), "password", otherPassword)
	p.password = otherPassword
	at := h.ripen(p)
	b.send(at, "password", p.password)
	b.send("/recover/method", "ticket", b.value("ticket"), "method", "mail")
	b.at("/recover/mail", http.StatusOK)
	b.says("Sent to m•••@example.com", "Nothing is changed until the last step")
	first := h.mailed(nidan.NoticeSetUpCode)
	h.pass(time.Minute)
	b.send("/recover/mail", "ticket", b.value("ticket"), "send", "yes")
	b.at("/recover/mail", http.StatusOK)
	b.send("/recover/mail", "ticket", b.value("ticket"), "code", first.Code)
	b.at("/recover/mail", http.StatusUnprocessableEntity)
	b.send("/recover/mail", "ticket", b.value("ticket"), "code", h.mailed(nidan.NoticeSetUpCode).Code)
	b.at("/recover/codes", http.StatusOK)
	b.send("/recover/codes", "ticket", b.value("ticket"), "saved", "yes")
	b.at("/recover/done", http.StatusOK)
	h.pass(time.Hour)
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
	b.send("/login/second", "way", b.value("way"), "code", h.mailed(nidan.NoticeSignInCode).Code)
	b.at("/security", http.StatusOK)
}

// TestAWizardWithoutARecovery: cancelled, run out, of another browser, or begun
// in a session: nothing goes on.
func TestAWizardWithoutARecovery(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	at := h.ripen(p)
	b, other := h.browser("192.0.2.1"), h.browser("198.51.100.9")
	steps := []string{"/recover/method", "/recover/scan", "/recover/mail", "/recover/codes"}
	for _, step := range steps {
		other.open(step)
		other.at("/login", http.StatusOK)
		other.send(step, "code", "000000", "method", "totp", "saved", "yes")
		other.at("/login", http.StatusOK)
	}
	b.send(at, "password", p.password)
	b.send("/recover/method", "ticket", b.value("ticket"), "method", "totp")
	b.at("/recover/scan", http.StatusOK)
	ticket, drawn := b.cookies[bindCookie], b.value("ticket")

	// The ticket is no set-up's, and no session's.
	other.cookies[setUpCookie], other.cookies[sessionCookie] = ticket, ticket
	other.open("/security/on/scan")
	other.at("/login", http.StatusOK)
	other.open(at)
	other.at(at, http.StatusGone)

	b.send(linkTo(h.mailed(nidan.NoticeRecoveryReady).Undo))
	b.at("/done/cancel", http.StatusOK)
	b.send("/recover/scan", "ticket", drawn, "code", "000000")
	b.at("/recover/scan", http.StatusUnprocessableEntity)
	b.says("This recovery is over", "Nothing was changed here")
	for _, step := range steps {
		b.cookies[bindCookie] = ticket
		b.open(step)
		b.at(step, http.StatusGone)
		b.says("This recovery is over")
	}
	b.cookies[bindCookie] = ticket
	h.pass(2 * time.Hour)
	b.open("/recover/scan")
	b.at("/recover/scan", http.StatusGone)
	b.cookies[bindCookie] = ticket
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h))
	b.at("/security", http.StatusOK)
	if b.cookies[bindCookie] != "" {
		t.Error("what was begun before outlives a log-in")
	}
}
