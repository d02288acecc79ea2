package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// A tearoom is an application with people of its own, which has mounted the
// pages. Everybody's password is "green tea at seven".
type tearoom struct {
	*house
	mount    *Mount
	about    map[string]Person // by the name that they log in with
	sessions map[string]nidan.Assertion
	drawn    int
	leads    string // where SignedIn leads to
	fails    error  // of SignedIn, once its cookie is written
}

func newTearoom(t *testing.T, least nidan.Level) *tearoom {
	t.Helper()
	a := &tearoom{about: map[string]Person{}, sessions: map[string]nidan.Assertion{}, leads: "/app/home"}
	a.house = newHouse(t)
	caller, err := a.svc.Inside(t.Context(), nidan.Party{ID: "tearoom", Name: "Tea Room"})
	if err != nil {
		t.Fatal(err)
	}
	c := testConfig(t)
	c.Service, c.Base, c.Features = a.svc, under, Features()
	c.From = func(r *http.Request) nidan.From {
		return nidan.From{Network: r.Header.Get("X-Network"), Address: r.Header.Get("X-Network"), Browser: r.UserAgent()}
	}
	a.mount = &Mount{As: caller, Host: a, LogIn: "/app/log-in", Home: "/app/home", Least: least}
	c.Mount = a.mount
	if a.pages, err = New(c); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(under+"/", a.pages)
	mux.HandleFunc("POST /app/log-in", func(w http.ResponseWriter, r *http.Request) {
		if who, right := a.right(r); right {
			a.pages.SignIn(w, r, who)
			return
		}
		http.Error(w, "wrong", http.StatusForbidden)
	})
	mux.HandleFunc("POST /app/settings", func(w http.ResponseWriter, r *http.Request) {
		if who, right := a.right(r); right {
			a.pages.Settings(w, r, who)
			return
		}
		http.Error(w, "wrong", http.StatusForbidden)
	})
	mux.HandleFunc("POST /app/log-out", func(w http.ResponseWriter, r *http.Request) {
		a.pages.LogOut(w, r)
		http.Redirect(w, r, "/app/log-in", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /app/", func(w http.ResponseWriter, r *http.Request) {
		session, err := r.Cookie("tea")
		if err != nil {
			fmt.Fprint(w, "nobody")
			return
		}
		fmt.Fprintf(w, "%s %d", a.sessions[session.Value].Account, a.sessions[session.Value].Level)
	})
	a.around = mux
	return a
}

func (a *tearoom) right(r *http.Request) (Person, bool) {
	who, known := a.about[r.FormValue("name")]
	return who, known && r.FormValue("password") == "green tea at seven"
}

func (a *tearoom) begin(w http.ResponseWriter, told nidan.Assertion) {
	a.drawn++
	id := fmt.Sprint("session ", a.drawn)
	id = strings.ReplaceAll(id, " ", "-")
	a.sessions[id] = told
	http.SetCookie(w, &http.Cookie{Name: "tea", Value: id, Path: "/"})
}

// SignedIn implements [Host].
func (a *tearoom) SignedIn(w http.ResponseWriter, _ *http.Request, told nidan.Assertion) (string, error) {
	a.begin(w, told)
	return a.leads, a.fails
}

// SettingsLeft implements [Host].
func (a *tearoom) SettingsLeft(w http.ResponseWriter, _ *http.Request, told nidan.Assertion) (string, error) {
	for id, s := range a.sessions {
		if s.Account == told.Account {
			delete(a.sessions, id)
		}
	}
	a.begin(w, told)
	return "/app/home", nil
}

func (a *tearoom) has(name string) *person {
	a.about[name] = Person{Ref: "7", About: nidan.Details{Label: name}}
	return &person{name: name}
}

func (b *browser) to(path string, p *person) {
	b.Helper()
	b.send(path, "name", p.name, "password", "green tea at seven")
}

// home demands the application's page for an account with a level.
func (b *browser) home(want string) {
	b.Helper()
	if b.shown.path != "/app/home" || b.shown.html != want {
		b.Fatalf("at %s: %s, want %s", b.shown.path, b.shown.html, want)
	}
}

// TestMounted: people of an application turn it on, log in with it and turn it
// off, and the application begins its session behind the second step.
func TestMounted(t *testing.T) {
	a := newTearoom(t, 0)
	p := a.has("mina")
	b := a.browser("192.0.2.1")
	b.send("/app/log-in", "name", "mina", "password", "wrong")
	b.at("/app/log-in", http.StatusForbidden)
	b.to("/app/log-in", p)
	b.home("7 1")

	b.to("/app/settings", p)
	b.leadsBack(false)
	b.setUp(p)
	b.says("Two-step verification is on", "Back to Tea Room")
	if _, ok := b.cookies[sessionCookie]; !ok {
		t.Fatal("the settings have no session")
	}
	b.send("/back")
	b.home("7 3")
	if _, ok := b.cookies[sessionCookie]; ok || len(a.sessions) != 1 {
		t.Errorf("the settings' session is left, or one of the %d of before", len(a.sessions))
	}

	a.pass(time.Minute)
	b.to("/app/log-in", p)
	b.at("/login/second", http.StatusOK)
	b.says("For Tea Room, account mina")
	if strings.Contains(b.shown.html, `/login"`) || strings.Contains(b.shown.html, "/forgot") {
		t.Error("leads to a log-in of ours")
	}
	if len(a.sessions) != 1 {
		t.Fatal("a session begins before the second step")
	}
	way := b.value("way")
	b.send("/login/second", "way", way, "code", "000000")
	b.at("/login/second", http.StatusUnprocessableEntity)
	b.send("/login/second", "way", way, "code", p.code(a.house))
	b.home("7 3")
	if len(a.sessions) != 2 {
		t.Fatal("no session")
	}
	b.open("/login/second") // Back
	if b.shown.path != "/app/log-in" {
		t.Errorf("leads to %s", b.shown.path)
	}

	a.pass(time.Minute)
	b.to("/app/log-in", p)
	b.send("/login/second", "way", wayOf(b, "Use a backup code"), "code", p.codes[0])
	b.home("7 3")

	a.pass(time.Minute)
	b.to("/app/settings", p)
	b.send("/login/second", "way", b.value("way"), "code", p.code(a.house))
	a.pass(time.Minute)
	b.open(offPath)
	b.send(offPath, "way", b.value("way"), "code", p.code(a.house))
	b.at(offPath+"/done", http.StatusOK)
	b.send("/back")
	b.home("7 3") // it was taken in this visit
	b.to("/app/log-in", p)
	b.home("7 1")
}

// TestMountedLeadsToTheApplication wherever there is nobody, and has no first
// step.
func TestMountedLeadsToTheApplication(t *testing.T) {
	a := newTearoom(t, 0)
	for _, r := range a.pages.Routes() {
		if r.Needs == AnySession || r.Needs == PendingSignIn || r.Needs == RecoveryTicket {
			b := a.browser("192.0.2.1")
			b.ask(r.Method, strings.NewReplacer("{id}", "x", "{method}", "totp").Replace(r.Pattern), "x=y")
			if b.shown.path != "/app/log-in" {
				t.Errorf("%s %s leads to %s with %d", r.Method, r.Pattern, b.shown.path, b.shown.status)
			}
		}
	}
	for _, path := range []string{"/login", "/forgot", "/register", "/security/password", "/security/delete", "/step/x", passPath} {
		b := a.browser("192.0.2.1")
		b.open(path)
		b.at(path, http.StatusNotFound)
	}
	p := a.has("mina")
	b := a.browser("192.0.2.1")
	b.to("/app/settings", p)
	b.at("/security/on", http.StatusOK)
	b.send("/app/log-out")
	b.open("/security")
	if b.shown.path != "/app/log-in" {
		t.Errorf("still at %s", b.shown.path)
	}
}

// TestMountedDemandsMore: where the application wants the second step of all, a
// log-in without one leads to the set-up, and tells the application nothing.
func TestMountedDemandsMore(t *testing.T) {
	a := newTearoom(t, nidan.LevelTwoStep)
	p := a.has("mina")
	b := a.browser("192.0.2.1")
	b.to("/app/log-in", p)
	b.at("/security/on", http.StatusOK)
	b.send("/back")
	if b.shown.path != "/app/home" || b.shown.html != "nobody" {
		t.Fatalf("at %s: %s", b.shown.path, b.shown.html)
	}
	b.to("/app/log-in", p)
	b.setUp(p)
	b.send("/back")
	b.home("7 3")
}

// TestMountedPasswordStopped: the page says whose password to set anew, and
// another one is taken.
func TestMountedPasswordStopped(t *testing.T) {
	a := newTearoom(t, 0)
	p := a.has("mina")
	b := a.browser("192.0.2.1")
	b.to("/app/settings", p)
	b.setUp(p)
	b.send("/back")
	for range 20 {
		a.pass(2 * time.Hour)
		b.to("/app/log-in", p)
		b.send("/login/second", "way", b.value("way"), "code", "000000")
	}
	a.pass(2 * time.Hour)
	b.to("/app/log-in", p)
	b.at("/app/log-in", http.StatusForbidden)
	b.says("Choose a new password", "Set a new one at Tea Room", "Back to Tea Room")
	if !strings.Contains(b.shown.html, `href="/app/log-in"`) {
		t.Error("no way back")
	}
	who := a.about["mina"]
	who.PasswordChanged = a.svc.Now()
	a.about["mina"] = who
	b.to("/app/log-in", p)
	b.at("/login/second", http.StatusOK)

	who.PasswordChanged = who.PasswordChanged.Add(-time.Hour) // a replica that lags, or a wrong column
	a.about["mina"] = who
	b.to("/app/log-in", p)
	b.at("/app/log-in", http.StatusForbidden)
	b.says("Use your newer password", "Back to Tea Room")
	b.saysNot("wrong codes")
}

// TestMountRefused: what cannot work does not start.
func TestMountRefused(t *testing.T) {
	a := newTearoom(t, 0)
	for name, change := range map[string]func(*Config, *Mount){
		"nobody":    func(_ *Config, m *Mount) { m.As = nil },
		"no host":   func(_ *Config, m *Mount) { m.Host = nil },
		"no base":   func(c *Config, _ *Mount) { c.Base = "" },
		"no log-in": func(_ *Config, m *Mount) { m.LogIn = "" },
		"elsewhere": func(_ *Config, m *Mount) { m.Home = "//evil.example" },
		"too much":  func(_ *Config, m *Mount) { m.Least = nidan.LevelAAL2PHR },
	} {
		c, m := testConfig(t), *a.mount
		c.Base, c.Mount = under, &m
		change(&c, &m)
		if _, err := New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	p := a.has("mina")
	b := a.browser("192.0.2.1")
	for _, astray := range []string{"//evil.example/", "/\t/evil.example", "/\\evil.example", "https://evil.example/", "home", "", "/é", "/\r\nX: y"} {
		a.leads = astray
		b.to("/app/log-in", p)
		b.at("/app/log-in", http.StatusInternalServerError)
	}
	a.leads, a.fails = "/app/home", errors.New("blocked")
	b.to("/app/log-in", p)
	b.at("/app/log-in", http.StatusInternalServerError)
	if _, ok := b.cookies["tea"]; ok {
		t.Error("the cookie of a session that was not begun has left")
	}
	a.fails = nil
	b.to("/app/log-in", p)
	b.home("7 1")
}

// TestMountedAfterSomebodyElse: whoever logs in ends the settings of whoever sat
// at the browser before.
func TestMountedAfterSomebodyElse(t *testing.T) {
	a := newTearoom(t, 0)
	mina, theo := a.has("mina"), a.has("theo")
	a.about["theo"] = Person{Ref: "8", About: nidan.Details{Label: "theo"}}
	b := a.browser("192.0.2.1")
	b.to("/app/settings", mina)
	b.at("/security/on", http.StatusOK)
	stolen := b.cookies[sessionCookie]
	b.to("/app/log-in", theo)
	b.home("8 1")
	for _, cookie := range []string{"", stolen} {
		if cookie != "" {
			b.cookies[sessionCookie] = cookie
		}
		b.send("/back")
		if b.shown.path != "/app/log-in" {
			t.Fatalf("at %s: %s", b.shown.path, b.shown.html)
		}
	}
	b.open("/app/home")
	b.home("8 1")
}

// TestMountedDetails: what the application says of somebody keeps nobody out, and
// takes nothing away that was chosen here.
func TestMountedDetails(t *testing.T) {
	a := newTearoom(t, 0)
	p := a.has("mina")
	b := a.browser("192.0.2.1")
	for i, about := range []nidan.Details{
		{Label: strings.Repeat("x", 121)}, {}, {Label: "a\u200db"}, {Label: "mina", Address: "mina"}, {Label: "mina", Address: "mina@exämple"},
	} {
		a.about["mina"] = Person{Ref: fmt.Sprint("new", i), About: about}
		for range 2 { // when the account comes, and when it is there
			b.to("/app/log-in", p)
			b.home(fmt.Sprintf("new%d 1", i))
		}
	}
	p = a.has("mina")
	b.to("/app/settings", p)
	b.send("/language", "language", "ja", "at", "/security/on")
	b.to("/app/log-in", p)
	k, out, err := a.svc.Kept(t.Context(), a.mount.As, "7")
	a.must(out, err)
	if v, err := a.svc.ShowKept(t.Context(), k); err != nil || v.Language != "ja" {
		t.Errorf("the language is %q, %v", v.Language, err)
	}
	// An account that is missing is not made anew, where the application knows
	// that there was one.
	a.about["mina"] = Person{Ref: "lost", Known: true, About: nidan.Details{Label: "mina"}}
	b.to("/app/log-in", p)
	b.at("/app/log-in", http.StatusInternalServerError)
	if _, out, err := a.svc.Kept(t.Context(), a.mount.As, "lost"); err != nil || out.Reason != nidan.NoAccount {
		t.Errorf("%s, %v", out.Reason, err)
	}
}

// TestMountedHeaders: what the application says of its host stays.
func TestMountedHeaders(t *testing.T) {
	a := newTearoom(t, 0)
	w := httptest.NewRecorder()
	w.Header().Set("Strict-Transport-Security", "max-age=1; includeSubDomains")
	w.Header().Set("Vary", "Cookie")
	a.around.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://id.example.com"+under+"/help", nil))
	if h := w.Header(); w.Code != 200 || h.Get("Strict-Transport-Security") != "max-age=1; includeSubDomains" || strings.Join(h["Vary"], ", ") != "Cookie, Accept-Language" {
		t.Errorf("%d, %v", w.Code, h)
	}
}

// TestMountedFrozen: who is kept out by a fault of what is stored reads so, and
// not the log-in form once more.
func TestMountedFrozen(t *testing.T) {
	a := newTearoom(t, 0)
	p := a.has("mina")
	b := a.browser("192.0.2.1")
	b.to("/app/log-in", p)
	shown, err := a.svc.Show(t.Context(), "tearoom/7")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.db.Freeze(t.Context(), nidan.Freeze{Account: shown.ID, Part: "document", At: a.svc.Now()}); err != nil {
		t.Fatal(err)
	}
	b.to("/app/log-in", p)
	b.at("/app/log-in", http.StatusForbidden)
	b.says("This account is on hold", "help@example.com")
}
