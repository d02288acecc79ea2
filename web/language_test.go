package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
)

// chooseLanguage posts the form at the foot of a page.
func chooseLanguage(p *Pages, tag, at string, change ...func(*http.Request)) *http.Response {
	return ask(p, http.MethodPost, "/language", strings.NewReader(url.Values{"language": {tag}, "at": {at}}.Encode()), change...)
}

func TestLanguageIsChosen(t *testing.T) {
	p := newPages(t)
	for _, l := range p.locales.all {
		res := chooseLanguage(p, l.Tag(), "/login")
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login" {
			t.Errorf("%s: %d, to %q", l.Tag(), res.StatusCode, res.Header.Get("Location"))
		}
		cookies := res.Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %d cookies", l.Tag(), len(cookies))
		}
		c := cookies[0]
		if c.Name != "__Host-nidan_language" || c.Value != l.Tag() || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" ||
			c.SameSite != http.SameSiteLaxMode || c.MaxAge != 365*24*3600 {
			t.Errorf("%s", c)
		}
		for _, accept := range []string{"", "en", "ja", "ko"} {
			res := ask(p, http.MethodGet, "/login", nil, func(r *http.Request) {
				r.AddCookie(c)
				r.Header.Set("Accept-Language", accept)
			})
			if got := res.Header.Get("Content-Language"); got != l.Tag() {
				t.Errorf("%s was chosen, %s asked for: got %s", l.Tag(), accept, got)
			}
		}
	}
}

func TestLanguageIsNotChosen(t *testing.T) {
	p := newPages(t)
	for name, res := range map[string]*http.Response{
		"by a GET":             ask(p, http.MethodGet, "/language?language=ja&at=/login", nil),
		"by another site":      chooseLanguage(p, "ja", "/login", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }),
		"one that there isn't": chooseLanguage(p, "tlh", "/login"),
		"by another tag":       chooseLanguage(p, "ja-JP", "/login"),
		"none":                 chooseLanguage(p, "", "/login"),
	} {
		if res.StatusCode < 400 || len(res.Cookies()) > 0 {
			t.Errorf("%s: %d, %v", name, res.StatusCode, res.Cookies())
		}
	}
	for _, value := range []string{"tlh", "ja-JP", "JA", "../ja", "", `"ja"x`} {
		res := ask(p, http.MethodGet, "/login", nil, func(r *http.Request) {
			r.Header.Set("Cookie", languageCookie+"="+value)
			r.Header.Set("Accept-Language", "ko")
		})
		if got := res.Header.Get("Content-Language"); got != "ko" {
			t.Errorf("a cookie of %q: %s", value, got)
		}
	}
}

// TestLanguageLeadsBack: to pages of ours and nowhere else.
func TestLanguageLeadsBack(t *testing.T) {
	p := newPages(t)
	for at, want := range map[string]string{
		"/login":                    "/login",
		"/login?password":           "/login?password",
		"/login?x=y":                "/login",
		"/login/second?way=abc":     "/login/second?way=abc",
		"/login/second?x=y&way=abc": "/login/second?way=abc",
		"/login/second?way=a%26b":   "/login/second",
		"/login/second?password":    "/login/second",
		"/login?way=abc":            "/login",
		"/help?q=%3Cb%3E+x&way=abc": "/help?q=%3Cb%3E+x",
		"/help/lost-phone?q=x":      "/help/lost-phone",
		"/invite/AbC-_123":          "/invite/AbC-_123",
		"/reset/a%0d%0ab":           "/reset/a%0D%0Ab",
		"/security/on/scan":         "/security/on/scan",
		"/security#sessions":        "/",
		"/":                         "/",

		// No page, or only a POST.
		"": "/", "/nope": "/", "/language": "/", "/logout": "/", "/security/sessions/end": "/", "/login/": "/", "/login/../login": "/", "login": "/", "*": "/",
		// Elsewhere, as browsers read it.
		"https://evil.example/login": "/", "//evil.example/login": "/", "//evil.example": "/", "///evil.example": "/",
		`/\evil.example/login`: "/", `\\evil.example`: "/", "/%2f/evil.example": "/", "/%5cevil.example": "/",
		"/login//evil.example": "/", "//id.example.com/login": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", " /login": "/",
	} {
		res := chooseLanguage(p, "ja", at)
		if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("%q: %d, to %q, want %q", at, res.StatusCode, got, want)
		}
	}
}

// TestLinksAreLedBackToByTheBrowser: their pages do not repeat a ticket, so the
// browser says where it was.
func TestLinksAreLedBackToByTheBrowser(t *testing.T) {
	p := newPages(t)
	for referer, want := range map[string]string{
		"https://id.example.com/invite/AbC-_123":     "/invite/AbC-_123",
		"https://ID.example.com:443/reset/x?way=abc": "/reset/x",
		"https://id.example.com/nope":                "/",
		"https://id.example.com//evil.example":       "/",
		"https://evil.example/login":                 "/",
		"https://id.example.com.evil.example/login":  "/",
		"https://id.example.com@evil.example/login":  "/",
		"https://id.example.com:8443/login":          "/",
		"/login":                                     "/",
		"":                                           "/",
		"%zz":                                        "/",
	} {
		res := chooseLanguage(p, "ja", "", func(r *http.Request) { r.Header.Set("Referer", referer) })
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("%q: to %q, want %q", referer, got, want)
		}
	}
	res := chooseLanguage(p, "ja", "/forgot", func(r *http.Request) { r.Header.Set("Referer", "https://id.example.com/login") })
	if got := res.Header.Get("Location"); got != "/forgot" {
		t.Errorf("the page said /forgot, and it led to %s", got)
	}
}

var footAt = regexp.MustCompile(`name="at" value="([^"]*)"`)

// TestPagesSayWhereTheyAre: every page can be come back to by a GET, and none
// repeats an address that is not ours.
func TestPagesSayWhereTheyAre(t *testing.T) {
	p := newPages(t)
	for _, c := range []struct {
		method, path string
		body         string
		want         string
	}{
		{"GET", "/login", "", "/login"},
		{"GET", "/login?browser", "", "/login"},
		{"GET", "/help?q=%3Cb%3E+%26", "", "/help?q=%3Cb%3E&#43;%26"},
		{"GET", "/help/geheim", "", ""},
		{"GET", "/static/geheim", "", ""},
		{"GET", "/login?evil", "", "/login"},
		{"GET", "/forgot?way=x", "", "/forgot"},
		{"POST", "/login", "way=x&way=y", "/login"},
		{"GET", "/evil", "", "/"},
		{"GET", "/language", "", "/"},
		{"POST", "/login", "login=a&login=b", "/login"},
		{"PUT", "/login", "", "/login"},
		{"POST", "/security/sessions/end", "a=b&a=c", "/"},
		{"POST", "/invite/geheim", "a=b&a=c", ""},
		{"PUT", "/reset/geheim", "", ""},
		{"POST", "/language", "language=xx&at=/login", "/"},
	} {
		res := ask(p, c.method, c.path, strings.NewReader(c.body), func(r *http.Request) {
			r.Header.Set("Origin", "https://id.example.com")
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		})
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		got := footAt.FindSubmatch(b)
		if got == nil || string(got[1]) != c.want {
			t.Errorf("%s %s leads back to %s, want %s", c.method, c.path, got, c.want)
		}
		if strings.Contains(string(b), "geheim") {
			t.Errorf("%s %s: the page repeats the ticket", c.method, c.path)
		}
	}
}

// TestAFormThatFailedLeadsBackToItsPage, and to the way that was answered.
func TestAFormThatFailedLeadsBackToItsPage(t *testing.T) {
	p := newPages(t)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "https://id.example.com/login/second", nil)
	for _, s := range samples(t) {
		if s.name != "second-backup" {
			continue
		}
		p.handle("POST /login/second", func(v *visit) error {
			return v.refuse(nidan.Outcome{Reason: nidan.WrongAnswer}, s.page, s.view)
		})(w, r)
	}
	got := footAt.FindStringSubmatch(w.Body.String())
	if got == nil || got[1] != "/login/second?way=waysheet" {
		t.Fatalf("%s", got)
	}
	if back := chooseLanguage(p, "ja", got[1]).Header.Get("Location"); back != got[1] {
		t.Errorf("%s leads back to %s", got[1], back)
	}
}
