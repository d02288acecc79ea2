// Package attacks carries out the attacks that docs/threats.md lists: over
// HTTP, against the whole program, one test per row of that table and named
// after it. A test that has to look into the database opens the file as a thief
// of a backup would, or writes to it as somebody who broke into the machine.
package attacks

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
	"github.com/nidan-auth/nidan/web"
)

// TestMain makes the test binary the program itself where a test starts it as
// a process of its own.
func TestMain(m *testing.M) {
	if words := os.Getenv(asProgram); words != "" {
		os.Exit(server.Main(context.Background(), server.Invocation{
			Args: strings.Split(words, "\n"), Stdout: os.Stdout, Stderr: os.Stderr,
		}))
	}
	os.Exit(m.Run())
}

const asProgram = "PROGRAM_WITH_ARGUMENTS"

// routes is the table of the program's pages. It is the same in every test.
func routes(t testing.TB, r *rig.Rig) []web.Route {
	t.Helper()
	tableMu.Lock()
	defer tableMu.Unlock()
	if table == nil {
		pages, err := web.New(web.Config{
			Service: r.Service(), Brand: web.Brand{Name: "x"}, Public: &url.URL{Scheme: "https", Host: "x"},
			From: func(*http.Request) nidan.From { return nidan.From{} },
		})
		if err != nil {
			t.Fatal(err)
		}
		table = pages.Routes()
	}
	if len(table) < 30 {
		t.Fatalf("only %d routes", len(table))
	}
	return table
}

var (
	tableMu sync.Mutex
	table   []web.Route
)

// path is an address of a route: what a pattern leaves open is filled with
// something that leads nowhere.
func path(x web.Route) string {
	return strings.NewReplacer("{$}", "", "{ticket}", "nt_none", "{file...}", "none.css").Replace(x.Pattern)
}

// loggedIn reports whether a browser has a live session.
func loggedIn(b *rig.Browser) bool { return b.Get("/security").Status == 200 }

// anonymous checks that a browser gets no further than the log-in page on any
// route that needs a session. First come the routes that only look: some of the
// others would end a session that should not be there.
func anonymous(t *testing.T, r *rig.Rig, b *rig.Browser) {
	t.Helper()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, x := range routes(t, r) {
			if x.Needs != web.AnySession || x.Method != method {
				continue
			}
			if p := b.Clone().Do(x.Method, path(x), form, strings.NewReader("")); p.Location != "/login" {
				t.Errorf("%s %s: status %d, leads to %q", x.Method, x.Pattern, p.Status, p.Location)
			}
		}
	}
}

const form = "application/x-www-form-urlencoded"

// show is the operator's view of an account.
func show(t testing.TB, r *rig.Rig, p *rig.Person) nidan.AccountView {
	t.Helper()
	v, err := r.Service().Show(context.Background(), p.Name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// judged counts the second steps of an account that were judged and found
// wrong, by its trail.
func judged(t testing.TB, r *rig.Rig, p *rig.Person) int {
	t.Helper()
	return count(t, r, p, nidan.EventRefused)
}

func count(t testing.TB, r *rig.Rig, p *rig.Person, kind nidan.EventKind) int {
	t.Helper()
	events, err := r.Service().Events(context.Background(), p.Name, 1, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// typed is a backup code as a person may type it. A page that takes what was
// typed back into its field does not hold the code as it was printed then,
// which the rig would find.
func typed(code string) string { return strings.ToLower(strings.ReplaceAll(code, "-", " ")) }

// retryAfter is how many seconds an answer says to wait; 0 if it does not.
func retryAfter(p rig.Page) int {
	n, _ := strconv.Atoi(p.Header.Get("Retry-After"))
	return n
}

// knownAs is a browser that an account knows, without a session.
func knownAs(r *rig.Rig, b *rig.Browser) *rig.Browser {
	k := r.Browser()
	k.SetCookie("browser", b.Cookie("browser"))
	return k
}

// from is a browser somewhere else on the network. The rig has to be
// BehindProxy.
func from(r *rig.Rig, address string) *rig.Browser {
	b := r.Browser()
	b.Header.Set("X-Forwarded-For", address)
	return b
}

// session is what the program itself holds a browser's session for.
func session(t testing.TB, r *rig.Rig, b *rig.Browser) *nidan.Session {
	t.Helper()
	tok, ok := nidan.ParseSession(b.Cookie("session"))
	if !ok {
		t.Fatal("the browser has no session cookie")
	}
	s, err := r.Service().Session(context.Background(), tok)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wrongAnswers has n wrong codes of the app judged at log-in, in as many
// sign-ins as that takes. It lets every wait pass.
func wrongAnswers(t testing.TB, r *rig.Rig, p *rig.Person, b *rig.Browser, n int) {
	t.Helper()
	wrongAnswersBy(t, r, p, b, n, func() rig.Page { return p.Second(b, p.Phone.Wrong()) })
}

func wrongAnswersBy(t testing.TB, r *rig.Rig, p *rig.Person, b *rig.Browser, n int, answer func() rig.Page) {
	t.Helper()
	idle := 0
	for done := judged(t, r, p); n > 0; {
		if b.Cookie("pending") == "" {
			if page := p.First(b); b.Cookie("pending") == "" {
				t.Fatalf("first step: %d %s", page.Status, page.Text())
			}
		}
		page := answer()
		if wait := retryAfter(page); wait > 0 {
			r.Clock.Advance(time.Duration(wait) * time.Second)
			continue
		}
		now := judged(t, r, p)
		if now == done {
			if idle++; idle > 10 {
				t.Fatalf("answers are not judged: %d %s", page.Status, page.Text())
			}
			continue
		}
		n, done, idle = n-(now-done), now, 0
	}
}
