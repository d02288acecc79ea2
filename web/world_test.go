package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// method is a nidan.Method of which only the traits are asked here.
type method struct {
	nidan.Method
	traits nidan.Traits
}

func (m method) Traits() nidan.Traits { return m.traits }

type clock struct{}

func (clock) Now() nidan.Instant { return nidan.Instant{Wall: noon} }

var noon = time.Date(2026, 11, 22, 14, 5, 7, 0, time.UTC)

var testBrand = Brand{Name: "Example VPN", Area: "My Page", Support: "help@example.com", Home: "https://www.example.com/mypage"}

// newService is a Service without a database: what asks it for an account
// panics, which is what the tests of the wrapper need.
func newService(t testing.TB, methods ...nidan.MethodName) *nidan.Service {
	t.Helper()
	c := nidan.Config{Issuer: "Example VPN", Clock: clock{}, Methods: []nidan.Method{method{traits: nidan.Traits{Method: "backup", Reserve: true}}}}
	for _, m := range methods {
		c.Methods = append(c.Methods, method{traits: nidan.Traits{Method: m}})
	}
	s, err := nidan.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testConfig(t testing.TB) Config {
	return Config{
		Service: newService(t, "totp"), Brand: testBrand,
		Public: &url.URL{Scheme: "https", Host: "id.example.com"},
		From:   func(*http.Request) nidan.From { return nidan.From{Address: "203.0.113.7"} },
	}
}

func newPages(t testing.TB) *Pages {
	t.Helper()
	p, err := New(testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ask sends a request as a browser would, unless change says otherwise.
func ask(p http.Handler, verb, path string, body io.Reader, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(verb, "https://id.example.com"+path, body)
	if verb == http.MethodPost {
		r.Header.Set("Origin", "https://id.example.com")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result()
}
