package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/nidan-auth/nidan/catalogue"
	"github.com/nidan-auth/nidan/catalogue/cataloguetest"
)

// helpTags are the languages of the help. The pages may have fewer.
var helpTags = []string{"en", "ja", "ko"}

func helpIn(t testing.TB, tag string) helpTexts {
	t.Helper()
	texts, err := readHelp(tag)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// bookIn is a language's help with some features, under the brand of the tests.
func bookIn(t testing.TB, tag string, offered ...Feature) *helpBook {
	t.Helper()
	return bookFor(t, owner, tag, offered...)
}

func bookFor(t testing.TB, to reader, tag string, offered ...Feature) *helpBook {
	t.Helper()
	texts := map[string]helpTexts{}
	for _, other := range helpTags {
		texts[other] = helpIn(t, other)
	}
	book := newHelpBook(texts[tag], to, helpValues(brand{Name: testBrand.Name, sender: "Example VPN Post"}, contact(testBrand.Support)), offered)
	for _, other := range helpTags {
		book.findBy(texts[other])
	}
	return book
}

// helpPagesWith are pages with some features.
func helpPagesWith(t testing.TB, offered ...Feature) *Pages {
	t.Helper()
	c := testConfig(t)
	c.Features = offered
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// helpSamples are the help with all its features, and what a search may find.
func helpSamples(t testing.TB) []sample {
	books := map[string]*helpBook{}
	for _, tag := range helpTags {
		books[tag] = bookIn(t, tag, Features()...)
	}
	of := func(view func(*helpBook) any) func(*locale) any {
		return func(l *locale) any { return view(books[l.Tag()]) }
	}
	list := func(query string) any { return of(func(b *helpBook) any { return b.list(query) }) }
	out := []sample{
		{name: "help", page: "help", view: list(""), guest: true},
		{name: "help-found", page: "help", view: list("ＯＴＰ"), guest: true},
		{name: "help-nothing", page: "help", view: list(`<img src=x> "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz`), guest: true},
		{name: "help-unknown", page: "helpnone", view: of(func(b *helpBook) any { return b }), guest: true},
	}
	for slug := range books["en"].answers {
		out = append(out, sample{name: "help-" + slug, page: "helpanswer", guest: true, view: of(func(b *helpBook) any {
			return helpAnswerView{b.answers[slug], b.Frame}
		})})
	}
	return out
}

// said are the texts of a language by key, as a catalogue has them. The
// features of a line are part of its key, so that they are compared as well.
func (texts helpTexts) said(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, text := range texts.Groups {
		out["group."+name] = text
	}
	frame := reflect.ValueOf(texts.Frame)
	for i := range frame.NumField() {
		out["frame."+frame.Type().Field(i).Name] = frame.Field(i).String()
	}
	for slug, e := range texts.Entries {
		out[slug+".title"], out[slug+".answer"] = e.Title, e.Answer
		if e.Led != "" {
			out[slug+".led"] = e.Led
		}
		for part, lines := range map[string][]helpLine{"step": e.Steps, "point": e.Points, "text": e.Text} {
			for i, l := range lines {
				out[fmt.Sprintf("%s.%s.%d+%s-%s %s", slug, part, i, l.Needs, l.Without, l.For)] = l.Text
			}
		}
	}
	return out
}

// TestHelpAgrees: the languages have the same questions, lines, features and
// places, and leave out the same words as all pages.
func TestHelpAgrees(t *testing.T) {
	files := fstest.MapFS{}
	for _, tag := range helpTags {
		b, err := json.Marshal(map[string]any{"messages": helpIn(t, tag).said(t)})
		if err != nil {
			t.Fatal(err)
		}
		files["help/"+tag+".json"] = &fstest.MapFile{Data: b}
	}
	set, err := catalogue.Load(files, "help", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	cataloguetest.Run(t, set)
	on, err := helpFiles.ReadDir("help")
	if err != nil || len(on) != len(helpTags) {
		t.Errorf("%d files, %d languages are tested; %v", len(on), len(helpTags), err)
	}
}

// helpForbidden are other names of what has one on the pages, beside those that
// all pages leave out.
var helpForbidden = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(authentication app|authenticator code|2-step|two step)\b`),
	"ja": regexp.MustCompile(`携帯|認証アプリケーション|認証番号|、、`),
	"ko": regexp.MustCompile(`휴대폰|핸드폰|스마트폰|모바일|고객센터`),
}

func TestHelpWords(t *testing.T) {
	for _, tag := range helpTags {
		for key, text := range helpIn(t, tag).said(t) {
			if text == "" {
				t.Errorf("%s: %s is empty", tag, key)
			}
			if m := helpForbidden[tag].FindString(text); m != "" {
				t.Errorf("%s: %s says %q", tag, key, m)
			}
			if strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
				t.Errorf("%s: %s has blanks", tag, key)
			}
		}
	}
}

// limits of an answer: its first line, and all of it, in characters.
var helpLimits = map[string][2]int{"en": {120, 850}, "ja": {60, 440}, "ko": {60, 460}}

func TestHelpIsShort(t *testing.T) {
	for _, tag := range helpTags {
		texts, limit := helpIn(t, tag), helpLimits[tag]
		for slug, e := range texts.Entries {
			for to, answer := range map[reader]string{owner: e.Answer, guest: cmp.Or(e.Led, e.Answer)} {
				if n := utf8.RuneCountInString(answer); n > limit[0] {
					t.Errorf("%s: the first line of %q has %d characters", tag, slug, n)
				}
				for _, offered := range [][]Feature{nil, Features()} {
					n, lines := utf8.RuneCountInString(answer), 0
					for _, l := range slices.Concat(e.Steps, e.Points, e.Text) {
						if l.said(to, offered) {
							n += utf8.RuneCountInString(l.Text)
							lines++
						}
					}
					if n > limit[1] || lines == 0 || lines > 8 {
						t.Errorf("%s: %q has %d characters in %d lines for %s", tag, slug, n, lines, to)
					}
				}
			}
			if len(e.Words) < 8 {
				t.Errorf("%s: %q is found by %d words", tag, slug, len(e.Words))
			}
			seen := map[string]bool{}
			for _, w := range folded(e.Words) {
				if seen[w] || strings.TrimSpace(w) == "" {
					t.Errorf("%s: %q has the word %q twice", tag, slug, w)
				}
				seen[w] = true
			}
		}
	}
}

func TestHelpLeadsSomewhere(t *testing.T) {
	routes := map[string]bool{}
	for _, r := range table(false) {
		routes[r.Method+" "+r.Pattern] = true
	}
	seen, pages := map[string]bool{}, map[string]bool{}
	for _, g := range helpIndex {
		for _, e := range g.entries {
			if seen[e.slug] || url.PathEscape(e.slug) != e.slug {
				t.Errorf("%q is there twice, or no path", e.slug)
			}
			seen[e.slug] = true
			if pages[e.page] = true; e.page != "" && !routes["GET "+e.page] {
				t.Errorf("%q leads to %s, which is no page", e.slug, e.page)
			}
			if e.needs != "" && !slices.Contains(Features(), e.needs) {
				t.Errorf("%q needs %q, which is no feature", e.slug, e.needs)
			}
			for i, slug := range e.see {
				if !declared(slug) || slug == e.slug || slices.Contains(e.see[:i], slug) {
					t.Errorf("%q leads to %q", e.slug, slug)
				}
			}
		}
	}
	delete(pages, "")
	for page := range pages {
		if helpPages[page] == nil {
			t.Errorf("%s has no label", page)
		}
	}
	if len(pages) != len(helpPages) {
		t.Errorf("%d pages, %d labels", len(pages), len(helpPages))
	}
	for _, offered := range [][]Feature{nil, Features()} {
		for slug, a := range bookIn(t, "en", offered...).answers {
			if len(a.See) == 0 || len(a.See) > 4 {
				t.Errorf("with %v, %q leads to %d other questions", offered, slug, len(a.See))
			}
		}
	}
}

// quoted finds the labels in a text.
var quoted = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`“([^”]+)”`), "ja": regexp.MustCompile(`「([^」]+)」`), "ko": regexp.MustCompile(`‘([^’]+)’`),
}

// elsewhere are quoted words that stand on no page of ours: the entry's name,
// and what other people's apps say.
var elsewhere = []string{"{brand}", "{sender}", "{query}", "Add", "追加", "추가", "암호"}

// coming are the labels of pages that are not there yet.
var coming = map[string][]string{}

// TestHelpQuotesThePages: what the help tells people to press stands on a page
// in these very words.
func TestHelpQuotesThePages(t *testing.T) {
	for _, l := range newPages(t).locales.all {
		onPages := map[string]bool{}
		for _, key := range l.Keys() {
			s, _ := l.Sentence(key)
			onPages[s.Other] = true
		}
		for _, label := range coming[l.Tag()] {
			if onPages[label] {
				t.Errorf("%s: %q is there now: strike it from coming", l.Tag(), label)
			}
		}
		for key, text := range helpIn(t, l.Tag()).said(t) {
			for _, m := range quoted[l.Tag()].FindAllStringSubmatch(text, -1) {
				if label := m[1]; !onPages[label] && !slices.Contains(elsewhere, label) && !slices.Contains(coming[l.Tag()], label) {
					t.Errorf("%s: %s names %q, which is on no page", l.Tag(), key, label)
				}
			}
		}
	}
}

func TestHelpKeepsToWhatIsOffered(t *testing.T) {
	none, all := helpPagesWith(t), helpPagesWith(t, Features()...)
	for slug, f := range map[string]Feature{"lost-both": FeatureRecovery, "mail-missing": FeatureMail, "new-phone": FeatureReplace} {
		if res := ask(none, http.MethodGet, "/help/"+slug, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s without %s: %d", slug, f, res.StatusCode)
		}
		if res := ask(helpPagesWith(t, f), http.MethodGet, "/help/"+slug, nil); res.StatusCode != http.StatusOK {
			t.Errorf("%s with %s: %d", slug, f, res.StatusCode)
		}
		if links, err := none.locales.all[0].helpLinks(slug); links != "" || err != nil {
			t.Errorf("a link to %s: %s, %v", slug, links, err)
		}
		if strings.Contains(get(t, none, "/help")+get(t, none, "/help?q=phone")+get(t, none, "/help/lost-phone"), slug) {
			t.Errorf("%s is told of without %s", slug, f)
		}
	}
	const offOn, replace, nobody = "between your password alone", "“Replace”", "nobody can leave out"
	before, after := get(t, none, "/help/lost-phone"), get(t, all, "/help/lost-phone")
	for text, want := range map[string][2]bool{offOn: {true, false}, nobody: {true, false}, replace: {false, true}} {
		if got := [2]bool{strings.Contains(before, text), strings.Contains(after, text)}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if _, err := none.locales.all[0].helpLinks("lost-fone"); err == nil {
		t.Error("a link to a question that does not exist")
	}
}

// TestHelpLeavesNothingOpen: every answer is filled in.
func TestHelpLeavesNothingOpen(t *testing.T) {
	for _, tag := range helpTags {
		named := ""
		for slug, a := range bookIn(t, tag, Features()...).answers {
			text := string(a.Answer)
			for _, l := range slices.Concat(a.Steps, a.Points, a.Text) {
				text += string(l)
			}
			if strings.ContainsAny(a.Title+text, "{}") {
				t.Errorf("%s: %q has a placeholder left", tag, slug)
			}
			named += text
		}
		for _, want := range []string{"Example VPN Post", "help@example.com"} {
			if !strings.Contains(named, want) {
				t.Errorf("%s: nothing names %s", tag, want)
			}
		}
	}
}

// oursAlone are words that are false for somebody who has no password here.
var oursAlone = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)enter your password|address and password|reset link|forgot the password|wrong passwords|“Example VPN”`),
	"ja": regexp.MustCompile(`パスワードと、|パスワードと認証|アドレスとパスワード|再設定用のリンク|パスワードを忘れた場合|パスワードに5回|「Example VPN」`),
	"ko": regexp.MustCompile(`비밀번호와 (이전|인증)|주소와 비밀번호|재설정 링크|비밀번호를 잊으셨나요|비밀번호를 5번|‘Example VPN’`),
}

// TestHelpForWhoeverWasLedHere: somebody whose account a product keeps reads
// what is true of it, and is led to no page that asks for a password of ours.
func TestHelpForWhoeverWasLedHere(t *testing.T) {
	for _, tag := range helpTags {
		for _, offered := range [][]Feature{nil, Features()} {
			ours := ""
			for _, to := range []reader{owner, guest} {
				for slug, a := range bookFor(t, to, tag, offered...).answers {
					text := string(a.Answer)
					for _, l := range slices.Concat(a.Steps, a.Points, a.Text) {
						text += "\n" + string(l)
					}
					if to == owner {
						ours += text
						continue
					}
					if m := oursAlone[tag].FindString(text); m != "" || a.Page == "/login" || a.Page == "/forgot" {
						t.Errorf("%s: %q says %q, and leads to %q", tag, slug, m, a.Page)
					}
				}
			}
			if !oursAlone[tag].MatchString(ours) {
				t.Errorf("%s: nobody is told of our passwords", tag)
			}
		}
	}
	s := newHouse(t).shop()
	p := s.protected("mina", "mina@example.com")
	b := s.browser("192.0.2.1")
	b.open("/help/code-refused")
	b.says("Find the entry “Example VPN”")
	s.second(b, p)
	b.open("/help/code-refused")
	b.says("with the name of the service that you came from")
	b.saysNot("Example VPN")
	b.open("/help?q=forgot")
	b.says("Set a new one at the service that you came from")
	b.open("/help/forgot-password")
	if strings.Contains(b.shown.html, `href="/forgot"`) {
		t.Error("leads to a password of ours")
	}
	b.logIn(s.join("nora@example.com")) // with an account of ours, in the same browser
	b.at("/security", http.StatusOK)
	b.open("/help/code-refused")
	b.says("Find the entry “Example VPN”")
}

func TestHelpRefuses(t *testing.T) {
	if _, err := readHelp("xx"); err == nil {
		t.Error("a language without help")
	}
	for _, bad := range []string{`{"needs": "wings", "text": "x"}`, `{"without": "wings", "text": "x"}`, `{"neds": "mail", "text": "x"}`, `{"for": "them", "text": "x"}`, `3`} {
		if json.Unmarshal([]byte(bad), new(helpLine)) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func get(t testing.TB, p *Pages, path string, change ...func(*http.Request)) string {
	t.Helper()
	b, err := io.ReadAll(ask(p, http.MethodGet, path, nil, change...).Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHelpIsForEverybody(t *testing.T) {
	p := newPages(t)
	for _, path := range []string{"/help", "/help?q=phone", "/help/lost-phone", "/help/nope"} {
		known := get(t, p, path, func(r *http.Request) {
			r.Header.Set("Cookie", browserCookie+"=nb_x; "+sessionCookie+"=ns_"+body+"; "+pendingCookie+"=np_"+body)
		})
		if known != get(t, p, path) {
			t.Errorf("%s is not the same for everybody", path)
		}
	}
	for _, path := range []string{"/help/nope", "/help/lost-both", "/help/%3Cb%3E", "/help/" + strings.Repeat("x", 3000), "/help/LOST-PHONE"} {
		res := ask(p, http.MethodGet, path, nil)
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusNotFound || !strings.Contains(string(b), `href="/help"`) || strings.Contains(string(b), "xxx") {
			t.Errorf("%.20s: %d", path, res.StatusCode)
		}
	}
	page := get(t, p, "/help/support")
	if !strings.Contains(page, `<a href="mailto:help@example.com">help@example.com</a>`) || strings.Contains(page, "{support}") {
		t.Error("support is not named")
	}
	c := testConfig(t)
	c.Brand.Name, c.Brand.Support = `<i>{support}</i>`, ""
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if page := get(t, p, "/help/code-refused"); !strings.Contains(page, "“&lt;i&gt;{support}&lt;/i&gt;”") {
		t.Error("the brand is not escaped, or read as a placeholder")
	}
	if page := get(t, p, "/help/support"); !strings.Contains(page, "Contact: the team behind &lt;i&gt;{support}&lt;/i&gt;") {
		t.Error("nobody is named")
	}
}
