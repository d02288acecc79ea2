package rig

import (
	"sync"
	"time"

	"github.com/nidan-auth/nidan"
)

// A Clock stands still until a test moves it.
type Clock struct {
	mu      sync.Mutex
	wall    time.Time
	elapsed time.Duration
}

// NewClock returns a clock that shows t.
func NewClock(t time.Time) *Clock { return &Clock{wall: t} }

// Now implements [nidan.Clock].
func (c *Clock) Now() nidan.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return nidan.Instant{Wall: c.wall, Elapsed: c.elapsed}
}

// Wall is the time it shows.
func (c *Clock) Wall() time.Time { return c.Now().Wall }

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.elapsed = c.wall.Add(d), c.elapsed+d
}

// Jump moves the wall clock alone, as an administrator or an attacker would.
func (c *Clock) Jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}
