package methodtest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// moments are when an answer is tried again, relative to when it was accepted.
var moments = []time.Duration{
	0, time.Second, 29 * time.Second, 30 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 24 * time.Hour, 366 * 24 * time.Hour,
	-time.Second, -30 * time.Second, -time.Minute, -10 * time.Minute, -time.Hour, -24 * time.Hour,
}

func (s suite) once(t *testing.T) {
	h, state := s.bound(t, 1)
	var spent []string
	for n := range 4 {
		at := login(n)
		answer := s.h.Answer(h, n, at)
		next := accepted(t, s.check(state, answer, at))
		if bytes.Equal(next, state) {
			t.Fatal("accepting left the state as it was")
		}
		state = stored(t, next)
		spent = append(spent, answer)

		for _, code := range spent {
			for _, off := range moments {
				for _, typed := range retyped(code) {
					refused(t, s.check(state, typed, at.Add(off)), "%q again, %v after log-in %d", typed, off, n)
				}
			}
		}
	}
}

func (s suite) others(t *testing.T) {
	alice, alices := s.bound(t, 1)
	bob, bobs := s.bound(t, 2)
	for n := range 3 {
		refused(t, s.check(alices, s.h.Answer(bob, n, login(n)), login(n)), "Bob's answer on Alice's state")
		refused(t, s.check(bobs, s.h.Answer(alice, n, login(n)), login(n)), "Alice's answer on Bob's state")
	}
}

func (s suite) replaced(t *testing.T) {
	old, state := s.bound(t, 1)
	state = accepted(t, s.check(state, s.h.Answer(old, 0, login(0)), login(0)))

	at := login(1)
	r := request
	r.Old = state
	d := s.enrolAs(t, r, at, 2)
	replacing := accepted(t, s.confirm(state, d, s.h.Confirm(d.Handout, at), at))

	for n := range 3 {
		refused(t, s.check(replacing, s.h.Answer(old, n, login(n+2)), login(n+2)), "answer %d of the replaced set", n)
	}
	v := s.check(replacing, s.h.Answer(old, 1, login(2)), login(2))
	if v.Judgement != nidan.Replaced || !v.When.Equal(at.Truncate(time.Second)) {
		t.Errorf("an answer of the replaced set is judged %d, replaced on %v", v.Judgement, v.When)
	}
	accepted(t, s.check(replacing, s.h.Answer(d.Handout, 0, login(2)), login(2)))
}

func (s suite) count(t *testing.T) {
	counted := s.m.(nidan.Counted)
	h, state := s.bound(t, 1)
	sheet := counted.Sheet(state)
	if sheet.Total == 0 || sheet.Left != sheet.Total || len(sheet.Used) != 0 || sheet.Issued.IsZero() {
		t.Fatalf("a new sheet is %+v", sheet)
	}
	for n := range 3 {
		v := s.check(state, s.h.Answer(h, n, login(n)), login(n))
		state = accepted(t, v)
		now := counted.Sheet(state)
		if now.Total != sheet.Total || now.Left != sheet.Total-n-1 || len(now.Used) != n+1 {
			t.Fatalf("after %d codes the sheet is %+v", n+1, now)
		}
		if last := now.Used[n]; last.Number != v.Item || !last.At.Equal(login(n)) {
			t.Errorf("code %s, used %v, stands last as %+v", v.Item, login(n), last)
		}
	}
	for name, broken := range unreadable(t, state) {
		if sheet := counted.Sheet(broken); sheet.Left != 0 {
			t.Errorf("%s: a sheet that cannot be read has %d codes left", name, sheet.Left)
		}
	}
}

// retyped returns ways of entering the same code.
func retyped(code string) []string {
	fullWidth := strings.Map(func(r rune) rune {
		if '!' <= r && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, code)
	return []string{code, " " + code + "\n", code[:1] + " " + code[1:], code[:2] + "-" + code[2:], strings.ToLower(code), fullWidth}
}

// stored returns a state as it comes back from a document.
func stored(t *testing.T, s nidan.State) nidan.State {
	t.Helper()
	type document struct{ State nidan.State }
	b, err := json.Marshal(document{s})
	if err != nil {
		t.Fatalf("the state does not encode: %v", err)
	}
	var d document
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatalf("the state does not come back: %v", err)
	}
	return d.State
}

func checkState(t *testing.T, s nidan.State) {
	t.Helper()
	if !json.Valid(s) {
		t.Error("the state is not JSON")
	}
	if len(s) > maxState {
		t.Errorf("the state has %d bytes, over %d", len(s), maxState)
	}
}
