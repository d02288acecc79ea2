package totp

import (
	"encoding/base32"
	"fmt"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
	"github.com/nidan-auth/nidan/method/methodtest"
)

var _ nidan.Method = Method{}

// rfcSeed is the seed of the test vectors in RFC 4226 appendix D and RFC 6238
// appendix B.
var rfcSeed = []byte("12345678901234567890")

// noon is a step's first second.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// codeAt is what an app with this seed shows.
func codeAt(seed []byte, step int64) string {
	k := keyOf(seed)
	return fmt.Sprintf("%06d", k.hotp(step))
}

// bound returns the state of an app that claimed step last.
func bound(seed []byte, third, last int64) nidan.State {
	s, _ := state.Encode(app{Seed: seed, Third: third, Last: last})
	return s
}

func check(s nidan.State, code string, now time.Time) nidan.Verdict {
	return Method{}.Check(s, code, nil, now)
}

func later(steps int64) time.Time { return noon.Add(span(steps)) }

func TestConformance(t *testing.T) {
	show := func(h nidan.Handout, at time.Time) string {
		seed, err := base32.StdEncoding.DecodeString(h.Key)
		if err != nil {
			t.Fatal(err)
		}
		return codeAt(seed, stepAt(at))
	}
	methodtest.Run(t, New(), methodtest.Harness{
		Confirm: show,
		Answer:  func(h nidan.Handout, _ int, at time.Time) string { return show(h, at) },
	})
}

func TestTraits(t *testing.T) {
	want := nidan.Traits{Method: "totp", Channel: nidan.ChannelApp, AMR: "otp", Level: nidan.LevelAAL2, DisableAfter: 50}
	if got := New().Traits(); got != want {
		t.Errorf("%+v", got)
	}
}

func TestUnreadableState(t *testing.T) {
	step := stepAt(noon)
	good := app{Seed: rfcSeed, Last: step - 1}
	for name, change := range map[string]func(*app){
		"no seed":              func(a *app) { a.Seed = nil },
		"short seed":           func(a *app) { a.Seed = rfcSeed[:19] },
		"long seed":            func(a *app) { a.Seed = append(rfcSeed[:20:20], 'x') },
		"no step claimed":      func(a *app) { a.Last = 0 },
		"negative step":        func(a *app) { a.Last = -1 },
		"third step unknown":   func(a *app) { a.Third = 2 },
		"third step is t-1":    func(a *app) { a.Third = -1 },
		"third step in a year": func(a *app) { a.Third = 1 << 20 },
	} {
		bad := good
		change(&bad)
		s, _ := state.Encode(bad)
		for off := int64(-3); off <= 3; off++ {
			if v := check(s, codeAt(bad.Seed, step+off), noon); v.Judgement != nidan.Wrong {
				t.Errorf("%s: judged %d", name, v.Judgement)
			}
		}
	}
}

func TestStateIsSmall(t *testing.T) {
	if n := len(bound(rfcSeed, earliest, 1<<40)); n > 100 {
		t.Errorf("%d bytes", n)
	}
}

func BenchmarkCheck(b *testing.B) {
	s := bound(rfcSeed, 0, stepAt(noon)-1)
	for b.Loop() {
		check(s, "000000", noon)
	}
}

func BenchmarkCheckRight(b *testing.B) {
	s, code := bound(rfcSeed, 0, stepAt(noon)-6), codeAt(rfcSeed, stepAt(noon))
	for b.Loop() {
		check(s, code, noon)
	}
}
