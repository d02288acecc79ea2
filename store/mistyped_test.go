package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// SQLite keeps a value of any type in any column. Whatever somebody puts into
// one row, every list still shows the others.
func TestMistypedColumnsStopNoList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nidan.db")
	s := create(t, path)
	for _, id := range []nidan.AccountID{"ann", "bob"} {
		c := signIn(id, 0)
		c.Queue = []nidan.OutboxRow{letter(id, "m", 1), letter(id, "n", 2)}
		c.Claim = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: string(id), Account: id}}
		err := errors.Join(s.Commit(t.Context(), c), s.Freeze(t.Context(), nidan.Freeze{Account: id, Part: "session", At: time.Unix(1, 0)}))
		if err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for table := range dump(t, path) {
		for _, column := range columns(t, path, table) {
			for _, value := range []string{"'text'", "x'00ff'", "1.5"} {
				t.Run(table+"."+column+"="+value, func(t *testing.T) {
					path := filepath.Join(t.TempDir(), "nidan.db")
					if err := os.WriteFile(path, sound, 0o600); err != nil {
						t.Fatal(err)
					}
					s := open(t, path)
					defer closeStore(t, s)
					// The first row of the table, whosever it is.
					err := s.Exec("UPDATE " + table + " SET " + column + " = " + value + " WHERE rowid = (SELECT MIN(rowid) FROM " + table + ")")
					if err == nil { // otherwise a CHECK forbids it
						listed(t, s)
					}
				})
			}
		}
	}
}

// listed checks that all lists come to their end, and show what is bob's.
func listed(t *testing.T, s *store.SQLite) {
	t.Helper()
	ctx := t.Context()
	accounts, err1 := s.Accounts(ctx, "", 10)
	owners, err2 := s.EventOwners(ctx, "", 10)
	if err := errors.Join(err1, err2); err != nil || len(accounts) == 0 || len(owners) == 0 {
		t.Errorf("%d accounts, %d owners, %v", len(accounts), len(owners), err)
	}
	for _, id := range []nidan.AccountID{"ann", "bob"} {
		events, err1 := s.Events(ctx, id, 1, 10)
		sessions, err2 := s.Sessions(ctx, id)
		lookups, err3 := s.Lookups(ctx, id)
		messages, err4 := s.Outbox(ctx, id)
		_, err5 := s.Load(ctx, nidan.KindAccount, id, nidan.SessionID(id+"-0"))
		if errors.Is(err5, nidan.ErrNotFound) && id == "ann" {
			err5 = nil
		}
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Errorf("of %s: %v", id, err)
		}
		if n := min(len(events), len(sessions), len(lookups), len(messages)); id == "bob" && n == 0 {
			t.Errorf("%d events, %d sessions, %d look-up keys, %d messages", len(events), len(sessions), len(lookups), len(messages))
		}
	}
	now := time.Unix(10, 0)
	rows, err := s.Lease(ctx, now, now.Add(time.Minute), 10)
	if err != nil || len(rows) < 3 {
		t.Errorf("Lease = %+v, %v", rows, err)
	}
	for _, m := range rows {
		err := errors.Join(s.Later(ctx, m.Account, m.ID, now), s.Bury(ctx, m.Account, m.ID, "refused"), s.Sent(ctx, m.Account, m.ID))
		if err != nil {
			t.Errorf("ending the lease of %+v: %v", m, err)
		}
	}
	if err := s.Tidy(ctx, now, now); err != nil {
		t.Errorf("Tidy: %v", err)
	}
}
