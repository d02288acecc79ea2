package store_test

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// letter is a message that is due that many seconds after some instant, and
// expires an hour later.
func letter(account nidan.AccountID, id string, due int64) nidan.OutboxRow {
	return nidan.OutboxRow{
		Account: account, ID: id, Sealed: []byte("sealed " + id), Due: time.Unix(due, 0), Expires: time.Unix(due+3600, 0),
	}
}

// However many messages wait or were given up, taking some of them looks at
// these only.
func TestSendingScansNothing(t *testing.T) {
	_, path := newStore(t)
	db := look(t, path)
	defer db.Close()
	for _, text := range store.PostSQL {
		rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, 1, 2, 3, "4")
		if err != nil {
			t.Fatal(err)
		}
		searches := 0
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			searches += strings.Count(step, "SEARCH")
			if strings.Contains(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\nin %s", step, text)
			}
		}
		if err := rows.Close(); err != nil || rows.Err() != nil || searches == 0 {
			t.Errorf("%d searches, %v, %v in %s", searches, err, rows.Err(), text)
		}
	}
}

func TestSendingSharesATransaction(t *testing.T) {
	s, _ := newStore(t)
	ctx := context.Background()
	if err := s.Queue(ctx, []nidan.OutboxRow{letter("ann", "old", 1), letter("ann", "bad", 1), letter("ann", "off", 1), letter("ann", "gone", 1)}); err != nil {
		t.Fatal(err)
	}
	before := s.Stats()
	var do []func() error
	for i := range 5 {
		do = append(do,
			func() error { _, err := s.Lease(ctx, time.Unix(2, 0), time.Unix(3, 0), 1); return err },
			func() error { return s.Queue(ctx, []nidan.OutboxRow{letter("ann", strconv.Itoa(i), 9)}) })
	}
	do = append(do,
		func() error { return s.Sent(ctx, "ann", "gone") },
		func() error { return s.Later(ctx, "ann", "off", time.Unix(5, 0)) },
		func() error { return s.Bury(ctx, "ann", "bad", "refused") },
		commit(s, signIn("ann", 0)))
	for i, err := range together(t, s, do...) {
		if err != nil {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if n := s.Stats().Transactions - before.Transactions; n != 2 { // one of them is that of hold
		t.Errorf("%d transactions, want 2", n)
	}
}

// One message that cannot be queued is nobody else's matter.
func TestAMessageQueuedTwiceHurtsNobody(t *testing.T) {
	s, path := newStore(t)
	ctx := context.Background()
	if err := s.Queue(ctx, []nidan.OutboxRow{letter("ann", "m", 1)}); err != nil {
		t.Fatal(err)
	}
	errs := together(t, s,
		func() error { return s.Queue(ctx, []nidan.OutboxRow{letter("eve", "n", 1), letter("ann", "m", 1)}) },
		func() error { return s.Queue(ctx, []nidan.OutboxRow{letter("bob", "m", 1)}) },
		commit(s, signIn("cat", 0)),
	)
	if errs[0] == nil || errs[1] != nil || errs[2] != nil {
		t.Errorf("the answers are %v", errs)
	}
	if rows := dump(t, path)["nidan_outbox"]; len(rows) != 2 || strings.Contains(strings.Join(rows, ""), "eve") {
		t.Errorf("the outbox holds %q", rows)
	}
}

// Whoever takes messages learns which, also when it has lost patience: nobody
// else will be given them.
func TestALeaseThatHasBegunIsWaitedFor(t *testing.T) {
	s, _ := newStore(t)
	if err := s.Queue(t.Context(), []nidan.OutboxRow{letter("ann", "m", 1)}); err != nil {
		t.Fatal(err)
	}
	working, let := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.AfterCommit(func(err error) error {
		once.Do(func() { close(working); <-let })
		return err
	})
	ctx, cancel := context.WithCancel(t.Context())
	var rows []nidan.OutboxRow
	answer := make(chan error)
	go func() {
		var err error
		rows, err = s.Lease(ctx, time.Unix(2, 0), time.Unix(3, 0), 5)
		answer <- err
	}()
	<-working
	cancel()
	runtime.Gosched()
	close(let)
	if err := <-answer; err != nil || len(rows) != 1 {
		t.Errorf("Lease = %+v, %v", rows, err)
	}
}
