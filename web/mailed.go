package web

import (
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/catalogue"
)

// A timeOfDay is a time of day with its zone, for what is over today.
type timeOfDay = catalogue.Clock

// refusal says why an answer was not taken. A wrong mailed number is told which
// mail is the newest: an older one, come late, is the commonest reason.
func (v *visit) refusal(out nidan.Outcome, way nidan.Way, mailed *nidan.Mailed) *message {
	switch {
	case !way.Prompts || out.Reason != nidan.WrongAnswer:
	case mailed == nil:
		return v.reason(nidan.Outcome{Reason: nidan.NoCodeSent}, way.Method) // it ran out while it was typed
	default:
		return msg("second.wrong_mail", "time", timeOfDay(mailed.At))
	}
	return v.reason(out, way.Method)
}

// An again says from when on something can be sent again.
type again struct {
	At  time.Time // zero: now
	Now time.Time
}

// Soon reports whether it is worth counting down.
func (a again) Soon() bool { return a.At.Sub(a.Now) <= 2*time.Minute }

// When is the moment, to the next whole second.
func (a again) When() second { return second(a.At.Add(time.Second - 1).Truncate(time.Second)) }
