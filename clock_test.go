package nidan

import (
	"testing"
	"time"
)

// twoClocks is moved by hand, each of its times apart.
type twoClocks Instant

func (c *twoClocks) Now() Instant { return Instant(*c) }

// Law 17: a process whose two times part by more than five seconds accepts
// nothing until an operator has confirmed the time, even if they meet again.
func TestPartedClocksSuspend(t *testing.T) {
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		wall, elapsed time.Duration
		suspends      bool
	}{
		"both go on":             {time.Hour, time.Hour, false},
		"a leap second":          {time.Hour - time.Second, time.Hour, false},
		"within five seconds":    {time.Hour + 5*time.Second, time.Hour, false},
		"wall moved ahead":       {time.Hour + 6*time.Second, time.Hour, true},
		"wall moved back":        {-6 * time.Second, 0, true},
		"wall stands, time goes": {0, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &twoClocks{Wall: start}
			w := newWatch(clock)
			clock.Wall, clock.Elapsed = start.Add(c.wall), c.elapsed
			if _, suspended := w.now(); suspended != c.suspends {
				t.Fatalf("suspended is %v", suspended)
			}
			clock.Wall = start.Add(c.elapsed)
			if _, suspended := w.now(); suspended != c.suspends {
				t.Error("meeting again takes it back")
			}
			w.rebase()
			if _, suspended := w.now(); suspended {
				t.Error("still suspended after the operator's word")
			}
		})
	}
}
