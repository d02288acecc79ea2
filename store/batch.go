package store

import (
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// serve runs a batch and answers everybody in it.
func (w *writer) serve(batch []*request) {
	if len(batch) == 0 && w.seen.len() == 0 {
		return
	}
	err := w.transact(batch)
	if err == nil {
		return
	}
	if errors.Is(err, errNotBegun) {
		w.fail(batch, err)
		return
	}
	// Something that is not a refusal: one of them, or the disk. Run singly,
	// only those fail that have to.
	w.split.Add(1)
	for i, r := range batch {
		err := w.transact(batch[i : i+1])
		if errors.Is(err, errNotBegun) {
			w.fail(batch[i:], err)
			return
		}
		if err != nil {
			w.fail([]*request{r}, err)
		}
	}
}

// transact runs a batch in one transaction, with some of what was seen. It
// answers everybody once COMMIT has returned. An error means that nobody has
// been answered and nothing was written.
func (w *writer) transact(batch []*request) error {
	if err := w.begin(); err != nil {
		return err
	}
	refusals := make([]error, len(batch))
	for i, r := range batch {
		var err error
		if refusals[i], err = w.conn.within(r, len(batch) == 1); err != nil {
			w.rollback(err)
			return fmt.Errorf("store: %w", err)
		}
	}
	if err := w.seen.write(w.conn); err != nil {
		w.rollback(err)
		return fmt.Errorf("store: %w", err)
	}
	if err := w.commit(); err != nil {
		w.rollback(err)
		w.settle(batch, err)
		return nil
	}
	w.transactions.Add(1)
	w.requests.Add(int64(len(batch)))
	for i, r := range batch {
		r.answer <- refusals[i]
	}
	w.tendLog(len(batch))
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
func (w *writer) settle(batch []*request, cause error) {
	failure := fmt.Errorf("store: commit: %w", cause)
	for _, r := range batch {
		err := failure
		if r.settle != nil {
			switch applied, lookErr := w.find(r); {
			case lookErr != nil:
				err = fmt.Errorf("%w: %w", nidan.ErrUnknown, errors.Join(failure, lookErr))
			case applied:
				err = nil
			}
		}
		if err != nil {
			w.failures.Add(1)
		}
		r.answer <- err
	}
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
