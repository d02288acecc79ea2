package nidan

import (
	"context"
	"encoding/base64"
	"sync"
	"time"
)

// The gate counts first-step tries. Strangers never write a document; what
// they do is counted here, by the same steps for known and unknown names and
// before any hashing (SECURITY C8, P1, P2).
const (
	gateFree    = 5 // the fifth wrong one starts the waits
	gateFirst   = time.Second
	gateLongest = 5 * time.Minute
	gateOthers  = 100 // in a row from unknown browsers: these are no longer judged

	networkLimit = 100 // wrong ones an hour from one network, per node and in memory
	networkSpan  = time.Hour
	networkSize  = 1 << 16 // networks remembered; beyond it the limit pauses, the gate does not
)

// gateKey hides the name: the table shows nobody's.
func (s *Service) gateKey(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(s.sealer.MAC(ForGate, parts...)[:16])
}

// A try is one first step that the gate has let through and counted already;
// a right password takes the count back.
type try struct {
	s    *Service
	keys []string
	net  string
}

// knock asks the gate to judge a password for name. A known browser has a
// count of its own; all others share one per network and one in all.
func (s *Service) knock(ctx context.Context, name, known string, from From, now time.Time) (*try, time.Time, error) {
	t := &try{s: s, net: from.Network}
	if known != "" {
		t.keys = []string{s.gateKey("known", name, known)}
	} else {
		if until := s.networks.until(from.Network, now); !until.IsZero() {
			return nil, until, nil
		}
		t.keys = []string{s.gateKey("network", name, from.Network), s.gateKey("others", name)}
	}
	var until time.Time
	_, err := s.store.Gate(ctx, t.keys, func(rows []GateRow) []GateRow {
		rows, until = gateTry(rows, now)
		return rows
	})
	if err != nil || !until.IsZero() {
		return nil, until, err
	}
	return t, time.Time{}, nil
}

// gateTry counts a try as wrong before it is judged, unless one of the rows
// says to wait.
func gateTry(rows []GateRow, now time.Time) ([]GateRow, time.Time) {
	own := rows[0]
	if own.Wrong >= gateFree {
		until := own.Last.Add(double(gateFirst, gateLongest, own.Wrong-gateFree))
		if until.After(now) {
			return rows, until
		}
	}
	if len(rows) > 1 && rows[1].Wrong >= gateOthers {
		return rows, now.Add(gateLongest)
	}
	out := make([]GateRow, len(rows))
	for i, r := range rows {
		out[i] = GateRow{Wrong: r.Wrong + 1, Last: now}
	}
	return out, time.Time{}
}

// right takes the count back after a right password.
func (t *try) right(ctx context.Context) error {
	_, err := t.s.store.Gate(ctx, t.keys, func(rows []GateRow) []GateRow {
		return make([]GateRow, len(rows))
	})
	return err
}

// unjudged takes one count back: the password was not looked at, or what came of
// it is not known.
func (t *try) unjudged(ctx context.Context) error {
	_, err := t.s.store.Gate(context.WithoutCancel(ctx), t.keys, func(rows []GateRow) []GateRow {
		out := make([]GateRow, len(rows))
		for i, r := range rows {
			if r.Wrong > 1 {
				out[i] = GateRow{Wrong: r.Wrong - 1, Last: r.Last}
			}
		}
		return out
	})
	return err
}

// wrong lets the count stand, and counts the network.
func (t *try) wrong(now time.Time) {
	if len(t.keys) > 1 {
		t.s.networks.count(t.net, now)
	}
}

// networks counts wrong first steps per network, in this process only: an
// availability measure, not a law.
type networks struct {
	mu   sync.Mutex
	seen map[string]span
}

type span struct {
	from time.Time
	n    int
}

func (w *networks) until(net string, now time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.seen[net]
	if end := x.from.Add(networkSpan); x.n >= networkLimit && end.After(now) {
		return end
	}
	return time.Time{}
}

func (w *networks) count(net string, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = make(map[string]span)
	}
	x, ok := w.seen[net]
	if !ok && len(w.seen) >= networkSize {
		for k, v := range w.seen {
			if now.Sub(v.from) > networkSpan {
				delete(w.seen, k)
			}
		}
		if len(w.seen) >= networkSize {
			return
		}
	}
	if !ok || now.Sub(x.from) > networkSpan {
		x = span{from: now}
	}
	x.n++
	w.seen[net] = x
}
