package store_test

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// What is committed gets into the database file while the store is open, and the
// log stays bounded although commits and loads never pause.
func TestLogIsMovedMeanwhile(t *testing.T) {
	s, path := newStore(t)
	before := size(t, path)
	const writers, commits = 32, 250
	var all, reading sync.WaitGroup
	over := make(chan struct{})
	reading.Go(func() { loadUntil(t, s, over, account(0), func(nidan.Loaded) {}) })
	most := make([]int64, writers)
	for i := range writers {
		all.Go(func() {
			for v := range int64(commits) {
				c := signIn(account(i), v)
				c.Record.Sealed = bytes.Repeat([]byte{byte(v)}, 20<<10) // several pages: 200 MB in all
				if err := s.Commit(t.Context(), c); err != nil {
					t.Error(err)
					return
				}
				most[i] = max(most[i], size(t, path+"-wal"))
			}
		})
	}
	all.Wait()
	close(over)
	reading.Wait()
	for i := range most {
		if most[i] > 120<<20 {
			t.Errorf("the log had %d MB, and is cut back from 32 on", most[i]>>20)
			break
		}
	}
	for end := time.Now().Add(time.Minute); size(t, path) == before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing of 8000 commits is in the database file")
		}
	}
}

func size(t *testing.T, path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return 0
	}
	return fi.Size()
}

// loadUntil loads an account without a pause, and shows what it finds.
func loadUntil(t *testing.T, s *store.SQLite, over <-chan struct{}, id nidan.AccountID, show func(nidan.Loaded)) {
	for {
		select {
		case <-over:
			return
		default:
		}
		switch l, err := s.Load(t.Context(), nidan.KindAccount, id, ""); {
		case err == nil:
			show(l)
		case !errors.Is(err, nidan.ErrNotFound):
			t.Error(err)
			return
		}
	}
}
