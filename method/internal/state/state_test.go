package state_test

import (
	"math"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
)

type memory struct {
	Last int64 `json:"c"`
}

func TestRoundTrip(t *testing.T) {
	s, ok := state.Encode(memory{7})
	if !ok || string(s) != `{"c":7}` {
		t.Fatalf("encoded %s, %v", []byte(s), ok)
	}
	var m memory
	if !state.Decode(s, &m) || m.Last != 7 {
		t.Errorf("decoded %v", m)
	}
}

func TestUnreadable(t *testing.T) {
	for _, s := range []string{
		"", " ", "null", "[]", "7", `"c"`, "{", `{"c":7`, `{"c":"7"}`, `{"c":7.5}`,
		`{"c":7,"d":1}`, `{"c":7}}`, `{"c":7}]`, `{"c":7}{}`, `{"c":7} x`, `[{"c":7}]`,
	} {
		if state.Decode(nidan.State(s), new(memory)) {
			t.Errorf("%q was read", s)
		}
	}
}

func TestNotEncodable(t *testing.T) {
	if _, ok := state.Encode(math.NaN()); ok {
		t.Error("NaN was encoded")
	}
}
