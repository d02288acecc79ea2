package web

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// sampleProduct is one with the longest name that there is, and an account that
// it calls by more than an address.
var sampleProduct = &nidan.HandoverView{
	Party: "Yamamoto & Söhne Ticket Shop of the Arena", Label: "Mina Yamamoto-Fernandez (customer 4711-0815)",
	Use: nidan.HandoverSignIn, Return: "https://shop.example.com/login/second", At: ago(time.Minute),
	Address: "2001:db8:85a3::8a2e:370:7334", Browser: "Samsung Internet on Android",
}

// stepSamples are the pages of somebody whom a product led here, where they are
// not those of everybody.
func stepSamples(t testing.TB) []sample {
	t.Helper()
	settings, unknown := *sampleProduct, *sampleProduct
	settings.Use, unknown.Address, unknown.Browser = nidan.HandoverSettings, "", ""
	mail := nidan.Way{ID: "waymail", Method: "mail", Prompts: true, TooLow: true}
	second := secondView{Way: appWay, Others: []nidan.Way{sheetWay}, Barred: []nidan.Way{mail}, Code: field{Focus: true}, Expires: noon.Add(10 * time.Minute), Now: noon}
	known := second
	known.Known, known.Code = true, wrong(msg("reason.wrong_answer.totp"), "")
	guests := []sample{
		{name: "step", page: "step", view: *sampleProduct},
		{name: "step-settings", page: "step", view: settings},
		{name: "step-unknown", page: "step", view: unknown, product: &unknown},
		{name: "step-dead", page: "dead", view: deadView{Text: msg("step.dead")}},
		{name: "step-over", page: "stepover", view: stepOverView{Title: msg("stop.ended"), Text: msg("step.over")}},
		{name: "step-over-back", page: "stepover", view: stepOverView{msg("stop.ended"), msg("reason.sign_in_ended"), sampleProduct}},
		{name: "step-second", page: "second", view: second},
		{name: "step-second-wrong", page: "second", view: known, bad: true},
		{name: "step-second-unknown", page: "second", view: second, product: &unknown},
		{name: "step-lost", page: "lost", view: lostView{Reserve: []nidan.Way{sheetWay}, Barred: []nidan.Way{mail}, Apps: []nidan.Way{appWay}}},
	}
	for i := range guests {
		guests[i].guest = true
	}
	list := append(guests, keptSamples(t)...)
	for i := range list {
		if list[i].product == nil {
			list[i].product = sampleProduct
		}
	}
	return list
}

// keptSamples are the settings of an account that a product keeps.
func keptSamples(t testing.TB) []sample {
	t.Helper()
	overview, off := sampleOverview(appView, sheetView), sampleOverview()
	overview.Name, off.Name = sampleProduct.Label, sampleProduct.Label
	rows := []methodRow{firstRow(onlyRow(row(appView, "totp"))), row(sheetView, "")}
	both := func(at string, about any) bothView {
		return bothView{At: at, Protected: true, Kept: true, Way: appWay, Others: []nidan.Way{mailWay, sheetWay}, Mailbox: nidan.Mask(""), Code: field{Focus: true}, About: about, Now: noon}
	}
	stale := func(b bothView) bothView { b.Stale = true; return b }
	byMail := both(offPath, nil)
	byMail.Way, byMail.Code = mailWay, field{}
	sent := byMail
	sent.Mailed = &nidan.Mailed{To: sampleMailbox, At: noon, Until: noon.Add(10 * time.Minute), Again: noon.Add(time.Minute), More: true}
	wrongCode := both(offPath, nil)
	wrongCode.Code = wrong(msg("reason.wrong_answer.totp"), "")
	add := both(addPath+"/totp", beginning{Method: "totp", Steps: stepsOf("totp", false, true, 1)})
	replace := both("/security/methods/wayapp/replace/totp", beginning{Method: "totp", Old: &appView, Base: "/security/methods/wayapp/replace/", Steps: stepsOf("totp", false, true, 1)})
	remove := both("/security/methods/waymail/remove", row(mailView, "totp"))
	choose := onView{Methods: []nidan.MethodName{"totp", "mail"}, Chosen: "totp", Steps: anySteps()}
	late := choose
	late.Stale = true
	qr, err := newQR("otpauth://totp/Yamamoto%20%26%20S%C3%B6hne%20Ticket%20Shop%20of%20the%20Arena:Mina?secret=" + sampleKey)
	if err != nil {
		t.Fatal(err)
	}
	scan := scanView{
		QR: qr, Link: "otpauth://totp/Example", Groups: groups(sampleKey), Key: sampleKey, Account: sampleProduct.Label,
		Method: "totp", Steps: stepsOf("totp", false, false, 2), At: scanPath, Ticket: sampleTicket, Now: noon,
	}
	codes := codesView{
		At: setUpCodes.at, SetUp: true, Steps: stepsOf("totp", false, false, 3), Account: sampleProduct.Label, Issued: noon,
		Codes: sampleCodes, Ticket: sampleTicket,
	}
	renewed := codesView{At: oneCode.at, Account: sampleProduct.Label, Issued: noon, Codes: sampleCodes[3:4], Item: "04", Ticket: sampleTicket}
	return []sample{
		{name: "kept-scan", page: "scan", view: scan},
		{name: "kept-codes", page: "codes", view: codes},
		{name: "kept-code", page: "code", view: renewed},
		{name: "kept-changed", page: "changed", view: changedView{overview, true}},
		{name: "kept-offdone", page: "offdone"},
		{name: "kept-security-off", page: "security", view: securityView{Overview: off}},
		{name: "kept-security-on", page: "security", view: securityView{Overview: overview, Rows: rows}},
		{name: "kept-account", page: "account", view: accountView{overview, nil}},
		{name: "kept-on", page: "on", view: choose},
		{name: "kept-on-stale", page: "on", view: late, bad: true},
		{name: "kept-done", page: "done", view: doneView{overview, stepsOf("totp", false, false, 4), ""}},
		{name: "kept-off", page: "off", view: both(offPath, nil)},
		{name: "kept-off-wrong", page: "off", view: wrongCode, bad: true},
		{name: "kept-off-stale", page: "off", view: stale(both(offPath, nil))},
		{name: "kept-off-send", page: "off", view: byMail},
		{name: "kept-off-mailed", page: "off", view: sent},
		{name: "kept-reissue", page: "reissue", view: both("/security/codes", nil)},
		{name: "kept-reissue-stale", page: "reissue", view: stale(both("/security/codes", nil))},
		{name: "kept-add", page: "addwith", view: add},
		{name: "kept-add-stale", page: "addwith", view: stale(add)},
		{name: "kept-replace", page: "replace", view: replace},
		{name: "kept-replace-stale", page: "replace", view: stale(replace)},
		{name: "kept-remove", page: "remove", view: remove},
		{name: "kept-remove-stale", page: "remove", view: stale(remove)},
		{name: "kept-resync", page: "resync", view: resyncView{AuthenticatorView: appView, First: field{Focus: true}, Now: noon}},
		{name: "kept-resync-stale", page: "resync", view: resyncView{AuthenticatorView: appView, Stale: true, Now: noon}},
		{name: "kept-notme", page: "notme", view: notMeView{true, true}},
	}
}
