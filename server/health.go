package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// How often the state is looked at, at the most and by itself, and how long a
// look may take.
const (
	lookEvery  = 2 * time.Second
	lookAgain  = 250 * time.Millisecond
	lookAtMost = 2 * time.Second
)

// Words of /readyz for why nothing should be sent here.
const (
	notStore = "store" // the database does not answer, or not as it should
	notClock = "clock" // nothing is accepted until an operator confirms the time
	notDisk  = "disk"  // next to nothing can be written any more
)

// fullBelow is what has to be free where the database is. Below it commits are
// about to fail.
const fullBelow = 1 << 20 // bytes

// health is the last look at what the program depends on. One look serves
// everybody who asks within a moment, so that asking costs nothing.
type health struct {
	look func(context.Context) (suspended bool, err error)
	free func() (bytes uint64, err error) // nil: not looked at

	mu     sync.Mutex
	at     time.Time
	reason map[string]string // word → what to tell an operator
}

// reasons returns why the program is not ready; none: it is.
func (h *health) reasons(ctx context.Context) map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.at.IsZero() && time.Since(h.at) < lookAgain {
		return h.reason
	}
	// Whoever asked may hang up; the answer is for the others too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookAtMost)
	defer cancel()
	suspended, err := h.look(ctx)
	h.at, h.reason = time.Now(), make(map[string]string)
	if err != nil {
		h.reason[notStore] = err.Error()
	}
	if h.free != nil {
		if free, err := h.free(); err == nil && free < fullBelow {
			h.reason[notDisk] = fmt.Sprintf("only %d KiB are free where the database is: nothing new can be stored", free>>10)
		}
	}
	if suspended {
		h.reason[notClock] = "wall time and elapsed time have parted: somebody set the clock, or the machine was suspended; see that the time is right, then confirm it"
	}
	return h.reason
}

// healthz says that the process is alive, and nothing else.
func healthz(w http.ResponseWriter, _ *http.Request) {
	plainText(w, http.StatusOK, "ok\n")
}

// readiness is what /readyz answers. Detail and Missing are for this machine's
// own eyes.
type readiness struct {
	Ready   bool              `json:"ready"`
	Reasons []string          `json:"reasons"`
	Detail  map[string]string `json:"detail,omitempty"`
	Missing []Missing         `json:"missing,omitempty"`
	Version string            `json:"version,omitempty"`
}

// readyz says whether requests should be sent here.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	reasons := s.health.reasons(r.Context())
	out := readiness{Ready: len(reasons) == 0, Reasons: []string{}}
	for _, word := range []string{notStore, notClock, notDisk} {
		if reasons[word] != "" {
			out.Reasons = append(out.Reasons, word)
		}
	}
	if s.visitors.local(r) {
		out.Detail, out.Missing, out.Version = reasons, s.Missing(r.Context()), version()
	}
	status := http.StatusOK
	if !out.Ready {
		status = http.StatusServiceUnavailable
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic(err) // unreachable: strings and booleans
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

func plainText(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}
