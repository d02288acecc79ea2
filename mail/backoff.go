package mail

import (
	"encoding/binary"
	"io"
	"time"
)

// A message that was not accepted is tried again after 30 s, then twice as
// long each time up to an hour: about a day in all. Tries are counted, not
// hours, as no try was made while nothing ran.
const (
	firstWait   = 30 * time.Second
	longestWait = time.Hour
	maxTries    = 30
)

// waitAfter returns how long to wait after a number of tries: up to a quarter
// longer than the rule says, so that what failed together does not come back
// together.
func waitAfter(tries int, random io.Reader) time.Duration {
	wait := firstWait
	for range max(tries-1, 0) {
		if wait *= 2; wait >= longestWait {
			wait = longestWait
			break
		}
	}
	var b [4]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return wait // chance is a kindness here, not a protection
	}
	return wait + time.Duration(float64(wait)/4*float64(binary.BigEndian.Uint32(b[:]))/(1<<32))
}
