package rig

import (
	"bytes"
	"context"
	"maps"
	"strings"

	"github.com/nidan-auth/nidan/server"
)

// Secrets are the values that have passed through so far, and what they are.
func (r *Rig) Secrets() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.secrets)
}

// ErrorPages are the pages with a status of 400 and more, one after the other.
func (r *Rig) ErrorPages() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.errors, "\n")
}

// Command runs a command of the program as the operator would, as another
// program on the same folder, at the same time.
func (r *Rig) Command(words ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = server.Main(context.Background(), server.Invocation{
		Args: append(append([]string{"nidan"}, words...), "--data", r.Data), Stdout: &out, Stderr: &err,
		Deps: server.Deps{Clock: r.Clock},
	})
	return out.String(), err.String(), code
}
