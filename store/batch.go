package store

import (
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// A transaction is what shares one COMMIT.
type transaction struct {
	batch   []*request
	answers []error // to the first of batch, as far as they have run
	alone   bool    // nobody may join
}

// serve runs a batch, and whoever joins it, and answers everybody in it.
func (w *writer) serve(batch []*request) {
	if len(batch) == 0 && w.seen.len() == 0 {
		return
	}
	t := &transaction{batch: batch}
	err := w.transact(t)
	if err == nil {
		return
	}
	if hopeless(err) {
		w.fail(t.batch, err)
		return
	}
	// Something that is not a refusal: one of them, or the disk. Run singly,
	// only those fail that have to.
	w.split.Add(1)
	for i, r := range t.batch {
		err := w.transact(&transaction{batch: []*request{r}, alone: true})
		if hopeless(err) {
			w.fail(t.batch[i:], err)
			return
		}
		if err != nil {
			w.fail([]*request{r}, err)
		}
	}
}

// hopeless reports whether all others would fail for the same reason.
func hopeless(err error) bool { return errors.Is(err, errNotBegun) || errors.Is(err, ErrLost) }

// transact runs a batch in one transaction, with some of what was seen, and with
// those who come while the one before is in flight. Everybody is answered once the
// log is on the disk. An error means that nobody has been answered and nothing was
// written.
func (w *writer) transact(t *transaction) error {
	if err := w.begin(); err != nil {
		return err
	}
	for i := 0; i < len(t.batch) || w.join(t); i++ {
		refusal, err := w.conn.within(t.batch[i], t.alone)
		if err != nil {
			w.rollback(err)
			return fmt.Errorf("store: %w", err)
		}
		t.answers = append(t.answers, refusal)
	}
	err := w.seen.write(w.conn)
	var changes int64
	if err == nil {
		changes, err = w.conn.total()
	}
	if err != nil {
		w.rollback(err)
		return fmt.Errorf("store: %w", err)
	}
	if err := w.alight(); err != nil {
		w.rollback(err)
		return err
	}
	f := &flight{batch: t.batch, answers: t.answers, down: make(chan struct{})}
	w.flying.Store(f)
	if err := w.commit(); err != nil {
		w.rollback(err)
		w.settle(f, err)
		return nil
	}
	w.transactions.Add(1)
	w.requests.Add(int64(len(t.batch)))
	if changes == w.changes { // nothing was written, and what was before is on the disk
		w.flying.Store(nil)
		f.land()
	} else {
		w.launch(f)
	}
	w.changes = changes
	w.tendLog(len(t.batch))
	return nil
}

func (w *writer) commit() error {
	err := w.conn.run("COMMIT")
	if f := w.afterCommit.Load(); f != nil {
		err = (*f)(err)
	}
	return err
}

// settle answers a batch whose COMMIT failed. What is there was committed; of
// what is not there the caller may be told so. SQLite has forgotten its frames
// in the log and the next commit overwrites them; only if the machine stops
// before that may they come to life again, and then document, events and
// sessions of the request come together.
func (w *writer) settle(f *flight, cause error) {
	failure := fmt.Errorf("store: commit: %w", cause)
	for i, r := range f.batch {
		f.answers[i] = failure
		if r.settle != nil {
			switch applied, lookErr := w.find(r); {
			case lookErr != nil:
				f.answers[i] = fmt.Errorf("%w: %w", nidan.ErrUnknown, errors.Join(failure, lookErr))
			case applied:
				f.answers[i] = nil
			}
		}
		if f.answers[i] != nil {
			w.failures.Add(1)
		}
	}
	w.launch(f) // whatever of it is there
}

// find looks for what a request would have written.
func (w *writer) find(r *request) (bool, error) {
	if err := w.open(); err != nil {
		return false, err
	}
	return r.settle(w.conn)
}

// fail answers err to everybody.
func (w *writer) fail(batch []*request, err error) {
	w.failures.Add(int64(len(batch)))
	for _, r := range batch {
		r.answer <- err
	}
}
