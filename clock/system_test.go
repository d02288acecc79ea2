package clock

import (
	"testing"
	"time"
)

func TestSystem(t *testing.T) {
	c := System()
	a, start := c.Now(), time.Now()
	if a.Wall.String() != a.Wall.Round(0).String() {
		t.Error("the wall time carries a monotonic reading, which hides that a clock was set")
	}
	if d := time.Since(a.Wall); d < -time.Minute || d > time.Minute {
		t.Errorf("the wall time is off by %s", d)
	}
	time.Sleep(30 * time.Millisecond)
	b, slept := c.Now(), time.Since(start)
	for what, d := range map[string]time.Duration{"wall": b.Wall.Sub(a.Wall), "elapsed": b.Elapsed - a.Elapsed} {
		if d < 30*time.Millisecond || d > slept+time.Second {
			t.Errorf("%s time went on by %s while %s passed", what, d, slept)
		}
	}
}
