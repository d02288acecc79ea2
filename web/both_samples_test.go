package web

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// bothSamples are the pages that ask for both steps: each by the app, some by a
// mailed number in every state of it.
func bothSamples(testing.TB) []sample {
	view := func(at string, about any) bothView {
		return bothView{
			At: at, Protected: true, Way: appWay, Others: []nidan.Way{mailWay, sheetWay}, Mailbox: sampleMailbox,
			Codes: sampleSheet(3), Password: field{Focus: true}, About: about, Now: noon,
		}
	}
	by := func(b bothView, m *nidan.Mailed) bothView {
		b.Way, b.Others, b.Mailed = mailWay, []nidan.Way{appWay, sheetWay}, m
		b.Password.Focus = b.Asks()
		return b
	}
	password := func(b bothView) bothView {
		b.Password = wrong(msg("reason.wrong_password"), "")
		return b
	}
	code := func(b bothView) bothView {
		b.Password, b.Code, b.Resync = field{}, wrong(msg("reason.wrong_answer.totp"), ""), appWay.ID
		return b
	}
	sent := &nidan.Mailed{To: sampleMailbox, At: noon, Until: noon.Add(10 * time.Minute), Again: noon.Add(time.Minute), More: true}
	late := msg("reason.send_wait", "wait", 48*time.Second, "when", inAWhile(48*time.Second))

	off, again := view(offPath, nil), view("/security/codes", nil)
	unsent, dead, used := by(off, nil), by(off, &nidan.Mailed{Dead: true, More: true, At: ago(time.Minute)}), by(off, &nidan.Mailed{To: sampleMailbox, At: ago(3 * time.Minute)})
	unsent.Unsent = late
	early, wrongNumber := by(off, sent), by(off, sent)
	early.Password, early.Unsent = field{}, late
	wrongNumber.Password, wrongNumber.Code = field{}, wrong(msg("second.wrong_mail", "time", timeOfDay(noon)), "4829 1053")

	old, dying := appView, appView
	dying.Disabled = ago(aDay)
	steps := stepsOf("totp", false, true, 1)
	newPhone := beginning{Method: "totp", Old: &old, Others: []nidan.MethodName{"mail"}, Base: "/security/methods/wayapp/replace/", Steps: steps}
	toMail := beginning{Method: "mail", Old: &dying, Others: []nidan.MethodName{"totp"}, Base: newPhone.Base, Steps: stepsOf("mail", false, true, 1)}
	fromMail := beginning{Method: "totp", Old: &mailView, Base: "/security/methods/waymail/replace/", Steps: steps}
	replace, add := view(newPhone.Base+"totp", newPhone), view(addPath+"/totp", beginning{Method: "totp", Steps: steps})
	twins := add
	twins.Marks = marks([]nidan.Way{appWay, {ID: "waytwin", Method: "totp", Added: ago(9 * aDay)}, sheetWay})
	twins.Others = []nidan.Way{{ID: "waytwin", Method: "totp"}, sheetWay}
	noSend := add
	noSend.Wrong = msg("reason.sends_used_up")
	remove := view("/security/methods/waymail/remove", row(mailView, "totp"))
	only := view("/security/methods/wayapp/remove", onlyRow(row(appView, "totp")))
	return []sample{
		{name: "reissue", page: "reissue", view: again},
		{name: "reissue-wrong", page: "reissue", view: password(again), bad: true},
		{name: "reissued", page: "reissued", view: *sampleSheet(10)},
		{name: "off", page: "off", view: off},
		{name: "off-wrong", page: "off", view: code(off), bad: true},
		{name: "off-send", page: "off", view: by(off, nil)},
		{name: "off-unsent", page: "off", view: unsent, bad: true},
		{name: "off-dead", page: "off", view: dead},
		{name: "off-mailed", page: "off", view: by(off, sent)},
		{name: "off-mailed-wrong", page: "off", view: wrongNumber, bad: true},
		{name: "off-mailed-early", page: "off", view: early, bad: true},
		{name: "off-mailed-over", page: "off", view: used},
		{name: "offdone", page: "offdone"},
		{name: "add", page: "add", view: onView{Methods: []nidan.MethodName{"totp", "mail"}, Chosen: "totp"}},
		{name: "addwith", page: "addwith", view: add},
		{name: "addwith-twins", page: "addwith", view: twins},
		{name: "addwith-mail", page: "addwith", view: view(addPath+"/mail", beginning{Method: "mail", Steps: toMail.Steps})},
		{name: "addwith-used-up", page: "addwith", view: noSend, bad: true},
		{name: "replace", page: "replace", view: replace},
		{name: "replace-wrong", page: "replace", view: code(replace), bad: true},
		{name: "replace-by-mail", page: "replace", view: view(newPhone.Base+"mail", toMail)},
		{name: "replace-mail", page: "replace", view: by(view(fromMail.Base+"totp", fromMail), nil)},
		{name: "remove", page: "remove", view: remove},
		{name: "remove-wrong", page: "remove", view: password(remove), bad: true},
		{name: "remove-only", page: "remove", view: only},
	}
}

// accountSamples are the pages about the account itself.
func accountSamples(testing.TB) []sample {
	second := sampleOverview(appView, sheetView)
	second.Second, second.Recovers, second.Language = "m•••@mail.example.org", true, "ja"
	view := func(at string, about any, protected bool) bothView {
		b := bothView{At: at, Protected: protected, Mailbox: sampleMailbox, Password: field{Focus: true}, About: about, Now: noon}
		if protected {
			b.Way, b.Others = appWay, []nidan.Way{sheetWay}
		}
		return b
	}
	item := func(b bothView, f field) bothView {
		b.Password, b.Item = field{}, f
		return b
	}
	address := view("/security/address", second, true)
	other := item(view("/security/second", sampleOverview(), false), field{Focus: true})
	change := item(view("/security/second", second, true), wrong(msg("newaddress.same"), sampleAccount))
	change.Ticked = true
	return []sample{
		{name: "account", page: "account", view: accountView{sampleOverview(appView, sheetView), nil}},
		{name: "account-second", page: "account", view: accountView{second, msg("did.password")}},
		{name: "account-bare", page: "account", view: accountView{sampleOverview(), nil}, bare: true},
		{name: "password", page: "password", view: view("/security/password", 15, true)},
		{name: "password-off", page: "password", view: view("/security/password", 15, false)},
		{name: "password-wrong", page: "password", view: item(view("/security/password", 15, true), wrong(msg("reason.password_short", "n", 15), "")), bad: true},
		{name: "newaddress", page: "newaddress", view: item(address, field{Focus: true})},
		{name: "newaddress-wrong", page: "newaddress", view: item(address, wrong(msg("reason.name_invalid"), "mina@")), bad: true},
		{name: "newaddress-sent", page: "linksent", view: linkSentView{At: noon, Again: "/security/address"}},
		{name: "secondaddress", page: "secondaddress", view: other},
		{name: "secondaddress-wrong", page: "secondaddress", view: change, bad: true},
		{name: "secondaddress-sent", page: "linksent", view: linkSentView{Second: true, At: noon, Again: "/security/second"}},
		{name: "secondremove", page: "secondremove", view: view("/security/second/remove", second, true)},
		{name: "delete", page: "delete", view: view("/security/delete", second, true)},
		{name: "delete-off", page: "delete", view: view("/security/delete", sampleOverview(), false)},
		{name: "deleted", page: "deleted", guest: true},
	}
}
