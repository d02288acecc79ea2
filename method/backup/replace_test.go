package backup

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

func TestSuccessor(t *testing.T) {
	codes, s := issued(t)
	s = must(t, check(s, codes[2], day(0)))
	var spent []string
	for i := range 14 {
		spent = append(spent, codes[2])
		d := enrol(t, nidan.Enrolment{Old: s, Item: "03"}, day(i), byte(i+10))
		if len(d.Handout.Codes) != 1 || d.Handout.Codes[0][:3] != "03-" || d.Handout.Item != "03" {
			t.Fatalf("handed out %d codes", len(d.Handout.Codes))
		}
		if v := check(s, d.Handout.Codes[0], day(i)); v.Judgement != nidan.Wrong {
			t.Errorf("before it is saved the successor is judged %d", v.Judgement)
		}
		s = must(t, confirm(s, d, day(i)))
		if sheet := New().Sheet(s); sheet.Left != 10 || len(sheet.Used) != 0 || !sheet.Issued.Equal(start.Truncate(time.Second)) {
			t.Errorf("with the successor the sheet is %+v", sheet)
		}
		if v := confirm(s, d, day(i)); v.Judgement != nidan.Wrong {
			t.Errorf("saved twice: judged %d", v.Judgement)
		}
		codes = slices.Clone(codes)
		codes[2] = d.Handout.Codes[0]
		v := check(s, codes[2], day(i))
		s = must(t, v)
		if v.Item != "03" || v.Step != int64(11+i) {
			t.Errorf("the successor is item %q, step %d", v.Item, v.Step)
		}
		for age, code := range slices.Backward(spent) {
			want := nidan.Used
			if len(spent)-age > maxSpent {
				want = nidan.Wrong // no longer remembered; just as dead
			}
			if v := check(s, code, day(i)); v.Judgement != want {
				t.Errorf("predecessor %d of %d: judged %d, want %d", age, len(spent), v.Judgement, want)
			}
		}
	}
	_, s = reissued(t, s, day(20), 99)
	if v := check(s, spent[13], day(21)); v.Judgement != nidan.Replaced {
		t.Errorf("a code spent and succeeded before the reissue: judged %d", v.Judgement)
	}
}

func TestSuccessorOfALiveCode(t *testing.T) {
	codes, s := issued(t)
	spent := must(t, check(s, codes[2], day(0)))
	for item, old := range map[string]nidan.State{"03": s, "04": spent, "3": spent, "11": spent, "00": spent, "０３": spent, "-1": spent, "05": nil} {
		if _, err := New().Enrol(nidan.Enrolment{Old: old, Item: item}, day(1), rand.NewChaCha8([32]byte{})); err == nil {
			t.Errorf("a successor for %q was drawn", item)
		}
	}

	d := enrol(t, nidan.Enrolment{Old: spent, Item: "03"}, day(1), 2)
	for name, old := range map[string]nidan.State{"live again": s, "gone": nil} {
		if v := confirm(old, d, day(1)); v.Judgement != nidan.Wrong {
			t.Errorf("with code 03 %s the successor is judged %d", name, v.Judgement)
		}
	}
	if v := New().Confirm(spent, d, Saved, hashesOf(nil, d), day(1)); v.Judgement != nidan.Wrong {
		t.Errorf("a successor under another prefix is judged %d", v.Judgement)
	}
}

func TestReplacedSets(t *testing.T) {
	sets := make([][]string, 6)
	var s nidan.State
	sets[0], s = issued(t)
	s = must(t, check(s, sets[0][4], day(0)))
	for i := 1; i < len(sets); i++ {
		sets[i], s = reissued(t, s, day(i), byte(i+1))
	}
	for i, codes := range sets {
		for _, code := range codes {
			v := check(s, code, day(9))
			switch {
			case i == 5:
				if v.Judgement != nidan.Accepted {
					t.Errorf("the present set: judged %d", v.Judgement)
				}
			case i >= 2:
				if v.Judgement != nidan.Replaced || !v.When.Equal(day(i+1).Truncate(time.Second)) {
					t.Errorf("set %d: judged %d, replaced %v", i, v.Judgement, v.When)
				}
			default: // three sets are remembered
				if v.Judgement != nidan.Wrong {
					t.Errorf("set %d: judged %d", i, v.Judgement)
				}
			}
		}
	}
}

func TestReissueUnderAnotherPrefix(t *testing.T) {
	codes, s := issued(t)
	d := enrol(t, nidan.Enrolment{Old: s}, day(1), 2)
	v := New().Confirm(s, d, Saved, hashesOf(nil, d), day(1))
	next := must(t, v)
	for _, code := range codes {
		if v := check(next, code, day(2)); v.Judgement != nidan.Wrong {
			t.Errorf("a code of the forgotten set: judged %d", v.Judgement)
		}
	}
	if v := check(next, d.Handout.Codes[0], day(2)); v.Judgement != nidan.Accepted || v.Step != 11 {
		t.Errorf("a code of the new set: judged %d, step %d", v.Judgement, v.Step)
	}
}
