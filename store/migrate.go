package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose remembers which migrations were applied.
const versionTable = "nidan_migrations"

// migrator applies the migrations to db.
func migrator(db *sql.DB, dialect goose.Dialect) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files,
		goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true), // the embedding application may use goose too
		goose.WithSlog(slog.New(slog.DiscardHandler)))
}

// migrate brings the tables to what this program knows. A database that is
// already beyond that is refused: what a newer program wrote, this one may
// misread.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, at int64) error {
	m, err := migrator(db, dialect)
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	known := m.ListSources()
	if newest := known[len(known)-1].Version; at > newest {
		return fmt.Errorf("%w: its tables are at version %d, this program knows %d", ErrNewer, at, newest)
	}
	// Two programs may start at once. Each migration is one transaction, so
	// the one that comes second fails and finds it done when it looks again.
	for range 3 {
		if _, err = m.Up(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

// sqliteVersion returns the number of the newest migration applied to a SQLite
// file, 0 if Nidan has no tables there. It changes nothing: the file may
// belong to somebody else.
func sqliteVersion(ctx context.Context, db *sql.DB) (int64, error) {
	var name string
	err := db.QueryRowContext(ctx,
		`SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1`, versionTable).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var v int64
	err = db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM `+versionTable).Scan(&v)
	return v, err
}
