package nidan

import (
	"sync"
	"time"
)

// An Instant is one reading of both clocks.
type Instant struct {
	Wall    time.Time
	Elapsed time.Duration // since some fixed point; goes on while the machine sleeps (Linux: CLOCK_BOOTTIME)
}

// A Clock tells both times at once.
type Clock interface{ Now() Instant }

// maxPart is how far wall and elapsed time may part before nothing is accepted
// any more: beyond it somebody has moved the clock, and a moved clock makes old
// codes live and waiting periods short.
const maxPart = 5 * time.Second

// watch compares every reading with the first one. Once the two times have
// parted it stays suspended until an operator says the clock is right.
type watch struct {
	clock Clock

	mu        sync.Mutex
	base      Instant
	suspended bool
}

func newWatch(c Clock) *watch {
	w := &watch{clock: c}
	w.base = w.read()
	return w
}

// read strips the monotonic reading that a time.Time may carry: differences of
// wall times have to be of the wall.
func (w *watch) read() Instant {
	in := w.clock.Now()
	in.Wall = in.Wall.Round(0)
	return in
}

// now returns the wall time in UTC at microseconds, the grain every database
// keeps, and whether acceptances are suspended.
func (w *watch) now() (time.Time, bool) {
	in := w.read()
	w.mu.Lock()
	defer w.mu.Unlock()
	part := in.Wall.Sub(w.base.Wall) - (in.Elapsed - w.base.Elapsed)
	if part > maxPart || part < -maxPart {
		w.suspended = true
	}
	return in.Wall.UTC().Truncate(time.Microsecond), w.suspended
}

// rebase takes the present reading as right.
func (w *watch) rebase() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.base, w.suspended = w.read(), false
}
