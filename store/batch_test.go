package store_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// together holds the writer until all of do are queued, so that they share a
// transaction, and returns what each returned.
func together(t *testing.T, s *store.SQLite, do ...func() error) []error {
	t.Helper()
	release := hold(t, s)
	errs := make([]error, len(do))
	var all sync.WaitGroup
	for i := range do {
		all.Go(func() { errs[i] = do[i]() })
	}
	queued(s, len(do))
	release()
	all.Wait()
	return errs
}

// hold keeps the writer busy until release is called.
func hold(t *testing.T, s *store.SQLite) (release func()) {
	t.Helper()
	holding, let := make(chan struct{}), make(chan struct{})
	var holder sync.WaitGroup
	holder.Go(func() {
		_, err := s.Gate(context.Background(), []string{"hold"}, func(rows []nidan.GateRow) []nidan.GateRow {
			close(holding)
			<-let
			return rows
		})
		if err != nil {
			t.Errorf("Gate: %v", err)
		}
	})
	<-holding
	return func() {
		close(let)
		holder.Wait()
	}
}

// queued waits until n requests are waiting.
func queued(s *store.SQLite, n int) {
	for s.Stats().Queued != n {
		runtime.Gosched()
	}
}

func commit(s *store.SQLite, c nidan.Change) func() error {
	return func() error { return s.Commit(context.Background(), c) }
}

func TestCommitsShareATransaction(t *testing.T) {
	s, _ := newStore(t)
	before := s.Stats()
	var do []func() error
	for i := range 50 {
		do = append(do, commit(s, signIn(account(i), 0)))
	}
	for i, err := range together(t, s, do...) {
		if err != nil {
			t.Errorf("commit %d: %v", i, err)
		}
	}
	after := s.Stats()
	if n := after.Transactions - before.Transactions; n != 2 { // one of them is that of hold
		t.Errorf("50 commits took %d transactions, want 2", n)
	}
	if n := after.Requests - before.Requests; n != 51 {
		t.Errorf("%d requests were counted, want 51", n)
	}
}

func TestRefusedRequestsDoNotDisturbTheOthers(t *testing.T) {
	s, path := newStore(t)
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	taken := signIn("eve", 0)
	taken.Claim = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: "bob", Account: "eve"}}
	first := signIn("bob", 0)
	first.Claim = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: "bob", Account: "bob"}}
	if err := s.Commit(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	before := s.Stats()
	errs := together(t, s,
		commit(s, signIn("ann", 0)),
		commit(s, taken),
		commit(s, signIn("cat", 0)),
	)
	if !errors.Is(errs[0], nidan.ErrConflict) || !errors.Is(errs[1], nidan.ErrTaken) || errs[2] != nil {
		t.Errorf("the answers are %v", errs)
	}
	after := s.Stats()
	if after.Transactions-before.Transactions != 2 || after.Split != 0 || after.Failed != 0 {
		t.Errorf("the counts are %+v, before %+v", after, before)
	}
	if in := strings.Join(dump(t, path)["nidan_events"], "\n"); !strings.Contains(in, "cat-0") || strings.Contains(in, "eve-0") {
		t.Errorf("the events are\n%s", in)
	}
}

// A commit that meets an event that exists already has written its document by
// then: what was together with it is run again one by one.
func TestDamageDoesNotDisturbTheOthers(t *testing.T) {
	s, path := newStore(t)
	if err := s.Commit(t.Context(), signIn("bob", 0)); err != nil {
		t.Fatal(err)
	}
	duplicate := signIn("bob", 1)
	duplicate.Events[0].Seq = 1
	before := s.Stats()
	errs := together(t, s,
		commit(s, signIn("ann", 0)),
		commit(s, duplicate),
		commit(s, signIn("bob", 0)),
		commit(s, signIn("cat", 0)),
	)
	var fault *nidan.Fault
	if errs[0] != nil || !errors.As(errs[1], &fault) || fault.Account != "bob" || !errors.Is(errs[2], nidan.ErrConflict) || errs[3] != nil {
		t.Errorf("the answers are %v", errs)
	}
	if after := s.Stats(); after.Split-before.Split != 1 || after.Failed != 0 {
		t.Errorf("the counts are %+v, before %+v", after, before)
	}
	for table, rows := range dump(t, path) {
		if in := strings.Join(rows, "\n"); strings.Contains(in, "bob-1") {
			t.Errorf("%s has something of what was refused:\n%s", table, in)
		}
	}
	if l, err := s.Load(t.Context(), nidan.KindAccount, "bob", ""); err != nil || l.Record.Version != 1 {
		t.Errorf("the document has version %d, %v", l.Record.Version, err)
	}
}

func TestAFailingRequestDoesNotHurtTheOthers(t *testing.T) {
	s, path := newStore(t)
	bad := signIn("eve", 0)
	bad.Mint = append(bad.Mint, bad.Mint[0])
	var gate []nidan.GateRow
	errs := together(t, s,
		commit(s, signIn("ann", 0)),
		commit(s, bad),
		func() (err error) {
			gate, err = s.Gate(context.Background(), []string{"k"}, func(rows []nidan.GateRow) []nidan.GateRow {
				return []nidan.GateRow{{Wrong: rows[0].Wrong + 1, Last: time.Unix(1, 0)}}
			})
			return err
		},
		commit(s, signIn("bob", 0)),
	)
	if errs[0] != nil || errs[1] == nil || errs[2] != nil || errs[3] != nil {
		t.Errorf("the answers are %v", errs)
	}
	if errors.Is(errs[1], nidan.ErrUnknown) {
		t.Errorf("%v: it is known that nothing was written", errs[1])
	}
	if len(gate) != 1 || gate[0].Wrong != 1 {
		t.Errorf("the gate counted %+v, want once", gate)
	}
	if st := s.Stats(); st.Split != 1 || st.Failed != 1 {
		t.Errorf("the counts are %+v", st)
	}
	for table, rows := range dump(t, path) {
		if strings.Contains(strings.Join(rows, "\n"), "eve") {
			t.Errorf("the failed request is in %s", table)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	s, err := store.CreateSQLite(t.Context(), t.TempDir()+"/nidan.db", store.Options{Queue: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, s)
	release := hold(t, s)
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			if err := s.Commit(context.Background(), signIn(account(i), 0)); err != nil {
				t.Errorf("a queued commit: %v", err)
			}
		})
	}
	queued(s, 2)
	if err := s.Commit(t.Context(), signIn(account(2), 0)); !errors.Is(err, nidan.ErrBusy) {
		t.Errorf("a commit beyond the queue: %v, want ErrBusy", err)
	}
	if n := s.Stats().Refused; n != 1 {
		t.Errorf("%d were refused, want 1", n)
	}
	release()
	all.Wait()
}

func TestContextEnds(t *testing.T) {
	t.Run("in the queue", func(t *testing.T) {
		s, path := newStore(t)
		release := hold(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		answer := make(chan error)
		go func() { answer <- s.Commit(ctx, signIn("ann", 0)) }()
		queued(s, 1)
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) || errors.Is(err, nidan.ErrUnknown) {
			t.Errorf("Commit = %v; it is known that it was withdrawn", err)
		}
		release()
		if err := s.Commit(t.Context(), signIn("bob", 0)); err != nil {
			t.Fatal(err)
		}
		for table, rows := range dump(t, path) {
			if strings.Contains(strings.Join(rows, "\n"), "ann") {
				t.Errorf("the withdrawn commit is in %s", table)
			}
		}
	})
	t.Run("while a gate's step runs", func(t *testing.T) {
		s, _ := newStore(t)
		working, let := make(chan struct{}), make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		mine := 0 // Gate may not return while step can write to it
		answer := make(chan error)
		go func() {
			_, err := s.Gate(ctx, []string{"k"}, func(rows []nidan.GateRow) []nidan.GateRow {
				close(working)
				<-let
				mine++
				return rows
			})
			mine++
			answer <- err
		}()
		<-working
		cancel()
		runtime.Gosched()
		select {
		case err := <-answer:
			t.Errorf("Gate returned %v while its step was running", err)
		default:
		}
		close(let)
		if err := <-answer; err != nil || mine != 2 {
			t.Errorf("Gate = %v, want what step returned", err)
		}
	})
	t.Run("before COMMIT has returned", func(t *testing.T) {
		s, _ := newStore(t)
		working, let := make(chan struct{}), make(chan struct{})
		var once sync.Once
		s.AfterCommit(func(err error) error {
			once.Do(func() { close(working); <-let })
			return err
		})
		ctx, cancel := context.WithCancel(t.Context())
		answer := make(chan error)
		go func() { answer <- s.Commit(ctx, signIn("ann", 0)) }()
		<-working
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) || !errors.Is(err, nidan.ErrUnknown) {
			t.Errorf("Commit = %v, want ErrUnknown", err)
		}
		// Who asks now has to wait for it.
		found := make(chan bool)
		go func() {
			ok, err := s.Committed(t.Context(), "ann", "ann-0")
			if err != nil {
				t.Errorf("Committed: %v", err)
			}
			found <- ok
		}()
		queued(s, 1)
		close(let)
		if !<-found {
			t.Error("Committed does not find the commit that was under way")
		}
	})
}

func TestSeenTravelsWithACommit(t *testing.T) {
	s, path := newStore(t)
	seen := func(s *store.SQLite) time.Duration {
		t.Helper()
		l, err := s.Load(t.Context(), nidan.KindAccount, "ann", "ann-0")
		if err != nil {
			t.Fatal(err)
		}
		return l.Session.Seen.Sub(signIn("ann", 0).Mint[0].Seen)
	}
	at := func(d time.Duration) time.Time { return signIn("ann", 0).Mint[0].Seen.Add(d) }
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	before := s.Stats()
	s.Seen("ann", "ann-0", at(6*time.Minute))
	s.Seen("ann", "ann-0", at(9*time.Minute))
	s.Seen("ann", "ann-0", at(8*time.Minute))
	if n := s.Stats().Transactions - before.Transactions; n != 0 {
		t.Errorf("Seen took %d transactions", n)
	}
	other := func(id nidan.AccountID) {
		t.Helper()
		if err := s.Commit(t.Context(), signIn(id, 0)); err != nil {
			t.Fatal(err)
		}
	}
	other("bob")
	if d := seen(s); d != 9*time.Minute {
		t.Errorf("last seen after %v, want 9m", d)
	}

	// At most every five minutes.
	s.Seen("ann", "ann-0", at(13*time.Minute))
	other("cat")
	if d := seen(s); d != 9*time.Minute {
		t.Errorf("last seen after %v, want 9m still", d)
	}

	// More than one batch of them is written by Close.
	s.Seen("ann", "ann-0", at(20*time.Minute))
	for i := range 2 * store.SeenBatch {
		s.Seen(account(i), "none", at(0))
	}
	closeStore(t, s)
	s = open(t, path)
	defer closeStore(t, s)
	if d := seen(s); d != 20*time.Minute {
		t.Errorf("last seen after %v, want 20m", d)
	}
}
