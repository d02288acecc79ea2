package mypage

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/chrome"
	journey "github.com/nidan-auth/nidan/acceptance/walk"
)

// The main path by the keys alone in English, with the finger in Japanese, and
// without scripts in Korean: registering, the e-mail code, an app in its place,
// a backup code, a forgotten password, off.
func TestInEveryLanguage(t *testing.T) {
	for language, hands := range map[string]chrome.Option{"en": chrome.Keys, "ja": chrome.Phone, "ko": chrome.NoScripts} {
		t.Run(language, func(t *testing.T) {
			w := journey.Start(t, "my-page", language, hands)
			w.Registers()
			w.First()
			w.Expect(w.Settings, w.Off)
			w.Press(w.TurnOn)
			w.Expect(w.Method)
			w.Tick(w.MailName)
			w.Press(w.GetStarted)
			w.Expect(w.EnterMail)
			w.Fill(w.EightDigits, w.Letter(w.MailSetUp).Code)
			w.Press(w.Continue)
			w.Saves()
			w.Expect(w.Done, w.IsOn)
			w.Press(w.Settings)

			w.R.Clock.Advance(6 * time.Minute)
			w.PressIn(w.MailName, w.Replace)
			w.Expect(w.ToApp)
			w.Press(w.SendCode)
			w.Fill(w.Password, w.Pass)
			w.Fill(w.EightDigits, w.Letter(w.MailConfirm).Code)
			w.Press(w.Continue)
			w.Scans()
			w.Saves()
			w.Expect(w.Replaced)

			w.LogsOut()
			w.First()
			w.Second()
			w.LogsOut()
			w.First()
			w.Backup(1)
			w.Press(w.NotNow)
			w.LogsOut()

			w.Press(w.Forgot)
			w.Fill(w.Address, w.Name)
			w.Press(w.SendLink)
			w.Expect(w.LookInBox)
			w.Go(w.Letter(w.MailReset).Link[0])
			w.Expect(w.ResetH1)
			w.Pass = w.R.Secret("a password", w.Pass+" again")
			w.Fill(w.NewPassword, w.Pass)
			w.Press(w.SetReset)
			w.Expect(w.LogInH1())
			w.First()
			w.Second()
			w.TurnsOff()
			w.Letter(w.MailOff)
		})
	}
}
