package totp

import (
	"time"

	"github.com/nidan-auth/nidan"
)

// judge says what a code is worth at step t; right are the steps whose code it
// is, highest first.
func (a app) judge(t int64, right []int64) nidan.Verdict {
	var claim int64
	for _, step := range right {
		live := a.live(step, t)
		switch {
		// Before a live step with the same digits, so that what was accepted
		// is not accepted again by coincidence.
		case step == a.Last, live && step < a.Last:
			return nidan.Verdict{Judgement: nidan.Used}
		case live && claim == 0:
			claim = step
		}
	}
	if claim != 0 {
		return a.accept(claim)
	}
	for _, step := range right {
		if step < t {
			return outdated(t - step)
		}
	}
	return nidan.Verdict{}
}

func (a app) live(step, t int64) bool {
	return step == t || step == t-1 || a.Third != 0 && step == t+a.Third
}

// accept claims a step: with it, every step up to it is spent.
func (a app) accept(step int64) nidan.Verdict {
	a.Last = step
	return nidan.Verdict{Judgement: nidan.Accepted, State: a.encode(), Step: step}
}

// outdated judges a code that was live so many steps ago.
func outdated(steps int64) nidan.Verdict {
	if steps <= lately {
		return nidan.Verdict{Judgement: nidan.Late}
	}
	return nidan.Verdict{Judgement: nidan.Behind, Off: span(steps)}
}

// confirm judges the first code of a new app.
func confirm(seed []byte, t int64, right []int64) nidan.Verdict {
	for _, step := range right {
		if off := step - t; earliest <= off && off <= latest {
			return app{Seed: seed, Third: third(off)}.accept(step)
		}
	}
	var nearest int64
	for _, step := range right {
		if off := step - t; nearest == 0 || distance(off) < distance(nearest) {
			nearest = off
		}
	}
	switch {
	case nearest < 0:
		return nidan.Verdict{Judgement: nidan.Behind, Off: span(-nearest)}
	case nearest > 0:
		return nidan.Verdict{Judgement: nidan.Ahead, Off: span(nearest)}
	}
	return nidan.Verdict{}
}

// third returns the third live step for an app that showed a code off by so
// many steps; none is needed for the two that are always live.
func third(off int64) int64 {
	if off == earliest || off == latest {
		return off
	}
	return 0
}

func distance(off int64) int64 { return max(off, -off) }

func span(steps int64) time.Duration { return time.Duration(steps) * period }
