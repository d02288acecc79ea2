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
	"github.com/nidan-auth/nidan/server"
)

// profile is the product that this journey is about. It has no name for its
// account area, and its own clock on the wall.
func profile(c *server.Config) {
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
	r := rig.New(t, profile)
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
	tab.Expect("Choose a method", "If the phone is lost, so are its codes. The backup codes from step 3 get you in then.")

	tab.Press("Get started")
	tab.Expect("Scan the QR code", "Name in the app: Inkwell, "+p.Name)
	app := tab.Scan()
	issuer, account, shown := app.Second()
	if issuer != "Inkwell" || account != p.Name || shown != app.Code() {
		t.Errorf("the entry in the app is called %q, %q", issuer, account)
	}

	t.Log("step 2: the page says that codes change, and how long the present one lives")
	tab.Sees("Codes change every 30 seconds.")
	left := lives(tab)
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
	tab.Expect("Security settings", "Two-step verification is on since 22 November 2026")
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
