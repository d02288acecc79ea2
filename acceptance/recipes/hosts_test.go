package recipes

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// otherHosts: whoever may enter another registered host is not let in here by
// writing that one's name, however it is written.
func (p *proxy) otherHosts(v *visitor) {
	p.t.Helper()
	register := func(hosts ...string) {
		words := []string{"party", "put", "app", "--name", "The application", "--reason", "test"}
		for _, h := range append(hosts, p.guarded) {
			words = append(words, "--host", h+"=1")
		}
		if out, errs, code := p.nidanSays(words...); code != 0 {
			p.t.Fatal(out, errs)
		}
	}
	others := []string{"else.example", "localhost:1"}
	register(others...)
	defer register()
	for _, other := range others {
		pass := p.passOf(v, other)
		if status, _, _ := p.asProxyOf(other, "/forward-auth", nil, pass); status != http.StatusOK {
			p.t.Fatalf("at %s its own pass is answered %d", other, status)
		}
		for _, first := range []string{
			"GET / HTTP/1.1\r\nHost: " + other,
			"GET / HTTP/1.1\r\nHost: " + other + "\r\nX-Forwarded-Host: " + other,
			"GET / HTTP/1.1\r\nHost: " + p.guarded + "\r\nX-Forwarded-Host: " + other,
			"GET / HTTP/1.1\r\nHost: " + p.guarded + "\r\nHost: " + other,
			"GET / HTTP/1.1\r\nHost: " + other + "\r\nHost: " + p.guarded,
			"GET http://" + p.guarded + "/ HTTP/1.1\r\nHost: " + other,
			"GET http://" + other + "/ HTTP/1.1\r\nHost: " + p.guarded,
			"GET / HTTP/1.0\r\nHost: " + other,
		} {
			if got := p.says(first, pass); !strings.HasPrefix(got, "HTTP/1.") || strings.Contains(got, `"headers"`) {
				p.t.Errorf("with a pass of %s, %q is answered %.300q", other, first, got)
			}
		}
	}
}

// says sends the beginning of a request and a cookie, and reads what comes.
func (p *proxy) says(first, cookie string) string {
	p.t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+port(p.guarded))
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "%s\r\nConnection: close\r\nCookie: %s\r\n\r\n", first, cookie)
	b, err := io.ReadAll(c)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// asProxyOf asks Nidan as the proxy of a host does, and returns where that leads
// and the cookie that was set.
func (p *proxy) asProxyOf(host, path string, query url.Values, cookie string) (status int, leads *url.URL, set string) {
	p.t.Helper()
	req, err := http.NewRequest("GET", "http://"+p.at+path+"?"+query.Encode(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for name, value := range map[string]string{"X-Forwarded-Host": host, "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Uri": "/", "X-Forwarded-Method": "GET", "Cookie": cookie} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		if c.MaxAge >= 0 {
			set = c.Name + "=" + c.Value
		}
	}
	leads, _ = resp.Location()
	return resp.StatusCode, leads, set
}

// passOf brings a visitor who is logged in at Nidan to another host, and returns
// the cookie of its pass.
func (p *proxy) passOf(v *visitor, host string) string {
	p.t.Helper()
	status, leads, away := p.asProxyOf(host, "/_nidan/start", nil, "")
	if leads == nil {
		p.t.Fatalf("%s leads nowhere: %d", host, status)
	}
	plain := *v.Client
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := plain.Get(leads.String())
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil || back.Host != host {
		p.t.Fatalf("%s leads to %s and that to %v, %v", host, leads, back, err)
	}
	_, _, pass := p.asProxyOf(host, back.Path, back.Query(), away)
	if !strings.HasPrefix(pass, ours+"host=") {
		p.t.Fatalf("%s gives the cookie %.30q", host, pass)
	}
	return pass
}
