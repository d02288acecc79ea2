package web

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// What is anonymous says the same of every name (SECURITY P1, P3, P4): the
// bytes, the status, the headers and with them the cookies. The time that it
// takes is tested where the work is done, see the Service.

// answer is all that a browser gets.
func (b *browser) answer(verb, path, body string) string {
	b.Helper()
	res := ask(b.pages, verb, path, strings.NewReader(body), func(r *http.Request) {
		r.Header.Set("X-Network", b.network)
		for name, value := range b.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	})
	page, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	fmt.Fprintln(&out, res.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		fmt.Fprintln(&out, name, res.Header[name])
	}
	out.Write(page)
	return out.String()
}

// TestAnonymousPagesAreSilent asks for every kind of link, for names of every
// kind, more often than is answered with a mail.
func TestAnonymousPagesAreSilent(t *testing.T) {
	h := newHouse(t)
	h.join("plain@example.com")
	h.protect("with-app@example.com", "totp")
	h.protect("with-mail@example.com", "mail")
	leaves := h.protect("leaves@example.com", "totp")
	frozen := h.protect("frozen@example.com", "totp")
	h.pass(time.Hour)

	tok, way := h.signIn(leaves)
	h.must(h.svc.DeleteAccount(h.Context(), tok, nidan.NewSecret(leaves.password), way, nidan.From{}))
	shown, err := h.svc.Show(h.Context(), frozen.name)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.db.Freeze(h.Context(), nidan.Freeze{Account: shown.ID, Part: "document", At: h.svc.Now()}); err != nil {
		t.Fatal(err)
	}
	stopped := h.protect("stopped@example.com", "totp")
	b := h.browser("192.0.2.1")
	b.send(linkTo(h.mailed(nidan.NoticeOn).Undo))
	b.at("/done/notme", http.StatusOK)
	h.pass(time.Hour)

	names := []string{
		"nobody@example.com", "plain@example.com", "with-app@example.com", "with-mail@example.com",
		leaves.name, frozen.name, stopped.name, "a-much-longer-name-that-nobody-has@customers.example.co.jp",
	}
	for _, page := range []string{"/forgot", "/register", "/browser"} {
		var want, then string
		for i, name := range names {
			b := h.browser(fmt.Sprintf("192.0.2.%d", 10+i))
			for try := range 5 {
				got := b.answer(http.MethodPost, page, url.Values{"login": {name}}.Encode())
				_, at, _ := strings.Cut(got, "\nLocation [")
				at, _, _ = strings.Cut(at, "]")
				if next := b.answer(http.MethodGet, at, ""); want == "" {
					want, then = got, next
				} else if got != want || next != then {
					t.Errorf("%s, %s, time %d: %.3s, %.3s, or other bytes than the first", page, name, try, got, next)
				}
			}
			h.pass(time.Second)
		}
		if !strings.HasPrefix(want, "303\n") || strings.Contains(want+then, "Set-Cookie") {
			t.Errorf("%s: %s", page, want)
		}
		for _, shows := range append(names, "•") {
			if strings.Contains(then, shows) {
				t.Errorf("%s shows %s", page, shows)
			}
		}
	}
	// Nothing of it is a try of the password.
	b = h.browser("192.0.2.1")
	b.logIn(&person{name: "plain@example.com", password: goodPassword})
	b.at("/security", http.StatusOK)
}

// TestDeadLinksAreSilent: what is no link, one of another kind, of another
// account or of one that is gone, or that has run out: all are one page.
func TestDeadLinksAreSilent(t *testing.T) {
	h := newHouse(t)
	p := h.protect("mina@example.com", "totp")
	leaves := h.join("leaves@example.com")
	b := h.browser("192.0.2.1")
	var tickets []string
	for _, name := range []string{p.name, leaves.name} {
		b.send("/forgot", "login", name)
		tickets = append(tickets, h.mailed(nidan.NoticeResetLink).Link.Ticket)
	}
	undo := h.mailed(nidan.NoticeOn).Undo.Ticket
	tickets = append(tickets, undo, undo[:len(undo)-2]+"xx", "x", strings.Repeat("a", 4000), "%00", "sent", "done")
	out := h.must(h.svc.SignIn(h.Context(), leaves.name, nidan.NewSecret(leaves.password), nidan.From{}))
	tok, _ := nidan.ParseSession(out.Session.Token.Reveal())
	h.must(h.svc.DeleteAccount(h.Context(), tok, nidan.NewSecret(leaves.password), nidan.Answer{}, nidan.From{}))
	h.pass(8 * 24 * time.Hour) // every one of them has run out

	for _, kind := range []string{"invite", "register", "reset", "browser", "address", "second", "cancel", "notme"} {
		for _, verb := range []string{http.MethodGet, http.MethodPost} {
			want := ""
			for _, ticket := range tickets {
				got := b.answer(verb, "/"+kind+"/"+ticket, url.Values{"password": {goodPassword}}.Encode())
				if want == "" {
					want = got
				}
				if got != want || !strings.HasPrefix(got, "410\n") || strings.Contains(got, "Set-Cookie") {
					t.Errorf("%s /%s/%.20s: %.3s, or other bytes than the first", verb, kind, ticket, got)
				}
			}
		}
	}
}

// TestAnonymousPagesKnowNobody: they are the same in every browser, whatever it
// carries.
func TestAnonymousPagesKnowNobody(t *testing.T) {
	h := newHouse(t)
	in, out := h.browser("192.0.2.1"), h.browser("198.51.100.9")
	in.logIn(h.join("mina@example.com"))
	in.at("/security", http.StatusOK)
	for _, r := range h.pages.Routes() {
		if r.Needs != Anonymous || r.Method != http.MethodGet || strings.Contains(r.Pattern, "{") {
			continue
		}
		if in.answer(http.MethodGet, r.Pattern, "") != out.answer(http.MethodGet, r.Pattern, "") {
			t.Errorf("%s tells a browser that is logged in from others", r.Pattern)
		}
	}
}
