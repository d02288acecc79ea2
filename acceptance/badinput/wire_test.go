// Package badinput sends what no browser of ours would send, on every route of
// the table, from nobody, from somebody with half a sign-in and from somebody
// with a session. What comes back is always a clear page of ours, never a
// failure, and never what was sent.
package badinput

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/web"
)

// mark is in everything bad that is sent, and in nothing that comes back.
const mark = "swordfish<&>\"'7"

// marks are what the mark may look like in an answer, in lower case.
var marks = func() []string {
	all := []string{"swordfish"}
	for _, f := range rig.Forms(mark) {
		all = append(all, strings.ToLower(f))
	}
	return all
}()

// A wire is a program, and who talks to it.
type wire struct {
	t      *testing.T
	r      *rig.Rig
	routes []web.Route
	who    []visitor
	save   func() // makes the database what it was before
}

// A visitor is somebody with cookies.
type visitor struct {
	name    string
	cookies []string // name=value
}

func newWire(t *testing.T) *wire {
	r := rig.New(t)
	p, live := r.Protected()
	half := r.Browser()
	p.First(half)
	begun := r.Browser() // set-up begun, not protected
	q := r.Person()
	q.LogIn(begun)
	q.Scan(begun)

	cookies := func(b *rig.Browser) []string {
		var all []string
		for _, name := range []string{"session", "pending", "browser", "setup", "reissue", "renew"} {
			if v := b.Cookie(name); v != "" {
				all = append(all, "__Host-nidan_"+name+"="+v)
			}
		}
		return all
	}
	pages, err := web.New(web.Config{
		Service: r.Service(), Brand: web.Brand{Name: "Example VPN"}, Public: must(url.Parse(r.URL)), From: func(*http.Request) nidan.From { return nidan.From{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	db := r.SQL()
	before := r.Dump(db)
	one, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := one.Close(); err != nil {
			t.Error(err)
		}
	})
	// data_version is another one when somebody else has written.
	written := func() (version int64) {
		if err := one.QueryRowContext(context.Background(), "PRAGMA data_version").Scan(&version); err != nil {
			t.Fatal(err)
		}
		return version
	}
	seen := written()
	return &wire{
		t: t, r: r, routes: pages.Routes(),
		who: []visitor{
			{"nobody", nil},
			{"half a sign-in", cookies(half)},
			{"a session", cookies(live)},
			{"a session with a set-up begun", cookies(begun)},
		},
		save: func() {
			if written() != seen {
				r.Restore(db, before)
				seen = written()
			}
		},
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A request is one as it goes over the wire, byte for byte.
type request struct {
	method, target, proto string
	header                [][2]string
	body                  []byte
	chunked               bool
	length                string // Content-Length, if it is to differ
}

// plain is a request as a browser sends it.
func (w *wire) plain(method, target string, who visitor) *request {
	q := &request{method: method, target: target, proto: "HTTP/1.1"}
	q.set("Host", strings.TrimPrefix(w.r.URL, "http://"))
	q.set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	q.set("Sec-Fetch-Site", "same-origin")
	if method == "POST" {
		q.set("Origin", w.r.URL)
		q.set("Content-Type", "application/x-www-form-urlencoded")
		q.body = []byte("login=&password=&way=&code=&ticket=&saved=yes&method=totp&id=")
	}
	if len(who.cookies) > 0 {
		q.set("Cookie", strings.Join(who.cookies, "; "))
	}
	q.set("Connection", "close")
	return q
}

func (q *request) set(name, value string) {
	q.drop(name)
	q.header = append(q.header, [2]string{name, value})
}

func (q *request) add(name, value string) { q.header = append(q.header, [2]string{name, value}) }

func (q *request) drop(name string) {
	q.header = slices.DeleteFunc(q.header, func(h [2]string) bool { return h[0] == name })
}

// cookie adds one to those that are sent anyway, in front.
func (q *request) cookie(text string) {
	for i, h := range q.header {
		if h[0] == "Cookie" {
			q.header[i][1] = text + "; " + h[1]
			return
		}
	}
	q.set("Cookie", text)
}

func (q *request) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s %s\r\n", q.method, q.target, q.proto)
	for _, h := range q.header {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	switch {
	case q.chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		for part := range slices.Chunk(q.body, 700) {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
		}
		b.WriteString("0\r\n\r\n")
		return b.Bytes()
	case q.length != "":
		fmt.Fprintf(&b, "Content-Length: %s\r\n", q.length)
	case len(q.body) > 0 || q.method == "POST":
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(q.body))
	}
	b.WriteString("\r\n")
	b.Write(q.body)
	return b.Bytes()
}

// An answer is what came back.
type answer struct {
	rig.Page
	raw string
}

// send writes bytes to the port and reads the answer.
func (w *wire) send(method string, raw []byte) (answer, error) {
	return w.sendAnd(method, raw, false)
}

// sendAnd also hangs up once it has written, where the other side would wait
// for more.
func (w *wire) sendAnd(method string, raw []byte, hangUp bool) (answer, error) {
	c, err := net.DialTimeout("tcp", strings.TrimPrefix(w.r.URL, "http://"), 5*time.Second)
	if err != nil {
		return answer{}, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return answer{}, err
	}
	// The other side may answer and close before it has read everything.
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		_, _ = c.Write(raw)
		if hangUp {
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}()
	defer func() { <-wrote }()
	var all bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(c, &all)), &http.Request{Method: method})
	if err != nil {
		return answer{raw: all.String()}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	a := answer{rig.Page{Status: resp.StatusCode, Body: string(body), Header: resp.Header, Location: resp.Header.Get("Location")}, all.String()}
	return a, err
}

// paths are where an answer may lead to.
var paths = []string{
	"/", "/login", "/login?everywhere", "/login/second", "/login/lost", "/login/recovery",
	"/sent/reset", "/sent/register", "/sent/browser", "/done/cancel", "/done/notme", "/done/second", "/done/deleted",
	"/recover/method", "/recover/scan", "/recover/mail", "/recover/codes", "/recover/done",
	"/security", "/security?recovery", "/security#sessions", "/security/on", "/security/on/scan", "/security/on/mail", "/security/on/codes", "/security/on/done",
	"/security/codes", "/security/codes/new", "/security/codes/done", "/security/code", "/security/off", "/security/off/done",
	"/security/account", "/security/account?password", "/security/account?second", "/security/activity", "/security/add", "/security/add/totp",
	"/security/address", "/security/address/sent", "/security/browsers", "/security/browsers?ended", "/security/browsers?everywhere",
	"/security/browsers?forgotten", "/security/delete", "/security/methods", "/security/methods?first", "/security/methods?removed",
	"/security/methods?renamed", "/security/methods?resynced", "/security/methods/added", "/security/methods/replaced",
	"/security/methods/resync", "/pass", "/security/notme", "/security/password", "/security/second", "/security/second/sent",
}

// clear checks an answer to something bad.
func clear(method string, a answer) error {
	for _, m := range marks {
		if strings.Contains(strings.ToLower(a.raw), m) {
			return fmt.Errorf("it repeats what was sent: %.300q", a.raw)
		}
	}
	kind := a.Header.Get("Content-Type")
	switch {
	case a.Status >= 500:
		return fmt.Errorf("status %d: %s", a.Status, a.Text())
	case a.Header.Get("Content-Security-Policy") == "" || a.Header.Get("X-Content-Type-Options") != "nosniff":
		return fmt.Errorf("status %d without our headers: %.300q", a.Status, a.raw)
	case a.Status == 303:
		if !slices.Contains(paths, a.Location) {
			return fmt.Errorf("it leads to %q", a.Location)
		}
	case method == "HEAD":
		if a.Body != "" {
			return fmt.Errorf("a body for HEAD: %.100q", a.Body)
		}
	case a.Status == 200 && (strings.HasPrefix(kind, "text/css") || strings.HasPrefix(kind, "text/javascript") || strings.HasPrefix(kind, "image/svg") || strings.HasPrefix(kind, "text/plain")):
	case kind == "application/problem+json" && strings.Contains(a.Body, `"reason":"not_here"`): // the other door has problems, no pages
	case !a.Ours() || a.Heading() == "" || kind != "text/html; charset=utf-8":
		return fmt.Errorf("status %d and no page of ours: %.300q", a.Status, a.raw)
	case a.Status == 405 && a.Header.Get("Allow") == "":
		return fmt.Errorf("405 without Allow")
	}
	return nil
}

// example is a path of a route.
func example(route web.Route) string {
	p := strings.ReplaceAll(route.Pattern, "{$}", "")
	p = strings.ReplaceAll(p, "{ticket}", "nt_something")
	return strings.ReplaceAll(p, "{file...}", "nidan.css")
}
