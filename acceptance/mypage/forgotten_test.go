package mypage

import (
	"strings"
	"testing"
	"time"

	journey "github.com/nidan-auth/nidan/acceptance/walk"
)

const (
	hForgot   = "Forgot the password?"
	hReset    = "Set a new password"
	hLost     = "If your phone is lost"
	hRecover  = "Recover your account"
	hUnderWay = "Recovery is under way"
	hRipe     = "The waiting period is over"
	hCancel   = "Cancel the recovery"
	hBind     = "Set up a new method"
	hBound    = "The new method is set up"

	sameMailbox = "You reset your password by e-mail, so a code by e-mail is not enough this time. Use another way, or start a recovery."

	toldOn        = "Two-step verification was turned on"
	toldReset     = "Your password was reset"
	toldUsed      = "A backup code was used"
	toldStart     = "Account recovery has started"
	toldHalf      = "Account recovery: half of the wait is over"
	toldEnd       = "Account recovery: a new method can be set up"
	toldCancelled = "Account recovery was cancelled"
	toldRecovered = "Account recovery is complete"
)

// forgets sets a new password by a mailed link, and takes the first step with it.
func forgets(w *journey.Walk) {
	w.T.Helper()
	w.Go("/login")
	w.Press("Forgot the password?")
	w.Expect(hForgot, "After the reset the second step is still asked.", "there is a waiting period of at least 72 hours.")
	w.Fill(address, w.Name)
	w.Press("Send the link")
	w.Expect("Look in your mail", "If the address you entered has an account, a mail is on its way to it.",
		"without one there is a waiting period of at least 72 hours.")
	w.Go(w.Letter("Reset your password").Link[0])
	w.Expect(hReset, "You have the e-mail code alone, and a mail will have set the password: for the next log-in you will need a backup code, or wait at least 72 hours.")
	w.Pass = w.R.Secret("a password", w.Pass+" again")
	w.Fill("New password", w.Pass)
	w.Press("Set the password")
	w.Expect(hLogIn, "Your new password is set. Log in with it.")
	w.First()
}

// Whoever has the e-mail code alone and forgets the password is let in by a
// backup code at once.
func TestForgottenWithBackupCode(t *testing.T) {
	w := registered(t)
	turnOnByMail(w)
	w.LogsOut()
	w.R.Clock.Advance(time.Hour)

	w.Step("11", "a forgotten password: what will be asked is said before; a backup code lets in at once")
	forgets(w)
	w.Expect(hBackup, sameMailbox)
	w.Fill("Backup code", w.Sheet[0])
	w.Press("Continue")
	w.Expect("Replace backup code 01")
	w.Told(toldOn, toldReset, "A backup code was used (9 left)")
	w.PressIn("Account", "Log out")
	w.First()
	w.SecondByMail() // what was proven otherwise makes the mailbox good again
}

// Without one there is an announced wait, which every notice can cancel, and
// then a way to bind a method.
func TestForgottenWithoutBackupCode(t *testing.T) {
	w := registered(t)
	turnOnByMail(w)
	w.LogsOut()
	w.R.Clock.Advance(time.Hour)
	forgets(w)
	w.Expect(hBackup, sameMailbox)

	w.Step("11", "no backup code: a wait that is announced")
	w.Press("I have lost my phone")
	w.Expect(hLost, "after a waiting period of 72 hours. Until it is over you can cancel.")
	w.Press("Recover your account")
	w.Expect(hRecover, "It takes 72 hours", "From 25 November 2026, 19:00 JST you can set up a new method.")
	w.Press("Start the recovery")
	w.Expect(hUnderWay, "From 25 November 2026, 19:00 JST you can set up a new method.")
	start := w.Letter(toldStart)

	w.Step("11", "cancelled from a notice, by whoever it reaches")
	w.R.Clock.Advance(time.Hour)
	cancel := ""
	for _, at := range start.Link {
		if strings.HasPrefix(at, "/cancel/") {
			cancel = at
		}
	}
	w.Unchanged(func() {
		w.Go(cancel)
		w.Expect(hCancel, "Your methods stay as they are and go on working.")
	})
	w.Press("Cancel recovery")
	w.Expect("The recovery is cancelled", "Nothing was changed by it.")
	w.Letter(toldCancelled)
	w.Told(toldOn, toldReset, toldStart, toldCancelled)

	w.Step("11", "again, and told at the start, half-way and at the end")
	w.Go("/login")
	w.First()
	w.Press("I have lost my phone")
	w.Press("Recover your account")
	w.Press("Start the recovery")
	w.Expect(hUnderWay, "From 25 November 2026, 20:00 JST you can set up a new method.")
	w.Letter(toldStart)
	w.StartTold()
	w.R.Clock.Advance(36 * time.Hour)
	w.Letter(toldHalf)
	w.HalfWayTold()
	w.R.Clock.Advance(35*time.Hour + 59*time.Minute)
	w.Go("/login")
	w.First()
	w.Sees("Account recovery is under way.")
	w.Press("See how far it is")
	w.Expect(hUnderWay, "From 25 November 2026, 20:00 JST you can set up a new method.")
	w.R.Clock.Advance(2 * time.Minute)
	w.Letter(toldEnd)

	w.Step("11", "the wait is over: a link by mail, the password, the e-mail code kept")
	w.Go("/login")
	w.First()
	w.Expect(hBackup)
	w.Press("See how far it is")
	w.Expect(hRipe, "We mail you a link.")
	w.Press("Mail me the link")
	w.Expect("We have mailed you the link", "It works for 30 minutes, and once.")
	w.Go(w.Letter("Account recovery: set up a new method now").Link[0])
	w.Expect(hBind, "The waiting period is over. First enter your password.")
	w.Fill(password, "not the password at all")
	w.Press("Continue")
	w.Refused(hBind, "That password is not right. Check it and enter it again.", password)
	w.Fill(password, w.Pass)
	w.Press("Continue")
	w.Expect(hChoose, "What you choose takes the place of all that you had. It may be the same kind as before.")
	w.Tick("E-mail code")
	w.Press("Continue")
	w.Expect(hMailed)
	w.Fill(eight, w.Letter(toSetUp).Code)
	w.Press("Continue")
	old := w.Sheet
	w.Saves()
	w.Expect(hBound, "The recovery is complete.", "Your old methods and backup codes no longer work.")
	w.Letter(toldRecovered)
	w.Press("Log in")
	w.First()
	w.SecondByMail()
	w.Press("More activity")
	w.Sees("Account recovery was completed: a new method took the place of the old ones")
	w.Told(toldOn, toldReset, toldStart, toldCancelled, toldStart, toldHalf, toldEnd, toldRecovered)
	w.LogsOut()
	w.R.Clock.Advance(time.Minute)
	w.First()
	w.Press("Use a backup code")
	w.Paste("Backup code", old[0])
	w.Press("Continue")
	w.Refused(hBackup, "That", "Backup code")
}
