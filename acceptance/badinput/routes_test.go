// Package badinput sends what no browser sends, to every route and as
// everybody: anonymous, between the steps, logged in. The answer is a clear
// page of ours, never a failure of ours, and never what was sent.
package badinput

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/web"
)

const form = "application/x-www-form-urlencoded"

// mark stands in everything that is sent: wherever it comes back, input was
// echoed.
const mark = "zq9echoedzq9"

func table(t *testing.T, r *rig.Rig) []web.Route {
	t.Helper()
	pages, err := web.New(web.Config{
		Service: r.Service(), Brand: web.Brand{Name: "x"}, Public: &url.URL{Scheme: "https", Host: "x"},
		From: func(*http.Request) nidan.From { return nidan.From{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	routes := pages.Routes()
	if len(routes) < 30 {
		t.Fatalf("only %d routes", len(routes))
	}
	return routes
}

// path fills what a pattern leaves open.
func path(x web.Route, open string) string {
	return strings.NewReplacer("{$}", "", "{ticket}", open, "{file...}", open).Replace(x.Pattern)
}

// people are the states in which somebody can come.
func people(r *rig.Rig) map[string]func() *rig.Browser {
	p, in := r.Protected()
	pending := r.Browser()
	p.First(pending)
	return map[string]func() *rig.Browser{
		"anonymous":         r.Browser,
		"between the steps": pending.Clone,
		"logged in":         in.Clone,
	}
}

var kept = regexp.MustCompile(`<input [^>]*\bname="(?:login|code)"[^>]* value="[^"<>]*"`)

// ours checks an answer: no failure of ours, our page, and no echo.
func ours(t *testing.T, what string, p rig.Page) {
	t.Helper()
	if p.Status >= 500 || p.Status == 0 {
		t.Errorf("%s: status %d\n%s", what, p.Status, p.Text())
	}
	// What was typed as an address or as a backup code stays in its field, as
	// typing errors are corrected; escaped, or the cut would not end there.
	if strings.Contains(kept.ReplaceAllString(p.Body, ""), mark) || strings.Contains(p.Location, mark) {
		t.Errorf("%s: the input comes back (status %d, to %q)", what, p.Status, p.Location)
	}
	if p.Status >= 400 {
		if !strings.Contains(p.Body, "<h1") || !strings.Contains(p.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: status %d is not a page of ours: %q", what, p.Status, p.Body)
		}
		if len(p.Text()) < 20 {
			t.Errorf("%s: the page says only %q", what, p.Text())
		}
	}
}

// bodies are what is posted instead of a form.
var bodies = map[string]struct{ contentType, body string }{
	"nothing":               {form, ""},
	"no content type":       {"", "login=" + mark},
	"JSON":                  {"application/json", `{"login":"` + mark + `"}`},
	"XML":                   {"application/xml", "<a>" + mark + "</a>"},
	"multipart":             {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n" + mark + "\r\n--x--\r\n"},
	"multipart, broken":     {"multipart/form-data", mark},
	"another charset":       {form + "; charset=utf-16", "login=" + mark},
	"a broken content type": {"application/x-www-form-urlencoded;;;=" + mark, "login=" + mark},
	"too large":             {form, "login=" + mark + "&code=" + strings.Repeat("9", 9<<10)},
	"much too large":        {form, "password=" + strings.Repeat(mark, 100_000)},
	"broken escapes":        {form, "login=%zz" + mark + "&password=%"},
	"semicolons":            {form, "login=" + mark + ";password=x"},
	"invalid UTF-8":         {form, "login=%ff%fe" + mark + "&password=%c3%28&code=%80&way=%ff&ticket=%ff&saved=%ff&id=%ff&method=%ff"},
	"NUL":                   {form, "login=a%00" + mark + "&password=%00&code=%00&way=%00&ticket=%00&id=%00&method=%00"},
	"line breaks":           {form, "login=a%0d%0aSet-Cookie:%20" + mark + "&password=%0a&code=%0d%0a&way=%0d%0a" + mark + "&id=%0a"},
	"a field twice":         {form, "login=" + mark + "&login=b&password=x&password=y&code=1&code=2&way=a&way=b&ticket=a&ticket=b&saved=yes&saved=no&id=a&id=b&method=a&method=b"},
	"arrays":                {form, "login[]=" + mark + "&password[$ne]=x&code[]=1"},
	"long values":           {form, "login=" + mark + strings.Repeat("a", 2000) + "&password=" + strings.Repeat("p", 1500) + "&code=" + strings.Repeat("1", 1500) + "&way=" + strings.Repeat("w", 1000)},
	"thousands of fields":   {form, strings.Repeat("a=1&", 2000) + mark + "=1"},
	"markup":                {form, "login=%3Cscript%3E" + mark + "&password=%3Cb%3E&code=%22%3E%3Cimg%20src=x%3E&way=%27%22%3E" + "&ticket=%3C%2Fform%3E&id=%3Cp%3E&method=%3Ci%3E"},
	"other scripts":         {form, "login=%E2%80%AE" + mark + "%EF%BC%A0example.com&password=%F0%9F%98%80&code=%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5%D9%A6&way=%E2%80%8B"},
	"numbers":               {form, "login=0&password=0&code=-1&way=99999999999999999999&ticket=0&saved=2&id=-1&method=0"},
	"template words":        {form, "login={{.}}" + mark + "&password=${7*7}&code=%25s%25n&way=../../etc/passwd&id='%20OR%201=1--&method=totp'"},
}

func TestBodies(t *testing.T) {
	r := rig.New(t)
	routes := table(t, r)
	for who, browser := range people(r) {
		for what, x := range bodies {
			for _, route := range routes {
				if route.Method != "POST" {
					continue
				}
				b := browser()
				p := b.Do("POST", path(route, "nt_none"), x.contentType, strings.NewReader(x.body))
				ours(t, who+": "+what+" to "+route.Pattern, p)
				if b.Cookie("session") != browser().Cookie("session") && route.Pattern != "/logout" && b.Cookie("session") != "" {
					t.Errorf("%s: %s to %s: a new session", who, what, route.Pattern)
				}
			}
			r.Clock.Advance(10 * time.Minute / 20)
		}
	}
}

// addresses that lead nowhere, or pretend to.
var addresses = []string{
	"/" + mark, "/security/" + mark, "/login/", "/login/second/" + mark, "//evil.example/" + mark, "/%2f%2fevil.example/" + mark,
	"/security/../../" + mark, "/static/../nidan.db", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/..%5c..%5c" + mark, "/static//" + mark,
	"/%00" + mark, "/login%00", "/login%0d%0aX:" + mark, "/LOGIN", "/login.", "/login;" + mark, "/login?" + mark + "=%ff%00", "/login?login=" + mark,
	"/login/second?way=" + mark, "/login/second?way=%ff", "/security/codes?way=" + mark + "&way=x", "/security/off?way=%3Cscript%3E" + mark,
	"/invite/" + mark, "/invite/nt_" + mark, "/reset/nt_" + strings.Repeat("A", 3000), "/browser/nt_" + strings.Repeat("A", 7000), "/invite/%2e%2e%2f" + mark, "/reset/a/b/" + mark,
	"/favicon.ico", "/robots.txt", "/.git/config", "/debug/pprof/", "/metrics", "/api/v1/" + mark, "/security/on/codes/file/" + mark, "/*", "/\u3042" + mark, "/" + strings.Repeat("a/", 2000),
}

func TestAddresses(t *testing.T) {
	r := rig.New(t)
	for who, browser := range people(r) {
		for _, a := range addresses {
			u, err := url.Parse(a)
			if err != nil && !strings.Contains(a, "%") {
				t.Fatal(err)
			}
			_ = u
			for _, method := range []string{"GET", "POST"} {
				p := browser().Do(method, escape(a), form, nil)
				ours(t, who+": "+method+" "+short(a), p)
			}
		}
	}
}

// escape makes an address that net/http sends as it stands.
func escape(a string) string {
	return strings.NewReplacer("\u3042", "%E3%81%82").Replace(a)
}

func short(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func TestMethods(t *testing.T) {
	r := rig.New(t)
	routes := table(t, r)
	known := make(map[string]map[string]bool)
	for _, x := range routes {
		p := path(x, "nt_none")
		if known[p] == nil {
			known[p] = make(map[string]bool)
		}
		known[p][x.Method] = true
		if x.Method == "GET" {
			known[p]["HEAD"] = true
		}
	}
	for who, browser := range people(r) {
		for at, methods := range known {
			for _, m := range []string{"HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "CONNECTED", "GET", "POST", mark} {
				p := browser().Do(m, at, form, nil)
				switch {
				case m == "HEAD":
					if p.Status >= 500 {
						t.Errorf("%s: HEAD %s: status %d", who, at, p.Status)
					}
				case methods[m]:
					ours(t, who+": "+m+" "+at, p)
				default:
					ours(t, who+": "+m+" "+at, p)
					if p.Status != http.StatusMethodNotAllowed && p.Status != http.StatusForbidden {
						t.Errorf("%s: %s %s: status %d", who, m, at, p.Status)
					}
					if p.Status == http.StatusMethodNotAllowed && p.Header.Get("Allow") == "" {
						t.Errorf("%s: %s %s: no Allow", who, m, at)
					}
				}
			}
		}
	}
}

// cookies that the program never made.
func TestCookies(t *testing.T) {
	r := rig.New(t)
	routes := table(t, r)
	p, in := r.Protected()
	_, theirs := r.Protected()
	pending := r.Browser()
	p.First(pending)
	sess, pend := in.Cookie("session"), pending.Cookie("pending")
	values := map[string]string{
		"text":                mark,
		"long":                strings.Repeat("A", 4000),
		"of another kind":     pend,
		"of the wrong prefix": "np_" + sess[3:],
		"cut off":             sess[:len(sess)-1],
		"longer":              sess + "A",
		"last character":      sess[:len(sess)-1] + string(sess[len(sess)-1]^1),
		"another account's":   "ns_" + theirs.Cookie("session")[3:29] + sess[29:],
		"separators":          "a=b&c",
		"percent":             "%00%ff%0d%0a" + mark,
		"a ticket":            "nt_" + strings.Repeat("a", 13) + strings.Repeat("A", 500),
	}
	for what, v := range values {
		for _, name := range []string{"session", "pending", "browser", "setup", "reissue", "renew"} {
			for _, x := range routes {
				if x.Pattern == "/logout" || x.Pattern == "/security/sessions/end-all" {
					continue // they end the session that the others here need
				}
				b := r.Browser()
				if name != "session" {
					b.SetCookie("session", sess)
				}
				b.SetCookie(name, v)
				page := b.Do(x.Method, path(x, "nt_none"), form, nil)
				ours(t, name+" cookie "+what+" at "+x.Method+" "+x.Pattern, page)
				if name == "session" && x.Needs == web.AnySession && page.Status == http.StatusOK {
					t.Errorf("session cookie %s opens %s", what, x.Pattern)
				}
				if b.Cookie("session") == "" && name != "session" {
					t.Errorf("%s cookie %s at %s %s ends the session", name, what, x.Method, x.Pattern)
				}
			}
		}
	}
}

// What is not HTTP, or not quite, is answered by net/http or not at all; the
// program lives on and says nothing of itself.
func TestRawRequests(t *testing.T) {
	r := rig.New(t)
	addr := strings.TrimPrefix(r.URL, "http://")
	for _, raw := range []string{
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"GET http://evil.example/" + mark + " HTTP/1.1\r\nHost: " + addr + "\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: " + addr + "\r\nContent-Length: -1\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: " + addr + "\r\nOrigin: " + r.URL + "\r\nContent-Type: " + form + "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST /login HTTP/1.1\r\nHost: " + addr + "\r\nOrigin: " + r.URL + "\r\nContent-Type: " + form + "\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: " + addr + "\r\nCookie: " + strings.Repeat("a=b; ", 20_000) + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: " + addr + "\r\nX-A\x00B: c\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		strings.Repeat("A", 100_000),
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = conn.Write([]byte(raw)) // it may hang up before the end
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		var b strings.Builder
		buf := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buf)
			b.Write(buf[:n])
			if err != nil {
				break
			}
		}
		_ = conn.Close()
		answer := b.String()
		status, _, _ := strings.Cut(answer, "\r\n")
		if strings.Contains(status, " 5") && !strings.Contains(status, "501") && !strings.Contains(status, "505") || strings.Contains(answer, mark) {
			t.Errorf("%.60q is answered %q", raw, short(answer))
		}
	}
	if p := r.Browser().Get("/login"); p.Status != 200 {
		t.Errorf("afterwards the log-in page has status %d", p.Status)
	}
}
