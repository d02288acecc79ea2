// Package storetest is the contract of [nidan.Store], [nidan.Archive] and
// [nidan.Post] as tests. Every engine has to pass it.
//
// It looks at a database in two ways: through the engine, and through a dump
// of all tables that the engine's own test provides. "Nothing is left" is
// always checked on the dump, so that no table can be forgotten.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// An Engine is what package store makes of a database.
type Engine interface {
	nidan.Store
	nidan.Archive
	nidan.Post

	// Canary returns the canary, or [nidan.ErrNotFound].
	Canary(ctx context.Context) ([]byte, error)

	// PutCanary stores it; [nidan.ErrConflict] if there is one.
	PutCanary(ctx context.Context, sealed []byte) error

	Close() error
}

// A Database is one database of the engine under test, empty at first.
type Database struct {
	// Open connects to it. Every call is one more node; the suite closes
	// what it opens.
	Open func(t testing.TB) Engine

	// Dump returns the rows of every table that the database's own catalogue
	// names, as text that shows every column. Left out are only the tables of
	// the database itself and the one of the migrations.
	Dump func(t testing.TB) Rows
}

// Rows are the rows of all tables, by the name of the table.
type Rows map[string][]string

// Run runs the suite. fresh makes an empty database.
func Run(t *testing.T, fresh func(t *testing.T) Database) {
	for name, test := range map[string]func(*testing.T, Database){
		"Load":      testLoad,
		"Lookup":    testLookup,
		"Commit":    testCommit,
		"Refused":   testRefused,
		"Committed": testCommitted,
		"Sessions":  testSessions,
		"Outbox":    testOutbox,
		"Queue":     testQueue,
		"Lease":     testLease,
		"Urgent":    testUrgent,
		"Post":      testPost,
		"Senders":   testSenders,
		"Lookups":   testLookups,
		"Freeze":    testFreeze,
		"Gate":      testGate,
		"Seen":      testSeen,
		"Snapshot":  testSnapshot,
		"Cancel":    testCancel,
		"Nodes":     testNodes,
		"Reopen":    testReopen,
		"Archive":   testArchive,
		"Tidy":      testTidy,
		"Canary":    testCanary,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
	t.Run("Race", func(t *testing.T) { testRace(t, fresh) })
}

// A bench is a database with one node of it, and the test they serve.
type bench struct {
	*testing.T
	Engine
	db Database
}

func start(t *testing.T, db Database) *bench {
	t.Helper()
	e := db.Open(t)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &bench{T: t, Engine: e, db: db}
}

// sub runs a subtest on the same database and node.
func (b *bench) sub(name string, test func(b *bench)) {
	b.Helper()
	b.Run(name, func(t *testing.T) { test(&bench{T: t, Engine: b.Engine, db: b.db}) })
}

// commit commits c, which has to succeed.
func (b *bench) commit(c nidan.Change) {
	b.Helper()
	if err := b.Commit(b.Context(), c); err != nil {
		b.Fatalf("Commit(%s): %v", c.ID, err)
	}
}

// refused commits c, which has to fail with want and to leave nothing.
func (b *bench) refused(c nidan.Change, want error) {
	b.Helper()
	b.unchanged(func() {
		b.Helper()
		if err := b.Commit(b.Context(), c); !errors.Is(err, want) {
			b.Errorf("Commit(%s) = %v, want %v", c.ID, err, want)
		}
	})
}

// unchanged checks that do changes no row of any table.
func (b *bench) unchanged(do func()) {
	b.Helper()
	before := b.db.Dump(b)
	do()
	same(b, "after what should have changed nothing", b.db.Dump(b), before)
}

// load loads an account that has to exist.
func (b *bench) load(id nidan.AccountID, session nidan.SessionID) nidan.Loaded {
	b.Helper()
	l, err := b.Load(b.Context(), nidan.KindAccount, id, session)
	if err != nil {
		b.Fatalf("Load(%s): %v", id, err)
	}
	r, err := b.Record(b.Context(), id)
	if err != nil {
		b.Fatalf("Record(%s): %v", id, err)
	}
	if !l.Record.Projection.LastSignIn.Equal(r.Projection.LastSignIn) {
		b.Errorf("Load says that the last sign-in was at %s, Record at %s", l.Record.Projection.LastSignIn, r.Projection.LastSignIn)
	}
	l.Record.Projection = r.Projection
	sameRecord(b, l.Record, r)
	return l
}

// same compares two dumps table by table.
func same(t testing.TB, when string, got, want Rows) {
	t.Helper()
	tables := make(map[string]bool)
	for table := range maps.Keys(got) {
		tables[table] = true
	}
	for table := range maps.Keys(want) {
		tables[table] = true
	}
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		g, w := slices.Sorted(slices.Values(got[table])), slices.Sorted(slices.Values(want[table]))
		if !slices.Equal(g, w) {
			t.Errorf("%s %s holds\n\t%s\nand not\n\t%s", when, table, strings.Join(g, "\n\t"), strings.Join(w, "\n\t"))
		}
	}
}

// contains returns the tables in which mark stands.
func (r Rows) contains(mark string) []string {
	var in []string
	for table, rows := range r {
		if slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, mark) }) {
			in = append(in, table)
		}
	}
	slices.Sort(in)
	return in
}

// at is a time with microseconds, n seconds after some day.
func at(n int64) time.Time {
	return time.Date(2026, 11, 22, 9, 30, 0, 123_456_000, time.UTC).Add(time.Duration(n) * time.Second)
}

// sealed is binary and carries a mark.
func sealed(mark string) []byte { return append([]byte{0, 0xff, '\''}, mark...) }

// marked separates the mark, so that none is the beginning of another.
func marked(mark, what string) string { return mark + "." + what }

// change is one that writes to every table a commit can write to. All it
// writes carries the mark.
func change(id nidan.AccountID, from int64, mark string) nidan.Change {
	commit := marked(mark, "commit")
	return nidan.Change{
		ID: commit, From: from,
		Record: nidan.Record{
			Kind: nidan.KindAccount, ID: id, Format: 3, Version: from + 1, Sealed: sealed(marked(mark, "document")),
			Projection: nidan.Projection{
				Name: marked(mark, "name"), Protected: true, Methods: []nidan.MethodName{"totp", "backup"},
				LastSignIn: at(from), Created: at(-1000),
			},
		},
		Events: []nidan.EventRow{
			{Owner: id, Seq: 2*from + 1, Commit: commit, Body: sealed(marked(mark, "event 1"))},
			{Owner: id, Seq: 2*from + 2, Commit: commit, Body: sealed(marked(mark, "event 2"))},
		},
		Mint:  []nidan.SessionRow{session(id, mark, at(from))},
		Queue: []nidan.OutboxRow{message(id, mark, at(from+60))},
		Claim: []nidan.Lookup{login(id, mark)},
	}
}

// plain is one that writes a document and an event only.
func plain(id nidan.AccountID, from int64, mark string) nidan.Change {
	c := change(id, from, mark)
	c.Mint, c.Queue, c.Claim = nil, nil, nil
	return c
}

func session(id nidan.AccountID, mark string, seen time.Time) nidan.SessionRow {
	return nidan.SessionRow{
		Account: id, ID: nidan.SessionID(marked(mark, "session")), Sealed: sealed(marked(mark, "sealed session")), Seen: seen,
	}
}

func message(id nidan.AccountID, mark string, due time.Time) nidan.OutboxRow {
	return nidan.OutboxRow{
		Account: id, ID: marked(mark, "message"), Sealed: sealed(marked(mark, "sealed message")),
		Due: due, Expires: due.Add(time.Hour),
	}
}

func login(id nidan.AccountID, mark string) nidan.Lookup {
	return nidan.Lookup{Kind: nidan.LookupLogin, Key: marked(mark, "login"), Account: id}
}

func sameRecord(t testing.TB, got, want nidan.Record) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("the document is\n\t%s\nand not\n\t%s", g, w)
	}
}

func sameSession(t testing.TB, got *nidan.SessionRow, want nidan.SessionRow) {
	t.Helper()
	if got == nil {
		t.Errorf("there is no session %s", want.ID)
		return
	}
	if got.Account != want.Account || got.ID != want.ID || !bytes.Equal(got.Sealed, want.Sealed) || !got.Seen.Equal(want.Seen) {
		t.Errorf("the session is\n\t%+v\nand not\n\t%+v", *got, want)
	}
}
