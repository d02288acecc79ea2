package backup

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nidan-auth/nidan"
)

// Through any sequence of log-ins, reissues and successors a code is accepted
// exactly while it is on the present sheet and not spent.
func TestEveryCodeAtMostOnce(t *testing.T) {
	first, state := issued(t)
	rapid.Check(t, func(rt *rapid.T) {
		present, s := first, state
		spent := make([]bool, sheetSize)
		var past []string
		seed := byte(1)
		days := 0

		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				left := 0
				for _, b := range spent {
					if !b {
						left++
					}
				}
				if sheet := New().Sheet(s); sheet.Left != left || len(sheet.Used) != sheetSize-left {
					rt.Fatalf("%d codes are live, the sheet says %+v", left, sheet)
				}
			},
			"use": func(rt *rapid.T) {
				n := rapid.IntRange(0, sheetSize-1).Draw(rt, "code")
				v := check(s, present[n], day(days))
				if want := map[bool]nidan.Judgement{false: nidan.Accepted, true: nidan.Used}[spent[n]]; v.Judgement != want {
					rt.Fatalf("code %d judged %d, want %d", n+1, v.Judgement, want)
				}
				if v.Judgement == nidan.Accepted {
					s, spent[n] = v.State, true
				}
			},
			"use a past one": func(rt *rapid.T) {
				if len(past) == 0 {
					rt.Skip()
				}
				if v := check(s, rapid.SampledFrom(past).Draw(rt, "code"), day(days)); v.Judgement == nidan.Accepted || v.Judgement == nidan.Malformed {
					rt.Fatalf("a code of the past judged %d", v.Judgement)
				}
			},
			"reissue": func(rt *rapid.T) {
				days++
				seed++
				past = append(past, present...)
				present, s = reissued(t, s, day(days), seed)
				clear(spent)
			},
			"succeed": func(rt *rapid.T) {
				n := slices.Index(spent, true)
				if n < 0 {
					rt.Skip()
				}
				seed++
				d := enrol(t, nidan.Enrolment{Old: s, Item: formatNumber(n + 1)}, day(days), seed)
				s = must(t, confirm(s, d, day(days)))
				past = append(past, present[n])
				present = slices.Clone(present)
				present[n], spent[n] = d.Handout.Codes[0], false
			},
		})
	})
}
