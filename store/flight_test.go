package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// withDisk is a new database whose log is brought to the disk by sync.
func withDisk(t *testing.T, sync func(*os.File) error) (s *store.SQLite, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "nidan.db")
	s, err := store.CreateSQLite(t.Context(), path, store.Options{Sync: sync})
	if err != nil {
		t.Fatal(err)
	}
	return s, path
}

// slowDisk lets every sync after the first few wait until it is told what to say.
type slowDisk struct {
	slow   atomic.Bool
	asked  chan struct{}
	answer chan error
}

func newSlowDisk() *slowDisk {
	return &slowDisk{asked: make(chan struct{}), answer: make(chan error)}
}

func (d *slowDisk) sync(log *os.File) error {
	if d.slow.Load() {
		d.asked <- struct{}{}
		if err := <-d.answer; err != nil {
			return err
		}
	}
	return log.Sync()
}

// Whoever commits is answered when the log is on the disk, and so is whoever loads
// what was committed; everybody else goes on.
func TestAnsweredWhenOnTheDisk(t *testing.T) {
	disk := newSlowDisk()
	s, _ := withDisk(t, disk.sync)
	defer closeStore(t, s)
	for _, id := range []nidan.AccountID{"ann", "bob"} {
		if err := s.Commit(t.Context(), signIn(id, 0)); err != nil {
			t.Fatal(err)
		}
	}
	disk.slow.Store(true)
	committed, loaded := make(chan error, 1), make(chan nidan.Loaded, 1)
	go func() { committed <- s.Commit(context.Background(), signIn("ann", 1)) }()
	<-disk.asked

	if l, err := s.Load(t.Context(), nidan.KindAccount, "bob", ""); err != nil || l.Record.Version != 1 {
		t.Errorf("another account: version %d, %v", l.Record.Version, err)
	}
	go func() {
		l, err := s.Load(context.Background(), nidan.KindAccount, "ann", "")
		if err != nil {
			t.Error(err)
		}
		loaded <- l
	}()
	// The first of these is what the next transaction begins with, the second can
	// only have joined it.
	before := s.Stats().Transactions
	joined := make(chan error, 2)
	for _, key := range []string{"k", "l"} {
		inside := make(chan struct{})
		go func() {
			_, err := s.Gate(context.Background(), []string{key}, func(rows []nidan.GateRow) []nidan.GateRow {
				close(inside)
				return add(rows)
			})
			joined <- err
		}()
		<-inside
	}
	left := make(chan error, 1)
	leaving, leave := context.WithCancel(t.Context())
	go func() {
		_, err := s.Load(leaving, nidan.KindAccount, "ann", "")
		left <- err
	}()
	for range 1000 {
		runtime.Gosched()
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who does not wait is told %v", err)
	}
	if len(committed) > 0 || len(joined) > 0 {
		t.Error("a commit was answered before it was on the disk")
	}
	if len(loaded) > 0 {
		t.Error("it was loaded before it was on the disk")
	}
	disk.answer <- nil
	if err := <-committed; err != nil {
		t.Error(err)
	}
	if l := <-loaded; l.Record.Version != 2 {
		t.Errorf("version %d was loaded, want 2", l.Record.Version)
	}
	<-disk.asked // the next, which was made ready meanwhile
	disk.answer <- nil
	for range 2 {
		if err := <-joined; err != nil {
			t.Error(err)
		}
	}
	if n := s.Stats().Transactions - before; n != 1 {
		t.Errorf("%d transactions for two who came while one was on its way, want 1", n)
	}

	// A freeze too: an account that was told to be frozen is found so.
	frozen := make(chan error, 1)
	go func() { frozen <- s.Freeze(context.Background(), nidan.Freeze{Account: "bob", Part: "session"}) }()
	<-disk.asked
	go func() {
		l, err := s.Load(context.Background(), nidan.KindAccount, "bob", "")
		if err != nil || l.Frozen == nil {
			t.Errorf("frozen: %v, %v", l.Frozen, err)
		}
		loaded <- l
	}()
	for range 1000 {
		runtime.Gosched()
	}
	if len(frozen) > 0 || len(loaded) > 0 {
		t.Error("a freeze was told before it was on the disk")
	}
	disk.slow.Store(false)
	disk.answer <- nil
	if err := <-frozen; err != nil {
		t.Error(err)
	}
	<-loaded
}

// A COMMIT that failed although it was carried out is brought to the disk too
// before it is acknowledged.
func TestFailedCommitIsSynced(t *testing.T) {
	var syncs atomic.Int64
	s, _ := withDisk(t, func(log *os.File) error { syncs.Add(1); return log.Sync() })
	defer closeStore(t, s)
	s.AfterCommit(func(err error) error { return errors.Join(err, errTorn) })
	before := syncs.Load()
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	if syncs.Load() == before {
		t.Error("it was acknowledged from memory")
	}
}

// What writes nothing does not go to the disk: waiting at a gate, losing a race.
func TestNothingWrittenNothingSynced(t *testing.T) {
	var syncs atomic.Int64
	s, _ := withDisk(t, func(log *os.File) error { syncs.Add(1); return log.Sync() })
	defer closeStore(t, s)
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	before := syncs.Load()
	if err := s.Commit(t.Context(), signIn("ann", 0)); !errors.Is(err, nidan.ErrConflict) {
		t.Errorf("Commit = %v", err)
	}
	look := func(rows []nidan.GateRow) []nidan.GateRow { return rows }
	if _, err := s.Gate(t.Context(), []string{"k"}, look); err != nil {
		t.Error(err)
	}
	if found, err := s.Committed(t.Context(), "ann", "ann-0"); err != nil || !found {
		t.Errorf("Committed = %v, %v", found, err)
	}
	if n := syncs.Load() - before; n != 0 {
		t.Errorf("%d syncs", n)
	}
}

// A disk that fails: what was on its way is not acknowledged, what had joined the
// next transaction is not written, and then nothing is read or written any more.
// Opened anew, the file has all that was acknowledged.
func TestDiskFails(t *testing.T) {
	disk := newSlowDisk()
	s, path := withDisk(t, disk.sync)
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	disk.slow.Store(true)
	flying, joined := make(chan error, 1), make(chan error, 1)
	go func() { flying <- s.Commit(context.Background(), signIn("ann", 1)) }()
	<-disk.asked
	inside := make(chan struct{})
	go func() {
		_, err := s.Gate(context.Background(), []string{"k"}, func(rows []nidan.GateRow) []nidan.GateRow {
			close(inside)
			return add(rows)
		})
		joined <- err
	}()
	<-inside
	disk.answer <- errTorn

	if err := <-flying; !errors.Is(err, nidan.ErrUnknown) || !errors.Is(err, store.ErrLost) || !errors.Is(err, errTorn) {
		t.Errorf("what was on its way was told %v", err)
	}
	if err := <-joined; !errors.Is(err, store.ErrLost) || errors.Is(err, nidan.ErrUnknown) {
		t.Errorf("what had joined was told %v, want ErrLost, of which it is known that nothing was written", err)
	}
	if err := <-s.Lost(); !errors.Is(err, store.ErrLost) || !errors.Is(err, errTorn) {
		t.Errorf("Lost is told %v", err)
	}
	if _, err := s.Committed(t.Context(), "ann", "ann-1"); !errors.Is(err, store.ErrLost) {
		t.Errorf("Committed = %v: whether it is there nobody knows", err)
	}
	for _, id := range []nidan.AccountID{"ann", "cat"} {
		if _, err := s.Load(t.Context(), nidan.KindAccount, id, ""); !errors.Is(err, store.ErrLost) {
			t.Errorf("Load of %s = %v", id, err)
		}
	}
	if err := s.Commit(t.Context(), signIn("cat", 0)); !errors.Is(err, store.ErrLost) {
		t.Errorf("the next commit = %v", err)
	}
	if err := s.Close(); !errors.Is(err, store.ErrLost) {
		t.Errorf("Close = %v", err)
	}

	if _, err := store.OpenSQLite(t.Context(), path, store.Options{}); !errors.Is(err, store.ErrLost) {
		t.Errorf("the same process opens it anew: %v", err)
	}

	// As a new process finds it, also where another has it open.
	image := filepath.Join(t.TempDir(), "nidan.db")
	for _, suffix := range []string{"", "-wal"} {
		if out, err := exec.Command("cp", path+suffix, image+suffix).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if size(t, image+"-wal") == 0 {
		t.Fatal("nothing was left in the log")
	}
	other := look(t, image) // of the application, say
	defer other.Close()
	if len(tables(t, other)) == 0 {
		t.Fatal("there are no tables")
	}
	before := logHeader(t, image)
	again := open(t, image)
	defer closeStore(t, again)
	if _, err := again.Gate(t.Context(), []string{"l"}, add); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(before, logHeader(t, image)) {
		t.Error("it goes on with a log of which some may be lost")
	}
	if l, err := again.Load(t.Context(), nidan.KindAccount, "ann", ""); err != nil || l.Record.Version == 0 {
		t.Errorf("what was acknowledged: %v", err)
	}
	rows := dump(t, image)
	if docs, gates := len(rows["nidan_documents"]), len(rows["nidan_gates"]); docs != 1 || gates != 1 {
		t.Errorf("%d documents and %d gates, want ann's alone and the new one", docs, gates)
	}
}

// A disk that keeps only what was brought to it: at each moment what anybody has
// been told, by a commit or by a load, is on it.
func TestPowerCut(t *testing.T) {
	type versions map[nidan.AccountID]int64
	var kept atomic.Pointer[versions]
	var path string
	dir, turn := t.TempDir(), 0
	s, path := withDisk(t, func(log *os.File) error {
		// By another process: closing the file here would drop SQLite's locks.
		turn++
		image := filepath.Join(dir, fmt.Sprint(turn), "nidan.db")
		if err := os.Mkdir(filepath.Dir(image), 0o700); err != nil {
			return err
		}
		for _, suffix := range []string{"", "-wal"} {
			if err := exec.Command("cp", path+suffix, image+suffix).Run(); err != nil {
				return fmt.Errorf("cp: %w", err)
			}
		}
		disk, err := store.OpenSQLite(context.Background(), image, store.Options{})
		if err != nil {
			return err
		}
		on := make(versions)
		all, err := disk.Accounts(context.Background(), "", 1000)
		for _, r := range all {
			on[r.ID] = r.Version
		}
		kept.Store(&on)
		return errors.Join(err, disk.Close(), os.RemoveAll(filepath.Dir(image)))
	})
	defer closeStore(t, s)
	kept.Store(new(versions))
	told := func(id nidan.AccountID, version int64) {
		if on := (*kept.Load())[id]; on < version {
			t.Errorf("version %d of %s was told, %d is on the disk", version, id, on)
		}
	}
	const writers, commits = 12, 12
	var all, reading sync.WaitGroup
	over := make(chan struct{})
	for i := range writers {
		all.Go(func() {
			for v := range int64(commits) {
				if err := s.Commit(t.Context(), signIn(account(i), v)); err != nil {
					t.Error(err)
					return
				}
				told(account(i), v+1)
			}
		})
		reading.Go(func() {
			loadUntil(t, s, over, account(i), func(l nidan.Loaded) { told(account(i), l.Record.Version) })
		})
	}
	all.Wait()
	close(over)
	reading.Wait()
	if st := s.Stats(); st.Transactions >= writers*commits {
		t.Errorf("%d transactions for %d commits: nothing was made ready meanwhile", st.Transactions, writers*commits)
	}
}

// logHeader is what changes when a log is begun anew.
func logHeader(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path + "-wal")
	if err != nil || len(b) < 32 {
		t.Fatalf("the log: %d bytes, %v", len(b), err)
	}
	return b[:32]
}
