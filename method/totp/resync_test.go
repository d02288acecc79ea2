package totp

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

func TestResync(t *testing.T) {
	step := stepAt(noon)
	s := bound(rfcSeed, 0, step-25)
	for off := int64(-20); off <= 20; off++ {
		v := New().Resync(s, codeAt(rfcSeed, step+off-1), codeAt(rfcSeed, step+off), noon)
		switch {
		case off < -2:
			if v.Judgement != nidan.Behind || v.Off != time.Duration(-off)*period {
				t.Errorf("off by %d: judged %d, off %v", off, v.Judgement, v.Off)
			}
		case off > 1:
			if v.Judgement != nidan.Ahead || v.Off != time.Duration(off)*period {
				t.Errorf("off by %d: judged %d, off %v", off, v.Judgement, v.Off)
			}
		default:
			a, ok := decodeApp(v.State)
			if v.Judgement != nidan.Accepted || !ok || a.Last != step+off || a.Third != third(off) {
				t.Errorf("off by %d: judged %d, third %d, last %d", off, v.Judgement, a.Third, a.Last)
			}
			if again := New().Resync(v.State, codeAt(rfcSeed, step+off-1), codeAt(rfcSeed, step+off), noon); again.Judgement == nidan.Accepted {
				t.Errorf("off by %d: the same two codes are taken twice", off)
			}
			if v := check(v.State, codeAt(rfcSeed, step+off), noon); v.Judgement != nidan.Used {
				t.Errorf("off by %d: the second code was judged %d at a log-in", off, v.Judgement)
			}
		}
	}
}

func TestResyncRefuses(t *testing.T) {
	step := stepAt(noon)
	s := bound(rfcSeed, 0, step-25)
	one, two := codeAt(rfcSeed, step-1), codeAt(rfcSeed, step)
	for name, codes := range map[string][2]string{
		"the other way round": {two, one}, "one twice": {two, two}, "not in a row": {codeAt(rfcSeed, step-2), two},
		"too long ago": {codeAt(rfcSeed, step-24), codeAt(rfcSeed, step-23)},
	} {
		if v := New().Resync(s, codes[0], codes[1], noon); v.Judgement != nidan.Wrong {
			t.Errorf("%s: judged %d", name, v.Judgement)
		}
	}
	for _, codes := range [][2]string{{"", two}, {one, ""}, {"12345", two}, {one, "no code"}} {
		if v := New().Resync(s, codes[0], codes[1], noon); v.Judgement != nidan.Malformed {
			t.Errorf("%q: judged %d", codes, v.Judgement)
		}
	}
	if v := New().Resync(nidan.State("{}"), one, two, noon); v.Judgement != nidan.Wrong || v.State != nil {
		t.Errorf("on an unreadable state: judged %d", v.Judgement)
	}
}
