package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// Load implements [nidan.Store]. It is one statement, and so one snapshot; only
// what is known of a freeze, which never changes, is read after it.
func (s *SQLite) Load(ctx context.Context, kind nidan.Kind, id nidan.AccountID, session nidan.SessionID) (nidan.Loaded, error) {
	for {
		l, frozen, err := s.loadOnce(ctx, kind, id, session)
		if err == nil && frozen {
			if l.Frozen, err = s.freeze(ctx, id); errors.Is(err, sql.ErrNoRows) {
				continue // it goes on meanwhile
			}
		}
		switch {
		case errors.Is(err, nidan.ErrNotFound):
			return nidan.Loaded{}, err
		case err != nil:
			return nidan.Loaded{}, fmt.Errorf("store: load %s: %w", id, err)
		}
		return l, nil
	}
}

func (s *SQLite) loadOnce(ctx context.Context, kind nidan.Kind, id nidan.AccountID, session nidan.SessionID) (l nidan.Loaded, frozen bool, err error) {
	var (
		format, last, trail number
		part                sql.NullString
		sealed              []byte
		seen                sql.Null[number]
	)
	row, err := s.load.row(ctx, string(id), string(kind), string(session))
	if err == nil && row == nil {
		err = nidan.ErrNotFound
	}
	if err == nil {
		err = scan(row, []any{&format, (*number)(&l.Record.Version), &l.Record.Sealed, &last, &part, &sealed, &seen, &trail})
	}
	if err != nil {
		return nidan.Loaded{}, false, err
	}
	l.Record.Kind, l.Record.ID, l.Record.Format = kind, id, int(format)
	l.Record.Projection.LastSignIn, l.Trail = instant(last), int64(trail)
	if seen.Valid {
		l.Session = &nidan.SessionRow{Account: id, ID: session, Sealed: sealed, Seen: instant(seen.V)}
	}
	return l, part.Valid, nil
}

// freeze is the finding for which an account is frozen, [sql.ErrNoRows] if it is
// not.
func (s *SQLite) freeze(ctx context.Context, id nidan.AccountID) (*nidan.Freeze, error) {
	f := &nidan.Freeze{Account: id}
	var shown, found, at number
	err := s.read.QueryRowContext(ctx, sqlFreeze, id).Scan(&f.Part, &shown, &found, &at)
	f.Shown, f.Found, f.At = int64(shown), int64(found), instant(at)
	return f, err
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
