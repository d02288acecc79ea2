// Package walk has the parts that every journey is made of: a person with an
// address, a mailbox, an authenticator and a sheet of codes, at a browser, who
// goes by what is written on the pages, in any language.
package walk

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

// A Walk is a person at a browser.
type Walk struct {
	*chrome.Tab
	Labels

	R     *rig.Rig
	Box   *rig.Mailbox
	Brand string // the product
	Area  string // what it calls the account area

	Name  string // the person's address
	Pass  string // and their password
	Phone chrome.App
	Sheet []string

	language string
}

// Start starts the program with a profile, and opens a browser whose owner
// reads a language.
func Start(t testing.TB, profile, language string, options ...chrome.Option) *Walk {
	t.Helper()
	option, box := rig.Profile(t, profile)
	var c server.Config
	option(&c)
	r := rig.New(t, option)
	w := &Walk{
		Tab: chrome.Open(r, append(options, chrome.Speaks(language))...), Labels: In(t, language),
		R: r, Box: box, Brand: c.BrandName, Area: c.BrandArea, Name: r.Name(), language: language,
	}
	w.Pass = r.Secret("a password", "nine mares and a stone wall "+language)
	return w
}

// Step says in the log which step of the journey is walked.
func (w *Walk) Step(n, what string) {
	w.T.Helper()
	w.T.Logf("step %s: %s", n, what)
}

// LogInH1 is the heading of the log-in page.
func (w *Walk) LogInH1() string { return Put(w.LogInTo, "area", w.Area) }

// Registers makes the account as anybody can: an address, a link, a password.
func (w *Walk) Registers() {
	w.T.Helper()
	w.Go("/login")
	w.Press(w.Register)
	w.Expect(w.Register)
	w.Fill(w.Address, w.Name)
	w.Press(w.SendLink)
	w.Expect(w.LookInBox)
	w.Go(w.Letter(w.MailRegister).Link[0])
	w.chooses()
}

// Accepts makes the account by an invitation.
func (w *Walk) Accepts() {
	w.T.Helper()
	w.Go(w.R.Link(nidan.TicketInvite, w.Name))
	w.chooses()
}

func (w *Walk) chooses() {
	w.T.Helper()
	w.Expect(w.Choose)
	w.Fill(w.NewPassword, w.Pass)
	w.Press(w.Create)
	w.Expect(w.LogInH1())
}

// First takes the first step, where the log-in page is open already.
func (w *Walk) First() {
	w.T.Helper()
	w.Expect(w.LogInH1())
	w.Fill(w.Address, w.Name)
	w.Fill(w.Password, w.Pass)
	w.Press(w.LogIn)
}

// Second takes the second step with the app.
func (w *Walk) Second() {
	w.T.Helper()
	w.Expect(w.EnterApp)
	w.R.Clock.Advance(time.Minute) // the next code is due
	w.Fill(w.SixDigits, w.Phone.Code())
	w.Press(w.Continue)
	w.Expect(w.Settings)
}

// SecondByMail takes it with the number that was just mailed.
func (w *Walk) SecondByMail() {
	w.T.Helper()
	w.Expect(w.EnterMail)
	w.Fill(w.EightDigits, w.Letter(w.MailSignIn).Code)
	w.Press(w.Continue)
	w.Expect(w.Settings)
}

// LogsOut goes back to the log-in page.
func (w *Walk) LogsOut() {
	w.T.Helper()
	w.PressIn(w.Nav, w.LogOut)
	w.Expect(w.LogInH1())
}

// Proves enters the number that was mailed to show that mail arrives.
func (w *Walk) Proves() {
	w.T.Helper()
	w.Expect(w.Prove)
	w.Fill(w.EightDigits, w.Letter(w.MailProve).Code)
	w.Press(w.Continue)
}

// Scans takes the QR code in from the screen, and enters the app's code.
func (w *Walk) Scans() {
	w.T.Helper()
	w.Expect(w.ScanH1)
	w.Top()
	w.Phone = w.Scan()
	w.Fill(w.SixDigits, w.Phone.Code())
	w.Press(w.Continue)
}

// Saves keeps the backup codes and completes what they belong to.
func (w *Walk) Saves() {
	w.T.Helper()
	w.Expect(w.Codes)
	w.Sheet = w.ReadSheet()
	w.Tick(w.Saved)
	w.Press(w.Complete)
}

var code = regexp.MustCompile(`^\d\d(-[0-9A-HJKMNP-TV-Z]{4}){4}$`)

// ReadSheet reads the backup codes off the page.
func (w *Walk) ReadSheet() []string {
	w.T.Helper()
	codes := w.List("codes")
	for _, c := range codes {
		if !code.MatchString(c) {
			w.T.Fatalf("%q stands among the codes", c)
		}
		w.R.Secret("a backup code", c)
		w.R.Secret("a backup code", strings.ReplaceAll(c[3:], "-", ""))
	}
	return codes
}

// Backup takes the second step with the nth code of the sheet.
func (w *Walk) Backup(n int) {
	w.T.Helper()
	w.Press(w.UseBackup)
	w.Expect(w.EnterBackup)
	w.Fill(w.BackupCode, w.Sheet[n-1])
	w.Press(w.Continue)
	w.Expect(Put(w.ReplaceCode, "item", w.Sheet[n-1][:2]))
}

// TurnsOff turns it off from the security settings, with the app's code.
func (w *Walk) TurnsOff() {
	w.T.Helper()
	w.R.Clock.Advance(time.Minute)
	w.Press(w.TurnOff)
	w.Expect(w.OffH1)
	w.Fill(w.Password, w.Pass)
	w.Fill(w.SixDigits, w.Phone.Code())
	w.Press(w.OffGo)
	w.Expect(w.IsOff)
	w.Press(w.Settings)
	w.Expect(w.Settings, w.Off)
}

// Letter is the next mail to the person with this subject. The brand stands in
// front of every subject, in the form of the language.
func (w *Walk) Letter(subject string) rig.Letter {
	w.T.Helper()
	for {
		l := w.Box.Next(w.R, w.Name)
		rest, branded := strings.CutPrefix(l.Subject, w.branded())
		if !branded {
			w.T.Errorf("the subject %q does not begin with %q", l.Subject, w.branded())
		}
		if strings.HasPrefix(rest, upTo(subject)) {
			return l
		}
	}
}

func (w *Walk) branded() string {
	switch w.language {
	case "ja":
		return "【" + w.Brand + "】 "
	case "ko":
		return "[" + w.Brand + "] "
	}
	return w.Brand + ": "
}

// Told fails the test unless these are the subjects of all mails that came to
// the person, the numbers and links they asked for left out. Mails of one moment
// come in any order.
func (w *Walk) Told(subjects ...string) {
	w.T.Helper()
	asked := []string{w.MailSignIn, w.MailProve, w.MailSetUp, w.MailRegister, w.MailReset, w.MailRecovery}
	count := func() (got []string, all int) {
		for _, m := range w.Box.All() {
			if m.EnvelopeTo != w.Name {
				continue
			}
			all++
			if s := strings.TrimPrefix(m.Subject, w.branded()); !slices.Contains(asked, s) {
				got = append(got, s)
			}
		}
		return got, all
	}
	got, all := count()
	for len(got) < len(subjects) {
		w.Box.Wait(w.T, w.Name, all+1)
		got, all = count()
	}
	slices.Sort(got)
	slices.Sort(subjects)
	if !slices.Equal(got, subjects) {
		w.T.Fatalf("told: %q instead of %q", got, subjects)
	}
}

// Unchanged fails the test if anything at all was stored in the account
// meanwhile.
func (w *Walk) Unchanged(meanwhile func()) {
	w.T.Helper()
	before := w.R.Version(w.Name)
	meanwhile()
	if now := w.R.Version(w.Name); now != before {
		w.T.Errorf("the account went from version %d to %d", before, now)
	}
}

// StartTold waits until the account knows that the mail which begins a recovery was
// handed over, which is a moment after it came.
func (w *Walk) StartTold() { w.T.Helper(); w.handedOver("of the start", "s") }

// HalfWayTold waits for the one of half-way in the same way.
func (w *Walk) HalfWayTold() { w.T.Helper(); w.handedOver("of half-way", "m") }

func (w *Walk) handedOver(what, field string) {
	w.T.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if r, _ := w.R.Document(w.Name)["recovery"].(map[string]any); r[field] != nil {
			return
		}
	}
	w.T.Fatalf("the account does not know that the mail %s was handed over", what)
}
