package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/nidan-auth/nidan"
)

// A flight is what one COMMIT wrote, from just before it until the log is on the
// disk. For some of that time it can be read already; who reads it waits, see
// [writer.landed]. There is one at a time.
type flight struct {
	batch   []*request
	answers []error // to each of batch
	down    chan struct{}
	lost    error // why it may not be on the disk; read after down
}

// carries reports whether something of an account may be in it.
func (f *flight) carries(id nidan.AccountID) bool {
	return slices.ContainsFunc(f.batch, func(r *request) bool { return !r.apart && (r.account == "" || r.account == id) })
}

// lostFiles has the paths of which this process has lost something.
var lostFiles sync.Map

// over reports whether it is down.
func (f *flight) over() bool {
	select {
	case <-f.down:
		return true
	default:
		return false
	}
}

// land answers everybody.
func (f *flight) land() {
	close(f.down)
	for i, r := range f.batch {
		r.answer <- f.answers[i]
	}
}

// launch lets a flight go whose COMMIT has returned: the log is brought to the disk
// beside the next transaction, and then everybody is answered.
//
// Where that fails nobody can say what is on the disk: the system forgets what it
// could not write, and the next time says that all is well. So nothing of it is
// acknowledged, and this process loads and writes nothing any more. Its pages of the
// log look well and will never reach the disk: a new process has to move them into
// the database, with the rest of the log, before it adds to it. It does where it is
// the only one, see [prepareFile].
func (w *writer) launch(f *flight) {
	w.last = f
	err := w.openLog()
	log := w.log
	go func() {
		if err == nil {
			err = w.sync(log)
		}
		if err == nil {
			w.flying.Store(nil)
			f.land()
			return
		}
		f.lost = fmt.Errorf("%w: %w", ErrLost, err)
		for i := range f.answers {
			f.answers[i] = fmt.Errorf("%w: %w", nidan.ErrUnknown, f.lost)
		}
		lostFiles.Store(w.path, f.lost)
		f.land()
		w.broke <- f.lost
	}()
}

// openLog opens the log, which is there while the connection is in a transaction or
// has been in one. SQLite brings it to the disk itself before anything is moved into
// the database and when it is begun again, so that the database is always whole;
// what we add is that what was acknowledged is there after a power cut.
func (w *writer) openLog() (err error) {
	if w.log != nil {
		return nil
	}
	if w.log, err = os.Open(w.path + "-wal"); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(w.path)) // its name has to be there too
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		err = errors.Join(err, w.log.Close())
		w.log = nil
	}
	return err
}

// join waits until somebody comes who may join t, and adds them, or until the flight
// before t is down. It reports whether somebody joined.
func (w *writer) join(t *transaction) bool {
	for w.last != nil && !w.last.over() && !t.alone && len(t.batch) < maxBatch {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return false
			}
			if r.turn.CompareAndSwap(waiting, taken) {
				t.batch = append(t.batch, r)
				return true
			}
		case <-w.last.down:
		}
	}
	return false
}

// alight waits until nothing is in flight, and fails if something was lost.
func (w *writer) alight() error {
	if w.last == nil {
		return nil
	}
	<-w.last.down
	return w.last.lost
}

// lost is why what was in flight may not be on the disk, nil if that is not so.
func (w *writer) lost() error {
	if f := w.flying.Load(); f != nil && f.over() {
		return f.lost
	}
	return nil
}

// landed waits until all of an account that could be read when it is called is on
// the disk. What is decided on anything else might be told to somebody, and a power
// cut take back what it rests on: what they hold would be newer than the account.
func (w *writer) landed(ctx context.Context, id nidan.AccountID) error {
	f := w.flying.Load()
	if f == nil || !f.carries(id) && !f.over() {
		return nil
	}
	select {
	case <-f.down:
		return f.lost
	case <-ctx.Done():
		return ctx.Err()
	}
}
