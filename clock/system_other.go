//go:build !linux

package clock

import (
	"time"

	"github.com/nidan-auth/nidan"
)

// System is the machine's time: wall time and, as elapsed time, the
// monotonic clock. Where that one stands still while the machine sleeps, waking
// up looks like a clock that was set, and an operator has to confirm the time.
func System() nidan.Clock { return system{time.Now()} }

type system struct{ start time.Time }

// Now implements [nidan.Clock].
func (c system) Now() nidan.Instant {
	now := time.Now()
	return nidan.Instant{Wall: now.Round(0), Elapsed: now.Sub(c.start)}
}
