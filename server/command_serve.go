package server

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
)

type serveCommand struct{}

// Run opens the port first: what is taken already should change nothing.
func (serveCommand) Run(r *run) error {
	set, err := r.settings()
	if err != nil {
		return err
	}
	ln, err := set.listen()
	if err != nil {
		return portError(err)
	}
	set.servesAt(ln.Addr())
	return r.serve(set, ln, func(s *Server) error {
		r.printf("%s is listening on %s\n", version(), ln.Addr())
		r.printf("  people use     %s\n", set.public)
		r.printf("  data           %s\n", absolute(set.Data))
		r.printf("  ready?         http://%s/readyz\n", reachable(set.Listen))
		if missing := s.Missing(r.ctx); len(missing) > 0 {
			r.printf("\nNot set up yet:\n")
			for _, m := range missing {
				r.printf("  %s — %s\n      %s\n", m.What, m.Why, m.Command)
			}
		}
		return nil
	})
}

// serve runs the program on ln until it is told to stop.
func (r *run) serve(set *settings, ln net.Listener, greet func(*Server) error) error {
	s, err := build(r.ctx, set, r.deps)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	for _, stray := range strayVariables(settingFlags(r.line.Model)) {
		r.warnf("%s", stray)
	}
	if s.hasher != nil {
		if err := s.hasher.Start(); err != nil {
			return errors.Join(err, ln.Close(), s.Close())
		}
	}
	// A thread that waits for the disk keeps its share of Go's scheduler for a
	// while; with a second share for each processor somebody else goes on.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0)))
	// Half as many collections: idle it takes no more memory, and 124 MB while second
	// steps and log-ins come without a pause. A quarter as many gained nothing that could
	// be measured, and took 181 MB. Whoever has set GOGC has chosen.
	const usual = 100
	switch was := debug.SetGCPercent(2 * usual); was {
	case usual:
		defer debug.SetGCPercent(usual)
	default:
		debug.SetGCPercent(was)
	}
	if err := greet(s); err != nil {
		return errors.Join(err, ln.Close(), s.Close())
	}
	return errors.Join(s.Run(r.ctx, ln), s.Close())
}

func portError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("%w; give another address with --listen", err)
	}
	return err
}
