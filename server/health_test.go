package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nidan-auth/nidan"
)

// get asks a server as from a peer.
func get(t *testing.T, s *Server, peer, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Host = s.set.public.Host
	r.RemoteAddr = peer
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func readinessOf(t *testing.T, w *httptest.ResponseRecorder) readiness {
	t.Helper()
	var got readiness
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return got
}

const here, stranger = "127.0.0.1:4000", "192.0.2.1:4000"

func TestReadyTellsWhatIsMissing(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir()})
	w := get(t, s, here, "/readyz")
	got := readinessOf(t, w)
	if w.Code != http.StatusOK || !got.Ready || len(got.Reasons) != 0 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var what []string
	for _, m := range got.Missing {
		what = append(what, m.What)
		if m.Command == "" || m.Why == "" {
			t.Errorf("%s: no reason or no command", m.What)
		}
	}
	if want := []string{"public URL", "brand name", "support contact", "account", "mail server"}; !slices.Equal(what, want) {
		t.Errorf("missing %q, want %q", what, want)
	}

	_, _, err := s.demoAccount(t.Context(), nidan.Randomness)
	must(t, err)
	for _, m := range readinessOf(t, get(t, s, here, "/readyz")).Missing {
		if m.What == "account" {
			t.Error("still asks for an account")
		}
	}
}

// What is missing, and where the data is, is this machine's business.
func TestReadyTellsStrangersNothing(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir(), PublicURL: "https://login.example.com", TLSProxy: []string{"10.0.0.1"}})
	for _, w := range []*httptest.ResponseRecorder{
		get(t, s, stranger, "/readyz"),
		get(t, s, "10.0.0.1:1", "/readyz", "X-Forwarded-For", "127.0.0.1"),
		get(t, s, here, "/readyz", "X-Forwarded-For", "127.0.0.1"),
	} {
		if got := readinessOf(t, w); !got.Ready || got.Missing != nil || got.Detail != nil || got.Version != "" {
			t.Errorf("told %s", w.Body)
		}
	}
}

func TestMissingFollowsTheSettings(t *testing.T) {
	dir := t.TempDir()
	shut(t, opened(t, Config{Data: dir}))
	for _, x := range []struct {
		c    Config
		want []string
	}{
		{Config{PublicURL: "https://login.example.com"}, []string{"TLS proxy", "brand name", "support contact", "account", "mail server"}},
		{Config{PublicURL: "https://login.example.com", TLSProxy: []string{"::1"}, BrandName: "Example", BrandSupport: "a@example.com"}, []string{"account", "mail server"}},
	} {
		x.c.Data = dir
		s := opened(t, x.c)
		var what []string
		for _, m := range s.Missing(t.Context()) {
			what = append(what, m.What)
			if m.What != "mail server" && m.What != "account" && !strings.Contains(m.Command, "--data "+dir) {
				t.Errorf("%q does not name the instance", m.Command)
			}
		}
		if !slices.Equal(what, x.want) {
			t.Errorf("%+v: missing %q, want %q", x.c, what, x.want)
		}
		shut(t, s)
	}
}

func TestNotReadyWithoutDatabase(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir()})
	shut(t, s)
	w := get(t, s, here, "/readyz")
	if got := readinessOf(t, w); w.Code != http.StatusServiceUnavailable || !slices.Equal(got.Reasons, []string{"store"}) || got.Detail["store"] == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(t, s, here, "/healthz"); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("alive? %d %s", w.Code, w.Body)
	}
}

// hands is a clock that a test moves; each of its two times alone, if it likes.
type hands struct {
	mu sync.Mutex
	in nidan.Instant
}

func (h *hands) Now() nidan.Instant {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.in
}

func (h *hands) move(wall, elapsed time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in.Wall, h.in.Elapsed = h.in.Wall.Add(wall), h.in.Elapsed+elapsed
}

// A clock that was set stops acceptances until an operator, in another
// process, confirms the time (SECURITY R8).
func TestNotReadyWhenClocksPart(t *testing.T) {
	clock := &hands{in: nidan.Instant{Wall: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}}
	d := quiet()
	d.Clock = clock
	c := Config{Data: t.TempDir()}
	s, err := New(t.Context(), c, d)
	must(t, err)
	defer s.Close()
	reasons := func() []string {
		s.health.at = time.Time{} // look again
		return readinessOf(t, get(t, s, here, "/readyz")).Reasons
	}
	clock.move(time.Hour, time.Hour)
	if got := reasons(); len(got) != 0 {
		t.Fatalf("not ready after an hour: %q", got)
	}
	clock.move(6*time.Second, 0)
	if got := reasons(); !slices.Equal(got, []string{"clock"}) {
		t.Fatalf("reasons %q after the clock was set", got)
	}
	clock.move(-6*time.Second, 0)
	if got := reasons(); !slices.Equal(got, []string{"clock"}) {
		t.Fatalf("reasons %q after it was set back: nobody confirmed that", got)
	}
	bare(t)
	if code, out, errs := shell(t, "doctor", "--clock-ok", "--reason=looked at it", "--data", c.Data); code != exitOK {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	if got := reasons(); len(got) != 0 {
		t.Errorf("reasons %q after it was confirmed", got)
	}
}

// A flood of questions is one look at the database.
func TestReadyIsCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // all at one instant, however long that takes
		looks := 0
		h := health{look: func(context.Context) (bool, error) { looks++; return false, nil }}
		ask := func(want int) {
			t.Helper()
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() { h.reasons(t.Context()) })
			}
			all.Wait()
			if looks != want {
				t.Errorf("%d looks, not %d", looks, want)
			}
		}
		ask(1)
		time.Sleep(lookAgain - 1)
		ask(1)
		time.Sleep(time.Nanosecond)
		ask(2)
	})
}

// A disk that is about to be full is told before codes are judged for nothing.
func TestReadyOnAFullDisk(t *testing.T) {
	free := uint64(fullBelow)
	h := health{
		look: func(context.Context) (bool, error) { return false, nil },
		free: func() (uint64, error) { return free, nil },
	}
	if got := h.reasons(t.Context()); len(got) != 0 {
		t.Errorf("reasons %v with enough space", got)
	}
	h.at, free = time.Time{}, fullBelow-1
	if got := h.reasons(t.Context()); !strings.Contains(got[notDisk], "1023 KiB") {
		t.Errorf("reasons %v on a full disk", got)
	}
}
