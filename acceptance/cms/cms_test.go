// Package cms walks journey 5: an editor's content service, in a real browser.
package cms

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/acceptance/walk"
	"github.com/nidan-auth/nidan/server"
)

const profile = "cms"

// unnamed is the product without mail, without a name for its account area, and
// with a sentence in place of an address for support.
func unnamed(c *server.Config) {
	c.BrandName, c.BrandArea, c.Zone = "Inkwell", "", "Asia/Tokyo"
	c.BrandHome, c.BrandSupport = "https://inkwell.example.com/", "Ask the editors' desk, room 12."
}

var next = regexp.MustCompile(`Next code in (\d+) s`)

// lives is how many seconds the present code is said to live.
func lives(tab *chrome.Tab) int {
	tab.T.Helper()
	m := next.FindStringSubmatch(tab.Text())
	if m == nil {
		tab.T.Fatal("the page does not say how long the code lives")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		tab.T.Fatal(err)
	}
	return n
}

func TestCMS(t *testing.T) {
	r := rig.New(t, unnamed)
	p := r.Person()
	tab := chrome.Open(r)
	first := func() {
		tab.Fill("E-mail address", p.Name)
		tab.Fill("Password", p.Password)
		tab.Press("Log in")
	}

	t.Log("step 1: switch on, QR code, 6 digits; the entry in the app carries the service's name")
	tab.Go("/")
	tab.Expect("Log in", "Inkwell", "Ask the editors' desk, room 12.")
	first()
	tab.Expect("Security settings", "Two-step verification off")
	tab.Press("Turn on")

	t.Log("step 5: the page warns of a lost device, and of what helps then")
	tab.Expect("Choose a method", "If the phone is lost, so are its codes. The backup codes from the last step get you in then.")

	tab.Press("Get started")
	tab.Expect("Scan the QR code", "Name in the app: Inkwell, "+p.Name)
	left := lives(tab)
	app := tab.Scan()
	issuer, account, shown := app.Second()
	if issuer != "Inkwell" || account != p.Name || shown != app.Code() {
		t.Errorf("the entry in the app is called %q, %q", issuer, account)
	}

	t.Log("step 2: the page says that codes change, and how long the present one lives")
	tab.Sees("Codes change every 30 seconds.")
	if left > 20 { // the page was made at 10 seconds past the minute
		t.Errorf("the code is said to live %d s", left)
	}
	tab.Await(fmt.Sprintf("Next code in %d s", (left+26)%30+1)) // three seconds later
	tab.Fill("6-digit code", app.Code())
	tab.Press("Continue")
	tab.Expect("Save your backup codes", "They get you in without your phone.")
	codes := tab.List("codes")
	for _, c := range codes {
		r.Secret("a backup code", c)
	}
	tab.Tick("I have saved them in a safe place")
	tab.Press("Complete")
	tab.Expect("The set-up is complete", "On since 22 November 2026, 18:00 JST.")
	if to := tab.Link("Go to Inkwell"); to != "https://inkwell.example.com/" {
		t.Errorf("the way home leads to %q", to)
	}

	t.Log("step 3: from the next log-in a code is asked after address and password")
	tab.PressIn("Account", "Log out")
	first()
	tab.Expect("Enter the code from your app", "find “Inkwell”", "Codes change every 30 seconds.", "Next code in")
	before := app.Code()
	r.Clock.Advance(90 * time.Second)
	late := app.At(r.Clock.Wall().Add(-time.Minute))
	tab.Fill("6-digit code", late)
	tab.Press("Continue")
	tab.Refused("Enter the code from your app", "That code has run out; codes change every 30 seconds. Enter the one shown now.", "6-digit code")
	tab.Fill("6-digit code", app.At(r.Clock.Wall().Add(-30*time.Second))) // still good while it is typed
	tab.Press("Continue")
	tab.Expect("Security settings", "Two-step verification has been on since 22 November 2026")
	if before == late {
		t.Error("the code did not change")
	}

	t.Log("step 5: a lost device locks nobody out")
	tab.PressIn("Account", "Log out")
	first()
	tab.Press("I have lost my phone")
	tab.Expect("If your phone is lost", "You can still get in.", "They never ask for your password or a code.")
	tab.Press("Use a backup code")
	tab.Fill("Backup code", codes[9])
	tab.Press("Continue")
	tab.Expect("Replace backup code 10", "Is the old phone gone?")
	tab.PressIn("Account", "Security settings")
	tab.Sees("Logged in with backup code 10")

	t.Log("not yet walked: step 4 (a workspace that admits only members who have it on)")
}

// With a mail server a lost device locks nobody out either, though the codes are
// lost with it: recovery was set up on the way, as the address is known.
func TestEverythingLost(t *testing.T) {
	w := walk.Start(t, profile, "en")
	w.Registers()
	w.First()
	w.Press("Turn on")
	w.Expect("Choose a method")
	w.SeesNot("E-mail code")
	w.Press("Get started")
	w.Scans()
	w.Saves()
	w.Expect("The set-up is complete", "On since 22 November 2026, 18:00 JST.")
	if to := w.Link("Go to Profile"); to != "https://content.example/" {
		t.Errorf("the way home leads to %q", to)
	}
	lost := w.Phone
	w.LogsOut()
	w.First()

	w.Step("5", "a lost device, and the codes with it: a wait, then a link sets up another phone")
	w.Expect("Enter the code from your app")
	w.Press("I have lost my phone")
	w.Expect("If your phone is lost", "after a waiting period of 24 hours.")
	w.Press("Recover your account")
	w.Press("Start the recovery")
	w.Expect("Recovery is under way", "From 23 November 2026, 18:00 JST you can set up a new method.")
	w.Letter("Account recovery has started")
	w.StartTold()
	w.R.Clock.Advance(12 * time.Hour)
	w.Letter("Account recovery: half of the wait is over")
	w.HalfWayTold()
	w.R.Clock.Advance(14 * time.Hour)
	w.Letter("Account recovery: a new method can be set up")
	w.Go("/login")
	w.First()
	w.Press("See how far it is")
	w.Press("Mail me the link")
	w.Go(w.Letter("Account recovery: set up a new method now").Link[0])
	w.Expect("Set up a new method")
	w.Fill("Password", w.Pass)
	w.Press("Continue")
	w.Expect("Choose a method", "What you choose takes the place of all that you had.")
	w.Press("Continue")
	w.Scans()
	w.Saves()
	w.Expect("The new method is set up", "The recovery is complete.")
	w.Press("Log in")
	w.First()
	w.Expect("Enter the code from your app")
	w.R.Clock.Advance(time.Minute)
	w.Fill("6-digit code", lost.Code())
	w.Press("Continue")
	w.Refused("Enter the code from your app", "That code did not match. Enter the code your app shows now.", "6-digit code")
	w.Second()
}

// In a browser of one's own the code can be left out for thirty days.
func TestRemembered(t *testing.T) {
	w := walk.Start(t, profile, "en")
	w.Registers()
	w.First()
	w.Press("Turn on")
	w.Press("Get started")
	w.Scans()
	w.Saves()
	w.LogsOut()
	w.First()
	const box = "Do not ask in this browser for 30 days Only on a device that is yours."
	w.Expect("Enter the code from your app")
	if w.Ticked(box) {
		t.Error("the box is ticked beforehand")
	}
	w.Tick(box)
	w.Second()
	w.LogsOut()
	w.R.Clock.Advance(29 * 24 * time.Hour)
	w.First()
	w.Expect("Security settings", "Logged in without a code")

	t.Log("it is no second step for a change of protection")
	w.Press("Turn off")
	w.Fill("Password", w.Pass)
	w.Fill("6-digit code", w.Phone.Wrong())
	w.Press("Turn off")
	w.Refused("Turn off two-step verification", "That code did not match. Enter the code your app shows now.", "6-digit code")

	t.Log("listed and revocable")
	w.Press("Keep it on")
	w.Press("Browsers")
	w.Expect("Browsers", "Remembered browsers In these no code is asked at log-in.", "No code until 22 December 2026")
	w.Press("Ask again")
	w.Expect("Browsers", "From the next log-in the code is asked there again.")
	w.LogsOut()
	w.First()
	w.Second()
}

// The main path by the keys alone in English, with the finger in Japanese, and
// with the mouse in Korean.
func TestInEveryLanguage(t *testing.T) {
	for language, hands := range map[string]chrome.Option{"en": chrome.Keys, "ja": chrome.Phone, "ko": chrome.Mouse} {
		t.Run(language, func(t *testing.T) {
			w := walk.Start(t, profile, language, hands)
			w.Registers()
			w.First()
			w.Expect(w.Settings, w.Off)
			w.Press(w.TurnOn)
			w.Expect(w.Method)
			w.Press(w.GetStarted)
			w.Scans()
			w.Saves()
			w.Expect(w.Done, w.IsOn)
			w.LogsOut()
			w.First()
			w.Second()
			w.LogsOut()
			w.First()
			w.Press(w.Lost)
			w.Expect(w.LostH1)
			w.Backup(10)
			w.Press(w.NotNow)
			w.Expect(w.Settings)
			w.Told(w.MailOn, walk.Put(w.MailUsed, "n", "9"))
		})
	}
}
