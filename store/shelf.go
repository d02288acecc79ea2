package store

import (
	"context"
	"errors"

	"github.com/nidan-auth/nidan"
)

// A Shelf is what the vault sees of the database.
type Shelf struct{ SQLite *SQLite }

// Canary implements vault.Database.
func (s Shelf) Canary(ctx context.Context) (canary []byte, empty bool, err error) {
	canary, err = s.SQLite.Canary(ctx)
	if err != nil && !errors.Is(err, nidan.ErrNotFound) {
		return nil, false, err
	}
	docs, err := s.SQLite.Accounts(ctx, "", 1)
	if err != nil {
		return nil, false, err
	}
	// The instance's own document is none of an account, but has a trail.
	owners, err := s.SQLite.EventOwners(ctx, "", 1)
	if err != nil {
		return nil, false, err
	}
	return canary, len(docs) == 0 && len(owners) == 0, nil
}

// PutCanary implements vault.Database.
func (s Shelf) PutCanary(ctx context.Context, canary []byte) error {
	err := s.SQLite.PutCanary(ctx, canary)
	if errors.Is(err, nidan.ErrConflict) {
		return nil // there is one already, and it stays
	}
	return err
}
