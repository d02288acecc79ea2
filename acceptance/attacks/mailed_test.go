package attacks

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/mail/mailtest"
)

// A post is a program with a mail server, and every mailbox there is: what a
// thief of one would see of it.
type post struct {
	*rig.Rig
	box  *rig.Mailbox
	db   *sql.DB
	read map[string]int
}

func withMail(t *testing.T, options ...rig.Option) *post {
	t.Helper()
	option, box := rig.Mailed(t)
	r := rig.New(t, append([]rig.Option{option}, options...)...)
	return &post{Rig: r, box: box, db: stolen(t, r), read: make(map[string]int)}
}

// letter is the next one to an address that is about something, in whatever
// order they come. What it carries is remembered as a secret.
func (o *post) letter(to, about string) mailtest.Mail {
	o.T.Helper()
	seen := o.read[to+" "+about]
	o.read[to+" "+about]++
	for n := 1; ; {
		mails := o.box.Wait(o.T, to, n)
		at := 0
		for _, m := range mails {
			if !strings.Contains(m.Subject, about) {
				continue
			}
			if at++; at <= seen {
				continue
			}
			for _, link := range m.Links() {
				if _, ticket, ok := strings.Cut(link, "/nt_"); ok {
					o.Secret("a mailed link", "nt_"+ticket)
				}
			}
			return m
		}
		n = len(mails) + 1
	}
}

// lead is the path of a mail's link for a purpose.
func lead(t testing.TB, m mailtest.Mail, purpose nidan.TicketPurpose) string {
	t.Helper()
	for _, link := range m.Links() {
		if u, err := url.Parse(link); err == nil && strings.HasPrefix(u.Path, "/"+string(purpose)+"/") {
			return u.Path
		}
	}
	t.Fatalf("%q has no link for %s: %q", m.Subject, purpose, m.Links())
	return ""
}

// ticketOf is what a link's path ends with.
func ticketOf(path string) nidan.Secret {
	return nidan.NewSecret(path[strings.LastIndexByte(path, '/')+1:])
}

// settled waits until everything that is due was sent or given up, and what
// follows from it is stored.
func (o *post) settled() {
	o.T.Helper()
	// What is queued wakes the one who sends: also this, for nobody.
	if out, err := o.Service().AskLink(context.Background(), nidan.TicketReset, "nobody@example.net", nidan.From{Network: o.Name()}); err != nil || !out.Passed() {
		o.T.Fatal(out.Reason, err)
	}
	o.await("the queue is empty", func() bool {
		now := o.Clock.Wall()
		// What is on its way is leased for five minutes, from a moment that may
		// have passed since.
		return number(o.T, o.db, `SELECT count(*) FROM nidan_outbox WHERE cause = '' AND (due <= $1 OR tries > 0 AND due <= $2)`, now.UnixMicro(), now.Add(5*time.Minute).UnixMicro()) == 0
	})
}

// tried waits until everything that is due was tried, and was taken or put off.
func (o *post) tried() {
	o.T.Helper()
	o.await("everything was tried", func() bool {
		now := o.Clock.Wall()
		return number(o.T, o.db, `SELECT count(*) FROM nidan_outbox WHERE cause = '' AND (due <= $1 OR due = $2)`, now.UnixMicro(), now.Add(5*time.Minute).UnixMicro()) == 0
	})
}

// await asks until something has come about.
func (o *post) await(what string, ask func() bool) {
	o.T.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !ask(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			o.T.Fatalf("it did not come about that %s", what)
		}
	}
}

// mails counts what has come to an address.
func (o *post) mails(to, about string) int {
	n := 0
	for _, m := range o.box.All() {
		if m.EnvelopeTo == to && strings.Contains(m.Subject, about) {
			n++
		}
	}
	return n
}

// stranger is what somebody else is to the rules.
func stranger(b *rig.Browser) nidan.From {
	return nidan.From{
		Network: "192.0.2.77", Address: "192.0.2.77", Browser: "Firefox on Linux", Language: "en",
		Cookie: nidan.NewSecret(b.Cookie("browser")), Remembered: nidan.NewSecret(b.Cookie("remembered")),
	}
}

// signingIn is the open sign-in of a browser.
func signingIn(t testing.TB, b *rig.Browser) nidan.PendingToken {
	t.Helper()
	tok, ok := nidan.ParsePending(b.Cookie("pending"))
	if !ok {
		t.Fatal("no sign-in is open")
	}
	return tok
}

// signedIn is the session of a browser.
func signedIn(t testing.TB, b *rig.Browser) nidan.SessionToken {
	t.Helper()
	tok, ok := nidan.ParseSession(b.Cookie("session"))
	if !ok {
		t.Fatal("nobody is logged in")
	}
	return tok
}

// byMail makes an account whose one method is the e-mail code.
func (o *post) byMail(t *testing.T) (*rig.Person, *rig.Browser) {
	t.Helper()
	p, b := person(t, o.Rig), o.Browser()
	p.LogIn(b)
	at := b.Post("/security/on", "method", "mail").Location
	if page := b.Post(at, "ticket", b.Hash("setup"), "code", o.letter(p.Name, "to turn the e-mail code on").Code()); page.Location != "/security/on/codes" {
		t.Fatalf("the number for the set-up: %d %s", page.Status, page.Text())
	}
	p.Codes = o.ReadCodes(b.Get("/security/on/codes"))
	if page := b.Post("/security/on/codes", "ticket", b.Hash("setup"), "saved", "yes"); page.Location != "/security/on/done" {
		t.Fatalf("complete: %d", page.Status)
	}
	o.Clock.Advance(2 * time.Minute)
	return p, b
}

// reset sets a password by a link that was mailed to a person.
func (o *post) reset(t *testing.T, p *rig.Person, password string) *rig.Browser {
	t.Helper()
	b := o.Browser()
	b.Post("/forgot", "login", p.Name)
	if page := b.Post(lead(t, o.letter(p.Name, "Reset your password"), nidan.TicketReset), "password", o.Secret("a password", password)); page.Location != "/login?password" {
		t.Fatalf("reset: %d %s", page.Status, page.Text())
	}
	p.Password = password
	return b
}

// second gives an account another address.
func (o *post) second(t *testing.T, p *rig.Person, b *rig.Browser, address string, recovers bool) {
	t.Helper()
	ans := nidan.Answer{}
	if show(t, o.Rig, p).Protected.IsZero() {
		p.LogIn(b)
	} else {
		o.Clock.Advance(30 * time.Second)
		ans = nidan.Answer{Authenticator: p.Way("totp"), Code: nidan.NewSecret(p.Phone.Code())}
	}
	out, err := o.Service().BeginSecond(context.Background(), signedIn(t, b), address, recovers, nidan.NewSecret(p.Password), ans, stranger(b))
	if err != nil || !out.Passed() {
		t.Fatalf("second address: %s %v", out.Reason, err)
	}
	if page := o.Browser().Post(lead(t, o.letter(address, "Confirm your second address"), nidan.TicketSecond)); page.Location != "/done/second" {
		t.Fatalf("second address: %d", page.Status)
	}
}
