package races

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/store"
)

// untouched are the tables that no commit writes a new row to, and why. A table
// that is neither here nor written by marked fails the test.
var untouched = map[string]string{
	"nidan_canary":     "written once, at the first start",
	"nidan_freezes":    "inserted on a fault, deleted by the commit that unfreezes",
	"nidan_gates":      "counts of first steps, outside the documents",
	"nidan_migrations": "written by the migrations",
}

// marked is a change to every table that a commit can write to, from a version
// of an account on. All it writes carries the mark.
func marked(of nidan.Record, seq int64, mark string) nidan.Change {
	of.Version++
	of.Sealed = []byte("document " + mark)
	of.Projection.Name = "name " + mark
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	return nidan.Change{
		ID: "commit " + mark, From: of.Version - 1, Record: of,
		Events: []nidan.EventRow{
			{Owner: of.ID, Seq: seq + 1, Commit: "commit " + mark, Body: []byte("event " + mark)},
			{Owner: of.ID, Seq: seq + 2, Commit: "commit " + mark, Body: []byte("event " + mark)},
		},
		EndAll: true,
		Mint:   []nidan.SessionRow{{Account: of.ID, ID: nidan.SessionID("session " + mark), Sealed: []byte("session " + mark), Seen: at}},
		Queue:  []nidan.OutboxRow{{Account: of.ID, ID: "message " + mark, Sealed: []byte("message " + mark), Due: at, Expires: at}},
		Claim:  []nidan.Lookup{{Kind: nidan.LookupLogin, Key: "name " + mark, Account: of.ID}},
	}
}

// Two writers of one version, a hundred times, on the database of a running
// program: the loser leaves no row in any table, and no trace in any column.
func TestTwoWriters(t *testing.T) {
	r := rig.New(t)
	p, _ := r.Protected()
	db := r.SQL()
	id := viewOf(t, r, p).ID
	before := r.Dump(db)
	nodes := make([]*store.SQLite, 2)
	for i := range nodes {
		var err error
		if nodes[i], err = store.OpenSQLite(t.Context(), r.Database(), store.Options{}); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := nodes[i].Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	seen := make(map[string]bool)
	wins := [2]int{}
	for round := range 100 {
		r.Restore(db, before)
		l, err := nodes[0].Load(t.Context(), nidan.KindAccount, id, "")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := nodes[0].Events(t.Context(), id, 1, 1000)
		if err != nil {
			t.Fatal(err)
		}
		marks := [2]string{fmt.Sprintf("of the left %d", round), fmt.Sprintf("of the right %d", round)}
		var errs [2]error
		write := func(i int) func() {
			return func() {
				errs[i] = nodes[i].Commit(context.Background(), marked(l.Record, int64(len(rows)), marks[i]))
			}
		}
		rig.Together(write(0), write(1))
		winner := slices.Index(errs[:], nil)
		if winner < 0 || !errors.Is(errs[1-winner], nidan.ErrConflict) {
			t.Fatalf("the two were answered %v and %v", errs[0], errs[1])
		}
		wins[winner]++
		for table, rows := range r.Dump(db) {
			for _, row := range rows {
				text := row.String()
				if strings.Contains(text, marks[1-winner]) {
					t.Errorf("the loser left in %s: %s", table, text)
				}
				seen[table] = seen[table] || strings.Contains(text, marks[winner])
			}
		}

		// And as a whole: what is there is what the winner alone leaves.
		both := r.Dump(db)
		r.Restore(db, before)
		if err := nodes[winner].Commit(t.Context(), marked(l.Record, int64(len(rows)), marks[winner])); err != nil {
			t.Fatal(err)
		}
		if d := r.Dump(db).Difference(both); d != "" {
			t.Fatalf("a race leaves other rows than its winner alone:\n%s", d)
		}
	}
	for _, table := range r.Tables(db) {
		if why := untouched[table.Name]; seen[table.Name] == (why != "") {
			t.Errorf("table %s: written by a commit %v, and listed as %q", table.Name, seen[table.Name], why)
		}
	}
	t.Logf("won by the left %d times, by the right %d times", wins[0], wins[1])
	r.Restore(db, before)
	sound(t, r)
}

// The same through the program's own doors: of two sign-ins with one code the
// loser leaves what one that was never sent leaves.
func TestLoserLeavesNothing(t *testing.T) {
	nodes := newPair(t)
	who, _ := nodes.protected()
	for range 5 {
		open := begin(t, who, nodes[0].Browser(), 1)[0]
		alone := copyOf(t, nodes[0])
		way, code := who.Way("totp"), who.Phone.Code()
		move(alone, open).Post("/login/second", "way", way, "code", code)
		want := shape(alone)
		all := []*rig.Browser{open.Clone(), move(nodes[1], open)}
		parallel(2, func(i int) rig.Page { return all[i].Post("/login/second", "way", way, "code", code) })
		if got := shape(nodes[0]); got != want {
			t.Errorf("the tables hold\n%s\nand one alone leaves\n%s", got, want)
		}
		nodes.advance(time.Minute)
	}
	sound(t, nodes[0])
}
