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
	const hold = 72 * time.Hour
	lost := lostView{
		Reserve: []nidan.Way{sheet}, Apps: []nidan.Way{app, twin}, Mails: []nidan.Way{mail},
		Marks: marks([]nidan.Way{app, twin, mail, sheet}), Hold: 24 * time.Hour,
	}
	lostAll := lostView{Barred: barredMail.Barred, Hold: hold, Recovery: &nidan.RecoveryView{}}
	start := recoveryView{Hold: hold, From: noon.Add(hold), Mailbox: mailbox}
	again := start
	again.Over, again.Failed = ago(40*24*time.Hour), msg("reason.no_recovery")
	begun := nidan.RecoveryView{
		Started: ago(5 * time.Hour), Ripe: noon.Add(67 * time.Hour), Gone: noon.Add(10 * 24 * time.Hour),
		Address: "2001:db8:85a3::8a2e:370:7334", Browser: "Samsung Internet on Android",
	}
	waits := recoveryView{RecoveryView: &begun, Hold: hold, Mailbox: mailbox}
	stays, ripe, linked := begun, begun, begun
	stays.Untold = true
	ripe.State = nidan.RecoveryRipe
	linked.State, linked.Link = nidan.RecoveryRipe, &nidan.Mailed{To: mailbox, At: noon, Until: noon.Add(30 * time.Minute)}
	untold, chooses, sends, sentLink := waits, waits, waits, waits
	untold.RecoveryView, chooses.RecoveryView, sends.RecoveryView, sentLink.RecoveryView = &stays, &ripe, &ripe, &linked
	chooses.Second = "s•••@mail.example.org"
	tooMany := chooses
	tooMany.ToSecond = true
	tooMany.Failed = msg("recovery.send_wait", "wait", 40*time.Minute, "when", inAWhile(40*time.Minute))
	recovery := func(name string, view recoveryView) sample {
		return sample{name: "recovery-" + name, page: "recovery", view: view, guest: true, bad: view.Failed != nil}
	}
	return []sample{
		{name: "lost-recovery", page: "lost", view: lost, guest: true},
		{name: "lost-barred", page: "lost", view: lostAll, guest: true},
		recovery("start", start), recovery("again", again), recovery("waits", waits), recovery("untold", untold),
		recovery("ripe", sends), recovery("choose", chooses), recovery("too-many", tooMany), recovery("mailed", sentLink),
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
