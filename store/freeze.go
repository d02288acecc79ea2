package store

import (
	"context"

	"github.com/nidan-auth/nidan"
)

// Freeze implements [nidan.Store].
func (s *SQLite) Freeze(ctx context.Context, f nidan.Freeze) error {
	return s.w.submit(ctx, &request{
		account: f.Account,
		apply: func(db *conn) (refusal, failure error) {
			return nil, db.run(sqlInsertFreeze, f.Account, f.Part, f.Shown, f.Found, micros(f.At))
		},
	})
}
