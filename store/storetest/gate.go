package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/nidan-auth/nidan"
)

// count is a step that counts one more try in every row.
func count(rows []nidan.GateRow) []nidan.GateRow {
	out := make([]nidan.GateRow, len(rows))
	for i, r := range rows {
		out[i] = nidan.GateRow{Wrong: r.Wrong + 1, Last: at(int64(r.Wrong))}
	}
	return out
}

// keep is a step that changes nothing.
func keep(rows []nidan.GateRow) []nidan.GateRow { return rows }

func testGate(t *testing.T, db Database) {
	b := start(t, db)
	gate := func(step func([]nidan.GateRow) []nidan.GateRow, keys ...string) []nidan.GateRow {
		t.Helper()
		rows, err := b.Gate(b.Context(), keys, step)
		if err != nil {
			t.Fatalf("Gate(%q): %v", keys, err)
		}
		return rows
	}
	expect := func(got []nidan.GateRow, want ...nidan.GateRow) {
		t.Helper()
		if !slices.EqualFunc(got, want, func(g, w nidan.GateRow) bool { return g.Wrong == w.Wrong && g.Last.Equal(w.Last) }) {
			t.Errorf("the rows are %+v, want %+v", got, want)
		}
	}

	// A key never seen is the zero row.
	b.unchanged(func() { expect(gate(keep, "a", "b"), nidan.GateRow{}, nidan.GateRow{}) })

	// The rows come and go in the order of the keys.
	put := func(rows ...nidan.GateRow) func([]nidan.GateRow) []nidan.GateRow {
		return func([]nidan.GateRow) []nidan.GateRow { return rows }
	}
	one, two := nidan.GateRow{Wrong: 1, Last: at(1)}, nidan.GateRow{Wrong: 2, Last: at(2)}
	expect(gate(put(one, two), "a", "b"), one, two)
	expect(gate(keep, "b", "a", "c"), two, one, nidan.GateRow{})
	expect(gate(put(two), "a"), two)
	expect(gate(keep, "a", "b"), two, two)
	expect(gate(put(nidan.GateRow{}), "a"), nidan.GateRow{})
	expect(gate(keep, "a", "b"), nidan.GateRow{}, two)

	// A count that is taken back leaves nothing, or the table would only grow.
	b.unchanged(func() {
		expect(gate(put(one, two), "new", "newer"), one, two)
		expect(gate(put(nidan.GateRow{}, nidan.GateRow{}), "new", "newer"), nidan.GateRow{}, nidan.GateRow{})
	})

	// A step that returns other than it was given is a mistake, and writes
	// nothing.
	b.unchanged(func() {
		if rows, err := b.Gate(b.Context(), []string{"a", "b"}, put(one)); err == nil {
			t.Errorf("a row is missing, and Gate returns %+v", rows)
		}
	})

	// It panics in the caller, and only there.
	func() {
		defer func() {
			if v := recover(); v != "oh" {
				t.Errorf("the caller recovers %v", v)
			}
		}()
		_, err := b.Gate(b.Context(), []string{"a"}, func([]nidan.GateRow) []nidan.GateRow { panic("oh") })
		t.Errorf("a panicking step: %v", err)
	}()

	t.Run("at once", func(t *testing.T) { testGateAtOnce(t, []*bench{b, start(t, db)}) })
}

// testGateAtOnce counts on two nodes from many goroutines: no try is lost and
// no two are told the same.
func testGateAtOnce(t *testing.T, nodes []*bench) {
	const goroutines = 50
	told := make([]int, goroutines)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			rows, err := nodes[g%2].Gate(t.Context(), []string{"hot", fmt.Sprint("cold ", g)}, count)
			if err != nil {
				t.Errorf("Gate: %v", err)
				return
			}
			told[g] = rows[0].Wrong
			if rows[1].Wrong != 1 {
				t.Errorf("a key of its own was counted %d times", rows[1].Wrong)
			}
		})
	}
	all.Wait()
	slices.Sort(told)
	for i, n := range told {
		if n != i+1 {
			t.Fatalf("the tries were told %v", told)
		}
	}

	// Keys in opposite orders do not lock each other out.
	for g := range goroutines {
		keys := []string{"left", "right"}
		if g%2 == 1 {
			slices.Reverse(keys)
		}
		all.Go(func() {
			if _, err := nodes[g%2].Gate(t.Context(), keys, count); err != nil {
				t.Errorf("Gate: %v", err)
			}
		})
	}
	all.Wait()
	rows, err := nodes[0].Gate(t.Context(), []string{"left", "right", "hot"}, keep)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if r.Wrong != goroutines {
			t.Errorf("row %d was counted %d times, want %d", i, r.Wrong, goroutines)
		}
	}
}
