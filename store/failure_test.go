package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

var errTorn = errors.New("the disk said no")

// silent is a commit that appends no event.
func silent(id nidan.AccountID, from int64) nidan.Change {
	c := signIn(id, from)
	c.Events = nil
	return c
}

// A COMMIT that failed although it was carried out: what is there is
// acknowledged.
func TestCommitFailsButIsDurable(t *testing.T) {
	for name, c := range map[string]nidan.Change{
		"found by its event":    signIn("ann", 0),
		"found by its document": silent("ann", 0),
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newStore(t)
			s.AfterCommit(func(err error) error { return errors.Join(err, errTorn) })
			if err := s.Commit(t.Context(), c); err != nil {
				t.Errorf("Commit = %v, but it is there", err)
			}
			// What was not going to be applied is not.
			if err := s.Commit(t.Context(), signIn("ann", 0)); err == nil && len(c.Events) == 0 {
				t.Error("a refused commit is acknowledged")
			}
			if _, err := s.Gate(t.Context(), []string{"k"}, add); !errors.Is(err, errTorn) {
				t.Errorf("Gate = %v, want the failure", err)
			}
			s.AfterCommit(func(err error) error { return err })
			if err := s.Commit(t.Context(), signIn("ann", 1)); err != nil {
				t.Errorf("the next commit: %v", err)
			}
		})
	}
}

// One whose fate cannot be told any more.
func TestCommitFailsAndCannotBeTold(t *testing.T) {
	s, path := newStore(t)
	other := open(t, path)
	defer closeStore(t, other)
	s.AfterCommit(func(err error) error {
		return errors.Join(err, other.Commit(context.Background(), signIn("ann", 1)), errTorn)
	})
	if err := s.Commit(t.Context(), silent("ann", 0)); !errors.Is(err, nidan.ErrUnknown) {
		t.Errorf("Commit = %v, want ErrUnknown", err)
	}
}

// A COMMIT that SQLite refuses: everybody in it is told, nothing is left, and
// it goes on when the reason is gone.
func TestCommitFails(t *testing.T) {
	s, path := newStore(t)
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Queue(t.Context(), []nidan.OutboxRow{letter("ann", "old", 5)}); err != nil {
		t.Fatal(err)
	}
	var refuse atomic.Bool
	if err := s.RefuseCommits(refuse.Load); err != nil {
		t.Fatal(err)
	}
	before := dump(t, path)
	errs := together(t, s,
		func() error {
			_, err := s.Gate(context.Background(), []string{"k"}, func(rows []nidan.GateRow) []nidan.GateRow {
				refuse.Store(true) // from this transaction on
				return add(rows)
			})
			return err
		},
		commit(s, signIn("ann", 1)),
		commit(s, silent("bob", 0)),
		func() error { return s.Freeze(context.Background(), nidan.Freeze{Account: "ann", Part: "session"}) },
		func() error {
			_, err := s.Committed(context.Background(), "ann", "ann-1")
			return err
		},
		func() error { return s.Queue(context.Background(), []nidan.OutboxRow{letter("ann", "new", 5)}) },
		func() error {
			rows, err := s.Lease(context.Background(), time.Unix(9, 0), time.Unix(10, 0), 5)
			if len(rows) > 0 {
				t.Errorf("a lease that failed took %+v", rows)
			}
			return err
		},
	)
	for i, err := range errs {
		if err == nil || errors.Is(err, nidan.ErrUnknown) {
			t.Errorf("request %d: %v, want a failure of which it is known that nothing was written", i, err)
		}
	}
	if after := dump(t, path); !reflect.DeepEqual(before, after) {
		t.Errorf("the database is\n%v\nand not\n%v", after, before)
	}
	refuse.Store(false)
	if err := s.Commit(t.Context(), signIn("ann", 1)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A connection in an unknown state is given up, its lock with it, and the next
// request gets a new one.
func TestConnectionIsReplaced(t *testing.T) {
	s, _ := newStore(t)
	s.Entangle()
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), signIn("ann", 1)); err == nil || errors.Is(err, nidan.ErrUnknown) {
		t.Errorf("Commit = %v, want a failure of which it is known that nothing was written", err)
	}
	if err := s.Commit(t.Context(), signIn("ann", 1)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func add(rows []nidan.GateRow) []nidan.GateRow {
	for i := range rows {
		rows[i].Wrong++
	}
	return rows
}

// A full disk, as SQLite sees it: nothing is acknowledged that is not there,
// reading goes on, and so does writing once there is room.
func TestDatabaseIsFull(t *testing.T) {
	s, path := newStore(t)
	if err := s.Commit(t.Context(), signIn(account(0), 0)); err != nil {
		t.Fatal(err)
	}
	pages, err := s.Value("PRAGMA page_count")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+20)); err != nil {
		t.Fatal(err)
	}
	full := func(i int, c nidan.Change) bool {
		t.Helper()
		err := s.Commit(t.Context(), c)
		if errors.Is(err, nidan.ErrUnknown) {
			t.Errorf("commit %d: %v; it is known that there was no room", i, err)
		}
		return err != nil
	}
	n := 1
	for !full(n, signIn(account(n), 0)) {
		if n++; n > 1000 {
			t.Fatal("the database never fills up")
		}
	}

	// Many at once, large and small ones: some may find a little room.
	var do []func() error
	var changes []nidan.Change
	for i := n; i < n+20; i++ {
		c := signIn(account(i), 0)
		c.Record.Sealed = bytes.Repeat([]byte{1}, 30_000)
		changes = append(changes, c)
		do = append(do, commit(s, c))
	}
	errs := together(t, s, do...)
	for i, err := range errs {
		if errors.Is(err, nidan.ErrUnknown) {
			t.Errorf("%v; it is known that there was no room", err)
		}
		_, loadErr := s.Load(t.Context(), nidan.KindAccount, changes[i].Record.ID, "")
		if (err == nil) != (loadErr == nil) {
			t.Errorf("commit %d was told %v, Load %v", i, err, loadErr)
		}
	}
	for i := range n {
		if _, err := s.Load(t.Context(), nidan.KindAccount, account(i), ""); err != nil {
			t.Errorf("account %d was acknowledged: %v", i, err)
		}
	}
	rows := dump(t, path)
	if d, e, m := len(rows["nidan_documents"]), len(rows["nidan_events"]), len(rows["nidan_sessions"]); d != e || d != m {
		t.Errorf("%d documents, %d events and %d sessions, want as many of each", d, e, m)
	}

	if err := s.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		if err != nil && full(i, changes[i]) {
			t.Errorf("commit %d fails although there is room again", i)
		}
	}
}
