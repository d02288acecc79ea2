package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// queue queues messages, which has to succeed.
func (b *bench) queue(rows ...nidan.OutboxRow) {
	b.Helper()
	if err := b.Queue(b.Context(), rows); err != nil {
		b.Fatalf("Queue: %v", err)
	}
}

// lease takes messages at now, for a minute.
func (b *bench) lease(now time.Time, limit int) []nidan.OutboxRow {
	b.Helper()
	rows, err := b.Lease(b.Context(), now, now.Add(time.Minute), limit)
	if err != nil {
		b.Fatalf("Lease: %v", err)
	}
	return rows
}

func (b *bench) sameMessages(got []nidan.OutboxRow, want ...nidan.OutboxRow) {
	b.Helper()
	if !slices.EqualFunc(got, want, func(g, w nidan.OutboxRow) bool {
		return g.Account == w.Account && g.ID == w.ID && string(g.Sealed) == string(w.Sealed) &&
			g.Due.Equal(w.Due) && g.Expires.Equal(w.Expires) && g.Tries == w.Tries && g.Cause == w.Cause
	}) {
		b.Errorf("the messages are\n\t%+v\nand not\n\t%+v", got, want)
	}
}

// outbox checks what an account's outbox holds.
func (b *bench) outbox(id nidan.AccountID, want ...nidan.OutboxRow) {
	b.Helper()
	got, err := b.Outbox(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	b.sameMessages(got, want...)
}

// taken is a message as a lease returns it and leaves it.
func taken(m nidan.OutboxRow, until time.Time, tries int) nidan.OutboxRow {
	m.Due, m.Tries = until, tries
	return m
}

func testQueue(t *testing.T, db Database) {
	b := start(t, db)
	one, two := message("ann", "m1", at(10)), message("somebody", "m2", at(5))
	b.queue(one, two)
	b.outbox("ann", one)
	b.outbox("somebody", two)
	b.unchanged(func() { b.queue() })

	// Only sending counts tries, and gives up.
	b.queue(nidan.OutboxRow{Account: "bob", ID: "m3", Sealed: sealed("m3"), Due: at(1), Expires: at(2), Tries: 9, Cause: "none"})
	b.outbox("bob", nidan.OutboxRow{Account: "bob", ID: "m3", Sealed: sealed("m3"), Due: at(1), Expires: at(2)})

	// All of them, or none.
	b.unchanged(func() {
		if err := b.Queue(b.Context(), []nidan.OutboxRow{message("ann", "x", at(1)), message("bob", "x", at(1)), one}); err == nil {
			t.Error("a message was queued twice")
		}
	})
}

func testLease(t *testing.T, db Database) {
	b := start(t, db)
	// In no order, neither by id nor by account.
	var rows []nidan.OutboxRow
	for i, due := range []int64{30, 10, 50, 20, 40} {
		rows = append(rows, message(nidan.AccountID(fmt.Sprint("account", i%3)), fmt.Sprint("m", i), at(due)))
	}
	b.queue(rows[:3]...)
	c := plain(rows[3].Account, 0, "a")
	c.Queue = rows[3:4]
	b.commit(c) // what a commit queues is sent too
	b.queue(rows[4])

	b.sub("nothing before it is due", func(b *bench) {
		b.unchanged(func() { b.sameMessages(b.lease(at(9), 10)) })
	})
	b.sub("nothing at all", func(b *bench) {
		b.unchanged(func() {
			b.sameMessages(b.lease(at(60), 0))
			b.sameMessages(b.lease(at(60), -1))
			for _, until := range []time.Time{at(60), at(59), {}} {
				if rows, err := b.Lease(b.Context(), at(60), until, 10); err == nil {
					b.Errorf("a lease until %v took %+v", until, rows)
				}
			}
		})
	})
	until := at(50 + 60)
	b.sub("the longest due first, each once", func(b *bench) {
		b.sameMessages(b.lease(at(50), 2), taken(rows[1], until, 1), taken(rows[3], until, 1))
		b.sameMessages(b.lease(at(50), 10), taken(rows[0], until, 1), taken(rows[4], until, 1), taken(rows[2], until, 1))
		b.unchanged(func() { b.sameMessages(b.lease(at(109), 10)) })
		b.outbox("account2", taken(rows[2], until, 1))
	})
	b.sub("again once the lease has ended", func(b *bench) {
		if got := b.lease(until, 10); len(got) != len(rows) || got[0].Tries != 2 {
			b.Errorf("taken again: %+v", got)
		}
	})
	b.sub("nothing that has expired", func(b *bench) {
		gone, last := message("eve", "m8", at(200)), message("eve", "m9", at(200))
		gone.Expires, last.Expires = at(300), at(301)
		b.queue(gone, last)
		if got := b.lease(at(300), 100); !slices.ContainsFunc(got, func(m nidan.OutboxRow) bool { return m.ID == last.ID }) ||
			slices.ContainsFunc(got, func(m nidan.OutboxRow) bool { return m.ID == gone.ID }) {
			b.Errorf("at its end of life was taken %+v", got)
		}
		b.outbox("eve", gone, taken(last, at(360), 1))
	})
}

func testUrgent(t *testing.T, db Database) {
	b := start(t, db)
	day, hour, number := message("dan", "m10", at(400)), message("dan", "m11", at(401)), message("dan", "m12", at(402))
	day.Expires, hour.Expires, number.Expires = at(500).Add(time.Hour+time.Second), at(500).Add(time.Hour), at(402).Add(10*time.Minute)
	b.queue(day, hour, number)
	until := at(500 + 60)
	b.sameMessages(b.lease(at(500), 2), taken(number, until, 1), taken(hour, until, 1))
	b.sameMessages(b.lease(at(500), 2), taken(day, until, 1))
}

// testPost ends leases in every way.
func testPost(t *testing.T, db Database) {
	b := start(t, db)
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Two of the same id: nothing is done to another account's.
	mine, other := message("ann", "m", at(10)), message("bob", "m", at(10))
	other.Sealed = sealed("other")
	reset := func() {
		t.Helper()
		do("Sent", b.Sent(b.Context(), "ann", mine.ID))
		do("Sent", b.Sent(b.Context(), "bob", other.ID))
		b.queue(mine, other)
		if got := b.lease(at(20), 10); len(got) != 2 {
			t.Fatalf("taken: %+v", got)
		}
	}
	held := taken(other, at(80), 1)

	reset()
	do("Sent", b.Sent(b.Context(), "ann", mine.ID))
	b.outbox("ann")
	b.outbox("bob", held)
	b.unchanged(func() { do("Sent", b.Sent(b.Context(), "ann", mine.ID)) })

	reset()
	do("Later", b.Later(b.Context(), "ann", mine.ID, at(70)))
	b.outbox("ann", taken(mine, at(70), 1))
	b.outbox("bob", held)
	b.sameMessages(b.lease(at(69), 10))
	b.sameMessages(b.lease(at(70), 10), taken(mine, at(130), 2))
	b.unchanged(func() { do("Later", b.Later(b.Context(), "ann", "never", at(70))) })

	reset()
	do("Bury", b.Bury(b.Context(), "ann", mine.ID, "refused"))
	buried := taken(mine, at(80), 1)
	buried.Sealed, buried.Cause = nil, "refused"
	b.outbox("ann", buried)
	b.outbox("bob", held)
	if in := b.db.Dump(b).contains("m.sealed message"); len(in) > 0 {
		t.Errorf("the body still stands in %v", in)
	}
	b.unchanged(func() {
		do("Bury", b.Bury(b.Context(), "ann", mine.ID, "another cause"))
		do("Bury", b.Bury(b.Context(), "ann", "never", "refused"))
		if err := b.Bury(b.Context(), "bob", other.ID, ""); err == nil {
			t.Error("a message was given up without a cause")
		}
	})
	b.sameMessages(b.lease(at(90), 10), taken(other, at(150), 2))
	do("Later", b.Later(b.Context(), "ann", mine.ID, at(90)))
	b.sameMessages(b.lease(at(100), 10))
	do("Tidy", b.Tidy(b.Context(), mine.Expires.Add(-time.Microsecond), at(0)))
	buried.Due = at(90)
	b.outbox("ann", buried)
	do("Tidy", b.Tidy(b.Context(), mine.Expires, at(0)))
	b.outbox("ann")

	// A decision takes back what is being sent or was given up.
	reset()
	do("Bury", b.Bury(b.Context(), "ann", mine.ID, "refused"))
	for _, m := range []nidan.OutboxRow{mine, other} {
		c := plain(m.Account, 0, string(m.Account))
		c.Drop = []string{m.ID}
		b.commit(c)
		b.outbox(m.Account)
	}

	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	b.queue(mine)
	b.unchanged(func() {
		_, err := b.Lease(ctx, at(20), at(30), 10)
		for what, err := range map[string]error{
			"Lease": err,
			"Queue": b.Queue(ctx, []nidan.OutboxRow{other}),
			"Sent":  b.Sent(ctx, "ann", mine.ID),
			"Later": b.Later(ctx, "ann", mine.ID, at(30)),
			"Bury":  b.Bury(ctx, "ann", mine.ID, "refused"),
		} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s = %v, want context.Canceled", what, err)
			}
		}
	})
}

// testSenders has several senders on two nodes take messages that are still
// being queued, while some of them lose patience: every message is taken once,
// and by somebody who knows of it.
func testSenders(t *testing.T, db Database) {
	nodes := []*bench{start(t, db), start(t, db)}
	const senders, writers, each = 8, 4, 25
	var mu sync.Mutex
	had := make(map[string]int)
	take := func(b *bench, ctx context.Context) int {
		rows, err := b.Lease(ctx, at(100), at(200), 3)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Lease: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, m := range rows {
			had[m.ID]++
		}
		return len(rows)
	}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				m := message(nidan.AccountID(fmt.Sprint("account", i)), fmt.Sprintf("w%d-%d", w, i), at(int64(i)))
				if err := nodes[w%2].Queue(t.Context(), []nidan.OutboxRow{m}); err != nil {
					t.Errorf("Queue: %v", err)
				}
			}
		})
	}
	for s := range senders {
		all.Go(func() {
			for range each {
				ctx, cancel := context.WithCancel(t.Context())
				if s%4 == 0 {
					go cancel()
				}
				take(nodes[s%2], ctx)
				cancel()
			}
		})
	}
	all.Wait()
	for range writers * each {
		if take(nodes[0], t.Context()) == 0 {
			break
		}
	}
	if len(had) != writers*each {
		t.Errorf("%d messages were taken, want %d", len(had), writers*each)
	}
	for id, n := range had {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
}
