package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Why a start is refused. Each message says what was found and what to do.
var (
	// ErrNoKeyring: the database was used, and there is no keyring.
	ErrNoKeyring = errors.New("vault: the keyring is missing")
	// ErrNoDatabase: the keyring was used, and the database is empty.
	ErrNoDatabase = errors.New("vault: the database is missing")
	// ErrNoCanary: the database holds sealed values and no canary.
	ErrNoCanary = errors.New("vault: the database has lost its canary")
	// ErrWrongKeyring: the database was sealed with another keyring.
	ErrWrongKeyring = errors.New("vault: the keyring is not this database's")
	// ErrGeneration: the database and the keyring are of different
	// generations, so one of them is from before a restore.
	ErrGeneration = errors.New("vault: the database and the keyring are of different generations")
)

// A Database keeps one value for the vault, the canary, beside what was sealed.
type Database interface {
	// Canary returns the canary, nil if there is none, and whether nothing
	// sealed is in the database at all.
	Canary(ctx context.Context) (canary []byte, empty bool, err error)

	// PutCanary stores the canary and returns when it is durable. Where there
	// is one already, it leaves that one and returns nil.
	PutCanary(ctx context.Context, canary []byte) error
}

// Start loads the keyring at path, or creates it where the database is empty,
// and admits the pair. Call it before anything is sealed; nothing but this is
// needed at a start.
//
// It can be stopped at any point and called again:
//
//	keyring  canary  what happens
//	none     none    the keyring is created, marked "new"
//	new      none    the canary is stored
//	new      stored  the mark is taken away
//	used     stored  nothing
//
// Everything else is refused, also where the database is not empty and has no
// canary. Several processes may start at once: those that share the keyring's
// file agree on one keyring, and one with another file gets ErrWrongKeyring.
func Start(ctx context.Context, path string, db Database) (*Vault, error) {
	v, err := Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		v, err = first(ctx, path, db)
	}
	if err != nil {
		return nil, err
	}
	if err := v.Admit(ctx, db); err != nil {
		return nil, err
	}
	return v, nil
}

// first creates the keyring, unless the database says that there was one.
func first(ctx context.Context, path string, db Database) (*Vault, error) {
	canary, empty, err := db.Canary(ctx)
	if err != nil {
		return nil, fmt.Errorf("vault: read the canary: %w", err)
	}
	if len(canary) > 0 || !empty {
		return nil, fmt.Errorf("%w: there is no file %q, but the database has been in use; put the keyring back from its backup, as nothing in the database can be opened without it", ErrNoKeyring, path)
	}
	v, err := Create(path)
	if errors.Is(err, fs.ErrExist) {
		return Load(path)
	}
	return v, err
}

// Admit refuses a database that does not belong to this keyring, and ties a new
// keyring to an empty database. [Start] does it; call it for a keyring from
// [Parse] or [Load], before anything is sealed or opened.
func (v *Vault) Admit(ctx context.Context, db Database) error {
	canary, empty, err := db.Canary(ctx)
	if err != nil {
		return fmt.Errorf("vault: read the canary: %w", err)
	}
	if len(canary) == 0 {
		if canary, err = v.tie(ctx, db, empty); err != nil {
			return err
		}
	}
	if err := v.check(canary); err != nil {
		return err
	}
	return v.noteUsed()
}

// tie stores the canary and returns the one that is stored then, which may be
// that of another process.
func (v *Vault) tie(ctx context.Context, db Database, empty bool) ([]byte, error) {
	switch {
	case !empty:
		return nil, fmt.Errorf("%w: something in it is sealed, but it does not say with which keyring; restore the database from its backup", ErrNoCanary)
	case v.Used():
		return nil, fmt.Errorf("%w: the keyring of store %s has been in use, but the database is empty; see that the right database is configured and restore it if need be. To begin anew, with no accounts, move the keyring away first", ErrNoDatabase, v.r.store)
	}
	if err := db.PutCanary(ctx, v.canary()); err != nil {
		return nil, fmt.Errorf("vault: store the canary: %w", err)
	}
	canary, _, err := db.Canary(ctx)
	if err != nil {
		return nil, fmt.Errorf("vault: read the canary: %w", err)
	}
	return canary, nil
}
