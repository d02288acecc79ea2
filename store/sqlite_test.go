package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/store/storetest"
)

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		path := filepath.Join(t.TempDir(), "nidan.db")
		closeStore(t, create(t, path))
		return storetest.Database{
			Open: func(t testing.TB) storetest.Engine { return open(t, path) },
			Dump: func(t testing.TB) storetest.Rows { return dump(t, path) },
		}
	})
}

func create(t testing.TB, path string) *store.SQLite {
	t.Helper()
	s, err := store.CreateSQLite(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t testing.TB, path string) *store.SQLite {
	t.Helper()
	s, err := store.OpenSQLite(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t testing.TB, s *store.SQLite) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// newStore is a new database, closed at the end of the test.
func newStore(t testing.TB) (s *store.SQLite, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "nidan.db")
	s = create(t, path)
	t.Cleanup(func() { closeStore(t, s) })
	return s, path
}

// look opens the file with another connection, for reading only.
func look(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_query_only=1")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// tables lists the tables in the file, but not those of SQLite itself.
func tables(t testing.TB, db *sql.DB) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

// dump returns the rows of all tables but that of the migrations.
func dump(t testing.TB, path string) storetest.Rows {
	t.Helper()
	db := look(t, path)
	defer db.Close()
	all := make(storetest.Rows)
	for _, table := range tables(t, db) {
		if table == "nidan_migrations" {
			continue
		}
		all[table] = dumpTable(t, db, table)
	}
	return all
}

func dumpTable(t testing.TB, db *sql.DB, table string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		var row strings.Builder
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fmt.Fprintf(&row, "%s=%#v ", columns[i], v)
		}
		all = append(all, row.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOpenNeverMakesADatabase(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.db")
	if _, err := store.OpenSQLite(t.Context(), missing, store.Options{}); !errors.Is(err, store.ErrNoDatabase) {
		t.Errorf("OpenSQLite without a file: %v, want ErrNoDatabase", err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenSQLite has made a file: %v", err)
	}

	empty := filepath.Join(dir, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenSQLite(t.Context(), empty, store.Options{}); !errors.Is(err, store.ErrNoDatabase) {
		t.Errorf("OpenSQLite of an empty file: %v, want ErrNoDatabase", err)
	}
	if fi, err := os.Stat(empty); err != nil || fi.Size() != 0 {
		t.Errorf("OpenSQLite has written to an empty file: %v, %v", fi, err)
	}

	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func() (*store.SQLite, error){
		func() (*store.SQLite, error) { return store.OpenSQLite(t.Context(), text, store.Options{}) },
		func() (*store.SQLite, error) { return store.CreateSQLite(t.Context(), text, store.Options{}) },
	} {
		if _, err := open(); err == nil {
			t.Error("a text file passes for a database")
		}
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "name with ?&#% in it.db")
	s := create(t, path)
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	t.Run("files are for their owner only", func(t *testing.T) {
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			fi, err := os.Stat(name)
			if err != nil {
				t.Error(err)
			} else if fi.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", name, fi.Mode())
			}
		}
	})
	t.Run("again", func(t *testing.T) {
		if _, err := store.CreateSQLite(t.Context(), path, store.Options{}); !errors.Is(err, store.ErrExists) {
			t.Errorf("CreateSQLite = %v, want ErrExists", err)
		}
	})
	closeStore(t, s)
	t.Run("one file is left after Close", func(t *testing.T) {
		for _, name := range []string{path + "-wal", path + "-shm"} {
			if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", name, err)
			}
		}
		s := open(t, path)
		defer closeStore(t, s)
		if _, err := s.Load(t.Context(), nidan.KindAccount, "ann", ""); err != nil {
			t.Error(err)
		}
	})
	t.Run("beside the log of a lost database", func(t *testing.T) {
		lost := filepath.Join(t.TempDir(), "lost.db")
		if err := os.WriteFile(lost+"-wal", []byte("frames"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.CreateSQLite(t.Context(), lost, store.Options{}); !errors.Is(err, store.ErrExists) {
			t.Errorf("CreateSQLite = %v, want ErrExists", err)
		}
		if _, err := os.Stat(lost); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a database was made: %v", err)
		}
	})
	t.Run("twice at once", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "nidan.db")
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				s, err := store.CreateSQLite(t.Context(), path, store.Options{})
				if err == nil {
					closeStore(t, s)
				} else if !errors.Is(err, store.ErrExists) {
					t.Errorf("CreateSQLite: %v", err)
				}
			})
		}
		all.Wait()
		closeStore(t, open(t, path))
	})
	t.Run("in an application's own file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "application.db")
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE customers (id INTEGER); INSERT INTO customers VALUES (42)"); err != nil {
			t.Fatal(err)
		}
		if _, err := store.OpenSQLite(t.Context(), path, store.Options{}); !errors.Is(err, store.ErrNoDatabase) {
			t.Errorf("OpenSQLite = %v, want ErrNoDatabase", err)
		}
		s := create(t, path)
		defer closeStore(t, s)
		if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
			t.Error(err)
		}
		var id int
		if err := db.QueryRowContext(t.Context(), "SELECT id FROM customers").Scan(&id); err != nil || id != 42 {
			t.Errorf("the application's row is %d, %v", id, err)
		}
	})
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nidan.db")
	s := create(t, path)
	if err := s.Exec("INSERT INTO nidan_migrations (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if _, err := store.OpenSQLite(t.Context(), path, store.Options{}); !errors.Is(err, store.ErrNewer) {
		t.Errorf("OpenSQLite = %v, want ErrNewer", err)
	}
}

func TestEveryNameBeginsWithNidan(t *testing.T) {
	_, path := newStore(t)
	db := look(t, path)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var kind, name string
		if err := rows.Scan(&kind, &name); err != nil {
			t.Fatal(err)
		}
		n++
		if !strings.HasPrefix(name, "nidan_") && !strings.HasPrefix(name, "sqlite_") {
			t.Errorf("the %s %s does not begin with nidan_", kind, name)
		}
	}
	if err := rows.Err(); err != nil || n < 9 {
		t.Errorf("%d names, %v", n, err)
	}
}

// A page of the file overwritten with noise is found.
func TestCheck_finds_damage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nidan.db")
	db, err := store.CreateSQLite(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("a sound database: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	var page, size int // of a table that opening does not read
	err = raw.QueryRow("SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'nidan_gates'").Scan(&page, &size)
	if err := errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := (page - 1) * size; i < page*size-size/2; i++ {
		b[i] ^= 0x5a
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if db, err = store.OpenSQLite(t.Context(), path, store.Options{}); err != nil {
		t.Fatalf("opening reads what was damaged, so nothing is shown of Check: %v", err)
	}
	defer db.Close()
	if err := db.Check(t.Context()); err == nil {
		t.Error("damage is not found")
	}
}
