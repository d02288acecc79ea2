package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

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
	if !ok || r.Method != http.MethodPost || r.URL.RawPath != "" || !isJSON(r.Header.Get("Content-Type")) {
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

// isJSON reports whether this is how clients commonly call it.
func isJSON(contentType string) bool {
	return contentType == "application/json" || contentType == "application/json; charset=utf-8"
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
	texts := plainOf(a.schemas, schema, asked.Type)
	read := func(body []byte) (*I, bool) {
		in := new(I)
		if texts != nil && texts.read(body, reflect.ValueOf(in).Elem().FieldByIndex(asked.Index)) {
			return in, true
		}
		in = new(I)
		return in, fits(a.schemas, schema, body) && json.Unmarshal(body, reflect.ValueOf(in).Elem().FieldByIndex(asked.Index).Addr().Interface()) == nil
	}
	a.short[described.Path] = shortWay{described, op.Method + " " + described.Path, func(w http.ResponseWriter, r *http.Request, c call, body []byte) bool {
		in, ok := read(body)
		if !ok {
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

// fits reports whether a body is as described. What it is checked with is not kept
// for another: it refers to what was sent.
func fits(schemas huma.Registry, s *huma.Schema, body []byte) bool {
	var parsed any
	if json.Unmarshal(body, &parsed) != nil {
		return false
	}
	var res huma.ValidateResult
	huma.Validate(schemas, s, huma.NewPathBuffer(make([]byte, 0, 64), 0), huma.ModeWriteToServer, parsed, &res)
	return len(res.Errors) == 0
}
