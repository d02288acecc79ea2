package methodtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/nidan-auth/nidan"
)

func (s suite) traits(t *testing.T) {
	tr := s.m.Traits()
	if tr.Method == "" || strings.Trim(string(tr.Method), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		t.Errorf("method name %q", tr.Method)
	}
	if tr.Channel == "" || tr.Channel == nidan.ChannelMemory {
		t.Errorf("channel %q cannot be a second step", tr.Channel)
	}
	if tr.AMR == "" || tr.AMR == "pwd" || tr.AMR == "mfa" {
		t.Errorf("amr %q", tr.AMR)
	}
	if tr.Level < nidan.LevelTwoStep {
		t.Errorf("level %v is not above a password's", tr.Level)
	}
	if tr.DisableAfter < 0 || tr.DisableAfter > 100 {
		t.Errorf("disabled after %d wrong answers; NIST SP 800-63B-4 §3.2.2 allows 100", tr.DisableAfter)
	}
	if s.m.Traits() != tr {
		t.Error("traits change")
	}
}

func (s suite) enrolment(t *testing.T) {
	d := s.enrol(t, 1)
	checkState(t, d.State)
	if len(secrets(d.Handout)) == 0 {
		t.Error("nothing is handed out")
	}

	other := s.enrol(t, 2)
	if bytes.Equal(d.State, other.State) {
		t.Error("two enrolments have one state")
	}
	for i, secret := range secrets(other.Handout) {
		if secret == secrets(d.Handout)[i] {
			t.Error("two enrolments have a secret in common")
		}
	}

	longest := nidan.Enrolment{Issuer: strings.Repeat("社", 40), Account: strings.Repeat("+", 64) + "@" + strings.Repeat("x", 189)}
	if b, err := json.Marshal(s.enrolAs(t, longest, start, 1)); err != nil || len(b) > maxDraft {
		t.Errorf("with long names a draft takes %d bytes, over %d (%v)", len(b), maxDraft, err)
	}

	broken := errors.New("no randomness")
	if _, err := s.m.Enrol(request, start, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("without randomness the error is %v", err)
	}
	for _, n := range []int{0, 1, 8} {
		if _, err := s.m.Enrol(request, start, bytes.NewReader(make([]byte, n))); err == nil {
			t.Errorf("enrolled on %d bytes of randomness", n)
		}
	}
}

func (s suite) confirmation(t *testing.T) {
	d := s.enrol(t, 1)
	answer := s.h.Confirm(d.Handout, start)

	for _, wrong := range append(garbage(), " ", "save", "no") {
		refused(t, s.confirm(nil, d, wrong, start), "set-up confirmed by %q", clip(wrong))
	}

	state := accepted(t, s.confirm(nil, d, answer, start))
	if bytes.Equal(state, d.State) {
		t.Error("the state of a draft is that of an authenticator")
	}
	for _, off := range moments {
		refused(t, s.check(state, answer, start.Add(off)), "the confirming answer at a log-in %v later", off)
	}

	carried := nidan.Draft{}
	b, err := json.Marshal(d)
	if err == nil {
		err = json.Unmarshal(b, &carried)
	}
	if err != nil {
		t.Fatalf("the draft does not travel in a ticket: %v", err)
	}
	if v := s.confirm(nil, carried, answer, start); !bytes.Equal(v.State, state) {
		t.Error("a draft that was in a ticket makes another authenticator")
	}
}

func (s suite) abandoned(t *testing.T) {
	_, state := s.bound(t, 1)
	before := bytes.Clone(state)
	r := request
	if s.m.Traits().Reserve {
		r.Old = state
	}
	d := s.enrolAs(t, r, login(0), 2)
	if !bytes.Equal(state, before) {
		t.Error("enrolling changed the present state")
	}
	for n := range 2 {
		answer := s.h.Answer(d.Handout, n, login(n))
		refused(t, s.check(d.State, answer, login(n)), "an answer on a draft that was never confirmed")
		refused(t, s.check(state, answer, login(n)), "an answer of the draft on the present state")
	}
}

func (s suite) purity(t *testing.T) {
	d, again := s.enrol(t, 1), s.enrol(t, 1)
	if !reflect.DeepEqual(d, again) {
		t.Error("same inputs, two drafts")
	}

	answer := s.h.Confirm(d.Handout, start)
	v := s.confirm(nil, d, answer, start)
	if !reflect.DeepEqual(v, s.confirm(nil, d, answer, start)) {
		t.Error("same inputs, two confirmations")
	}
	if !reflect.DeepEqual(d, again) {
		t.Error("confirming changed the draft")
	}

	state := bytes.Clone(v.State)
	answer = s.h.Answer(d.Handout, 0, login(0))
	first := s.check(v.State, answer, login(0))
	if !reflect.DeepEqual(first, s.check(v.State, answer, login(0))) {
		t.Error("same inputs, two verdicts: something is remembered outside the state")
	}
	if !bytes.Equal(v.State, state) {
		t.Error("checking changed the state it was given")
	}
}
