package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nidan-auth/nidan"
)

// maxBatch is how many requests share a transaction at most. It bounds how
// long the first of them waits for the last.
const maxBatch = 128

// A request is what one caller wants written.
type request struct {
	// Load waits for what is on its way to the disk and might be of its account:
	// of this one, of any if this is empty, of none if it is apart, as what Load
	// does not read.
	account nidan.AccountID
	apart   bool

	// apply does the work, inside a savepoint unless it is guarded. A refusal
	// is the caller's answer and undoes what this request wrote; a failure ends
	// the transaction. It may run more than once, also after its caller has left.
	apply func(*conn) (refusal, failure error)

	// guarded says that apply writes nothing where it refuses by
	// [nidan.ErrConflict], and that it hardly ever refuses by anything else.
	guarded bool

	// settle, if there is one, finds out after a failed COMMIT whether the
	// request was applied all the same.
	settle func(*conn) (applied bool, err error)

	// stay keeps the caller until it is answered, once its turn has come.
	stay bool

	turn   atomic.Int32
	answer chan error // holds one
}

// The states of request.turn.
const (
	waiting   int32 = iota
	taken           // by the writer; it will be answered
	withdrawn       // by its caller; it will never run
)

// A writer is the goroutine that writes, and its queue.
type writer struct {
	path string
	sync func(*os.File) error
	seen seenBuffer

	mu     sync.RWMutex // held to close the queue, shared to send
	closed bool
	queue  chan *request

	done   chan struct{} // closed when the goroutine has ended
	failed error         // of ending; read after done

	transactions, requests, split, failures, refused atomic.Int64

	checkpoints *checkpointer

	// flying is set from before a COMMIT until what it wrote is on the disk, and
	// stays if it may not be; broke is told so.
	flying atomic.Pointer[flight]
	broke  chan error // holds one

	// Owned by the goroutine.
	conn     *conn     // nil when it has to be opened anew
	log      *os.File  // of conn; nil until its first transaction
	last     *flight   // the newest that was launched
	changes  int64     // rows that conn has changed since it was opened
	logLimit int64     // size of the log beyond which it is restarted
	rested   time.Time // when others could last have the lock for long
	unmoved  int       // requests since the log was last to be moved

	// afterCommit is set by tests: it says what COMMIT is taken to have said.
	afterCommit atomic.Pointer[func(error) error]
}

func startWriter(path string, o Options) (*writer, error) {
	w := &writer{
		path: path, sync: o.Sync, queue: make(chan *request, o.Queue), done: make(chan struct{}), logLimit: logLimit,
		seen: newSeenBuffer(), broke: make(chan error, 1),
	}
	if err := w.open(); err != nil {
		return nil, err
	}
	w.checkpoints = startCheckpointer(path, w.lost)
	go w.run()
	return w, nil
}

// submit queues r and waits for its answer.
//
// Where ctx ends first, r is withdrawn if its turn has not come: then nothing
// of it is written. Otherwise the outcome is unknown to the caller, though not
// to the database.
func (w *writer) submit(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.answer = make(chan error, 1)
	if err := w.enqueue(r); err != nil {
		return err
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
	}
	if r.turn.CompareAndSwap(waiting, withdrawn) {
		return ctx.Err()
	}
	if r.stay {
		return <-r.answer
	}
	select {
	case err := <-r.answer:
		return err
	default:
		return fmt.Errorf("%w: %w", nidan.ErrUnknown, ctx.Err())
	}
}

func (w *writer) enqueue(r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- r:
		return nil
	default:
		w.refused.Add(1)
		return fmt.Errorf("%w: the queue of the database is full", nidan.ErrBusy)
	}
}

// run serves batches until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.done)
	for open := true; open; {
		var batch []*request
		batch, open = w.collect()
		w.serve(batch)
	}
	for w.seen.len() > 0 && w.failed == nil {
		w.failed = w.transact(new(transaction))
	}
	err := w.alight() // so that nothing of it is moved if it was lost
	w.checkpoints.close()
	w.failed = errors.Join(w.failed, err, w.shut())
}

// collect waits for something to do and takes whatever else is waiting by
// then. It reports false once the queue is closed and empty.
func (w *writer) collect() (batch []*request, open bool) {
	take := func(r *request) {
		if r.turn.CompareAndSwap(waiting, taken) {
			batch = append(batch, r)
		}
	}
	if len(w.queue) == 0 {
		defer func() { w.rested = time.Now() }()
	}
	select {
	case r, ok := <-w.queue:
		if !ok {
			return nil, false
		}
		take(r)
	case <-w.seen.due:
		return nil, true
	}
	// Whoever is about to send goes first: where the processors are busy, as many
	// again share what a commit costs, and where they are idle nothing is lost.
	runtime.Gosched()
	for len(batch) < maxBatch {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return batch, false
			}
			take(r)
		default:
			return batch, true
		}
	}
	return batch, true
}

// close lets the writer finish what is queued and ends it.
func (w *writer) close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
	return w.failed
}

// open opens the connection if there is none.
func (w *writer) open() (err error) {
	if w.conn != nil {
		return nil
	}
	if w.conn, err = openConn(w.path, committing); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	// From here on begin does the waiting.
	if err := w.conn.run(fmt.Sprintf("PRAGMA busy_timeout = %d", lockPoll.Milliseconds())); err != nil {
		w.drop()
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// drop closes a connection whose state is in doubt.
func (w *writer) drop() {
	_ = w.shut() // it is given up because something failed already
}

// shut closes the connection if there is one, once nothing is in flight. Where
// something was lost it leaves it: who closes a file last moves its log into the
// database.
func (w *writer) shut() (err error) {
	if w.alight() != nil {
		return nil
	}
	if w.conn != nil {
		err = w.conn.close()
	}
	if w.log != nil {
		err = errors.Join(err, w.log.Close())
	}
	w.conn, w.log, w.changes = nil, nil, 0
	return err
}

// A lock of another process is asked for this often and this long. SQLite's
// own waiting slows down to ten times a second, and would then hardly ever
// meet the moment between two commits of a busy process.
const (
	lockPoll = 8 * time.Millisecond // in it SQLite tries four times
	lockWait = 10 * time.Second
)

// The lock is let go for so long, so often, where one transaction follows the other.
const (
	restEvery = 250 * time.Millisecond
	restFor   = 2 * time.Millisecond
)

// rest lets other processes have the lock: between a COMMIT and the next BEGIN it is
// free for microseconds, and they ask a few hundred times a second at the most.
func (w *writer) rest() {
	if time.Since(w.rested) >= restEvery {
		time.Sleep(restFor)
		w.rested = time.Now()
	}
}

// errNotBegun marks a transaction that could not begin, so that nothing of it
// was tried.
var errNotBegun = errors.New("store: the transaction could not begin")

// begin starts a transaction that holds the write lock.
func (w *writer) begin() error {
	w.rest()
	if err := w.open(); err != nil {
		return fmt.Errorf("%w: %w", errNotBegun, err)
	}
	for end := time.Now().Add(lockWait); ; {
		err := w.conn.run("BEGIN IMMEDIATE")
		switch {
		case err == nil:
			if err := w.openLog(); err != nil {
				w.rollback(err)
				return fmt.Errorf("%w: %w", errNotBegun, err)
			}
			return nil
		case !isBusy(err):
			w.drop()
			return fmt.Errorf("%w: %w", errNotBegun, err)
		case time.Now().After(end):
			return fmt.Errorf("%w: %w: another process holds the lock", errNotBegun, nidan.ErrBusy)
		}
	}
}

// rollback ends a transaction that failed for the given reason. On a full disk
// it also lets the log be written from its beginning again: where the database
// file itself needs no more room, that is enough to go on.
func (w *writer) rollback(because error) {
	if !w.conn.rollback() {
		w.drop()
		return
	}
	if isFull(because) {
		w.checkpoints.work.Lock()
		defer w.checkpoints.work.Unlock()
		w.conn.restartLog()
	}
}

// lookEvery is after how many transactions the size of the log is looked at.
const lookEvery = 16

// tendLog has the log moved into the database, and restarts it when it has grown
// although that is done: with commits and readers always at work it never finds a
// moment to begin again by itself. If that does not succeed it is tried again.
func (w *writer) tendLog(requests int) {
	if w.unmoved += requests; w.unmoved >= checkpointEvery {
		w.unmoved = 0
		w.checkpoints.ask()
	}
	if w.transactions.Load()%lookEvery != 0 {
		return
	}
	fi, err := os.Stat(w.path + "-wal")
	if err != nil || fi.Size() <= w.logLimit || !w.checkpoints.work.TryLock() {
		return
	}
	defer w.checkpoints.work.Unlock()
	if w.conn.restartLog() {
		w.logLimit = logLimit
	} else {
		w.logLimit = fi.Size() + logLimit
	}
}

func (w *writer) stats() Stats {
	return Stats{
		Transactions: w.transactions.Load(), Requests: w.requests.Load(), Split: w.split.Load(),
		Failed: w.failures.Load(), Refused: w.refused.Load(), Queued: len(w.queue),
	}
}
