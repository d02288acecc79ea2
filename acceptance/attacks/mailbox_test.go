package attacks

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// An address counts as its holder's by their own word.
func TestA7AddressIsNotProven(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := protected(t, o.Rig)
	_, b := protected(t, o.Rig) // it asks everything of everything, and does not outlive that
	ctx, mine := context.Background(), "mine@example.net"
	// No form has a field that says so.
	for _, x := range routes(t, o.Rig) {
		if x.Method == http.MethodPost && x.Pattern != "/logout" && !strings.Contains(x.Pattern, "end-all") {
			b.Clone().Post(path(x), "login", mine, "address", mine, "email", mine, "verified", "yes", "proven", "yes", "email_verified", "true")
		}
	}
	if v, err := o.Service().Show(ctx, mine); err == nil {
		t.Fatalf("an account has the address: %+v", v)
	}
	// Asked for with both steps, it is nobody's before the button behind the
	// link that went there.
	o.Clock.Advance(time.Minute)
	b = o.Browser()
	p.LogIn(b)
	o.Clock.Advance(30 * time.Second)
	out, err := o.Service().BeginAddress(ctx, signedIn(t, b), mine, nidan.NewSecret(p.Password), nidan.Answer{Authenticator: p.Way("totp"), Code: nidan.NewSecret(p.Phone.Code())}, stranger(b))
	if err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	asked := o.letter(p.Name, "A change of your address was asked for")
	link := lead(t, o.letter(mine, "Confirm your new address"), nidan.TicketAddress)
	if page := o.Browser().Get(link); page.Status != http.StatusOK || strings.Contains(page.Body, p.Name) {
		t.Errorf("its page: %d, or it names the account to whoever reads the new address", page.Status)
	}
	if page := o.Browser().Post("/login", "login", mine, "password", p.Password); page.Location != "" {
		t.Errorf("an address that is not proven logs in: %q", page.Location)
	}
	o.Browser().Post("/forgot", "login", mine)
	o.settled()
	if n := o.mails(mine, "Reset"); n != 0 {
		t.Error("a reset goes to an address that is not proven")
	}
	if strings.Contains(asked.Text, mine) || !strings.Contains(asked.Text, nidan.Mask(mine)) {
		t.Error("the old address is told of the new one in full, or not at all")
	}
	// "It wasn't me" at the old address ends it.
	if page := o.Browser().Post(lead(t, asked, nidan.TicketNotMe)); page.Location != "/done/notme" {
		t.Fatalf("it wasn't me: %d", page.Status)
	}
	if page := o.Browser().Post(link); page.Status != http.StatusGone {
		t.Errorf("the link works after that: %d", page.Status)
	}
}

// Somebody registers another's address, or adds it to their own account, and
// waits for its owner.
func TestA8RegisteredBefore(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	victim := o.Name()
	evil, word := o.Browser(), o.Secret("a password", "violet kettle under ice")
	evil.Post("/register", "login", victim)
	first := lead(t, o.letter(victim, "create the account"), nidan.TicketRegister)
	if page := evil.Post("/login", "login", victim, "password", word); page.Location != "" {
		t.Errorf("an address that is not proven logs in: %q", page.Location)
	}
	// Another one has it as a second address, not confirmed.
	m, b := person(t, o.Rig), o.Browser()
	m.LogIn(b)
	out, err := o.Service().BeginSecond(context.Background(), signedIn(t, b), victim, false, nidan.NewSecret(m.Password), nidan.Answer{}, stranger(b))
	if err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	// The owner comes.
	mine := o.Browser()
	mine.Post("/register", "login", victim)
	link := lead(t, o.letter(victim, "create the account"), nidan.TicketRegister)
	if page := mine.Post(link, "password", o.Secret("a password", "nine mares and a stone wall")); page.Location != "/login?account" {
		t.Fatalf("registration: %d", page.Status)
	}
	if page := evil.Post(first, "password", word); page.Status != http.StatusGone {
		t.Errorf("the link asked for before makes an account over it: %d", page.Status)
	}
	if page := evil.Post("/login", "login", victim, "password", word); page.Location != "" || loggedIn(evil) {
		t.Errorf("who asked before is in: %q", page.Location)
	}
	if page := mine.Post("/login", "login", victim, "password", "nine mares and a stone wall"); page.Location != "/security" {
		t.Errorf("the owner: %d to %q", page.Status, page.Location)
	}
	if v, err := o.Service().Show(context.Background(), victim); err != nil || len(v.Authenticators) != 0 || v.KnownBrowsers > 1 {
		t.Errorf("the new account has %d authenticators and knows %d browsers, %v", len(v.Authenticators), v.KnownBrowsers, err)
	}
	// An address that somebody has cannot be taken over by a change of another's.
	out, err = o.Service().BeginAddress(context.Background(), signedIn(t, b), victim, nidan.NewSecret(m.Password), nidan.Answer{}, stranger(b))
	if err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	if told := o.letter(victim, "You have an account already"); strings.Contains(told.Text, "/address/") {
		t.Error("a link to take over an address that is taken")
	}
}

// One mailbox is counted twice: it sets the password and gets the number.
func TestB6OneChannelTwice(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := o.byMail(t)
	o.reset(t, p, "violet kettle under ice")
	o.Clock.Advance(2 * time.Minute)
	b := o.Browser()
	if page := p.First(b); page.Location != "/login/second" && page.Location != "/login/lost" {
		t.Fatalf("the password leads to %q", page.Location)
	}
	o.settled()
	sent := o.mails(p.Name, "Your log-in code")
	way := p.Way("mail")
	if page := b.Post("/login/second/send", "way", way); page.Status == http.StatusSeeOther {
		t.Error("a number is mailed for a second step that proves nothing")
	}
	for _, code := range []string{"00000000", "12345678"} {
		if page := b.Post("/login/second", "way", way, "code", code); page.Status == http.StatusSeeOther || !page.SaysReason(nidan.SameMailbox) {
			t.Errorf("the e-mail code behind a mailed password: %d %s", page.Status, page.Text())
		}
	}
	o.settled()
	if n := o.mails(p.Name, "Your log-in code"); n != sent {
		t.Error("a number was mailed")
	}
	// A remembered browser, which the same mailbox made, is no way round.
	q, _ := o.byMail(t)
	c := o.Browser()
	q.First(c)
	if page := c.Post("/login/second", "way", q.Way("mail"), "code", o.letter(q.Name, "Your log-in code").Code(), "remember", "yes"); page.Location != "/security" {
		t.Fatal(page.Status)
	}
	kept := o.Browser()
	kept.SetCookie("remembered", c.Cookie("remembered"))
	o.reset(t, q, "violet kettle over ice")
	if q.First(kept); kept.Cookie("session") != "" {
		t.Error("a remembered browser passes behind a mailed password")
	}
	// A number mailed before the reset neither.
	x, _ := o.byMail(t)
	d := o.Browser()
	x.First(d)
	number := o.letter(x.Name, "Your log-in code").Code()
	o.reset(t, x, "violet kettle in the ice")
	for _, who := range []*rig.Browser{d, again(o.Rig, x)} {
		if who.Post("/login/second", "way", x.Way("mail"), "code", number); who.Cookie("session") != "" {
			t.Error("a number of before the reset logs in")
		}
	}
	// Another channel is, and clears it.
	e := again(o.Rig, p)
	if p.Backup(e, p.Codes[0]); e.Cookie("session") == "" {
		t.Fatal("a backup code does not log in")
	}
	o.Clock.Advance(time.Hour)
	f := again(o.Rig, p)
	if page := f.Post("/login/second", "way", way, "code", o.letter(p.Name, "Your log-in code").Code()); page.Location != "/security" {
		t.Errorf("after a log-in with a backup code: %d %s", page.Status, page.Text())
	}
}

// Few guesses each against many accounts: every owner is told, once an hour.
func TestC7EveryOwnerIsTold(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	var people []*rig.Person
	for range 8 {
		p, _ := protected(t, o.Rig)
		people = append(people, p)
	}
	for i, p := range people {
		b := again(o.Rig, p)
		for range i % 4 { // none: it is left at the code
			p.Second(b, p.Phone.Wrong())
		}
		again(o.Rig, p)
	}
	o.settled()
	o.Clock.Advance(11 * time.Minute)
	o.settled()
	for _, p := range people {
		if n := o.mails(p.Name, "Your password was entered, but not the code"); n != 1 {
			t.Errorf("%d mails to one owner", n)
		}
	}
}

// A mail goes to an address that the request chose.
func TestF4MailGoesToTheStoredAddress(t *testing.T) {
	t.Parallel()
	o := withMail(t, rig.BehindProxy)
	p := person(t, o.Rig)
	local, domain, _ := strings.Cut(p.Name, "@")
	evil := "evil@example.net"
	shape := []string{
		"login=" + p.Name + "&login=" + evil, "login[]=" + p.Name + "&login[]=" + evil, "login=" + p.Name + "&email=" + evil + "&to=" + evil,
		"login=" + p.Name + "," + evil, "login=" + p.Name + ";" + evil, "login=" + p.Name + "%20" + evil, "login=" + p.Name + "%0d%0aBcc:%20" + evil,
		"login=" + p.Name + "%0a" + evil, "login=" + p.Name + "%00" + evil, "login=" + p.Name + "%250a" + evil, "login=%3C" + p.Name + "%3E%2C" + evil, "login=%22" + p.Name + "%22%20%3C" + evil + "%3E",
		"login=" + p.Name + "%3C!--" + evil, "login=" + local + "%EF%BC%A0" + domain, "login=" + local + "%40" + strings.Replace(domain, "e", "%D0%B5", 1), "login=" + local + "%40ex%C2%ADample.com",
		"login=" + local + "%40" + strings.Replace(domain, ".", "%E3%80%82", 1), "login=%E2%80%AE" + p.Name, "login=" + evil + "%40" + domain, "login=" + p.Name + "%7C" + evil,
	}
	n := 0
	ask := func(at, kind, body string) rig.Page {
		if n++; n%60 == 0 {
			o.Clock.Advance(time.Hour + time.Minute) // three an hour are mailed, whatever they were
		}
		return from(o.Rig, fmt.Sprintf("198.51.100.%d", n%250)).Do("POST", at, kind, strings.NewReader(body))
	}
	for _, at := range []string{"/forgot", "/register", "/browser"} {
		for _, body := range shape {
			page := ask(at, form, body)
			if page.Status != http.StatusSeeOther && page.Status != http.StatusUnprocessableEntity && page.Status != http.StatusBadRequest {
				t.Errorf("%s %s: %d", at, body, page.Status)
			}
			if page.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s %s: it sets a cookie", at, body)
			}
		}
		for kind, body := range map[string]string{
			"application/json":                   `{"login":["` + p.Name + `","` + evil + `"]}`,
			"text/plain":                         "login=" + p.Name,
			"multipart/form-data; boundary=x":    "--x\r\nContent-Disposition: form-data; name=\"login\"\r\n\r\n" + evil + "\r\n--x--\r\n",
			form + "; charset=utf-16":            "login=" + evil + "%2C" + p.Name,
			"application/x-www-form-urlencoded,": "login=" + evil,
		} {
			if page := ask(at, kind, body); page.Status == http.StatusSeeOther {
				t.Errorf("%s takes %s", at, kind)
			}
		}
	}
	// As another writes it, it goes to the address as it is stored.
	o.Clock.Advance(2 * time.Hour)
	for _, written := range []string{strings.ToUpper(p.Name), "  " + p.Name + "　"} {
		o.Browser().Post("/forgot", "login", written)
	}
	o.settled()
	similar := local + "@xn--xample-2of.com" // another domain, as far as the DNS is concerned
	for _, m := range o.box.All() {
		if m.EnvelopeTo == similar && m.To == "<"+similar+">" && strings.Contains(m.Subject, "create the account") {
			continue // whoever reads that mailbox may have an account
		}
		if m.EnvelopeTo != p.Name || m.To != p.Name && m.To != "<"+p.Name+">" {
			t.Errorf("%q goes to %q, and says to %q", m.Subject, m.EnvelopeTo, m.To)
		}
		if strings.Contains(m.Raw, "evil") || len(m.Header["Bcc"])+len(m.Header["Cc"]) > 0 {
			t.Errorf("%q has the other address in it", m.Subject)
		}
	}
	if o.mails(p.Name, "Reset") < 2 {
		t.Error("nothing was mailed at all")
	}

	// The second address is told of everything, and gets nothing that opens.
	b, second := o.Browser(), "elsewhere@example.net"
	o.second(t, p, b, second, false)
	o.Clock.Advance(2 * time.Hour)
	b.Post("/forgot", "login", p.Name)
	b.Post("/browser", "login", p.Name)
	c := o.Browser()
	p.LogIn(c)
	if out, err := o.Service().NotMe(context.Background(), signedIn(t, c), nidan.From{}); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	if mine := o.letter(p.Name, "It wasn't me"); lead(t, mine, nidan.TicketReset) == "" {
		t.Error("the owner gets no link for a new password")
	}
	o.letter(second, "It wasn't me")
	o.settled()
	for _, m := range o.box.All() {
		for _, opens := range []string{"/reset/", "/browser/", "/recovery/", "/register/", "/address/"} {
			if m.EnvelopeTo == second && strings.Contains(m.Text+m.HTML, opens) {
				t.Errorf("the second address gets %q with a link to %s", m.Subject, opens)
			}
		}
	}
}
