package attacks

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/mail/mailtest"
)

// starts begins a recovery, with the password, and returns the page's browser.
func (o *post) starts(t *testing.T, p *rig.Person) (*rig.Browser, nidan.Outcome) {
	t.Helper()
	b := o.Browser()
	p.First(b)
	out, err := o.Service().StartRecovery(context.Background(), signingIn(t, b), stranger(b))
	if err != nil {
		t.Fatal(err)
	}
	return b, out
}

// asks asks for the link of a recovery, with the password.
func (o *post) asks(t *testing.T, p *rig.Person) nidan.Outcome {
	t.Helper()
	b := o.Browser()
	p.First(b)
	out, err := o.Service().MailRecoveryLink(context.Background(), signingIn(t, b), false, stranger(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ripens begins a recovery and waits it out, in steps in which its notices go
// out.
func (o *post) ripens(t *testing.T, p *rig.Person) {
	t.Helper()
	_, out := o.starts(t, p)
	if out.Reason != nidan.OK {
		t.Fatal(out.Reason)
	}
	half := out.Until.Sub(o.Clock.Wall()) / 2
	o.settled()
	for range 2 {
		o.Clock.Advance(half)
		o.settled()
	}
}

// link is a link of a ripe recovery.
func (o *post) link(t *testing.T, p *rig.Person) string {
	t.Helper()
	if out := o.asks(t, p); out.Reason != nidan.OK {
		t.Fatalf("no link: %s", out.Reason)
	}
	return lead(t, o.letter(p.Name, "set up a new method now"), nidan.TicketRecovery)
}

// opens opens the wizard behind a link.
func (o *post) opens(t *testing.T, link, password string) nidan.Outcome {
	t.Helper()
	out, err := o.Service().BeginBinding(context.Background(), ticketOf(link), nidan.NewSecret(password), stranger(o.Browser()))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A wizard is what a browser carries through a recovery.
type wizard struct {
	o      *post
	t      *testing.T
	ticket nidan.Secret
}

func (w *wizard) carried() nidan.Carried {
	return nidan.Carried{Ticket: w.ticket, Drawn: nidan.TicketHash(w.ticket)}
}

func (w *wizard) keep(out nidan.Outcome, err error) nidan.Reason {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	if !out.Ticket.Empty() {
		w.ticket = out.Ticket
	}
	return out.Reason
}

func (w *wizard) with(m nidan.MethodName) nidan.Reason {
	return w.keep(w.o.Service().BindWith(context.Background(), w.carried(), m, nidan.From{}))
}

func (w *wizard) confirm(code string) nidan.Reason {
	return w.keep(w.o.Service().ConfirmBinding(context.Background(), w.carried(), nidan.NewSecret(code), nidan.From{}))
}

func (w *wizard) complete() nidan.Reason {
	return w.keep(w.o.Service().CompleteBinding(context.Background(), w.carried(), true, nidan.From{}))
}

func (w *wizard) held() nidan.Held {
	w.t.Helper()
	h, out, err := w.o.Service().HeldBinding(context.Background(), w.ticket)
	if err != nil || !out.Passed() {
		w.t.Fatal(out.Reason, err)
	}
	return h
}

// phone takes the key of the wizard in.
func (w *wizard) phone() *rig.Phone {
	w.t.Helper()
	return w.o.Phone(w.held().Handout.Key)
}

// walks goes all the way to the codes, and stops before they are saved.
func (o *post) walks(t *testing.T, link, password string) (*wizard, *rig.Phone) {
	t.Helper()
	out := o.opens(t, link, password)
	w := &wizard{o: o, t: t, ticket: out.Ticket}
	if out.Reason != nidan.OK || w.with("totp") != nidan.OK {
		t.Fatalf("the wizard does not open: %s", out.Reason)
	}
	phone := w.phone()
	if r := w.confirm(phone.Code()); r != nidan.OK {
		t.Fatalf("the new app's code: %s", r)
	}
	return w, phone
}

// A step of recovery is skipped by steering: no order of its requests leads to a
// new authenticator but the one that waits.
func TestF2StepsOfRecovery(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := protected(t, o.Rig)
	other, _ := protected(t, o.Rig)
	app := p.Way("totp")

	// Before one was started, and while it waits, to the second.
	if out := o.asks(t, p); out.Reason != nidan.NoRecovery {
		t.Errorf("a link without a recovery: %s", out.Reason)
	}
	_, out := o.starts(t, p)
	ripe := out.Until
	if wait := ripe.Sub(o.Clock.Wall()); wait != 24*time.Hour {
		t.Errorf("it waits %s", wait)
	}
	o.settled()
	o.Clock.Advance(12 * time.Hour)
	o.settled()
	o.Clock.Advance(ripe.Sub(o.Clock.Wall()) - time.Second)
	if out := o.asks(t, p); out.Reason != nidan.RecoveryWaits {
		t.Errorf("a second before: %s", out.Reason)
	}
	// Starting again starts nothing anew, and shortens nothing.
	if _, again := o.starts(t, p); again.Reason != nidan.OK || !again.Until.Equal(ripe) {
		t.Errorf("begun again: %s, %s", again.Reason, again.Until)
	}
	o.Clock.Advance(time.Second)
	link := o.link(t, p)

	// The link opens nothing else, and nothing else opens the wizard.
	ticket := ticketOf(link).Reveal()
	for _, door := range []string{"reset", "browser", "invite", "register", "address", "second", "cancel", "notme"} {
		if page := o.Browser().Post("/"+door+"/"+ticket, "password", "violet kettle under ice"); page.Status != http.StatusGone {
			t.Errorf("/%s takes the link of a recovery: %d", door, page.Status)
		}
	}
	started := o.letter(p.Name, "Account recovery has started")
	for _, wrong := range []string{
		lead(t, started, nidan.TicketCancel), o.Link(nidan.TicketReset, p.Name), o.Link(nidan.TicketBrowser, p.Name),
		link[:len(link)-1], link + "A", strings.ToLower(link), "/recovery/", "/recovery/nt_none",
	} {
		if out := o.opens(t, wrong, p.Password); out.Reason != nidan.LinkDead || !out.Ticket.Empty() {
			t.Errorf("the wizard opens with another link: %s", out.Reason)
		}
	}
	// Nor with another password, and the wrong ones do not use it up.
	for _, wrong := range []string{"", notIt, other.Password} {
		if out := o.opens(t, link, wrong); out.Reason != nidan.WrongFirstStep || !out.Ticket.Empty() {
			t.Errorf("the wizard opens with another password: %s", out.Reason)
		}
	}

	// In the wizard each step needs the one before.
	w := &wizard{o: o, t: t, ticket: o.opens(t, link, p.Password).Ticket}
	version := show(t, o.Rig, p).Version
	if r := w.complete(); r == nidan.OK {
		t.Error("complete without a method")
	}
	if r := w.confirm("000000"); r == nidan.OK {
		t.Error("confirmed without a method")
	}
	if r := w.with("backup"); r == nidan.OK {
		t.Error("backup codes alone can be chosen")
	}
	if r := w.with("totp"); r != nidan.OK {
		t.Fatal(r)
	}
	if r := w.complete(); r == nidan.OK {
		t.Error("complete without a code of the new app")
	}
	for _, code := range []string{"", "000000x", p.Phone.Code(), other.Phone.Code()} {
		if r := w.confirm(code); r == nidan.OK {
			t.Errorf("confirmed by %q", code)
		}
	}
	old := *w
	phone := w.phone()
	if r := w.confirm(phone.Code()); r != nidan.OK {
		t.Fatal(r)
	}
	if r := old.complete(); r == nidan.OK {
		t.Error("the ticket of the step before completes")
	}
	if out, err := o.Service().CompleteBinding(context.Background(), w.carried(), false, nidan.From{}); err != nil || out.Reason != nidan.NotSaved {
		t.Errorf("the codes are not saved: %s %v", out.Reason, err)
	}
	if out, err := o.Service().CompleteBinding(context.Background(), nidan.Carried{Ticket: w.ticket, Drawn: nidan.TicketHash(old.ticket)}, true, nidan.From{}); err != nil || out.Reason != nidan.OtherTab {
		t.Errorf("a form of another tab: %s %v", out.Reason, err)
	}
	// A ticket of the wizard is no set-up and no session's.
	b := o.Browser()
	other.LogIn(b)
	for _, cookie := range []string{"setup", "reissue", "renew", "session", "pending"} {
		c := b.Clone()
		c.SetCookie(cookie, w.ticket.Reveal())
		for _, at := range []string{"/security/on/codes", "/security/codes/new", "/security/code"} {
			if page := c.Post(at, "ticket", c.Hash(cookie), "saved", "yes"); strings.HasSuffix(page.Location, "/done") {
				t.Errorf("%s takes the wizard's ticket", at)
			}
		}
	}
	if v := show(t, o.Rig, p); v.Version != version || p.Way("totp") != app {
		t.Error("an unfinished wizard has changed the account")
	}
	// And at its end it logs nobody in.
	if r := w.complete(); r != nidan.OK {
		t.Fatal(r)
	}
	if n := sessionRows(t, o.Rig, p); n != 0 {
		t.Errorf("%d sessions after a recovery", n)
	}
}

// The old authenticator goes when the page opens, or when it is left.
func TestF3AbandonedRecovery(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := protected(t, o.Rig)
	works := func(when string) {
		t.Helper()
		o.Clock.Advance(time.Minute)
		b := o.Browser()
		if page := p.First(b); page.Location != "/login/second" {
			t.Fatalf("%s the password leads to %q", when, page.Location)
		}
		if p.Second(b, p.Phone.Code()); b.Cookie("session") == "" {
			t.Errorf("%s the old app does not log in", when)
		}
	}
	o.ripens(t, p)
	works("while it is ripe")
	w, phone := o.walks(t, o.link(t, p), p.Password)
	works("before Complete")
	// The new one is nothing yet.
	b := o.Browser()
	p.First(b)
	if p.Second(b, phone.Code()); b.Cookie("session") != "" {
		t.Error("the new app logs in before Complete")
	}
	// Left until the ticket has run out: nothing has happened.
	o.Clock.Advance(time.Hour)
	if r := w.complete(); r != nidan.Expired {
		t.Errorf("an hour later: %s", r)
	}
	works("after it was left")
}

// A recovery's link twice, in two tabs, after a reset, after it was cancelled,
// too late.
func TestF5LinkOfRecovery(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := protected(t, o.Rig)
	o.ripens(t, p)
	one := o.link(t, p)
	o.Clock.Advance(time.Minute)
	two := o.link(t, p)
	w := &wizard{o: o, t: t, ticket: o.opens(t, two, p.Password).Ticket}
	for name, link := range map[string]string{"the one used": two, "the one before it": one} {
		if out := o.opens(t, link, p.Password); out.Reason != nidan.LinkDead {
			t.Errorf("%s: %s", name, out.Reason)
		}
	}
	if r := w.with("totp"); r != nidan.OK {
		t.Fatal(r)
	}
	// Two tabs complete at once: one does.
	phone := w.phone()
	if r := w.confirm(phone.Code()); r != nidan.OK {
		t.Fatal(r)
	}
	if n := atOnce(8, func(int) bool {
		c := *w
		return c.complete() == nidan.OK
	}); n != 1 {
		t.Errorf("a recovery was completed %d times", n)
	}
	p.Phone = phone

	for name, end := range map[string]func(t *testing.T, p *rig.Person, started mailtest.Mail){
		"cancelled from a notice": func(t *testing.T, p *rig.Person, started mailtest.Mail) {
			if page := o.Browser().Post(lead(t, started, nidan.TicketCancel)); page.Location != "/done/cancel" {
				t.Fatalf("cancel: %d", page.Status)
			}
		},
		"a reset of the password": func(t *testing.T, p *rig.Person, _ mailtest.Mail) { o.reset(t, p, "violet kettle under ice") },
		"it wasn't me": func(t *testing.T, p *rig.Person, _ mailtest.Mail) {
			if page := o.Browser().Post(lead(t, o.letter(p.Name, "not the code"), nidan.TicketNotMe)); page.Location != "/done/notme" {
				t.Fatalf("it wasn't me: %d", page.Status)
			}
		},
		"seven days": func(*testing.T, *rig.Person, mailtest.Mail) { o.Clock.Advance(7 * 24 * time.Hour) },
		"the account is deleted": func(t *testing.T, p *rig.Person, _ mailtest.Mail) {
			b := o.Browser()
			o.Clock.Advance(time.Minute)
			p.LogIn(b)
			o.Clock.Advance(30 * time.Second)
			out, err := o.Service().DeleteAccount(context.Background(), signedIn(t, b), nidan.NewSecret(p.Password), nidan.Answer{Authenticator: p.Way("totp"), Code: nidan.NewSecret(p.Phone.Code())}, nidan.From{})
			if err != nil || !out.Passed() {
				t.Fatal(out.Reason, err)
			}
		},
	} {
		p, _ := protected(t, o.Rig)
		o.ripens(t, p)
		started := o.letter(p.Name, "Account recovery has started")
		w, _ := o.walks(t, o.link(t, p), p.Password)
		o.Clock.Advance(time.Minute)
		unused := o.link(t, p)
		end(t, p, started)
		if out := o.opens(t, unused, p.Password); out.Reason != nidan.LinkDead {
			t.Errorf("after %s the link opens: %s", name, out.Reason)
		}
		if r := w.complete(); r == nidan.OK {
			t.Errorf("after %s the wizard completes", name)
		}
		if page := o.Browser().Get(unused); page.Status == http.StatusOK {
			t.Errorf("after %s the link's page opens", name)
		}
	}
}

// A mail scanner opens every link of a recovery, and presses nothing.
func TestF6ScannerOnRecovery(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := protected(t, o.Rig)
	o.ripens(t, p)
	link := o.link(t, p)
	o.settled()
	version := show(t, o.Rig, p).Version
	scanner := o.Browser()
	scanner.Header.Set("Sec-Fetch-Site", "")
	scanned := 0
	for _, m := range o.box.All() {
		for _, at := range m.Links() {
			path, ok := strings.CutPrefix(at, o.URL)
			if !ok {
				continue // the help of the brand
			}
			scanned++
			for _, method := range []string{"GET", "HEAD", "OPTIONS", "GET"} {
				if page := scanner.Do(method, path, "", nil); page.Header.Get("Set-Cookie") != "" {
					t.Errorf("%s of a link in %q sets a cookie", method, m.Subject)
				}
			}
		}
	}
	if scanned < 5 {
		t.Errorf("only %d links", scanned)
	}
	if v := show(t, o.Rig, p).Version; v != version {
		t.Error("opening links has changed the account")
	}
	if out := o.opens(t, link, p.Password); out.Reason != nidan.OK {
		t.Errorf("its reader's link: %s", out.Reason)
	}
}
