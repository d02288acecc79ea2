package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/nidan-auth/nidan"
)

// background is the context of everything the writer does: a request's own
// would interrupt a transaction that others share.
var background = context.Background()

// A conn is the writer's connection. Statements are prepared when first used.
// Those that write are given to the driver itself: package sql in between costs
// a third as much again.
type conn struct {
	pool       *sql.DB // holds this one connection and nothing else
	sql        *sql.Conn
	stmts      map[string]*sql.Stmt
	statements map[string]driver.Stmt
	args       []driver.NamedValue // of the statement under way
}

// openConn opens a connection.
func openConn(path string, u use) (*conn, error) {
	pool, err := openDB(path, u, 1)
	if err != nil {
		return nil, err
	}
	one, err := pool.Conn(background)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &conn{pool: pool, sql: one, stmts: make(map[string]*sql.Stmt), statements: make(map[string]driver.Stmt)}, nil
}

// close closes the connection; what is not committed is gone. A statement left
// open would keep SQLite's own connection alive, and with it the log and any
// lock.
func (db *conn) close() error {
	var errs []error
	for _, st := range db.stmts {
		errs = append(errs, st.Close())
	}
	_ = db.sql.Raw(func(any) error {
		for _, st := range db.statements {
			errs = append(errs, st.Close())
		}
		return nil
	})
	return errors.Join(append(errs, db.sql.Close(), db.pool.Close())...)
}

func (db *conn) prepared(query string) (*sql.Stmt, error) {
	if st := db.stmts[query]; st != nil {
		return st, nil
	}
	st, err := db.sql.PrepareContext(background, query)
	if err != nil {
		return nil, err
	}
	db.stmts[query] = st
	return st, nil
}

// exec runs a statement and returns how many rows it changed.
func (db *conn) exec(query string, args ...any) (n int64, err error) {
	db.args = db.args[:0]
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return 0, err
		}
		db.args = append(db.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	err = db.direct(query, func(st driver.Stmt) error {
		res, err := st.(driver.StmtExecContext).ExecContext(background, db.args)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}

// direct gives a statement to the driver itself.
func (db *conn) direct(query string, do func(driver.Stmt) error) error {
	return db.sql.Raw(func(c any) (err error) {
		st := db.statements[query]
		if st == nil {
			if st, err = c.(driver.Conn).Prepare(query); err != nil {
				return err
			}
			db.statements[query] = st
		}
		return do(st)
	})
}

// total is how many rows the connection has changed since it was opened. A
// transaction that leaves it as it was has written nothing.
func (db *conn) total() (n int64, err error) {
	err = db.direct("SELECT total_changes()", func(st driver.Stmt) error {
		row, err := find(st, nil)
		if err == nil {
			n = row[0].(int64)
		}
		return err
	})
	return n, err
}

// run runs a statement of which only the success matters.
func (db *conn) run(query string, args ...any) error {
	_, err := db.exec(query, args...)
	return err
}

// row reads one row into dest and reports whether there was one.
func (db *conn) row(dest []any, query string, args ...any) (bool, error) {
	st, err := db.prepared(query)
	if err != nil {
		return false, err
	}
	err = st.QueryRowContext(background, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// query reads all rows of a statement.
func query[T any](db *conn, scan func(*sql.Rows) (T, error), text string, args ...any) ([]T, error) {
	st, err := db.prepared(text)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(background, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

// within runs a request. A refusal undoes what it wrote and nothing else; after a
// failure the transaction has to be rolled back. What is guarded does without a
// savepoint, which costs as much as a short statement, when it is not alone: it
// is run again by itself where it should have had one.
func (db *conn) within(r *request, alone bool) (refusal, failure error) {
	if r.guarded && !alone {
		refusal, failure = r.apply(db)
		if failure == nil && refusal != nil && !errors.Is(refusal, nidan.ErrConflict) {
			failure = fmt.Errorf("refused after it had written: %w", refusal)
		}
		return refusal, failure
	}
	return db.inSavepoint(r.apply)
}

// inSavepoint runs apply in a savepoint.
func (db *conn) inSavepoint(apply func(*conn) (refusal, failure error)) (refusal, failure error) {
	if err := db.run("SAVEPOINT request"); err != nil {
		return nil, err
	}
	refusal, failure = apply(db)
	if failure != nil {
		return nil, failure
	}
	if refusal != nil {
		if err := db.run("ROLLBACK TO request"); err != nil {
			return nil, err
		}
	}
	return refusal, db.run("RELEASE request")
}

// rollback ends the transaction and reports whether the connection is known to
// be outside of one. SQLite rolls back by itself after some errors, a full
// disk among them, and then says that there is nothing to roll back.
func (db *conn) rollback() bool {
	err := db.run("ROLLBACK")
	return err == nil || strings.Contains(err.Error(), "no transaction is active")
}

// restartLog moves what the write-ahead log holds into the database file and
// lets the next commit write the log from its beginning again. It reports
// false where a reader or another process was in the way.
func (db *conn) restartLog() bool {
	var busy, pages, moved int64
	found, err := db.row([]any{&busy, &pages, &moved}, "PRAGMA wal_checkpoint(RESTART)")
	return err == nil && found && busy == 0
}

// primaryCode returns SQLite's result code without its extension, or 0.
func primaryCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool { return primaryCode(err) == sqlite3.SQLITE_BUSY }
func isFull(err error) bool { return primaryCode(err) == sqlite3.SQLITE_FULL }

// isDuplicate reports whether a row with this key exists already.
func isDuplicate(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE)
}
