package server

import (
	"fmt"
	"net/http"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/protocol/api"
	"github.com/nidan-auth/nidan/protocol/forwardauth"
	"github.com/nidan-auth/nidan/web"
)

// A Route is one line of the table of the whole program, whatever the door.
type Route struct {
	Door   string
	Method string // empty: any
	Path   string // a pattern of net/http
	Needs  string // what a request must show to get more than a refusal, in the door's own word
	Scopes []nidan.Scope
}

// Anonymous is the need of a route that asks for nothing.
const Anonymous = "anonymous"

// An own is a route of the program itself: for who runs it, on every method.
type own struct {
	path  string
	needs string
	do    http.HandlerFunc
}

func (s *Server) own() []own {
	routes := []own{{"/healthz", Anonymous, healthz}, {"/readyz", Anonymous, s.readyz}}
	if s.mailbox != nil { // of the demo, which listens on loopback only
		routes = append(routes, own{mailboxPath, Anonymous, s.showMailbox})
	}
	return routes
}

// declared puts the tables of all doors together. It is an error if a route does
// not say what it needs (law 14).
func (s *Server) declared(pages *web.Pages, door *api.API) (all []Route, err error) {
	for _, o := range s.own() {
		all = append(all, Route{Door: "program", Path: o.path, Needs: o.needs})
	}
	for _, r := range pages.Routes() {
		all = append(all, Route{Door: "pages", Method: r.Method, Path: r.Pattern, Needs: r.Needs.String()})
	}
	all = append(all, Route{Door: "api", Method: http.MethodGet, Path: api.DescriptionPath, Needs: Anonymous})
	for _, o := range door.Operations() {
		all = append(all, Route{Door: "api", Method: o.Method, Path: api.Prefix + o.Path, Needs: "key", Scopes: o.Scopes})
	}
	for _, r := range forwardauth.Routes() {
		all = append(all, Route{Door: "forward-auth", Method: r.Method, Path: r.Path, Needs: r.Needs.String()})
	}
	for _, r := range all {
		if r.Needs == "" || r.Needs == web.Undeclared.String() {
			return nil, fmt.Errorf("server: route %s %s does not declare what it needs", r.Method, r.Path)
		}
	}
	return all, nil
}

// Routes returns the table of every door, for the tests that are driven by it.
func (s *Server) Routes() []Route { return s.table }
