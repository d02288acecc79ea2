package methodtest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/nidan-auth/nidan"
)

// unreadable returns states that are not what the method wrote: cut short, added
// to, or another's.
func unreadable(t *testing.T, s nidan.State) map[string]nidan.State {
	t.Helper()
	if len(s) < 2 || s[0] != '{' {
		t.Fatal("the state is not a JSON object")
	}
	states := map[string]nidan.State{
		"nil":              nil,
		"empty":            {},
		"null":             nidan.State("null"),
		"empty object":     nidan.State("{}"),
		"array":            nidan.State("[]"),
		"in an array":      nidan.State("[" + string(s) + "]"),
		"string":           nidan.State(`"x"`),
		"number":           nidan.State("0"),
		"binary":           nidan.State("\x00\xff\xfe"),
		"foreign":          nidan.State(`{"address":"alice@example.com","id":7}`),
		"unknown field":    nidan.State(`{"unknown":1,` + string(s[1:])),
		"followed by text": append(bytes.Clone(s), "x"...),
		"followed by }":    append(bytes.Clone(s), '}'),
		"followed by ]":    append(bytes.Clone(s), ']'),
		"twice":            append(bytes.Clone(s), s...),
	}
	for n := 1; n < len(s); n++ {
		states[fmt.Sprintf("cut to %d bytes", n)] = s[:n:n]
	}
	return states
}

func (s suite) unreadable(t *testing.T) {
	h, state := s.bound(t, 1)
	answer := s.h.Answer(h, 0, login(0))
	for name, broken := range unreadable(t, state) {
		refused(t, s.check(broken, answer, login(0)), "a right answer on a state that is %s", name)
	}
	flips(state, func(broken nidan.State) { s.check(broken, answer, login(0)) })
}

func (s suite) unreadableDraft(t *testing.T) {
	_, state := s.bound(t, 1)
	d := s.enrol(t, 2)
	answer := s.h.Confirm(d.Handout, start)
	broken := unreadable(t, d.State)
	broken["an authenticator's"] = state
	for name, bad := range broken {
		refused(t, s.confirm(nil, nidan.Draft{State: bad, Handout: d.Handout}, answer, start), "a draft that is %s", name)
	}
	refused(t, s.confirm(nil, nidan.Draft{}, answer, start), "no draft")

	// A state that cannot be read must not stand in the way, nor be taken over.
	for _, bad := range unreadable(t, state) {
		s.confirm(bad, d, answer, start)
	}
	flips(d.State, func(bad nidan.State) {
		s.confirm(nil, nidan.Draft{State: bad, Handout: d.Handout}, answer, start)
	})
}

// flips calls use with a bit of each byte of a state changed. What comes of it
// may be readable, so all that is asked is that use returns.
func flips(state nidan.State, use func(nidan.State)) {
	for i := range state {
		flipped := bytes.Clone(state)
		flipped[i] ^= 1 << (i % 8)
		use(flipped)
	}
}
