package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

func openReaders(t *testing.T) *SQLite {
	s, err := CreateSQLite(t.Context(), filepath.Join(t.TempDir(), "nidan.db"), Options{Readers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func putVersion(t *testing.T, s *SQLite, id nidan.AccountID, v int64) {
	t.Helper()
	err := s.Commit(t.Context(), nidan.Change{ID: fmt.Sprint(id, v), From: v - 1, Record: nidan.Record{
		Kind: nidan.KindAccount, ID: id, Format: 1, Version: v, Sealed: []byte(fmt.Sprint(id, v)),
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// Loads that come together are each given their own row, and none from before it
// was asked for.
func TestLoadsTogether(t *testing.T) {
	s := openReaders(t)
	const accounts = 8
	for i := range accounts {
		putVersion(t, s, nidan.AccountID(fmt.Sprint("ann", i)), 1)
	}
	var all sync.WaitGroup
	for i := range accounts {
		id := nidan.AccountID(fmt.Sprint("ann", i))
		all.Go(func() {
			for v := int64(1); v <= 50; v++ {
				if v > 1 {
					putVersion(t, s, id, v)
				}
				var same sync.WaitGroup
				for range 4 {
					same.Go(func() {
						l, err := s.Load(t.Context(), nidan.KindAccount, id, "")
						if err != nil || l.Record.Version != v || string(l.Record.Sealed) != fmt.Sprint(id, v) {
							t.Errorf("%s after version %d: version %d %q, %v", id, v, l.Record.Version, l.Record.Sealed, err)
						}
						if _, err := s.Load(t.Context(), nidan.KindAccount, "nobody", ""); !errors.Is(err, nidan.ErrNotFound) {
							t.Errorf("nobody: %v", err)
						}
					})
				}
				same.Wait()
			}
		})
	}
	all.Wait()
}

// What another connection has committed is seen by the next load.
func TestLoadSeesOthers(t *testing.T) {
	s := openReaders(t)
	putVersion(t, s, "ann", 1)
	if _, err := s.Load(t.Context(), nidan.KindAccount, "ann", ""); err != nil {
		t.Fatal(err)
	}
	other, err := OpenSQLite(t.Context(), s.w.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	putVersion(t, other, "ann", 2)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err := s.Load(t.Context(), nidan.KindAccount, "ann", ""); err != nil || l.Record.Version != 2 {
		t.Errorf("version %d, %v", l.Record.Version, err)
	}
}

// Callers who have left keep nobody waiting, however many there were.
func TestLoadsAbandoned(t *testing.T) {
	s := openReaders(t)
	putVersion(t, s, "ann", 1)
	var busy []*reader // so that everybody has to wait
	for range cap(s.load.free) {
		busy = append(busy, <-s.load.free)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var left sync.WaitGroup
	for range 2 * cap(s.load.queue) {
		left.Go(func() {
			if _, err := s.Load(ctx, nidan.KindAccount, "ann", ""); !errors.Is(err, context.Canceled) {
				t.Errorf("abandoned: %v", err)
			}
		})
	}
	for len(s.load.queue) < cap(s.load.queue) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	left.Wait()
	for _, r := range busy {
		s.load.free <- r
	}
	if l, err := s.Load(t.Context(), nidan.KindAccount, "ann", ""); err != nil || l.Record.Version != 1 {
		t.Errorf("version %d, %v", l.Record.Version, err)
	}
}

// A connection on which a statement failed is replaced, and whoever shared it is
// told no row that was not read.
func TestReaderFails(t *testing.T) {
	s := openReaders(t)
	putVersion(t, s, "ann", 1)
	r := <-s.load.free
	good := func() *wanted {
		w := &wanted{done: make(chan error, 1)}
		for i, v := range []string{"ann", string(nidan.KindAccount), ""} {
			w.args = append(w.args, driver.NamedValue{Ordinal: i + 1, Value: v})
		}
		return w
	}
	bad := &wanted{args: good().args[:1], done: make(chan error, 1)} // too few
	one, two := good(), good()
	for _, w := range []*wanted{one, bad, two} {
		s.load.queue <- w
	}
	r.serve(s.load)
	if err := <-one.done; err != nil || one.row == nil {
		t.Errorf("before the failure: %v", err)
	}
	for _, w := range []*wanted{bad, two} {
		if err := <-w.done; err == nil || w.row != nil {
			t.Errorf("from the failure on: %v, %v", w.row, err)
		}
	}
	if r.conn != nil {
		t.Error("the connection is still in use")
	}
	s.load.free <- r
	for range 4 {
		if _, err := s.Load(t.Context(), nidan.KindAccount, "ann", ""); err != nil {
			t.Error(err)
		}
	}
}

func TestLoadAfterClose(t *testing.T) {
	s := openReaders(t)
	putVersion(t, s, "ann", 1)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Load(t.Context(), nidan.KindAccount, "ann", ""); !errors.Is(err, ErrClosed) {
		t.Errorf("Load = %v, want ErrClosed", err)
	}
}
