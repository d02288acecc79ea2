package web

import (
	"testing"

	"github.com/nidan-auth/nidan"
)

func TestActivitiesAreToldOnce(t *testing.T) {
	const home, away = "203.0.113.7", "198.51.100.23"
	got := activities([]nidan.Event{
		{Kind: nidan.EventSignIn, Method: "totp", Authenticator: "a", Address: home},
		{Kind: nidan.EventFirstStep, Address: home}, // led to the one above
		{Kind: nidan.EventFirstStep, Address: home}, // came to nothing
		{Kind: nidan.EventSignIn, Method: "backup", Item: "04", Address: home},
		{Kind: nidan.EventFirstStep, Address: away}, // somebody else's
		{Kind: nidan.EventRefused, Method: "totp", Authenticator: "a", Address: away},
		{Kind: nidan.EventRefused, Method: "totp", Authenticator: "a", Address: away},
		{Kind: nidan.EventRefused, Method: "totp", Authenticator: "a", Address: home},
		{Kind: "from_the_future"},
		{Kind: nidan.EventRemoved, Method: "mail", Commit: "c2", Address: home},
		{Kind: nidan.EventStepPassed, Method: "mail", Authenticator: "m", Commit: "c2", Address: home}, // for the one above
		{Kind: nidan.EventCodeSent, Authenticator: "m", Address: home},                                 // and its code
		{Kind: nidan.EventCodesIssued, Commit: "c3", Address: home},
		{Kind: nidan.EventStepPassed, Method: "backup", Item: "05", Commit: "c4", Address: home}, // before, and a code is spent
		{Kind: nidan.EventSignIn, Method: "mail", Authenticator: "m", Address: home},
		{Kind: nidan.EventCodeSent, Authenticator: "m", Address: home},
		{Kind: nidan.EventCodeSent, Authenticator: "m", Address: home},
		{Kind: nidan.EventFirstStep, Address: home},
		{Kind: nidan.EventCodeSent, Authenticator: "m", Address: home}, // of an earlier log-in
		{Kind: nidan.EventFirstStep, Address: home},                    // that came to nothing
		{Kind: nidan.EventDescribed, Item: nidan.ItemOldPassword},      // no news to anybody
		{Kind: nidan.EventDescribed},
	})
	want := []struct {
		key   string
		times int
		warn  bool
	}{
		{"event.signed_in.totp", 1, false},
		{"event.first_step_passed", 1, false},
		{"event.signed_in.backup", 1, false},
		{"event.first_step_passed", 1, false},
		{"event.second_step_refused.totp", 2, true},
		{"event.second_step_refused.totp", 1, true},
		{"event.unknown", 1, false},
		{"event.authenticator_removed.mail", 1, false},
		{"event.backup_codes_reissued", 1, false},
		{"event.second_step_passed.backup", 1, false},
		{"event.signed_in.mail", 1, false},
		{"event.code_mailed", 1, false},
		{"event.first_step_passed", 1, false},
		{"event.account_described", 1, false},
	}
	if len(got) != len(want) {
		t.Fatalf("%d lines", len(got))
	}
	for i, w := range want {
		if g := got[i]; g.Said.Key != w.key || g.Times != w.times || g.Warn != w.warn {
			t.Errorf("line %d: %s, %d times, %v", i, g.Said.Key, g.Times, g.Warn)
		}
	}
}

// TestEveryEventSpeaks says every event as the Service records it, with and
// without a method.
func TestEveryEventSpeaks(t *testing.T) {
	p := newPages(t)
	item := map[nidan.EventKind]bool{nidan.EventSignIn: true, nidan.EventStepPassed: true, nidan.EventCodeReplaced: true}
	for _, l := range p.locales.all {
		for kind := range lines {
			for _, m := range []nidan.MethodName{"", "totp", "backup", "unheard_of"} {
				e := nidan.Event{Kind: kind, Method: m}
				if kind == nidan.EventCodeReplaced || item[kind] && m == "backup" {
					e.Item = "04"
				}
				if _, err := l.Say(saidOf(e)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestEveryReasonSpeaks(t *testing.T) {
	p := newPages(t)
	for _, l := range p.locales.all {
		v := &visit{p: p, locale: l}
		for r := range tellings {
			for _, m := range []nidan.MethodName{"", "totp", "backup", "unheard_of"} {
				for _, n := range []int{0, 1, 5} {
					out := nidan.Outcome{Reason: r, Until: noon, When: noon, Count: n, Limit: n, Off: noon.Sub(noon)}
					if _, err := l.Say(v.reason(out, m)); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
}

func TestChoose(t *testing.T) {
	a, b, dead := nidan.Way{ID: "a"}, nidan.Way{ID: "b"}, nidan.Way{ID: "c", Disabled: true}
	for _, c := range []struct {
		ways   []nidan.Way
		id     string
		want   string
		others int
	}{
		{[]nidan.Way{a, b, dead}, "", "a", 1},
		{[]nidan.Way{a, b, dead}, "b", "b", 1},
		{[]nidan.Way{a, b, dead}, "c", "a", 1},
		{[]nidan.Way{dead, b}, "a", "b", 0},
		{[]nidan.Way{dead}, "c", "", 0},
		{nil, "", "", 0},
	} {
		way, others, ok := choose(c.ways, c.id)
		if way.ID != c.want || len(others) != c.others || ok != (c.want != "") {
			t.Errorf("%q of %v: %v %v %v", c.id, c.ways, way, others, ok)
		}
	}
}
