package attacks

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// Cookies are planted before the log-in, so that the attacker knows them after.
func TestE1PlantedCookies(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	id := string(show(t, r, p).ID)
	mallory, evil := protected(t, r)

	planted := map[string]string{
		"session": "ns_" + id + strings.Repeat("A", 43),
		"pending": "np_" + id + strings.Repeat("A", 43),
		"browser": evil.Cookie("browser"),
	}
	for _, session := range []string{planted["session"], evil.Cookie("session")} {
		b := r.Browser()
		for name, value := range planted {
			b.SetCookie(name, value)
		}
		b.SetCookie("session", session)
		known := show(t, r, p).KnownBrowsers
		p.First(b)
		pending := b.Cookie("pending")
		if pending == planted["pending"] || b.Cookie("session") != session {
			t.Errorf("after the first step the pending sign-in is the planted one, or the session another")
		}
		if loggedIn(b.Clone()) && session == planted["session"] {
			t.Error("a planted session became one at the first step")
		}
		if page := p.Second(b, p.Phone.Code()); page.Location != "/security" {
			t.Fatalf("second step: %d %s", page.Status, page.Text())
		}
		if b.Cookie("session") == session || b.Cookie("browser") == planted["browser"] || b.Cookie("pending") != "" {
			t.Error("after the second step a planted cookie is in use")
		}
		old := r.Browser()
		old.SetCookie("session", session)
		old.SetCookie("pending", pending)
		anonymous(t, r, old)
		if page := old.Get("/login/second"); page.Status == http.StatusOK {
			t.Error("the pending sign-in goes on")
		}
		if page := b.Get("/security/browsers"); !page.Says("security.current") || strings.Contains(page.Body, mallory.Name) {
			t.Errorf("the browser is not the victim's: %d", page.Status)
		}
		// What the attacker's browser is known for is the attacker's account.
		if n := show(t, r, p).KnownBrowsers; n != known+1 {
			t.Errorf("the victim's account knew %d browsers and knows %d", known, n)
		}
		r.Clock.Advance(time.Minute)
	}

	// At each later step that proves something, too.
	next := func(name string, b *rig.Browser, step func() rig.Page) {
		t.Helper()
		was := b.Clone()
		page := step()
		if b.Cookie("session") == was.Cookie("session") || !loggedIn(b) {
			t.Errorf("%s: the session is the one before (%d)", name, page.Status)
		}
		if loggedIn(was) {
			t.Errorf("%s: the session before is alive", name)
		}
	}
	p.LogIn(owner)
	next("log out everywhere", owner, func() rig.Page { return owner.Post("/security/sessions/end-all") })
	r.Clock.Advance(time.Minute)
	next("turn off", owner, func() rig.Page {
		return owner.Post("/security/off", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code())
	})
	next("turn on", owner, func() rig.Page { p.TurnOn(owner); return rig.Page{} })
	r.Clock.Advance(time.Minute)
	next("log in again in the same browser", owner, func() rig.Page { p.LogIn(owner); return rig.Page{} })
}

// Sessions, open sign-ins, tickets and links outlive what should end them.
func TestE2OutlivingAChange(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := rig.New(t)
	p, owner := protected(t, r)
	// With the app, or with backup codes where its count must stay as it is.
	var sheet []string
	answer := func() (way, code string) {
		if len(sheet) > 0 {
			code, sheet = sheet[0], sheet[1:]
			return p.Way("backup"), code
		}
		r.Clock.Advance(30 * time.Second)
		return p.Way("totp"), p.Phone.Code()
	}
	login := func() *rig.Browser {
		t.Helper()
		b := r.Browser()
		p.First(b)
		if b.Cookie("pending") != "" {
			way, code := answer()
			b.Post("/login/second", "way", way, "code", code)
		}
		if !loggedIn(b) {
			t.Fatal("no log-in")
		}
		return b
	}
	both := func() []string {
		way, code := answer()
		return []string{"password", p.Password, "way", way, "code", code}
	}
	reset := func(t *testing.T) {
		t.Helper()
		p.Password = r.Secret("a password", p.Password+".")
		if page := r.Browser().Post(r.Link(nidan.TicketReset, p.Name), "password", p.Password); page.Location != "/login?password" {
			t.Fatal(page.Status)
		}
	}
	for _, change := range []struct {
		name    string
		do      func(t *testing.T)
		prepare func(t *testing.T)
	}{
		{name: "log out everywhere", do: func(*testing.T) { owner.Post("/security/sessions/end-all") }},
		{name: "log-out by an operator", do: func(t *testing.T) {
			if out, err := r.Service().LogOutAccount(ctx, p.Name, "test"); err != nil || !out.Passed() {
				t.Fatal(out.Reason, err)
			}
		}},
		{name: "turned off", do: func(*testing.T) { owner.Post("/security/off", both()...) }},
		{name: "turned on", do: func(*testing.T) { p.TurnOn(owner) }},
		{name: "password reset", do: reset},
		{name: "unfrozen", do: func(t *testing.T) {
			freeze(t, r, p)
			if out, err := r.Service().Unfreeze(ctx, p.Name, "test"); err != nil || !out.Passed() {
				t.Fatal(out.Reason, err)
			}
		}},
		{
			name: "authenticator disabled",
			prepare: func(t *testing.T) {
				owner = login() // only the ten newest browsers are known
				known := knownAs(r, owner)
				for show(t, r, p).WrongKnown < 49 {
					if !show(t, r, p).Stopped.IsZero() {
						reset(t) // it forgives nothing
						cheapen(t, r, p)
					}
					wrongAnswers(t, r, p, known, 1)
				}
				r.Clock.Advance(time.Hour) // no wait stands before the fiftieth
				sheet = p.Codes
			},
			do: func(t *testing.T) {
				wrongAnswers(t, r, p, knownAs(r, owner), 1)
				if count(t, r, p, nidan.EventDisabled) != 1 {
					t.Error("it is not disabled")
				}
			},
		},
	} {
		t.Run(change.name, func(t *testing.T) {
			if change.prepare != nil {
				change.prepare(t)
			}
			if !loggedIn(owner) {
				known := knownAs(r, owner)
				owner = login()
				owner.SetCookie("browser", known.Cookie("browser"))
			}
			others := []*rig.Browser{login(), login(), login()}
			acting := owner.Clone()
			pending := r.Browser()
			p.First(pending)
			links := []string{r.Link(nidan.TicketReset, p.Name), r.Link(nidan.TicketBrowser, p.Name)}
			var reissue, setUp *rig.Browser
			if show(t, r, p).Protected.IsZero() {
				setUp = login()
				setUp.Post("/security/on", "method", "totp", "password", p.Password)
			} else {
				reissue = owner.Clone()
				reissue.Post("/security/codes", both()...)
				r.ReadCodes(reissue.Get("/security/codes/new"))
				if reissue.Cookie("reissue") == "" {
					t.Fatal("no reissue was begun")
				}
			}
			epoch := show(t, r, p).Epoch

			change.do(t)

			if show(t, r, p).Epoch == epoch {
				t.Error("the epoch is the same")
			}
			for i, b := range append(others, acting) {
				if b.Cookie("session") == owner.Cookie("session") {
					continue
				}
				if page := b.Get("/security"); page.Location != "/login" {
					t.Errorf("session %d is alive: %d", i, page.Status)
				}
			}
			if pending.Cookie("pending") != "" {
				if page := pending.Get("/login/second"); page.Status == http.StatusOK {
					t.Error("an open sign-in goes on")
				}
			}
			for _, at := range links {
				if page := r.Browser().Get(at); page.Status != http.StatusGone {
					t.Errorf("a link from before opens: %d", page.Status)
				}
				if page := r.Browser().Post(at, "password", "violet kettle under much ice"); page.Status != http.StatusGone {
					t.Errorf("a link from before works: %d", page.Status)
				}
			}
			// A ticket, in the session that goes on if there is one.
			if b := reissue; b != nil {
				b.SetCookie("session", owner.Cookie("session"))
				if page := b.Post("/security/codes/new", "ticket", b.Hash("reissue"), "saved", "yes"); page.Location == "/security/codes/done" {
					t.Error("codes prepared before come into force")
				}
			}
			if b := setUp; b != nil {
				b.SetCookie("session", owner.Cookie("session"))
				if page := b.Get("/security/on/scan"); page.Status == http.StatusOK {
					t.Error("a set-up begun before goes on")
				}
			}
		})
	}

	// What is disabled still protects: first the app, then the sheet too.
	p.First(owner)
	if p.Second(owner, p.Phone.Code()); owner.Cookie("pending") == "" || loggedIn(owner) {
		t.Error("a disabled app logs in, or the password alone does")
	}
	known := r.Browser()
	p.First(known)
	if p.Backup(known, sheet[0]); known.Cookie("session") == "" {
		t.Error("a backup code does not log in beside a disabled app")
	}
	for n := 0; count(t, r, p, nidan.EventDisabled) < 2; n++ {
		if n > 20 {
			t.Fatal("the sheet is not disabled")
		}
		if !show(t, r, p).Stopped.IsZero() {
			reset(t)
			cheapen(t, r, p)
		}
		wrongAnswersBy(t, r, p, known, 1, func() rig.Page { return p.Backup(known, "07-0000-0000-0000-0000") })
	}
	reset(t)
	b := r.Browser()
	if page := p.First(b); page.Location != "/login/second" || loggedIn(b) {
		t.Errorf("with nothing left but the password the log-in leads to %q", page.Location)
	}
	if page := b.Get("/login/second"); page.Location != "/login/lost" {
		t.Errorf("the second step: %d to %q", page.Status, page.Location)
	}
	p.Second(b, p.Phone.Code())
	p.Backup(b, typed(sheet[1]))
	if b.Cookie("session") != "" || show(t, r, p).Protected.IsZero() {
		t.Error("disabled authenticators log in, or protect no more")
	}
}

// A session by the password alone is taken for one of two steps.
func TestE4LevelOfASession(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := person(t, r), r.Browser()
	worth := func(name string, b *rig.Browser, level nidan.Level, amr ...string) {
		t.Helper()
		if s := session(t, r, b); s.Level != level || !slices.Equal(s.AMR, amr) {
			t.Errorf("%s: worth %q %v, want %q %v", name, s.Level, s.AMR, level, amr)
		}
	}
	p.LogIn(b)
	worth("password alone", b, nidan.LevelPassword, "pwd")
	for range 3 {
		b.Get("/security")
		b.Get("/security/on")
		b.Get("/login/second")
		b.Post("/security/on", "method", "totp", "password", p.Password, "level", "aal2", "acr", "aal2")
	}
	worth("password alone, used", b, nidan.LevelPassword, "pwd")
	other := r.Browser()
	p.LogIn(other)
	b.Post("/security/sessions/end-all")
	worth("minted anew", b, nidan.LevelPassword, "pwd")
	other = r.Browser()
	p.LogIn(other)

	p.TurnOn(b)
	worth("after the set-up", b, nidan.LevelAAL2, "pwd", "otp", "mfa")
	if loggedIn(other) {
		t.Error("a session by the password alone lives on at a protected account")
	}
	r.Clock.Advance(time.Minute)
	c := r.Browser()
	p.LogIn(c)
	worth("app", c, nidan.LevelAAL2, "pwd", "otp", "mfa")
	d := r.Browser()
	p.First(d)
	p.Backup(d, p.Codes[0])
	worth("backup code", d, nidan.LevelAAL2, "pwd", "otp", "mfa")
	r.Clock.Advance(time.Minute)
	b.Post("/security/off", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code())
	e := r.Browser()
	p.LogIn(e)
	worth("password alone, after it was turned off", e, nidan.LevelPassword, "pwd")
}

// A token that is cut, lengthened or changed in one place is accepted.
func TestE5AlteredToken(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := protected(t, r)
	token := b.Cookie("session")
	var altered []string
	for i := range len(token) {
		altered = append(altered, token[:i]+token[i+1:], token[:i]+token[i:i+1]+token[i:])
		flipped := token[i] ^ 0x20 // the other case of a letter
		if 'a' <= flipped|0x20 && flipped|0x20 <= 'z' {
			altered = append(altered, token[:i]+string(flipped)+token[i+1:])
		}
	}
	// The last character of base64 and base32 holds bits that decide nothing.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, c := range alphabet {
		altered = append(altered, token[:len(token)-1]+string(c), token[:3+25]+string(c)+token[3+26:])
	}
	altered = append(altered, token+"=", token+"A", token+"%20", "%6e"+token[1:], token[3:], token+"."+token, token+","+token, "0"+token, token[:len(token)/2])
	for _, value := range altered {
		if value == token {
			continue
		}
		c := r.Browser()
		c.SetCookie("session", value)
		if page := c.Get("/security"); page.Location != "/login" {
			t.Errorf("a token that differs is accepted: %d", page.Status)
		}
	}
	if !loggedIn(b) {
		t.Fatal("the token itself is not accepted")
	}

	pend := r.Browser()
	p.First(pend)
	token = pend.Cookie("pending")
	for i := range len(token) {
		c := r.Browser()
		c.SetCookie("pending", token[:i]+token[i+1:])
		d := r.Browser()
		d.SetCookie("pending", token[:i]+string(token[i]^0x20)+token[i+1:])
		for _, x := range []*rig.Browser{c, d} {
			if page := p.Second(x, p.Phone.Code()); x.Cookie("session") != "" {
				t.Fatalf("a pending sign-in with another token at %d: %d", i, page.Status)
			}
		}
	}
	if p.Second(pend, p.Phone.Code()); pend.Cookie("session") == "" {
		t.Error("the code was used up, or the token is not accepted")
	}
}

// A log-out takes the cookie away and leaves the session.
func TestE6LogOut(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := protected(t, r)
	db := tampered(t, r)
	account := string(show(t, r, p).ID)
	type kept struct {
		id     string
		sealed []byte
		seen   int64
	}
	var old kept
	if err := db.QueryRow(`SELECT id, sealed, seen FROM nidan_sessions WHERE account = $1`, account).Scan(&old.id, &old.sealed, &old.seen); err != nil {
		t.Fatal(err)
	}
	copied := b.Clone()
	if page := b.Post("/logout"); page.Location != "/login" || b.Cookie("session") != "" {
		t.Fatalf("log-out: %d", page.Status)
	}
	anonymous(t, r, copied)
	if n := sessionRows(t, r, p); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	// Putting the row back brings nothing back.
	write(t, db, `INSERT INTO nidan_sessions (account, id, sealed, seen) VALUES ($1, $2, $3, $4)`, account, old.id, old.sealed, old.seen)
	anonymous(t, r, copied)

	// The same for a session that another browser ended.
	r.Clock.Advance(time.Minute)
	c, d := r.Browser(), r.Browser()
	p.LogIn(c)
	r.Clock.Advance(time.Minute)
	p.LogIn(d)
	c.Post("/security/sessions/end", "id", string(session(t, r, d).ID))
	if loggedIn(d) || !loggedIn(c) {
		t.Errorf("ended: %v, the other lives: %v", !loggedIn(d), loggedIn(c))
	}
}
