package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

var appLink = regexp.MustCompile(`href="(otpauth://[^"]+)"`)

// inApps demands a set-up page that names the entry as the app will: by what
// its QR code says.
func (b *browser) inApps(name string) {
	b.Helper()
	b.at(b.shown.path, http.StatusOK)
	m := appLink.FindStringSubmatch(b.shown.html)
	if m == nil {
		b.Fatalf("%s has no link for an app", b.shown.path)
	}
	u, err := url.Parse(html.UnescapeString(m[1]))
	if err != nil {
		b.Fatal(err)
	}
	if issuer := u.Query().Get("issuer"); issuer != name {
		b.Errorf("in apps it is called %q, not %q", issuer, name)
	}
	b.says("Name in the app: " + name + ", ")
}

// onSheets demands that the codes are those of name, on the page, which is what
// is printed, and in the file.
func (b *browser) onSheets(name string) {
	b.Helper()
	if want := "<h2>" + html.EscapeString(name) + "</h2>"; !strings.Contains(b.shown.html, want) {
		b.Errorf("%s has no %s", b.shown.path, want)
	}
	if file := b.answer(http.MethodGet, b.shown.path+"/file", ""); !strings.Contains(file, name+": ") {
		b.Errorf("the file does not name %s: %s", name, file)
	}
}

// TestTheEntryIsCalledAsInTheApp: the app calls an account that a product keeps
// by the product's name, and so does every page that tells of the entry.
func TestTheEntryIsCalledAsInTheApp(t *testing.T) {
	s := newHouse(t).shop()
	const shop, ours = "Tea & Cakes", "Example VPN"
	for name, p := range map[string]*person{shop: s.register("mina", "mina@example.com"), ours: s.join("nora@example.com")} {
		other := ours
		if name == ours {
			other = shop
		}
		led := func() *browser {
			t.Helper()
			s.pass(time.Minute)
			if name == shop {
				return s.led(p)
			}
			b := s.browser("192.0.2.1")
			b.logIn(p)
			if b.shown.path == "/login/second" {
				b.says("find “" + ours + "”")
				b.send("/login/second", "way", b.value("way"), "code", p.code(s.house))
			}
			return b
		}

		b := led()
		b.open("/security/on")
		b.send("/security/on", "method", "totp")
		if b.shown.path == "/security/on/mail" {
			b.send("/security/on/mail", "ticket", b.value("ticket"), "code", b.mailedCode(nidan.NoticeAddressCode))
		}
		b.inApps(name)
		b.read(p)
		b.saysNot(other)
		b.send("/security/on/scan", "ticket", b.value("ticket"), "code", "000000")
		b.at("/security/on/scan", http.StatusUnprocessableEntity)
		b.says("Name in the app: " + name + ", ")
		b.send("/security/on/scan", "ticket", b.value("ticket"), "code", p.code(s.house))
		b.onSheets(name)
		b.read(p)
		b.save()

		s.pass(time.Hour)
		b = led()
		way := b.appWay()
		s.pass(time.Minute)
		b.send("/security/methods/"+way+"/replace/totp", "way", way, "code", p.code(s.house), "password", p.password)
		b.inApps(name)
		b.read(p)
		b.send("/security/on/scan", "ticket", b.value("ticket"), "code", p.code(s.house))
		b.read(p)
		b.save()
		b.at("/security/methods/replaced", http.StatusOK)
		b.says("delete its entry “" + name + "”")

		way = b.appWay()
		s.pass(time.Minute)
		b.send("/security/codes", "way", way, "code", p.code(s.house), "password", p.password)
		b.at("/security/codes/new", http.StatusOK)
		b.onSheets(name)
		b.read(p)
		b.send("/security/codes/new", "ticket", b.value("ticket"), "saved", "yes")

		second := s.browser("192.0.2.1")
		if name == shop {
			second.send(s.link(p, nidan.HandoverSettings, nidan.LevelAAL2))
		} else {
			second.logIn(p)
		}
		second.says("find “" + name + "”")
		second.saysNot(other)
		second.open("/login/second?way=" + wayOf(second, "Use a backup code"))
		second.send("/login/second", "way", second.value("way"), "code", p.codes[0])
		second.at("/security/code", http.StatusOK)
		second.onSheets(name)

		s.pass(time.Minute)
		b.send(offPath, "way", b.appWay(), "code", p.code(s.house), "password", p.password)
		b.at("/security/off/done", http.StatusOK)
		b.says("remove “" + name + "” from your authenticator app")
	}
}

// TestTheEntryOfARecovery: nobody is logged in where it ends, and the page
// knows all the same what the app will show.
func TestTheEntryOfARecovery(t *testing.T) {
	s := newHouse(t).shop()
	recovers := func(b *browser, name string) {
		t.Helper()
		b.at("/recover/method", http.StatusOK)
		b.send("/recover/method", "ticket", b.value("ticket"), "method", "totp")
		b.inApps(name)
		key := &person{key: b.holds().Handout.Key}
		b.send("/recover/scan", "ticket", b.value("ticket"), "code", key.code(s.house))
		b.at("/recover/codes", http.StatusOK)
		b.onSheets(name)
	}
	p := s.protected("mina", "mina@example.com")
	b := s.browser("192.0.2.1")
	at := s.ripeLink(b, p)
	b.open(at)
	b.send(at)
	recovers(b, "Tea & Cakes")
	ours := s.protect("nora@example.com", "totp")
	s.pass(time.Hour)
	at = s.ripen(ours)
	b = s.browser("192.0.2.2")
	b.cookies[ledCookie] = "yes" // of another account, which a product keeps
	b.open(at)
	b.send(at, "password", ours.password)
	recovers(b, "Example VPN")
}
