package bypass

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

var hole = regexp.MustCompile(`\{(\w*)(\.\.\.)?\$?\}`)

// plain is a request to a route with nothing that opens it, and with everything
// that a form or an address may say beside: the right password and code too.
func (s *stage) plain(r server.Route) call {
	c := call{method: r.Method, cookies: make(map[string]string)}
	if c.method == "" {
		c.method = "GET"
	}
	c.path = hole.ReplaceAllStringFunc(r.Path, func(p string) string {
		switch p {
		case "{$}":
			return ""
		case "{ticket}":
			return "nt_none"
		case "{file...}":
			return "none.css"
		case "{method}":
			return "totp"
		case "{id}":
			if r.Needs == "key" {
				return keptID
			}
		}
		return s.way
	})
	switch {
	case r.Needs == "key":
		c.body, c.kind = "{}", "application/json"
	case r.Needs == "host ticket":
		c.cookies["away"] = awayValue
	case r.Door == "pages" && r.Method == "GET":
		c.query = "host=" + vaultHost + "&bind=" + bindOf(awayValue)
	}
	return c
}

// form is what is sent to our pages.
func (s *stage) form(ticket string) string {
	f := url.Values{"login": {fmt.Sprintf("nobody%d@example.com", s.serial)}, "ticket": {nidan.TicketHash(nidan.NewSecret(ticket))}, "id": {s.session}}
	for name, value := range map[string]string{
		"password": s.us.Password, "chosen": "violet kettle under ice 12", "way": s.way, "code": s.code, "next": s.code,
		"method": "totp", "saved": "yes", "box": "yes", "item": "new@example.org", "language": "ja", "at": "/login", "remember": "yes",
	} {
		f.Set(name, value)
	}
	return f.Encode()
}

// try sends a request, with a form where the route takes one.
func (s *stage) try(r server.Route, c call, ticket string) answer {
	if r.Door == "pages" && r.Method == "POST" {
		c.body, c.kind = s.form(ticket), "application/x-www-form-urlencoded"
	}
	a := s.ask(c)
	a.body = nobody.ReplaceAllString(a.body, "nobody")
	a.location = bound.ReplaceAllString(a.location, "bind=")
	return a
}

var (
	nobody = regexp.MustCompile(`nobody\d+`)
	bound  = regexp.MustCompile(`bind=[\w-]+`) // drawn anew each time that a host sends a browser away
)

func same(a, b answer) bool {
	return a.status == b.status && a.location == b.location && a.body == b.body && slices.Equal(slices.Sorted(maps.Keys(a.set)), slices.Sorted(maps.Keys(b.set)))
}

// refusal reports whether an answer gives nothing beyond a way to begin again.
func refusal(a, base answer) bool {
	return same(a, base) || a.status >= 300 && (a.location == "" || a.location == "/login" || a.location == base.location) && len(a.set) == 0
}

// says reports what of an account an answer gives away.
func says(a answer, marks ...string) string {
	for _, m := range marks {
		if strings.Contains(a.body, m) || strings.Contains(a.location, m) {
			return m
		}
		for name, values := range a.header {
			if strings.HasPrefix(name, "Nidan-") && slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, m) }) {
				return m
			}
		}
	}
	return ""
}

// A place is where an artefact can be shown.
type place struct {
	name   string
	cookie string // empty: none, or every one
	put    func(c *call, text string)
}

func (s *stage) places(r server.Route) []place {
	cookies := func(c *call, text string) {
		for _, name := range s.cookies {
			if name != "led" { // which chooses between pages that give nothing
				c.cookies[name] = text
			}
		}
	}
	bearer := func(c *call, text string) { c.bearer = text }
	query := func(c *call, text string) {
		c.query += "&ticket=" + text + "&session=" + text + "&access_token=" + text
	}
	both := func(c *call, text string) { bearer(c, text); query(c, text) }
	all := []place{{"every cookie", "", cookies}, {"the query", "", both}}
	switch r.Needs {
	case "key": // this door refuses every query
		all = []place{{"every cookie", "", cookies}, {"Authorization", "", bearer}}
	case server.Anonymous: // it looks at nothing: all of them at once
		all = []place{{"every cookie", "", func(c *call, text string) { cookies(c, text); both(c, text) }}}
	}
	if strings.Contains(r.Path, "{ticket}") {
		all = append(all, place{"the path", "", func(c *call, text string) { c.path = strings.Replace(c.path, "nt_none", text, 1) }})
	}
	for _, name := range s.cookies {
		all = append(all, place{"the cookie " + name, name, func(c *call, text string) { c.cookies[name] = text }})
	}
	return all
}

// holder is who has all that is ours and alive, and so what opens a route.
func (s *stage) holder(r server.Route) call {
	c := s.plain(r)
	for _, name := range s.cookies {
		if s.usKit[name] != "" {
			c.cookies[name] = s.usKit[name]
		}
	}
	switch r.Needs {
	case "host ticket":
		c.query = "ticket=" + s.usKit["crossing"]
	case "key":
		c.bearer = s.usKit["key"]
	}
	if at, ok := strings.CutSuffix(r.Path, "/{ticket}"); ok {
		c.path = at + "/" + s.usKit[at]
	}
	return c
}

// ticketOf is what a form of a route was drawn from.
func (s *stage) ticketOf(r server.Route) string {
	for at, kind := range map[string]string{"/security/on": "setup", "/security/codes": "reissue", "/security/code": "renew", "/recover": "bind"} {
		if r.Path == at || strings.HasPrefix(r.Path, at+"/") {
			return s.usKit[kind]
		}
	}
	return ""
}

// cookieNames are the names in the sources of the doors that set cookies.
func cookieNames(t *testing.T) (names []string) {
	for _, door := range []string{"web", "protocol/forwardauth"} {
		files, err := filepath.Glob(filepath.Join(rig.Source(), door, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`= "__Host-nidan_(\w+)"`).FindAllStringSubmatch(string(text), -1) {
				if !slices.Contains(names, m[1]) {
					names = append(names, m[1])
				}
			}
		}
	}
	if len(names) < 12 {
		t.Fatalf("only %d cookies: %q", len(names), names)
	}
	return names
}

// A call is a request to any of the doors.
type call struct {
	method, path, query string
	cookies             map[string]string
	bearer              string
	host                string // that a proxy names; empty: the vault
	body, kind          string
}

// An answer is what came back.
type answer struct {
	status         int
	location, body string
	header         http.Header
	set            map[string]string // cookies, not those that it cleared
}

// ask sends a request to the whole program, from a network of its own.
func (s *stage) ask(c call) answer {
	r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
	r.URL.RawQuery = c.query
	s.serial++
	for name, value := range map[string]string{
		"X-Forwarded-For": fmt.Sprintf("198.%d.%d.%d", 18+s.serial>>16&1, s.serial>>8&255, s.serial&255), "X-Forwarded-Proto": "https",
		"X-Forwarded-Host": vaultHost, "Sec-Fetch-Site": "same-origin", "Content-Type": c.kind, "User-Agent": "Mozilla/5.0 Firefox/145.0",
	} {
		r.Header.Set(name, value)
	}
	if c.host != "" {
		r.Header.Set("X-Forwarded-Host", c.host)
	}
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: "__Host-nidan_" + name, Value: value})
	}
	r.Host, r.RemoteAddr = "login.example.com", "127.0.0.1:1"
	w := httptest.NewRecorder()
	s.Server().Handler().ServeHTTP(w, r)
	a := answer{status: w.Code, location: w.Header().Get("Location"), body: w.Body.String(), header: w.Header(), set: make(map[string]string)}
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 && c.Value != "" {
			a.set[strings.TrimPrefix(c.Name, "__Host-nidan_")] = c.Value
		}
	}
	return a
}
