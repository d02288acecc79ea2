package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// Load implements [nidan.Store]. It is one statement, and so one snapshot, and as
// much work for a frozen account as for any other. What this process is about to
// bring to the disk is waited for.
func (s *SQLite) Load(ctx context.Context, kind nidan.Kind, id nidan.AccountID, session nidan.SessionID) (l nidan.Loaded, err error) {
	var (
		format, last, trail number
		frozen              sql.NullString
		sealed              []byte
		seen                sql.Null[number]
	)
	row, err := s.load.row(ctx, string(id), string(kind), string(session))
	if err == nil {
		err = s.w.landed(ctx, id)
	}
	if err == nil && row == nil {
		return nidan.Loaded{}, nidan.ErrNotFound
	}
	if err == nil {
		err = scan(row, []any{&format, (*number)(&l.Record.Version), &l.Record.Sealed, &last, &frozen, &sealed, &seen, &trail})
	}
	if err != nil {
		return nidan.Loaded{}, fmt.Errorf("store: load %s: %w", id, err)
	}
	l.Record.Kind, l.Record.ID, l.Record.Format = kind, id, int(format)
	l.Record.Projection.LastSignIn, l.Trail = instant(last), int64(trail)
	if frozen.Valid {
		l.Frozen = freezeOf(id, frozen.String)
	}
	if seen.Valid {
		l.Session = &nidan.SessionRow{Account: id, ID: session, Sealed: sealed, Seen: instant(seen.V)}
	}
	return l, nil
}

// freezeOf reads a freeze in the form in which it is loaded. What somebody put
// there that is none freezes all the same.
func freezeOf(id nidan.AccountID, text string) *nidan.Freeze {
	f := &nidan.Freeze{Account: id}
	var at int64
	if _, err := fmt.Sscan(text, &f.Part, &f.Shown, &f.Found, &at); err == nil {
		f.At = instant(number(at))
	}
	return f
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
