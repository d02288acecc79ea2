package recipes

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/mail/mailtest"
)

// An embedded is the recipe of docs/recipes/embed.md: the application is the
// only program there is.
type embedded struct {
	*recipe
	post  *mailtest.Catcher
	tab   *chrome.Tab
	app   chrome.App
	sheet []string
	seen  int // mails
}

// TestEmbed follows the page, then goes on with everything else that people do
// with their second step, with mails.
func TestEmbed(t *testing.T) {
	e := &embedded{recipe: newRecipe(t, "examples/embed/main.go"), post: mailtest.StartWith(t, mailtest.Options{Security: mailtest.Clear})}
	e.data = "tea-data"
	e.shop = "127.0.0.1:" + port(e.shop)
	e.example += e.read("examples/embed/page.html")
	build := exec.CommandContext(t.Context(), "go", "build", "-mod=readonly", "-o", filepath.Join(e.dir, "bin", "tea-room"), "./examples/embed")
	build.Dir, build.Env = rig.Source(), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(e.read("examples/embed/main.go"), "\n"); n > 200 {
		t.Errorf("the example has %d lines", n)
	}
	e.program = func(line string) {
		e.kept.Close()
		e.nidan = rig.NewOutside(t, filepath.Join(e.dir, "bin", e.data), "", func() *exec.Cmd {
			return e.command(context.WithoutCancel(t.Context()), fmt.Sprintf("SMTP=%s:%d exec env %s", e.post.Host, e.post.Port, line))
		})
	}
	e.steps = map[string]func(){"log in, turn it on and log in with the code": func() {
		e.tab = chrome.Open(e.nidan.Rig)
		e.turnOn()
		e.logInWithCode()
	}}
	e.follow("docs/recipes/embed.md")

	e.byMailToo()
	e.byBackupCode()
	e.turnOff()
	e.strangers()
	e.search()
}

func (e *embedded) read(name string) string {
	text, err := os.ReadFile(filepath.Join(rig.Source(), name))
	if err != nil {
		e.t.Fatal(err)
	}
	return string(text)
}

// first takes the first step.
func (e *embedded) first() {
	e.t.Helper()
	e.tab.Go("/log-in")
	e.tab.Fill("Name", mina)
	e.tab.Fill("Password", minaPassword)
	e.tab.Press("Log in")
}

// settings gives the password once more.
func (e *embedded) settings() {
	e.t.Helper()
	e.tab.Press("Security")
	e.tab.Fill("Password, once more", minaPassword)
	e.tab.Press("Open the security settings")
}

// mailed is the number in the next mail about something.
func (e *embedded) mailed(subject string) string {
	e.t.Helper()
	for {
		e.seen++
		m := e.post.Wait(e.t, mina, e.seen)[e.seen-1]
		if m.From != `"Tea Room" <tea@example.com>` {
			e.t.Fatalf("a mail from %s", m.From)
		}
		if m.Subject == "Tea Room: "+subject {
			return e.nidan.Secret("a mailed number", m.Code())
		}
	}
}

func (e *embedded) turnOn() {
	e.tab.Go("/")
	e.tab.Fill("Name", mina)
	e.tab.Fill("Password", "green tea at eight")
	e.tab.Press("Log in")
	e.tab.Expect("Log in", "That name or password is not right.")
	e.first()
	e.tab.Expect("My account", mina+", logged in with the password alone")
	elsewhere := e.nidan.Browser()
	if p := elsewhere.Post("/log-in", "name", mina, "password", minaPassword); p.Location != "/" {
		e.t.Fatalf("log-in: %d to %q", p.Status, p.Location)
	}
	e.settings()
	e.tab.Expect("Choose a method")
	e.tab.Sees("Authenticator app", "E-mail code")
	e.tab.Press("Get started")
	e.tab.Expect("Confirm your address")
	e.tab.Fill("8-digit code", e.mailed("Confirm your address"))
	e.tab.Press("Continue")
	e.tab.Expect("Scan the QR code", "Name in the app: Tea Room, "+mina)
	e.tab.Top()
	e.app = e.tab.Scan()
	e.tab.Fill("6-digit code", e.app.At(time.Now().Add(-30*time.Second))) // leaves the present one for the log-in
	e.tab.Press("Continue")
	e.tab.Expect("Save your backup codes")
	e.sheet = e.tab.List("codes")
	for _, code := range e.sheet {
		e.nidan.Secret("a backup code", code)
	}
	e.tab.Tick("I have saved them in a safe place")
	e.tab.Press("Complete")
	e.tab.Expect("The set-up is complete")
	if p := elsewhere.Get("/"); p.Location != "/log-in" { // it was from before, and nobody has gone back yet
		e.t.Errorf("a session of the password alone: %d to %q", p.Status, p.Location)
	}
	e.tab.PressIn("Account", "Back to Tea Room")
	e.tab.Expect("My account", mina+", logged in with the second step")
}

func (e *embedded) logInWithCode() {
	e.tab.Press("Log out")
	e.first()
	const heading = "Enter the code from your app"
	e.tab.Expect(heading)
	e.tab.Fill("6-digit code", e.app.Wrong())
	e.tab.Press("Continue")
	e.tab.Refused(heading, "That code did not match. Enter the code your app shows now.", "6-digit code")
	other := e.tab.Other() // the password alone has made no session
	other.Go("/")
	other.Sees("Log in")
	e.tab.Fill("6-digit code", e.app.At(time.Now()))
	e.tab.Press("Continue")
	e.tab.Expect("My account", mina+", logged in with the second step")
	e.tab.Back()
	e.tab.Sees("Log in") // the second step is over, and leads to the application
	e.tab.Go("/")
	e.tab.Expect("My account", mina)
}

// backup takes the second step with the next backup code.
func (e *embedded) backup(button string) {
	e.t.Helper()
	e.tab.Press("Use a backup code")
	e.tab.Fill("Backup code", e.sheet[0])
	e.sheet = e.sheet[1:]
	e.tab.Press(button)
}

// notNow leaves the successor of a used backup code for later.
func (e *embedded) notNow() {
	e.t.Helper()
	e.tab.Sees("Is the old phone gone?")
	e.tab.Press("Not now")
	e.tab.Expect("Security settings", "Two-step verification")
}

// byMailToo adds the code by mail, and logs in with it.
func (e *embedded) byMailToo() {
	e.t.Log("both methods")
	e.settings()
	e.tab.Expect("Enter the code from your app")
	e.backup("Continue")
	e.notNow()
	e.tab.Go("/two-step/security/add/mail")
	e.backup("Continue")
	e.tab.Sees("8-digit code")
	e.tab.Fill("8-digit code", e.mailed("Your code to turn the e-mail code on"))
	e.tab.Press("Continue")
	e.tab.PressIn("Account", "Back to Tea Room")
	e.tab.Press("Log out")
	e.first()
	e.tab.Expect("Enter the code from your app")
}

func (e *embedded) byBackupCode() {
	e.t.Log("a backup code")
	e.backup("Continue")
	e.tab.Expect("My account", mina+", logged in with the second step")
}

func (e *embedded) turnOff() {
	e.t.Log("off again")
	e.settings()
	e.backup("Continue")
	e.notNow()
	e.tab.Go("/two-step/security/off")
	e.backup("Turn off")
	e.tab.PressIn("Account", "Back to Tea Room")
	e.tab.Press("Log out")
	e.first()
	e.tab.Expect("My account", mina+", logged in with the password alone")
}

// strangers: nothing of Nidan's is reached without the application's log-in, and
// its session is none there.
func (e *embedded) strangers() {
	b := e.nidan.Browser()
	for _, path := range []string{"/two-step/", "/two-step/security", "/two-step/login/second"} {
		if p := b.Get(path); p.Location != "/log-in" {
			e.t.Errorf("%s: %d to %q", path, p.Status, p.Location)
		}
	}
	if p := b.Post("/log-in", "name", mina, "password", minaPassword); p.Location != "/" {
		e.t.Errorf("log-in: %d to %q", p.Status, p.Location)
	}
	if p := b.Get("/two-step/security"); p.Location != "/log-in" {
		e.t.Errorf("with a session of the application: %d to %q", p.Status, p.Location)
	}
}

// search looks for secrets in the file that both share.
func (e *embedded) search() {
	e.nidan.Kill()
	var all []byte
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(e.dir, "bin", e.data, "tea.db"+suffix))
		if err != nil {
			e.t.Fatal(err)
		}
		all = append(all, b...)
	}
	if found := rig.Find(string(all), e.nidan.Secrets()); len(found) > 0 {
		e.t.Errorf("%q stand in the database", found)
	}
	for _, table := range []string{"CREATE TABLE people", "CREATE TABLE nidan_documents"} {
		if !bytes.Contains(all, []byte(table)) {
			e.t.Errorf("the application's file has no %q", table)
		}
	}
}
