package mail

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nidan-auth/nidan"
)

// WorkerConfig is what a Worker is made of. All fields are required but
// Delivered, Suspended, Log and Parallel.
type WorkerConfig struct {
	Post      nidan.Post
	Composer  *Composer
	Transport Transport
	Clock     nidan.Clock
	Random    io.Reader // nidan.Randomness outside tests

	// Message opens what was leased, see [nidan.Service.Message].
	Message func(ctx context.Context, row nidan.OutboxRow) (nidan.Notice, error)

	// Delivered is told of every message that was accepted, before it is
	// forgotten. If it fails it is called again later, and the message is not
	// sent a second time by this process. It may be called more than once for
	// a message.
	Delivered func(ctx context.Context, account nidan.AccountID, n nidan.Notice) error

	// Suspended says that the clock is in doubt: what is due, and what has run
	// out, is a matter of time, so nothing is taken.
	Suspended func() bool

	Log      *slog.Logger
	Parallel int // messages on their way at a time; 0: 8
}

// A Worker sends what is queued. Several may work on one queue, in one process
// or in many: a message is leased to one of them. Each is handed over at least
// once; a second time only where the first answer was lost, and then under the
// same Message-ID.
type Worker struct {
	c     WorkerConfig
	slots chan struct{} // one for each message on its way
	freed chan struct{} // a message has arrived, or has not
	nudge chan struct{}
	under sync.WaitGroup

	mu       sync.Mutex
	accepted map[string]bool // by id: accepted and still in the queue

	sent, deferred, buried, discarded atomic.Int64
}

// Times of a lease. A message is given up by its sender well before another one
// may take it.
const (
	leaseFor   = 5 * time.Minute
	sendWithin = 2 * time.Minute
)

// NewWorker makes a Worker. It does nothing before Run or Pass.
func NewWorker(c WorkerConfig) *Worker {
	if c.Parallel <= 0 {
		c.Parallel = 8
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Worker{
		c: c, slots: make(chan struct{}, c.Parallel), freed: make(chan struct{}, 1), nudge: make(chan struct{}, 1),
		accepted: make(map[string]bool),
	}
}

// Stats counts what became of messages since the start.
type Stats struct {
	Sent      int64 // accepted
	Deferred  int64 // not accepted, to be tried again
	Buried    int64 // given up
	Discarded int64 // for nobody
}

// Stats returns the counts.
func (w *Worker) Stats() Stats {
	return Stats{Sent: w.sent.Load(), Deferred: w.deferred.Load(), Buried: w.buried.Load(), Discarded: w.discarded.Load()}
}

// Nudge makes Run look at once: something was queued. It never waits.
func (w *Worker) Nudge() { signal(w.nudge) }

// Run sends what is due whenever wake or Nudge says so, until ctx ends. Then it
// takes nothing more and returns when what is on its way has arrived or failed:
// breaking off would leave it open whether it was accepted.
// Only one of Run and Pass may be called at a time.
func (w *Worker) Run(ctx context.Context, wake <-chan time.Time) {
	defer w.under.Wait()
	for {
		_, full, err := w.take(ctx)
		if err != nil && ctx.Err() == nil {
			w.c.Log.ErrorContext(ctx, "mail: the queue cannot be read; it is tried again", "error", err)
		}
		freed := w.freed
		if !full {
			freed = nil // nothing more was due
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-w.nudge:
		case <-freed:
		}
	}
}

// Pass sends everything that is due now, and returns how many messages it took
// from the queue once each has arrived or failed.
func (w *Worker) Pass(ctx context.Context) (int, error) {
	defer w.under.Wait()
	total := 0
	for {
		n, full, err := w.take(ctx)
		total += n
		if err != nil || !full {
			return total, err
		}
		select {
		case <-ctx.Done():
			return total, ctx.Err()
		case <-w.freed:
		}
	}
}

// take leases as many messages as there are free slots and sets them on their
// way, so that a slow server holds up only what it was given. full reports
// whether more may be due.
func (w *Worker) take(ctx context.Context) (n int, full bool, err error) {
	free := cap(w.slots) - len(w.slots)
	if free == 0 {
		return 0, true, nil
	}
	if w.c.Suspended != nil && w.c.Suspended() {
		return 0, false, nil
	}
	now := w.now()
	rows, err := w.c.Post.Lease(ctx, now, now.Add(leaseFor), free)
	if err != nil {
		return 0, false, err
	}
	for _, row := range rows {
		w.slots <- struct{}{}
		w.under.Go(func() {
			defer func() {
				<-w.slots
				signal(w.freed)
			}()
			w.deliver(context.WithoutCancel(ctx), row)
		})
	}
	return len(rows), len(rows) == free, nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is waiting to be seen already
	}
}

func (w *Worker) now() time.Time { return w.c.Clock.Now().Wall.UTC() }

// Why messages are given up. A cause is stored in the clear.
const (
	causeSealed   = "it does not open: it was changed, or sealed under another keyring"
	causeWords    = "it cannot be written"
	causeLate     = "its number or link had run out before it could be sent"
	causeTries    = "it was not accepted for a day; last: "
	causeSoon     = "it was not accepted before its number or link ran out; last: "
	causeRefused  = "refused: "
	causeRecorded = "it was accepted, but that could not be recorded"
)

// deliver brings one leased message to where it ends for now: sent, put off or
// given up.
func (w *Worker) deliver(ctx context.Context, row nidan.OutboxRow) {
	n, err := w.c.Message(ctx, row)
	var fault *nidan.Fault
	switch {
	case err != nil && !errors.As(err, &fault):
		w.failed(ctx, row, n, err)
		return
	case err != nil:
		w.c.Log.ErrorContext(ctx, "mail: a queued message does not open", "account", row.Account, "message", row.ID, "error", err)
		w.bury(ctx, row, causeSealed)
		return
	case w.wasAccepted(row.ID):
		w.settle(ctx, row, n)
		return
	case n.To == "":
		w.discarded.Add(1)
		w.queue(ctx, row, "forget", w.c.Post.Sent(ctx, row.Account, row.ID))
		return
	case deadAt(n, w.now()) || !w.now().Before(row.Expires):
		w.bury(ctx, row, causeLate)
		return
	}
	m, err := w.c.Composer.Compose(n)
	if err != nil {
		w.c.Log.ErrorContext(ctx, "mail: a queued message cannot be written", "account", row.Account, "message", row.ID, "error", err)
		w.bury(ctx, row, causeWords)
		return
	}
	m.ID, m.Date = row.ID, w.now()
	if err := w.send(ctx, m); err != nil {
		w.failed(ctx, row, n, err)
		return
	}
	w.sent.Add(1)
	w.setAccepted(row.ID, true)
	w.settle(ctx, row, n)
}

func (w *Worker) send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	return w.c.Transport.Send(ctx, m)
}

// settle records that a message was accepted and forgets it, in this order.
func (w *Worker) settle(ctx context.Context, row nidan.OutboxRow, n nidan.Notice) {
	if w.c.Delivered != nil {
		if err := w.c.Delivered(ctx, row.Account, n); err != nil {
			w.c.Log.ErrorContext(ctx, "mail: an accepted message could not be recorded; it is tried again, and not sent again", "account", row.Account, "message", row.ID, "error", err)
			if row.Tries >= maxTries {
				w.bury(ctx, row, causeRecorded)
				return
			}
			w.later(ctx, row, w.now().Add(waitAfter(row.Tries, w.c.Random)))
			return
		}
	}
	err := w.c.Post.Sent(ctx, row.Account, row.ID)
	w.queue(ctx, row, "forget", err)
	if err == nil {
		w.setAccepted(row.ID, false)
	}
}

// failed puts a message off that was not accepted, or gives it up.
func (w *Worker) failed(ctx context.Context, row nidan.OutboxRow, n nidan.Notice, cause error) {
	var answer *Answer
	due := w.now().Add(waitAfter(row.Tries, w.c.Random))
	switch {
	case errors.As(cause, &answer) && answer.Final:
		w.bury(ctx, row, causeRefused+answer.Error())
	case row.Tries >= maxTries:
		w.bury(ctx, row, causeTries+cause.Error())
	case deadAt(n, due) || !due.Before(row.Expires):
		w.bury(ctx, row, causeSoon+cause.Error())
	default:
		w.deferred.Add(1)
		w.c.Log.WarnContext(ctx, "mail: a message was not accepted; it is tried again", "account", row.Account, "message", row.ID, "tries", row.Tries, "due", due, "error", cause)
		w.later(ctx, row, due)
	}
}

func (w *Worker) later(ctx context.Context, row nidan.OutboxRow, due time.Time) {
	w.queue(ctx, row, "put off", w.c.Post.Later(ctx, row.Account, row.ID, due))
}

func (w *Worker) bury(ctx context.Context, row nidan.OutboxRow, cause string) {
	w.buried.Add(1)
	w.setAccepted(row.ID, false)
	w.c.Log.WarnContext(ctx, "mail: a message was given up", "account", row.Account, "message", row.ID, "cause", cause)
	w.queue(ctx, row, "give up", w.c.Post.Bury(ctx, row.Account, row.ID, cause))
}

// queue logs that the queue could not be told. The lease ends, and the message
// is taken again.
func (w *Worker) queue(ctx context.Context, row nidan.OutboxRow, what string, err error) {
	if err != nil {
		w.c.Log.ErrorContext(ctx, "mail: the queue could not "+what+" a message", "account", row.Account, "message", row.ID, "error", err)
	}
}

func (w *Worker) wasAccepted(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accepted[id]
}

func (w *Worker) setAccepted(id string, is bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if is {
		w.accepted[id] = true
	} else {
		delete(w.accepted, id)
	}
}
