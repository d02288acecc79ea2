package web

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// linkSamples are the pages that ask for a link, and those behind one.
func linkSamples(t testing.TB) []sample {
	t.Helper()
	const account = "mina.yamamoto-fernandez@customers.example.co.jp"
	const another = "mina-the-second-address-of-hers@mail.customers.example.co.jp"
	day := 24 * time.Hour
	focus := field{Focus: true}
	open := func(l link, v nidan.LinkView) linkView {
		v.Name, v.Expires, v.Limit = account, noon.Add(30*time.Minute), 15
		return l.view(v, field{Focus: l.password})
	}
	waiting := &nidan.RecoveryView{
		State: nidan.RecoveryWaiting, Started: noon.Add(-12 * time.Hour), Ripe: noon.Add(60 * time.Hour), Gone: noon.Add(9 * day),
		Address: "2001:db8:85a3::8a2e:370:7334", Browser: "Samsung Internet on Android",
	}
	ripe := &nidan.RecoveryView{State: nidan.RecoveryRipe, Started: noon.Add(-3 * day), Ripe: noon, Gone: noon.Add(7 * day)}
	list := []sample{
		{name: "forgot-mail", page: "forgotmail", view: forgot.view(focus)},
		{name: "forgot-mail-bare", page: "forgotmail", view: forgot.view(focus), bare: true},
		{name: "forgot-wrong", page: "forgotmail", view: forgot.view(wrong(msg("reason.name_invalid"), "mina.yamamoto")), bad: true},
		{name: "forgot-wait", page: "forgotmail", view: forgot.view(wrong(msg("ask.wait", "wait", 32*time.Minute, "when", inAWhile(32*time.Minute)), account)), bad: true},
		{name: "forgot-sent", page: "forgotmailsent", view: forgot.view(field{})},
		{name: "register", page: "register", view: register.view(focus)},
		{name: "register-sent", page: "registersent", view: register.view(field{})},
		{name: "meet", page: "meet", view: meet.view(focus)},
		{name: "meet-sent", page: "meetsent", view: meet.view(field{})},

		{name: "reset-off", page: "reset", view: open(reset, nidan.LinkView{})},
		{name: "reset-mail", page: "reset", view: open(reset, nidan.LinkView{Protected: true, OnlyMail: true, Hold: nidan.HoldMailbox})},
		{name: "address", page: "address", view: open(addressLink, nidan.LinkView{Item: another})},
		{name: "second-address", page: "address", view: open(secondLink, nidan.LinkView{Item: another, Recovers: true})},
		{name: "second-address-done", page: "addressadded"},
		{name: "cancel", page: "cancel", view: open(cancelLink, nidan.LinkView{Protected: true, Recovery: waiting})},
		{name: "cancel-ripe", page: "cancel", view: open(cancelLink, nidan.LinkView{Protected: true, Recovery: ripe})},
		{name: "cancel-done", page: "canceldone", view: keptView{}},
		{name: "notme-link", page: "notmelink", view: open(notMeLink, nidan.LinkView{Protected: true})},
		{name: "notme-link-off", page: "notmelink", view: open(notMeLink, nidan.LinkView{})},
		{name: "notme-done", page: "notmedone", view: keptView{}},
	}
	for name, l := range map[string]link{"invite": invite, "register": registered, "reset": reset, "browser": knowBrowser, "address": addressLink, "cancel": cancelLink, "notme": notMeLink} {
		list = append(list, sample{name: "dead-" + name, page: "dead", view: l.dead})
	}
	for i := range list {
		list[i].guest = true
	}
	return list
}
