// Package bypass shows every route of every door what opens another one, what
// opened it once, and what only looks like it. It is driven by the program's own
// table: a new route is tried without anybody touching this.
package bypass

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/server"
)

// anonymous is the reviewed list of what asks for nothing, and why it may.
var anonymous = map[string]string{
	"GET /{$}":               "leads to the log-in, or to the settings",
	"GET /static/{file...}":  "style and script",
	"GET /login":             "the first step",
	"POST /login":            "judges the first step, and counts",
	"GET /forgot":            "for who has no password any more",
	"POST /forgot":           "mails a link, whoever is named",
	"GET /sent/reset":        "says that it was mailed",
	"GET /register":          "for who has no account",
	"POST /register":         "mails a link, whoever is named",
	"GET /sent/register":     "says that it was mailed",
	"GET /browser":           "for a browser that is not judged any more",
	"POST /browser":          "mails a link, whoever is named",
	"GET /sent/browser":      "says that it was mailed",
	"GET /help":              "the same for everybody",
	"GET /help/{entry}":      "the same for everybody",
	"POST /language":         "a cookie of this browser",
	"GET /invite/{ticket}":   "the ticket opens it",
	"POST /invite/{ticket}":  "the ticket opens it",
	"GET /reset/{ticket}":    "the ticket opens it",
	"POST /reset/{ticket}":   "the ticket opens it",
	"GET /browser/{ticket}":  "the ticket opens it",
	"POST /browser/{ticket}": "the ticket opens it",

	"GET /register/{ticket}":  "the ticket opens it",
	"POST /register/{ticket}": "the ticket opens it",
	"GET /address/{ticket}":   "the ticket opens it",
	"POST /address/{ticket}":  "the ticket opens it",
	"GET /second/{ticket}":    "the ticket opens it",
	"POST /second/{ticket}":   "the ticket opens it",
	"GET /cancel/{ticket}":    "the ticket opens it",
	"POST /cancel/{ticket}":   "the ticket opens it",
	"GET /notme/{ticket}":     "the ticket opens it",
	"POST /notme/{ticket}":    "the ticket opens it",
	"GET /recovery/{ticket}":  "the ticket opens it",
	"POST /recovery/{ticket}": "the ticket opens it, and the password",
	"GET /step/{ticket}":      "the link of a product opens it",
	"POST /step/{ticket}":     "the link of a product opens it",
	"GET /done/second":        "knows of no account",
	"GET /done/cancel":        "knows of no account",
	"GET /done/notme":         "knows of no account",
	"GET /done/deleted":       "knows of no account",
	"GET /recover/done":       "knows of no account",
	"GET /pass":               "leads to the log-in; the session of who has one is judged by it",

	"GET /api/openapi.json":      "what can be asked, and no answer",
	"ANY /_nidan/start":          "sends a browser to the log-in",
	"GET /.well-known/jwks.json": "public halves",
	"ANY /healthz":               "for who runs it: alive",
	"ANY /readyz":                "for who runs it: ready, and from this machine why not",
}

func name(r server.Route) string {
	if r.Method == "" {
		return "ANY " + r.Path
	}
	return r.Method + " " + r.Path
}

// The table of the whole program, each row of which is tried.
func TestBypass(t *testing.T) {
	s := newStage(t)
	t.Run("declared", s.declared)
	t.Run("refused", s.refused)
	t.Run("carried", s.carried)
	t.Run("reached", s.reached)
	t.Run("methods", s.methods)
	t.Run("levels", s.levels)
}

func (s *stage) declared(t *testing.T) {
	found := make(map[string]bool)
	for _, r := range s.routes {
		found[name(r)] = true
		switch _, may := anonymous[name(r)]; {
		case !slices.Contains([]string{server.Anonymous, "pending sign-in", "recovery ticket", "any session", "host pass", "host ticket", "key"}, r.Needs):
			t.Errorf("%s declares %q, which is nothing that is known here", name(r), r.Needs)
		case r.Needs == "key" && len(r.Scopes) == 0:
			t.Errorf("%s declares no scope", name(r))
		case may != (r.Needs == server.Anonymous):
			t.Errorf("%s: may it be anonymous: %v; it declares %q", name(r), may, r.Needs)
		}
	}
	for row := range anonymous {
		if !found[row] {
			t.Errorf("%s is no route any more", row)
		}
	}
	if len(found) != len(s.routes) || len(found) < 140 {
		t.Errorf("%d routes, %d names", len(s.routes), len(found))
	}
}

// opens is the kind that opens a route in a place.
func opens(r server.Route, p place) []string {
	switch {
	case p.name == "the path":
		return []string{r.Path[:strings.LastIndexByte(r.Path, '/')]}
	case p.name == "the query" && r.Needs == "host ticket":
		return []string{"crossing"}
	case p.name == "Authorization" && r.Needs == "key":
		return []string{"key"}
	case p.cookie == "" && p.name != "every cookie":
		return nil
	}
	kinds := map[string][]string{
		"any session": {"session"}, "pending sign-in": {"pending"}, "recovery ticket": {"bind"}, "host pass": {"host"},
		server.Anonymous: {"session", "bind"}, // they look whether there is one
	}[r.Needs]
	if p.cookie != "" && !slices.Contains(kinds, p.cookie) {
		return nil
	}
	return kinds
}

// Nothing opens a route but what it declares, wherever it is shown, and nobody's
// own opens somebody else's.
func (s *stage) refused(t *testing.T) {
	n, all := 0, slices.Concat(s.marks[s.us], s.marks[s.them], []string{nidan.Mask(s.us.Name), keptLabel})
	for _, r := range s.routes {
		base := s.try(r, s.plain(r), "")
		if said := says(base, all...); said != "" {
			t.Errorf("%s says %q to anybody", name(r), said)
		}
		if r.Needs != server.Anonymous && (base.status < 300 || len(base.set) > 0) {
			t.Errorf("%s with nothing: %d", name(r), base.status)
		}
		for _, p := range s.places(r) {
			for _, x := range s.artefacts {
				if !worth(r, p, x) {
					continue
				}
				c := s.plain(r)
				p.put(&c, x.text)
				fits := x.whose != "" && slices.Contains(opens(r, p), x.kind)
				if x.kind == "key" && fits {
					fits = !slices.ContainsFunc(r.Scopes, func(sc nidan.Scope) bool { return !slices.Contains(x.scopes, sc) })
				}
				if fits && x.whose == ours {
					continue // see reached
				}
				n++
				a := s.try(r, c, x.text)
				said, whole := "", ""
				switch {
				case fits && x.kind == "key":
					said = says(a, keptLabel)
				case fits:
					said, whole = says(a, s.marks[s.us]...), s.account
				case !same(a, base):
					said = says(a, all...)
				}
				switch {
				case a.status >= 500:
					t.Errorf("%s, %s in %s: %d", name(r), x.name, p.name, a.status)
				case said != "":
					t.Errorf("%s, %s in %s: says %q", name(r), x.name, p.name, said)
				case fits:
				case r.Needs == "key" && a.status != 401 && a.status != 403: // before anything else is read
					t.Errorf("%s, %s in %s: %d %s", name(r), x.name, p.name, a.status, a.body)
				case r.Path == "/{$}" && a.location == "/security": // which asks again
				case r.Needs == server.Anonymous && !same(a, base), !refusal(a, base):
					t.Errorf("%s, %s in %s: %d to %q, sets %v; with nothing %d to %q", name(r), x.name, p.name, a.status, a.location, slices.Collect(maps.Keys(a.set)), base.status, base.location)
				}
				if s.changed(whole) {
					t.Errorf("%s, %s in %s: something was stored", name(r), x.name, p.name)
				}
			}
		}
	}
	t.Logf("%d routes, %d artefacts, %d requests", len(s.routes), len(s.artefacts), n)
}

// worth reports whether an artefact is to be tried in a place: each in all
// cookies at once, in its own, and in the one that the route looks at. A form
// that anybody may send is shown what is ours and alive, as its hash takes
// longer than all the rest; so is what is somebody else's, in its own cookie.
func worth(r server.Route, p place, x artefact) bool {
	switch {
	case r.Needs == server.Anonymous && r.Method == "POST" && !strings.Contains(r.Path, "{ticket}"):
		return p.name == "every cookie" && x.whose == ours
	case p.name == "every cookie":
		return x.whose != theirs || !slices.Contains(opens(r, p), x.kind)
	case p.cookie == "":
		return true
	case r.Needs == server.Anonymous || r.Needs == "key":
		return p.cookie == x.kind && x.whose != ""
	}
	return p.cookie == x.kind || slices.Contains(opens(r, p), p.cookie)
}

// changed reports whether anything was stored of an account, or of any, and
// takes it back.
func (s *stage) changed(account string) bool {
	if !s.written() || s.stored("") == s.at { // a count of the gate, a mail to nobody
		return false
	}
	now := s.stored(account)
	s.putBack()
	return now != s.stored(account)
}
