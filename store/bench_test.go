package store_test

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// Run them on a tmpfs to measure the engine, and on a disk to measure the disk:
//
//	TMPDIR=/dev/shm go test -run '^$' -bench . ./store

func benchStore(b *testing.B, accounts int) *store.SQLite {
	s, err := store.CreateSQLite(b.Context(), b.TempDir()+"/nidan.db", store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	for i := range accounts {
		if err := s.Commit(b.Context(), signIn(account(i), 0)); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func account(i int) nidan.AccountID {
	return nidan.AccountID(fmt.Sprintf("account%019d", i))
}

// signIn is a change of about the size that a completed sign-in has.
func signIn(id nidan.AccountID, from int64) nidan.Change {
	now := time.Unix(1_800_000_000+from, 0)
	commit := string(id) + "-" + strconv.FormatInt(from, 10)
	c := nidan.Change{
		ID: commit, From: from,
		Record: nidan.Record{
			Kind: nidan.KindAccount, ID: id, Format: 1, Version: from + 1, Sealed: bytes.Repeat([]byte{7}, 2500),
			Projection: nidan.Projection{
				Name: string(id) + "@example.com", Protected: true, Methods: []nidan.MethodName{"totp", "backup"},
				LastSignIn: now, Created: now,
			},
		},
		Events: []nidan.EventRow{{Owner: id, Seq: from + 1, Commit: commit, Body: bytes.Repeat([]byte{'e'}, 300)}},
		Mint:   []nidan.SessionRow{{Account: id, ID: nidan.SessionID(commit), Sealed: bytes.Repeat([]byte{8}, 200), Seen: now}},
	}
	if from > 0 {
		c.End = []nidan.SessionID{nidan.SessionID(string(id) + "-" + strconv.FormatInt(from-1, 10))}
	}
	return c
}

func BenchmarkLoad(b *testing.B) {
	const accounts = 1000
	s := benchStore(b, accounts)
	for _, goroutines := range []int{1, 32} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			parallel(b, goroutines, func(i int64) error {
				id := account(int(i % accounts))
				_, err := s.Load(b.Context(), nidan.KindAccount, id, nidan.SessionID(string(id)+"-0"))
				return err
			})
		})
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 32, 128} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := benchStore(b, 0)
			versions := make([]int64, writers)
			before := s.Stats()
			each(b, writers, func(w int) error {
				err := s.Commit(b.Context(), signIn(account(w), versions[w]))
				versions[w]++
				return err
			})
			after := s.Stats()
			b.ReportMetric(float64(after.Requests-before.Requests)/float64(after.Transactions-before.Transactions), "requests/commit")
		})
	}
}

func BenchmarkGate(b *testing.B) {
	s := benchStore(b, 0)
	parallel(b, 32, func(i int64) error {
		key := strconv.FormatInt(i%1000, 10)
		_, err := s.Gate(b.Context(), []string{key, key + "-others"}, func(rows []nidan.GateRow) []nidan.GateRow {
			for i := range rows {
				rows[i].Wrong++
			}
			return rows
		})
		return err
	})
}

// parallel calls do b.N times from n goroutines.
func parallel(b *testing.B, n int, do func(i int64) error) {
	var next atomic.Int64
	each(b, n, func(int) error { return do(next.Add(1)) })
}

// each calls do b.N times from n goroutines, each of which has a number.
func each(b *testing.B, n int, do func(goroutine int) error) {
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan error)
	for g := range n {
		go func() {
			var err error
			for err == nil && left.Add(-1) >= 0 {
				err = do(g)
			}
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}
