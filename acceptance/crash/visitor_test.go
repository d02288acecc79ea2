package crash

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// errDied: there was no whole answer, or one that says that the program failed.
// Nothing is known of the outcome.
var errDied = errors.New("no answer")

// A visitor is a browser that is told when the program dies under it.
type visitor struct {
	p       *program
	cookies map[string]string
}

func (p *program) visitor() *visitor { return &visitor{p, make(map[string]string)} }

// An answer is a whole one: it came to its end.
type answer struct {
	status   int
	location string
	body     string
	header   http.Header
}

func (a answer) String() string {
	return fmt.Sprintf("%d to %q: %s", a.status, a.location, a.text())
}

var (
	tag   = regexp.MustCompile(`(?s)<[^>]*>`)
	space = regexp.MustCompile(`\s+`)
)

func (a answer) text() string {
	return strings.TrimSpace(space.ReplaceAllString(html.UnescapeString(tag.ReplaceAllString(a.body, " ")), " "))
}

// to reports whether an answer leads to a path.
func (a answer) to(path string) bool { return a.status == 303 && a.location == path }

// ours reports whether it is one of the program's pages.
func (a answer) ours() bool {
	return strings.HasPrefix(a.body, "<!doctype html>") && strings.Contains(a.body, `<main id="main"`) && strings.HasSuffix(strings.TrimSpace(a.body), "</html>")
}

var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 16, ResponseHeaderTimeout: 30 * time.Second},
}

func (v *visitor) get(path string) (answer, error) { return v.do("GET", path, nil) }

// post sends a form given as name, value, name, value, …
func (v *visitor) post(path string, fields ...string) (answer, error) {
	form := make(url.Values)
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return v.do("POST", path, strings.NewReader(form.Encode()))
}

// patient posts again while the program asks to: the machine hashes for others,
// and nothing was judged.
func (v *visitor) patient(path string, fields ...string) (answer, error) {
	a, err := v.post(path, fields...)
	for try := 0; err == nil && a.status == http.StatusServiceUnavailable && try < 30; try++ {
		time.Sleep(time.Second) // as Retry-After says
		a, err = v.post(path, fields...)
	}
	return a, err
}

func (v *visitor) do(method, path string, body io.Reader) (answer, error) {
	req, err := http.NewRequest(method, v.p.url+path, body)
	if err != nil {
		return answer{}, err
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", v.p.url)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range v.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	v.p.asked.Add(1)
	defer v.p.asked.Add(-1)
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errDied, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errDied, err)
	}
	for _, c := range resp.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies, c.Name)
			continue
		}
		v.cookies[c.Name] = v.p.secrets.add("cookie "+c.Name, c.Value)
	}
	a := answer{resp.StatusCode, resp.Header.Get("Location"), string(text), resp.Header}
	if a.status >= 500 && a.status != http.StatusServiceUnavailable {
		v.p.mu.Lock()
		defer v.p.mu.Unlock()
		v.p.broken = append(v.p.broken, a)
		return a, fmt.Errorf("%w but %s", errDied, a)
	}
	return a, nil
}

const cookiePrefix = "__Host-nidan_"

func (v *visitor) cookie(name string) string { return v.cookies[cookiePrefix+name] }

func (v *visitor) set(name, value string) { v.cookies[cookiePrefix+name] = value }

func (v *visitor) forget(names ...string) {
	for _, name := range names {
		delete(v.cookies, cookiePrefix+name)
	}
}

var (
	inputs     = regexp.MustCompile(`<input\b[^>]*>`)
	attribute  = regexp.MustCompile(`\b(name|value)="([^"]*)"`)
	keyOnPage  = regexp.MustCompile(`secret=([A-Z2-7]{32})`)
	codeOnPage = regexp.MustCompile(`\b\d\d-(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\b`)
	otherWay   = regexp.MustCompile(`href="[^"]*\?way=([a-z2-7]{26})`)
)

// field is what a form of the page is filled with.
func (a answer) field(name string) string {
	for _, in := range inputs.FindAllString(a.body, -1) {
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

// ways are the ways that a page offers: the one it asks for, then the others.
func (a answer) ways() []string {
	ways := []string{a.field("way")}
	for _, m := range otherWay.FindAllStringSubmatch(a.body, -1) {
		ways = append(ways, m[1])
	}
	return ways
}
