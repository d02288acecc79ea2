package attacks

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/web"
)

// filled is a form that every route finds its fields in.
func filled(p *rig.Person, fields ...string) []string {
	return append(fields, "login", p.Name, "way", p.Way("totp"), "method", "totp", "saved", "yes", "ticket", "none", "id", "none")
}

// same compares what a stranger can learn from two answers.
func same(a, b rig.Page) bool {
	return a.Status == b.Status && a.Location == b.Location && a.Body == b.Body && slices.Equal(a.SetNames, b.SetNames)
}

// The token of a pending sign-in is shown wherever a session could be.
func TestB1PendingTokenOnEveryRoute(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	p, owner := protected(t, r)
	before := sessionRows(t, r, p)
	pend := r.Browser()
	p.First(pend)
	token := pend.Cookie("pending")
	if !strings.HasPrefix(token, "np_") {
		t.Fatalf("no pending sign-in")
	}
	basic := func(user string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+token))
	}
	cookie := func(name, value string) func(*rig.Browser) string {
		return func(b *rig.Browser) string { b.SetCookie(name, value); return "" }
	}
	header := func(name, value string) func(*rig.Browser) string {
		return func(b *rig.Browser) string { b.Header.Set(name, value); return "" }
	}
	query := func(name string) func(*rig.Browser) string {
		return func(*rig.Browser) string { return "?" + name + "=" + token }
	}
	shown := map[string]func(*rig.Browser) string{
		"cookie session":           cookie("session", token),
		"cookie session, renamed":  cookie("session", "ns_"+token[3:]),
		"cookie browser":           cookie("browser", token),
		"cookie setup":             cookie("setup", token),
		"cookie reissue":           cookie("reissue", token),
		"cookie renew":             cookie("renew", token),
		"bearer":                   header("Authorization", "Bearer "+token),
		"bearer, renamed":          header("Authorization", "Bearer ns_"+token[3:]),
		"basic, address":           header("Authorization", basic(p.Name)),
		"basic, no address":        header("Authorization", basic("")),
		"another header":           header("X-Session-Token", token),
		"web socket":               header("Sec-Websocket-Protocol", token),
		"query access_token":       query("access_token"),
		"query session":            query("session"),
		"query of the cookie":      query("__Host-nidan_session"),
		"session and its own":      func(b *rig.Browser) string { b.SetCookie("session", token); b.SetCookie("pending", token); return "" },
		"plain cookie of the name": header("Cookie", "nidan_session="+token+"; session="+token),
	}
	networks := 0
	for _, x := range routes(t, r) {
		ask := func(b *rig.Browser, more string) rig.Page {
			networks++ // one each, so that nobody has to wait
			b.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.%d.%d", networks/250, networks%250+1))
			if x.Method == http.MethodGet {
				return b.Get(path(x) + more)
			}
			// Without the password: a right one would begin a sign-in of its own.
			return b.Post(path(x)+more, filled(p, "code", p.Phone.Code())...)
		}
		stranger := ask(r.Browser(), "")
		for name, dress := range shown {
			b := r.Browser()
			more := dress(b)
			if x.Needs == web.PendingSignIn && b.Cookie("pending") != "" {
				continue // there it belongs
			}
			got := ask(b, more)
			if x.Needs != web.Anonymous && got.Status < 300 || !same(got, stranger) && !(x.Pattern == "/{$}" && got.Location == "/security") {
				t.Errorf("%s %s, %s: status %d to %q, a stranger gets %d to %q", x.Method, x.Pattern, name, got.Status, got.Location, stranger.Status, stranger.Location)
			}
		}
	}
	if n := sessionRows(t, r, p); n != before {
		t.Errorf("there were %d sessions and are %d", before, n)
	}

	// The other way round, a session opens no second step, and nothing else
	// that is carried is either of the two.
	for _, value := range []string{owner.Cookie("session"), "np_" + owner.Cookie("session")[3:], owner.Cookie("browser"), "np_" + owner.Cookie("browser")[3:]} {
		b := r.Browser()
		b.SetCookie("pending", value)
		if page := b.Get("/login/second"); page.Status < 300 {
			t.Errorf("%.3s… opens the second step: %d", value, page.Status)
		}
		b.SetCookie("session", "ns_"+owner.Cookie("browser")[3:])
		anonymous(t, r, b)
	}
	if !loggedIn(owner) {
		t.Error("the owner's own session has ended")
	}
}

// Time runs out on the page of the second step; a reload must not pass it.
func TestB2SecondStepRunsOut(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	over := func(name string, b *rig.Browser, page rig.Page) {
		t.Helper()
		if page.Status == http.StatusOK || page.Location != "" && page.Location != "/login" || !strings.Contains(page.Body, `action="/login"`) && page.Location == "" {
			t.Errorf("%s: status %d to %q", name, page.Status, page.Location)
		}
		if b.Cookie("session") != "" || loggedIn(b) {
			t.Errorf("%s: there is a session", name)
		}
	}
	for _, wait := range []time.Duration{10 * time.Minute, 11 * time.Minute, 25 * time.Hour} {
		b := r.Browser()
		p.First(b)
		if page := b.Get("/login/second"); page.Status != http.StatusOK {
			t.Fatalf("the page of the second step: %d", page.Status)
		}
		late := b.Clone()
		r.Clock.Advance(wait)
		over("reload after "+wait.String(), b, b.Get("/login/second"))
		over("another way after "+wait.String(), b, b.Get("/login/second?way="+p.Way("backup")))
		code := p.Phone.Code()
		over("answer after "+wait.String(), late, p.Second(late, code))
		// What was too late is not used up.
		p.First(late)
		if p.Second(late, code); late.Cookie("session") == "" {
			t.Errorf("after %v the code was used up", wait)
		}
	}
	r.Clock.Advance(time.Minute)
	b := r.Browser()
	p.First(b)
	r.Clock.Advance(10*time.Minute - time.Second)
	if p.Second(b, p.Phone.Code()); b.Cookie("session") == "" {
		t.Error("ten minutes are over before they are over")
	}
	nothing := r.Browser()
	over("never begun", nothing, nothing.Get("/login/second"))
	over("never begun, answered", nothing, p.Second(nothing, p.Phone.Code()))
}

// Something that lasts is handed out after the first step.
func TestB3NothingLastsBeforeTheSecondStep(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	for name, b := range map[string]*rig.Browser{"a new browser": r.Browser(), "a known one": knownAs(r, owner)} {
		page := p.First(b)
		if !slices.Equal(page.SetNames, []string{"pending"}) {
			t.Errorf("%s: the first step sets %v", name, page.SetNames)
		}
		for _, c := range page.Header.Values("Set-Cookie") {
			if strings.Contains(c, "=;") {
				continue // one that is cleared
			}
			for _, word := range []string{"max-age", "expires", "domain"} {
				if strings.Contains(strings.ToLower(c), word) {
					t.Errorf("%s: the cookie has %s", name, word)
				}
			}
		}
		b.SetCookie("pending", "")
		anonymous(t, r, b)
		if page := b.Get("/login/second"); page.Location != "/login" {
			t.Errorf("%s: without the pending sign-in the second step answers %d", name, page.Status)
		}
	}
}

// A code of another account, or of another authenticator, answers.
func TestB4CodeOfAnother(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	alice, _ := protected(t, r)
	bob, _ := protected(t, r)
	b := r.Browser()
	bob.First(b)
	for _, way := range []string{bob.Way("backup"), alice.Way("backup"), bob.Way("totp"), alice.Way("totp")} {
		for _, code := range []string{typed(alice.Codes[2]), alice.Phone.Code()} {
			b.Post("/login/second", "way", way, "code", code)
			if b.Cookie("session") != "" {
				t.Fatal("a code of another account logs in")
			}
			if b.Cookie("pending") == "" {
				bob.First(b)
			}
		}
	}
	a := r.Browser()
	alice.First(a)
	if alice.Backup(a, alice.Codes[2]); a.Cookie("session") == "" {
		t.Error("the code is used up at its own account")
	}
	if n := judged(t, r, alice); n != 0 {
		t.Errorf("%d wrong answers are counted against the other account", n)
	}
	r.Clock.Advance(time.Hour)
	a = r.Browser()
	alice.First(a)
	if alice.Second(a, alice.Phone.Code()); a.Cookie("session") == "" {
		t.Error("the other's app does not log in any more")
	}
}

// A parameter, a type or an empty value decides in the method's place.
func TestB5Parameters(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	totp, backup := p.Way("totp"), p.Way("backup")
	b := r.Browser()
	tries := 0
	// try opens the second step, sends something, and sees that it is refused:
	// by the rule that is looked at, and not because something has to wait.
	try := func(name string, send func() rig.Page) {
		t.Helper()
		if tries++; tries%20 == 0 { // no count is left, and no wait
			r.Clock.Advance(2 * time.Hour)
			p.LogIn(r.Browser())
		}
		if b.Cookie("pending") == "" || b.Get("/login/second").Status != http.StatusOK {
			r.Clock.Advance(time.Minute)
			p.First(b)
		}
		page := send()
		if b.Cookie("session") != "" || page.Status < 400 && page.Location != "/login" {
			t.Fatalf("%s: status %d to %q", name, page.Status, page.Location)
		}
		if page.Status == http.StatusTooManyRequests || b.Cookie("pending") == "" {
			t.Fatalf("%s: it is not looked at: %d %s", name, page.Status, page.Text())
		}
	}
	post := func(fields ...string) func() rig.Page {
		return func() rig.Page { return b.AsBearer().Post("/login/second", fields...) }
	}
	right := p.Phone.Code // at the time of asking

	strange := []string{"", "none", "null", "0", "totp", "backup", "skip", "password", "remembered", totp + "x", totp + "," + backup, strings.ToUpper(totp), totp[1:], " " + totp}
	for _, way := range append(strange, totp, backup) {
		for _, code := range []string{"", "null", "true", "0", "[]", "{}", "undefined", "saved", "NaN", "1e5", "-1", "%00", "' OR 1=1 --", typed(p.Codes[9][3:]), strings.ToLower(p.Phone.Key)} {
			try(way+" "+code, post("way", way, "code", code))
		}
	}
	for _, way := range append(strange, backup) {
		try("the app's right code by "+way, func() rig.Page { return post("way", way, "code", right())() })
	}
	for _, way := range append(strange, totp) {
		try("a right backup code by "+way, post("way", way, "code", typed(p.Codes[9])))
	}
	for _, extra := range []string{"verified", "second", "skip", "skip_second_step", "method", "level", "acr", "remember", "trusted", "proof", "session", "account", "user_id", "admin", "saved"} {
		for _, value := range []string{"true", "1", "none", "aal2", string(show(t, r, p).ID)} {
			try(extra+"="+value, post("way", totp, "code", "", extra, value))
		}
	}
	for i, code := range []string{"000000", "999999", p.Phone.Wrong()} {
		if code != right() {
			try(fmt.Sprintf("wrong code %d", i), post("way", totp, "code", code, "verified", "true"))
		}
	}
	body := func(contentType, format string) func() rig.Page {
		return func() rig.Page {
			text := strings.NewReplacer("WAY", totp, "CODE", right()).Replace(format)
			return b.Do("POST", "/login/second", contentType, strings.NewReader(text))
		}
	}
	for name, send := range map[string]func() rig.Page{
		"two codes":                 func() rig.Page { return post("way", totp, "code", right(), "code", "000000")() },
		"two codes, right one last": func() rig.Page { return post("way", totp, "code", "000000", "code", right())() },
		"two ways":                  func() rig.Page { return post("way", totp, "way", backup, "code", right())() },
		"a list":                    func() rig.Page { return post("way", totp, "code[]", right())() },
		"in the query":              func() rig.Page { return b.Post("/login/second?way=" + totp + "&code=" + right()) },
		"half in the query":         func() rig.Page { return b.Post("/login/second?code="+right(), "way", totp) },
		"JSON":                      body("application/json", `{"way":"WAY","code":"CODE"}`),
		"JSON called a form":        body(form, `{"way":"WAY","code":"CODE"}`),
		"multipart":                 body("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"way\"\r\n\r\nWAY\r\n--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\nCODE\r\n--x--\r\n"),
		"plain text":                body("text/plain", "way=WAY&code=CODE"),
		"no type":                   body("", "way=WAY&code=CODE"),
		"semicolons":                body(form, "way=WAY;code=CODE"),
		"an empty second":           body(form, "way=WAY&code=CODE&code="),
		"NUL":                       func() rig.Page { return post("way", totp, "code", right()+"\x00")() },
		"not text":                  func() rig.Page { return post("way", totp, "code", right()+"\xff")() },
		"too much":                  func() rig.Page { return post("way", totp, "code", right(), "x", strings.Repeat("x", 9<<10))() },
		"two codes in one": func() rig.Page {
			return post("way", totp, "code", right()+" "+p.Phone.At(r.Clock.Wall().Add(-30*time.Second)))()
		},
		"PUT": func() rig.Page {
			return b.Do("PUT", "/login/second", form, strings.NewReader("way="+totp+"&code="+right()))
		},
		"DELETE, overridden": func() rig.Page {
			return b.Do("DELETE", "/login/second?_method=POST&way="+totp+"&code="+right(), form, nil)
		},
		"another path": func() rig.Page {
			return b.Do("POST", "/login/second/", form, strings.NewReader("way="+totp+"&code="+right()))
		},
	} {
		try(name, send)
	}
	// None of them has used it up.
	if p.Second(b, right()); b.Cookie("session") == "" {
		t.Error("a plain right code does not log in")
	}
}

// What made the first step good changes before the second.
func TestB7ChangedBetweenTheSteps(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, change := range map[string]func(t *testing.T, r *rig.Rig, p *rig.Person, owner, b *rig.Browser){
		"logged out by an operator": func(t *testing.T, r *rig.Rig, p *rig.Person, _, _ *rig.Browser) {
			if out, err := r.Service().LogOutAccount(ctx, p.Name, "test"); err != nil || !out.Passed() {
				t.Fatal(out.Reason, err)
			}
		},
		"logged out everywhere": func(t *testing.T, _ *rig.Rig, _ *rig.Person, owner, _ *rig.Browser) {
			if page := owner.Post("/security/sessions/end-all"); page.Status != http.StatusSeeOther {
				t.Fatal(page.Status)
			}
		},
		"password reset": func(t *testing.T, r *rig.Rig, p *rig.Person, _, _ *rig.Browser) {
			p.Password = r.Secret("a password", p.Password+" the next")
			if page := r.Browser().Post(r.Link(nidan.TicketReset, p.Name), "password", p.Password); page.Location != "/login?password" {
				t.Fatal(page.Status)
			}
		},
		"turned off": func(t *testing.T, r *rig.Rig, p *rig.Person, owner, _ *rig.Browser) {
			if page := owner.Post("/security/off", "password", p.Password, "way", p.Way("backup"), "code", p.Codes[0]); page.Location != "/security/off/done" {
				t.Fatal(page.Status)
			}
		},
		"codes replaced": func(t *testing.T, r *rig.Rig, p *rig.Person, owner, _ *rig.Browser) {
			owner.Post("/security/codes", "password", p.Password, "way", p.Way("backup"), "code", p.Codes[0])
			r.ReadCodes(owner.Get("/security/codes/new"))
			if page := owner.Post("/security/codes/new", "ticket", owner.Hash("reissue"), "saved", "yes"); page.Location != "/security/codes/done" {
				t.Fatal(page.Status)
			}
		},
		"password stopped": func(t *testing.T, r *rig.Rig, p *rig.Person, owner, b *rig.Browser) {
			known := knownAs(r, owner)
			wrongAnswers(t, r, p, known, 19)
			r.Clock.Advance(time.Hour) // no wait stands before the next
			p.First(b)
			wrongAnswers(t, r, p, known, 1)
			if show(t, r, p).Stopped.IsZero() {
				t.Fatal("it is not stopped")
			}
		},
		"frozen, as an older state was put back": func(t *testing.T, r *rig.Rig, p *rig.Person, owner, _ *rig.Browser) {
			was := document(t, r, p) // the sign-in is open in it
			if page := owner.Post("/security/sessions/end-all"); page.Status != http.StatusSeeOther {
				t.Fatal(page.Status)
			}
			putBack(t, r, was)
			if loggedIn(owner) {
				t.Error("a session that is newer than its account is accepted")
			}
			if show(t, r, p).Frozen == nil {
				t.Error("an account that is older than one of its sessions is not frozen")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.New(t)
			p, owner := protected(t, r)
			b := r.Browser()
			p.First(b)
			change(t, r, p, owner, b)
			rows := sessionRows(t, r, p)
			for _, answer := range [][2]string{{p.Way("totp"), p.Phone.Code()}, {p.Way("backup"), p.Codes[5]}} {
				c := b.Clone()
				page := c.AsBearer().Post("/login/second", "way", answer[0], "code", answer[1])
				if c.Cookie("session") != "" || page.Location != "" && page.Location != "/login" || loggedIn(c) {
					t.Errorf("the right code: status %d to %q", page.Status, page.Location)
				}
				if page := b.Clone().Get("/login/second"); page.Status == http.StatusOK {
					t.Error("the page of the second step is still there")
				}
			}
			if n := sessionRows(t, r, p); n != rows {
				t.Errorf("the database had %d sessions and has %d", rows, n)
			}
		})
	}
}

// The second step is called without the first, so that six digits alone guard
// the account.
func TestB8SecondStepAlone(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	id := string(show(t, r, p).ID)
	code := p.Phone.Code()
	forged := map[string]string{
		"":                    "",
		"with a wrong first":  "",
		"random":              "np_" + id + strings.Repeat("A", 43),
		"zeros":               "np_" + strings.Repeat("a", 26) + strings.Repeat("A", 43),
		"account id alone":    id,
		"hash of one":         "np_" + id + "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
		"address":             p.Name,
		"session of a nobody": "ns_" + id + strings.Repeat("A", 43),
	}
	for name, value := range forged {
		b := r.Browser()
		if name == "with a wrong first" {
			b.Post("/login", "login", p.Name, "password", "not the password of this one")
		}
		b.SetCookie("pending", value)
		b.SetCookie("session", value)
		for _, at := range []string{"/login/second", "/security/off", "/security/codes", "/security/on/scan", "/login"} {
			for _, fields := range [][]string{
				{"way", p.Way("totp"), "code", code},
				{"way", p.Way("totp"), "code", code, "login", p.Name, "account", id, "user_id", id, "password", ""},
				{"way", p.Way("backup"), "code", typed(p.Codes[1]), "login", p.Name, "account", id},
			} {
				page := b.Clone().Post(at, fields...)
				if slices.Contains(page.SetNames, "session") || slices.Contains(page.SetNames, "pending") || page.Status < 300 {
					t.Errorf("%s, %s: status %d to %q", name, at, page.Status, page.Location)
				}
			}
		}
	}
	if n := judged(t, r, p); n != 0 {
		t.Errorf("%d codes were judged", n)
	}
	b := knownAs(r, owner)
	p.First(b)
	if p.Second(b, code); b.Cookie("session") == "" {
		t.Error("the code was used up")
	}
}
