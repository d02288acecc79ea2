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
	var (
		doc                     recordScan
		part                    sql.NullString
		shown, found, at, atUse sql.NullInt64
		sealed                  []byte
		trail                   int64
	)
	dest := append(doc.dest(), &part, &shown, &found, &at, &sealed, &atUse, number(&trail))
	err := s.load.QueryRowContext(ctx, id, kind, session).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nidan.Loaded{}, nidan.ErrNotFound
	}
	if err != nil {
		return nidan.Loaded{}, fmt.Errorf("store: load %s: %w", id, err)
	}
	l := nidan.Loaded{Record: doc.record(), Trail: trail}
	l.Record.Kind, l.Record.ID = kind, id
	if part.Valid {
		l.Frozen = &nidan.Freeze{
			Account: id, Part: part.String, Shown: shown.Int64, Found: found.Int64, At: instant(at.Int64),
		}
	}
	if atUse.Valid {
		l.Session = &nidan.SessionRow{Account: id, ID: session, Sealed: sealed, Seen: instant(atUse.Int64)}
	}
	return l, nil
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
