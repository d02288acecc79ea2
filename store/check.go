package store

import (
	"context"
	"errors"
	"fmt"
)

// Check reads the database's structure through and returns what is wrong with
// it. It takes as long as reading the file does, and holds nobody up.
func (s *SQLite) Check(ctx context.Context) error {
	rows, err := s.read.QueryContext(ctx, "PRAGMA quick_check(5)")
	if err != nil {
		return fmt.Errorf("store: check: %w", err)
	}
	defer rows.Close()
	var found []error
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return fmt.Errorf("store: check: %w", err)
		}
		if line != "ok" {
			found = append(found, errors.New("store: "+line))
		}
	}
	return errors.Join(append(found, rows.Err())...)
}
