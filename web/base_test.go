package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// under is where pages stand that are mounted.
const under = "/account/two-step"

func basedPages(t *testing.T) *Pages {
	t.Helper()
	c := testConfig(t)
	c.Base, c.Features = under, Features()
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var address = regexp.MustCompile(`(href|src|action|data-at)="(/?)([^"]*)"`)

// TestEveryAddressBeginsWithTheBase: a page under a base is the page without
// one, with the base before each address of ours.
func TestEveryAddressBeginsWithTheBase(t *testing.T) {
	based, plain := basedPages(t), helpPagesWith(t, Features()...)
	for i, l := range plain.locales.all {
		for _, s := range samples(t) {
			if s.bare || strings.HasPrefix(s.page, "help") { // whose samples bring a book of their own
				continue
			}
			got, err := s.render(based, based.locales.all[i])
			if err != nil {
				t.Fatal(err)
			}
			want, err := s.render(plain, l)
			if err != nil {
				t.Fatal(err)
			}
			want = address.ReplaceAllStringFunc(want, func(found string) string {
				return strings.Replace(found, `="/`, `="`+under+`/`, 1)
			})
			if got != want {
				t.Errorf("%s/%s: under a base it is another page:\n%s\nwant\n%s", l.Tag(), s.name, got, want)
			}
		}
	}
}

// TestUnderABase nothing is answered beside it, and nothing leads out of it.
func TestUnderABase(t *testing.T) {
	p := basedPages(t)
	for path, want := range map[string]int{
		under: 303, under + "/": 303, under + "/login": 200, under + "/help/lost-phone": 200, "/login": 404, "/": 404,
		under + "x/login": 404, under + "/static": 404, under + "/static/": 404, "/account": 404, under + "//login": 404, under + "/../login": 404, "/x" + under + "/login": 404,
	} {
		res := ask(p, http.MethodGet, path, nil)
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
		if at := res.Header.Get("Location"); at != "" && !strings.HasPrefix(at, under+"/") {
			t.Errorf("%s leads to %s", path, at)
		}
	}
	page := get(t, p, under+"/login")
	for _, m := range regexp.MustCompile(`(?:href|src)="(/[^"]*\.(?:css|js|svg))"`).FindAllStringSubmatch(page, -1) {
		if res := ask(p, http.MethodGet, m[1], nil); res.StatusCode != 200 {
			t.Errorf("%s: %d", m[1], res.StatusCode)
		}
	}
	// A change of the language comes back to where it was made.
	for at, want := range map[string]string{"/login": under + "/login", under + "/login": under + "/", "": under + "/help"} {
		res := ask(p, http.MethodPost, under+"/language", strings.NewReader("language=ja&at="+at), func(r *http.Request) {
			r.Header.Set("Referer", "https://id.example.com"+under+"/help")
		})
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("from %q back to %q, want %q", at, got, want)
		}
	}
	for _, base := range []string{"/", "two-step", "/two-step/", "/Two", "/a//b", "/a/../b", "//host", "/a\"b", "/{x}"} {
		c := testConfig(t)
		if c.Base = base; c.Base != "" {
			if _, err := New(c); err == nil {
				t.Errorf("base %q is taken", base)
			}
		}
	}
}
