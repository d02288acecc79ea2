package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// Canary returns the sealed bytes that were put into the database when it was
// made, or [nidan.ErrNotFound]. Whoever cannot open them has the wrong keyring
// for this database.
func (s *SQLite) Canary(ctx context.Context) ([]byte, error) {
	var sealed []byte
	err := s.read.QueryRowContext(ctx, sqlCanary).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nidan.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: canary: %w", err)
	}
	return sealed, nil
}

// PutCanary stores the canary. It fails with [nidan.ErrConflict] if the
// database has one, and changes nothing then.
func (s *SQLite) PutCanary(ctx context.Context, sealed []byte) error {
	return s.w.submit(ctx, &request{
		apart: true,
		apply: func(db *conn) (refusal, failure error) {
			n, err := db.exec(sqlPutCanary, sealed)
			if err == nil && n == 0 {
				return nidan.ErrConflict, nil
			}
			return nil, err
		},
	})
}
