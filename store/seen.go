package store

import (
	"sync"
	"time"

	"github.com/nidan-auth/nidan"
)

const (
	// seenEvery is how far apart the written uses of one session are, at the
	// least, whoever notes them.
	seenEvery = 5 * time.Minute

	// seenWait is how long a use waits for a commit to travel with before it
	// gets one of its own.
	seenWait = 10 * time.Second

	// seenBatch is how many travel with one commit, so that they do not hold
	// up the others in it.
	seenBatch = 64

	// seenMost is how many are remembered. Beyond it they are lost, which
	// shortens a session's idle time by minutes and nothing else.
	seenMost = 1 << 16
)

type seenKey struct {
	account nidan.AccountID
	session nidan.SessionID
}

// A seenBuffer remembers the newest use of sessions until it is written.
type seenBuffer struct {
	due chan struct{} // something has waited long enough

	mu    sync.Mutex
	at    map[seenKey]time.Time
	armed bool // a timer is running
}

// Seen implements [nidan.Store]. It only remembers; the writer takes it along
// with a later commit, or after a while by itself, and Close writes the rest.
func (s *SQLite) Seen(account nidan.AccountID, session nidan.SessionID, at time.Time) {
	s.w.seen.add(account, session, at)
}

func newSeenBuffer() seenBuffer {
	return seenBuffer{due: make(chan struct{}, 1), at: make(map[seenKey]time.Time)}
}

func (b *seenBuffer) add(account nidan.AccountID, session nidan.SessionID, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := seenKey{account, session}
	old, known := b.at[key]
	if known && !at.After(old) || !known && len(b.at) >= seenMost {
		return
	}
	b.at[key] = at
	b.arm()
}

// arm starts the timer unless one is running. The caller holds mu.
func (b *seenBuffer) arm() {
	if b.armed {
		return
	}
	b.armed = true
	time.AfterFunc(seenWait, func() {
		b.mu.Lock()
		b.armed = false
		b.mu.Unlock()
		select {
		case b.due <- struct{}{}:
		default:
		}
	})
}

func (b *seenBuffer) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.at)
}

// take removes some and returns them. What is left gets its own timer.
func (b *seenBuffer) take() map[seenKey]time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	some := make(map[seenKey]time.Time, min(len(b.at), seenBatch))
	for key, at := range b.at {
		if len(some) == seenBatch {
			b.arm()
			break
		}
		some[key] = at
		delete(b.at, key)
	}
	return some
}

// write takes some and writes them. A session that has ended meanwhile stays
// ended. If the transaction fails they are lost, as they may be.
func (b *seenBuffer) write(db *conn) error {
	for key, at := range b.take() {
		err := db.run(sqlTouchSession, key.account, key.session, micros(at), micros(at.Add(-seenEvery)))
		if err != nil {
			return err
		}
	}
	return nil
}
