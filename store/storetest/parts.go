package storetest

import (
	"slices"
	"testing"

	"github.com/nidan-auth/nidan"
)

// sessions returns the ids of an account's sessions.
func (b *bench) sessions(id nidan.AccountID) []nidan.SessionID {
	b.Helper()
	rows, err := b.Sessions(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	var ids []nidan.SessionID
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return ids
}

func testSessions(t *testing.T, db Database) {
	b := start(t, db)
	mint := func(c *nidan.Change, marks ...string) {
		for _, mark := range marks {
			c.Mint = append(c.Mint, session(c.Record.ID, mark, at(1)))
		}
	}
	expect := func(want ...nidan.SessionID) {
		t.Helper()
		if got := b.sessions("ann"); !slices.Equal(got, want) {
			t.Errorf("the sessions are %q, want %q", got, want)
		}
	}

	c := plain("ann", 0, "a")
	mint(&c, "s1", "s2", "s3")
	b.commit(c)
	expect("s1.session", "s2.session", "s3.session")

	c = plain("ann", 1, "a2")
	c.End = []nidan.SessionID{"s2.session", "never"}
	b.commit(c)
	expect("s1.session", "s3.session")

	// One that ends and is minted in the same commit is minted.
	c = plain("ann", 2, "a3")
	c.End = []nidan.SessionID{"s1.session"}
	mint(&c, "s1")
	c.Mint[0].Sealed = sealed("anew")
	b.commit(c)
	expect("s1.session", "s3.session")
	sameSession(t, b.load("ann", "s1.session").Session, c.Mint[0])

	c = plain("ann", 3, "a4")
	c.EndAll = true
	mint(&c, "s3", "s4")
	b.commit(c)
	expect("s3.session", "s4.session")

	// What is in the way of a session is a failure, not an answer.
	c = plain("ann", 4, "x")
	mint(&c, "s5", "s4")
	b.unchanged(func() {
		if err := b.Commit(b.Context(), c); err == nil {
			t.Error("a session was minted twice")
		}
	})
}

func testOutbox(t *testing.T, db Database) {
	b := start(t, db)
	late, soon := message("ann", "m1", at(100)), message("ann", "m2", at(50))
	c := plain("ann", 0, "a")
	c.Queue = []nidan.OutboxRow{late, soon}
	b.commit(c)
	b.outbox("ann", soon, late) // by due time

	c = plain("ann", 1, "a2")
	c.Drop = []string{"m2.message", "never"}
	next := message("ann", "m3", at(70))
	c.Queue = []nidan.OutboxRow{next}
	b.commit(c)
	b.outbox("ann", next, late)
}

func testLookups(t *testing.T, db Database) {
	b := start(t, db)
	expect := func(id nidan.AccountID, want ...nidan.Lookup) {
		t.Helper()
		got, err := b.Lookups(b.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the look-up keys of %s are %v, want %v", id, got, want)
		}
	}
	c := plain("ann", 0, "a")
	c.Claim = []nidan.Lookup{login("ann", "k1"), login("ann", "k2")}
	b.commit(c)
	b.commit(plain("bob", 0, "b"))
	expect("ann", login("ann", "k1"), login("ann", "k2"))
	expect("bob")

	// Claiming is repeatable.
	c = plain("ann", 1, "a2")
	c.Claim = []nidan.Lookup{login("ann", "k1")}
	b.commit(c)
	expect("ann", login("ann", "k1"), login("ann", "k2"))

	// Another kind is another key.
	c = plain("bob", 1, "b2")
	c.Claim = []nidan.Lookup{{Kind: "handle", Key: "k1.login", Account: "bob"}}
	b.commit(c)
	expect("bob", c.Claim[0])

	// What is released can be claimed by others, and so is no longer ann's to
	// release.
	c = plain("bob", 2, "b3")
	c.Claim = []nidan.Lookup{login("bob", "k1")}
	b.refused(c, nidan.ErrTaken)
	free := plain("ann", 2, "a3")
	free.Release = []nidan.Lookup{login("ann", "k1"), login("ann", "never")}
	b.commit(free)
	b.commit(c)
	free = plain("ann", 3, "a4")
	free.Release = []nidan.Lookup{login("ann", "k1")}
	b.commit(free)
	if id, err := b.Lookup(b.Context(), nidan.LookupLogin, "k1.login"); id != "bob" || err != nil {
		t.Errorf("Lookup = %q, %v, want bob", id, err)
	}
}

func testFreeze(t *testing.T, db Database) {
	b := start(t, db)
	b.commit(change("ann", 0, "a"))
	b.commit(change("bob", 0, "b"))
	freeze := func(f nidan.Freeze) {
		t.Helper()
		if err := b.Freeze(b.Context(), f); err != nil {
			t.Fatalf("Freeze: %v", err)
		}
	}
	first := nidan.Freeze{Account: "ann", Part: "session", Shown: 7, Found: 1, At: at(5)}
	freeze(first)
	frozen := func(want *nidan.Freeze) {
		t.Helper()
		got := b.load("ann", "").Frozen
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("Frozen is %+v, want %+v", got, want)
		}
	}
	frozen(&first)
	if l := b.load("bob", ""); l.Frozen != nil {
		t.Errorf("somebody else is frozen: %+v", *l.Frozen)
	}

	// The first finding stays.
	b.unchanged(func() { freeze(nidan.Freeze{Account: "ann", Part: "browser", Shown: 9, Found: 2, At: at(6)}) })

	// What was decided before the account froze is not committed after.
	b.refused(plain("ann", 1, "x"), nidan.ErrConflict)
	unread := plain("ann", 1, "x")
	is := b.load("ann", "")
	unread.Read = &nidan.Read{Format: is.Record.Format, Sealed: is.Record.Sealed, Trail: is.Trail}
	b.refused(unread, nidan.ErrConflict)
	frozen(&first)
	b.commit(plain("bob", 1, "b2"))
	c := plain("ann", 0, "x")
	c.Unfreeze = true
	b.refused(c, nidan.ErrConflict)
	frozen(&first)

	// The version may leap: whatever the lost ones made carries their numbers.
	c = plain("ann", 1, "a3")
	c.Record.Version = 8
	c.Unfreeze = true
	b.commit(c)
	frozen(nil)
	b.commit(plain("ann", 8, "a4"))

	second := nidan.Freeze{Account: "ann", Part: "browser", Shown: 9, Found: 3, At: at(8)}
	freeze(second)
	frozen(&second)

	// An account whose document is missing can be frozen too.
	freeze(nidan.Freeze{Account: "nobody", Part: "document", Shown: 1, At: at(9)})
}

func testSeen(t *testing.T, db Database) {
	b := start(t, db)
	b.commit(change("ann", 0, "a"))
	b.commit(change("bob", 0, "b"))

	// Nothing appears that was not there, and nobody else's moves.
	b.Seen("ann", "never", at(3600))
	b.Seen("ann", "b.session", at(3600))
	b.Seen("nobody", "a.session", at(3600))
	b.commit(plain("ann", 1, "a2"))
	if got := b.sessions("ann"); !slices.Equal(got, []nidan.SessionID{"a.session"}) {
		t.Errorf("ann's sessions are %q", got)
	}
	if got := b.sessions("nobody"); len(got) != 0 {
		t.Errorf("nobody's sessions are %q", got)
	}
	sameSession(t, b.load("bob", "b.session").Session, session("bob", "b", at(0)))

	// It may be lost, but time does not run backwards.
	b.Seen("ann", "a.session", at(3600))
	b.Seen("ann", "a.session", at(-3600))
	b.commit(plain("ann", 2, "a3"))
	if got := b.load("ann", "a.session").Session; got == nil || got.Seen.Before(at(0)) {
		t.Errorf("the session is %+v, last used before it was minted", got)
	}

	// A session that has ended does not come back.
	c := plain("ann", 3, "a4")
	c.End = []nidan.SessionID{"a.session"}
	b.Seen("ann", "a.session", at(7200))
	b.commit(c)
	b.Seen("ann", "a.session", at(9000))
	b.commit(plain("ann", 4, "a5"))
	if got := b.sessions("ann"); len(got) != 0 {
		t.Errorf("Seen brought back %q", got)
	}
}
