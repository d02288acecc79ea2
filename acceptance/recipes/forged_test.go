package recipes

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// What scripts and visitors put into a request beside the pass.

// ours is the beginning of the names of Nidan's cookies. None reaches the
// application, nor whatever has that in it.
const ours = "__Host-nidan_"

// bare asks with a visitor's pass and with exactly these lines of Cookie, in
// which PASS stands for it.
func (p *proxy) bare(v *visitor, lines []string, headers ...string) seen {
	p.t.Helper()
	pass := p.pass(v)
	plain := p.visitor()
	plain.Jar = nil
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, l := range lines {
		headers = append(headers, "Cookie", strings.ReplaceAll(l, "PASS", ours+"host="+pass))
	}
	return plain.do("GET", "http://"+p.guarded+"/cookies", nil, headers...)
}

// pass is the one that a visitor has.
func (p *proxy) pass(v *visitor) string {
	p.t.Helper()
	host, err := url.Parse("https://" + p.guarded)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range v.Jar.(secureOnLoopback).Jar.Cookies(host) {
		if c.Name == ours+"host" {
			return c.Value
		}
	}
	p.t.Fatal("the visitor has no pass")
	return ""
}

// pairs are a header's cookies, without what separates them.
func pairs(header string) string {
	var list []string
	for _, c := range strings.Split(header, ";") {
		if c = strings.TrimSpace(c); c != "" {
			list = append(list, c)
		}
	}
	return strings.Join(list, "; ")
}

// spelled are names that many an application takes for Nidan's: CGI and what
// comes of it turn other signs into "_".
var spelled = []string{"Nidan_Account", "NIDAN_NAME", "nidan_acr", "Nidan_Auth-Time", "Nidan-Auth_Time", "Nidan_Auth_Time", "Nidan_Assertion"}

// amongOthers: an nginx that is there already lets more through than one of its
// own, and another site comes first.
func (p *proxy) amongOthers(v *visitor) {
	p.t.Helper()
	if strings.HasPrefix(p.line, "nginx ") {
		listen := "    server {\n        listen 127.0.0.1:" + port(p.guarded)
		config := strings.Replace(p.here(p.example), listen+" default_server;", "    underscores_in_headers on;\n    ignore_invalid_headers off;\n"+
			listen+";\n        server_name first.example;\n        return 404;\n    }\n"+listen+" default_server;", 1)
		p.end()
		p.startOn(config)
		defer func() { // what follows is done with the example as it stands
			p.end()
			p.startOn(p.here(p.example))
		}()
	}
	for _, name := range spelled {
		for _, value := range []string{"root", "0", ""} {
			for _, first := range []bool{true, false} {
				got := p.raw(v, first, name+": "+value)
				if strings.Contains(strings.ToLower(got), strings.ToLower(name)) || strings.Contains(got, "root") {
					p.t.Errorf("%s: %q reaches the application:\n%.900s", name, value, got)
				}
			}
		}
	}
	p.toldRight(p.bare(v, []string{"PASS"}))
}

// raw asks with a pass and one header more, before Host or after it.
func (p *proxy) raw(v *visitor, first bool, header string) string {
	p.t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+port(p.guarded))
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	lines := []string{"Host: " + p.guarded, header}
	if first {
		slices.Reverse(lines)
	}
	fmt.Fprintf(c, "GET /raw HTTP/1.1\r\n%s\r\nConnection: close\r\nCookie: %s\r\n\r\n", strings.Join(lines, "\r\n"), ours+"host="+p.pass(v))
	b, err := io.ReadAll(c)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// cookies: whatever stands beside the pass, the application does not get it, and
// gets its own.
func (p *proxy) cookies(v *visitor) {
	p.t.Helper()
	for _, x := range []struct{ sent, want string }{
		{"PASS", ""},
		{"a=1; PASS; b=2", "a=1; b=2"},
		{"PASS; a=1", "a=1"},
		{"a=1; PASS", "a=1"},
		{"a=1;PASS;b=2", "a=1; b=2"},
		{"a=1;   PASS  ;  b=2", "a=1; b=2"},
		{"a=1;\tPASS", "a=1"},
		{"; ;a=1; ; PASS; ", "a=1"},
		{"PASS; __Host-nidan_away=x; a=1", "a=1"},
		{"__Host-nidan_away=x; a=1; PASS; b=2", "a=1; b=2"},
		{"a=1; __Host-nidan_away=x; PASS", "a=1"},
		// What a script can set.
		{"x__Host-nidan_host=1; PASS; a=1", "a=1"},
		{"a=__Host-nidan_host=1; PASS; b=2", "b=2"},
		{"a b__Host-nidan_host=1; PASS", ""},
		{"PASS; x__Host-nidan_host=1; b=2", "b=2"},
		{"=__Host-nidan_host=1; PASS; b=2", "b=2"},
		{"__Host-nidan_; PASS; b", "b"},
		{"__host-NIDAN_host=1; PASS; a=1", "a=1"},
		{"x__Host-nidan_away=1; PASS; a=1", "a=1"},
		{`a="; PASS; "; b=2`, `a="; "; b=2`},
		{"a=" + strings.Repeat(" ", 3000) + "b; PASS; c=3", "a=" + strings.Repeat(" ", 3000) + "b; c=3"},
		{strings.Repeat(";", 2000) + "PASS; a=1", "a=1"},
		{"a=" + strings.Repeat("__Host-", 400) + "; PASS", "a=" + strings.Repeat("__Host-", 400)},
		// What only a program can send.
		{strings.Replace("PASS; a=1", "PASS", ours+"host ="+p.pass(v), 1), "a=1"},
		{"a=1\nPASS; b=2", "a=1; b=2"},
		{"x__Host-nidan_host=1\nPASS\nb=2", "b=2"},
	} {
		s := p.bare(v, strings.Split(x.sent, "\n"))
		if got := pairs(s.Headers["cookie"]); s.Path != "/cookies" || got != x.want {
			p.t.Errorf("of the cookies %.80q the application gets %.80q: %d %.100s", x.sent, got, s.status, s.body)
		}
	}
	// More of them than anybody has: then it is none at all, or those of its own.
	if s := p.bare(v, []string{"1__Host-nidan_=1; 2__Host-nidan_=2; 3__Host-nidan_=3; PASS; a=1"}); s.Path != "/cookies" || s.Headers["cookie"] != "" && s.Headers["cookie"] != "a=1" {
		p.t.Errorf("of many cookies the application gets %q", s.Headers["cookie"])
	}
	scraps := []string{";", "; ", " ", "=", "a", ours, "__host-nidan_host", ours + "away=", `"`, "__Host-", "\t", ",", "x" + ours + "host=1"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		var sent strings.Builder
		at, n := r.IntN(8), 8
		for i := range n {
			sent.WriteString(scraps[r.IntN(len(scraps))])
			if i == at {
				sent.WriteString("; PASS; ")
			}
		}
		s := p.bare(v, []string{sent.String()})
		if c := s.Headers["cookie"]; s.Path != "/cookies" && s.status != http.StatusSeeOther || strings.Contains(strings.ToLower(c), strings.ToLower(ours)) || strings.Contains(c, p.pass(v)) {
			p.t.Errorf("of the cookies %q the application gets %q: %d", sent.String(), c, s.status)
		}
	}
	if text := fmt.Sprint(p.bare(v, []string{"PASS"})); strings.Contains(text, p.pass(v)) {
		p.t.Errorf("the pass is in %s", text)
	}
}

// connection: a client may name headers that end at the first proxy (RFC 9110,
// 7.6.1). What the application is told of who it is, is none of them.
func (p *proxy) connection(v *visitor) {
	p.t.Helper()
	for _, lines := range [][]string{
		{"Nidan-Account, Nidan-Name, Nidan-Acr, Nidan-Auth-Time, Nidan-Assertion"},
		{"nidan-account,NIDAN-NAME"},
		{"close, Nidan-Name"},
		{"keep-alive", "nidan-acr"},
		{"Nidan-Account", "Nidan-Assertion"},
		{"\tNidan-Name\t,X-Forwarded-Host, X-Forwarded-Uri, X-Forwarded-Method"},
	} {
		var headers []string
		for _, l := range lines {
			headers = append(headers, "Connection", l)
		}
		s := p.bare(v, []string{"PASS"}, headers...)
		if s.Path != "/cookies" {
			p.t.Errorf("with Connection %q: %d %.100s", lines, s.status, s.body)
		}
		p.toldRight(s)
	}
}

// atHomeOnly: it listens to this machine, and serves what is asked for under its
// own name.
func (p *proxy) atHomeOnly() {
	p.t.Helper()
	if c, err := net.Dial("tcp", "127.0.0.2:"+port(p.guarded)); err == nil {
		c.Close()
		p.t.Error("it listens on every address")
	}
	for _, host := range []string{"else.example", "else.example:" + port(p.guarded), "127.0.0.1:" + port(p.guarded)} {
		req, err := http.NewRequest("GET", "http://127.0.0.1:"+port(p.guarded)+"/", nil)
		if err != nil {
			p.t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			p.t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode < 400 || len(b) == 0 || strings.Contains(string(b), "headers") {
			p.t.Errorf("asked for as %s: %d %.200q", host, resp.StatusCode, b)
		}
	}
}
