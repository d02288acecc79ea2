package races

import (
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// SECURITY D6: turning off, in a session, against the second step of a sign-in,
// a hundred times. Whatever order the two come in, no session of the old epoch
// lives on, and one code opens one of the two doors.
func TestTurnOffAgainstAnswer(t *testing.T) {
	r := rig.New(t)
	p, home := r.Protected()
	outcomes, wins := make(map[string]int), make(map[string]int)
	for round := range rounds {
		begun := time.Now()
		visitor := begin(t, p, r.Browser(), 1)[0]
		hash := time.Since(begun) // little else takes time
		app, sheet := p.Way("totp"), p.Way("backup")
		code := p.Phone.Code()
		off := []string{"password", p.Password, "way", app, "code", code}
		answer := []string{"way", app, "code", code}
		kind := "one code at both doors"
		switch round % 3 {
		case 1:
			kind = "off by a backup code"
			off = []string{"password", p.Password, "way", sheet, "code", p.Codes[0]}
		case 2:
			kind = "in by a backup code"
			answer = []string{"way", sheet, "code", p.Codes[0]}
		}
		before := viewOf(t, r, p)

		var offPage, inPage rig.Page
		rig.Together(
			func() { offPage = home.Post("/security/off", off...) },
			func() {
				// Not to wait for anything, but to come earlier and later: the
				// password's slow hash is in front of the other's decision.
				time.Sleep(time.Duration(round%20) * hash / 8)
				inPage = visitor.Post("/login/second", answer...)
			},
		)
		isOff := offPage.Status == 303 && strings.HasSuffix(offPage.Location, "/security/off/done")
		isIn := visitor.Cookie("session") != ""
		after := viewOf(t, r, p)
		lives := isIn && visitor.Clone().Get("/security").Status == 200
		if round%3 == 0 {
			wins[word(isOff, "off")]++
		}
		outcomes[kind+": "+word(isOff, "off")+" "+word(isIn, "in")+" "+word(lives, "lives")]++

		if after.Protected.IsZero() != isOff {
			t.Fatalf("round %d, %s: the answer was %d to %q, protected since %v", round, kind, offPage.Status, offPage.Location, after.Protected)
		}
		switch {
		case isOff && lives:
			t.Errorf("round %d, %s: a session of before lives after the turning off", round, kind)
		case isOff && isIn && round%3 == 0, !isOff && !isIn:
			t.Errorf("round %d, %s: off %v (%d), in %v (%d)", round, kind, isOff, offPage.Status, isIn, inPage.Status)
		case isOff && (after.Epoch != before.Epoch+1 || after.Sessions != 1 || after.PendingSignIns != 0 || home.Get("/security").Status != 200):
			t.Errorf("round %d, %s: epoch %d after %d, %d sessions, %d open sign-ins", round, kind, after.Epoch, before.Epoch, after.Sessions, after.PendingSignIns)
		case !isOff && (!lives || after.Epoch != before.Epoch):
			t.Errorf("round %d, %s: it stayed on, and the log-in that passed is gone", round, kind)
		}
		r.Clock.Advance(time.Minute)
		if isOff {
			p.TurnOn(home)
		} else {
			p.LogIn(home)
		}
		r.Clock.Advance(time.Minute)
	}
	for kind, n := range outcomes {
		t.Logf("%3d × %s", n, kind)
	}
	if len(wins) != 2 {
		t.Errorf("one of the two always comes first: that is no race: %v", wins)
	}
	sound(t, r)
}

func word(is bool, s string) string {
	if is {
		return s
	}
	return "not " + s
}

// SECURITY D6: ending everything against second steps.
func TestLogOutEverywhereAgainstAnswers(t *testing.T) {
	r := rig.New(t)
	p, home := r.Protected()
	for range 10 {
		open := begin(t, p, r.Browser(), 1)
		way, code := p.Way("totp"), p.Phone.Code()
		var page rig.Page
		rig.Together(
			func() { page = home.Post("/security/sessions/end-all") },
			func() { open[0].Post("/login/second", "way", way, "code", code) },
		)
		if page.Status != 303 || home.Get("/security").Status != 200 {
			t.Fatalf("log out everywhere: %d, then %d", page.Status, home.Get("/security").Status)
		}
		if b := open[0]; b.Cookie("session") != "" && b.Clone().Get("/security").Status == 200 {
			// Its log-in came after: then it began after, too.
			t.Error("a sign-in that was open before has a session after")
		}
		if v := viewOf(t, r, p); v.Sessions != 1 || v.PendingSignIns != 0 {
			t.Errorf("%d sessions, %d open sign-ins", v.Sessions, v.PendingSignIns)
		}
		// A session goes on only while what it stands on is fresh.
		r.Clock.Advance(time.Minute)
		p.LogIn(home)
		r.Clock.Advance(time.Minute)
	}
	sound(t, r)
}
