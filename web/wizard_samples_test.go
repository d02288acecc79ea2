package web

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

var sampleCodes = []string{
	"01-7K3M-9QXT-4HBC-W2RN", "02-E5VD-1ZPA-8JYS-6FGT", "03-QH4Z-T0RM-5WXK-9CBD", "04-2NPY-G8VE-J3SA-7TFK", "05-XM6R-C1DW-0QHB-4ZGE",
	"06-9SJT-K5YN-V2PA-3RXC", "07-B7FD-W8MQ-6EZH-1GTK", "08-0YRC-N4XS-P9VJ-5DAM", "09-T3GE-2KWB-H6QZ-8FNY", "10-J1VX-5RAS-D7CM-0PTE",
}

// wizardSamples are the set-up, step by step, and the pages that show codes.
func wizardSamples(t testing.TB) []sample {
	const key = "JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC"
	qr, err := newQR("otpauth://totp/Example%20VPN:mina.yamamoto-fernandez%40customers.example.co.jp?secret=" + key + "&issuer=Example%20VPN&algorithm=SHA1&digits=6&period=30")
	if err != nil {
		t.Fatal(err)
	}
	held := func(m nidan.MethodName, step nidan.Step) nidan.Held { return nidan.Held{Method: m, Step: step} }
	adds := func(h nidan.Held) nidan.Held { h.Adds = true; return h }

	one := onView{Methods: []nidan.MethodName{"totp"}, Chosen: "totp", Steps: stepsOf("totp", false, false, 1)}
	choose := onView{Methods: []nidan.MethodName{"totp", "mail"}, Chosen: "totp", Steps: anySteps()}
	stale, wait := choose, choose
	stale.AskPassword, stale.Password = true, wrong(msg("reason.step_up"), "")
	wait.Chosen, wait.Wrong = "mail", msg("reason.send_wait", "wait", 48*time.Second, "when", inAWhile(48*time.Second))

	number := numberView{
		At: onMailPath, Begin: setUp.begin, Steps: stepsTo(held("mail", nidan.StepConfirm)), Method: "mail", Code: field{Focus: true}, Ticket: sampleTicket, Now: noon,
		Mailed: &nidan.Mailed{To: sampleMailbox, At: noon, Until: noon.Add(10 * time.Minute), Again: noon.Add(time.Minute), More: true},
	}
	prove, wrongNumber, early, dead, over, used := number, number, number, number, number, number
	addedNumber := number
	addedNumber.Adds, addedNumber.Steps = true, stepsTo(adds(held("mail", nidan.StepConfirm)))
	prove.Proves, prove.Method, prove.Steps = true, "totp", stepsTo(held("totp", nidan.StepProve))
	wrongNumber.Code = wrong(msg("second.wrong_mail", "time", timeOfDay(noon)), "4829 1053")
	early.Code, early.Unsent = field{}, wait.Wrong
	dead.Code, dead.Mailed = field{}, &nidan.Mailed{To: sampleMailbox, At: ago(time.Minute), More: true, Dead: true}
	over.Code, over.Mailed = field{}, nil
	used.Mailed = &nidan.Mailed{To: sampleMailbox, At: ago(2 * time.Minute)}

	scan := scanView{
		QR: qr, Link: "otpauth://totp/Example", Groups: groups(key), Key: key, Account: sampleAccount, Method: "totp",
		Steps: stepsTo(held("totp", nidan.StepConfirm)), At: scanPath, Ticket: sampleTicket, Now: noon,
	}
	wrongScan, newScan, proved := scan, scan, scan
	wrongScan.Code = wrong(msg("reason.clock_ahead", "n", 3), "")
	newScan.Adds, newScan.New, newScan.Steps = true, true, stepsTo(adds(held("totp", nidan.StepConfirm)))
	proved.Steps = stepsTo(nidan.Held{Method: "totp", Step: nidan.StepConfirm, Proved: true})

	codes := codesView{
		At: setUpCodes.at, SetUp: true, Steps: stepsTo(held("totp", nidan.StepSave)), Account: sampleAccount,
		Issued: noon, Codes: sampleCodes, Ticket: sampleTicket,
	}
	unsaved, newCode, reissued := codes, codes, codes
	unsaved.Wrong = msg("reason.not_saved")
	newCode.Adds, newCode.Steps = true, stepsTo(adds(held("mail", nidan.StepSave)))
	reissued.At, reissued.SetUp = newCodes.at, false
	renewed := codesView{At: oneCode.at, Account: sampleAccount, Issued: noon, Codes: sampleCodes[3:4], Item: "04", Ticket: sampleTicket}
	done := stepsOf("totp", false, false, 4)
	past := func(title *message, text *message) stopView {
		return stopView{title, text, msg("stop.go_on"), setUpCodes.at}
	}
	return []sample{
		{name: "on", page: "on", view: choose},
		{name: "on-one", page: "on", view: one},
		{name: "on-password", page: "on", view: stale, bad: true},
		{name: "on-wait", page: "on", view: wait, bad: true},
		{name: "onmail", page: "onmail", view: number},
		{name: "onmail-prove", page: "onmail", view: prove},
		{name: "onmail-adds", page: "onmail", view: addedNumber},
		{name: "onmail-wrong", page: "onmail", view: wrongNumber, bad: true},
		{name: "onmail-early", page: "onmail", view: early, bad: true},
		{name: "onmail-dead", page: "onmail", view: dead},
		{name: "onmail-over", page: "onmail", view: over},
		{name: "onmail-used-up", page: "onmail", view: used},
		{name: "scan", page: "scan", view: scan},
		{name: "scan-wrong", page: "scan", view: wrongScan, bad: true},
		{name: "scan-adds", page: "scan", view: newScan},
		{name: "scan-proved", page: "scan", view: proved},
		{name: "scan-confirmed", page: "stop", view: past(msg("scan.confirmed"), msg("scan.confirmed.text"))},
		{name: "onmail-confirmed", page: "stop", view: past(msg("onmail.confirmed"), msg("scan.confirmed.adds"))},
		{name: "codes", page: "codes", view: codes},
		{name: "codes-unsaved", page: "codes", view: unsaved, bad: true},
		{name: "codes-adds", page: "codes", view: newCode},
		{name: "codes-reissued", page: "codes", view: reissued},
		{name: "done", page: "done", view: doneView{sampleOverview(appView, sheetView), done, ""}},
		{name: "changed-added", page: "changed", view: changedView{sampleOverview(appView, sheetView), false}},
		{name: "changed-replaced", page: "changed", view: changedView{sampleOverview(appView, sheetView), true}},
		{name: "code", page: "code", view: renewed},
		{name: "other-tab", page: "stop", view: stopView{msg("stop.other_tab"), msg("reason.other_tab"), msg("stop.go_on"), setUp.here}},
	}
}
