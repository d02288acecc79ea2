package attacks

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/mail/mailtest"
	"github.com/nidan-auth/nidan/server"
)

// asked are the forms on which anybody asks for a link.
var asked = []string{"/forgot", "/register", "/browser"}

// A stranger asks for links, to learn whether an address has an account and in
// what state it is.
func TestP1SameBytesForEveryAddressAsked(t *testing.T) {
	t.Parallel()
	o := withMail(t, rig.BehindProxy)
	list := kinds(t, o.Rig)
	add := func(kind string, p *rig.Person) { list = append(list, name{kind, p.Name, p.Password}) }

	lost, _ := protected(t, o.Rig)
	o.starts(t, lost)
	add("with a recovery under way", lost)
	mailed, _ := o.byMail(t)
	add("with the e-mail code", mailed)
	gone, b := person(t, o.Rig), o.Browser()
	gone.LogIn(b)
	if out, err := o.Service().DeleteAccount(context.Background(), signedIn(t, b), nidan.NewSecret(gone.Password), nidan.Answer{}, nidan.From{}); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	add("deleted", gone)
	o.Clock.Advance(3 * time.Hour)

	sequence := func(i int, x name) []string {
		b := from(o.Rig, fmt.Sprintf("203.0.113.%d", i+1))
		var all []string
		say := func(p rig.Page) { all = append(all, seen(p, x.login)) }
		for _, at := range asked {
			say(b.Get(at))
			for range 5 { // three are mailed
				page := b.Post(at, "login", x.login)
				say(page)
				say(b.Get(page.Location))
			}
			say(b.Post(at, "login", strings.ToUpper(x.login), "x", "y"))
			say(b.Post(at, "login", x.login+" x"))
			say(b.Get(at + "?login=" + x.login))
			say(b.Do("HEAD", at, "", nil))
		}
		say(b.Post("/login", "login", x.login, "password", notIt))
		return all
	}
	var want []string
	for i, x := range list {
		got := sequence(i, x)
		if want == nil {
			want = got
		}
		for j := range got {
			if len(got) != len(want) || got[j] != want[j] {
				t.Errorf("answer %d to %q differs from that to %q:\n%s", j, x.kind, list[0].kind, firstDifference(got[j], want[j]))
			}
		}
	}
	// When the network has asked too much.
	full := from(o.Rig, "203.0.113.200")
	for range 100 {
		full.Post("/forgot", "login", list[0].login)
	}
	for _, at := range append(asked, "/login") {
		want := seen(full.Post(at, "login", list[0].login, "password", notIt), list[0].login)
		if !strings.HasPrefix(want, "429\n") {
			t.Errorf("%s: the network is never made to wait: %.3s", at, want)
		}
		for _, x := range list {
			if got := seen(full.Post(at, "login", x.login, "password", x.password), x.login); got != want {
				t.Errorf("%s for %q, when the network waits:\n%s", at, x.kind, firstDifference(got, want))
			}
		}
	}
	// What is stored of it is the same too: nobody's document.
	o.settled()
	for _, x := range list {
		about := map[string]int{"Reset your password": 3, "Make your browser known": 3, "create the account": 0, "You have an account already": 3}
		switch x.kind {
		case "unknown", "unknown, another", "deleted":
			about = map[string]int{"Reset your password": 0, "Make your browser known": 0, "create the account": 3, "You have an account already": 0}
		case "frozen, right password", "damaged, right password", "led to another account, its password", "led to another account, right password":
			continue // what they get is for an operator to mend
		}
		for subject, n := range about {
			if got := o.mails(x.login, subject); got != n {
				t.Errorf("%s: %d mails that say %q, not %d", x.kind, got, subject, n)
			}
		}
	}
}

// A stranger measures how long the answers take. The mail server is slow
// meanwhile, so that what is mailed takes no time from what is asked next.
//
// No slow hash hides anything here, and the rank test finds what reading one
// document costs, a tenth of a millisecond: who is named must not be looked up
// before the answer.
func TestP2SameTimeForEveryAddressAsked(t *testing.T) {
	o := withMail(t, rig.BehindProxy)
	const names = 200
	someone := o.Person()
	b := o.Browser()
	defer o.box.Stall(mailtest.Everybody)() // also whom the worker turns to when it has given these up
	for range 8 {                           // as many as are sent at a time
		slow := o.Name()
		if page := b.Post("/register", "login", slow); page.Status != http.StatusSeeOther {
			t.Fatal(page.Status)
		}
		o.box.Stalled(t, slow)
	}
	for _, at := range asked {
		known, unknown := copies(t, o.Rig, someone, names), make([]string, names)
		for i := range unknown {
			unknown[i] = o.Name()
		}
		if page := b.Post("/login", "login", known[names-1], "password", someone.Password); page.Location != "/security" {
			t.Fatalf("a known name is none: %d", page.Status)
		}
		tries := 0
		measure := func(login string) float64 {
			if tries++; tries%50 == 0 {
				o.Clock.Advance(time.Hour + time.Minute)
			}
			begin := time.Now()
			page := b.Post(at, "login", login)
			took := time.Since(begin)
			if page.Status != http.StatusSeeOther {
				t.Fatalf("status %d", page.Status)
			}
			return took.Seconds() * 1000
		}
		sameTime(t, at, func() (with, without []float64) {
			o.Clock.Advance(time.Hour + time.Minute)
			return inTurn(known, unknown, measure)
		})
	}
}

// Headers choose where the links of mails lead.
func TestR5LinksInMails(t *testing.T) {
	t.Parallel()
	o := withMail(t, rig.BehindProxy)
	p, _ := protected(t, o.Rig)
	for i, h := range []string{"X-Forwarded-Host", "X-Host", "X-Original-Host", "X-Forwarded-Server", "X-Forwarded-Prefix", "X-Original-Url", "Forwarded", "Referer", "X-Forwarded-Port"} {
		b := from(o.Rig, fmt.Sprintf("198.51.100.%d", i))
		b.Header.Set(h, "evil.example")
		if h == "Forwarded" {
			b.Header.Set(h, "host=evil.example;proto=http")
		}
		for _, at := range asked {
			o.Clock.Advance(time.Hour + time.Minute)
			if page := b.Post(at, "login", p.Name); page.Status != http.StatusSeeOther || strings.Contains(page.Location, "evil") {
				t.Errorf("%s with %s: %d to %q", at, h, page.Status, page.Location)
			}
			o.settled()
		}
	}
	for _, host := range []string{"evil.example", "login.example.com.evil.example", "login.example.com:8443", "LOGIN.EXAMPLE.COM."} {
		b := o.Browser()
		b.Header.Set("Host", host)
		for _, at := range asked {
			if page := b.Post(at, "login", p.Name); page.Status != http.StatusMisdirectedRequest {
				t.Errorf("%s for %q: %d", at, host, page.Status)
			}
		}
	}
	o.settled()
	all := o.box.All()
	if len(all) < 27 {
		t.Errorf("%d mails", len(all))
	}
	for _, m := range all {
		if strings.Contains(m.Raw+m.Text+m.HTML, "evil") {
			t.Errorf("%q names the other host", m.Subject)
		}
		for _, link := range m.Links() {
			if !strings.HasPrefix(link, "https://login.example.com/") && link != "https://example.com/help" {
				t.Errorf("%q leads to %s", m.Subject, link)
			}
		}
	}
}

// The demo's mailbox is read from another machine, by another site's page, or
// in the shipped program.
func TestR5MailboxOfTheDemo(t *testing.T) {
	t.Parallel()
	run := func(words ...string) *rig.Outside {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		data := filepath.Join(t.TempDir(), "data")
		words = append([]string{"nidan"}, append(words, "--data", data, "--listen", "127.0.0.1:0")...)
		return rig.NewOutside(t, data, "", func() *exec.Cmd {
			c := exec.Command(self)
			c.Env = append(os.Environ(), asProgram+"="+strings.Join(words, "\n"))
			return c
		})
	}
	demo := run("demo")
	who := "friend@example.com"
	demo.Browser().Post("/register", "login", who)
	address := strings.TrimPrefix(demo.URL, "http://")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(o *rig.Outside, method, at, host string, headers ...string) (int, string) {
		resp := raw(t, o.Rig, method+" "+at+" HTTP/1.1\r\nHost: "+host+"\r\n"+strings.Join(append(headers, "Connection: close"), "\r\n")+"\r\n\r\n")
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		if status, body := ask(demo, "GET", "/mailbox", address); status == http.StatusOK && strings.Contains(body, who) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the demo's mailbox does not show what was mailed")
		}
	}
	for _, host := range []string{"evil.example", "evil.example:" + port, "127.0.0.1.evil.example:" + port, "localhost.evil.example:" + port, "192.0.2.1:" + port, "0.0.0.0:" + port, "127.0.0.1@evil.example:" + port, ""} {
		for _, at := range []string{"/mailbox", "/mailbox?0", "http://" + address + "/mailbox"} {
			if strings.HasPrefix(at, "http") && host == "" {
				continue
			}
			status, body := ask(demo, "GET", at, host, "X-Forwarded-Host: 127.0.0.1:"+port)
			if strings.HasPrefix(at, "http") {
				continue // the address of the line is the host then, and no browser writes another
			}
			if status == http.StatusOK || strings.Contains(body, who) || strings.Contains(body, "nt_") {
				t.Errorf("%s for %q: %d", at, host, status)
			}
		}
	}
	for _, method := range []string{"POST", "DELETE", "OPTIONS", "PUT"} {
		if status, _ := ask(demo, method, "/mailbox", address, "Content-Length: 0"); status == http.StatusOK {
			t.Errorf("%s: %d", method, status)
		}
	}
	resp := raw(t, demo.Rig, "GET /mailbox HTTP/1.1\r\nHost: "+address+"\r\nOrigin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nConnection: close\r\n\r\n")
	for h, v := range map[string]string{"Access-Control-Allow-Origin": "", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if got := resp.Header.Get(h); got != v {
			t.Errorf("%s: %q", h, got)
		}
	}
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("its policy: %q", policy)
	}
	for _, at := range []string{"/mailbox/", "//mailbox", "/mailbox?99", "/mailbox?-1"} {
		if status, body := ask(demo, "GET", at, address); status == http.StatusOK {
			t.Errorf("%s: %d %.80s", at, status, body)
		}
	}
	// On no other address, and not in the program that serves.
	for _, words := range [][]string{{"--listen", "0.0.0.0:0"}, {"--public-url", "https://login.example.com"}, {"--tls-proxy", "127.0.0.0/8"}} {
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second) // should it run after all
		code := server.Main(ctx, server.Invocation{Args: append([]string{"nidan", "demo"}, words...), Stdout: io.Discard, Stderr: io.Discard})
		if stop(); code == 0 {
			t.Errorf("the demo runs with %q", words)
		}
	}
	serve := outside(t, "")
	if status, _ := ask(serve, "GET", "/mailbox", strings.TrimPrefix(serve.URL, "http://")); status != http.StatusNotFound {
		t.Errorf("the program that serves has a mailbox: %d", status)
	}
}
