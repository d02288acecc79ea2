package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// A shortWay serves an operation when there is nothing to say about the request:
// key and body are looked at as huma does, by its own description, and what lies
// between is left out. It costs a second step a tenth of its work. Whatever is not
// plainly as described goes the long way, where huma says what is wrong.
type shortWay struct {
	op      *huma.Operation
	pattern string // that the long way is logged by
	serve   func(w http.ResponseWriter, r *http.Request, c call, body []byte) (served bool)
}

// takeShort serves a request the short way, if it has one.
func (a *API) takeShort(w http.ResponseWriter, r *http.Request, body []byte) (served bool) {
	way, ok := a.short[r.URL.Path]
	if !ok || r.Method != http.MethodPost || !plain(r.Header) {
		return false
	}
	c, p := a.admitted(r, way.op, func() string { return hashOf(r, body) })
	if p != nil {
		write(w, p)
		served = true
	} else {
		served = way.serve(w, r, c, body)
	}
	if served {
		r.Pattern = way.pattern
	}
	return served
}

// plain reports whether the headers ask for nothing but JSON for JSON.
func plain(h http.Header) bool {
	sent, accept := h.Get("Content-Type"), h.Get("Accept")
	if sent != "application/json" && sent != "application/json; charset=utf-8" {
		return false
	}
	return accept == "" || accept == "*/*" || strings.HasPrefix(accept, "application/json")
}

// addShort makes the short way of an operation, where it has one: a POST that
// takes a body and answers with one, and has nothing in its path.
func addShort[I, O any](a *API, h huma.API, op Operation, do func(context.Context, *I) (*O, *Problem)) {
	asked, takes := reflect.TypeFor[I]().FieldByName("Body")
	answer, answers := reflect.TypeFor[O]().FieldByName("Body")
	if op.Method != http.MethodPost || strings.Contains(op.Path, "{") || !takes || !answers {
		return
	}
	described := h.OpenAPI().Paths[Prefix+op.Path].Post
	schema := described.RequestBody.Content["application/json"].Schema
	a.short[described.Path] = shortWay{described, op.Method + " " + described.Path, func(w http.ResponseWriter, r *http.Request, c call, body []byte) bool {
		in := new(I)
		if !fits(a.schemas, schema, body) || json.Unmarshal(body, reflect.ValueOf(in).Elem().FieldByIndex(asked.Index).Addr().Interface()) != nil {
			return false
		}
		out, p := do(context.WithValue(r.Context(), keyCall, c), in)
		if p != nil {
			write(w, p)
			return true
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(described.DefaultStatus)
		_ = huma.DefaultJSONFormat.Marshal(w, reflect.ValueOf(out).Elem().FieldByIndex(answer.Index).Interface()) // who has gone is not told
		return true
	}}
}

// checks are what a validation needs.
type checks struct {
	path *huma.PathBuffer
	res  huma.ValidateResult
}

var checking = sync.Pool{New: func() any { return &checks{path: huma.NewPathBuffer(make([]byte, 0, 128), 0)} }}

// fits reports whether a body is as described.
func fits(schemas huma.Registry, s *huma.Schema, body []byte) bool {
	var parsed any
	if json.Unmarshal(body, &parsed) != nil {
		return false
	}
	c := checking.Get().(*checks)
	defer checking.Put(c)
	c.path.Reset()
	c.res.Reset()
	huma.Validate(schemas, s, c.path, huma.ModeWriteToServer, parsed, &c.res)
	return len(c.res.Errors) == 0
}
