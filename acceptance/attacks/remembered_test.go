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

// remembers is a browser in which somebody has ticked the box, without its
// session.
func remembers(t *testing.T, r *rig.Rig, p *rig.Person) *rig.Browser {
	t.Helper()
	r.Clock.Advance(30 * time.Second)
	b := again(r, p)
	page := b.Post("/login/second", "way", p.Way("totp"), "code", p.Phone.Code(), "remember", "yes")
	if page.Location != "/security" || b.Cookie("remembered") == "" {
		t.Fatalf("not remembered: %d %s", page.Status, page.Text())
	}
	return without(r, b)
}

// without is a browser that has what is kept of another one, and no session.
func without(r *rig.Rig, b *rig.Browser) *rig.Browser {
	c := r.Browser()
	c.SetCookie("remembered", b.Cookie("remembered"))
	c.SetCookie("browser", b.Cookie("browser"))
	return c
}

// passes reports whether a password alone is enough in a browser.
func passes(r *rig.Rig, p *rig.Person, b *rig.Browser) bool {
	c := without(r, b)
	return p.First(c).Location == "/security" && c.Cookie("session") != ""
}

// A log-in that a remembered browser completed counts as a proof just given.
func TestE3RememberedIsNotFresh(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	b := remembers(t, r, p)
	if p.First(b); b.Cookie("session") == "" {
		t.Fatal("the remembered browser does not pass")
	}
	ctx, way := context.Background(), p.Way("totp")
	version := show(t, r, p)
	for _, x := range routes(t, r) {
		if x.Method != http.MethodPost || !strings.HasPrefix(x.Pattern, "/security/") || strings.Contains(x.Pattern, "end") || strings.Contains(x.Pattern, "notme") || strings.Contains(x.Pattern, "/recovery/") || strings.Contains(x.Pattern, "forget") {
			continue // what ends things takes one proof
		}
		at := strings.NewReplacer("{id}", way, "{method}", "totp").Replace(x.Pattern)
		for _, fields := range [][]string{{"password", p.Password}, {"password", p.Password, "way", way}, {"password", p.Password, "way", way, "code", ""}, {"password", p.Password, "way", b.Cookie("remembered")}, {"way", way, "remember", "yes"}} {
			c := b.Clone()
			c.Post(at, append(fields, "method", "totp", "item", "evil@example.net", "chosen", "violet kettle under ice", "saved", "yes")...)
			if c.Cookie("setup") != "" || c.Cookie("reissue") != "" || c.Cookie("session") != b.Cookie("session") {
				t.Errorf("%s: the password is enough: %v", x.Pattern, fields[2:])
			}
		}
		r.Clock.Advance(6 * time.Minute) // wrong answers in a row make no difference
	}
	now := show(t, r, p)
	if now.Protected != version.Protected || len(now.Authenticators) != len(version.Authenticators) || now.Name != version.Name {
		t.Errorf("before: %+v\nafter: %+v", version, now)
	}
	// "Log out everywhere" ends this one too: nothing in it is fresh.
	d := without(r, b)
	p.First(d)
	out, err := r.Service().LogOutEverywhere(ctx, signedIn(t, d), nidan.From{})
	if err != nil || !out.Passed() || out.Session != nil || loggedIn(d) {
		t.Errorf("log out everywhere: %s, goes on: %v, %v", out.Reason, out.Session != nil, err)
	}
}

// Somebody's own cookie with another's password.
func TestH1CookieOfAnother(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	victim, _ := protected(t, r)
	mallory, _ := protected(t, r)
	evil := remembers(t, r, mallory)
	if !passes(r, mallory, evil) {
		t.Fatal("it does not pass at its own account")
	}
	value := evil.Cookie("remembered")
	mine := remembers(t, r, victim).Cookie("remembered")
	for name, cookie := range map[string]string{
		"another account's":  value,
		"a known browser's":  evil.Cookie("browser"),
		"cut":                mine[:len(mine)-1],
		"longer":             mine + "A",
		"lower case":         strings.ToLower(mine),
		"half of each":       mine[:len(mine)/2] + value[len(value)/2:],
		"of nothing":         "nr_",
		"the account's id":   string(show(t, r, victim).ID),
		"an authenticator's": victim.Way("totp"),
	} {
		b := r.Browser()
		b.SetCookie("remembered", cookie)
		if page := victim.First(b); page.Location != "/login/second" || b.Cookie("session") != "" {
			t.Errorf("%s cookie: %d to %q", name, page.Status, page.Location)
		}
	}
	// Nor does it pass as anything else, or without the password.
	b := r.Browser()
	for _, name := range []string{"session", "pending", "setup", "browser", "remembered"} {
		b.SetCookie(name, mine)
	}
	anonymous(t, r, b)
	if page := b.Post("/login", "login", victim.Name, "password", notIt); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("with a wrong password: %d", page.Status)
	}
	// The box is ticked with a wrong code, or at the first step.
	c := r.Browser()
	c.Post("/login", "login", victim.Name, "password", victim.Password, "remember", "yes")
	c.Post("/login/second", "way", victim.Way("totp"), "code", victim.Phone.Wrong(), "remember", "yes")
	if c.Cookie("remembered") != "" {
		t.Error("a wrong code is remembered")
	}
}

// A remembered browser outlives what should end it.
func TestH2RememberedTooLong(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	r := o.Rig
	ctx := context.Background()
	for name, end := range map[string]func(t *testing.T, p *rig.Person, b *rig.Browser){
		"log out everywhere": func(_ *testing.T, _ *rig.Person, b *rig.Browser) { b.Post("/security/sessions/end-all") },
		"turned off and on": func(t *testing.T, p *rig.Person, b *rig.Browser) {
			b.Post("/security/off", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code())
			p.TurnOn(b)
		},
		"a reset": func(t *testing.T, p *rig.Person, _ *rig.Browser) { o.reset(t, p, "violet kettle under ice") },
		"log-out by an operator": func(t *testing.T, p *rig.Person, _ *rig.Browser) {
			if out, err := r.Service().LogOutAccount(ctx, p.Name, "test"); err != nil || !out.Passed() {
				t.Fatal(out.Reason, err)
			}
		},
		"a new password": func(t *testing.T, p *rig.Person, b *rig.Browser) {
			chosen := r.Secret("a password", "nine mares and a stone wall")
			out, err := r.Service().ChangePassword(ctx, signedIn(t, b), nidan.NewSecret(p.Password), nidan.Answer{Authenticator: p.Way("totp"), Code: nidan.NewSecret(p.Phone.Code())}, nidan.NewSecret(chosen), nidan.From{})
			if err != nil || !out.Passed() {
				t.Fatal(out.Reason, err)
			}
			p.Password = chosen
		},
		"a recovery": func(t *testing.T, p *rig.Person, _ *rig.Browser) {
			o.ripens(t, p)
			w, phone := o.walks(t, o.link(t, p), p.Password)
			if reason := w.complete(); reason != nidan.OK {
				t.Fatal(reason)
			}
			p.Phone = phone
		},
		"forgotten in the settings": func(t *testing.T, p *rig.Person, b *rig.Browser) {
			if out, err := r.Service().ForgetBrowser(ctx, signedIn(t, b), "", nidan.From{}); err != nil || !out.Passed() {
				t.Fatal(out.Reason, err)
			}
		},
		"thirty days": func(*testing.T, *rig.Person, *rig.Browser) { r.Clock.Advance(30 * 24 * time.Hour) },
	} {
		p, _ := protected(t, r)
		kept := remembers(t, r, p)
		r.Clock.Advance(30 * time.Second)
		owner := r.Browser()
		p.LogIn(owner)
		if !passes(r, p, kept) {
			t.Fatalf("%s: it does not pass before", name)
		}
		r.Clock.Advance(30 * time.Second)
		end(t, p, owner)
		if passes(r, p, kept) {
			t.Errorf("after %s it passes", name)
		}
	}
	// To the second, and not longer for being used.
	p, _ := protected(t, r)
	kept := remembers(t, r, p)
	for range 3 {
		r.Clock.Advance(10*24*time.Hour - time.Second)
		if !passes(r, p, kept) {
			t.Fatal("it ends too early")
		}
	}
	r.Clock.Advance(3 * time.Second)
	if passes(r, p, kept) {
		t.Error("it passes after thirty days")
	}
	// The sixth takes the place of the oldest.
	q, _ := protected(t, r)
	var all []*rig.Browser
	for range 6 {
		all = append(all, remembers(t, r, q))
	}
	if passes(r, q, all[0]) || !passes(r, q, all[1]) || !passes(r, q, all[5]) {
		t.Error("not the five newest are remembered")
	}
}

// It is copied: it can be seen and revoked, and holds nothing.
func TestH3CopiedCookie(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	var set []string
	b := again(r, p)
	page := b.Post("/login/second", "way", p.Way("totp"), "code", p.Phone.Code(), "remember", "yes")
	for _, line := range page.Header.Values("Set-Cookie") {
		if strings.HasPrefix(line, "__Host-nidan_remembered=") {
			set = append(set, line)
		}
	}
	if len(set) != 1 {
		t.Fatalf("%d cookies", len(set))
	}
	for _, attribute := range []string{"Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=2592000"} {
		if !slices.Contains(strings.Split(set[0], "; "), attribute) {
			t.Errorf("the cookie has no %s", attribute)
		}
	}
	id := string(show(t, r, p).ID)
	for _, x := range []string{p.Name, id, p.Way("totp"), "example"} {
		for _, f := range append(rig.Forms(x), x) {
			if strings.Contains(set[0], f) {
				t.Errorf("the cookie names %q", x)
			}
		}
	}
	if !passes(r, p, b) {
		t.Fatal("a copy does not pass, which cannot be told from the original")
	}
	r.Clock.Advance(time.Minute)
	p.LogIn(owner)
	view, err := r.Service().Overview(context.Background(), signedIn(t, owner))
	if err != nil || len(view.Remembered) != 1 {
		t.Fatalf("the owner sees %d remembered browsers, %v", len(view.Remembered), err)
	}
	thief := without(r, b)
	p.First(thief)
	if out, err := r.Service().ForgetBrowser(context.Background(), signedIn(t, owner), view.Remembered[0].ID, nidan.From{}); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	if passes(r, p, b) {
		t.Error("a copy passes after it was revoked")
	}
}

// It is used instead of a proof: no level above, no word for a second factor,
// no passing where the password is stopped or a mail set it.
func TestH4RememberedIsNoProof(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	p, _ := protected(t, o.Rig)
	b := remembers(t, o.Rig, p)
	kept := without(o.Rig, b)
	p.First(b)
	if s := session(t, o.Rig, b); s.Level != nidan.LevelTwoStep || slices.Contains(s.AMR, "otp") || slices.Contains(s.AMR, "mfa") {
		t.Errorf("a remembered browser is worth %v, %v", s.Level, s.AMR)
	}
	o.Clock.Advance(time.Minute)
	c := again(o.Rig, p)
	p.Second(c, p.Phone.Code())
	if s := session(t, o.Rig, c); s.Level <= nidan.LevelTwoStep || !slices.Contains(s.AMR, "mfa") {
		t.Errorf("the app is worth %v, %v", s.Level, s.AMR)
	}
	wrongAnswers(t, o.Rig, p, o.Browser(), 20)
	if show(t, o.Rig, p).Stopped.IsZero() {
		t.Fatal("the password is not stopped")
	}
	if passes(o.Rig, p, kept) {
		t.Error("it passes with a stopped password")
	}
}

// The weakest way is chosen though it proves too little: named in the form, it
// is refused like on the page.
func TestG3WeakestWay(t *testing.T) {
	t.Parallel()
	// Without mail there is no e-mail code to choose, by whatever form.
	r := rig.New(t)
	p, b := person(t, r), r.Browser()
	p.LogIn(b)
	for _, method := range []string{"mail", "backup", "none", "", "remembered", "password"} {
		c := b.Clone()
		if page := c.Post("/security/on", "method", method, "password", p.Password); c.Cookie("setup") != "" || strings.HasPrefix(page.Location, "/security/on/") {
			t.Errorf("%q can be chosen: %d to %q", method, page.Status, page.Location)
		}
	}
	// Behind a password that a mail set, the e-mail code is barred, and an app
	// beside it is asked for.
	o := withMail(t)
	q, _ := o.byMail(t)
	way := q.Way("mail")
	o.reset(t, q, "violet kettle under ice")
	c := again(o.Rig, q)
	for _, at := range []string{"/login/second", "/login/second?way=" + way} {
		page := c.Get(at)
		if strings.Contains(page.Body, `name="way" value="`+way+`"`) {
			t.Errorf("%s offers it", at)
		}
	}
	if page := c.Post("/login/second/send", "way", way); page.Status == http.StatusSeeOther {
		t.Error("it is sent when it is named")
	}
}
