package clock

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/nidan-auth/nidan"
)

// System is the machine's time: wall time and, as elapsed time,
// CLOCK_BOOTTIME, which goes on while the machine sleeps.
func System() nidan.Clock { return system{} }

type system struct{}

// together is how close the wall times around the elapsed time have to be. A
// process that is stopped or moved between two readings would otherwise look
// like one whose clock was set. It is the cheap one that is read twice.
const together = time.Millisecond

// Now implements [nidan.Clock].
func (system) Now() nidan.Instant {
	var in nidan.Instant
	for range 8 {
		// Without the monotonic reading that time.Now adds: a difference of
		// two walls would be one of that, and never show that a clock was set.
		in.Wall = time.Now().Round(0)
		in.Elapsed = boottime()
		if d := time.Now().Round(0).Sub(in.Wall); 0 <= d && d < together {
			break
		}
	}
	return in
}

func boottime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("clock: unreachable: CLOCK_BOOTTIME: " + err.Error()) // Linux has it since 2.6.39
	}
	return time.Duration(ts.Nano())
}
