package totp

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// CVE-2021-43177: a memory of the last code only lets A, B, A through.
func TestABA(t *testing.T) {
	step := stepAt(noon)
	a, b := codeAt(rfcSeed, step-1), codeAt(rfcSeed, step)
	v := check(bound(rfcSeed, 0, step-5), a, noon)
	if v.Judgement != nidan.Accepted || v.Step != step-1 {
		t.Fatalf("A: %d", v.Judgement)
	}
	v = check(v.State, b, noon)
	if v.Judgement != nidan.Accepted || v.Step != step {
		t.Fatalf("B: %d", v.Judgement)
	}
	for _, code := range []string{a, b} {
		if again := check(v.State, code, noon); again.Judgement != nidan.Used {
			t.Errorf("%s again: %d", code, again.Judgement)
		}
	}
}

func TestUsedIsToldForAsLongAsWeLookBack(t *testing.T) {
	step := stepAt(noon)
	s, code := bound(rfcSeed, 0, step), codeAt(rfcSeed, step)
	for after := int64(-25); after <= 25; after++ {
		want := nidan.Used
		if after < -1 || after > 20 {
			want = nidan.Wrong
		}
		if v := check(s, code, later(after)); v.Judgement != want {
			t.Errorf("%d steps after: judged %d, want %d", after, v.Judgement, want)
		}
	}
}

// A step below the last claimed one is spent, though its code never was entered.
func TestSkippedStepIsSpent(t *testing.T) {
	step := stepAt(noon)
	for _, third := range []int64{0, -2, 1} {
		s := bound(rfcSeed, third, step)
		if v := check(s, codeAt(rfcSeed, step-1), noon); v.Judgement != nidan.Used {
			t.Errorf("third %d: judged %d", third, v.Judgement)
		}
	}
}

// However far the clock goes back, no step up to the last one revives.
func TestClockGoesBack(t *testing.T) {
	step := stepAt(noon)
	for _, third := range []int64{0, -2, 1} {
		s := bound(rfcSeed, third, step)
		for back := int64(0); back <= 25; back++ {
			for off := int64(-25); off <= 0; off++ {
				if v := check(s, codeAt(rfcSeed, step+off), later(-back)); v.Judgement == nidan.Accepted {
					t.Errorf("third %d, clock back by %d: the code of step %d was accepted", third, back, off)
				}
			}
		}
	}
}

// Steps of rfcSeed that show the same digits as an earlier one. There is about one
// such pair a year for each distance.
const (
	sameAs1Before  = 59061241 // 963181
	sameAs2Before  = 61331811 // 768734
	sameAs5Before  = 59725650 // 357297
	sameAs10Before = 61588489 // 193764
)

func TestSameDigitsTwice(t *testing.T) {
	for name, c := range map[string]struct {
		step, before     int64 // two steps with the same digits
		third, last, now int64
		want             nidan.Judgement
		claimed          int64
	}{
		"both live and fresh: the highest is claimed": {
			step: sameAs1Before, before: 1, last: sameAs1Before - 9, now: sameAs1Before,
			want: nidan.Accepted, claimed: sameAs1Before},
		"both live, one just claimed: the digits are used": {
			step: sameAs1Before, before: 1, last: sameAs1Before - 1, now: sameAs1Before,
			want: nidan.Used},
		"the claimed one no longer live: still used": {
			step: sameAs1Before, before: 1, last: sameAs1Before - 1, now: sameAs1Before + 1,
			want: nidan.Used},
		"the lower one live and spent: used": {
			step: sameAs2Before, before: 2, third: -2, last: sameAs2Before - 1, now: sameAs2Before,
			want: nidan.Used},
		"the lower one spent, but long not live: accepted": {
			step: sameAs2Before, before: 2, last: sameAs2Before - 1, now: sameAs2Before,
			want: nidan.Accepted, claimed: sameAs2Before},
		"the higher one ahead and not live: the lower is claimed": {
			step: sameAs1Before, before: 1, last: sameAs1Before - 9, now: sameAs1Before - 1,
			want: nidan.Accepted, claimed: sameAs1Before - 1},
		"the higher one ahead and live: it is claimed": {
			step: sameAs1Before, before: 1, third: 1, last: sameAs1Before - 9, now: sameAs1Before - 1,
			want: nidan.Accepted, claimed: sameAs1Before},
		"live, and claimed long ago: used": {
			step: sameAs10Before, before: 10, last: sameAs10Before - 10, now: sameAs10Before,
			want: nidan.Used},
		"live, and claimed ahead of the clock: used": {
			step: sameAs1Before, before: 1, last: sameAs1Before, now: sameAs1Before - 1,
			want: nidan.Used},
		"one just run out, one long ago: late": {
			step: sameAs5Before, before: 5, last: sameAs5Before - 99, now: sameAs5Before + 3,
			want: nidan.Late},
		"one ahead, one long ago: behind": {
			step: sameAs5Before, before: 5, last: sameAs5Before - 99, now: sameAs5Before - 1,
			want: nidan.Behind},
		"one long ago, one longer ago and claimed: used": {
			step: sameAs10Before, before: 10, last: sameAs10Before - 10, now: sameAs10Before + 5,
			want: nidan.Used},
	} {
		code := codeAt(rfcSeed, c.step)
		if codeAt(rfcSeed, c.step-c.before) != code {
			t.Fatalf("%s: the steps do not show the same digits", name)
		}
		right := matches(rfcSeed, code, c.now-searched, c.now+latest)
		v := app{Seed: rfcSeed, Third: c.third, Last: c.last}.judge(c.now, right)
		if v.Judgement != c.want || v.Step != c.claimed {
			t.Errorf("%s: judged %d, step %d", name, v.Judgement, v.Step)
		}
		// And so where the live steps are looked at first.
		now := time.Unix(c.now*30, 0)
		if v := check(bound(rfcSeed, c.third, c.last), code, now); v.Judgement != c.want || v.Step != c.claimed {
			t.Errorf("%s: at a log-in judged %d, step %d", name, v.Judgement, v.Step)
		}
	}
}

func TestSameDigitsTwiceAtSetUp(t *testing.T) {
	for name, c := range map[string]struct {
		step, now int64
		want      nidan.Judgement
		claimed   int64
		third     int64
		off       int64
	}{
		"both acceptable: the highest is claimed": {
			step: sameAs1Before, now: sameAs1Before, want: nidan.Accepted, claimed: sameAs1Before},
		"both acceptable, the highest ahead": {
			step: sameAs1Before, now: sameAs1Before - 1, want: nidan.Accepted, claimed: sameAs1Before, third: 1},
		"one acceptable, one ahead": {
			step: sameAs5Before, now: sameAs5Before - 5, want: nidan.Accepted, claimed: sameAs5Before - 5},
		"one acceptable, one long ago": {
			step: sameAs5Before, now: sameAs5Before + 2, want: nidan.Accepted, claimed: sameAs5Before, third: -2},
		"neither: the nearer one ahead is told": {
			step: sameAs5Before, now: sameAs5Before - 2, want: nidan.Ahead, off: 2},
		"neither: the nearer one behind is told": {
			step: sameAs10Before, now: sameAs10Before - 6, want: nidan.Behind, off: 4},
	} {
		v := confirm(rfcSeed, c.now, matches(rfcSeed, codeAt(rfcSeed, c.step), c.now-searched, c.now+searched))
		if v.Judgement != c.want || v.Step != c.claimed || v.Off != span(c.off) {
			t.Errorf("%s: judged %d, step %d, off %v", name, v.Judgement, v.Step, v.Off)
		}
		if a, ok := decodeApp(v.State); ok && a.Third != c.third {
			t.Errorf("%s: third %d", name, a.Third)
		}
	}
}
