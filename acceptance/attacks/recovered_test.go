package attacks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/mail/mailtest"
)

// One mailbox gives both steps: a reset, and then the recovery.
func TestF7OneMailbox(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	// The thief reads everything that is mailed and knows no password.
	hold := func(t *testing.T, p *rig.Person) time.Duration {
		t.Helper()
		_, out := o.starts(t, p)
		return out.Until.Sub(o.Clock.Wall())
	}
	p, _ := protected(t, o.Rig)
	o.reset(t, p, "violet kettle under ice 1")
	if h := hold(t, p); h != 72*time.Hour {
		t.Errorf("after a reset it waits %s", h)
	}
	o.Clock.Advance(25 * time.Hour)
	o.settled()
	if out := o.asks(t, p); out.Reason != nidan.RecoveryWaits {
		t.Errorf("a day after a reset: %s", out.Reason)
	}
	// A reset in the middle of a shorter wait does not go on with it.
	q, _ := protected(t, o.Rig)
	if h := hold(t, q); h != 24*time.Hour {
		t.Errorf("it waits %s", h)
	}
	o.settled()
	o.Clock.Advance(23 * time.Hour)
	o.settled()
	o.reset(t, q, "violet kettle under ice 2")
	o.Clock.Advance(time.Hour)
	if out := o.asks(t, q); out.Reason != nidan.NoRecovery {
		t.Errorf("a reset within the wait: %s", out.Reason)
	}
	// Where the mailbox is the one method, it waits as long without a reset.
	m, _ := o.byMail(t)
	if h := hold(t, m); h != 72*time.Hour {
		t.Errorf("with the e-mail code alone it waits %s", h)
	}
	// Nor does a recovery go on that waited for other methods than there are.
	x, owner := protected(t, o.Rig)
	if h := hold(t, x); h != 24*time.Hour {
		t.Errorf("it waits %s", h)
	}
	o.Clock.Advance(time.Minute)
	x.LogIn(owner)
	o.Clock.Advance(30 * time.Second)
	if page := owner.Post("/security/off", "password", x.Password, "way", x.Way("totp"), "code", x.Phone.Code()); page.Location != "/security/off/done" {
		t.Fatalf("off: %d", page.Status)
	}
	x.TurnOn(owner)
	if out := o.asks(t, x); out.Reason != nidan.NoRecovery {
		t.Errorf("a recovery of an earlier protection goes on: %s", out.Reason)
	}
}

// A recovery nobody is told of: mails that were not taken, mails to fewer than
// all addresses, a way back that has ended.
func TestF8SilentRecovery(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, owner := protected(t, o.Rig)
	second := "elsewhere@example.net"
	o.second(t, p, owner, second, false)
	o.settled()

	// The mail server takes none: it does not ripen, however long it waits.
	refuse := mailtest.Fault{Step: "RCPT", Code: 451}
	o.box.Fail(p.Name, refuse)
	o.starts(t, p)
	o.tried()
	o.Clock.Advance(13 * time.Hour)
	o.tried()
	o.Clock.Advance(10 * time.Hour)
	o.tried()
	if out := o.asks(t, p); out.Reason != nidan.RecoveryWaits {
		t.Errorf("without its notices: %s", out.Reason)
	}
	// Nor when the other address was told, and not one hour after the first one is.
	for _, about := range []string{"has started", "half of the wait"} {
		if o.mails(second, about) != 1 {
			t.Errorf("the second address: %d mails that say %q", o.mails(second, about), about)
		}
	}
	o.box.Heal(p.Name)
	o.Clock.Advance(2 * time.Hour)
	o.settled()
	if out := o.asks(t, p); out.Reason != nidan.RecoveryWaits {
		t.Errorf("as soon as they were taken: %s", out.Reason)
	}
	// The whole wait is the owner's, from then on.
	for range 2 {
		o.Clock.Advance(11*time.Hour + 50*time.Minute)
		o.settled()
		if out := o.asks(t, p); out.Reason != nidan.RecoveryWaits {
			t.Errorf("before a day has passed since they were taken: %s", out.Reason)
		}
	}
	o.Clock.Advance(20 * time.Minute)
	if out := o.asks(t, p); out.Reason != nidan.OK {
		t.Errorf("a day after they were taken: %s", out.Reason)
	}
	// The link itself goes to one address.
	o.letter(p.Name, "set up a new method now")
	o.settled()
	if n := o.mails(second, "set up a new method now"); n != 0 {
		t.Errorf("the second address has %d links", n)
	}

	// Every notice at every address can end it, also after all else has ended.
	for i, to := range []string{p.Name, second} {
		started := o.letter(to, "Account recovery has started")
		if i > 0 {
			o.starts(t, p)
			started = o.letter(to, "Account recovery has started")
		}
		b := o.Browser()
		o.Clock.Advance(time.Minute)
		p.LogIn(b)
		b.Post("/security/sessions/end-all") // raises the epoch
		if page := o.Browser().Post(lead(t, started, nidan.TicketCancel)); page.Location != "/done/cancel" {
			t.Errorf("the link that cancels at %s: %d %s", to, page.Status, page.Text())
		}
		if out := o.asks(t, p); out.Reason != nidan.NoRecovery {
			t.Errorf("cancelled from %s: %s", to, out.Reason)
		}
		if page := o.Browser().Post(lead(t, started, nidan.TicketCancel)); page.Status != http.StatusGone {
			t.Errorf("cancelled twice: %d", page.Status)
		}
		o.letter(second, "Account recovery was cancelled")
	}
	// A link that cancels one recovery does not end the next one.
	was := o.letter(p.Name, "Account recovery has started")
	o.starts(t, p)
	if page := o.Browser().Post(lead(t, was, nidan.TicketCancel)); page.Status != http.StatusGone {
		t.Errorf("an older recovery's link: %d", page.Status)
	}
	// From a session, with one proof.
	b := o.Browser()
	o.Clock.Advance(time.Minute)
	p.LogIn(b)
	if s := session(t, o.Rig, b); s.Recovery == nil {
		t.Error("a session does not see the recovery")
	}
	if out, err := o.Service().CancelRecovery(context.Background(), signedIn(t, b), nidan.From{}); err != nil || !out.Passed() {
		t.Errorf("cancelled from a session: %s %v", out.Reason, err)
	}
	if out := o.asks(t, p); out.Reason != nidan.NoRecovery {
		t.Errorf("cancelled from a session: %s", out.Reason)
	}
}

// What was lost works on after a recovery.
func TestF9AfterARecovery(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := protected(t, o.Rig)
	thief, remembered := o.Browser(), o.Browser()
	p.LogIn(thief)
	o.Clock.Advance(time.Minute)
	p.First(remembered)
	remembered.Post("/login/second", "way", p.Way("totp"), "code", p.Phone.Code(), "remember", "yes")
	if remembered.Cookie("remembered") == "" {
		t.Fatal("the browser is not remembered")
	}
	o.ripens(t, p)
	o.Clock.Advance(time.Minute)
	p.LogIn(thief)
	open := o.Browser()
	p.First(open)
	old, sheet := p.Phone, p.Codes
	reset, browser := o.Link(nidan.TicketReset, p.Name), o.Link(nidan.TicketBrowser, p.Name)
	w, phone := o.walks(t, o.link(t, p), p.Password)
	codes := w.held().Codes.Codes
	for _, c := range codes {
		o.Secret("a backup code", c)
	}
	if r := w.complete(); r != nidan.OK {
		t.Fatal(r)
	}
	for name, b := range map[string]*rig.Browser{"a session": thief, "a remembered browser's": remembered} {
		if loggedIn(b.Clone()) {
			t.Errorf("%s session lives on", name)
		}
	}
	if page := open.Post("/login/second", "way", p.Way("totp"), "code", phone.Code()); page.Location == "/security" {
		t.Error("a sign-in from before it goes on")
	}
	if page := p.First(remembered); page.Location != "/login/second" {
		t.Errorf("a browser remembered before it passes: %d to %q", page.Status, page.Location)
	}
	for _, at := range []string{reset, browser} {
		if page := o.Browser().Post(at, "password", "violet kettle under ice"); page.Status != http.StatusGone {
			t.Errorf("a link from before it: %d", page.Status)
		}
	}
	o.Clock.Advance(time.Minute)
	c := o.Browser()
	p.First(c)
	for name, try := range map[string]func() rig.Page{
		"the old app":         func() rig.Page { return p.Second(c, old.Code()) },
		"an old backup code":  func() rig.Page { return p.Backup(c, typed(sheet[4])) },
		"the old app by name": func() rig.Page { return c.Post("/login/second", "way", "totp", "code", old.Code()) },
	} {
		if try(); c.Cookie("session") != "" {
			t.Fatalf("%s logs in", name)
		}
	}
	if p.Second(c, phone.Code()); c.Cookie("session") == "" {
		t.Error("the new app does not log in")
	}
	d := o.Browser()
	p.First(d)
	if p.Backup(d, codes[2]); d.Cookie("session") == "" {
		t.Error("a new backup code does not log in")
	}
	o.letter(p.Name, "Account recovery is complete")
}

// A stranger who uses up the tries of everybody keeps the owner out of the
// recovery.
func TestC8StrangerAndRecovery(t *testing.T) {
	t.Parallel()
	o := withMail(t, rig.BehindProxy)
	p, _ := protected(t, o.Rig)
	o.ripens(t, p)
	link := o.link(t, p)
	for i := range 100 {
		b := from(o.Rig, fmt.Sprintf("203.0.113.%d", i))
		b.Post("/login", "login", p.Name, "password", notIt)
	}
	if page := o.Browser().Post("/login", "login", p.Name, "password", p.Password); page.Status != http.StatusTooManyRequests {
		t.Fatalf("strangers are judged: %d", page.Status)
	}
	if out := o.opens(t, link, p.Password); out.Reason != nidan.OK {
		t.Errorf("who has link and password: %s", out.Reason)
	}
	// Who has the link and not the password has few tries.
	x, _ := protected(t, o.Rig)
	o.ripens(t, x)
	link = o.link(t, x)
	var got []nidan.Reason
	for range 7 {
		got = append(got, o.opens(t, link, notIt).Reason)
	}
	if !slices.Contains(got, nidan.FirstStepWait) {
		t.Errorf("passwords behind a link: %v", got)
	}
}
