package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// Load implements [nidan.Store]. It is one statement, and so one snapshot.
func (s *SQLite) Load(ctx context.Context, kind nidan.Kind, id nidan.AccountID, session nidan.SessionID) (nidan.Loaded, error) {
	var x loadScan
	row, err := s.load.row(ctx, string(id), string(kind), string(session))
	if err == nil && row == nil {
		return nidan.Loaded{}, nidan.ErrNotFound
	}
	if err == nil {
		err = scan(row, x.dest())
	}
	if err != nil {
		return nidan.Loaded{}, fmt.Errorf("store: load %s: %w", id, err)
	}
	l := nidan.Loaded{Record: x.record(), Trail: int64(x.trail)}
	l.Record.Kind, l.Record.ID = kind, id
	if x.part.Valid {
		l.Frozen = &nidan.Freeze{
			Account: id, Part: x.part.String, Shown: int64(x.shown.V), Found: int64(x.found.V), At: instant(x.at.V),
		}
	}
	if x.seen.Valid {
		l.Session = &nidan.SessionRow{Account: id, ID: session, Sealed: x.sealed, Seen: instant(x.seen.V)}
	}
	return l, nil
}

// A loadScan takes what sqlLoad selects.
type loadScan struct {
	recordScan
	part                   sql.NullString
	shown, found, at, seen sql.Null[number]
	sealed                 []byte
	trail                  number
}

func (x *loadScan) dest() []any {
	return append(x.recordScan.dest(), &x.part, &x.shown, &x.found, &x.at, &x.sealed, &x.seen, &x.trail)
}

// Lookup implements [nidan.Store].
func (s *SQLite) Lookup(ctx context.Context, kind nidan.LookupKind, key string) (nidan.AccountID, error) {
	var id nidan.AccountID
	err := s.lookup.QueryRowContext(ctx, kind, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nidan.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("store: look up a %s: %w", kind, err)
	}
	return id, nil
}
