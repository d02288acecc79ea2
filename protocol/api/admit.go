package api

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/nidan-auth/nidan"
)

// call is one request whose key was checked.
type call struct {
	door    *nidan.Caller
	request nidan.Request
}

// admit checks the key, its scopes and the idempotency key, before the request
// is read any further.
func (a *API) admit(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	c, p := a.admitted(r, ctx.Operation(), func() string { return r.Context().Value(keyHash).(string) })
	if p != nil {
		write(w, p)
		return
	}
	next(huma.WithValue(ctx, keyCall, c))
}

// admitted returns who calls an operation, or why they may not.
func (a *API) admitted(r *http.Request, op *huma.Operation, hash func() string) (call, *Problem) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || len(r.Header.Values("Authorization")) != 1 {
		return call{}, because(KeyRefused)
	}
	door, err := a.Service.Caller(r.Context(), nidan.NewSecret(key), a.Address(r))
	var refusal *nidan.KeyRefusal
	if errors.As(err, &refusal) {
		level := slog.LevelInfo // anybody can send anything
		if refusal.Key != "" {
			level = slog.LevelWarn
		}
		a.log.LogAttrs(r.Context(), level, "a key is refused", slog.String("operation", op.OperationID), slog.String("key", refusal.Key), slog.String("cause", refusal.Cause))
		return call{}, because(KeyRefused)
	}
	if err != nil {
		return call{}, a.failed(r.Context(), op.OperationID, err)
	}
	for _, s := range scopesOf(op) {
		if !door.May(s) {
			p := because(nidan.ScopeMissing)
			p.Scope = s
			return call{}, p
		}
	}
	c := call{door: door}
	names := r.Header.Values(idempotencyKey)
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		names = nil // made again, they do nothing more
	}
	if len(names) > 0 {
		// Who sends one where none is kept believes to be protected.
		if !takes(op, idempotencyKey) || len(names) > 1 || !visible(names[0], 64) {
			p := because(RequestInvalid)
			p.Where = []string{"header." + idempotencyKey}
			return call{}, p
		}
		sum := sha256.Sum256([]byte(key + "\n" + names[0]))
		c.request = nidan.Request{Key: base64.RawURLEncoding.EncodeToString(sum[:16]), Body: hash()}
	}
	return c, nil
}

const idempotencyKey = "Idempotency-Key"

// takes reports whether an operation has a header. One that draws something new
// each time has no idempotency key.
func takes(op *huma.Operation, header string) bool {
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == header })
}

// visible reports whether a text is 1 to most visible ASCII characters.
func visible(s string, most int) bool {
	return len(s) > 0 && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func scopesOf(op *huma.Operation) []nidan.Scope {
	s, _ := op.Metadata["scopes"].([]nidan.Scope)
	return s
}

// hashOf names what a request asks for, so that one of the same idempotency key
// that asks for something else is told from a repetition.
func hashOf(r *http.Request, body []byte) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s\n", r.Method, r.URL.EscapedPath())
	sum.Write(body)
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}
