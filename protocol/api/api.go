package api

import (
	"bytes"
	"context"
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
	// There is JSON and nothing else; and huma's reading of some of these panics
	// when all is done.
	r.Header.Del("Accept")
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

func write(w http.ResponseWriter, p *Problem) {
	h := w.Header()
	for k, v := range p.GetHeaders() {
		h[k] = v
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
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
		Description: "Scopes: " + scopeNames(op.Scopes) + ".",
		// The body is in memory by then: no deadline is for it.
		MaxBodyBytes: maxBody + 1, BodyReadTimeout: -1,
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
