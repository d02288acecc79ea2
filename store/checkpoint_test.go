package store_test

import (
	"bytes"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// What is committed gets into the database file while the store is open, and the
// log stays bounded although commits and loads never pause.
func TestLogIsMovedMeanwhile(t *testing.T) {
	s, path := newStore(t)
	before := size(t, path)
	const writers, commits = 32, 250
	var all, reading sync.WaitGroup
	over := make(chan struct{})
	reading.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			if _, err := s.Load(t.Context(), nidan.KindAccount, account(0), ""); err != nil && err != nidan.ErrNotFound {
				t.Error(err)
				return
			}
		}
	})
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
	for end := time.Now().Add(10 * time.Second); size(t, path) == before; {
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
