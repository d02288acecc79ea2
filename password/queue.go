package password

import (
	"context"
	"time"

	"github.com/nidan-auth/nidan"
)

const (
	// waitLimit is how long a hash may wait for its turn.
	waitLimit = 2 * time.Second
	// perPlace is how many may wait for each place. A hash of 19 MiB takes 20
	// to 50 ms of a processor, so the last of these would hardly get its turn
	// within waitLimit, and to let in more would only cost memory.
	perPlace = 100
)

// A queue bounds how many hashes are computed and how many wait. It is first
// come, first served.
//
// It bounds memory too: 19 MiB for each place.
type queue struct {
	inside chan struct{} // waiting or working
	places chan struct{} // working
}

func newQueue(places int) *queue {
	return &queue{
		inside: make(chan struct{}, places*(1+perPlace)),
		places: make(chan struct{}, places),
	}
}

// enter waits for a place. The caller has to leave it.
func (q *queue) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case q.inside <- struct{}{}:
	default:
		return nil, nidan.ErrBusy
	}
	limit := time.NewTimer(waitLimit)
	defer limit.Stop()
	select {
	case q.places <- struct{}{}:
		return q.leave, nil
	case <-limit.C:
		err = nidan.ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	<-q.inside
	return nil, err
}

func (q *queue) leave() {
	<-q.places
	<-q.inside
}
