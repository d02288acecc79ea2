package mypage

import (
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/rig"
	journey "github.com/nidan-auth/nidan/acceptance/walk"
)

// Labels and headings of the e-mail code.
const (
	eight  = "8-digit code"
	byMail = "Get a code by e-mail"

	hMailed  = "We have mailed you a code"
	hMethods = "Ways to take the second step"
	hAdded   = "The method is added"
	hOther   = "The new one is set up"

	toSignIn = "Your log-in code"
	toChange = "Your code to confirm a change"
	toSetUp  = "Your code to turn the e-mail code on"
)

// registered is somebody who has just made an account and logged in.
func registered(t *testing.T) *journey.Walk {
	t.Helper()
	w := journey.Start(t, "my-page", "en")
	w.Registers()
	w.First()
	w.Expect(hSecurity, "Two-step verification off")
	return w
}

// turnOnByMail sets up the e-mail code, from the security settings.
func turnOnByMail(w *journey.Walk) rig.Letter {
	w.T.Helper()
	w.Press("Turn on")
	w.Expect(hChoose)
	w.Tick("E-mail code")
	w.Press("Get started")
	w.Expect(hMailed)
	l := w.Letter(toSetUp)
	w.Fill(eight, l.Code)
	w.Press("Continue")
	w.Saves()
	w.Expect(hDone)
	w.Press("Security settings")
	w.Sees("E-mail code asked first")
	return l
}

// An e-mail code is set up and asked for, and waited for when it does not come.
func TestByMail(t *testing.T) {
	w := registered(t)
	w.Step("4", "a mail with the brand in subject and sender, and a number that works for ten minutes")
	l := turnOnByMail(w)
	if l.Subject != "Example VPN: "+toSetUp || !strings.Contains(l.From, "Example VPN") || !strings.Contains(l.From, "no-reply@vpn.example") {
		t.Errorf("the mail is called %q and is from %q", l.Subject, l.From)
	}
	lines := strings.Split(strings.TrimSpace(l.Text), "\n")
	if !strings.HasPrefix(lines[0], l.Code+" is your code to turn the e-mail code on, until 18:10 JST.") {
		t.Errorf("the mail begins with %q", lines[0])
	}
	if last := lines[len(lines)-1]; last != "@127.0.0.1 #"+l.Code {
		t.Errorf("the mail ends with %q", last)
	}
	w.Told("Two-step verification was turned on")

	w.Step("6", "the code is asked after the password; it is bound to this log-in")
	w.LogsOut()
	w.First()
	w.Expect(hMailed, "Sent to p•••@example.com at 18:00 JST. It works until 18:10 JST, in this browser only.", "Use a backup code")
	first := w.Letter(toSignIn).Code
	p := w.R.Somebody(w.Name, w.Pass)
	b := w.R.Browser()
	w.R.Clock.Advance(time.Minute)
	p.First(b)
	elsewhere := w.Letter(toSignIn).Code
	if b.Post("/login/second", "way", p.Way("mail"), "code", first); b.Cookie("session") != "" {
		t.Error("the code of one log-in opens another one")
	}
	w.Fill(eight, elsewhere)
	w.Press("Continue")
	w.Refused(hMailed, "That code did not match. Use the newest mail, sent at 18:00 JST.", eight)

	w.Step("12", "the mail does not arrive: whom to look for, where, when to send again, what else there is")
	w.Sees("Look for “Example VPN” in your spam folder.", "Support: support@vpn.example", "Use a backup code")
	w.Press("Start again")
	w.First()
	w.Expect(hMailed)
	w.Letter(toSignIn)
	w.CountsDown("You can send it again in ", " s.")
	w.Press("Send again")
	w.Expect(hMailed, "A code was mailed a moment ago. You can send another one in")
	w.R.Clock.Advance(61 * time.Second)
	w.Press("Send again")
	w.Expect(hMailed, "Sent to p•••@example.com at 18:02 JST.")
	again := w.Letter(toSignIn).Code
	w.R.Clock.Advance(8 * time.Minute)
	w.Fill(eight, again)
	w.Press("Continue")
	w.Expect(hSecurity, "Logged in with an e-mail code")

	w.LogsOut()
	w.First()
	w.Expect(hMailed)
	late := w.Letter(toSignIn).Code
	w.R.Clock.Advance(601 * time.Second)
	w.Fill(eight, late)
	w.Press("Continue")
	w.Expect(hLogIn, "This was open for too long. Nothing was changed. Start again.")
	w.R.Clock.Advance(time.Hour) // five numbers an hour are enough
	w.First()
	w.SecondByMail()

	w.Step("9", "turning off asks for the password and a mailed code; the notice goes by mail")
	w.R.Clock.Advance(6 * time.Minute)
	w.Press("Turn off")
	w.Expect("Turn off two-step verification")
	w.Press("Send the code")
	w.Fill(password, w.Pass)
	w.Fill(eight, w.Letter(toChange).Code)
	w.Press("Turn off")
	w.Expect("Two-step verification is off")
	w.Letter("Two-step verification was turned off")
}
