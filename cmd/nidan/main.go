// Command nidan is the two-step verification server. Package server has all of
// it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal does not wait for requests
	os.Exit(server.Main(ctx, server.Invocation{
		Args:   os.Args,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Deps:   server.Deps{Clock: server.SystemClock(), Random: nidan.Randomness, Program: server.Program()},
	}))
}
