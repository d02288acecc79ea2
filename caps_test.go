package nidan_test

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan/method/totp"
)

// What goes beyond a cap is refused, or takes the place of the oldest, and the
// truth keeps count: nine apps beside the codes, and five remembered browsers.
func TestCaps(t *testing.T) {
	g := &garden{r: newRoom(), seeds: make(map[string]*seed)}
	w := g.do(g.begin(), turnOn...)
	for range 8 {
		w = g.do(w, wait(time.Minute), add(home, totp.Name, wayNone, true, appCode(0)), confirm(home, 0), complete(home, "set_up", true))
	}
	if w == nil || len(w.truth[alice].ways) != 10 {
		t.Fatalf("nine apps do not fit: %+v", g.found)
	}
	w = g.do(w, wait(time.Minute), add(home, totp.Name, wayNone, true, appCode(0)), // is refused
		add(home, totp.Name, wayApp, true, appCode(0)), confirm(home, 0), complete(home, "set_up", true))
	w = g.do(w, logOut(home), wait(time.Minute), signIn(home, alice, true), secondStep(home, appCode(0), true))
	if w == nil {
		t.Fatalf("%+v", g.found)
	}
	first := w.jars[home]
	for range 4 {
		w.jars[home].remembered = carried{}
		w = g.do(w, wait(time.Minute), signIn(home, alice, true), secondStep(home, appCode(0), true))
	}
	was := w.clone()
	was.jars[home] = first
	if was = g.do(was, signIn(home, alice, true)); was == nil || was.jars[home].session.value == first.session.value {
		t.Fatalf("one of five remembered browsers is asked: %+v", g.found)
	}
	w.jars[home].remembered = carried{}
	w = g.do(w, wait(time.Minute), signIn(home, alice, true), secondStep(home, appCode(0), true))
	w.jars[home] = first
	if w = g.do(w, signIn(home, alice, true)); w == nil || w.jars[home].pending.value == first.pending.value {
		t.Fatalf("the sixth browser does not take the place of the first: %+v", g.found)
	}
}
