package totp

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nidan-auth/nidan"
)

// Whatever is entered, in whatever order and wherever the clock goes: an accepted
// code is right for the step it claims, that step is live, and it is above every
// step accepted before. So no code is accepted twice and none revives.
func TestEveryStepAtMostOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), seedSize, seedSize).Draw(t, "seed")
		now := noon.Add(time.Duration(rapid.Int64Range(0, 29).Draw(t, "second")) * time.Second)
		shown := rapid.Int64Range(earliest, latest).Draw(t, "shown")
		claimed := stepAt(now) + shown
		v := confirm(seed, stepAt(now), []int64{claimed})
		if v.Judgement != nidan.Accepted {
			t.Fatalf("set-up was judged %d", v.Judgement)
		}
		s, accepted := v.State, []string{codeAt(seed, claimed)}

		enter := func(t *rapid.T, code string) {
			v := check(s, code, now)
			if v.Judgement != nidan.Accepted {
				return
			}
			off := v.Step - stepAt(now)
			if off != 0 && off != -1 && (off != shown || off != third(shown)) {
				t.Fatalf("accepted a step off by %d, at set-up it was %d", off, shown)
			}
			if codeAt(seed, v.Step) != code {
				t.Fatalf("accepted %s, which is not the code of step %d", code, v.Step)
			}
			if v.Step <= claimed {
				t.Fatalf("accepted step %d after %d", v.Step, claimed)
			}
			s, claimed, accepted = v.State, v.Step, append(accepted, code)
			if again := check(s, code, now); again.Judgement != nidan.Used {
				t.Fatalf("entered again it was judged %d", again.Judgement)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"clock goes on": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(1, 90).Draw(t, "seconds")) * time.Second)
			},
			"clock goes back": func(t *rapid.T) {
				now = now.Add(-time.Duration(rapid.Int64Range(1, 900).Draw(t, "seconds")) * time.Second)
			},
			"code of a step around": func(t *rapid.T) {
				enter(t, codeAt(seed, stepAt(now)+rapid.Int64Range(-4, 4).Draw(t, "off")))
			},
			"code accepted before": func(t *rapid.T) {
				enter(t, rapid.SampledFrom(accepted).Draw(t, "code"))
			},
		})
	})
}

// Looking at the near steps first judges as looking at all of them does.
func TestNearStepsFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), seedSize, seedSize).Draw(t, "seed")
		step := stepAt(noon)
		a := app{Seed: seed, Third: rapid.SampledFrom([]int64{0, earliest, latest}).Draw(t, "third")}
		a.Last = step + rapid.Int64Range(-25, 5).Draw(t, "last")
		code := codeAt(seed, step+rapid.Int64Range(-25, 5).Draw(t, "code"))
		want := a.judge(step, matches(seed, code, step-searched, step+latest))
		got := check(bound(seed, a.Third, a.Last), code, noon)
		if got.Judgement != want.Judgement || got.Step != want.Step || got.Off != want.Off || string(got.State) != string(want.State) {
			t.Fatalf("judged %d of step %d, want %d of step %d", got.Judgement, got.Step, want.Judgement, want.Step)
		}
	})
}
