package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/nidan-auth/nidan"
)

// pages calls next with the last element of the page before until a page is
// empty, and returns all elements.
func pages[T any](t testing.TB, limit int, next func(last *T) ([]T, error)) []T {
	t.Helper()
	var all []T
	for range 100 {
		var last *T
		if len(all) > 0 {
			last = &all[len(all)-1]
		}
		page, err := next(last)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > limit {
			t.Fatalf("a page of %d elements, want at most %d", len(page), limit)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
	t.Fatal("there is no end to the pages")
	return nil
}

func testTidy(t *testing.T, db Database) {
	b := start(t, db)
	c := plain("ann", 0, "a")
	gone, kept := message("ann", "m1", at(50)), message("ann", "m2", at(100))
	gone.Expires, kept.Expires = at(60), at(61)
	c.Queue = []nidan.OutboxRow{gone, kept}
	b.commit(c)
	for i, key := range []string{"old", "new"} {
		if _, err := b.Gate(b.Context(), []string{key}, func([]nidan.GateRow) []nidan.GateRow {
			return []nidan.GateRow{{Wrong: 3, Last: at(int64(10 + i))}}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Tidy(b.Context(), at(60), at(11)); err != nil {
		t.Fatal(err)
	}
	if rows, err := b.Outbox(b.Context(), "ann"); err != nil || len(rows) != 1 || rows[0].ID != kept.ID {
		t.Errorf("the outbox is %+v, %v", rows, err)
	}
	rows, err := b.Gate(b.Context(), []string{"old", "new"}, func(r []nidan.GateRow) []nidan.GateRow { return r })
	if err != nil || rows[0] != (nidan.GateRow{}) || rows[1].Wrong != 3 {
		t.Errorf("the gates are %+v, %v", rows, err)
	}
}

func testArchive(t *testing.T, db Database) {
	b := start(t, db)
	const accounts, limit = 25, 7
	var ids []nidan.AccountID
	for i := range accounts {
		id := nidan.AccountID(fmt.Sprintf("account%02d", (i*7)%accounts))
		ids = append(ids, id)
		b.commit(change(id, 0, string(id)))
		b.commit(plain(id, 1, string(id)+"-2"))
	}
	slices.Sort(ids)
	c := plain(nidan.Instance, 0, "i")
	c.Record.Kind = nidan.KindInstance
	b.commit(c)

	b.sub("Accounts", func(b *bench) {
		got := pages(b, limit, func(last *nidan.Record) ([]nidan.Record, error) {
			var after nidan.AccountID
			if last != nil {
				after = last.ID
			}
			return b.Accounts(b.Context(), after, limit)
		})
		if len(got) != accounts {
			b.Fatalf("%d accounts, want %d", len(got), accounts)
		}
		for i, id := range ids {
			sameRecord(b, got[i], plain(id, 1, string(id)+"-2").Record)
		}
	})
	b.sub("Events", func(b *bench) {
		for v := range int64(5) {
			b.commit(plain(ids[0], v+2, fmt.Sprint("more ", v)))
		}
		got := pages(b, 3, func(last *nidan.EventRow) ([]nidan.EventRow, error) {
			from := int64(1)
			if last != nil {
				from = last.Seq + 1
			}
			return b.Events(b.Context(), ids[0], from, 3)
		})
		if len(got) != 14 {
			b.Fatalf("%d events, want 14", len(got))
		}
		for i, e := range got {
			if e.Seq != int64(i+1) || e.Owner != ids[0] {
				b.Errorf("event %d is %d of %s", i+1, e.Seq, e.Owner)
			}
		}
		sameEvents(b, got[12:], plain(ids[0], 6, "more 4").Events)
	})
	b.sub("EventOwners", func(b *bench) {
		got := pages(b, limit, func(last *nidan.AccountID) ([]nidan.AccountID, error) {
			var after nidan.AccountID
			if last != nil {
				after = *last
			}
			return b.EventOwners(b.Context(), after, limit)
		})
		want := append(slices.Clone(ids), nidan.Instance)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			b.Errorf("the owners are %q, want %q", got, want)
		}
	})
	b.sub("nothing", func(b *bench) {
		for _, limit := range []int{0, -1} {
			a, err1 := b.Accounts(b.Context(), "", limit)
			e, err2 := b.Events(b.Context(), ids[0], 1, limit)
			o, err3 := b.EventOwners(b.Context(), "", limit)
			if len(a)+len(e)+len(o) > 0 || errors.Join(err1, err2, err3) != nil {
				b.Errorf("limit %d: %d, %d, %d elements, %v", limit, len(a), len(e), len(o), errors.Join(err1, err2, err3))
			}
		}
		s, err1 := b.Sessions(b.Context(), "nobody")
		l, err2 := b.Lookups(b.Context(), "nobody")
		o, err3 := b.Outbox(b.Context(), "nobody")
		if len(s)+len(l)+len(o) > 0 || errors.Join(err1, err2, err3) != nil {
			b.Errorf("of nobody: %d, %d, %d elements, %v", len(s), len(l), len(o), errors.Join(err1, err2, err3))
		}
	})
	b.sub("Sessions", func(b *bench) {
		got, err := b.Sessions(b.Context(), ids[3])
		if err != nil || len(got) != 1 {
			b.Fatalf("Sessions = %v, %v", got, err)
		}
		sameSession(b, &got[0], session(ids[3], string(ids[3]), at(0)))
	})
}

func testCanary(t *testing.T, db Database) {
	b := start(t, db)
	if c, err := b.Canary(b.Context()); !errors.Is(err, nidan.ErrNotFound) {
		t.Errorf("Canary of a new database = %q, %v", c, err)
	}
	if err := b.PutCanary(b.Context(), sealed("first")); err != nil {
		t.Fatal(err)
	}
	b.unchanged(func() {
		if err := b.PutCanary(b.Context(), sealed("second")); !errors.Is(err, nidan.ErrConflict) {
			t.Errorf("PutCanary where there is one: %v", err)
		}
	})
	if c, err := b.Canary(b.Context()); !bytes.Equal(c, sealed("first")) || err != nil {
		t.Errorf("Canary = %q, %v", c, err)
	}
}
