package store

import "sync"

// checkpointEvery is after how many requests the log is moved into the database.
// Each leaves two to four pages in it, of which those that were written more than
// once are moved once; where it is cut back is twice as far.
const checkpointEvery = 2048

// A checkpointer moves what the log holds into the database, on a connection of
// its own while the writer goes on. SQLite would do it within a commit, and
// everybody who waits for one would wait for two fsyncs more and a thousand pages.
type checkpointer struct {
	path string
	due  chan struct{} // holds one
	done chan struct{} // closed when it has ended
	work sync.Mutex    // held while it moves something
	lost func() error  // not nil: nothing must be moved any more

	conn *conn // nil when it has to be opened anew; owned by the goroutine
}

func startCheckpointer(path string, lost func() error) *checkpointer {
	c := &checkpointer{path: path, lost: lost, due: make(chan struct{}, 1), done: make(chan struct{})}
	go c.run()
	return c
}

// ask has it move what is there, unless it is about to.
func (c *checkpointer) ask() {
	select {
	case c.due <- struct{}{}:
	default:
	}
}

func (c *checkpointer) run() {
	defer close(c.done)
	for range c.due {
		c.move()
	}
	if c.conn != nil {
		_ = c.conn.close() // nothing of ours is in it
	}
}

// move moves what no reader is in the way of. Where it fails, the log grows until
// the writer restarts it, and fails too.
func (c *checkpointer) move() {
	c.work.Lock()
	defer c.work.Unlock()
	if c.lost() != nil {
		return
	}
	if c.conn == nil {
		var err error
		if c.conn, err = openConn(c.path, writing); err != nil {
			return
		}
	}
	var busy, pages, moved int64
	if _, err := c.conn.row([]any{&busy, &pages, &moved}, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		_ = c.conn.close() // its state is in doubt
		c.conn = nil
	}
}

// close lets it finish and ends it. Nobody may ask after that.
func (c *checkpointer) close() {
	close(c.due)
	<-c.done
}
