package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// maxTogether is how many loads share a transaction at most. It bounds how long
// the caller who runs them is kept from an answer of its own.
const maxTogether = 32

// Readers run the one statement that every request needs. A caller who finds a
// connection free runs all loads that wait at that moment, in one transaction;
// so loads that come together share what beginning to read costs: the locks, and
// reading again every page that a commit in between has made stale. Nobody is
// answered from before they asked, as the transaction begins after that.
//
// The driver is asked itself, without package sql in between, and by a context
// that never ends: each of these costs half as much again as the statement.
type readers struct {
	pool  *sql.DB
	text  string
	queue chan *wanted
	free  chan *reader
	ended chan struct{} // closed by close
	stop  sync.Once
}

// wanted is a row that a caller waits for.
type wanted struct {
	args []driver.NamedValue
	row  []driver.Value // nil: there is none
	done chan error     // holds one
}

// startReaders makes readers of a statement, of n connections that are opened
// when they are needed.
func startReaders(path, text string, n int) (*readers, error) {
	pool, err := openDB(path, reading, n)
	if err != nil {
		return nil, err
	}
	rs := &readers{
		pool: pool, text: text, ended: make(chan struct{}),
		queue: make(chan *wanted, maxTogether*n), free: make(chan *reader, n),
	}
	for range n {
		rs.free <- new(reader)
	}
	return rs, nil
}

// row returns the row that the statement finds, nil if there is none.
func (rs *readers) row(ctx context.Context, args ...driver.Value) ([]driver.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &wanted{args: make([]driver.NamedValue, len(args)), done: make(chan error, 1)}
	for i, v := range args {
		w.args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	send := rs.queue
	select {
	case send <- w:
		send = nil
	default: // full
	}
	for {
		// Whoever waits is ready to do the work, so what is in the queue never
		// waits for somebody who has gone.
		select {
		case send <- w:
			send = nil
		case err := <-w.done:
			return w.row, err
		case r := <-rs.free:
			rs.lend(r)
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-rs.ended:
			return nil, ErrClosed
		}
	}
}

// lend runs what waits and hands the connection back, also where the driver
// panics.
func (rs *readers) lend(r *reader) {
	defer func() { rs.free <- r }()
	r.serve(rs)
}

// close waits for what is being read. Whoever comes later is told ErrClosed. It
// may be called again.
func (rs *readers) close() (err error) {
	rs.stop.Do(func() {
		close(rs.ended)
		var errs []error
		for range cap(rs.free) {
			errs = append(errs, (<-rs.free).close())
		}
		err = errors.Join(append(errs, rs.pool.Close())...)
	})
	return err
}

// A reader is one connection.
type reader struct {
	conn             *sql.Conn // nil when it has to be opened anew
	begin, find, end driver.Stmt
}

// serve runs the loads that are waiting.
func (r *reader) serve(rs *readers) {
	runtime.Gosched() // whoever is about to ask goes first, and shares the transaction
	var batch []*wanted
	for more := true; more && len(batch) < maxTogether; {
		select {
		case w := <-rs.queue:
			batch = append(batch, w)
		default:
			more = false
		}
	}
	if len(batch) == 0 {
		return // another caller has taken them
	}
	if err := r.open(rs); err != nil {
		for _, w := range batch {
			w.done <- err
		}
		return
	}
	if err := r.conn.Raw(func(any) error { return r.run(batch) }); err != nil {
		_ = r.close() // its state is in doubt, and everybody was answered
	}
}

// run answers everybody and returns an error if the connection should not be
// used any more.
func (r *reader) run(batch []*wanted) error {
	together := len(batch) > 1
	var failed error
	if together {
		failed = exec(r.begin)
	}
	for _, w := range batch {
		err := failed
		if err == nil {
			if w.row, err = find(r.find, w.args); err != nil {
				failed = err // of those behind it none is told more than it was
			}
		}
		w.done <- err
	}
	if together && failed == nil {
		failed = exec(r.end)
	}
	return failed
}

func exec(st driver.Stmt) error {
	_, err := st.(driver.StmtExecContext).ExecContext(background, nil)
	return err
}

// find returns the first row of a statement, nil if there is none.
func find(st driver.Stmt, args []driver.NamedValue) ([]driver.Value, error) {
	rows, err := st.(driver.StmtQueryContext).QueryContext(background, args)
	if err != nil {
		return nil, err
	}
	row := make([]driver.Value, len(rows.Columns()))
	if err = rows.Next(row); errors.Is(err, io.EOF) {
		row, err = nil, nil
	}
	return row, errors.Join(err, rows.Close())
}

// open opens the connection if there is none.
func (r *reader) open(rs *readers) (err error) {
	if r.conn != nil {
		return nil
	}
	if r.conn, err = rs.pool.Conn(background); err != nil {
		return err
	}
	err = r.conn.Raw(func(c any) error {
		for text, st := range map[string]*driver.Stmt{"BEGIN": &r.begin, rs.text: &r.find, "COMMIT": &r.end} {
			if *st, err = c.(driver.Conn).Prepare(text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		err = errors.Join(err, r.close())
	}
	return err
}

// close closes the connection for good. The pool must not hand it out again: a
// transaction may be open in it.
func (r *reader) close() error {
	if r.conn == nil {
		return nil
	}
	var errs []error
	_ = r.conn.Raw(func(any) error {
		for _, st := range []driver.Stmt{r.begin, r.find, r.end} {
			if st != nil {
				errs = append(errs, st.Close())
			}
		}
		return driver.ErrBadConn
	})
	*r = reader{}
	return errors.Join(errs...)
}

// scan puts a row into what package sql would scan it into.
func scan(row []driver.Value, dest []any) error {
	for i, d := range dest {
		var err error
		switch d := d.(type) {
		case sql.Scanner:
			err = d.Scan(row[i])
		case *[]byte:
			b, ok := row[i].([]byte) // the driver has copied it
			if !ok {
				var v sql.Null[[]byte]
				err = v.Scan(row[i])
				b = v.V
			}
			*d = b
		case *string:
			var v sql.NullString
			err = v.Scan(row[i])
			*d = v.String
		default:
			err = fmt.Errorf("store: nothing is scanned into a %T", d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
