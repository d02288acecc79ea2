package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// list reads all rows of a statement.
func list[T any](ctx context.Context, db *sql.DB, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: list: %w", err)
	}
	all, err := collect(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("store: list: %w", err)
	}
	return all, nil
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) (all []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// Record implements [nidan.Archive].
func (s *SQLite) Record(ctx context.Context, id nidan.AccountID) (nidan.Record, error) {
	var doc recordScan
	err := s.read.QueryRowContext(ctx, sqlRecord, id, nidan.KindAccount).Scan(append(doc.dest(), &doc.rec.ID)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nidan.Record{}, nidan.ErrNotFound
	}
	if err != nil {
		return nidan.Record{}, fmt.Errorf("store: the record of %s: %w", id, err)
	}
	doc.rec.Kind = nidan.KindAccount
	return doc.record(), nil
}

// Accounts implements [nidan.Archive]: the documents of accounts, not those of
// other kinds.
func (s *SQLite) Accounts(ctx context.Context, after nidan.AccountID, limit int) ([]nidan.Record, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (nidan.Record, error) {
		var doc recordScan
		err := rows.Scan(append(doc.dest(), &doc.rec.ID)...)
		doc.rec.Kind = nidan.KindAccount
		return doc.record(), err
	}, sqlAccounts, after, nidan.KindAccount, max(limit, 0))
}

// Events implements [nidan.Archive].
func (s *SQLite) Events(ctx context.Context, owner nidan.AccountID, from int64, limit int) ([]nidan.EventRow, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (nidan.EventRow, error) {
		e := nidan.EventRow{Owner: owner}
		err := rows.Scan((*number)(&e.Seq), &e.Commit, &e.Body)
		return e, err
	}, sqlEvents, owner, from, max(limit, 0))
}

// EventOwners implements [nidan.Archive].
func (s *SQLite) EventOwners(ctx context.Context, after nidan.AccountID, limit int) ([]nidan.AccountID, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (id nidan.AccountID, err error) {
		err = rows.Scan(&id)
		return id, err
	}, sqlEventOwners, after, max(limit, 0))
}

// Sessions implements [nidan.Archive].
func (s *SQLite) Sessions(ctx context.Context, account nidan.AccountID) ([]nidan.SessionRow, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (nidan.SessionRow, error) {
		row := nidan.SessionRow{Account: account}
		var seen number
		err := rows.Scan(&row.ID, &row.Sealed, &seen)
		row.Seen = instant(seen)
		return row, err
	}, sqlSessions, account)
}

// Lookups implements [nidan.Archive].
func (s *SQLite) Lookups(ctx context.Context, account nidan.AccountID) ([]nidan.Lookup, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (nidan.Lookup, error) {
		l := nidan.Lookup{Account: account}
		err := rows.Scan(&l.Kind, &l.Key)
		return l, err
	}, sqlLookups, account)
}

// Outbox implements [nidan.Archive].
func (s *SQLite) Outbox(ctx context.Context, account nidan.AccountID) ([]nidan.OutboxRow, error) {
	return list(ctx, s.read, scanMessage, sqlOutbox, account)
}
