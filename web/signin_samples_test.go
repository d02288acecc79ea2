package web

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// signInSamples are the pages between the password and the session.
func signInSamples(testing.TB) []sample {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	const mailbox = "m•••@customers.example.co.jp"
	app := nidan.Way{ID: "wayapp", Method: "totp", Name: "Pixel 9", Added: ago(500 * 24 * time.Hour)}
	twin := nidan.Way{ID: "waytwin", Method: "totp", Added: ago(9 * 24 * time.Hour)}
	mail := nidan.Way{ID: "waymail", Method: "mail", Prompts: true}
	sheet := nidan.Way{ID: "waysheet", Method: "backup", Reserve: true}
	page := func(way nidan.Way, others ...nidan.Way) secondView {
		all := append([]nidan.Way{way}, others...)
		return secondView{
			Way: way, Others: others, Marks: marks(all), Code: field{Focus: true},
			Expires: noon.Add(10 * time.Minute), Now: noon, Mailbox: mailbox,
		}
	}
	sent := page(mail, app, sheet)
	sent.Mailed, sent.SendAt = &nidan.Mailed{To: mailbox, At: noon}, noon.Add(time.Minute)
	older := sent
	older.Mailed = &nidan.Mailed{To: mailbox, At: ago(2 * time.Minute)}
	older.SendAt = time.Time{}
	wrongMail := older
	wrongMail.Code = wrong(msg("second.wrong_mail", "time", timeOfDay(ago(2*time.Minute))), "4829 1053")
	wrongMail.Remember = true
	early := sent
	early.Code = field{}
	early.Unsent = msg("reason.send_wait", "wait", 48*time.Second, "when", inAWhile(48*time.Second))
	over := older
	over.SendOver = true
	ask := page(mail, app, sheet)
	asked := ask
	asked.Unsent = msg("reason.no_code_sent")
	tomorrow := ask
	tomorrow.SendAt = noon.Add(20 * time.Hour)
	dead := ask
	dead.Mailed = &nidan.Mailed{To: mailbox, At: ago(time.Minute), Dead: true}
	barredMail := page(sheet)
	barredMail.Barred = []nidan.Way{{ID: "waymail", Method: "mail", Prompts: true, Barred: true}}
	twins := page(app, twin, mail, sheet)
	twins.Recovery = &nidan.RecoveryView{}
	guest := func(name string, view secondView, bad bool) sample {
		return sample{name: "second-" + name, page: "second", view: view, guest: true, bad: bad}
	}
	return []sample{
		guest("mail", sent, false),
		guest("mail-later", older, false),
		guest("mail-wrong", wrongMail, true),
		guest("mail-early", early, true),
		guest("mail-over", over, false),
		guest("mail-ask", ask, false),
		guest("mail-asked", asked, true),
		guest("mail-tomorrow", tomorrow, false),
		guest("mail-dead", dead, false),
		guest("mail-barred", barredMail, false),
		guest("twins", twins, false),
	}
}
