package badinput

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/web"
)

// A spoiling makes a request bad. want lists the statuses that may follow; none
// means that any clear answer will do.
type spoiling struct {
	name  string
	spoil func(*request)
	want  []int
	acts  bool // a handler may take it: the database is put back after
}

var m = url.QueryEscape(mark)

// forms are bad bodies.
func forms() []spoiling {
	body := func(s string) func(*request) { return func(q *request) { q.body = []byte(s) } }
	kind := func(s string) func(*request) { return func(q *request) { q.set("Content-Type", s) } }
	all := []spoiling{
		{"9 KiB", body("login=" + strings.Repeat("a", 9<<10) + m), []int{413}, false},
		{"a megabyte", body("login=" + strings.Repeat("a", 1<<20) + m), []int{413}, false},
		{"nine thousand fields", body(strings.Repeat("a=b&", 9000) + m), []int{413}, false},
		{"a thousand fields", body(numbered(1000)), nil, true},
		{"a megabyte in chunks", func(q *request) { q.chunked, q.body = true, []byte("login="+strings.Repeat("a", 1<<20)+m) }, []int{413}, false},
		{"chunks", func(q *request) { q.chunked = true }, nil, true},
		{"nothing", body(""), nil, true},
		{"no field that is known", body(m + "=" + m), nil, true},
		{"no end", func(q *request) { q.length = "500" }, []int{400}, false},
		{"half an escape", body("login=" + m + "%"), []int{400}, false},
		{"no escape", body("login=" + m + "%zz"), []int{400}, false},
		{"semicolons", body("login=a;password=" + m), []int{400}, false},
		{"not UTF-8", body("login=" + m + "%ff%fe"), []int{400}, false},
		{"not UTF-8, raw", body("login=" + m + "\xff\xfe"), []int{400}, false},
		{"not UTF-8 in a name", body("%ff" + m + "=1"), []int{400}, false},
		{"UTF-16", body("l\x00o\x00g\x00i\x00n\x00=\x00" + m), []int{400}, false},
		{"a surrogate", body("login=%ed%a0%80" + m), []int{400}, false},
		{"overlong", body("login=%c0%af" + m), []int{400}, false},
		{"NUL", body("login=%00" + m), []int{400}, false},
		{"control characters", body("password=%01%1b[2J%7f%08" + m + "&code=%0d%0aSet-Cookie:+" + m + "&way=%1b&ticket=%02&method=%03&id=%04"), nil, true},
		{"line breaks", body("password=%0d%0a" + m + "&way=%0d%0a" + m + "&method=a%0d%0aX:+b&ticket=%0a&id=%0d"), nil, true},
		{"right to left", body("password=%e2%80%ae" + m + "&way=%e2%80%ae&method=%e2%80%ae&id=%e2%80%ae"), nil, true},
		{"long values", body("password=" + strings.Repeat("a", 3000) + "&way=" + strings.Repeat("b", 1000) + m + "&method=" + strings.Repeat("c", 1000) + m + "&id=" + strings.Repeat("d", 1000) + "&ticket=" + strings.Repeat("e", 1000)), nil, true},
		{"a long name", body(strings.Repeat("a", 7000) + m + "=1"), nil, true},
		{"JSON", func(q *request) {
			q.set("Content-Type", "application/json")
			q.body = []byte(`{"login":"` + mark + `"}`)
		}, []int{415}, false},
		{"multipart", func(q *request) {
			q.set("Content-Type", "multipart/form-data; boundary=x")
			q.body = []byte("--x\r\nContent-Disposition: form-data; name=\"login\"\r\n\r\n" + mark + "\r\n--x--\r\n")
		}, []int{415}, false},
		{"plain text", kind("text/plain"), []int{415}, false},
		{"no type", func(q *request) { q.drop("Content-Type") }, []int{415}, false},
		{"two types", func(q *request) { q.add("Content-Type", "application/json") }, nil, true},
		{"a type that is none", kind(mark), []int{415}, false},
		{"a type with a broken parameter", kind("application/x-www-form-urlencoded; charset"), []int{415}, false},
		{"a type in capitals", kind("APPLICATION/X-WWW-FORM-URLENCODED"), nil, true},
		{"another charset", kind("application/x-www-form-urlencoded; charset=utf-16"), nil, true},
		{"gzip", func(q *request) { q.set("Content-Encoding", "gzip") }, []int{415}, false},
		{"an encoding that is none", func(q *request) { q.set("Content-Encoding", mark) }, []int{415}, false},
		{"from another site", func(q *request) {
			q.set("Sec-Fetch-Site", "cross-site")
			q.set("Origin", "https://"+"swordfish.example")
		}, []int{403}, false},
		{"from nowhere", func(q *request) { q.drop("Sec-Fetch-Site"); q.drop("Origin") }, []int{403}, false},
		{"from nobody", func(q *request) { q.drop("Sec-Fetch-Site"); q.set("Origin", "null") }, []int{403}, false},
		{"from an origin that is none", func(q *request) { q.drop("Sec-Fetch-Site"); q.set("Origin", mark) }, []int{403}, false},
		{"in the query", func(q *request) { q.target += "?password=" + m + "&way=" + m + "&code=" + m; q.body = nil }, nil, true},
	}
	for _, field := range []string{"login", "password", "way", "code", "ticket", "saved", "method", "id"} {
		all = append(all, spoiling{"two of " + field, body(field + "=a&" + field + "=" + m), []int{400}, false},
			spoiling{field + " as a list", body(field + "%5b%5d=" + m), nil, true})
	}
	return all
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("f" + strconv.Itoa(i) + "=&")
	}
	return strings.TrimSuffix(b.String(), "&")
}

// heads are bad headers and cookies, for any method.
func heads() []spoiling {
	all := []spoiling{
		{"20 KiB of cookies", func(q *request) { q.cookie("a=" + strings.Repeat("b", 20<<10)) }, nil, true},
		{"a thousand cookies", func(q *request) { q.cookie(strings.ReplaceAll(numbered(1000), "&", "; ")) }, nil, true},
		{"a cookie without a name", func(q *request) { q.cookie("=" + mark + "; ;;=;" + mark) }, nil, true},
		{"bytes in a cookie", func(q *request) { q.cookie("__Host-nidan_session=\xff\x80" + mark) }, nil, true},
		{"a language that is none", func(q *request) { q.set("Accept-Language", mark) }, nil, true},
		{"a long language", func(q *request) { q.set("Accept-Language", strings.Repeat("en-GB-x-"+"swordfish,", 1500)) }, nil, true},
		{"many languages", func(q *request) { q.set("Accept-Language", strings.Repeat("*;q=0.00001,xx-"+"1;q=2,", 700)) }, nil, true},
		{"bytes in the browser's name", func(q *request) { q.set("User-Agent", "\xff\xfe"+mark) }, nil, true},
		{"no browser's name", func(q *request) { q.drop("User-Agent") }, nil, true},
		{"a long name of the browser", func(q *request) { q.set("User-Agent", strings.Repeat("swordfish ", 2000)) }, nil, true},
		{"another host", func(q *request) { q.set("Host", "swordfish.example") }, []int{421}, false},
		{"a host with a path", func(q *request) { q.target = "http://swordfish.example" + q.target }, []int{421}, false},
		{"forwarded", func(q *request) {
			for _, h := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-Forwarded-Prefix"} {
				q.set(h, mark)
			}
		}, nil, true},
		{"a range", func(q *request) { q.set("Range", "bytes=0-,5-,"+"swordfish") }, nil, true},
		{"conditions", func(q *request) {
			q.set("If-None-Match", `"`+"swordfish"+`"`)
			q.set("If-Modified-Since", mark)
			q.set("If-Match", "*")
		}, nil, true},
		{"an upgrade", func(q *request) {
			q.set("Connection", "Upgrade")
			q.set("Upgrade", "websocket")
			q.set("Sec-WebSocket-Key", "c3dvcmRmaXNo")
		}, nil, true},
		{"authorization", func(q *request) { q.set("Authorization", "Basic c3dvcmRmaXNoOnN3b3JkZmlzaA==") }, nil, true},
		{"an old protocol", func(q *request) { q.proto = "HTTP/1.0" }, nil, true},
		{"a query", func(q *request) { q.target += "?" + m + "=" + m + "&way=" + m + "&way=%ff%00&;;%zz" }, nil, true},
		{"a long query", func(q *request) { q.target += "?way=" + strings.Repeat("a", 8000) + m }, nil, true},
		{"a fragment", func(q *request) { q.target += "#" + m }, nil, true},
		{"a body for nothing", func(q *request) {
			if q.method != "POST" {
				q.body = []byte(mark)
			}
		}, nil, true},
	}
	for _, name := range []string{"session", "pending", "browser", "setup", "reissue", "renew"} {
		c := "__Host-nidan_" + name + "="
		for what, value := range map[string]string{
			"empty": "", "broken": mark, "quoted": `"` + "swordfish" + `"`, "long": strings.Repeat("A", 9000), "a prefix": "ns_", "another's prefix": "nt_" + strings.Repeat("A", 69),
			"of the right form": "ns_" + strings.Repeat("a", 26) + strings.Repeat("A", 43), "a pending one of the right form": "np_" + strings.Repeat("a", 26) + strings.Repeat("A", 43),
			"a ticket of the right form": "nt_" + strings.Repeat("a", 13) + strings.Repeat("A", 400), "with a space": "a b", "not base64": "nt_" + strings.Repeat("!", 60),
		} {
			all = append(all, spoiling{"cookie " + name + " " + what, func(q *request) { q.cookie(c + value) }, nil, true})
		}
	}
	return all
}

// On every route of the table, from everybody.
func TestForms(t *testing.T) {
	w := newWire(t)
	for _, route := range w.routes {
		if route.Method != "POST" {
			continue
		}
		w.try(t, route.Method, example(route), w.who, forms())
	}
}

func TestHeads(t *testing.T) {
	w := newWire(t)
	for _, route := range w.routes {
		if route.Method == "POST" && route.Pattern == "/login" {
			continue // each would cost a slow hash; the GET beside it goes the same way
		}
		who := w.who[2:3]
		switch route.Needs {
		case web.Anonymous:
			who = w.who[:1]
		case web.PendingSignIn:
			who = w.who[1:2]
		}
		w.try(t, route.Method, example(route), who, heads())
	}
}

func (w *wire) try(t *testing.T, method, path string, visitors []visitor, all []spoiling) {
	t.Run(strings.ReplaceAll(method+path, "/", "_"), func(t *testing.T) {
		for _, who := range visitors {
			for _, s := range all {
				q := w.plain(method, path, who)
				s.spoil(q)
				a, err := w.sendAnd(method, q.bytes(), q.length != "")
				if err == nil {
					err = clear(method, a)
				}
				if err == nil && len(s.want) > 0 && !slices.Contains(s.want, a.Status) {
					err = fmt.Errorf("status %d, want %v: %s", a.Status, s.want, a.Text())
				}
				if err != nil {
					t.Errorf("%s, %s: %v", who.name, s.name, err)
				}
				if s.acts && method == "POST" {
					w.save()
				}
			}
		}
	})
}

// Methods that a route does not have.
func TestMethods(t *testing.T) {
	w := newWire(t)
	has := make(map[string][]string)
	for _, route := range w.routes {
		has[route.Pattern] = append(has[route.Pattern], route.Method)
	}
	for _, route := range w.routes {
		path := example(route)
		for _, who := range w.who {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "SWORDFISH", "get", "M-SEARCH"} {
				known := method == "HEAD" && slices.Contains(has[route.Pattern], "GET") || slices.Contains(has[route.Pattern], method)
				if known && method == "POST" {
					continue
				}
				q := w.plain(method, path, who)
				a, err := w.send(method, q.bytes())
				if err == nil {
					err = clear(method, a)
				}
				if err == nil && (a.Status == 405) == known {
					err = fmt.Errorf("status %d", a.Status)
				}
				if err != nil {
					t.Errorf("%s %s, %s: %v", method, path, who.name, err)
				}
				if known || method == "GET" || method == "HEAD" {
					continue
				}
				// What is not shown to be ours is refused before its method is
				// looked at.
				q.drop("Sec-Fetch-Site")
				q.drop("Origin")
				if a, err := w.send(method, q.bytes()); err != nil || a.Status != 403 || clear(method, a) != nil {
					t.Errorf("%s %s from nowhere, %s: %d %v", method, path, who.name, a.Status, err)
				}
			}
		}
	}
}

// Paths written in other ways: a page of ours, mostly that there is none, and
// never a redirect built from the request (law 15).
func TestPaths(t *testing.T) {
	w := newWire(t)
	for _, route := range w.routes {
		path := example(route)
		last := path
		if len(path) > 1 {
			last = path[:len(path)-1] + "%" + strconv.FormatInt(int64(path[len(path)-1]), 16)
		}
		for _, target := range []string{
			"/" + path, "//" + path, path + "/", path + "//", path + "/.", path + "/..", "/." + path, "/x/.." + path, "/../.." + path, path + "/../" + m,
			path + "%2f", path + "%2F" + m, path + "%00", path + "%00" + m, path + "%0d%0aSet-Cookie:%20a=" + m, path + ".", path + "..", path + "...", path + "%20", path + "%09",
			path + ";a=" + m, path + "%3b", path + "%5c", path + `\` + "swordfish", path + "%2e%2e%2f" + m, path + "/%2e%2e/" + m, path + "%c0%ae", path + "%ff", path + "%u0041",
			strings.ToUpper(path), path + ".html", path + "~", path + ".php", path + "%23", path + "?", path + "/?" + m, "/%2e" + path, "/%2f" + path, path + "/" + m, path + "/" + strings.Repeat("a/", 1000) + m, path + strings.Repeat("b", 9000) + m, last,
		} {
			for _, method := range []string{"GET", "POST"} {
				for _, who := range []visitor{w.who[0], w.who[2]} {
					q := w.plain(method, target, who)
					q.body = nil
					a, err := w.send(method, q.bytes())
					if err != nil {
						t.Errorf("%s %.100q, %s: %v", method, target, who.name, err)
						continue
					}
					if a.Status == 400 && !strings.Contains(a.raw, "swordfish") && strings.Contains(target, "%u0041") {
						continue // not a path at all: the server of the standard library says so
					}
					if err := clear(method, a); err != nil {
						t.Errorf("%s %.100q, %s: %v", method, target, who.name, err)
					}
					if a.Status >= 300 && a.Status < 400 && a.Status != 303 {
						t.Errorf("%s %.100q, %s: status %d to %q", method, target, who.name, a.Status, a.Location)
					}
				}
				if method == "POST" {
					w.save()
				}
			}
		}
	}
}

// Routes that there are not.
func TestUnknown(t *testing.T) {
	w := newWire(t)
	for _, path := range []string{
		"/" + m, "/admin", "/api/v1", "/.git/config", "/.env", "/wp-login.php", "/favicon.ico", "/robots.txt", "/static/", "/static/../login.html", "/static/%2e%2e/login.html", "/static/nidan.css", "/static/" + m,
		"/invite", "/invite/", "/invite/a/b", "/reset/", "/browser/", "/security/", "/security/x", "/login/x", "/metrics", "/debug/pprof/", "/debug/vars", "/healthz/", "/readyz/x",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "SWORDFISH"} {
			for _, who := range w.who {
				a, err := w.send(method, w.plain(method, path, who).bytes())
				if err == nil {
					err = clear(method, a)
				}
				if err != nil || a.Status != 404 && a.Status != 405 {
					t.Errorf("%s %s, %s: %d %v", method, path, who.name, a.Status, err)
				}
			}
		}
	}
}

// Tickets of other kinds, of other people, and none at all, wherever a link
// leads and wherever a wizard carries one.
func TestTickets(t *testing.T) {
	w := newWire(t)
	r := w.r
	p, b := r.Protected()
	tickets := map[string]string{
		"nothing that could be one": m, "a prefix": "nt_", "short": "nt_AAAA", "long": "nt_" + strings.Repeat("A", 3400), "too long": "nt_" + strings.Repeat("A", 20_000),
		"a session": b.Cookie("session"), "a browser": b.Cookie("browser"),
		"an invitation":  strings.TrimPrefix(r.Link(nidan.TicketInvite, r.Name()), "/invite/"),
		"a reset link":   strings.TrimPrefix(r.Link(nidan.TicketReset, p.Name), "/reset/"),
		"a browser link": strings.TrimPrefix(r.Link(nidan.TicketBrowser, p.Name), "/browser/"),
	}
	altered := tickets["a reset link"]
	tickets["altered"] = altered[:40] + string(altered[40]^1) + altered[41:]
	tickets["cut"] = altered[:len(altered)-1]
	tickets["in capitals"] = strings.ToUpper(altered)
	tickets["padded"] = altered + "="

	rightful := map[string]string{"an invitation": "invite", "a reset link": "reset", "a browser link": "browser"}
	for _, purpose := range []string{"invite", "reset", "browser"} {
		for what, ticket := range tickets {
			if rightful[what] == purpose {
				continue
			}
			for _, method := range []string{"GET", "POST"} {
				for _, who := range w.who {
					a, err := w.send(method, w.plain(method, "/"+purpose+"/"+ticket, who).bytes())
					if err == nil {
						err = clear(method, a)
					}
					if err != nil || a.Status != 410 {
						t.Errorf("%s /%s/ with %s, %s: %d %v", method, purpose, what, who.name, a.Status, err)
					}
				}
			}
		}
	}
	session := visitor{"a session", []string{"__Host-nidan_session=" + b.Cookie("session")}}
	for _, x := range []struct{ cookie, path string }{
		{"setup", "/security/on/scan"}, {"setup", "/security/on/codes"}, {"setup", "/security/on/codes/file"},
		{"reissue", "/security/codes/new"}, {"reissue", "/security/codes/new/file"}, {"renew", "/security/code"}, {"renew", "/security/code/file"},
	} {
		for what, ticket := range tickets {
			for _, method := range []string{"GET", "POST"} {
				if method == "POST" && strings.HasSuffix(x.path, "/file") {
					continue
				}
				q := w.plain(method, x.path, session)
				q.cookie("__Host-nidan_" + x.cookie + "=" + ticket)
				if method == "POST" {
					q.body = []byte("saved=yes&code=123456&ticket=" + nidan.TicketHash(nidan.NewSecret(ticket)))
				}
				a, err := w.send(method, q.bytes())
				if err == nil {
					err = clear(method, a)
				}
				if err != nil || a.Status == 200 || a.Status == 303 && strings.HasSuffix(a.Location, "/done") {
					t.Errorf("%s %s with %s: %d %v", method, x.path, what, a.Status, err)
				}
			}
		}
	}
}

// What the server of the standard library refuses before we see it: no page of
// ours, but short, without an echo, and the connection is closed.
func TestBelowUs(t *testing.T) {
	w := newWire(t)
	host := "Host: " + strings.TrimPrefix(w.r.URL, "http://") + "\r\n"
	for _, x := range []struct {
		name, raw string
		want      []int
	}{
		{"no host", "GET /login HTTP/1.1\r\n\r\n", []int{400}},
		{"two hosts", "GET /login HTTP/1.1\r\n" + host + host + "\r\n", []int{400}},
		{"a host that is none", "GET /login HTTP/1.1\r\nHost: sword fish\r\n\r\n", []int{400}},
		{"no path", "GET HTTP/1.1\r\n" + host + "\r\n", []int{400}},
		{"spaces", "GET /lo gin HTTP/1.1\r\n" + host + "\r\n", []int{400}},
		{"a method that is none", "GE\x01T /login HTTP/1.1\r\n" + host + "\r\n", []int{400}},
		{"a control character in the path", "GET /swordfish\x01 HTTP/1.1\r\n" + host + "\r\n", []int{400}},
		{"half an escape in the path", "GET /swordfish% HTTP/1.1\r\n" + host + "\r\n", []int{400}},
		{"a header without a colon", "GET /login HTTP/1.1\r\n" + host + "swordfish\r\n\r\n", []int{400}},
		{"a header with a space", "GET /login HTTP/1.1\r\n" + host + "sword fish: 1\r\n\r\n", []int{400}},
		{"NUL in a header", "GET /login HTTP/1.1\r\n" + host + "A: sword\x00fish\r\n\r\n", []int{400}},
		{"too many headers", "GET /login HTTP/1.1\r\n" + host + strings.Repeat("A: swordfish\r\n", 6000) + "\r\n", []int{431}},
		{"a long header", "GET /login HTTP/1.1\r\n" + host + "A: " + strings.Repeat("swordfish", 9000) + "\r\n\r\n", []int{431}},
		{"a long path", "GET /" + strings.Repeat("swordfish", 9000) + " HTTP/1.1\r\n" + host + "\r\n", []int{431}},
		{"two lengths", "POST /login HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", []int{400}},
		{"a length that is none", "POST /login HTTP/1.1\r\n" + host + "Content-Length: swordfish\r\n\r\n", []int{400}},
		{"a length below nothing", "POST /login HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", []int{400}},
		{"an encoding of the transfer that there is not", "POST /login HTTP/1.1\r\n" + host + "Transfer-Encoding: swordfish\r\n\r\n", []int{501}},
		{"a version that there is not", "GET /login HTTP/3.0\r\n" + host + "\r\n", []int{505}},
		{"an expectation that there is not", "POST /login HTTP/1.1\r\n" + host + "Expect: swordfish\r\nContent-Length: 0\r\n\r\n", []int{417}},
		{"everything", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", []int{200}},
	} {
		a, err := w.send("GET", []byte(x.raw))
		if err != nil || !slices.Contains(x.want, a.Status) || strings.Contains(a.raw, "swordfish") || len(a.raw) > 400 {
			t.Errorf("%s: status %d, %v: %.300q", x.name, a.Status, err, a.raw)
		}
	}

	// These reach us.
	for _, x := range []struct {
		name, raw string
		want      int
	}{
		{"chunks that break off", "POST /login HTTP/1.1\r\n" + host + "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nlogin=swordfish", 400},
		{"chunks that are none", "POST /login HTTP/1.1\r\n" + host + "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nswordfish\r\n", 400},
		{"no host, as long ago", "GET /login HTTP/1.0\r\n\r\n", 421},
		{"a host without its port", "GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 421},
		{"a tunnel", "CONNECT swordfish.example:443 HTTP/1.1\r\nHost: swordfish.example:443\r\n\r\n", 421},
		{"a tunnel to us", "CONNECT " + strings.TrimPrefix(w.r.URL, "http://") + " HTTP/1.1\r\n" + host + "\r\n", 404},
	} {
		a, err := w.sendAnd("GET", []byte(x.raw), strings.Contains(x.name, "break off"))
		if err == nil {
			err = clear("GET", a)
		}
		if err != nil || a.Status != x.want {
			t.Errorf("%s: status %d, %v: %.300q", x.name, a.Status, err, a.raw)
		}
	}
}

// A name that was typed stands in the form again, so that it can be corrected:
// as text, whatever it is made of.
func TestNameIsShownAsText(t *testing.T) {
	r := rig.New(t)
	for _, name := range []string{
		`"><script>alert(1)</script>`, `' onfocus='alert(1)`, "a\u202eb@example.com", strings.Repeat("x", 2000) + "@example.com", "a\x01\x1b@example.com", "{{.}}@example.com", "<!--", "\u2028\ufeff",
	} {
		p := r.Browser().Post("/login", "login", name, "password", "not a password of anybody")
		if p.Status != 422 || !p.Ours() || p.Field("login") != name {
			t.Errorf("%.60q: status %d, shown as %.60q", name, p.Status, p.Field("login"))
		}
		if strings.Contains(p.Body, "<script>alert") || strings.Contains(p.Body, "' onfocus='") {
			t.Errorf("%q stands in the page as it is", name)
		}
	}
}
