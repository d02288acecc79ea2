package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/nidan-auth/nidan"
)

func testCommit(t *testing.T, db Database) {
	b := start(t, db)

	b.sub("inserts", func(b *bench) {
		c := change("ann", 0, "a")
		b.commit(c)
		in := b.db.Dump(b).contains("a.")
		if len(in) < 5 {
			b.Errorf("the change is in the tables %v only", in)
		}
		events, err := b.Events(b.Context(), "ann", 1, 10)
		if err != nil {
			b.Fatal(err)
		}
		sameEvents(b, events, c.Events)
	})
	b.sub("replaces", func(b *bench) {
		c := change("ann", 1, "a2")
		c.Record.Projection.Protected = false
		c.Record.Projection.Methods = nil
		c.Record.Format = 4
		b.commit(c)
		sameRecord(b, b.load("ann", "").Record, c.Record)
		if in := b.db.Dump(b).contains("a.document"); len(in) != 0 {
			b.Errorf("the old document is still in %v", in)
		}
	})
	b.sub("replaces what nobody read", func(b *bench) {
		c := change("ann", 2, "a3")
		c.Record.Format = 4
		stored := b.load("ann", "")
		c.Read = &nidan.Read{Format: 4, Sealed: stored.Record.Sealed, Trail: stored.Trail}
		b.commit(c)
		sameRecord(b, b.load("ann", "").Record, c.Record)
	})
	b.sub("keeps what belongs to others", func(b *bench) {
		b.commit(change("bob", 0, "b"))
		before := b.db.Dump(b)
		c := change("ann", 3, "a4")
		c.EndAll, c.End = true, []nidan.SessionID{"b.session"}
		c.Drop = []string{"b.message"}
		c.Release = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: "b.login", Account: "ann"}}
		c.Unfreeze = true
		b.commit(c)
		after := b.db.Dump(b)
		for table := range before {
			if g, w := rowsWith(after[table], "b."), rowsWith(before[table], "b."); !slices.Equal(g, w) {
				b.Errorf("%s: somebody else's rows are\n%q\nand not\n%q", table, g, w)
			}
		}
	})
	b.sub("of another kind has a version of its own", func(b *bench) {
		c := plain("ann", 0, "i")
		c.Record.Kind, c.Events = nidan.KindInstance, nil
		b.commit(c)
		c = plain("ann", 1, "i2")
		c.Record.Kind, c.Events = nidan.KindInstance, nil
		b.commit(c)
		if v := b.load("ann", "").Record.Version; v != 4 {
			b.Errorf("the account has version %d, want 4", v)
		}
	})
}

func rowsWith(rows []string, mark string) []string {
	var with []string
	for _, row := range rows {
		if len(Rows{"": {row}}.contains(mark)) > 0 {
			with = append(with, row)
		}
	}
	slices.Sort(with)
	return with
}

func testRefused(t *testing.T, db Database) {
	b := start(t, db)
	b.commit(change("ann", 0, "a"))
	b.commit(change("ann", 1, "a2"))
	b.commit(change("bob", 0, "b"))

	b.sub("a document that is there already", func(b *bench) {
		b.refused(change("ann", 0, "x"), nidan.ErrConflict)
	})
	b.sub("an older version", func(b *bench) {
		c := change("ann", 1, "x")
		c.EndAll, c.Drop = true, []string{"a.message"}
		c.Release = []nidan.Lookup{login("ann", "a")}
		b.refused(c, nidan.ErrConflict)
	})
	b.sub("a newer version", func(b *bench) {
		b.refused(change("ann", 3, "x"), nidan.ErrConflict)
	})
	b.sub("a document that is not there", func(b *bench) {
		b.refused(change("nobody", 1, "x"), nidan.ErrConflict)
	})
	b.sub("a document of another kind", func(b *bench) {
		c := change("ann", 2, "x")
		c.Record.Kind = nidan.KindInstance
		b.refused(c, nidan.ErrConflict)
	})
	b.sub("a document that is not what it was taken for", func(b *bench) {
		is := b.load("ann", "")
		read := nidan.Read{Format: is.Record.Format, Sealed: is.Record.Sealed, Trail: is.Trail}
		for name, change := range map[string]func(*nidan.Change, *nidan.Read){
			"another version": func(c *nidan.Change, _ *nidan.Read) { c.From-- },
			"another format":  func(_ *nidan.Change, r *nidan.Read) { r.Format++ },
			"other bytes":     func(_ *nidan.Change, r *nidan.Read) { r.Sealed = append([]byte("x"), r.Sealed[1:]...) },
			"less":            func(_ *nidan.Change, r *nidan.Read) { r.Sealed = r.Sealed[1:] },
			"nothing":         func(_ *nidan.Change, r *nidan.Read) { r.Sealed = nil },
			"a longer trail":  func(_ *nidan.Change, r *nidan.Read) { r.Trail-- },
			"no trail":        func(_ *nidan.Change, r *nidan.Read) { r.Trail = 0 },
			"somebody else's": func(c *nidan.Change, _ *nidan.Read) { *c = plain("bob", 1, "x") },
			"one of nobody":   func(c *nidan.Change, _ *nidan.Read) { *c = plain("nobody", 2, "x") },
			"of another kind": func(c *nidan.Change, _ *nidan.Read) { c.Record.Kind = nidan.KindInstance },
		} {
			c, r := plain("ann", 2, "x"), read
			change(&c, &r)
			c.Read = &r
			b.Logf("%s", name)
			b.refused(c, nidan.ErrConflict)
		}
	})
	b.sub("a look-up key that is taken", func(b *bench) {
		c := change("ann", 2, "x")
		c.EndAll, c.Drop = true, []string{"a.message"}
		c.Claim = append(c.Claim, nidan.Lookup{Kind: nidan.LookupLogin, Key: "b.login", Account: "ann"})
		b.refused(c, nidan.ErrTaken)
	})
	b.sub("a look-up key that is taken, for a new account", func(b *bench) {
		c := change("eve", 0, "x")
		c.Claim = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: "b.login", Account: "eve"}}
		b.refused(c, nidan.ErrTaken)
	})
	b.sub("an event that exists already", func(b *bench) {
		c := change("ann", 2, "x")
		c.EndAll, c.Drop = true, []string{"a.message"}
		c.Events[1].Seq = 2
		b.unchanged(func() {
			var fault *nidan.Fault
			err := b.Commit(b.Context(), c)
			if !errors.As(err, &fault) || fault.Account != "ann" || fault.Part != "event" {
				b.Errorf("Commit = %v, want a fault in an event of ann", err)
			}
			if errors.Is(err, nidan.ErrConflict) {
				b.Error("the fault passes for a lost race")
			}
		})
	})
	// Whoever loses a race has events that exist already, and perhaps a key
	// that the winner took. That must not look like damage.
	b.sub("a lost race is a conflict, whatever else is wrong", func(b *bench) {
		c := change("ann", 1, "x")
		c.Events[0].Seq, c.Events[1].Seq = 3, 4
		c.Claim = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: "b.login", Account: "ann"}}
		b.refused(c, nidan.ErrConflict)
	})
	b.sub("the next one is not disturbed", func(b *bench) {
		b.commit(change("ann", 2, "a3"))
	})
}

func testCommitted(t *testing.T, db Database) {
	b := start(t, db)
	b.commit(change("ann", 0, "a"))
	b.commit(change("ann", 1, "a2"))
	b.refused(change("ann", 1, "x"), nidan.ErrConflict)
	for _, x := range []struct {
		owner  nidan.AccountID
		commit string
		want   bool
	}{
		{"ann", "a.commit", true},
		{"ann", "a2.commit", true},
		{"ann", "x.commit", false},
		{"ann", "", false},
		{"bob", "a.commit", false},
	} {
		got, err := b.Committed(b.Context(), x.owner, x.commit)
		if got != x.want || err != nil {
			t.Errorf("Committed(%s, %q) = %v, %v, want %v", x.owner, x.commit, got, err, x.want)
		}
	}
}

func sameEvents(t testing.TB, got, want []nidan.EventRow) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(g, w nidan.EventRow) bool {
		return g.Owner == w.Owner && g.Seq == w.Seq && g.Commit == w.Commit && string(g.Body) == string(w.Body)
	}) {
		t.Errorf("the events are\n\t%+v\nand not\n\t%+v", got, want)
	}
}
