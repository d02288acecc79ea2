//go:build !linux

package server

import (
	"time"

	"github.com/nidan-auth/nidan"
)

// SystemClock is the machine's time: wall time and, as elapsed time, the
// monotonic clock. Where that one stands still while the machine sleeps, waking
// up looks like a clock that was set, and an operator has to confirm the time.
func SystemClock() nidan.Clock { return systemClock{time.Now()} }

type systemClock struct{ start time.Time }

// Now implements [nidan.Clock].
func (c systemClock) Now() nidan.Instant {
	now := time.Now()
	return nidan.Instant{Wall: now.Round(0), Elapsed: now.Sub(c.start)}
}
