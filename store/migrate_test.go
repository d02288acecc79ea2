package store_test

import (
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// columns lists the columns of a table.
func columns(t testing.TB, path, table string) []string {
	t.Helper()
	db := look(t, path)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// firstRows is one row, or two, of every table that the first migration made.
var firstRows = []string{
	`INSERT INTO nidan_documents (id, kind, format, version, sealed, name, protected, methods, last_sign_in, created)
	 VALUES ('ann', 'account', 1, 1, x'0102', 'ann@example.com', TRUE, 'totp', 5, 4)`,
	`INSERT INTO nidan_sessions (account, id, sealed, seen) VALUES ('ann', 's', x'03', 6)`,
	`INSERT INTO nidan_events (owner, seq, commit_id, body) VALUES ('ann', 1, 'c', x'04')`,
	`INSERT INTO nidan_outbox (account, id, sealed, due, expires) VALUES ('ann', 'm', x'05', 7000000, 9000000), ('ann', 'n', x'06', 6000000, 9000000)`,
	`INSERT INTO nidan_lookups (kind, key, account) VALUES ('login', 'ann@example.com', 'ann')`,
	`INSERT INTO nidan_freezes (account, part, shown, found, at) VALUES ('bob', 'session', 2, 1, 8)`,
	`INSERT INTO nidan_gates (key, wrong, last) VALUES ('k', 3, 9)`,
	`INSERT INTO nidan_canary (id, sealed) VALUES (1, x'07')`,
}

// A database that an older program made, whichever, keeps its rows, and is one
// that this program works on.
func TestOlderDatabaseIsBroughtUpToDate(t *testing.T) {
	versions := 0
	for version, newer := int64(1), true; newer; version++ {
		path := filepath.Join(t.TempDir(), "nidan.db")
		var err error
		if newer, err = store.CreateAt(path, version); err != nil {
			t.Fatal(err)
		}
		versions++
		insertFirst(t, path)
		before := dump(t, path)
		s := open(t, path)
		after := dump(t, path)
		for _, table := range slices.Sorted(maps.Keys(before)) {
			if len(before[table]) == 0 && version == 1 {
				t.Errorf("no row was put into %s", table)
			}
			if !slices.EqualFunc(after[table], before[table], strings.HasPrefix) { // columns may have been added
				t.Errorf("from version %d: %s holds\n%q\nand not\n%q", version, table, after[table], before[table])
			}
		}
		rows, err := s.Lease(t.Context(), time.Unix(8, 0), time.Unix(9, 0), 5)
		if err != nil || len(rows) != 2 || rows[0].ID != "n" || rows[0].Tries != 1 || rows[0].Cause != "" {
			t.Errorf("from version %d: the messages are %+v, %v", version, rows, err)
		}
		if err := s.Commit(t.Context(), signIn("ann", 1)); err != nil {
			t.Errorf("from version %d: %v", version, err)
		}
		if l, err := s.Load(t.Context(), nidan.KindAccount, "ann", ""); err != nil || l.Record.Version != 2 || l.Trail != 2 {
			t.Errorf("from version %d: %+v, %v", version, l, err)
		}
		closeStore(t, s)
	}
	if versions < 2 {
		t.Errorf("only %d versions were tried", versions)
	}
}

func insertFirst(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, text := range firstRows {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}
