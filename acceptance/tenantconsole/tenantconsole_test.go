// Package tenantconsole walks journey 3: the administrator of a security
// console, in a real browser.
package tenantconsole

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/walk"
)

const profile = "tenant-console"

func TestTenantConsole(t *testing.T) {
	w := walk.Start(t, profile, "en")
	w.Accepts()
	w.First()

	w.Step("1", "the account page says that it is off, and leads to a page that explains and offers to set it up")
	w.Expect("Security settings", w.Name, "Two-step verification off", "It takes about 3 minutes.")
	if to := w.Link("Console"); to != "https://console.security.example/" {
		t.Errorf("the console is at %q", to)
	}
	w.Unchanged(func() {
		w.Press("Turn on")
		w.Expect("Choose a method", "Nothing is changed until the last step.", "After your password you enter the 6 digits that the app shows.")
		w.SeesNot("E-mail code")
		w.Press("Get started")
	})

	w.Step("2", "QR code; the app's entry; the code; turn on")
	w.Expect("Scan the QR code", "Open your authenticator app, choose “Add” and scan this.", "Name in the app: Example Security, "+w.Name)
	w.Phone = w.Scan()
	if issuer, account, shown := w.Phone.Second(); issuer != "Example Security" || account != w.Name || shown != w.Phone.Code() {
		t.Errorf("the entry in the app is called %q, %q", issuer, account)
	}
	w.Fill("6-digit code", w.Phone.Code())
	w.Press("Continue")

	w.Step("3", "codes to keep safe; the page confirms that it is on")
	w.Expect("Save your backup codes", "They get you in without your phone.")
	w.Told()
	w.Saves()
	w.Expect("The set-up is complete", "Two-step verification is on.", "On since 22 November 2026, 09:00 UTC.")
	w.Told("Two-step verification was turned on")
	if to := w.Link("Go to Console"); to != "https://console.security.example/" {
		t.Errorf("the way home leads to %q", to)
	}
	w.LogsOut()
	w.First()
	w.Second()
	w.Sees("Two-step verification has been on since 22 November 2026.")

	w.Step("4", "turning off: a page that confirms, a fresh second step, and the status says off")
	w.R.Clock.Advance(30 * time.Minute) // logged in, and not fresh
	w.Press("Turn off")
	w.Expect("Turn off two-step verification", "Anyone with your password will be able to log in.")
	w.Fill("Password", w.Pass)
	w.Fill("6-digit code", w.Phone.Wrong())
	w.Press("Turn off")
	w.Refused("Turn off two-step verification", "That code did not match. Enter the code your app shows now.", "6-digit code")
	w.Fill("Password", w.Pass)
	w.Fill("6-digit code", w.Phone.Code())
	w.Press("Turn off")
	w.Expect("Two-step verification is off", "Your password alone opens this account now.")
	w.Told("Two-step verification was turned on", "Two-step verification was turned off")
	w.Press("Security settings")
	w.Expect("Security settings", "Two-step verification off", "Two-step verification was turned off")
	w.LogsOut()
	w.First()
	w.Expect("Security settings")

	t.Log("not yet walked: step 5 (approving the sign-in on the device)")
}

// The main path by the keys alone in English, with the finger in Japanese, and
// with the mouse in Korean.
func TestInEveryLanguage(t *testing.T) {
	for language, hands := range map[string]chrome.Option{"en": chrome.Keys, "ja": chrome.Phone, "ko": chrome.Mouse} {
		t.Run(language, func(t *testing.T) {
			w := walk.Start(t, profile, language, hands)
			w.Accepts()
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
			w.TurnsOff()
			w.Told(w.MailOn, w.MailOff)
		})
	}
}
