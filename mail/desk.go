package mail

import (
	"context"

	"github.com/nidan-auth/nidan"
)

// A Desk is the database as the rules see it. Whatever they queue wakes the one
// who sends.
type Desk struct {
	nidan.Store
	Nudge func() // of the [Worker], which may come later than the Desk; nil: nobody sends
}

// Commit implements [nidan.Store].
func (d *Desk) Commit(ctx context.Context, c nidan.Change) error {
	err := d.Store.Commit(ctx, c)
	if err == nil && len(c.Queue) > 0 {
		d.wake()
	}
	return err
}

// Queue implements [nidan.Store].
func (d *Desk) Queue(ctx context.Context, rows []nidan.OutboxRow) error {
	err := d.Store.Queue(ctx, rows)
	if err == nil {
		d.wake()
	}
	return err
}

func (d *Desk) wake() {
	if d.Nudge != nil {
		d.Nudge()
	}
}
