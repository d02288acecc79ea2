package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nidan-auth/nidan"
)

// Queue implements [nidan.Store]. The rows' Tries and Cause are not taken
// along. The rows must not be changed afterwards, not even when Queue has
// returned [nidan.ErrUnknown].
func (s *SQLite) Queue(ctx context.Context, rows []nidan.OutboxRow) error {
	if len(rows) == 0 {
		return nil
	}
	return s.w.submit(ctx, &request{
		apart: true,
		apply: func(db *conn) (refusal, failure error) { return nil, db.queue(rows) },
	})
}

func (db *conn) queue(rows []nidan.OutboxRow) error {
	for _, m := range rows {
		if err := db.run(sqlInsertMessage, m.Account, m.ID, m.Sealed, micros(m.Due), micros(m.Expires)); err != nil {
			return err
		}
	}
	return nil
}

// Lease implements [nidan.Post]. What it returns is due at until by now.
func (s *SQLite) Lease(ctx context.Context, now, until time.Time, limit int) ([]nidan.OutboxRow, error) {
	if !until.After(now) {
		return nil, errors.New("store: a lease has to end after it begins")
	}
	var rows []nidan.OutboxRow
	err := s.w.submit(ctx, &request{
		apart: true,
		stay:  true, // who has left would hold up what was taken for them
		apply: func(db *conn) (refusal, failure error) {
			rows, failure = db.lease(micros(now), micros(until), max(limit, 0))
			return nil, failure
		},
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// urgent is how soon what is called urgent expires: numbers, and the links that
// only who has an account is mailed. Registrations, which strangers can have
// mailed without end, live longer and wait with the notices.
const urgent = time.Hour

// lease takes what runs out within an hour first: a number that lives for ten
// minutes must not wait behind a hundred thousand notices that live for a week.
func (db *conn) lease(now, until int64, limit int) ([]nidan.OutboxRow, error) {
	soon := now + int64(urgent/time.Microsecond)
	taken, err := db.take(now, until, sqlUrgent, now, soon, limit)
	if err != nil || len(taken) == limit {
		return taken, err
	}
	rest, err := db.take(now, until, sqlDue, now, soon, limit-len(taken))
	return append(taken, rest...), err
}

// take takes the messages that a query names, in its order.
func (db *conn) take(now, until int64, text string, args ...any) ([]nidan.OutboxRow, error) {
	type key struct{ account, id string }
	due, err := query(db, func(rows *sql.Rows) (k key, err error) {
		err = rows.Scan(&k.account, &k.id)
		return k, err
	}, text, args...)
	if err != nil {
		return nil, err
	}
	var taken []nidan.OutboxRow
	for _, k := range due {
		rows, err := query(db, scanMessage, sqlTake, k.account, k.id, now, until)
		if err != nil {
			return nil, err
		}
		taken = append(taken, rows...)
	}
	return taken, nil
}

// scanMessage reads the columns messageColumns.
func scanMessage(rows *sql.Rows) (nidan.OutboxRow, error) {
	var m nidan.OutboxRow
	var due, expires, tries number
	err := rows.Scan(&m.Account, &m.ID, &m.Sealed, &due, &expires, &tries, &m.Cause)
	m.Due, m.Expires, m.Tries = instant(due), instant(expires), int(tries)
	return m, err
}

// Sent implements [nidan.Post].
func (s *SQLite) Sent(ctx context.Context, account nidan.AccountID, id string) error {
	return s.write(ctx, sqlDeleteMessage, account, id)
}

// Later implements [nidan.Post].
func (s *SQLite) Later(ctx context.Context, account nidan.AccountID, id string, due time.Time) error {
	return s.write(ctx, sqlDelayMessage, account, id, micros(due))
}

// Bury implements [nidan.Post]. A message is given up for one cause, the first.
func (s *SQLite) Bury(ctx context.Context, account nidan.AccountID, id, cause string) error {
	if cause == "" {
		return fmt.Errorf("store: message %s of %s: giving it up needs a cause", id, account)
	}
	return s.write(ctx, sqlBuryMessage, account, id, []byte{}, cause)
}

// write runs one statement by itself.
func (s *SQLite) write(ctx context.Context, query string, args ...any) error {
	return s.w.submit(ctx, &request{
		apart: true,
		apply: func(db *conn) (refusal, failure error) { return nil, db.run(query, args...) },
	})
}
