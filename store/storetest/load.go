package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/nidan-auth/nidan"
)

func testLoad(t *testing.T, db Database) {
	b := start(t, db)
	c := change("ann", 0, "a")
	b.commit(c)
	other := change("bob", 0, "b")
	b.commit(other)

	b.sub("returns what was committed", func(b *bench) {
		l := b.load("ann", "a.session")
		sameRecord(b, l.Record, c.Record)
		sameSession(b, l.Session, c.Mint[0])
		if l.Frozen != nil {
			b.Errorf("frozen: %+v", *l.Frozen)
		}
	})
	b.sub("how far the trail goes, in the same snapshot", func(b *bench) {
		if l := b.load("ann", ""); l.Trail != c.Events[len(c.Events)-1].Seq {
			b.Errorf("the trail goes to %d, want %d", l.Trail, c.Events[len(c.Events)-1].Seq)
		}
		silent := plain("dan", 0, "d")
		silent.Events = nil
		b.commit(silent)
		if l := b.load("dan", ""); l.Trail != 0 {
			b.Errorf("the trail of an owner without events goes to %d", l.Trail)
		}
	})
	b.sub("zero times and no methods stay that", func(b *bench) {
		c := plain("eve", 0, "e")
		c.Record.Projection = nidan.Projection{}
		b.commit(c)
		l := b.load("eve", "")
		sameRecord(b, l.Record, c.Record)
		if p := l.Record.Projection; !p.LastSignIn.IsZero() || !p.Created.IsZero() || len(p.Methods) != 0 {
			b.Errorf("projection %+v, want the zero one", p)
		}
	})
	b.sub("a session of somebody else is none", func(b *bench) {
		for _, id := range []nidan.SessionID{"", "b.session", "never"} {
			if l := b.load("ann", id); l.Session != nil {
				b.Errorf("Load with session %q returns %+v", id, *l.Session)
			}
		}
	})
	b.sub("ErrNotFound", func(b *bench) {
		for _, x := range []struct {
			kind nidan.Kind
			id   nidan.AccountID
		}{{nidan.KindAccount, "nobody"}, {nidan.KindInstance, "ann"}, {nidan.KindAccount, ""}} {
			if l, err := b.Load(b.Context(), x.kind, x.id, ""); !errors.Is(err, nidan.ErrNotFound) {
				b.Errorf("Load(%s, %q) = %+v, %v", x.kind, x.id, l, err)
			}
		}
	})
	b.sub("kinds are kept apart", func(b *bench) {
		c := plain("ann", 0, "i")
		c.Record.Kind, c.Events = nidan.KindInstance, nil
		b.commit(c)
		l, err := b.Load(b.Context(), nidan.KindInstance, "ann", "")
		if err != nil {
			b.Fatal(err)
		}
		sameRecord(b, l.Record, loaded(c.Record))
		sameRecord(b, b.load("ann", "").Record, change("ann", 0, "a").Record)
	})
	b.sub("a context that has ended", func(b *bench) {
		ctx, cancel := context.WithCancel(b.Context())
		cancel()
		if _, err := b.Load(ctx, nidan.KindAccount, "ann", ""); !errors.Is(err, context.Canceled) {
			b.Errorf("Load = %v, want context.Canceled", err)
		}
	})
}

// loaded is what Load returns of a record.
func loaded(r nidan.Record) nidan.Record {
	r.Projection = nidan.Projection{LastSignIn: r.Projection.LastSignIn}
	return r
}

func testLookup(t *testing.T, db Database) {
	b := start(t, db)
	b.commit(change("ann", 0, "a"))
	if id, err := b.Lookup(b.Context(), nidan.LookupLogin, "a.login"); id != "ann" || err != nil {
		t.Errorf("Lookup = %q, %v", id, err)
	}
	for _, x := range []struct {
		kind nidan.LookupKind
		key  string
	}{{nidan.LookupLogin, "b.login"}, {"handle", "a.login"}, {nidan.LookupLogin, ""}, {nidan.LookupLogin, "A.LOGIN"}} {
		if id, err := b.Lookup(b.Context(), x.kind, x.key); id != "" || !errors.Is(err, nidan.ErrNotFound) {
			t.Errorf("Lookup(%s, %q) = %q, %v, want ErrNotFound", x.kind, x.key, id, err)
		}
	}
}

// testSnapshot commits versions, each with a session that says the same
// version, and looks for a Load that mixes two of them.
func testSnapshot(t *testing.T, db Database) {
	b := start(t, db)
	const versions = 100
	step := func(v int64) nidan.Change {
		mark := "v" + strconv.FormatInt(v, 10)
		c := plain("ann", v-1, mark)
		c.EndAll = true
		s := session("ann", mark, at(v))
		s.ID = "the session"
		c.Mint = []nidan.SessionRow{s}
		return c
	}
	b.commit(step(1))

	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			last := int64(0)
			for {
				select {
				case <-done:
					return
				default:
				}
				l, err := b.Load(b.Context(), nidan.KindAccount, "ann", "the session")
				if err != nil {
					t.Errorf("Load: %v", err)
					return
				}
				want := step(l.Record.Version)
				sameRecord(t, l.Record, loaded(want.Record))
				sameSession(t, l.Session, want.Mint[0])
				if n := want.Events[len(want.Events)-1].Seq; l.Trail != n {
					t.Errorf("version %d comes with a trail to %d, want %d", l.Record.Version, l.Trail, n)
				}
				if l.Record.Version < last {
					t.Errorf("version %d after version %d", l.Record.Version, last)
				}
				if t.Failed() {
					return
				}
				last = l.Record.Version
			}
		})
	}
	for v := int64(2); v <= versions; v++ {
		b.commit(step(v))
		if l := b.load("ann", ""); l.Record.Version != v {
			t.Fatalf("Load after Commit returned version %d, want %d", l.Record.Version, v)
		}
	}
	close(done)
	readers.Wait()
}
