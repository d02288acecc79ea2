package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// TestBothStepsByMail: where the second step is a mailed number, the page first
// sends it and asks for nothing else; then it asks for both.
func TestBothStepsByMail(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "mail")
	b := h.browser("192.0.2.1")
	h.pass(time.Hour)
	b.logIn(p)
	b.send("/login/second", "way", b.value("way"), "code", b.mailedCode(nidan.NoticeSignInCode))
	b.at("/security", http.StatusOK)
	for _, at := range []string{"/security/off", "/security/codes", "/security/password", "/security/delete", "/security/address"} {
		b.open(at)
		b.says("We mail an 8-digit code to m•••@example.com", "together with your password", "Send the code", "Use a backup code")
		if strings.Contains(b.shown.html, `type="password"`) {
			t.Errorf("%s asks before the number is on its way", at)
		}
	}
	b.open("/security/off")
	way := b.value("way")
	b.send("/security/off", "way", way, "send", "yes")
	b.at("/security/off", http.StatusOK)
	if b.shown.path != "/security/off?way="+way {
		t.Errorf("came back to %s", b.shown.path)
	}
	b.says("Sent to m•••@example.com at 15:05 UTC", "enter the password again too")
	b.send("/security/off", "way", way, "send", "yes")
	b.at("/security/off", http.StatusTooManyRequests)
	b.focused("send")
	code := b.mailedCode(nidan.NoticeConfirmCode)
	b.send("/security/off", "way", way, "password", "not the password", "code", code)
	b.focused("password")
	if b.value("code") != code {
		t.Error("the number has to be typed again")
	}
	b.send("/security/off", "way", way, "password", p.password, "code", "00000000")
	b.says("Use the newest mail, sent at 15:05 UTC")
	b.focused("code")
	b.send("/security/off", "way", way, "password", p.password, "code", code)
	b.at("/security/off/done", http.StatusOK)
}

// TestTheClockIsMatched: two codes in a row, once in by another way.
func TestTheClockIsMatched(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.pass(time.Hour)
	late := *p
	ahead := func(d time.Duration) string {
		h.clock.since += d
		defer func() { h.clock.since -= d }()
		return late.code(h)
	}
	b := h.browser("192.0.2.1")
	b.logIn(p)
	b.send("/login/second", "way", b.value("way"), "code", ahead(90*time.Second))
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.open("/login/second?way=" + wayOf(b, "Use a backup code"))
	b.send("/login/second", "way", b.value("way"), "code", p.codes[1])
	b.open("/security")
	b.says("A code from your app did not match, and you came in another way")
	b.follow("Match the clock")
	b.at("/security/methods/resync", http.StatusOK)
	way := b.value("way")
	b.send("/security/methods/resync", "way", way, "code", "000000", "next", "111111")
	b.at("/security/methods/resync", http.StatusUnprocessableEntity)
	b.says("These two codes did not match")
	b.focused("code")
	b.send("/security/methods/resync", "way", way, "code", ahead(8*time.Minute), "next", ahead(8*time.Minute+30*time.Second))
	b.says("Your phone's clock is about 9 minutes ahead. Set its time to automatic")
	b.send("/security/methods/resync", "way", way, "code", ahead(0), "next", ahead(30*time.Second))
	b.at("/security/methods", http.StatusOK)
	b.says("The clock is matched.")
	b.open("/security")
	b.saysNot("did not match, and you came in")

	h.pass(10 * time.Minute) // the password is not fresh any more
	b.open("/security/methods/resync")
	b.says("Password")
	b.send("/security/methods/resync", "way", way, "code", ahead(0), "next", ahead(30*time.Second))
	b.focused("password")
	b.send("/security/methods/resync", "way", way, "password", "not the password", "code", ahead(0), "next", ahead(30*time.Second))
	b.says("That password is not right")
}

// TestBrowsersAreForgotten: remembered ones are listed, and ask again when they
// are told to.
func TestBrowsersAreForgotten(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.browser("192.0.2.1")
	b.logIn(p)
	h.pass(time.Minute)
	b.send("/login/second", "way", b.value("way"), "code", p.code(h), "remember", "yes")
	b.follow("Browsers")
	b.says("Remembered browsers", "Firefox on Windows this browser No code until 22 December 2026, 14:06 UTC", "192.0.2.1")
	other := h.in(p)
	other.open("/security/browsers")
	other.send("/security/sessions/end", "id", other.value("id"))
	other.at("/security/browsers", http.StatusOK)
	other.says("That browser is logged out.")
	b.open("/security")
	b.at("/login", http.StatusOK)
	b.logIn(p)
	b.at("/security", http.StatusOK) // remembered

	other.open("/security/browsers")
	id := regexp.MustCompile(`action="/security/browsers/forget"><input type="hidden" name="id" value="([^"]*)"`).FindStringSubmatch(other.shown.html)[1]
	other.send("/security/browsers/forget", "id", id)
	other.says("From the next log-in the code is asked there again.", "None. At log-in you can tick")
	b.send("/logout")
	b.logIn(p)
	b.at("/login/second", http.StatusOK)
}

// TestTheAddressIsChanged by a link to the new one; the old one is told, and the
// page is the same whoever has the new one.
func TestTheAddressIsChanged(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	taken := h.join("taken@example.com")
	b := h.in(p)
	b.follow("Your account")
	b.open("/security/address")
	b.both(p, "item", "no address")
	b.at("/security/address", http.StatusUnprocessableEntity)
	b.focused("item")
	if b.value("item") != "no address" {
		t.Error("what was typed is gone")
	}
	b.both(p, "item", p.name)
	b.says("This address belongs to your account already")
	b.both(p, "item", taken.name)
	b.at("/security/address/sent", http.StatusOK)
	same := b.shown.text()
	if n := h.mailed(nidan.NoticeHasAccount); n.To != taken.name {
		t.Error(n.To)
	}
	b.open("/security/address")
	b.both(p, "item", "new@example.com")
	b.at("/security/address/sent", http.StatusOK)
	minute := regexp.MustCompile(`\d\d:\d\d UTC`)
	if now := b.shown.text(); minute.ReplaceAllString(now, "") != minute.ReplaceAllString(same, "") {
		t.Errorf("a taken address is told from others:\n%s\n%s", same, now)
	}
	if n := h.mailed(nidan.NoticeAddressAsked); n.To != p.name {
		t.Error(n.To)
	}
	b.send(linkTo(h.mailed(nidan.NoticeAddressLink).Link))
	b.open("/security")
	b.at("/login", http.StatusOK)
	p.name = "new@example.com"
	h.in(p).says("new@example.com")
}

func TestTheSecondAddress(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.in(p)
	b.open("/security/account")
	b.says("Second address None")
	b.follow("Add")
	ask := func(password string) {
		h.pass(time.Minute)
		b.send("/security/second", "item", "other@example.org", "box", "yes", "password", password, "way", b.value("way"), "code", p.code(h))
	}
	ask("not the password")
	b.focused("password")
	if b.value("item") != "other@example.org" || !strings.Contains(b.shown.html, `value="yes" checked`) {
		t.Error("what was entered is gone")
	}
	ask(p.password)
	b.at("/security/second/sent", http.StatusOK)
	b.send(linkTo(h.mailed(nidan.NoticeSecondLink).Link))
	h.mailed(nidan.NoticeSecondRecovers)
	b.open("/security/account")
	b.says("Second address o•••@example.org", "it may be used for account recovery")
	b.follow("Remove")
	h.pass(time.Minute)
	b.send("/security/second/remove", "password", p.password, "way", b.value("way"), "code", p.code(h))
	b.says("The second address is removed.", "Second address None")
}

// Behind a password alone a second address hears the notices and no more, and
// goes when two-step verification is turned on.
func TestTheSecondAddressOfAPassword(t *testing.T) {
	h := newHouse(t)
	p := h.join("mina@example.com")
	b := h.in(p)
	b.open("/security/second")
	if strings.Contains(b.shown.html, `name="box"`) {
		t.Error("a recovery may end there")
	}
	b.send("/security/second", "item", "other@example.org", "box", "yes", "password", p.password)
	b.at("/security/second", http.StatusUnprocessableEntity)
	b.send("/security/second", "item", "other@example.org", "password", p.password)
	b.at("/security/second/sent", http.StatusOK)
	b.send(linkTo(h.mailed(nidan.NoticeSecondLink).Link))
	b.open("/security/account")
	b.says("Second address o•••@example.org")
	b.follow("Remove")
	b.says("Our notices will no longer go to o•••@example.org")
	b.send("/security/second/remove", "password", p.password)
	b.at("/security/account", http.StatusOK)
	b.says("The second address is removed.", "Second address None")
	b.open("/security/second/remove")
	b.at("/security/second/remove", http.StatusNotFound)
}

// TestThePasswordIsChanged: this session goes on, others end.
func TestThePasswordIsChanged(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b, other := h.in(p), h.in(p)
	b.open("/security/password")
	b.says("At least 15 characters", "6-digit code")
	b.both(p, "chosen", "too short")
	b.at("/security/password", http.StatusUnprocessableEntity)
	b.says("That password is too short. Use at least 15 characters")
	b.focused("chosen")
	b.both(p, "chosen", otherPassword)
	b.at("/security/account", http.StatusOK)
	b.says("The password is changed. Other browsers were logged out.")
	other.open("/security")
	other.at("/login", http.StatusOK)
	h.mailed(nidan.NoticePasswordChanged)
	p.password = otherPassword
	h.in(p)
}

// TestTheAccountIsDeleted: after that nothing opens, and the page that says so
// knows nobody.
func TestTheAccountIsDeleted(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.in(p)
	b.open("/security/delete")
	b.says("The account mina@example.com is erased at once and cannot be brought back.", "Keep the account")
	b.send("/security/delete", "password", p.password, "way", b.value("way"), "code", "000000")
	b.focused("code")
	b.linkOf("Are its codes refused? Match the clock")
	b.both(p)
	b.at("/done/deleted", http.StatusOK)
	b.saysNot("mina")
	for _, name := range []string{sessionCookie, browserCookie, rememberedCookie} {
		if _, kept := b.cookies[name]; kept {
			t.Errorf("%s is kept", name)
		}
	}
	b.logIn(p)
	b.says("That address or password is not right")
}

// TestTheBanner: while a recovery is under way every page of a session says so,
// and one press ends it.
func TestTheBanner(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.in(p)
	stranger := h.browser("198.51.100.23")
	stranger.logIn(p)
	stranger.send("/login/recovery")
	for _, at := range []string{"/security", "/security/methods", "/security/account", "/security/off", "/security/notme"} {
		b.open(at)
		if !strings.Contains(b.shown.html, `class="banner"`) || !strings.Contains(b.shown.html, "198.51.100.23") || !strings.Contains(b.shown.html, "23 November 2026, 14:06 UTC") {
			t.Errorf("%s says nothing of the recovery", at)
		}
	}
	b.open("/security?recovery")
	b.saysNot("The recovery is cancelled.")
	b.send("/security/recovery/cancel")
	b.at("/security", http.StatusOK)
	b.says("The recovery is cancelled.")
	if strings.Contains(b.shown.html, `class="banner"`) {
		t.Error("it is still under way")
	}
	h.mailed(nidan.NoticeRecoveryGone)
	b.send("/security/recovery/cancel")
	b.at("/security", http.StatusOK)
}

// TestItWasNotMe: the page says what the button does, and only the button does
// it.
func TestItWasNotMe(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b, other := h.in(p), h.in(p)
	b.follow("It wasn't me")
	b.at("/security/notme", http.StatusOK)
	b.says("this one too", "Your present password stops working", "Your methods and backup codes stay as they are")
	other.open("/security")
	other.at("/security", http.StatusOK)
	b.send("/security/notme")
	b.at("/done/notme", http.StatusOK)
	if _, kept := b.cookies[sessionCookie]; kept {
		t.Error("the session's cookie is kept")
	}
	for _, x := range []*browser{b, other} {
		x.open("/security")
		x.at("/login", http.StatusOK)
	}
	b.logIn(p)
	b.says("That address or password is not right")
	b.open(linkTo(h.mailed(nidan.NoticeNotMe).Link))
	b.says("Set a new password")
}

// TestTheLanguageIsKept: in the account too, so that mails speak it.
func TestTheLanguageIsKept(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.in(p)
	b.open("/security/account")
	b.send("/language", "language", "ja", "at", "/security/account")
	b.at("/security/account", http.StatusOK)
	b.says("画面とメールの言語です。")
	if !strings.Contains(b.shown.html, `<span class="pill" lang="ja" aria-current="true">日本語</span>`) {
		t.Error("the account does not know")
	}
	b.send("/security/notme")
	if n := h.mailed(nidan.NoticeNotMe); n.Language != "ja" {
		t.Errorf("the mail speaks %s", n.Language)
	}
	h.browser("192.0.2.9").send("/language", "language", "ko", "at", "/login") // by nobody
}

// TestNothingIsOfferedWithoutMail: what needs a mail is not there.
func TestNothingIsOfferedWithoutMail(t *testing.T) {
	h := newHouse(t, func(s *nidan.Config, c *Config) { s.Mails, c.Features = false, nil })
	p := h.join("mina@example.com")
	b := h.in(p)
	b.open("/security/account")
	b.says("mina@example.com", "Password", "Delete the account")
	b.saysNot("Second address")
	for _, at := range []string{"/security/address", "/security/second"} {
		b.open(at)
		b.at(at, http.StatusNotFound)
	}
	b.open("/security/notme")
	b.says("Support can send you a link for a new one: help@example.com")
}

// TestLookingChangesNothing: no page of a session writes by being looked at.
func TestLookingChangesNothing(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.another(p, "mail")
	b := h.in(p)
	b.open("/security/methods")
	id := regexp.MustCompile(`/security/methods/([a-z2-7]+)/remove`).FindStringSubmatch(b.shown.html)[1]
	version := func() int64 {
		view, err := h.svc.Show(t.Context(), p.name)
		if err != nil {
			t.Fatal(err)
		}
		return view.Version
	}
	before, n := version(), 0
	for _, r := range h.pages.Routes() {
		if r.Method == http.MethodGet && r.Needs == AnySession {
			at := strings.NewReplacer("{id}", id, "{method}", "totp").Replace(r.Pattern)
			if b.open(at); b.shown.status >= 500 {
				t.Errorf("%s: %d", at, b.shown.status)
			}
			n++
		}
	}
	if now := version(); now != before || n < 25 {
		t.Errorf("%d pages took the account from version %d to %d", n, before, now)
	}
}
