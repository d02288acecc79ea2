package web

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// in logs a person in with the app.
func (h *house) in(p *person) *browser {
	h.Helper()
	b := h.browser("192.0.2.1")
	b.enter(p)
	return b
}

// enter takes both steps, the second with the app where there is one.
func (b *browser) enter(p *person) {
	b.Helper()
	b.logIn(p)
	if b.shown.path == "/login/second" {
		b.pass(time.Minute)
		b.send("/login/second", "way", b.value("way"), "code", p.code(b.house))
	}
	b.at("/security", http.StatusOK)
}

// both answers a page that asks for both steps, by the app.
func (b *browser) both(p *person, fields ...string) {
	b.Helper()
	b.pass(time.Minute)
	b.send(b.shown.path, append([]string{"password", p.password, "way", b.value("way"), "code", p.code(b.house)}, fields...)...)
}

// follow opens where a link on the page leads.
func (b *browser) follow(label string) {
	b.Helper()
	b.open(b.linkOf(label))
}

func (b *browser) linkOf(label string) string {
	b.Helper()
	m := regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*>` + regexp.QuoteMeta(html.EscapeString(label)) + `</a>`).FindStringSubmatch(b.shown.html)
	if m == nil {
		b.Fatalf("%s has no link %q: %s", b.shown.path, label, b.shown.text())
	}
	return html.UnescapeString(m[1])
}

// focused demands that what failed is said in the title and the field has the
// focus.
func (b *browser) focused(field string) {
	b.Helper()
	input := regexp.MustCompile(`<(?:input|button)[^>]*\sid="` + field + `"[^>]*>|<button[^>]*\sname="` + field + `"[^>]*>`).FindString(b.shown.html)
	if !strings.Contains(b.shown.html, "<title>Error:") || !strings.Contains(input, " autofocus") || !strings.Contains(input, "aria-describedby=") {
		b.Fatalf("%s does not lead to what failed, %s", b.shown.path, input)
	}
}

// save completes the wizard that a browser is at.
func (b *browser) save() {
	b.Helper()
	b.at("/security/on/codes", http.StatusOK)
	b.send("/security/on/codes", "ticket", b.value("ticket"), "saved", "yes")
}

var onPage = regexp.MustCompile(`(?:data-value="([A-Z2-7]{32})")|(?:<li>(\d\d(?:-[0-9A-Z]{4}){4})</li>)`)

// read takes key and codes off the page.
func (b *browser) read(p *person) {
	b.Helper()
	codes := []string(nil)
	for _, m := range onPage.FindAllStringSubmatch(b.shown.html, -1) {
		if m[1] != "" {
			p.key = m[1]
		} else {
			codes = append(codes, m[2])
		}
	}
	if codes != nil {
		p.codes = codes
	}
}

func (b *browser) mailedCode(kind nidan.NoticeKind) string {
	b.Helper()
	return b.mailed(kind).Code
}

// TestSetUpByMail: the number's page says where it went, keeps what was
// mistyped, sends another one, and nothing is on before the codes are saved.
func TestSetUpByMail(t *testing.T) {
	h := newHouse(t)
	p := h.join("mina@example.com")
	b := h.in(p)
	b.follow("Turn on")
	b.says("Authenticator app right for most", "Why this one", "Weaker than an app", "Both can be on at the same time")
	b.send("/security/on", "method", "mail")
	b.at("/security/on/mail", http.StatusOK)
	b.says("Method E-mail Codes", "We have mailed you a code", "Sent to m•••@example.com at 14:05 UTC", "“Example VPN”", "Nothing changes then.")
	first := b.mailedCode(nidan.NoticeSetUpCode)

	b.send("/security/on/mail", "ticket", b.value("ticket"), "code", "0000 0000")
	b.at("/security/on/mail", http.StatusUnprocessableEntity)
	b.says("Use the newest mail, sent at 14:05 UTC")
	b.focused("code")
	if b.value("code") != "0000 0000" {
		t.Error("what was mistyped is gone")
	}
	b.send("/security/on/mail", "ticket", b.value("ticket"), "send", "yes")
	b.at("/security/on/mail", http.StatusTooManyRequests)
	b.focused("send")
	h.pass(time.Minute)
	b.send("/security/on/mail", "ticket", b.value("ticket"), "send", "yes")
	b.at("/security/on/mail", http.StatusOK)
	b.says("at 14:06 UTC")
	second := b.mailedCode(nidan.NoticeSetUpCode)
	b.send("/security/on/mail", "ticket", b.value("ticket"), "code", first)
	b.says("Use the newest mail, sent at 14:06 UTC")

	b.open("/security/on/scan")
	b.at("/security/on/mail", http.StatusOK)
	b.open("/security/on/codes")
	b.at("/security/on/mail", http.StatusOK)
	b.send("/security/on/mail", "ticket", b.value("ticket"), "code", second)
	b.at("/security/on/codes", http.StatusOK)
	b.open("/security/on/mail")
	b.at("/security/on/mail", http.StatusGone)
	b.says("Your address is confirmed already", "Go on to the backup codes")
	b.open("/security")
	b.says("Two-step verification off", "Go on with the set-up")
	b.follow("Go on with the set-up")
	b.save()
	b.at("/security/on/done", http.StatusOK)
	b.says("Two-step verification is on")
	h.mailed(nidan.NoticeOn)
	b.open("/security")
	b.says("E-mail code asked first", "10 of 10 left")
}

// TestANumberIsUsedUp: five wrong codes end it, and so do ten minutes; then there
// is nothing to enter but a new one to send.
func TestANumberIsUsedUp(t *testing.T) {
	h := newHouse(t)
	b := h.in(h.join("mina@example.com"))
	b.send("/security/on", "method", "mail")
	for range 5 {
		b.send("/security/on/mail", "ticket", b.value("ticket"), "code", "00000000")
	}
	b.says("its code no longer works. Send a new one.")
	b.saysNot("8-digit code")
	h.pass(time.Minute)
	b.send("/security/on/mail", "ticket", b.value("ticket"), "send", "yes")
	b.says("8-digit code")
	h.pass(11 * time.Minute)
	b.open("/security/on/mail")
	b.says("The code has run out; codes work for 10 minutes. Send a new one.")
	b.saysNot("8-digit code")
}

// TestTheAddressIsProvenFirst, where the installation asks for it: a step more,
// and the steps say so.
func TestTheAddressIsProvenFirst(t *testing.T) {
	h := newHouse(t, func(s *nidan.Config, _ *Config) { s.Prove = nidan.ProveAlways })
	p := h.join("mina@example.com")
	b := h.in(p)
	b.send("/security/on", "method", "totp")
	b.at("/security/on/mail", http.StatusOK)
	b.says("Method E-mail App Codes", "Confirm your address", "Sent to m•••@example.com at 14:05 UTC")
	b.open("/security/on/scan")
	b.at("/security/on/mail", http.StatusOK)
	b.send("/security/on/mail", "ticket", b.value("ticket"), "code", b.mailedCode(nidan.NoticeAddressCode))
	b.at("/security/on/scan", http.StatusOK)
	b.says("Method E-mail App Codes", "Scan the QR code")
	b.open("/security/on/mail")
	b.at("/security/on/scan", http.StatusOK)
	b.read(p)
	b.send("/security/on/scan", "ticket", b.value("ticket"), "code", p.code(h))
	b.says("Method E-mail App Codes")
	b.save()
	b.at("/security/on/done", http.StatusOK)
}

// TestReplaceThePhone: the old one works until the new one is confirmed and the
// codes are saved, and not after.
func TestReplaceThePhone(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.in(p)
	b.follow("Replace")
	b.says("Confirm App Codes", "Replace the authenticator app", "Keep the old phone until you are done", "At the end you get new backup codes")
	at := b.shown.path
	b.send(at, "password", "not the password", "way", b.value("way"), "code", "123456")
	b.at(at, http.StatusUnprocessableEntity)
	b.focused("password")
	b.both(p)
	b.at("/security/on/scan", http.StatusOK)
	b.says("Nothing changes until you press “Complete”")
	old := *p
	b.read(p)
	b.send("/security/on/scan", "ticket", b.value("ticket"), "code", p.code(h))
	b.at("/security/on/codes", http.StatusOK)
	b.says("Nothing changes until you press “Complete”")
	b.read(p)
	h.in(&old) // the old phone still works
	b.open("/security/on/codes")
	b.save()
	b.at("/security/methods/replaced", http.StatusOK)
	b.says("The old one no longer works", "Other browsers were logged out", "Your new backup codes work")
	h.mailed(nidan.NoticeReplaced)
	late := h.browser("192.0.2.2")
	late.logIn(&old)
	h.pass(time.Minute)
	late.send("/login/second", "way", late.value("way"), "code", old.code(h))
	late.at("/login/second", http.StatusUnprocessableEntity)
	h.in(p)
}

// TestTwoMethods: a second one is added, asked first, named, and removed again;
// the last one goes by turning off.
func TestTwoMethods(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	b := h.in(p)
	b.follow("Add, name or remove")
	b.follow("Add a method")
	b.at("/security/add", http.StatusOK)
	b.open("/security/add?method=mail")
	b.at("/security/add/mail", http.StatusOK)
	b.both(p)
	b.at("/security/on/mail", http.StatusOK)
	b.send("/security/on/mail", "ticket", b.value("ticket"), "code", b.mailedCode(nidan.NoticeSetUpCode))
	b.read(p)
	b.save()
	b.at("/security/methods/added", http.StatusOK)
	b.follow("Ways to take the second step")
	b.says("Authenticator app asked first", "E-mail code Added")
	b.open("/security/add/mail") // one mailbox is one way
	b.at("/security/add/mail", http.StatusNotFound)

	mail := regexp.MustCompile(`/security/methods/([a-z2-7]+)/first`).FindStringSubmatch(b.shownAt("/security/methods"))[1]
	b.send("/security/methods/" + mail + "/first")
	b.at("/security/methods", http.StatusOK)
	b.says("From the next log-in this method is asked for first.", "E-mail code asked first")
	b.open("/security/methods/" + mail + "/name")
	b.send("/security/methods/"+mail+"/name", "item", strings.Repeat("long ", 10))
	b.at("/security/methods/"+mail+"/name", http.StatusUnprocessableEntity)
	b.focused("item")
	b.send("/security/methods/"+mail+"/name", "item", " At  work ")
	b.says("The name is changed.", "E-mail code “At work”")

	b.open("/security/methods/" + mail + "/remove")
	b.says("Remove the e-mail code", "6-digit code") // not by what is about to go
	b.both(p)
	b.at("/security/methods", http.StatusOK)
	b.says("The method is removed.")
	b.saysNot("E-mail code")
	h.mailed(nidan.NoticeRemoved)
	b.open(strings.Replace(b.linkOf("Name it"), "/name", "/remove", 1))
	b.says("This is your last method", "Turn off two-step verification")
	b.saysNot("6-digit code")
}

// shownAt opens a page and returns it.
func (b *browser) shownAt(path string) string {
	b.Helper()
	b.open(path)
	return b.shown.html
}

// TestRemovedByItsOwnCode: where the code given is one of what goes, the session
// goes with it, and the log-in page says why.
func TestRemovedByItsOwnCode(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	h.another(p, "mail")
	b := h.in(p)
	b.open("/security/methods")
	b.open(strings.Replace(b.linkOf("Replace"), "/replace/totp", "/remove", 1))
	b.follow("Use the authenticator app")
	b.both(p)
	b.at("/login", http.StatusOK)
	b.says("The method is removed, and this browser was logged out too.")
}
