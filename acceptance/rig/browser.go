package rig

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// A Browser keeps cookies and sends what browsers send. Unlike a real one it
// shows every redirect instead of following it, and can be told to lie.
type Browser struct {
	r *Rig

	Header http.Header // sent along with every request

	mu      sync.Mutex
	cookies map[string]string
}

// Browser opens a browser without cookies.
func (r *Rig) Browser() *Browser {
	return &Browser{r: r, Header: make(http.Header), cookies: make(map[string]string)}
}

// A Page is an answer.
type Page struct {
	Status   int
	Body     string
	Header   http.Header
	Location string
	SetNames []string // of the cookies it set, not of those it cleared
}

// Cookie returns a cookie by the end of its name: "session", "pending",
// "browser", "setup", "reissue" or "renew".
func (b *Browser) Cookie(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cookies["__Host-nidan_"+name]
}

// SetCookie plants a cookie, or takes it away if value is empty.
func (b *Browser) SetCookie(name, value string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if value == "" {
		delete(b.cookies, "__Host-nidan_"+name)
		return
	}
	b.cookies["__Host-nidan_"+name] = value
}

// Clone is another browser with the same cookies.
func (b *Browser) Clone() *Browser {
	c := b.r.Browser()
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, v := range b.cookies {
		c.cookies[k] = v
	}
	c.Header = b.Header.Clone()
	return c
}

var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 128},
}

// Get opens a page.
func (b *Browser) Get(path string) Page { return b.Do("GET", path, "", nil) }

// Post submits a form given as name, value, name, value, …
func (b *Browser) Post(path string, fields ...string) Page {
	form := make(url.Values)
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.Do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// Follow posts and, if the answer is a redirect, opens where it leads.
func (b *Browser) Follow(path string, fields ...string) Page {
	p := b.Post(path, fields...)
	for p.Location != "" {
		p = b.Get(strings.TrimPrefix(p.Location, b.r.public()))
	}
	return p
}

// Do sends any request. It may be called concurrently.
func (b *Browser) Do(method, path, contentType string, body io.Reader) Page {
	b.r.T.Helper()
	req, err := http.NewRequest(method, b.r.URL+path, body)
	if err != nil {
		b.r.T.Error(err)
		return Page{}
	}
	b.dress(req, contentType)
	resp, err := client.Do(req)
	if err != nil {
		b.r.T.Errorf("%s %s: %v", method, path, err)
		return Page{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.r.T.Errorf("%s %s: %v", method, path, err)
	}
	p := Page{Status: resp.StatusCode, Body: string(text), Header: resp.Header, Location: resp.Header.Get("Location")}
	b.keep(resp, &p)
	if p.Status >= 400 {
		b.r.erred(p.Body)
	}
	return p
}

func (b *Browser) dress(req *http.Request, contentType string) {
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	public := b.r.public()
	if req.Method != "GET" && req.Method != "HEAD" {
		req.Header.Set("Origin", public)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	if host, ok := strings.CutPrefix(public, "https://"); ok {
		req.Host = host
		req.Header.Set("X-Forwarded-Proto", "https")
		req.Header.Set("X-Forwarded-For", "192.0.2.10")
	}
	for k, v := range b.Header {
		if k == "Host" {
			req.Host = v[0]
			continue
		}
		if len(v) == 1 && v[0] == "" {
			req.Header.Del(k)
			continue
		}
		req.Header[k] = v
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, value := range b.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
}

func (b *Browser) keep(resp *http.Response, p *Page) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range resp.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = b.r.Secret("cookie "+c.Name, c.Value)
		p.SetNames = append(p.SetNames, strings.TrimPrefix(c.Name, "__Host-nidan_"))
	}
}

// public is the address people use.
func (r *Rig) public() string {
	if r.config.PublicURL != "" {
		return r.config.PublicURL
	}
	return r.URL
}

var tag = regexp.MustCompile(`(?s)<[^>]*>`)
var space = regexp.MustCompile(`\s+`)

// Text is what the page says, without its markup.
func (p Page) Text() string {
	return strings.TrimSpace(space.ReplaceAllString(html.UnescapeString(tag.ReplaceAllString(p.Body, " ")), " "))
}

var input = regexp.MustCompile(`<input\b[^>]*>`)
var attribute = regexp.MustCompile(`\b(name|value)="([^"]*)"`)

// Field returns the value that a form of the page is filled with.
func (p Page) Field(name string) string {
	for _, in := range input.FindAllString(p.Body, -1) {
		got := map[string]string{}
		for _, m := range attribute.FindAllStringSubmatch(in, -1) {
			got[m[1]] = html.UnescapeString(m[2])
		}
		if got["name"] == name {
			return got["value"]
		}
	}
	return ""
}
