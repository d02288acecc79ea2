package totp

import (
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/typed"
)

// Resync implements [nidan.Resyncing]: two codes shown one after the other. An
// offset that a log-in can accept becomes the third live step, and the second
// code's step is claimed; a larger one is named, either way, as two codes in a
// row cannot be guessed.
func (Method) Resync(s nidan.State, first, second string, now time.Time) nidan.Verdict {
	one, ok1 := typed.Digits(first, digits)
	two, ok2 := typed.Digits(second, digits)
	if !ok1 || !ok2 {
		return nidan.Verdict{Judgement: nidan.Malformed}
	}
	a, ok := decodeApp(s)
	if !ok {
		return nidan.Verdict{}
	}
	t := stepAt(now)
	later := matches(a.Seed, two, t-searched, t+searched)
	for _, step := range matches(a.Seed, one, t-searched-1, t+searched-1) {
		for _, next := range later {
			if next == step+1 {
				return a.resync(next, next-t)
			}
		}
	}
	return nidan.Verdict{}
}

// resync judges two codes in a row of which the second is off by so many steps.
func (a app) resync(step, off int64) nidan.Verdict {
	switch {
	case off < earliest:
		return nidan.Verdict{Judgement: nidan.Behind, Off: span(-off)}
	case off > latest:
		return nidan.Verdict{Judgement: nidan.Ahead, Off: span(off)}
	case step <= a.Last:
		return nidan.Verdict{}
	}
	a.Third = third(off)
	return a.accept(step)
}
