package web

import (
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

// samplePass waits for a host with a long name.
var samplePass = &passAsk{Host: "dashboards-of-the-arena.internal.customers.example.co.jp:8443", Bind: strings.Repeat("A", 43)}

// passSamples are the pages on the way to a proxied host.
func passSamples() []sample {
	second := secondView{Way: appWay, Others: []nidan.Way{sheetWay}, Code: field{Focus: true}, Expires: noon.Add(10 * time.Minute), Now: noon}
	done := doneView{sampleOverview(appView, sheetView), stepsOf("totp", false, false, 4), samplePass.Host}
	code := codesView{At: oneCode.at, Account: sampleAccount, Issued: noon, Codes: sampleCodes[3:4], Item: "04", Ticket: sampleTicket}
	return []sample{
		{name: "pass-login", page: "login", view: loginView{}, guest: true, pass: samplePass},
		{name: "pass-login-wrong", page: "login", view: loginView{Login: sampleAccount, Wrong: msg("reason.wrong_first_step")}, guest: true, bad: true, pass: samplePass},
		{name: "pass-second", page: "second", view: second, guest: true, pass: samplePass},
		{name: "pass-code", page: "code", view: code, pass: samplePass},
		{name: "pass-done", page: "done", view: done},
		{name: "pass-on", page: "pass", view: passView{samplePass.Host, false}, pass: samplePass},
		{name: "pass-again", page: "pass", view: passView{samplePass.Host, true}, pass: samplePass},
		{name: "pass-dead", page: "passdead", view: passAsk{}, guest: true},
		{name: "pass-kept", page: "passdead", view: *samplePass, product: sampleProduct},
	}
}

// keptLinkSamples are the pages behind mailed links, and on the way to one,
// where a product keeps the account.
func keptLinkSamples() []sample {
	open := nidan.LinkView{Name: sampleProduct.Label, Protected: true, Expires: noon.Add(30 * time.Minute), Kept: sampleProduct.Party}
	first := bindView{LinkView: open, Steps: bindBegins()}
	ready := first
	ready.Ready = true
	kept := keptView{sampleProduct.Party}
	codes := codesView{
		At: boundCodes.at, SetUp: true, Until: noon.Add(53 * time.Minute), Steps: binding.steps(nidan.Held{Method: "totp", Step: nidan.StepSave}),
		Account: sampleProduct.Label, Issued: noon, Codes: sampleCodes, Ticket: sampleTicket,
	}
	start := recoveryView{Hold: 24 * time.Hour, From: noon.Add(24 * time.Hour), Mailbox: sampleMailbox, Kept: sampleProduct.Party}
	begun := nidan.RecoveryView{Started: ago(5 * time.Hour), Ripe: noon.Add(19 * time.Hour), Gone: noon.Add(8 * aDay), Browser: "Samsung Internet on Android"}
	isRipe, linked := begun, begun
	isRipe.State, linked.State = nidan.RecoveryRipe, nidan.RecoveryRipe
	linked.Link = &nidan.Mailed{To: sampleMailbox, At: noon, Until: noon.Add(30 * time.Minute)}
	waits, ripe, mailed := start, start, start
	waits.RecoveryView, ripe.RecoveryView, mailed.RecoveryView = &begun, &isRipe, &linked
	list := []sample{
		{name: "kept-bind", page: "bind", view: ready},
		{name: "kept-bind-first", page: "bind", view: first},
		{name: "kept-bind-missing", page: "bind", view: first, bad: true},
		{name: "kept-bind-codes", page: "codes", view: codes, kept: sampleProduct.Party, led: true},
		{name: "kept-bind-dead", page: "dead", view: deadView{Text: bindLink.deadLed}},
		{name: "kept-bind-over", page: "stepover", view: stepOverView{Title: msg("bind.over"), Text: msg("bind.over.text")}},
		{name: "kept-bind-done", page: "binddone", view: bindDoneView{bindEnded(), sampleProduct.Party, true}},
		{name: "kept-bind-done-led", page: "binddone", view: bindDoneView{bindEnded(), "", true}},
		{name: "kept-notme-link", page: "notmelink", view: notMeLink.view(open, field{})},
		{name: "kept-notme-done", page: "notmedone", view: kept},
		{name: "kept-notme-dead", page: "dead", view: deadView{Text: notMeLink.deadLed}},
		{name: "kept-cancel-done", page: "canceldone", view: kept},
		{name: "kept-lost", page: "lost", view: lostView{Apps: []nidan.Way{appWay}, Hold: 24 * time.Hour}, product: sampleProduct},
		{name: "kept-recovery-start", page: "recovery", view: start, product: sampleProduct},
		{name: "kept-recovery-waits", page: "recovery", view: waits, product: sampleProduct},
		{name: "kept-recovery-ripe", page: "recovery", view: ripe, product: sampleProduct},
		{name: "kept-recovery-mailed", page: "recovery", view: mailed, product: sampleProduct},
	}
	for i := range list {
		list[i].guest = true
	}
	return list
}
