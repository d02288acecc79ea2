package methodtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/nidan-auth/nidan"
)

// Prompting is what a method has to be to pass [RunPrompting].
type Prompting interface {
	nidan.Method
	nidan.Prompting
}

// RunPrompting runs the suite against a method that asks before it is answered:
// without a prompt nothing is right, a prompt takes its own answer only, while it
// lives, and gives nothing away.
func RunPrompting(t *testing.T, m Prompting) {
	s := suite{m: m}
	p := prompting{s, m}
	t.Run("traits", s.traits)
	t.Run("without a prompt", p.without)
	t.Run("its own answer", p.own)
	t.Run("expiry", p.expiry)
	t.Run("garbage", p.garbage)
	t.Run("unreadable prompt", p.unreadable)
	t.Run("randomness", p.randomness)
	t.Run("purity", p.purity)
	t.Run("secrecy", p.secrecy)
}

type prompting struct {
	suite
	p Prompting
}

func (p prompting) begin(t *testing.T, seed byte) nidan.Prompt {
	t.Helper()
	got, err := p.p.Begin(start, random(seed))
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	return got
}

func (p prompting) without(t *testing.T) {
	answer := p.begin(t, 1).Code.Reveal()
	d, err := p.p.Enrol(request, start, random(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range append(garbage(), answer, "", "saved") {
		refused(t, p.p.Check(nil, a, nil, start), "an answer without a prompt")
		refused(t, p.p.Check(nidan.State("{}"), a, nil, start), "an answer without a prompt")
		refused(t, p.p.Confirm(nil, d, a, nil, start), "set-up without a prompt")
		refused(t, p.p.Respond(nil, a, start), "an answer to no prompt")
	}
}

func (p prompting) own(t *testing.T) {
	one, two := p.begin(t, 1), p.begin(t, 2)
	v := p.p.Respond(one.State, one.Code.Reveal(), start)
	if v.Judgement != nidan.Accepted {
		t.Fatalf("its own answer was judged %d", v.Judgement)
	}
	checkState(t, v.State)
	refused(t, p.p.Respond(two.State, one.Code.Reveal(), start), "another prompt's answer")
	refused(t, p.p.Respond(v.State, one.Code.Reveal(), start), "an answer to an authenticator's state")
}

func (p prompting) expiry(t *testing.T) {
	one := p.begin(t, 1)
	if life := one.Until.Sub(start); life <= 0 || life > 10*time.Minute {
		t.Errorf("it lives for %v; ASVS 6.5.5 allows 10 minutes", life)
	}
	if v := p.p.Respond(one.State, one.Code.Reveal(), one.Until.Add(-time.Nanosecond)); v.Judgement != nidan.Accepted {
		t.Errorf("at its last moment it was judged %d", v.Judgement)
	}
	for _, late := range []time.Duration{0, time.Second, time.Hour, 365 * 24 * time.Hour} {
		if v := p.p.Respond(one.State, one.Code.Reveal(), one.Until.Add(late)); v.Judgement != nidan.Late || v.State != nil {
			t.Errorf("%v after its end it was judged %d", late, v.Judgement)
		}
	}
}

func (p prompting) garbage(t *testing.T) {
	one := p.begin(t, 1)
	code := one.Code.Reveal()
	for _, g := range append(garbage(), code[:len(code)-1], code+"0", code+code, " ", "0") {
		refused(t, p.p.Respond(one.State, g, start), "%q", clip(g))
	}
}

func (p prompting) unreadable(t *testing.T) {
	one := p.begin(t, 1)
	states := []nidan.State{nil, {}, nidan.State("null"), nidan.State("{}"), nidan.State("[]"), append(bytes.Clone(one.State), '}')}
	for i := range one.State {
		cut := bytes.Clone(one.State[:i])
		states = append(states, cut)
	}
	for _, s := range states {
		refused(t, p.p.Respond(s, one.Code.Reveal(), start), "an answer to an unreadable prompt")
	}
}

func (p prompting) randomness(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range byte(200) {
		seen[p.begin(t, seed).Code.Reveal()] = true
	}
	if len(seen) < 200 {
		t.Errorf("200 prompts have %d answers", len(seen))
	}
	broken := errors.New("no randomness")
	if _, err := p.p.Begin(start, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("without randomness the error is %v", err)
	}
	for _, n := range []int{0, 1, 8} {
		if _, err := p.p.Begin(start, bytes.NewReader(make([]byte, n))); err == nil {
			t.Errorf("began on %d bytes of randomness", n)
		}
	}
}

func (p prompting) purity(t *testing.T) {
	one, again := p.begin(t, 1), p.begin(t, 1)
	if !bytes.Equal(one.State, again.State) || !one.Code.Equal(again.Code) {
		t.Error("same inputs, two prompts")
	}
	before := bytes.Clone(one.State)
	v := p.p.Respond(one.State, one.Code.Reveal(), start)
	if !reflect.DeepEqual(v, p.p.Respond(one.State, one.Code.Reveal(), start)) {
		t.Error("same inputs, two verdicts: something is remembered outside the prompt")
	}
	if !bytes.Equal(one.State, before) {
		t.Error("responding changed the prompt")
	}
}

func (p prompting) secrecy(t *testing.T) {
	one := p.begin(t, 1)
	checkState(t, one.State)
	code := one.Code.Reveal()
	if strings.Contains(string(one.State), code) {
		t.Error("the prompt's state names its answer")
	}
	if b, err := json.Marshal(one); err == nil && strings.Contains(string(b), code) {
		t.Error("a prompt encodes with its answer")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if strings.Contains(fmt.Sprintf(verb, one), code) {
			t.Errorf("%s prints the answer", verb)
		}
	}
}
