package mypage

import (
	"reflect"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
	journey "github.com/nidan-auth/nidan/acceptance/walk"
)

// turnOnByApp sets up the app, from the security settings.
func turnOnByApp(w *journey.Walk) {
	w.T.Helper()
	w.Press("Turn on")
	w.Tick("Authenticator app right for most")
	w.Press("Get started")
	w.Scans()
	w.Saves()
	w.Expect(hDone)
	w.Press("Security settings")
	w.Sees("Authenticator app asked first")
}

// Both methods are on at the same time; one is asked first, the other one is
// there to be chosen.
func TestBothMethods(t *testing.T) {
	w := registered(t)
	turnOnByMail(w)
	w.Step("7", "both at once; one is asked first, and another way can be tried at log-in")
	w.R.Clock.Advance(6 * time.Minute)
	w.Press("Add, name or remove")
	w.Expect(hMethods)
	w.Press("Add a method")
	w.Expect("Add an authenticator app", "At the end you get new backup codes, good beside all your methods.")
	w.Press("Send the code")
	w.Fill(password, w.Pass)
	w.Fill(eight, w.Letter(toChange).Code)
	w.Press("Continue")
	old := w.Sheet
	w.Scans()
	w.Saves()
	w.Expect(hAdded, "At log-in you can now choose between your methods.")
	w.Letter("An authenticator app was added")
	w.Press(hMethods)
	w.Expect(hMethods, "E-mail code asked first")

	w.LogsOut()
	w.R.Clock.Advance(time.Hour)
	w.First()
	w.Expect(hMailed, "Another way", "Use the authenticator app")
	w.Letter(toSignIn) // mailed at once, and not needed
	w.Press("Use the authenticator app")
	w.Second()
	w.Press("Add, name or remove")
	w.PressIn("Authenticator app", "Ask first")
	w.Expect(hMethods, "From the next log-in this method is asked for first.", "Authenticator app asked first")
	w.PressIn("Authenticator app", "Name it")
	w.Fill("Name", "Pixel 9")
	w.Press("Save")
	w.Expect(hMethods, "Authenticator app “Pixel 9”")

	w.LogsOut()
	w.First()
	w.Expect(hSecond, byMail)
	w.Press(byMail)
	w.Press("Send the code")
	w.SecondByMail()

	// The codes of before were replaced when the app was added.
	w.LogsOut()
	w.First()
	w.Press("Use a backup code")
	w.Paste("Backup code", old[0])
	w.Press("Continue")
	w.Refused(hBackup, "That code is from a set replaced on 22 November 2026.", "Backup code")
	w.Paste("Backup code", w.Sheet[0])
	w.Press("Continue")
	w.Press("Not now")

	w.R.Clock.Advance(time.Minute)
	w.Press("Add, name or remove")
	w.PressIn("E-mail code", "Remove")
	w.Expect("Remove the e-mail code", "Its codes will not work any more.")
	w.Fill(password, w.Pass)
	w.Fill(digits, w.Phone.Code())
	w.Press("Remove")
	w.Expect(hMethods, "The method is removed.")
	w.SeesNot("E-mail code")
	w.Letter("The e-mail code was removed")
	w.LogsOut()
	w.First()
	w.Expect(hSecond)
	w.SeesNot(byMail)
}

// From the app to the e-mail code, back to an app, and to another phone: what
// was there works until the new one is confirmed and its codes are saved, and
// protection is never off.
func TestSwitching(t *testing.T) {
	w := registered(t)
	turnOnByApp(w)
	since := w.R.Document(w.Name)["protected"]
	person := w.R.Somebody(w.Name, w.Pass)
	mails, number := false, "" // once the e-mail code is what is asked first
	first := func() *rig.Browser {
		t.Helper()
		b := w.R.Browser()
		if person.First(b); b.Cookie("session") != "" {
			t.Fatal("the password alone gets in")
		}
		if mails {
			number = w.Letter(toSignIn).Code
		}
		return b
	}
	byApp := func(app chrome.App) bool {
		t.Helper()
		b := first()
		person.Second(b, app.Code())
		return b.Cookie("session") != ""
	}
	byCode := func(code string) bool {
		t.Helper()
		b := first()
		person.Backup(b, code)
		return b.Cookie("session") != ""
	}
	byNumber := func() bool {
		t.Helper()
		b := first()
		b.Post("/login/second", "way", person.Way("mail"), "code", number)
		return b.Cookie("session") != ""
	}
	// on looks whether protection stood all the while.
	on := func() {
		t.Helper()
		if now := w.R.Document(w.Name)["protected"]; !reflect.DeepEqual(now, since) {
			t.Fatalf("protected since %v and then since %v", since, now)
		}
	}
	later := func(d time.Duration) {
		t.Helper()
		w.R.Clock.Advance(d)
		on()
	}

	w.Step("8", "from the app to the e-mail code")
	later(6 * time.Minute)
	old, sheet := w.Phone, w.Sheet
	w.PressIn("Authenticator app", "Replace")
	w.Expect("Replace the authenticator app", "Keep the old phone until you are done. Enter a code from the old phone here; it works until the new one is set up.")
	w.Press("Change to the e-mail code")
	w.Expect("Change to the e-mail code")
	w.Fill(password, w.Pass)
	w.Fill(digits, old.Code())
	w.Press("Continue")
	w.Expect(hMailed)
	later(time.Minute)
	if !byApp(old) {
		t.Fatal("the app does not work while the change goes on")
	}
	w.Fill(eight, w.Letter(toSetUp).Code)
	w.Press("Continue")
	w.Expect(hCodes, "Nothing changes until you press “Complete”.")
	later(time.Minute)
	if !byApp(old) || !byCode(sheet[0]) {
		t.Fatal("the app or its codes do not work before “Complete”")
	}
	w.Saves()
	w.Expect(hOther, "From the next log-in the new one is asked for. The old one no longer works.")
	w.Letter("The method was changed to the e-mail code")
	mails = true
	later(time.Minute)
	if byApp(old) || byCode(sheet[1]) {
		t.Fatal("the app or its codes work after “Complete”")
	}
	if !byNumber() {
		t.Fatal("the e-mail code does not work")
	}

	w.Step("8", "and back to an app")
	later(time.Hour)
	w.Go("/login")
	w.First()
	w.SecondByMail()
	w.PressIn("E-mail code", "Replace")
	w.Expect("Change to an authenticator app", "The e-mail code works until the new method is set up.")
	later(2 * time.Minute)
	w.Press("Send the code")
	w.Fill(password, w.Pass)
	w.Fill(eight, w.Letter(toChange).Code)
	w.Press("Continue")
	w.Scans()
	w.Expect(hCodes)
	later(2 * time.Minute)
	if !byNumber() {
		t.Fatal("the e-mail code does not work before “Complete”")
	}
	w.Saves()
	w.Expect(hOther)
	mails = false
	later(time.Minute)
	if !byApp(w.Phone) {
		t.Fatal("the new app does not work")
	}

	w.Step("8", "to another phone")
	w.Press("Security settings")
	old = w.Phone
	later(6 * time.Minute)
	w.PressIn("Authenticator app", "Replace")
	w.Expect("Replace the authenticator app")
	w.Fill(password, w.Pass)
	w.Fill(digits, old.Code())
	w.Press("Continue")
	w.Scans()
	w.Expect(hCodes)
	later(time.Minute)
	if !byApp(old) || byApp(w.Phone) {
		t.Fatal("before “Complete” the old phone should work, and the new one not")
	}
	w.Saves()
	w.Expect(hOther)
	w.Letter("The authenticator app was replaced")
	later(time.Minute)
	if byApp(old) || !byApp(w.Phone) {
		t.Fatal("after “Complete” the new phone should work, and the old one not")
	}

	w.Step("10", "a backup code gets in, and leads to the replacement of the phone that is gone")
	later(time.Hour)
	lost := w.Phone
	w.Go("/login")
	w.First()
	w.Backup(1)
	w.Sees("Is the old phone gone?", "Replace it. The old one is taken off when the new one works")
	w.Press("Replace the phone")
	w.Expect(hMethods)
	w.PressIn("Authenticator app", "Replace")
	w.Press("Use a backup code")
	w.Fill(password, w.Pass)
	w.Fill("Backup code", w.Sheet[1])
	w.Press("Continue")
	w.Scans()
	w.Saves()
	w.Expect(hOther)
	later(time.Minute)
	if byApp(lost) || !byApp(w.Phone) {
		t.Fatal("the lost phone should not work, and the new one should")
	}
}
