package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// TestARecovery is walked from the lost phone to the link in the mailbox. GETs
// start nothing and mail nothing.
func TestARecovery(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	h.post()
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.open("/login/lost")
	b.says("Use a backup code", "Look for the app elsewhere", "after a waiting period of 24 hours", "What support can do", "Someone else may have the phone")
	b.open("/login/recovery")
	b.says("Recover your account", "From 23 November 2026, 15:05 UTC you can set up a new method", "your present methods keep working", "Start the recovery")
	b.open("/login/recovery")
	if n := len(h.post()); n != 0 {
		t.Fatalf("%d mails, and nothing was started", n)
	}

	b.send("/login/recovery")
	b.at("/login/recovery", http.StatusOK)
	b.says("Recovery is under way", "From 23 November 2026, 15:05 UTC", "Started 22 November 2026, 15:05 UTC", "192.0.2.1, Firefox on Windows", "“Cancel recovery”")
	b.saysNot("Mail me the link.")
	if n := h.mailed(nidan.NoticeRecoveryStarted); n.To != p.name || n.Undo.Ticket == "" {
		t.Error("the owner was not told, or cannot cancel")
	}
	h.pass(time.Minute)
	b.send("/login/recovery")
	b.says("From 23 November 2026, 15:05 UTC") // it goes on as it is
	b.send("/login/recovery/link")
	b.at("/login/recovery", http.StatusOK)
	b.says("Recovery is under way")
	for _, n := range h.post() {
		t.Errorf("a %s was mailed", n.Kind)
	}

	h.pass(12 * time.Hour)
	h.mailed(nidan.NoticeRecoveryHalf)
	h.pass(12 * time.Hour)
	b.logIn(p)
	b.says("Enter the code from your app", "Account recovery is under way.")
	b.open("/login/recovery")
	b.says("The waiting period is over", "To m•••@example.com", "You can do this until 30 November 2026, 15:05 UTC")
	b.send("/login/recovery/link")
	b.at("/login/recovery", http.StatusOK)
	b.says("We have mailed you the link", "Sent to m•••@example.com at 15:06 UTC", "Look for “Example VPN”", "Send again")
	if n := h.mailed(nidan.NoticeRecoveryLink); n.To != p.name || n.Link.Purpose != nidan.TicketRecovery {
		t.Error("the link went astray")
	}
	h.pass(9 * time.Minute)
	for range 4 {
		b.send("/login/recovery/link")
		b.at("/login/recovery", http.StatusOK)
	}
	b.send("/login/recovery/link")
	b.at("/login/recovery/link", http.StatusTooManyRequests)
	b.says("Several mails were sent for this account. You can have another one in 51 minutes")
}

func TestTheRecoveryWaitsForItsNotices(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.send("/login/recovery")
	h.pass(25 * time.Hour) // and nothing was handed over
	b.logIn(p)
	b.open("/login/recovery")
	b.says("The waiting period goes on until our mails to you can be delivered")
	b.send("/login/recovery/link")
	b.at("/login/recovery", http.StatusOK)
	for _, n := range h.post() {
		if n.Kind == nidan.NoticeRecoveryLink {
			t.Error("a link was mailed")
		}
	}
	h.pass(9 * 24 * time.Hour)
	b.logIn(p)
	b.saysNot("Account recovery is under way")
	b.open("/login/recovery")
	b.says("Recover your account", "An earlier recovery ran out on 1 December 2026, 14:55 UTC", "Start the recovery")
}

// TestTheLinkGoesToTheSecondAddress only where its holder wants it to.
func TestTheLinkGoesToTheSecondAddress(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	tok, way := h.signIn(p)
	h.must(h.svc.BeginSecond(h.Context(), tok, "spare@example.net", true, nidan.NewSecret(p.password), way, nidan.From{}))
	h.must(h.svc.UseSecondLink(h.Context(), nidan.NewSecret(h.mailed(nidan.NoticeSecondLink).Link.Ticket), nidan.From{}))
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.send("/login/recovery")
	h.post()
	h.pass(12 * time.Hour)
	h.post()
	h.pass(13 * time.Hour)
	b.logIn(p)
	b.open("/login/recovery")
	b.says("Where to", "m•••@example.com", "s•••@example.net")
	b.send("/login/recovery/link", "to", "second")
	b.says("Sent to s•••@example.net")
	if n := h.mailed(nidan.NoticeRecoveryLink); n.To != "spare@example.net" {
		t.Errorf("it went to %s", n.To)
	}
}

// TestNoRecoveryWithoutMail: the page says whom to ask instead.
func TestNoRecoveryWithoutMail(t *testing.T) {
	h := newHouse(t, func(s *nidan.Config, c *Config) {
		s.Mails, c.Features = false, nil
	})
	p := h.protect("mina@example.com", "totp")
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.open("/login/lost")
	b.says("No phone and no backup code? Then ask support.")
	if strings.Contains(b.shown.html, "/login/recovery") {
		t.Error("a recovery is offered")
	}
	b.open("/login/recovery")
	b.at("/login/lost", http.StatusOK)
	b.send("/login/recovery")
	b.at("/login/lost", http.StatusOK)
}
