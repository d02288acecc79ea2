package backup

import (
	"testing"

	"github.com/nidan-auth/nidan"
)

// The fullest state: every code spent after successors, three sets replaced.
func TestStateIsSmall(t *testing.T) {
	_, s := issued(t)
	first := len(s)
	seed := byte(10)
	for i := range 5 {
		var codes []string
		codes, s = reissued(t, s, day(i), seed)
		for n, code := range codes {
			s = must(t, check(s, code, day(i)))
			seed++
			d := enrol(t, nidan.Enrolment{Old: s, Item: formatNumber(n + 1)}, day(i), seed)
			s = must(t, confirm(s, d, day(i)))
			s = must(t, check(s, d.Handout.Codes[0], day(i)))
		}
		seed++
	}
	t.Logf("a first sheet takes %d bytes, the fullest %d", first, len(s))
	if len(s) > 2048 {
		t.Errorf("%d bytes", len(s))
	}
}

func TestUnreadableState(t *testing.T) {
	codes, good := issued(t)
	for name, change := range map[string]func(*sheet){
		"no prefix":      func(s *sheet) { s.Prefix = "" },
		"nine codes":     func(s *sheet) { s.Codes = s.Codes[:9] },
		"eleven codes":   func(s *sheet) { s.Codes = append(s.Codes, s.Codes[0]) },
		"no hash":        func(s *sheet) { s.Codes[9].Hash = "" },
		"short hash":     func(s *sheet) { s.Codes[9].Hash = s.Codes[9].Hash[:21] },
		"hash with $":    func(s *sheet) { s.Codes[9].Hash += "$x" },
		"half a mark":    func(s *sheet) { s.Spent = "AAAAA" },
		"replaced, half": func(s *sheet) { s.Replaced = []replacedSet{{day(1), "AAAAA"}} },
	} {
		bad, _ := decodeSheet(good)
		change(&bad)
		v := accept(bad)
		if v := check(v.State, codes[0], start); v.Judgement != nidan.Wrong {
			t.Errorf("%s: judged %d", name, v.Judgement)
		}
	}
}
