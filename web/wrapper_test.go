package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
)

// body is what follows the prefix of every well-formed session or sign-in.
var body = strings.Repeat("a", 26) + strings.Repeat("A", 43)

func TestEveryRouteDeclaresItsNeed(t *testing.T) {
	p := newPages(t)
	open := map[string]bool{
		"GET /{$}": true, "GET /static/{file...}": true, "GET /done/deleted": true, "GET /login": true, "POST /login": true, "GET /forgot": true, "POST /language": true,
		"GET /help": true, "GET /help/{entry}": true,
		"GET /invite/{ticket}": true, "POST /invite/{ticket}": true, "GET /reset/{ticket}": true,
		"POST /reset/{ticket}": true, "GET /browser/{ticket}": true, "POST /browser/{ticket}": true,

		"POST /forgot": true, "GET /sent/reset": true, "GET /register": true, "POST /register": true, "GET /sent/register": true,
		"GET /browser": true, "POST /browser": true, "GET /sent/browser": true,
		"GET /register/{ticket}": true, "POST /register/{ticket}": true, "GET /address/{ticket}": true, "POST /address/{ticket}": true,
		"GET /second/{ticket}": true, "POST /second/{ticket}": true, "GET /done/second": true,
		"GET /cancel/{ticket}": true, "POST /cancel/{ticket}": true, "GET /done/cancel": true,
		"GET /recovery/{ticket}": true, "POST /recovery/{ticket}": true, "GET /recover/done": true,
		"GET /notme/{ticket}": true, "POST /notme/{ticket}": true, "GET /done/notme": true,
		"GET /step/{ticket}": true, "POST /step/{ticket}": true, "GET /pass": true,
	}
	for _, r := range p.Routes() {
		name := r.Method + " " + r.Pattern
		if r.Needs == Undeclared {
			t.Errorf("%s declares nothing", name)
		}
		// The reviewed list of what anybody may ask for.
		if (r.Needs == Anonymous) != open[name] {
			t.Errorf("%s needs %s", name, r.Needs)
		}
	}
}

func TestNewRefusesARouteThatDeclaresSomethingElse(t *testing.T) {
	for _, r := range []Route{
		{"GET", "/x", Undeclared, anonymous(home)},
		{"GET", "/x", AnySession, anonymous(home)},
		{"GET", "/x", Anonymous, withSession(showSecurity)},
		{"GET", "/x", AnySession, withPending(showSecond)},
		{"GET", "/x", Anonymous, withTicket(showBindMethod)},
		{"GET", "/x", Anonymous, nil},
	} {
		p := newPages(t)
		p.routes = append(p.routes, r)
		if _, err := p.newMux(); err == nil {
			t.Errorf("%v was taken", r.Needs)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no service":       func(c *Config) { c.Service = nil },
		"no From":          func(c *Config) { c.From = nil },
		"no public URL":    func(c *Config) { c.Public = nil },
		"a public path":    func(c *Config) { c.Public = &url.URL{Path: "/x"} },
		"no brand":         func(c *Config) { c.Brand.Name = "" },
		"a home by script": func(c *Config) { c.Brand.Home = "javascript:alert(1)" },
		"a home in clear":  func(c *Config) { c.Brand.Home = "http://example.com" },
		"an unknown way":   func(c *Config) { c.Service = newService(t, "totp", "carrier_pigeon") },
	} {
		c := testConfig(t)
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestNobodyPassesWithout asks every route that needs something without it, and
// with things that are not it.
func TestNobodyPassesWithout(t *testing.T) {
	p := newPages(t)
	for _, r := range p.Routes() {
		if r.Needs == Anonymous {
			continue
		}
		for name, cookie := range map[string]string{
			"nothing":                  "",
			"a sign-in as a session":   sessionCookie + "=np_" + body,
			"a session as a sign-in":   pendingCookie + "=ns_" + body,
			"garbage":                  sessionCookie + "=x; " + pendingCookie + "=y",
			"an unprefixed cookie":     "nidan_session=ns_" + body,
			"a browser as everything":  sessionCookie + "=nb_" + body + "; " + pendingCookie + "=nb_" + body,
			"the right one, elsewhere": map[Need]string{AnySession: pendingCookie + "=ns_", PendingSignIn: sessionCookie + "=np_"}[r.Needs] + body,
		} {
			res := ask(p, r.Method, r.Pattern, strings.NewReader(""), func(q *http.Request) { q.Header.Set("Cookie", cookie) })
			if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login" {
				t.Errorf("%s %s with %s: %d", r.Method, r.Pattern, name, res.StatusCode)
			}
		}
	}
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	p := newPages(t)
	for _, path := range []string{"/login", "/nope", "/security", "/forgot", p.assets.named["nidan.css"]} {
		res := ask(p, http.MethodGet, path, nil)
		h := res.Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy lacks %s", path, want)
			}
		}
		for _, bad := range []string{"unsafe", "data:", "blob:", "*", "http"} {
			if strings.Contains(csp, bad) {
				t.Errorf("%s: the policy allows %s", path, bad)
			}
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=63072000",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s: %q", path, name, h.Get(name))
			}
		}
		if h.Get("Permissions-Policy") == "" {
			t.Errorf("%s: no Permissions-Policy", path)
		}
		if static := strings.HasPrefix(path, "/static/"); (h.Get("Cache-Control") == "no-store") == static {
			t.Errorf("%s: Cache-Control: %s", path, h.Get("Cache-Control"))
		}
	}
}

func TestFaults(t *testing.T) {
	p := newPages(t)
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			if r.Header.Del(name); value != "" {
				r.Header.Set(name, value)
			}
		}
	}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		change                   []func(*http.Request)
	}{
		{"unknown", "GET", "/nope", "", 404, nil},
		{"unclean", "GET", "//login", "", 404, nil},
		{"dots", "GET", "/login/../login", "", 404, nil},
		{"slash", "GET", "/login/", "", 404, nil},
		{"static by its plain name", "GET", "/static/nidan.css", "", 404, nil},
		{"wrong method", "DELETE", "/login", "", 405, []func(*http.Request){with("Origin", "https://id.example.com")}},
		{"get of a post", "GET", "/logout", "", 405, nil},
		{"another host", "GET", "/login", "", 421, []func(*http.Request){func(r *http.Request) { r.Host = "evil.example" }}},
		{"another port", "GET", "/login", "", 421, []func(*http.Request){func(r *http.Request) { r.Host = "id.example.com:444" }}},
		{"the default port", "GET", "/login", "", 200, []func(*http.Request){func(r *http.Request) { r.Host = "ID.example.com:443" }}},
		{"cross-site", "POST", "/login", "", 403, []func(*http.Request){with("Sec-Fetch-Site", "cross-site")}},
		{"same-site", "POST", "/login", "", 403, []func(*http.Request){with("Sec-Fetch-Site", "same-site")}},
		{"old browser, other origin", "POST", "/login", "", 403, []func(*http.Request){with("Sec-Fetch-Site", ""), with("Origin", "https://evil.example")}},
		{"no origin at all", "POST", "/login", "", 403, []func(*http.Request){with("Sec-Fetch-Site", ""), with("Origin", "")}},
		{"null", "POST", "/login", "", 403, []func(*http.Request){with("Sec-Fetch-Site", ""), with("Origin", "null")}},
		{"JSON", "POST", "/login", "{}", 415, []func(*http.Request){with("Content-Type", "application/json")}},
		{"multipart", "POST", "/login", "", 415, []func(*http.Request){with("Content-Type", "multipart/form-data; boundary=x")}},
		{"no type", "POST", "/login", "", 415, []func(*http.Request){with("Content-Type", "")}},
		{"encoded", "POST", "/login", "", 415, []func(*http.Request){with("Content-Encoding", "gzip")}},
		{"large", "POST", "/login", "login=" + strings.Repeat("a", maxForm), 413, nil},
		{"twice", "POST", "/login", "login=a&login=b", 400, nil},
		{"twice, once empty", "POST", "/login", "login=a&login=", 400, nil},
		{"not UTF-8", "POST", "/login", "login=%ff", 400, nil},
		{"NUL", "POST", "/login", "login=a%00b", 400, nil},
		{"NUL in a name", "POST", "/login", "login%00=a", 400, nil},
		{"bad escape", "POST", "/login", "login=%zz", 400, nil},
		{"semicolon", "POST", "/login", "login=a;password=b", 400, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := ask(p, c.method, c.path, strings.NewReader(c.body), c.change...)
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != c.status {
				t.Errorf("%d, want %d", res.StatusCode, c.status)
			}
			if !bytes.Contains(body, []byte("<h1>")) {
				t.Error("no page")
			}
			if bytes.Contains(body, []byte("evil")) || strings.Contains(res.Header.Get("Location"), "evil") {
				t.Error("repeats what was sent")
			}
			if c.status == http.StatusMethodNotAllowed && res.Header.Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
	if allow := ask(p, "PUT", "/login", nil, with("Origin", "https://id.example.com")).Header.Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("Allow: %s", allow)
	}
}

// TestBrokenPages: whatever breaks, the page gives a reference, and the log the
// cause under it and nothing that the request held.
func TestBrokenPages(t *testing.T) {
	var logged bytes.Buffer
	c := testConfig(t)
	c.Log = slog.New(slog.NewTextHandler(&logged, nil))
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	// The Service has no database: using it panics.
	if _, ok := nidan.ParseSession("ns_" + body); !ok {
		t.Fatal("the sample is not well-formed")
	}
	cookie := sessionCookie + "=ns_" + body
	res := ask(p, http.MethodGet, "/security?way=geheim", nil, func(r *http.Request) { r.Header.Set("Cookie", cookie) })
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusInternalServerError {
		t.Fatalf("%d", res.StatusCode)
	}
	_, after, _ := strings.Cut(logged.String(), "reference=")
	ref, _, _ := strings.Cut(after, " ")
	if ref == "" || !bytes.Contains(page, []byte(ref)) {
		t.Errorf("the page does not hold the reference %q", ref)
	}
	for _, want := range []string{`route="GET /security"`, "panic", "route.go:"} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("the log does not say %s: %s", want, logged.String())
		}
	}
	for _, bad := range []string{"geheim", "ns_a", "way="} {
		if strings.Contains(logged.String(), bad) {
			t.Errorf("the log says %s", bad)
		}
	}
	if strings.Contains(string(page), "panic") || strings.Contains(string(page), ".go") {
		t.Error("the page tells too much")
	}
}

func TestPauses(t *testing.T) {
	p := newPages(t)
	for err, key := range map[error]string{nidan.ErrBusy: "fault.busy.h1", nidan.ErrClock: "fault.clock.h1"} {
		for _, r := range []*Route{{"GET", "/pause", Anonymous, anonymous(func(*visit) error { return err })}} {
			p.mux = http.NewServeMux()
			p.mux.Handle(r.Pattern, p.handle(r.Pattern, r.serve))
		}
		res := ask(p, http.MethodGet, "/pause", nil)
		body, readErr := io.ReadAll(res.Body)
		if readErr != nil {
			t.Fatal(readErr)
		}
		want, textErr := p.locales.all[0].Text(key)
		if textErr != nil {
			t.Fatal(textErr)
		}
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(string(body), want) {
			t.Errorf("%v: %d", err, res.StatusCode)
		}
	}
}

func TestCookies(t *testing.T) {
	p := newPages(t)
	p.mux = http.NewServeMux()
	p.mux.Handle("/", p.handle("/", func(v *visit) error {
		for _, name := range []string{sessionCookie, pendingCookie, browserCookie, rememberedCookie, setUpCookie, reissueCookie, renewCookie, passCookie} {
			v.set(name, nidan.NewSecret("x"))
		}
		return v.to("/security")
	}))
	for _, c := range ask(p, http.MethodGet, "/", nil).Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-nidan_") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("%s: %s", c.Name, c)
		}
		if persistent := c.MaxAge > 0; persistent != (c.Name == browserCookie || c.Name == rememberedCookie || c.Name == passCookie) {
			t.Errorf("%s: Max-Age %d", c.Name, c.MaxAge)
		}
	}
}

func TestAnonymousPagesAreTheSame(t *testing.T) {
	p := newPages(t)
	read := func(path, cookie string) string {
		res := ask(p, http.MethodGet, path, nil, func(r *http.Request) { r.Header.Set("Cookie", cookie) })
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, path := range []string{"/login", "/forgot"} {
		if read(path, "") != read(path, browserCookie+"=nb_x; "+sessionCookie+"=x") {
			t.Errorf("%s tells a known browser from others", path)
		}
	}
	if read("/login", "") != read("/login?%3Cb%3E", "") {
		t.Error("the log-in page repeats its address")
	}
}

func TestStaticIsKeptUnderItsHash(t *testing.T) {
	p := newPages(t)
	for file, address := range p.assets.named {
		res := ask(p, http.MethodGet, address, nil)
		if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || res.Header.Get("Content-Type") == "" {
			t.Errorf("%s: %d, %s", file, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
	b, err := staticFiles.ReadFile("static/nidan.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"@import", "url(", "http"} {
		if bytes.Contains(b, []byte(bad)) {
			t.Errorf("the style sheet has %s", bad)
		}
	}
	js, err := staticFiles.ReadFile("static/nidan.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"innerHTML", "eval(", "fetch(", "XMLHttpRequest", "http", ".submit(", "localStorage", "document.cookie"} {
		if bytes.Contains(js, []byte(bad)) {
			t.Errorf("the script has %s", bad)
		}
	}
}

func TestLanguages(t *testing.T) {
	p := newPages(t)
	for accept, want := range map[string]string{"": "en", "xx": "en", "en-GB,en;q=0.5": "en", ";;;": "en", strings.Repeat("ja,", 5000): "en"} {
		if got := p.locales.match(accept).Tag(); got != want && len(p.locales.all) == 1 {
			t.Errorf("%.20q: %s", accept, got)
		}
	}
	for _, l := range p.locales.all {
		if got := p.locales.match(l.Tag() + "-x-test,en;q=0.1").Tag(); got != l.Tag() {
			t.Errorf("%s asks in vain, gets %s", l.Tag(), got)
		}
	}
}
