package store

import (
	"errors"
	"sync"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// Exec runs a statement on the writer's connection.
func (s *SQLite) Exec(query string, args ...any) error {
	return s.w.submit(background, &request{apply: func(db *conn) (refusal, failure error) {
		return nil, db.run(query, args...)
	}})
}

// Value reads one number on the writer's connection.
func (s *SQLite) Value(query string) (n int64, err error) {
	err = s.w.submit(background, &request{apply: func(db *conn) (refusal, failure error) {
		_, failure = db.row([]any{&n}, query)
		return nil, failure
	}})
	return n, err
}

// AfterCommit makes the writer take what f returns for the answer of COMMIT.
func (s *SQLite) AfterCommit(f func(error) error) { s.w.afterCommit.Store(&f) }

// Entangle leaves the writer's connection in a transaction that it does not
// know of, with the write lock held.
func (s *SQLite) Entangle() {
	var once sync.Once
	s.AfterCommit(func(err error) error {
		once.Do(func() { err = errors.Join(err, s.w.conn.run("BEGIN IMMEDIATE")) })
		return err
	})
}

// RefuseCommits makes SQLite itself fail the COMMITs of the present connection
// while refuse says so.
func (s *SQLite) RefuseCommits(refuse func() bool) error {
	return s.w.submit(background, &request{apply: func(db *conn) (refusal, failure error) {
		return nil, db.sql.Raw(func(driverConn any) error {
			h, ok := driverConn.(sqlite.HookRegisterer)
			if !ok {
				return errors.New("the driver has no hooks")
			}
			h.RegisterCommitHook(func() int32 {
				if refuse() {
					return 1
				}
				return 0
			})
			return nil
		})
	}})
}

// CreateAt makes a database as the program made it whose newest migration had
// the given number, and reports whether a newer one is known.
func CreateAt(path string, version int64) (newer bool, err error) {
	if err := makeFile(path); err != nil {
		return false, err
	}
	db, err := openDB(path, writing, 1)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	m, err := migrator(db, goose.DialectSQLite3)
	if err != nil {
		return false, err
	}
	known := m.ListSources()
	_, err = m.UpTo(background, version)
	return version < known[len(known)-1].Version, err
}

// PostSQL are the statements that sending consists of.
var PostSQL = []string{sqlUrgent, sqlDue, sqlTake, sqlDeleteMessage, sqlDelayMessage, sqlBuryMessage}

// SeenBatch is how many uses travel with one commit.
const SeenBatch = seenBatch

// Check is what every engine asks before it writes.
var Check = check
