package web

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// settingsSamples are the pages of somebody who is logged in.
func settingsSamples(t testing.TB) []sample {
	var list []sample
	for _, part := range []func(testing.TB) []sample{overviewSamples, wizardSamples, bothSamples, accountSamples} {
		list = append(list, part(t)...)
	}
	return list
}

const (
	sampleAccount = "mina.yamamoto-fernandez@customers.example.co.jp"
	sampleMailbox = "m•••@customers.example.co.jp"
	sampleTicket  = "aaaaaaaaaaaaaaaa"
	sampleKey     = "JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC"
	aDay          = 24 * time.Hour
)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// A sampleSheet has few codes left, or none used.
func sampleSheet(left int) *nidan.Sheet {
	s := &nidan.Sheet{Issued: ago(260 * aDay), Total: 10, Left: left}
	if left < 10 {
		s.Used = []nidan.UsedCode{{Number: "04", At: ago(9 * aDay)}, {Number: "07", At: ago(2 * aDay)}, {Number: "10", At: ago(aDay)}}
	}
	return s
}

var (
	appView   = nidan.AuthenticatorView{ID: "wayapp", Method: "totp", Name: "Pixel 9", Added: ago(260 * aDay), LastUsed: ago(3 * time.Hour), Resyncs: true}
	twinView  = nidan.AuthenticatorView{ID: "waytwin", Method: "totp", Added: ago(9 * aDay), Resyncs: true}
	mailView  = nidan.AuthenticatorView{ID: "waymail", Method: "mail", Added: ago(40 * aDay), LastUsed: ago(9 * aDay)}
	sheetView = nidan.AuthenticatorView{ID: "waysheet", Method: "backup", Reserve: true, Added: ago(260 * aDay), LastUsed: ago(aDay), Sheet: sampleSheet(3)}

	appWay   = nidan.Way{ID: "wayapp", Method: "totp", Name: "Pixel 9"}
	mailWay  = nidan.Way{ID: "waymail", Method: "mail", Prompts: true}
	sheetWay = nidan.Way{ID: "waysheet", Method: "backup", Reserve: true, Sheet: sampleSheet(3)}
)

// row is one of them with what can be done about it.
func row(x nidan.AuthenticatorView, replace nidan.MethodName) methodRow {
	return methodRow{AuthenticatorView: x, Replace: replace}
}

func firstRow(r methodRow) methodRow { r.First = true; return r }
func deadRow(r methodRow) methodRow  { r.Dead = true; return r }
func onlyRow(r methodRow) methodRow  { r.Only = true; return r }

func sampleSessions() []nidan.SessionView {
	return []nidan.SessionView{
		{ID: "s1", Current: true, At: ago(3 * time.Hour), Seen: noon, Address: "203.0.113.7", Browser: "Firefox on Windows"},
		{ID: "s2", At: ago(8 * time.Hour), Seen: ago(40 * time.Minute), Address: "2001:db8:85a3::8a2e:370:7334", Browser: "Samsung Internet on Android"},
	}
}

func sampleEvents() []nidan.Event {
	const far, strange = "198.51.100.23", "Chrome on Linux"
	events := []nidan.Event{
		{Kind: nidan.EventSignIn, Method: "totp"}, {Kind: nidan.EventFirstStep},
		{Kind: nidan.EventRefused, Method: "totp", Address: far, Browser: strange},
		{Kind: nidan.EventRefused, Method: "totp", Address: far, Browser: strange},
		{Kind: nidan.EventFirstStep, Address: far, Browser: strange},
		{Kind: nidan.EventCodeReplaced, Method: "backup", Item: "04"}, {Kind: nidan.EventSignIn, Method: "backup", Item: "04"},
		{Kind: nidan.EventOn, Method: "totp"}, {Kind: nidan.EventCreated, Browser: "<b>", Address: "192.0.2.1"},
	}
	for i := range events {
		events[i].At = ago(time.Duration(i) * 5 * time.Hour)
		if events[i].Address == "" {
			events[i].Address, events[i].Browser = "203.0.113.7", "Firefox on Windows"
		}
	}
	return events
}

func sampleOverview(views ...nidan.AuthenticatorView) nidan.Overview {
	o := nidan.Overview{Name: sampleAccount, PasswordFresh: true, Limit: 15, Authenticators: views, Sessions: sampleSessions(), Events: sampleEvents()}
	if len(views) > 0 {
		o.Protected = ago(260 * aDay)
	}
	return o
}

func sampleRecovery(state nidan.RecoveryState, untold bool) *banner {
	return recovering(&nidan.RecoveryView{
		State: state, Started: ago(9 * time.Hour), Ripe: noon.Add(15 * time.Hour), Gone: noon.Add(7*aDay + 15*time.Hour), Untold: untold,
		Address: "2001:db8:85a3::8a2e:370:7334", Browser: "Samsung Internet on Android",
	})
}

func overviewSamples(testing.TB) []sample {
	lines := activities(sampleEvents())
	view := func(o nidan.Overview, rows ...methodRow) securityView {
		return securityView{Overview: o, Rows: rows, Activity: lines[:fewLines], More: true}
	}
	off := view(sampleOverview())
	off.Activity, off.More, off.Unfinished = lines[len(lines)-1:], false, true
	sheet := sheetView
	sheet.Sheet = sampleSheet(10)
	on := view(sampleOverview(appView, sheet), firstRow(onlyRow(row(appView, "totp"))), row(sheet, ""))
	few := view(sampleOverview(mailView, appView, sheetView), firstRow(row(mailView, "totp")), row(appView, "totp"), row(sheetView, ""))
	few.Renewal, few.Resync, few.Done = "04", "wayapp", msg("did.recovery")
	dead, gone, none, barred := appView, nidan.AuthenticatorView{ID: "x", Method: "carrier_pigeon", Added: ago(400 * aDay)}, sheetView, mailView
	dead.Disabled, none.Sheet, barred.Barred = ago(aDay), sampleSheet(0), true
	stuck := view(sampleOverview(none, barred, dead, gone), row(none, ""), onlyRow(row(barred, "totp")), deadRow(row(dead, "totp")), deadRow(row(gone, "totp")))
	remembered := sampleOverview(appView, sheetView)
	remembered.Remembered = []nidan.RememberedView{
		{ID: "r1", Browser: "Firefox on Windows", Address: "203.0.113.7", Since: ago(2 * aDay), Expires: noon.Add(28 * aDay)},
		{ID: "r2", Browser: "Samsung Internet on Android", Address: "2001:db8:85a3::8a2e:370:7334", Since: ago(29 * aDay), Expires: noon.Add(aDay)},
	}
	return []sample{
		{name: "security-off", page: "security", view: off},
		{name: "security-on", page: "security", view: on},
		{name: "security-few", page: "security", view: few},
		{name: "security-stuck", page: "security", view: stuck},
		{name: "security-recovery", page: "security", view: on, banner: sampleRecovery(nidan.RecoveryWaiting, false)},
		{name: "security-recovery-untold", page: "security", view: on, banner: sampleRecovery(nidan.RecoveryWaiting, true)},
		{name: "security-recovery-ripe", page: "security", view: on, banner: sampleRecovery(nidan.RecoveryRipe, false)},
		{name: "browsers", page: "browsers", view: browsersView{remembered, "r1", msg("did.ended")}},
		{name: "browsers-none", page: "browsers", view: browsersView{sampleOverview(appView, sheetView), "", nil}},
		{name: "browsers-off", page: "browsers", view: browsersView{sampleOverview(), "", nil}},
		{name: "activity", page: "activity", view: activityView{lines}},
		{name: "notme", page: "notme", view: notMeView{true, true}},
		{name: "notme-off", page: "notme", view: notMeView{}, bare: true},
		{name: "methods", page: "methodlist", view: methodsView{few.Rows, true, msg("did.removed")}},
		{name: "methods-only", page: "methodlist", view: methodsView{on.Rows, true, nil}},
		{name: "methods-stuck", page: "methodlist", view: methodsView{stuck.Rows, false, nil}},
		{name: "rename", page: "rename", view: renameView{appView, field{Value: "Pixel 9", Focus: true}}},
		{name: "rename-wrong", page: "rename", view: renameView{appView, wrong(msg("rename.wrong"), "a name that is a good deal longer than forty characters")}, bad: true},
		{name: "resync", page: "resync", view: resyncView{AuthenticatorView: appView, First: field{Focus: true}, Now: noon}},
		{name: "resync-password", page: "resync", view: resyncView{AuthenticatorView: twinView, AskPassword: true, Password: field{Focus: true}, Now: noon}},
		{name: "resync-wrong", page: "resync", view: resyncView{AuthenticatorView: appView, First: wrong(msg("resync.wrong"), ""), Now: noon}, bad: true},
		{name: "resync-clock", page: "resync", view: resyncView{AuthenticatorView: appView, First: wrong(msg("reason.clock_ahead", "n", 12), ""), Now: noon}, bad: true},
	}
}
