package inside

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
	"github.com/nidan-auth/nidan/web"
)

// host is an application that remembers what it was told.
type host struct{ told []nidan.Assertion }

func (h *host) SignedIn(_ http.ResponseWriter, _ *http.Request, a nidan.Assertion) (string, error) {
	h.told = append(h.told, a)
	return "/home", nil
}

func (h *host) SettingsLeft(w http.ResponseWriter, r *http.Request, a nidan.Assertion) (string, error) {
	return h.SignedIn(w, r, a)
}

func config(t *testing.T) (Config, *host) {
	h, dir := new(host), t.TempDir()
	return Config{
		Database: filepath.Join(dir, "app.db"), Keyring: filepath.Join(dir, "keys", "keyring.json"), ID: "app", Name: "The Application",
		Public: "https://app.example", LogIn: "/log-in", Host: h,
	}, h
}

func opened(t *testing.T, c Config) *App {
	t.Helper()
	a, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// posted is a request of the application's own log-in form.
func posted() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://app.example/log-in", strings.NewReader(url.Values{}.Encode()))
	r.RemoteAddr = "192.0.2.1:1000"
	return r
}

// The file is the application's, which writes into it before, between and after.
func TestInTheApplicationsOwnFile(t *testing.T) {
	c, h := config(t)
	db, err := sql.Open("sqlite", c.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	put := func() {
		t.Helper()
		if _, err := db.Exec("CREATE TABLE IF NOT EXISTS tea (n INTEGER); INSERT INTO tea VALUES (1)"); err != nil {
			t.Fatal(err)
		}
	}
	put()
	for range 2 { // the second time all of it is there
		a := opened(t, c)
		put()
		w := httptest.NewRecorder()
		a.SignIn(w, posted(), web.Person{Ref: "7", About: nidan.Details{Label: "mina"}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/home" {
			t.Fatalf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
		}
		if a.Base() != "/two-step" {
			t.Errorf("stands under %s", a.Base())
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		put()
	}
	if len(h.told) != 2 || h.told[0].Account != "7" || h.told[0].Level != nidan.LevelPassword {
		t.Errorf("told %+v", h.told)
	}
	var n, others int
	if err := db.QueryRow("SELECT count(*) FROM tea").Scan(&n); err != nil || n != 5 {
		t.Errorf("%d of the application's rows, %v", n, err)
	}
	const q = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'nidan_%' AND name NOT LIKE 'sqlite_%' AND name <> 'tea'"
	if err := db.QueryRow(q).Scan(&others); err != nil || others != 0 {
		t.Errorf("%d tables of Nidan's have names of their own, %v", others, err)
	}
	// One event for the application, though it started twice.
	trail, err := opened(t, c).Service().Parties(t.Context())
	if err != nil || len(trail) != 1 || trail[0].Name != c.Name {
		t.Errorf("%+v, %v", trail, err)
	}
}

// What does not belong together does not start, and nothing is made anew.
func TestRefused(t *testing.T) {
	c, _ := config(t)
	opened(t, c).Close()
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(c Config, want error) {
		t.Helper()
		a, err := Open(t.Context(), c)
		if err == nil {
			a.Close()
		}
		if !errors.Is(err, want) || err == nil {
			t.Errorf("%v, want %v", err, want)
		}
	}
	move(c.Keyring, c.Keyring+".away")
	fails(c, vault.ErrNoKeyring)
	move(c.Keyring+".away", c.Keyring)
	gone := c
	gone.Database = filepath.Join(t.TempDir(), "empty.db")
	fails(gone, vault.ErrNoDatabase)
	if _, err := os.Stat(gone.Database); err == nil {
		t.Error("an empty database was put in the place of the one that is missing")
	}
	damaged, _ := config(t) // what cannot be read may have been in use
	if err := os.MkdirAll(filepath.Dir(damaged.Keyring), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(damaged.Keyring, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err := Open(t.Context(), damaged); err == nil {
		a.Close()
		t.Error("a damaged keyring is taken")
	}
	if _, err := os.Stat(damaged.Database); err == nil {
		t.Error("an empty database was made beside a keyring that cannot be read")
	}
	for name, change := range map[string]func(*Config){
		"public": func(c *Config) { c.Public = "app.example" }, "path": func(c *Config) { c.Public += "/x" },
		"id": func(c *Config) { c.ID = "Not An Id" }, "name": func(c *Config) { c.Name = "" }, "host": func(c *Config) { c.Host = nil },
		"http": func(c *Config) { c.Public = "http://app.example" }, "nowhere": func(c *Config) { c.Database = "" }, "nobody": func(c *Config) { c.LogIn = "" },
		"log-in": func(c *Config) { c.LogIn = "https://elsewhere.example/" }, "base": func(c *Config) { c.Base = "two-step" },
	} {
		d, _ := config(t)
		change(&d)
		if a, err := Open(t.Context(), d); err == nil {
			a.Close()
			t.Errorf("%s: taken", name)
		}
	}
	other := c
	other.ID = "another"
	if a, err := Open(t.Context(), other); err == nil { // nobody would have a second step
		a.Close()
		t.Error("another id is taken")
	}
	c.Public += "/"
	opened(t, c)
}

// A name that changes is taken over; the id is what counts.
func TestRenamed(t *testing.T) {
	c, _ := config(t)
	opened(t, c).Close()
	c.Name = "Another Name"
	all, err := opened(t, c).Service().Parties(context.Background())
	if err != nil || len(all) != 1 || all[0].ID != "app" || all[0].Name != "Another Name" {
		t.Errorf("%+v, %v", all, err)
	}
}

// What the application tells of a person ends what was begun, here and there.
func TestEnds(t *testing.T) {
	c, h := config(t)
	a := opened(t, c)
	ctx := t.Context()
	who := web.Person{Ref: "7", About: nidan.Details{Label: "mina"}, PasswordChanged: time.Now().Add(-time.Hour)}
	in := func() (epoch int64, settings []*http.Cookie) {
		t.Helper()
		a.SignIn(httptest.NewRecorder(), posted(), who)
		w := httptest.NewRecorder()
		a.Settings(w, posted(), who)
		return h.told[len(h.told)-1].Epoch, w.Result().Cookies()
	}
	back := func(cookies []*http.Cookie) string {
		r := httptest.NewRequest(http.MethodPost, "https://app.example/two-step/back", nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w.Header().Get("Location")
	}
	if epoch, cookies := in(); back(cookies) != "/home" || h.told[len(h.told)-1].Epoch != epoch {
		t.Fatal("the way back does not work at all")
	}
	for name, end := range map[string]func() error{
		"another password": func() error { who.PasswordChanged = time.Now(); return a.PasswordChanged(ctx, who) },
		"everywhere":       func() error { return a.LogOutEverywhere(ctx, "7") },
		"forgotten":        func() error { return a.Forget(ctx, "7") },
	} {
		epoch, cookies := in()
		if holds, err := a.Holds(ctx, "7", epoch); err != nil || !holds {
			t.Fatalf("%s: before it holds is %v, %v", name, holds, err)
		}
		if err := end(); err != nil {
			t.Fatal(name, err)
		}
		if holds, err := a.Holds(ctx, "7", epoch); err != nil || holds {
			t.Errorf("%s: after it holds is %v, %v", name, holds, err)
		}
		if at := back(cookies); at != "/log-in" {
			t.Errorf("%s: the settings lead back to %q", name, at)
		}
	}
	for name, end := range map[string]func() error{
		"another password": func() error { return a.PasswordChanged(ctx, web.Person{Ref: "nobody", PasswordChanged: time.Now()}) },
		"everywhere":       func() error { return a.LogOutEverywhere(ctx, "nobody") },
		"forgotten":        func() error { return a.Forget(ctx, "nobody") },
	} {
		if err := end(); err != nil {
			t.Errorf("%s, of somebody who never was told of: %v", name, err)
		}
	}
	for _, ref := range []string{"7", "nobody"} {
		if err := a.PasswordChanged(ctx, web.Person{Ref: ref}); err == nil {
			t.Errorf("a password of %s that was changed at no time ends nothing, and no error says so", ref)
		}
	}
	if holds, err := a.Holds(ctx, "nobody", 1); err != nil || holds {
		t.Errorf("of nobody it holds is %v, %v", holds, err)
	}
}

// A product that comes from elsewhere is not taken over.
func TestNotAProductsID(t *testing.T) {
	c, _ := config(t)
	a := opened(t, c)
	if out, err := a.Service().PutParty(t.Context(), nidan.Party{ID: "shop", Name: "Shop", Returns: []string{"https://shop.example/back"}}, "test"); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	c.ID = "shop"
	if b, err := Open(t.Context(), c); err == nil {
		b.Close()
		t.Error("taken over")
	}
}

// An application is told when the disk has failed to keep something.
func TestLost(t *testing.T) {
	c, _ := config(t)
	var failing atomic.Bool
	c.Sync = func(log *os.File) error {
		if failing.Load() {
			return errors.New("input/output error")
		}
		return log.Sync()
	}
	a, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	failing.Store(true)
	if err := a.Service().ConfirmClock(t.Context(), "on trial"); !errors.Is(err, store.ErrLost) {
		t.Errorf("what was not kept is answered with %v", err)
	}
	if err := <-a.Lost(); !errors.Is(err, store.ErrLost) {
		t.Errorf("told %v", err)
	}
	if err := a.Close(); !errors.Is(err, store.ErrLost) {
		t.Errorf("Close = %v", err)
	}
}
