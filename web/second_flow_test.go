package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// TestACodeByMail: the page says where the number went and when, takes the
// newest one only, and keeps what was mistyped.
func TestACodeByMail(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "mail")
	h.pass(time.Hour)
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
	b.says("We have mailed you a code", "Sent to m•••@example.com at 15:05 UTC", "Not arrived?", "“Example VPN”",
		"You can send it again from 22 November 2026, 15:06:07 UTC", "Use a backup code")
	way, first := b.value("way"), h.mailed(nidan.NoticeSignInCode)

	b.send("/login/second/send", "way", way)
	b.at("/login/second/send", http.StatusTooManyRequests)
	b.says("A code was mailed a moment ago", "in 60 seconds")
	if !strings.Contains(b.shown.html, "<title>Error:") || !strings.Contains(b.shown.html, `<button class="button quiet" aria-describedby="unsent" autofocus>`) {
		t.Error("the title, or the focus, does not say that it failed")
	}
	if !strings.Contains(b.shown.html, `name="at" value="/login/second?way=`+way+`"`) {
		t.Error("another language would leave the step")
	}

	h.pass(time.Minute)
	b.send("/login/second/send", "way", way)
	b.at("/login/second", http.StatusOK)
	b.says("at 15:06 UTC")
	second := h.mailed(nidan.NoticeSignInCode)
	if first.Code == second.Code {
		t.Fatal("one number was mailed twice")
	}
	b.send("/login/second", "way", way, "code", first.Code, "remember", "yes")
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.says("Use the newest mail, sent at 15:06 UTC")
	if b.value("code") != first.Code || !strings.Contains(b.shown.html, `name="remember" type="checkbox" value="yes" checked`) {
		t.Error("what was entered is not kept")
	}
	b.send("/login/second", "way", way, "code", second.Code[:4]+" "+second.Code[4:])
	b.at("/security", http.StatusOK)
}

func TestSendsAreUsedUp(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "mail")
	h.pass(time.Hour)
	b := h.browser("192.0.2.1")
	b.logIn(p)
	way := b.value("way")
	for range 2 {
		h.pass(time.Minute)
		b.send("/login/second/send", "way", way)
		b.at("/login/second", http.StatusOK)
	}
	b.says("No more codes are mailed for this attempt")
	b.saysNot("Send again")
	b.send("/login/second/send", "way", way)
	b.says("No more codes are mailed for this attempt")
	h.pass(8 * time.Minute) // the log-in is over after 10
	b.send("/login/second/send", "way", way)
	b.at("/login/second/send", http.StatusUnprocessableEntity)
	b.says("This was open for too long")
}

// TestAMailedCodeIsAskedFor: where another way is asked first, a button sends it.
func TestAMailedCodeIsAskedFor(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.another(p, "mail")
	h.post()
	h.pass(time.Hour)
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.says("Enter the code from your app", "Get a code by e-mail")
	if n := len(h.post()); n != 0 {
		t.Fatalf("%d mails without being asked", n)
	}
	mail := wayOf(b, "Get a code by e-mail")
	b.open("/login/second?way=" + mail)
	b.says("Get a code by e-mail", "We mail an 8-digit code to m•••@example.com", "Send the code")
	if strings.Contains(b.shown.html, `name="code"`) {
		t.Error("there is a field, and no code")
	}
	if n := len(h.post()); n != 0 {
		t.Fatalf("a GET sent %d mails", n)
	}
	// A form of another tab, or one that a script made.
	b.send("/login/second", "way", mail, "code", "12345678")
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.says("No mailed code is open now")
	b.send("/login/second/send", "way", mail)
	b.says("We have mailed you a code")
	b.send("/login/second", "way", mail, "code", h.mailed(nidan.NoticeSignInCode).Code)
	b.at("/security", http.StatusOK)
}

// wayOf reads the id of a way from its link.
func wayOf(b *browser, label string) string {
	b.Helper()
	before, _, ok := strings.Cut(b.shown.html, `">`+label+`</a>`)
	if !ok {
		b.Fatalf("%s does not offer %q: %s", b.shown.path, label, b.shown.text())
	}
	return before[strings.LastIndex(before, "way=")+len("way="):]
}

// TestThisBrowserIsRemembered: the box lets the next log-in pass, in this
// browser alone, and is not ticked by itself.
func TestThisBrowserIsRemembered(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b, other := h.browser("192.0.2.1"), h.browser("192.0.2.1")
	for _, remember := range []bool{false, true} {
		h.pass(time.Minute)
		b.logIn(p)
		b.at("/login/second", http.StatusOK)
		b.says("Do not ask in this browser for 30 days", "Only on a device that is yours.")
		if strings.Contains(b.shown.html, "checked") {
			t.Error("the box is ticked")
		}
		fields := []string{"way", b.value("way"), "code", p.code(h)}
		if remember {
			fields = append(fields, "remember", "yes")
		}
		b.send("/login/second", fields...)
		b.at("/security", http.StatusOK)
		b.send("/logout")
	}
	b.logIn(p)
	b.at("/security", http.StatusOK)
	other.logIn(p)
	other.at("/login/second", http.StatusOK)
	h.pass(31 * 24 * time.Hour)
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
}

// TestAMailboxIsOneChannel: after a reset by mail the mailed number is not
// offered, and the page says why.
func TestAMailboxIsOneChannel(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "mail")
	link, out, err := h.svc.PrintLink(h.Context(), nidan.TicketReset, p.name, "test")
	if err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	p.password = "nine lanterns over the quiet pier"
	h.must(h.svc.Reset(h.Context(), link.Ticket, nidan.NewSecret(p.password), nidan.From{}))
	h.pass(time.Hour)
	h.post()
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
	b.says("Enter a backup code", "You reset your password by e-mail, so a code by e-mail is not enough this time")
	if len(h.post()) != 0 {
		t.Error("a number was mailed that proves nothing")
	}
	if strings.Contains(b.shown.html, `">Get a code by e-mail</a>`) {
		t.Error("it is offered all the same")
	}
}

// TestSeveralAppsAreToldApart by when they were added, as long as they have no
// name, and each takes its own code.
func TestSeveralAppsAreToldApart(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	h.another(p, "totp") // p.key is the new one's now
	h.pass(time.Hour)
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.says("The one added 22 November 2026, 14:05 UTC.", "The one added 22 November 2026, 15:05 UTC.")
	first := b.value("way")
	b.send("/login/second", "way", first, "code", p.code(h))
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.send("/login/second", "way", wayOf(b, "Use the authenticator app"), "code", p.code(h))
	b.at("/security", http.StatusOK)
}
