package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/nidan-auth/nidan"
)

// testRace lets many writers, on two nodes, commit on one version: exactly one
// wins, and the database is the one that the winner alone would have left.
func testRace(t *testing.T, fresh func(*testing.T) Database) {
	const writers = 16
	for _, from := range []int64{0, 1} {
		t.Run(fmt.Sprintf("from version %d", from), func(t *testing.T) {
			db := fresh(t)
			nodes := []*bench{start(t, db), start(t, db)}
			before := func(b *bench) {
				if from > 0 {
					b.commit(change("ann", 0, "first"))
				}
			}
			// Every writer also wants a key that all want, and ends what
			// the first commit left.
			attempt := func(w int) nidan.Change {
				c := change("ann", from, "w"+strconv.Itoa(w))
				c.EndAll, c.Drop = true, []string{"first.message"}
				c.Claim = append(c.Claim, login("ann", "wanted"))
				return c
			}
			before(nodes[0])
			errs := make([]error, writers)
			var all sync.WaitGroup
			for w := range writers {
				all.Go(func() { errs[w] = nodes[w%2].Commit(t.Context(), attempt(w)) })
			}
			all.Wait()

			winner := slices.Index(errs, nil)
			after := db.Dump(t)
			for w, err := range errs {
				mark := "w" + strconv.Itoa(w) + "."
				if w != winner {
					if !errors.Is(err, nidan.ErrConflict) {
						t.Errorf("writer %d: %v, want ErrConflict", w, err)
					}
					if in := after.contains(mark); len(in) > 0 {
						t.Errorf("writer %d lost, and left rows in %v", w, in)
					}
				}
			}
			if winner < 0 {
				t.Fatal("nobody won")
			}
			alone := fresh(t)
			lone := start(t, alone)
			before(lone)
			lone.commit(attempt(winner))
			same(t, "after the race", after, alone.Dump(t))
		})
	}
	t.Run("retried until all have won", func(t *testing.T) {
		db := fresh(t)
		nodes := []*bench{start(t, db), start(t, db)}
		nodes[0].commit(plain("ann", 0, "first"))
		const each = 5
		var all sync.WaitGroup
		for w := range writers {
			b := nodes[w%2]
			all.Go(func() {
				for i := range each {
					if err := b.retry("ann", fmt.Sprintf("w%d-%d", w, i)); err != nil {
						t.Errorf("writer %d: %v", w, err)
						return
					}
				}
			})
		}
		all.Wait()
		const want = 1 + writers*each
		if v := nodes[1].load("ann", "").Record.Version; v != want {
			t.Errorf("the document has version %d, want %d", v, want)
		}
		events, err := nodes[0].Events(t.Context(), "ann", 1, 10*want)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range events {
			if e.Seq != int64(i+1) {
				t.Fatalf("event %d follows event %d", e.Seq, i)
			}
		}
		if len(events) != 2*want {
			t.Errorf("there are %d events, want %d", len(events), 2*want)
		}
	})
}

// retry commits on whatever version there is until it wins.
func (b *bench) retry(id nidan.AccountID, mark string) error {
	for {
		l, err := b.Load(b.Context(), nidan.KindAccount, id, "")
		if err != nil {
			return err
		}
		if err = b.Commit(b.Context(), plain(id, l.Record.Version, mark)); !errors.Is(err, nidan.ErrConflict) {
			return err
		}
	}
}

// testCancel ends contexts while commits are under way. Whatever a caller is
// told has to be true, and stay true.
func testCancel(t *testing.T, db Database) {
	b := start(t, db)

	b.sub("before", func(b *bench) {
		ctx, cancel := context.WithCancel(b.Context())
		cancel()
		b.unchanged(func() {
			if err := b.Commit(ctx, change("ann", 0, "x")); !errors.Is(err, context.Canceled) {
				b.Errorf("Commit = %v, want context.Canceled", err)
			}
			if _, err := b.Gate(ctx, []string{"k"}, count); !errors.Is(err, context.Canceled) {
				b.Errorf("Gate = %v, want context.Canceled", err)
			}
		})
	})
	b.sub("during", func(b *bench) {
		const writers = 64
		var all sync.WaitGroup
		for w := range writers {
			mark := "w" + strconv.Itoa(w)
			id := nidan.AccountID("account " + mark)
			c := change(id, 0, mark)
			ctx, cancel := context.WithCancel(b.Context())
			all.Go(cancel)
			all.Go(func() {
				err := b.Commit(ctx, c)
				// The answer of Committed is final.
				applied, lookErr := b.Committed(b.Context(), id, c.ID)
				if lookErr != nil {
					b.Errorf("Committed: %v", lookErr)
				}
				switch {
				case err == nil && !applied:
					b.Errorf("writer %d was told of a commit that is not there", w)
				case err != nil && !errors.Is(err, context.Canceled):
					b.Errorf("writer %d: %v", w, err)
				case err != nil && !errors.Is(err, nidan.ErrUnknown) && applied:
					b.Errorf("writer %d was told %v, but the commit is there", w, err)
				}
				_, err = b.Load(b.Context(), nidan.KindAccount, id, "")
				if errors.Is(err, nidan.ErrNotFound) == applied {
					b.Errorf("writer %d: Committed says %v, Load %v", w, applied, err)
				}
			})
		}
		all.Wait()

		// All of a change is there, or nothing.
		dump := b.db.Dump(b)
		for w := range writers {
			if in := dump.contains("w" + strconv.Itoa(w) + "."); len(in) != 0 && len(in) != 5 {
				b.Errorf("writer %d is in the tables %v only", w, in)
			}
		}
	})
}

// testNodes reads on one node what another has just committed.
func testNodes(t *testing.T, db Database) {
	nodes := []*bench{start(t, db), start(t, db)}
	for v := range int64(20) {
		writer, reader := nodes[v%2], nodes[1-v%2]
		mark := "v" + strconv.FormatInt(v, 10)
		c := change("ann", v, mark)
		writer.commit(c)
		l := reader.load("ann", c.Mint[0].ID)
		sameRecord(t, l.Record, c.Record)
		sameSession(t, l.Session, c.Mint[0])
		if ok, err := reader.Committed(t.Context(), "ann", c.ID); !ok || err != nil {
			t.Errorf("Committed on the other node = %v, %v", ok, err)
		}
		if id, err := reader.Lookup(t.Context(), nidan.LookupLogin, mark+".login"); id != "ann" || err != nil {
			t.Errorf("Lookup on the other node = %q, %v", id, err)
		}
		rows, err := writer.Gate(t.Context(), []string{"k"}, count)
		if err != nil || rows[0].Wrong != int(v)+1 {
			t.Errorf("Gate = %+v, %v, want %d", rows, err, v+1)
		}
	}
}

// testReopen closes the only node and opens another one.
func testReopen(t *testing.T, db Database) {
	first := db.Open(t)
	b := &bench{T: t, Engine: first, db: db}
	for v := range int64(10) {
		b.commit(change("ann", v, "a"+strconv.FormatInt(v, 10)))
	}
	f := nidan.Freeze{Account: "ann", Part: "session", Shown: 70, Found: 10, At: at(5)}
	if err := b.Freeze(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Gate(t.Context(), []string{"k"}, count); err != nil {
		t.Fatal(err)
	}
	if err := b.PutCanary(t.Context(), sealed("canary")); err != nil {
		t.Fatal(err)
	}
	before := db.Dump(t)
	want := b.load("ann", "a9.session")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Commit(t.Context(), change("ann", 10, "late")); err == nil {
		t.Error("Commit on a closed engine succeeds")
	}
	if _, err := first.Load(t.Context(), nidan.KindAccount, "ann", ""); err == nil {
		t.Error("Load on a closed engine succeeds")
	}

	b = start(t, db)
	same(t, "after reopening", db.Dump(t), before)
	got := b.load("ann", "a9.session")
	sameRecord(t, got.Record, want.Record)
	sameSession(t, got.Session, *want.Session)
	b.refused(change("ann", 10, "next"), nidan.ErrConflict) // still frozen
	b.commit(change("bob", 0, "b"))
}
