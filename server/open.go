package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
)

// database is the path of the SQLite file.
func (s *settings) database() string { return filepath.Join(s.Data, "nidan.db") }

// keyring is the path of the keyring, unless one is given.
func (s *settings) keyring() string { return filepath.Join(s.Data, "keyring", "keyring.json") }

// open opens the database and the keyring, and admits the pair. With create,
// both are made where there is neither. Every refusal says what was found and
// what to do about it.
func (s *settings) open(ctx context.Context, create bool, o store.Options) (*store.SQLite, *vault.Vault, error) {
	given, err := s.givenKeyring()
	if err != nil {
		return nil, nil, err
	}
	db, err := store.OpenSQLite(ctx, s.database(), o)
	if errors.Is(err, store.ErrNoDatabase) {
		if !create {
			return nil, nil, fmt.Errorf("there is no database %q: name the folder with --data, or start 'nidan serve' there first", s.database())
		}
		db, err = s.create(ctx, given, o)
	}
	if err != nil {
		return nil, nil, err
	}
	v, err := s.admit(ctx, store.Shelf{SQLite: db}, given)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, v, nil
}

// create makes the database. It looks at the keyring first: one that was in
// use says that a database is missing, and an empty one must not take its
// place.
func (s *settings) create(ctx context.Context, v *vault.Vault, o store.Options) (*store.SQLite, error) {
	if v == nil {
		var err error
		if v, err = vault.Load(s.keyring()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if v != nil && v.Used() {
		return nil, fmt.Errorf("%w: the keyring of store %s has been in use, but there is no database %q; see that the right folder is named and mounted, or restore the database from its backup. To begin anew, with no accounts, move the keyring away first", vault.ErrNoDatabase, v.StoreID(), s.database())
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	db, err := store.CreateSQLite(ctx, s.database(), o)
	if errors.Is(err, store.ErrExists) {
		return store.OpenSQLite(ctx, s.database(), o) // another process was faster
	}
	return db, err
}

// admit loads the keyring, or makes one for an empty database, and sees that
// the two belong together.
func (s *settings) admit(ctx context.Context, db vault.Database, given *vault.Vault) (*vault.Vault, error) {
	if given == nil {
		return vault.Start(ctx, s.keyring(), db)
	}
	return given, given.Admit(ctx, db)
}

// givenKeyring reads a keyring that is not in the data folder. nil: there is
// none.
func (s *settings) givenKeyring() (*vault.Vault, error) {
	switch {
	case !s.Keyring.Empty():
		v, err := vault.Parse(s.Keyring.Reveal())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", envKeyring, err)
		}
		return v, nil
	case s.KeyringFile != "":
		text, err := os.ReadFile(s.KeyringFile)
		if err != nil {
			return nil, fmt.Errorf("--keyring-file: %w", err)
		}
		v, err := vault.Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("--keyring-file %s: %w", s.KeyringFile, err)
		}
		return v, nil
	}
	return nil, nil
}
