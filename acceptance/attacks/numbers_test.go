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
