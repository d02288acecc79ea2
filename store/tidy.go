package store

import (
	"context"
	"time"
)

// Tidy implements [nidan.Archive].
func (s *SQLite) Tidy(ctx context.Context, now, idle time.Time) error {
	return s.w.submit(ctx, &request{
		apart: true,
		apply: func(db *conn) (refusal, failure error) {
			if err := db.run(sqlTidyOutbox, micros(now)); err != nil {
				return nil, err
			}
			return nil, db.run(sqlTidyGates, micros(idle))
		},
	})
}
