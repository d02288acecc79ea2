package mypage

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
	journey "github.com/nidan-auth/nidan/acceptance/walk"
	"github.com/nidan-auth/nidan/server"
)

// Labels and headings that the walk goes by.
const (
	address, password = "E-mail address", "Password"
	digits            = "6-digit code"
	saved             = "I have saved them in a safe place"

	hLogIn    = "Log in to My Page"
	hSecurity = "Security settings"
	hChoose   = "Choose a method"
	hScan     = "Scan the QR code"
	hCodes    = "Save your backup codes"
	hDone     = "The set-up is complete"
	hSecond   = "Enter the code from your app"
	hBackup   = "Enter a backup code"
)

const home = "https://vpn.example/"

// profile is the product that this journey is about, while it has no mail
// server: the app and its backup codes are all there is.
func profile(c *server.Config) {
	c.BrandName, c.BrandArea = "Example VPN", "My Page"
	c.BrandHome, c.BrandSupport = home, "support@vpn.example"
}

// A walk is a person at a browser.
type walk struct {
	*chrome.Tab
	r     *rig.Rig
	box   *rig.Mailbox // nil: nothing is mailed
	p     *rig.Person
	app   chrome.App
	codes []string
}

func start(t *testing.T, options ...chrome.Option) *walk {
	t.Helper()
	r := rig.New(t, profile)
	p := r.Person()
	return &walk{Tab: chrome.Open(r, options...), r: r, p: p}
}

// register starts the whole product, and makes an account as anybody can.
func register(t *testing.T) *walk {
	t.Helper()
	w := journey.Start(t, "my-page", "en")
	w.Registers()
	return &walk{Tab: w.Tab, r: w.R, box: w.Box, p: w.R.Somebody(w.Name, w.Pass)}
}

// step says in the log which step of the journey is walked.
func (w *walk) step(n, what string) {
	w.T.Helper()
	w.T.Logf("step %s: %s", n, what)
}

// first takes the first step.
func (w *walk) first() {
	w.T.Helper()
	w.Go("/login")
	w.Fill(address, w.p.Name)
	w.Fill(password, w.p.Password)
	w.Press("Log in")
}

// second takes the second step with the app.
func (w *walk) second() {
	w.T.Helper()
	w.r.Clock.Advance(time.Minute) // the next code is due
	w.Expect(hSecond)
	w.Fill(digits, w.app.Code())
	w.Press("Continue")
	w.Expect(hSecurity)
}

func (w *walk) logOut() {
	w.T.Helper()
	w.PressIn("Account", "Log out")
	w.Expect(hLogIn)
}

// toScan goes from the security settings to the QR code.
func (w *walk) toScan() {
	w.T.Helper()
	w.Press("Turn on")
	w.Expect(hChoose)
	w.Press("Get started")
	w.Expect(hScan)
}

// confirm adds the app and goes on to the backup codes.
func (w *walk) confirm() {
	w.T.Helper()
	w.app = w.Scan()
	w.Fill(digits, w.app.Code())
	w.Press("Continue")
	w.Expect(hCodes)
	w.codes = w.sheet()
}

// setUp turns two-step verification on, from the security settings.
func (w *walk) setUp() {
	w.T.Helper()
	w.toScan()
	w.confirm()
	w.complete()
	w.Expect(hDone)
}

func (w *walk) complete() {
	w.T.Helper()
	w.Tick(saved)
	w.Press("Complete")
}

var code = regexp.MustCompile(`^\d\d(-[0-9A-HJKMNP-TV-Z]{4}){4}$`)

// sheet reads the codes off the page.
func (w *walk) sheet() []string {
	w.T.Helper()
	codes := w.List("codes")
	for _, c := range codes {
		if !code.MatchString(c) {
			w.T.Fatalf("%q stands among the codes", c)
		}
		w.r.Secret("a backup code", c)
		w.r.Secret("a backup code", strings.ReplaceAll(c[3:], "-", ""))
	}
	return codes
}

// told fails the test unless the notices in the outbox are of these kinds.
func (w *walk) told(kinds ...nidan.NoticeKind) {
	w.T.Helper()
	if w.box != nil {
		w.mailed(kinds)
		return
	}
	var got []nidan.NoticeKind
	for _, n := range w.r.Told(w.p.Name) {
		got = append(got, n.Kind)
		if n.Language != "en" || n.At.IsZero() || n.Browser != "Chrome on Linux" || n.Address != "127.0.0.1" {
			w.T.Errorf("the notice %s says: language %q, at %v, by %q from %q", n.Kind, n.Language, n.At, n.Browser, n.Address)
		}
	}
	if !slices.Equal(got, kinds) {
		w.T.Fatalf("told: %q instead of %q", got, kinds)
	}
}

// subjects are what stands over the mail of a notice, up to what varies.
var subjects = map[nidan.NoticeKind]string{
	nidan.NoticeOn:           "Two-step verification was turned on",
	nidan.NoticeOff:          "Two-step verification was turned off",
	nidan.NoticeBackupUsed:   "A backup code was used",
	nidan.NoticeCodeReplaced: "A used backup code was replaced",
	nidan.NoticeCodesIssued:  "New backup codes were issued",
}

// mailed fails the test unless the notices that came by mail are of these kinds.
func (w *walk) mailed(kinds []nidan.NoticeKind) {
	w.T.Helper()
	want := []string{"Confirm your address and create the account"}
	for _, k := range kinds {
		want = append(want, subjects[k])
	}
	var got []string
	for _, m := range w.box.Wait(w.T, w.p.Name, len(want)) {
		subject, _, _ := strings.Cut(strings.TrimPrefix(m.Subject, "Example VPN: "), " (")
		got = append(got, subject)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.T.Fatalf("mailed: %q instead of %q", got, want)
	}
}

// toldLast fails the test unless this is what the newest notice is about, and
// no older one.
func (w *walk) toldLast(kind nidan.NoticeKind) {
	w.T.Helper()
	if w.box != nil {
		for subject := ""; !strings.Contains(subject, subjects[kind]); {
			subject = w.box.Next(w.r, w.p.Name).Subject
		}
		return
	}
	var got []nidan.NoticeKind
	for _, n := range w.r.Told(w.p.Name) {
		got = append(got, n.Kind)
	}
	if len(got) == 0 || slices.Index(got, kind) != len(got)-1 {
		w.T.Errorf("told: %q, of which %s should be the last", got, kind)
	}
}

// unchanged fails the test if anything was stored in the account meanwhile.
func (w *walk) unchanged(meanwhile func()) {
	w.T.Helper()
	before := w.r.Version(w.p.Name)
	meanwhile()
	if now := w.r.Version(w.p.Name); now != before {
		w.T.Errorf("the account went from version %d to %d", before, now)
	}
}
