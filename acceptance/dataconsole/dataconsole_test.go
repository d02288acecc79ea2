// Package dataconsole walks journey 4: a data platform that guards customer
// data, in a real browser. The address is proven at every set-up.
package dataconsole

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/walk"
)

const profile = "data-console"

// Headings that the walk goes by.
const (
	hSecurity = "Security settings"
	hChoose   = "Choose a method"
	hProve    = "Confirm your address"
	hScan     = "Scan the QR code"
	hCodes    = "Save your backup codes"
	hDone     = "The set-up is complete"
	hReissue  = "Issue new backup codes"
	hOff      = "Turn off two-step verification"
	hBackup   = "Enter a backup code"
)

const (
	wrongApp  = "That code did not match. Enter the code your app shows now."
	notSaved  = "To finish, tick “I have saved them in a safe place”."
	turnedOn  = "Two-step verification was turned on"
	turnedOff = "Two-step verification was turned off"
	reissued  = "New backup codes were issued"
)

func TestDataConsole(t *testing.T) {
	w := walk.Start(t, profile, "en")
	w.Accepts()
	w.First()

	w.Step("1", "the page shows whether it is on; the menu leads to it; turning on opens the set-up")
	w.Expect(hSecurity, "Two-step verification off")
	w.PressIn("Account", "Security settings")
	if to := w.Link("Account management"); to != "https://data.example/" {
		t.Errorf("the account management is at %q", to)
	}

	leaving(w)

	w.Step("3", "the address first: it is filled in, a number is mailed and entered")
	w.Press("Turn on")
	w.Expect(hChoose)
	w.Press("Get started")
	w.Expect(hProve, "First show that our mails reach you", "Sent to "+masked(w.Name)+" at 10:01 UTC. It works until 10:11 UTC, in this browser only.", "Look for “Example Data” in your spam folder.")
	proof := w.Letter("Confirm your address")
	w.Fill("8-digit code", proof.Code)
	w.Press("Continue")

	w.Step("4", "QR code, or the key by hand; the app's code")
	w.Expect(hScan)
	w.Top()
	w.Phone = w.Scan()
	if typed := strings.Join(w.List("key"), ""); typed != w.Phone.Key {
		t.Errorf("the key to type is %q", typed)
	}
	w.Fill("6-digit code", w.Phone.Code())
	w.Press("Continue")

	w.Step("5", "the codes must be saved; the box alone makes “Complete” work, and the server asks for it too")
	w.Expect(hCodes)
	w.Sheet = w.ReadSheet()
	if file := w.Download("Download"); strings.Count(file, w.Sheet[0]) != 1 || strings.Count(file, w.Sheet[9]) != 1 {
		t.Error("the file lacks a code")
	}
	w.Kept(func() {
		w.Touch("Complete")
		if got := w.Complaint("I have saved them in a safe place"); got != notSaved {
			t.Errorf("without the tick it says %q", got)
		}
		w.Forgive("I have saved them in a safe place")
		w.Press("Complete")
		w.Refused(hCodes, notSaved, "I have saved them in a safe place")
	})
	w.Told()
	w.Saves()
	w.Expect(hDone)
	w.Told(turnedOn)

	w.Step("6", "log in: address and password, then the code")
	w.LogsOut()
	w.First()
	w.Second()

	reissue(w)

	w.Step("8", "turn off: password and a backup code; the screen shows that it is off")
	w.Press("Turn off")
	w.Press("Use a backup code")
	w.Expect(hOff)
	w.Fill("Password", w.Pass)
	w.Paste("Backup code", w.Sheet[3])
	w.Press("Turn off")
	w.Expect("Two-step verification is off")
	w.Press("Security settings")
	w.Expect(hSecurity, "Two-step verification off")
	w.Told(turnedOn, "A backup code was used (9 left)", reissued, "A backup code was used (9 left)", turnedOff)

	t.Log("not yet walked: step 9 (an organisation requires it of its members)")
}

// leaving begins the set-up and leaves it at every point: nothing is saved.
func leaving(w *walk.Walk) {
	w.Step("2", "leaving at any point before the end saves nothing")
	w.Kept(func() {
		w.Press("Turn on")
		w.Press("Cancel")
		w.Expect(hSecurity, "Two-step verification off")
		w.SeesNot("Nothing was changed.")

		w.Press("Turn on")
		w.Press("Get started")
		w.Expect(hProve)
		number := w.Letter("Confirm your address").Code
		left(w, hProve)
		other(w, "メールアドレスを確認してください", hProve)
		w.Fill("8-digit code", wrong(number))
		w.Press("Continue")
		w.Refused(hProve, "That code did not match. Use the newest mail, sent at 09:", "8-digit code")
		if got := w.Field("8-digit code"); got != wrong(number) {
			w.T.Errorf("what was typed became %q", got) // so that a typing error is mended
		}
		other(w, "メールアドレスを確認してください", hProve)
		w.Fill("8-digit code", number)
		w.Press("Continue")
		w.Expect(hScan)
		w.Back() // the address is confirmed: the set-up goes on where it is
		w.Expect(hScan)

		w.Top()
		key := w.Scan().Key
		left(w, hScan)
		other(w, "QRコードを読み取ってください", hScan)
		w.Fill("6-digit code", w.Tab.App(w.Link("Open the app on this device")).Wrong())
		w.Press("Continue")
		w.Refused(hScan, "That code did not match. Enter the code of the entry that you have just added.", "6-digit code")
		w.Top()
		w.Phone = w.Scan()
		if w.Phone.Key != key {
			w.T.Error("the key changed on the way")
		}
		w.Fill("6-digit code", w.Phone.Code())
		w.Press("Continue")
		w.Expect(hCodes)

		w.Back()
		w.Sees("Your code was right.")
		w.Press("Go on")
		codes := w.ReadSheet()
		left(w, hCodes)
		other(w, "バックアップコードを保存してください", hCodes)
		if !slices.Equal(w.ReadSheet(), codes) {
			w.T.Error("the codes changed on the way")
		}

		second := *w
		second.Tab = w.Other()
		second.Go("/security/on")
		second.Press("Get started")
		second.Expect(hProve)
		w.Letter("Confirm your address")
		w.Tick("I have saved them in a safe place")
		w.Press("Complete")
		w.Expect("Go on in the other tab", "You went on in another tab. Nothing was changed here; continue there.")
		w.Press("Go on")
		w.Expect(hProve)
		w.Press("Cancel")
		w.Expect(hSecurity, "Two-step verification off", "Nothing was changed. You can start again at any time.")
	})
	w.Told()
	w.R.Clock.Advance(61 * time.Minute) // the number and the unfinished set-up run out
	w.Go("/security/on/mail")
	w.Expect("Log in to Account management") // and the session was idle too long
	w.First()
	w.Expect(hSecurity)
}

// left leaves a step, loads its page again, and comes back to it.
func left(w *walk.Walk, heading string) {
	w.T.Helper()
	w.Reload()
	w.Expect(heading)
	w.Press("Cancel")
	w.Expect(hSecurity, "Two-step verification off", "Nothing was changed.")
	w.Press("Go on with the set-up")
	if heading == hCodes {
		w.Expect("The app is added already", "Go on to the backup codes")
		w.Press("Go on")
	}
	w.Expect(heading)
}

// other looks at a step in Japanese, and in English again.
func other(w *walk.Walk, ja, en string) {
	w.T.Helper()
	w.Press("日本語")
	w.Expect(ja)
	w.Press("English")
	w.Expect(en)
}

func reissue(w *walk.Walk) {
	w.Step("7", "new codes: password and a second step, “Next”, save, complete; the old ones stop then and not before")
	old := w.Sheet
	w.Press("Issue new ones")
	w.Expect(hReissue, "10 of your 10 codes are left. They work until the new ones are saved.")
	w.Press("Use a backup code") // it counts as a second step
	w.Fill("Password", w.Pass)
	w.Paste("Backup code", old[0])
	w.Press("Next")
	w.Expect(hCodes, "Your old codes work until you press “Complete”, and not after.")
	shown := w.ReadSheet()
	w.Kept(func() {
		w.Reload()
		w.Press("Cancel")
		w.Expect(hSecurity, "Backup codes 9 of 10 left")
	})
	w.Back()
	w.Expect(hCodes)
	if !slices.Equal(w.ReadSheet(), shown) {
		w.T.Error("the new codes changed on the way")
	}
	b := w.R.Browser()
	first := b.Post("/login", "login", w.Name, "password", w.Pass)
	if first.Location != "/login/second" {
		w.T.Fatalf("the first step leads to %q", first.Location)
	}
	w.Saves()
	w.Expect("Your new codes work")
	w.Press("Security settings")
	w.Sees("Backup codes 10 of 10 left")

	w.LogsOut()
	w.First()
	w.Press("Use a backup code")
	w.Paste("Backup code", old[1])
	w.Press("Continue")
	w.Refused(hBackup, "That code is from a set replaced on 22 November 2026. Use the newer set, or try another way.", "Backup code")
	w.Press("Use the authenticator app")
	w.Second()
}

// wrong is another number than the one mailed.
func wrong(number string) string {
	if number == "" {
		return "there was no number"
	}
	last := (number[7]-'0'+1)%10 + '0'
	return number[:7] + string(last)
}

// masked is an address as pages show it that others may see.
func masked(address string) string {
	name, host, _ := strings.Cut(address, "@")
	return name[:1] + "•••@" + host
}

// The main path by the keys alone in English, with the finger in Japanese, and
// without scripts in Korean.
func TestInEveryLanguage(t *testing.T) {
	for language, hands := range map[string]chrome.Option{"en": chrome.Keys, "ja": chrome.Phone, "ko": chrome.NoScripts} {
		t.Run(language, func(t *testing.T) {
			w := walk.Start(t, profile, language, hands)
			w.Accepts()
			w.First()
			w.Expect(w.Settings, w.Off)
			w.Press(w.TurnOn)
			w.Expect(w.Method)
			w.Press(w.GetStarted)
			w.Proves()
			w.Scans()
			w.Saves()
			w.Expect(w.Done, w.IsOn)
			w.LogsOut()
			w.First()
			w.Second()

			w.R.Clock.Advance(time.Minute)
			w.Press(w.Reissue)
			w.Fill(w.Password, w.Pass)
			w.Fill(w.SixDigits, w.Phone.Code())
			w.Press(w.Next)
			w.Saves()
			w.Expect(w.NewCodes)
			w.Press(w.Settings)
			w.TurnsOff()
			w.Told(w.MailOn, w.MailReissued, w.MailOff)
		})
	}
}
