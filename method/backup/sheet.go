package backup

import (
	"crypto/subtle"
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
)

const (
	maxReplaced = 3  // sheets kept by date
	maxSpent    = 10 // spent codes that have a successor, kept to be told as used
)

// A sheet is the present set of codes and what is left of earlier ones.
type sheet struct {
	Prefix string    `json:"p"` // of every hash: parameters, key and salt
	Issued time.Time `json:"t"`
	Codes  []code    `json:"c"` // number 01 first, always ten

	// Made counts the codes ever made for this authenticator, so that each has
	// a serial number of its own.
	Made int64 `json:"n"`

	Spent    marks         `json:"s,omitempty"` // codes spent and succeeded, newest last
	Replaced []replacedSet `json:"r,omitempty"` // newest last
}

// A code is one of a sheet. It stays when it is spent, to be told as used.
type code struct {
	Hash   string     `json:"h"` // the last field of its PHC string
	Serial int64      `json:"n"`
	Used   *time.Time `json:"u,omitempty"` // a pointer: no time whatever means "not used"
}

func (c code) live() bool { return c.Used == nil }

type replacedSet struct {
	On    time.Time `json:"t"`
	Marks marks     `json:"m"`
}

func decodeSheet(s nidan.State) (sheet, bool) {
	var p sheet
	if !state.Decode(s, &p) || p.Prefix == "" || len(p.Codes) != sheetSize || !p.Spent.valid() {
		return sheet{}, false
	}
	for _, c := range p.Codes {
		if !validSum(c.Hash) {
			return sheet{}, false
		}
	}
	for _, r := range p.Replaced {
		if !r.Marks.valid() {
			return sheet{}, false
		}
	}
	return p, true
}

// like returns a stored hash in full. Codes keep theirs when they are spent, so
// there always is one.
func (s sheet) like() string { return s.Prefix + "$" + s.Codes[0].Hash }

// judge says what a hash computed for a number is worth.
func (s sheet) judge(number int, sum string, now time.Time) nidan.Verdict {
	c := &s.Codes[number-1]
	if subtle.ConstantTimeCompare([]byte(c.Hash), []byte(sum)) == 1 {
		if !c.live() {
			return nidan.Verdict{Judgement: nidan.Used}
		}
		at := second(now)
		c.Used = &at
		v := accept(s)
		if v.Judgement == nidan.Accepted {
			v.Item, v.Step = formatNumber(number), c.Serial
		}
		return v
	}
	if s.Spent.have(sum) {
		return nidan.Verdict{Judgement: nidan.Used}
	}
	for _, r := range slices.Backward(s.Replaced) {
		if r.Marks.have(sum) {
			return nidan.Verdict{Judgement: nidan.Replaced, When: r.On}
		}
	}
	return nidan.Verdict{}
}

func accept(s sheet) nidan.Verdict {
	encoded, ok := state.Encode(s)
	if !ok {
		return nidan.Verdict{}
	}
	return nidan.Verdict{Judgement: nidan.Accepted, State: encoded}
}

// knows reports whether a code with this hash was ever on s, as far as s
// remembers.
func (s sheet) knows(sum string) bool {
	return s.marks().have(sum) || slices.ContainsFunc(s.Replaced, func(r replacedSet) bool { return r.Marks.have(sum) })
}

// marks returns the marks of all codes of the present set.
func (s sheet) marks() marks {
	all := s.Spent
	for _, c := range s.Codes {
		all = all.with(c.Hash)
	}
	return all
}

// replaced returns the sheet that takes the place of s.
func (s sheet) replaced(sums []string, issued, now time.Time) sheet {
	next := sheet{Prefix: s.Prefix, Issued: issued, Made: s.Made, Replaced: s.Replaced}
	if len(s.Codes) > 0 {
		next.Replaced = append(next.Replaced, replacedSet{second(now), s.marks()})
		next.Replaced = next.Replaced[max(0, len(next.Replaced)-maxReplaced):]
	}
	for _, sum := range sums {
		next.Made++
		next.Codes = append(next.Codes, code{Hash: sum, Serial: next.Made})
	}
	return next
}

// succeeded returns s with a successor for one code, which has to be spent.
func (s sheet) succeeded(number int, sum string) (sheet, bool) {
	if len(s.Codes) == 0 || s.Codes[number-1].live() {
		return sheet{}, false
	}
	s.Spent = s.Spent.with(s.Codes[number-1].Hash).newest(maxSpent)
	s.Made++
	s.Codes[number-1] = code{Hash: sum, Serial: s.Made}
	return s, true
}

func (s sheet) count() nidan.Sheet {
	out := nidan.Sheet{Issued: s.Issued, Total: len(s.Codes)}
	for i, c := range s.Codes {
		if c.live() {
			out.Left++
		} else {
			out.Used = append(out.Used, nidan.UsedCode{Number: formatNumber(i + 1), At: *c.Used})
		}
	}
	slices.SortStableFunc(out.Used, func(a, b nidan.UsedCode) int { return a.At.Compare(b.At) })
	return out
}

// second is the grain in which dates are kept.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
