package totp

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// The seed of these tests shows no code twice from 12:00 less 30 to 12:00 plus
// 30 steps, so each code stands for one step.
func TestNoCodeTwiceAroundNoon(t *testing.T) {
	seen := make(map[string]int64)
	for off := int64(-30); off <= 30; off++ {
		code := codeAt(rfcSeed, stepAt(noon)+off)
		if other, ok := seen[code]; ok {
			t.Fatalf("steps %d and %d both show %s", other, off, code)
		}
		seen[code] = off
	}
}

type want struct {
	judgement nidan.Judgement
	off       time.Duration
}

func TestSetUpByClockOffset(t *testing.T) {
	d, err := New().Enrol(nidan.Enrolment{Issuer: "x", Account: "y"}, noon, fixed{})
	if err != nil {
		t.Fatal(err)
	}
	seed, _ := decodeDraft(d.State)
	step := stepAt(noon)
	for off := int64(-25); off <= 25; off++ {
		var w want
		switch {
		case off < -20 || off > 20:
			w = want{nidan.Wrong, 0}
		case off < -2:
			w = want{nidan.Behind, time.Duration(-off) * 30 * time.Second}
		case off > 1:
			w = want{nidan.Ahead, time.Duration(off) * 30 * time.Second}
		default:
			w = want{nidan.Accepted, 0}
		}
		v := New().Confirm(nil, d, codeAt(seed, step+off), nil, noon)
		if v.Judgement != w.judgement || v.Off != w.off {
			t.Errorf("off by %d: judged %d, off %v, want %v", off, v.Judgement, v.Off, w)
		}
		if v.Judgement != nidan.Accepted {
			continue
		}
		a, ok := decodeApp(v.State)
		thirds := map[int64]int64{-2: -2, -1: 0, 0: 0, 1: 1}
		if !ok || a.Third != thirds[off] || a.Last != step+off || v.Step != step+off {
			t.Errorf("off by %d: third %d, last %d, step %d", off, a.Third, a.Last, v.Step)
		}
	}
}

func TestLogInByClockOffset(t *testing.T) {
	step := stepAt(noon)
	for _, third := range []int64{0, -2, 1} {
		s := bound(rfcSeed, third, step-25)
		for off := int64(-25); off <= 25; off++ {
			var w want
			switch {
			case off == 0, off == -1, third != 0 && off == third:
				w = want{nidan.Accepted, 0}
			case off == -2, off == -3:
				w = want{nidan.Late, 0}
			case off < -3 && off >= -20:
				w = want{nidan.Behind, time.Duration(-off) * 30 * time.Second}
			default: // ahead, or too long ago to look at
				w = want{nidan.Wrong, 0}
			}
			v := check(s, codeAt(rfcSeed, step+off), noon)
			if v.Judgement != w.judgement || v.Off != w.off {
				t.Errorf("third %d, off by %d: judged %d, off %v, want %v", third, off, v.Judgement, v.Off, w)
			}
			if v.Judgement == nidan.Accepted && v.Step != step+off {
				t.Errorf("third %d, off by %d: claimed step %d", third, off, v.Step)
			}
		}
	}
}

// A code lives from the first to the last moment of its steps, and no longer.
func TestEdgesOfAStep(t *testing.T) {
	step := stepAt(noon)
	s, code := bound(rfcSeed, 0, step-10), codeAt(rfcSeed, step)
	for at, judgement := range map[time.Duration]nidan.Judgement{
		-time.Nanosecond:                nidan.Wrong,
		0:                               nidan.Accepted,
		time.Minute - time.Nanosecond:   nidan.Accepted,
		time.Minute:                     nidan.Late,
		2*time.Minute - time.Nanosecond: nidan.Late,
		2 * time.Minute:                 nidan.Behind,
		10*time.Minute + 29*time.Second: nidan.Behind,
		10*time.Minute + 30*time.Second: nidan.Wrong,
	} {
		if v := check(s, code, noon.Add(at)); v.Judgement != judgement {
			t.Errorf("%v after its beginning the code is judged %d, want %d", at, v.Judgement, judgement)
		}
	}
}

// The first half minute of 1970 is no step: claiming it would claim nothing.
func TestStepZero(t *testing.T) {
	d, err := New().Enrol(nidan.Enrolment{Issuer: "x", Account: "y"}, noon, fixed{})
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{time.Unix(-1, 0), time.Unix(0, 0), time.Unix(59, 0)} {
		if v := New().Confirm(nil, d, codeAt(rfcSeed, 0), nil, now); v.Judgement != nidan.Wrong {
			t.Errorf("at %v: judged %d", now, v.Judgement)
		}
	}
}

// fixed is a source of the seed of the RFCs.
type fixed struct{}

func (fixed) Read(b []byte) (int, error) { return copy(b, rfcSeed), nil }
