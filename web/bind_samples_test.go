package web

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// bindSamples are the steps of a recovery's wizard, where they are not those of
// a set-up.
func bindSamples(t testing.TB) []sample {
	t.Helper()
	const account = "mina.yamamoto-fernandez@customers.example.co.jp"
	until := noon.Add(53 * time.Minute)
	held := func(m nidan.MethodName, step nidan.Step) nidan.Held {
		return nidan.Held{Name: account, Method: m, Step: step, Expires: until}
	}
	steps := func(h nidan.Held) stepsView { return binding.steps(h) }
	link := bindView{LinkView: nidan.LinkView{Name: account, Expires: noon.Add(30 * time.Minute)}, Steps: bindBegins(), Password: field{Focus: true}}
	wrongLink := link
	wrongLink.Password = wrong(msg("reason.wrong_password"), "")
	choose := bindMethodView{
		onView: onView{Methods: []nidan.MethodName{"totp", "mail"}, Chosen: "totp", Steps: anySteps().after(msg("steps.link"))},
		Ticket: "aaaaaaaaaaaaaaaa", Until: until,
	}
	sent := choose
	sent.Chosen, sent.Wrong = "mail", msg("reason.send_wait", "wait", 20*time.Minute, "when", inAWhile(20*time.Minute))
	qr, err := newQR("otpauth://totp/Example%20VPN:" + account + "?secret=JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC&issuer=Example%20VPN&algorithm=SHA1&digits=6&period=30")
	if err != nil {
		t.Fatal(err)
	}
	scan := scanView{
		New: true,
		QR:  qr, Link: "otpauth://totp/Example", Groups: groups("JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC"), Key: "JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC",
		Account: account, Method: "totp", Steps: steps(held("totp", nidan.StepConfirm)), At: bindSteps.scan, Until: until, Ticket: "aaaaaaaaaaaaaaaa", Now: noon,
	}
	number := numberView{
		At: bindSteps.mail, Begin: binding.begin, Steps: steps(held("mail", nidan.StepConfirm)), Until: until, Method: "mail", Code: field{Focus: true},
		Mailed: &nidan.Mailed{To: nidan.Mask(account), At: noon, Until: noon.Add(10 * time.Minute), Again: noon.Add(time.Minute), More: true},
		Ticket: "aaaaaaaaaaaaaaaa", Now: noon,
	}
	over := number
	over.Mailed = &nidan.Mailed{To: nidan.Mask(account), At: noon, Until: noon.Add(10 * time.Minute), Dead: true}
	codes := codesView{
		At: boundCodes.at, SetUp: true, Until: until, Steps: steps(held("totp", nidan.StepSave)), Account: account, Issued: noon,
		Codes: []string{"01-7K3M-9QXT-4HBC-W2RN", "02-E5VD-1ZPA-8JYS-6FGT", "03-QH4Z-T0RM-5WXK-9CBD"}, Ticket: "aaaaaaaaaaaaaaaa",
	}
	list := []sample{
		{name: "bind", page: "bind", view: link},
		{name: "bind-wrong", page: "bind", view: wrongLink, bad: true},
		{name: "bind-method", page: "bindmethod", view: choose},
		{name: "bind-method-sent", page: "bindmethod", view: sent, bad: true},
		{name: "bind-scan", page: "scan", view: scan},
		{name: "bind-mail", page: "onmail", view: number},
		{name: "bind-mail-over", page: "onmail", view: over},
		{name: "bind-codes", page: "codes", view: codes},
		{name: "bind-over", page: "stop", view: stopView{Title: msg("bind.over"), Text: msg("bind.over.text"), Label: msg("login.go"), To: "/login"}},
		{name: "bind-done", page: "binddone", view: bindDoneView{Steps: bindEnded()}},
	}
	for i := range list {
		list[i].guest = true
	}
	return list
}
