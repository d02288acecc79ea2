package password

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nidan-auth/nidan"
)

// blocked is a FirstStep with two places whose hashes take until release is
// closed. It belongs into a synctest bubble.
func blocked(t *testing.T) (f *FirstStep, working *atomic.Int32, release chan struct{}) {
	f, working, release = newFirstStep(t), new(atomic.Int32), make(chan struct{})
	f.queue = newQueue(2)
	f.slow = func(Work) ([]byte, error) {
		working.Add(1)
		defer working.Add(-1)
		<-release
		return make([]byte, hashSize), nil
	}
	return f, working, release
}

func hashMany(ctx context.Context, f *FirstStep, n int) <-chan error {
	errs := make(chan error, n)
	for range n {
		go func() {
			_, err := f.Hash(ctx, nidan.SlowHash{Like: stored})
			errs <- err
		}()
	}
	return errs
}

func TestHashesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, working, release := blocked(t)
		errs := hashMany(t.Context(), f, 50)
		synctest.Wait()
		if n := working.Load(); n != 2 {
			t.Errorf("%d hashes are computed at a time", n)
		}
		close(release)
		for range 50 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestBusyAfterTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, release := blocked(t)
		working := hashMany(t.Context(), f, 2)
		synctest.Wait()
		waiting := hashMany(t.Context(), f, 3)
		begin := time.Now()
		for range 3 {
			if err := <-waiting; !errors.Is(err, nidan.ErrBusy) {
				t.Errorf("got %v", err)
			}
		}
		if d := time.Since(begin); d != 2*time.Second {
			t.Errorf("it took %v", d)
		}
		close(release)
		for range 2 {
			if err := <-working; err != nil {
				t.Error(err)
			}
		}
		usable(t, f)
	})
}

func TestBusyAtOnceWhenTooManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, release := blocked(t)
		inside := hashMany(t.Context(), f, 2*(1+perPlace))
		synctest.Wait()
		begin := time.Now()
		if err := <-hashMany(t.Context(), f, 1); !errors.Is(err, nidan.ErrBusy) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(begin); d != 0 {
			t.Errorf("it took %v", d)
		}
		close(release)
		for range 2 * (1 + perPlace) {
			if err := <-inside; err != nil {
				t.Error(err)
			}
		}
		usable(t, f)
	})
}

func TestCancelledLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, release := blocked(t)
		working := hashMany(t.Context(), f, 2)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		waiting := hashMany(ctx, f, 2*perPlace)
		synctest.Wait()
		cancel()
		for range 2 * perPlace {
			if err := <-waiting; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		next := hashMany(t.Context(), f, 1)
		synctest.Wait()
		close(release)
		if err := <-next; err != nil {
			t.Errorf("the queue is still full: %v", err)
		}
		for range 2 {
			if err := <-working; err != nil {
				t.Error(err)
			}
		}
		usable(t, f)
	})
}

// usable expects nobody to be left inside.
func usable(t *testing.T, f *FirstStep) {
	t.Helper()
	synctest.Wait()
	if n, m := len(f.queue.inside), len(f.queue.places); n != 0 || m != 0 {
		t.Errorf("%d are still inside, %d still work", n, m)
	}
}

func TestAPanicLeavesThePlace(t *testing.T) {
	f := newFirstStep(t)
	f.slow = func(Work) ([]byte, error) { panic("argon2") }
	func() {
		defer func() { _ = recover() }()
		_, _ = f.Hash(t.Context(), nidan.SlowHash{Like: stored})
	}()
	if n := len(f.queue.inside) + len(f.queue.places); n != 0 {
		t.Errorf("%d places are taken for ever", n)
	}
}
