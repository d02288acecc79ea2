package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// running asks the server that should be listening what it sees itself: only
// the process that was there knows whether its two times have parted.
func (d *doctor) running(ctx context.Context, s *Server) {
	at := "http://" + reachable(s.set.Listen) + "/readyz"
	state, err := askReadiness(ctx, at)
	switch {
	case err != nil:
		d.warn("server: nothing of Nidan answers at "+at, "start 'nidan serve', or name its address with --listen")
	case state.Ready:
		d.ok("server: ready at " + at)
	}
	for _, word := range state.Reasons {
		do := "see the other lines, and the server's log"
		if word == notClock {
			do = s.set.command("doctor", "--clock-ok", "--reason", "compared with another clock")
		}
		d.fail(fmt.Sprintf("server: not ready: %s: %s", word, state.Detail[word]), do)
	}
}

// askReadiness reads /readyz of a server on this machine, without the proxy
// that the environment may name.
func askReadiness(ctx context.Context, at string) (readiness, error) {
	ctx, cancel := context.WithTimeout(ctx, lookAtMost+time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return readiness{}, err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return readiness{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or not wanted
	var state readiness
	d := json.NewDecoder(io.LimitReader(resp.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&state); err != nil {
		return readiness{}, fmt.Errorf("not the answer of a Nidan: %w", err)
	}
	return state, nil
}
