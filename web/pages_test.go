package web

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestEveryPageSpeaksEveryLanguage executes all states in all languages and
// holds the result against what every page promises.
func TestEveryPageSpeaksEveryLanguage(t *testing.T) {
	p, by := newPages(t), sampled(t)
	shown := map[string]bool{}
	for i, l := range p.locales.all {
		for _, s := range samples(t) {
			shown[s.page] = true
			t.Run(l.Tag()+"/"+s.name, func(t *testing.T) {
				html, err := s.render(by(s), by(s).locales.all[i])
				if err != nil {
					t.Fatal(err)
				}
				checkPage(t, l, s, html)
			})
		}
	}
	for name := range p.locales.all[0].pages {
		if !shown[name] {
			t.Errorf("%s.html has no sample", name)
		}
	}
}

var (
	heading   = regexp.MustCompile(`(?s)<h1>(.*?)</h1>`)
	title     = regexp.MustCompile(`(?s)<title>(.*?)</title>`)
	inline    = regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+=|javascript:|<script(?:[^>]*)></script>`)
	reference = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	describe  = regexp.MustCompile(`(?:aria-describedby|aria-labelledby|for|data-copy)="([^"]*)"`)
	identity  = regexp.MustCompile(`\sid="([^"]*)"`)
)

func checkPage(t *testing.T, l *locale, s sample, html string) {
	t.Helper()
	for _, bad := range []string{"ZgotmplZ", "<no value>", "%!", "{{"} {
		if strings.Contains(html, bad) {
			t.Errorf("contains %q", bad)
		}
	}
	h1 := heading.FindAllStringSubmatch(html, -1)
	if len(h1) != 1 {
		t.Fatalf("%d h1", len(h1))
	}
	if words := len(strings.Fields(h1[0][1])); words == 0 || words > 7 || utf8.RuneCountInString(h1[0][1]) > 48 {
		t.Errorf("h1 of %d words: %s", words, h1[0][1])
	}
	head := title.FindStringSubmatch(html)[1]
	failed, err := l.Text("layout.error")
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(head, failed) != s.bad {
		t.Errorf("title %q", head)
	}
	if !strings.Contains(html, `<html lang="`+l.Tag()+`">`) {
		t.Error("no language")
	}
	if foot := html[strings.Index(html, "<footer>"):]; strings.Count(foot, `lang="`+l.Tag()+`" aria-current="true">`+l.Name()) != 1 {
		t.Error("the foot does not say which language this is")
	}
	for _, m := range inline.FindAllString(html, -1) {
		if !strings.HasPrefix(m, `<script src="/static/`) {
			t.Errorf("inline: %s", m)
		}
	}
	for _, m := range reference.FindAllStringSubmatch(html, -1) {
		switch u := m[1]; {
		case strings.HasPrefix(u, "/") && !strings.HasPrefix(u, "//"), u == "#main", u == "otpauth://totp/Example",
			u == testBrand.Home, u == sampleProduct.Return, u == "mailto:"+testBrand.Support:
		default:
			t.Errorf("leads to %s", u)
		}
	}
	ids := map[string]bool{}
	for _, m := range identity.FindAllStringSubmatch(html, -1) {
		if ids[m[1]] {
			t.Errorf("two elements are %q", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range describe.FindAllStringSubmatch(html, -1) {
		for id := range strings.FieldsSeq(m[1]) {
			if !ids[id] {
				t.Errorf("nothing is %q", id)
			}
		}
	}
	for _, bad := range []string{"placeholder=", "maxlength=", "pattern=", " disabled"} {
		if strings.Contains(html, bad) {
			t.Errorf("has %s", bad)
		}
	}
	if n := strings.Count(html, " autofocus"); n > 1 {
		t.Errorf("%d fields want the focus", n)
	}
	if s.bad && s.page != "stop" && strings.Contains(html, "aria-invalid") && !strings.Contains(html, " autofocus") {
		t.Error("the field that failed does not have the focus")
	}
}
