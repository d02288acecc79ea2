package attacks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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
	out, err := o.Service().BeginSecond(context.Background(), signedIn(t, b), victim, true, nidan.NewSecret(m.Password), nidan.Answer{}, stranger(b))
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

// Several numbers live at once, or longer than they say.
func TestJ1NumbersOfOneSignIn(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := o.byMail(t)
	way := p.Way("mail")
	b := again(o.Rig, p)
	answer := func(b *rig.Browser, code string) bool {
		b.Post("/login/second", "way", way, "code", code)
		return b.Cookie("session") != ""
	}
	var codes []string
	codes = append(codes, o.letter(p.Name, "Your log-in code").Code())
	if page := b.Post("/login/second/send", "way", way); page.Status != http.StatusTooManyRequests || retryAfter(page) != 60 {
		t.Errorf("another at once: %d, %d s", page.Status, retryAfter(page))
	}
	for range 2 {
		o.Clock.Advance(time.Minute)
		b.Post("/login/second/send", "way", way)
		codes = append(codes, o.letter(p.Name, "Your log-in code").Code())
	}
	o.Clock.Advance(time.Minute)
	if page := b.Post("/login/second/send", "way", way); page.Status == http.StatusSeeOther {
		t.Error("a fourth number in one sign-in")
	}
	for i, code := range codes[:2] {
		if answer(b, code) {
			t.Fatalf("number %d of 3 works", i+1)
		}
	}
	if !answer(b, codes[2]) {
		t.Error("the newest does not work")
	}
	c := again(o.Rig, p)
	o.settled()
	if answer(c, codes[2]) {
		t.Error("a number works twice")
	}
	// Ten minutes, to the second; the sign-in ends with it.
	o.Clock.Advance(2 * time.Hour)
	d := again(o.Rig, p)
	code := o.letter(p.Name, "Your log-in code").Code()
	for code == codes[2] || c.Cookie("pending") == "" {
		code = o.letter(p.Name, "Your log-in code").Code() // of the sign-in c
	}
	late := d.Clone()
	o.Clock.Advance(10*time.Minute - time.Second)
	if page := late.Get("/login/second"); page.Status != http.StatusOK {
		t.Errorf("a second before: %d", page.Status)
	}
	o.Clock.Advance(time.Second)
	if answer(late, code) {
		t.Error("a number works after ten minutes")
	}
	// Five wrong ones use it up.
	o.Clock.Advance(2 * time.Hour)
	e := again(o.Rig, p)
	for range 5 {
		answer(e, "00000000")
	}
	fresh := again(o.Rig, p)
	if page := fresh.Get("/login/second"); page.Status != http.StatusOK {
		t.Fatalf("a new sign-in: %d", page.Status)
	}
}

// A number is used elsewhere than where it was asked for.
func TestJ2NumberOfAnother(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, b := o.byMail(t)
	q, _ := o.byMail(t)
	wayP, wayQ := p.Way("mail"), q.Way("mail")
	x := again(o.Rig, p)
	ofX := o.letter(p.Name, "Your log-in code").Code()
	o.Clock.Advance(time.Second)
	y := again(o.Rig, p)
	ofY := o.letter(p.Name, "Your log-in code").Code()
	z := again(o.Rig, q)
	ofZ := o.letter(q.Name, "Your log-in code").Code()
	enters := func(b *rig.Browser, way, code string) bool {
		b.Post("/login/second", "way", way, "code", code)
		return b.Cookie("session") != ""
	}
	switch {
	case ofX == ofY || ofX == ofZ || ofY == ofZ:
		t.Fatal("numbers are the same by chance")
	case enters(x.Clone(), wayP, ofY), enters(y.Clone(), wayP, ofX):
		t.Error("the number of one sign-in works in another")
	case enters(z.Clone(), wayQ, ofX), enters(x.Clone(), wayP, ofZ), enters(x.Clone(), wayQ, ofZ):
		t.Error("the number of another account works")
	}
	// Nor does a log-in's number confirm a change, or the other way round.
	if page := b.Post("/security/off", "password", p.Password, "way", wayP, "code", ofX); page.Location == "/security/off/done" {
		t.Error("a log-in's number turns it off")
	}
	o.Clock.Advance(time.Minute)
	if out, err := o.Service().SendCodeHere(context.Background(), signedIn(t, b), wayP, stranger(b)); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	here := o.letter(p.Name, "to confirm a change").Code()
	if enters(x.Clone(), wayP, here) {
		t.Error("the number of a change logs in")
	}
	if !enters(x, wayP, ofX) {
		t.Error("its own number does not work")
	}
	// And a session's number is not another session's.
	if page := x.Post("/security/off", "password", p.Password, "way", wayP, "code", here); page.Location == "/security/off/done" {
		t.Error("the number of one session turns it off in another")
	}
	if page := b.Post("/security/off", "password", p.Password, "way", wayP, "code", here); page.Location != "/security/off/done" {
		t.Errorf("its own: %d %s", page.Status, page.Text())
	}
}

// Somebody is flooded: by a stranger, and by who knows the password.
func TestJ3Flood(t *testing.T) {
	t.Parallel()
	o := withMail(t, rig.BehindProxy)
	p, owner := o.byMail(t)
	known := knownAs(o.Rig, owner)
	o.settled()
	begun := len(o.box.All())
	ask := func(n int) {
		for i := range n {
			b := from(o.Rig, fmt.Sprintf("198.51.100.%d", i))
			for _, at := range []string{"/forgot", "/register", "/browser"} {
				if page := b.Post(at, "login", p.Name); page.Status != http.StatusSeeOther {
					t.Fatalf("%s: %d", at, page.Status)
				}
			}
		}
		o.settled()
	}
	ask(20)
	if n := len(o.box.All()) - begun; n != 9 {
		t.Errorf("a stranger causes %d mails an hour", n)
	}
	// With the password, from everywhere: five an hour, ten a day.
	send := func(hours int) int {
		before := o.mails(p.Name, "Your log-in code")
		for range hours {
			for range 8 {
				b := again(o.Rig, p)
				o.settled() // what is on its way is leased, and a lease ends by the clock
				o.Clock.Advance(61 * time.Second)
				b.Post("/login/second/send", "way", p.Way("mail"))
				o.settled()
				o.Clock.Advance(61 * time.Second)
			}
			o.Clock.Advance(time.Hour)
		}
		o.settled()
		return o.mails(p.Name, "Your log-in code") - before
	}
	if n := send(1); n != 5 {
		t.Errorf("who has the password causes %d numbers an hour", n)
	}
	if n := send(4); n != 5 {
		t.Errorf("… and %d more within the day", n)
	}
	// The owner's browser has its own.
	p.First(known)
	if page := known.Get("/login/second"); page.Status != http.StatusOK {
		t.Fatal(page.Status)
	}
	o.settled()
	if n := o.mails(p.Name, "Your log-in code"); n == 0 || known.Post("/login/second", "way", p.Way("mail"), "code", o.last(p.Name, "Your log-in code")).Location != "/security" {
		t.Error("the owner gets no number")
	}
}

// last is the number of the last mail to an address that is about something.
func (o *post) last(to, about string) string {
	code := ""
	for _, m := range o.box.All() {
		if m.EnvelopeTo == to && strings.Contains(m.Subject, about) {
			code = m.Code()
		}
	}
	return code
}

// A number is read out to a page of somebody else's: the mail says whose it is,
// in a line that browsers read.
func TestJ4NumberNamesItsOrigin(t *testing.T) {
	t.Parallel()
	o := withMail(t, rig.BehindProxy)
	p, _ := o.byMail(t)
	b := o.Browser()
	b.Header.Set("X-Forwarded-Host", "evil.example")
	p.First(b)
	m := o.letter(p.Name, "Your log-in code")
	lines := strings.Split(m.Text, "\n")
	if got := lines[len(lines)-1]; got != "@login.example.com #"+m.Code() || len(m.Code()) != 8 {
		t.Errorf("the last line is %q", got)
	}
	if !strings.Contains(m.Text, "192.0.2.10") || !strings.Contains(m.Text, "Firefox") || !strings.Contains(m.Text, "Never") && !strings.Contains(m.Text, "never") {
		t.Errorf("it says neither where it was asked for nor to keep it: %s", m.Text)
	}
	for _, x := range m.Links() {
		if strings.Contains(x, "/nt_") {
			t.Error("a mail with a number has a link that does something")
		}
	}
	if strings.Contains(m.Subject, m.Code()) {
		t.Error("the number stands in the subject, which a locked screen shows")
	}
}

// Markup, line breaks and links are brought into mails by what people can
// choose: the name of an authenticator, the browser's own, headers.
func TestJ5TextIntoMails(t *testing.T) {
	t.Parallel()
	o := withMail(t, rig.BehindProxy)
	p, b := protected(t, o.Rig)
	const bait = "zqxbait"
	for _, name := range []string{"<a href=https://zqxbait.example>zqxbait</a>", "zqxbait\r\nBcc: zqxbait@example.net", "zqxbait\u202e{brand}", "{{.zqxbait}} %0d%0a"} {
		_, _ = o.Service().Rename(context.Background(), signedIn(t, b), p.Way("totp"), name, nidan.From{})
	}
	_, _ = o.Service().SetLanguage(context.Background(), signedIn(t, b), "zqxbait\r\nBcc: x", nidan.From{})
	evil := o.Browser()
	for h, v := range map[string]string{
		"User-Agent": "zqxbait <a href=\"https://zqxbait.example\">Firefox on Windows</a> zqxbait", "Accept-Language": "zqxbait, <b>zqxbait</b>", "Referer": "https://zqxbait.example/",
		"X-Forwarded-For": "zqxbait.example", "X-Forwarded-Host": "zqxbait.example", "Forwarded": "for=\"zqxbait\";host=zqxbait.example", "X-Real-Ip": "<zqxbait>", "From": "zqxbait@example.net",
	} {
		evil.Header.Set(h, v)
	}
	for _, at := range []string{"/forgot", "/register", "/browser"} {
		evil.Post(at, "login", p.Name)
		evil.Post(at, "login", "new"+p.Name)
	}
	p.First(evil)
	for range 3 {
		p.Second(evil, p.Phone.Wrong())
	}
	p.Backup(evil, p.Codes[1])
	if out, err := o.Service().NotMe(context.Background(), signedIn(t, evil), nidan.From{Browser: "zqxbait\r\nBcc: zqxbait", Address: "<zqxbait>"}); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	o.settled()
	all := o.box.All()
	for _, m := range all {
		if contains(m.Raw+m.Text+m.HTML+m.Subject, bait) {
			i := strings.Index(strings.ToLower(m.Raw+m.Text+m.HTML+m.Subject), bait)
			t.Errorf("%q has it: %q", m.Subject, (m.Raw + m.Text + m.HTML + m.Subject)[max(0, i-60):i+10])
		}
		for _, link := range m.Links() {
			if !strings.HasPrefix(link, "https://login.example.com/") && link != "https://example.com/help" {
				t.Errorf("%q has a link to %s", m.Subject, link)
			}
		}
		if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<img") {
			t.Errorf("%q has markup that loads or runs", m.Subject)
		}
	}
	if len(all) < 8 {
		t.Errorf("only %d mails", len(all))
	}
	if to := o.mailed(); !slices.Equal(to, []string{"new" + p.Name, p.Name}) {
		t.Errorf("mails went to %q", to)
	}
}

// mailed lists to whom mails have gone.
func (o *post) mailed() []string {
	var to []string
	for _, m := range o.box.All() {
		if !slices.Contains(to, m.EnvelopeTo) {
			to = append(to, m.EnvelopeTo)
		}
	}
	slices.Sort(to)
	return to
}
