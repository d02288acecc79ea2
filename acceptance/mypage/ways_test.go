package mypage

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// On a phone nothing is wider than the screen, the QR code can be read off it,
// and a link opens the app on the same device.
func TestOnPhone(t *testing.T) {
	w := start(t, chrome.Phone)
	w.Go("/login")
	w.Fits()
	w.first()
	w.Fits()
	w.Press("Turn on")
	w.Fits()
	w.Press("Get started")
	w.Fits()
	w.app = w.Scan() // without having scrolled
	if w.Link("Open the app on this device") != w.app.URI {
		t.Error("the link does not hold what the QR code holds")
	}
	w.Fill(digits, w.app.Code())
	w.Press("Continue")
	w.Fits()
	w.codes = w.sheet()
	w.complete()
	w.Expect(hDone)
	w.Fits()
	w.logOut()
	w.first()
	w.Fits()
	w.Press("Use a backup code")
	w.Fits()
	w.Paste("Backup code", w.codes[0])
	w.Press("Continue")
	w.Expect("Replace backup code 01")
	w.Fits()
	w.Press("Not now")
	w.Expect(hSecurity)
	w.Fits()
	for _, page := range []string{"Issue new ones", "Turn off"} {
		w.Press(page)
		w.Fits()
		w.Press("Security settings")
	}
	w.logOut()
	w.first()
	w.second()
}

// Without scripts everything works but copying, printing and the count-down.
func TestWithoutScripts(t *testing.T) {
	w := start(t, chrome.NoScripts)
	w.first()
	w.Expect(hSecurity, "Two-step verification off")
	w.toScan()
	w.SeesNot("Copy the key", "Next code in")
	w.app = w.Scan()
	w.Fill(digits, w.app.Wrong())
	w.Press("Continue")
	w.Refused(hScan, "That code did not match. Enter the code of the entry that you have just added.", digits)
	w.Fill(digits, w.app.Code())
	w.Press("Continue")
	w.Expect(hCodes)
	w.codes = w.sheet()
	if !strings.Contains(w.Download("Download"), w.codes[9]) {
		t.Error("the file lacks a code")
	}
	w.unchanged(func() {
		w.Forgive(saved) // some browsers check it themselves, in words of their own
		w.Press("Complete")
		w.Refused(hCodes, notSaved, saved)
	})
	w.complete()
	w.Expect(hDone)
	w.logOut()
	w.first()
	w.second()

	w.logOut()
	w.first()
	w.Press("Use a backup code")
	w.Fill("Backup code", w.codes[4])
	w.Press("Continue")
	w.Expect("Replace backup code 05")
	renewed := w.sheet()
	w.complete()
	w.Expect(hSecurity, "Backup codes 10 of 10 left")
	w.codes[4] = renewed[0]

	w.Press("Issue new ones")
	w.r.Clock.Advance(time.Minute)
	w.Press("Use a backup code") // counts as the second step, too
	w.Fill(password, w.p.Password)
	w.Fill("Backup code", w.codes[4])
	w.Press("Next")
	w.Expect(hCodes)
	w.complete()
	w.Expect("Your new codes work")

	w.Press("Security settings")
	w.Press("Turn off")
	w.Fill(password, w.p.Password)
	w.Fill(digits, w.app.Code())
	w.Press("Turn off")
	w.Expect("Two-step verification is off")
	w.told(nidan.NoticeOn, nidan.NoticeBackupUsed, nidan.NoticeCodeReplaced, nidan.NoticeBackupUsed, nidan.NoticeCodesIssued, nidan.NoticeOff)
}

// The first and the second step with nothing but the keys.
func TestByKeyboard(t *testing.T) {
	w := start(t)
	w.first()
	w.setUp()
	w.logOut()
	w.r.Clock.Advance(time.Minute)

	w.Go("/login")
	w.FocusIs(address)
	w.Type(w.p.Name)
	w.TabTo(password)
	w.Type(w.p.Password)
	w.TabTo("Log in")
	w.Enter()
	w.Expect(hSecond)
	w.FocusIs(digits)
	w.TabTo("Use a backup code")
	w.Enter()
	w.Expect(hBackup)
	w.TabTo("Use the authenticator app")
	w.Enter()
	w.Expect(hSecond)
	w.Type(w.app.Wrong())
	w.Enter()
	w.Refused(hSecond, "That code did not match. Enter the code your app shows now.", digits)
	w.Type(w.app.Code())
	w.TabTo("Continue")
	w.Enter()
	w.Expect(hSecurity)
	w.TabTo("Skip to the content")
	w.TabTo("Log out")
	w.Enter()
	w.Expect(hLogIn)
}

// A password manager on the computer shows the codes as well as a phone does.
// KeePassXC reads the machine's clock, so that is what the program gets too.
func TestOnComputer(t *testing.T) {
	r := rig.New(t, profile)
	r.Clock.Advance(time.Since(r.Clock.Wall()) - time.Minute) // set up a minute ago
	w := &walk{Tab: chrome.Open(r), r: r, p: r.Person()}
	w.first()
	w.setUp()
	safe := w.app.Safe()
	w.logOut()
	w.first()
	shown := safe.Code()
	r.Clock.Advance(time.Since(r.Clock.Wall()))
	w.Fill(digits, shown)
	w.Press("Continue")
	w.Expect(hSecurity, "Logged in with the app")
}

// Leaving at any step changes nothing, and going back or looking again is no
// mistake.
func TestAside(t *testing.T) {
	w := start(t)
	w.first()
	w.unchanged(func() {
		w.Press("Turn on")
		w.Reload()
		w.Expect(hChoose)
		w.Back()
		w.Expect(hSecurity, "Two-step verification off")

		w.toScan()
		w.app = w.Scan()
		w.Reload()
		w.Expect(hScan)
		if w.Scan().Key != w.app.Key {
			t.Error("reloading changed the key")
		}
		w.Fill(digits, w.app.Wrong())
		w.Press("Continue")
		w.Refused(hScan, "That code did not match. Enter the code of the entry that you have just added.", digits)
		w.Back()
		w.Expect(hScan)
		w.SeesNot("That code did not match.")
		w.Top()
		if w.Scan().Key != w.app.Key {
			t.Error("going back changed the key")
		}
		w.Back()
		w.Expect(hChoose)
		w.Back()
		w.Expect(hSecurity, "Two-step verification off")
		w.Reload() // Chromium may have kept the page as it was
		w.Expect(hSecurity, "Nothing was changed. You can start again at any time.")
		w.Press("Go on with the set-up")
		w.Expect(hScan)
		if w.Scan().Key != w.app.Key {
			t.Error("going on changed the key")
		}
		w.Press("Cancel")
		w.Expect(hSecurity, "Two-step verification off", "Nothing was changed.")
		w.Press("Go on with the set-up")

		w.confirm()
		w.Reload()
		w.Expect(hCodes)
		if !slices.Equal(w.sheet(), w.codes) {
			t.Error("reloading changed the codes")
		}
		w.Back()
		w.Expect("The app is added already", "Your code was right. Go on to the backup codes: two-step verification is on when they are saved.")
		w.Press("Go on")
		w.Expect(hCodes)
		w.Press("Cancel")
		w.Expect(hSecurity, "Two-step verification off", "Nothing was changed.")
		w.Press("Go on with the set-up")
		w.Expect("The app is added already")
		w.Press("Go on")
		if !slices.Equal(w.sheet(), w.codes) {
			t.Error("coming back changed the codes")
		}
	})
	w.told()
	w.complete()
	w.Expect(hDone)
	w.unchanged(func() {
		w.Reload()
		w.Expect(hDone)
		for range 5 { // the codes, the scan, the choice and so on are not to be seen again
			w.Back()
			w.Expect(hSecurity, "Two-step verification has been on since")
		}
	})
	w.told(nidan.NoticeOn)
	w.Press("Turn off")
	w.logOut()
	for range 3 {
		w.Back()
		w.Expect(hLogIn)
		w.SeesNot(w.p.Name)
	}
}

// Whoever goes on in a second tab is told so in the first.
func TestSecondTab(t *testing.T) {
	const otherTab = "You went on in another tab. Nothing was changed here; continue there."
	w := start(t)
	w.first()
	w.toScan()
	w.app = w.Scan()

	second := *w
	second.Tab = w.Other()
	w.unchanged(func() {
		second.Go("/security")
		second.toScan()
		w.Fill(digits, w.app.Code())
		w.Press("Continue")
		w.Expect("Go on in the other tab", otherTab)
		second.confirm()
		w.Press("Go on")
		w.Expect("The app is added already")
		w.Press("Go on")
		if !slices.Equal(w.sheet(), second.codes) {
			t.Error("the two tabs show different codes")
		}

		third := *w
		third.Tab = w.Other()
		third.Go("/security/on")
		third.Press("Get started")
		third.confirm()
		w.complete()
		w.Expect("Go on in the other tab", otherTab)
		w.Press("Go on")
		w.Press("Go on")
		if !slices.Equal(w.sheet(), third.codes) {
			t.Error("the two tabs show different codes")
		}
		w.app = third.app
	})
	second.Go("/security/on/codes")
	w.complete()
	w.Expect(hDone)
	w.told(nidan.NoticeOn)
	w.unchanged(func() {
		second.complete()
		second.Expect("Already done", "This was already done elsewhere. Nothing was changed here; see Security settings.")
		second.Go("/security/on/scan")
		second.Expect(hSecurity, "Two-step verification has been on since")
	})
	w.told(nidan.NoticeOn)
	w.logOut()
	second.PressIn("Account", "Security settings")
	second.Expect(hLogIn)
	w.first()
	w.second()
}
