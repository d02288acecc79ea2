package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

func kind(err error) string {
	var f *nidan.Fault
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, nidan.ErrConflict):
		return "conflict"
	case errors.Is(err, nidan.ErrTaken):
		return "taken"
	case errors.As(err, &f):
		return "fault"
	case errors.Is(err, nidan.ErrUnknown):
		return "unknown"
	}
	return "failure"
}

// What shares a transaction comes to the same as one after the other: refusals and
// failures of every kind, whatever is guarded, in one batch here and singly there.
func TestBatchLikeSingly(t *testing.T) {
	tally := map[string]int{}
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		a, pa := newStore(t)
		b, pb := newStore(t)
		ids := []nidan.AccountID{"ann", "bob", "cat"}
		n := 0
		for round := range 12 {
			var cs []nidan.Change // some guess what earlier ones of the batch come to
			for range 2 + rnd.IntN(9) {
				id := ids[rnd.IntN(3)]
				n++
				l, err := b.Load(t.Context(), nidan.KindAccount, id, "")
				from := int64(0)
				if err == nil {
					from = l.Record.Version
				}
				if rnd.IntN(5) == 0 && from > 0 {
					from--
				}
				if rnd.IntN(3) == 0 {
					for _, e := range cs {
						if e.Record.ID == id {
							from = e.Record.Version
						}
					}
				}
				c := signIn(id, from)
				c.ID = fmt.Sprint("c", n)
				c.Record.Sealed = []byte(fmt.Sprint("doc", n))
				c.Events[0].Commit = c.ID
				c.Events[0].Seq = from + 1
				c.Mint[0].ID = nidan.SessionID(fmt.Sprint("s", n))
				if rnd.IntN(4) == 0 && from > 0 {
					c.Events[0].Seq = max(1, from-int64(rnd.IntN(2))) // fault
				}
				if rnd.IntN(8) == 0 {
					c.Mint = append(c.Mint, c.Mint[0]) // failure after writing
				}
				if rnd.IntN(5) == 0 {
					c.Claim = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: fmt.Sprint("k", rnd.IntN(4)), Account: id}}
				}
				if rnd.IntN(6) == 0 {
					c.Release = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: fmt.Sprint("k", rnd.IntN(4)), Account: id}}
				}
				if rnd.IntN(4) == 0 {
					m := nidan.OutboxRow{Account: id, ID: fmt.Sprint("m", rnd.IntN(3)), Sealed: []byte("x"), Due: time.Unix(1, 0), Expires: time.Unix(9e9, 0)}
					c.Queue = append(c.Queue, m)
				}
				if rnd.IntN(4) == 0 {
					c.Drop = []string{fmt.Sprint("m", rnd.IntN(3))}
				}
				if rnd.IntN(6) == 0 {
					c.EndAll = true
				}
				if rnd.IntN(2) == 0 && from > 0 {
					r := &nidan.Read{Format: 1, Sealed: l.Record.Sealed, Trail: l.Trail}
					switch rnd.IntN(6) {
					case 0:
						r.Format = 2
					case 1:
						r.Sealed = []byte("other")
					case 2:
						r.Trail--
					}
					c.Read = r
				}
				cs = append(cs, c)
			}
			if rnd.IntN(4) == 0 {
				f := nidan.Freeze{Account: ids[rnd.IntN(3)], Part: "event", At: time.Unix(5, 0)}
				if err := errors.Join(a.Freeze(t.Context(), f), b.Freeze(t.Context(), f)); err != nil {
					t.Fatal(err)
				}
			}
			if rnd.IntN(3) == 0 {
				cs[rnd.IntN(len(cs))].Unfreeze = true
			}
			release := hold(t, a)
			errs := make([]error, len(cs))
			var all sync.WaitGroup
			for i := range cs {
				all.Go(func() { errs[i] = a.Commit(t.Context(), cs[i]) })
				queued(a, i+1)
			}
			release()
			all.Wait()
			for i := range cs {
				err := b.Commit(t.Context(), cs[i])
				tally[kind(err)]++
				if kind(err) != kind(errs[i]) {
					t.Errorf("seed %d round %d member %d: batch %v, single %v", seed, round, i, errs[i], err)
				}
			}
			da, db := dump(t, pa), dump(t, pb)
			for _, d := range []map[string][]string{da, db} {
				for k := range d {
					slices.Sort(d[k])
				}
				delete(d, "nidan_gates")
			}
			if !reflect.DeepEqual(da, db) {
				t.Fatalf("seed %d round %d differ", seed, round)
			}
		}
		tally["split"] += int(a.Stats().Split)
	}
	for _, k := range []string{"ok", "conflict", "taken", "fault", "failure", "split"} {
		if tally[k] < 5 {
			t.Errorf("%s came %d times only: %v", k, tally[k], tally)
		}
	}
}
