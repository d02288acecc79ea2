package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/nidan-auth/nidan"
)

const (
	// Prefix is in front of every operation's path.
	Prefix = "/api/v1"

	// DescriptionPath is where the description is served, to anybody.
	DescriptionPath = "/api/openapi.json"

	maxBody = 64 << 10

	nowhere = "/" // the pattern of what no operation has
)

// Config is what an API is made of. Log may be left out.
type Config struct {
	Service *nidan.Service
	Public  *url.URL // where browsers reach the hosted pages

	// Address says where a request came from, as far as its headers can be
	// believed: keys may be bound to networks.
	Address func(*http.Request) netip.Addr

	// Network is what first-step tries are counted by, of the address that a
	// product forwards.
	Network func(netip.Addr) string

	// Family names the browser of a User-Agent that a product forwards.
	Family func(string) string

	Log *slog.Logger
}

// API is the handler of everything under /api/.
type API struct {
	Config
	log         *slog.Logger
	mux         *http.ServeMux
	description []byte
	operations  []Operation
	fields      map[string]bool // every name that a request may have, see known
	schemas     huma.Registry
	short       map[string]shortWay // by path
}

// An Operation is a row of the table, for the tests that are driven by it.
type Operation struct {
	ID, Method, Path string
	Scopes           []nidan.Scope
}

// New makes the handler. It is an error if an operation declares no scope.
func New(c Config) (*API, error) {
	if c.Service == nil || c.Public == nil || c.Address == nil || c.Network == nil || c.Family == nil {
		return nil, errors.New("api: a Service, the public URL, Address, Network and Family are required")
	}
	a := &API{Config: c, log: c.Log, mux: http.NewServeMux(), short: make(map[string]shortWay)}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	cfg := huma.DefaultConfig("Nidan", "1")
	cfg.Info.Description = "Two-step verification for products that have accounts. docs/api.md has the reasons, the scopes and what to do with each."
	cfg.DocsPath, cfg.OpenAPIPath, cfg.SchemasPath, cfg.CreateHooks = "", "", "", nil
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer", Description: "A key made with 'nidan key create'."}}
	h := humago.New(a.mux, cfg)
	a.schemas = h.OpenAPI().Components.Schemas
	h.UseMiddleware(a.admit)
	a.register(h)
	a.mux.HandleFunc(nowhere, func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = "" // as if there were no such handler
		write(w, because(NotHere))
	})
	for _, op := range a.operations {
		if len(op.Scopes) == 0 {
			return nil, fmt.Errorf("api: %s does not say which scope it takes", op.ID)
		}
	}
	a.fields = names(h.OpenAPI())
	var err error
	if a.description, err = json.MarshalIndent(h.OpenAPI(), "", "  "); err != nil {
		return nil, fmt.Errorf("api: the description: %w", err)
	}
	a.description = append(a.description, '\n')
	return a, nil
}

// Operations returns the table.
func (a *API) Operations() []Operation { return a.operations }

// Description returns the OpenAPI 3.1 text.
func (a *API) Description() []byte { return a.description }

// names are those of all properties and parameters, and of where they stand.
func names(o *huma.OpenAPI) map[string]bool {
	found := map[string]bool{"body": true, "path": true, "query": true, "header": true}
	for _, s := range o.Components.Schemas.Map() {
		for name := range s.Properties {
			found[name] = true
		}
	}
	for _, p := range o.Paths {
		for _, op := range []*huma.Operation{p.Get, p.Put, p.Post, p.Delete, p.Patch} {
			if op != nil {
				for _, param := range op.Parameters {
					found[param.Name] = true
				}
			}
		}
	}
	return found
}

type contextKey int

const (
	keyHash contextKey = iota // of a request that names an idempotency key
	keyFields
	keyCall
)

// always are the headers of every answer.
var always = http.Header{
	"Cache-Control":           {"no-store"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
	"X-Content-Type-Options":  {"nosniff"},
}

// ServeHTTP implements [http.Handler].
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	maps.Copy(h, always)
	if r.URL.Path == DescriptionPath && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		r.Pattern = DescriptionPath
		h.Set("Content-Type", "application/json")
		w.Write(a.description)
		return
	}
	// A ServeMux answers a path that is written in another way with a redirect
	// built from the request (law 15).
	if path.Clean(r.URL.Path) != r.URL.Path || r.URL.RawQuery != "" {
		write(w, because(NotHere))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		reason := RequestInvalid
		if errors.As(err, new(*http.MaxBytesError)) {
			reason = TooLarge
		}
		if _, pattern := a.mux.Handler(r); pattern == nowhere {
			reason = NotHere
		}
		write(w, because(reason))
		return
	}
	if a.takeShort(w, r, body) {
		return
	}
	ctx := context.WithValue(r.Context(), keyFields, a.fields)
	if len(r.Header.Values(idempotencyKey)) > 0 {
		ctx = context.WithValue(ctx, keyHash, hashOf(r, body))
	}
	inner := r.WithContext(ctx)
	inner.Body = io.NopCloser(bytes.NewReader(body))
	a.mux.ServeHTTP(w, inner)
	r.Pattern = inner.Pattern
}

// hashOf names what a request asks for, so that one of the same idempotency key
// that asks for something else is told from a repetition.
func hashOf(r *http.Request, body []byte) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s\n", r.Method, r.URL.EscapedPath())
	sum.Write(body)
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

func write(w http.ResponseWriter, p *Problem) {
	h := w.Header()
	for k, v := range p.GetHeaders() {
		h[k] = v
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}

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
	if errors.Is(err, nidan.ErrNotFound) {
		return call{}, because(KeyRefused)
	}
	if err != nil {
		return call{}, a.failed(r.Context(), op.OperationID, err)
	}
	for _, s := range scopesOf(op) {
		if !door.May(s) {
			return call{}, because(nidan.ScopeMissing)
		}
	}
	c := call{door: door}
	if names := r.Header.Values(idempotencyKey); len(names) > 0 && takes(op, idempotencyKey) {
		if len(names) > 1 || !visible(names[0], 64) {
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

// takes reports whether an operation has a header. One that is repeated anyhow,
// or draws something new each time, has no idempotency key.
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

// from says where a request comes from: what the product forwards of its
// person's browser is believed for throttling, notices and the activity list.
func (a *API) from(ctx context.Context, b *Browser) nidan.From {
	c := ctx.Value(keyCall).(call)
	f := nidan.From{Network: "unknown", Door: c.door, Request: c.request}
	if b == nil {
		f.Unsaid = true
		return f
	}
	if addr, err := netip.ParseAddr(b.Address); err == nil {
		addr = addr.Unmap().WithZone("")
		f.Address, f.Network = addr.String(), a.Network(addr)
	}
	f.Browser = a.Family(b.UserAgent)
	f.Cookie, f.Remembered, f.Language = nidan.NewSecret(b.Known), nidan.NewSecret(b.Remembered), b.Language
	return f
}

func door(ctx context.Context) *nidan.Caller { return ctx.Value(keyCall).(call).door }

// kept finds the account that an operation is about.
func (a *API) kept(ctx context.Context, ref string) (nidan.Kept, *Problem) {
	k, out, err := a.Service.Kept(ctx, door(ctx), ref)
	return k, a.problem(ctx, "find the account", out, err)
}

// stated finds the account, with the first step that the product states.
func (a *API) stated(ctx context.Context, ref string, s FirstStep, from nidan.From) (nidan.Kept, *Problem) {
	k, p := a.kept(ctx, ref)
	if p != nil {
		return k, p
	}
	var changed time.Time
	if s.PasswordChangedAt != nil {
		changed = *s.PasswordChangedAt
	}
	from.Request = nidan.Request{} // it is the call that may be repeated, not this part of it
	k, out, err := a.Service.State(ctx, k, changed, s.ChangedByMail, from)
	return k, a.problem(ctx, "state the first step", out, err)
}

// problem turns what is not success into one.
func (a *API) problem(ctx context.Context, op string, out nidan.Outcome, err error) *Problem {
	switch {
	case err != nil:
		return a.failed(ctx, op, err)
	case out.Reason != nidan.OK && out.Reason != nidan.SecondStep:
		return refused(out, a.Service.Now())
	}
	return nil
}

// add registers one operation in the table and with huma.
func add[I, O any](a *API, h huma.API, op Operation, summary string, do func(context.Context, *I) (*O, *Problem)) {
	a.operations = append(a.operations, op)
	described := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: Prefix + op.Path, Summary: summary,
		Metadata: map[string]any{"scopes": op.Scopes}, Security: []map[string][]string{{"key": {}}},
		Description: "Scopes: " + scopeNames(op.Scopes) + ".", MaxBodyBytes: maxBody,
	}
	switch {
	case op.Method == http.MethodDelete:
		described.DefaultStatus = http.StatusNoContent
	case op.ID == "register-account":
		described.DefaultStatus = http.StatusCreated
	}
	huma.Register(h, described, func(ctx context.Context, in *I) (*O, error) {
		out, p := do(ctx, in)
		if p != nil {
			return nil, p
		}
		return out, nil
	})
	addShort(a, h, op, do)
}

func scopeNames(scopes []nidan.Scope) string {
	var names []string
	for _, s := range scopes {
		names = append(names, string(s))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
