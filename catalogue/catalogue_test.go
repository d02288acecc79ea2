package catalogue

import (
	"html/template"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const english = `{"messages": {
	"greet": "To {name} from {brand}",
	"left": {"one": "1 code left", "other": "{n} codes left"},
	"since": "Since {when}"
}}`

// load reads files of sentences, by their languages' tags.
func load(files map[string]string) (*Set, error) {
	fsys := fstest.MapFS{}
	for tag, text := range files {
		fsys["said/"+tag+".json"] = &fstest.MapFile{Data: []byte(text)}
	}
	return Load(fsys, "said", time.UTC)
}

func newSet(t *testing.T, files map[string]string) *Set {
	t.Helper()
	s, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLoadRefuses(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no English":               {"ja": `{"messages": {}}`},
		"a language without forms": {"en": english, "tlh": english},
		"no JSON":                  {"en": `messages`},
		"something after it":       {"en": english + english},
		"an unknown field":         {"en": `{"months": [], "messages": {}}`},
		"a key twice":              {"en": `{"messages": {"a": "x", "a": "y"}}`},
		"a list":                   {"en": `{"messages": ["x"]}`},
		"a number":                 {"en": `{"messages": {"a": 1}}`},
		"an empty sentence":        {"en": `{"messages": {"a": ""}}`},
		"a singular alone":         {"en": `{"messages": {"a": {"one": "1 code"}}}`},
		"another plural":           {"en": `{"messages": {"a": {"few": "x", "other": "y"}}}`},
	} {
		if _, err := load(files); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestFill(t *testing.T) {
	l := newSet(t, map[string]string{"en": english}).Of("en").With(map[string]any{"brand": "A&B"})
	for _, c := range []struct {
		key        string
		args       []any
		text, html string
	}{
		{"greet", []any{"name", `<b>"{n}`}, `To <b>"{n} from A&B`, "To &lt;b&gt;&#34;{n} from A&amp;B"},
		{"greet", []any{"name", &Message{"left", []any{"n", 2}}}, "To 2 codes left from A&B", "To 2 codes left from A&amp;B"},
		{"left", []any{"n", 1}, "1 code left", "1 code left"},
		{"left", []any{"n", 0}, "0 codes left", "0 codes left"},
	} {
		if got, err := l.Text(c.key, c.args...); err != nil || got != c.text {
			t.Errorf("%s: %s, want %s (%v)", c.key, got, c.text, err)
		}
		if got, err := l.Say(&Message{c.key, c.args}); err != nil || string(got) != c.html {
			t.Errorf("%s: %s, want %s (%v)", c.key, got, c.html, err)
		}
	}
	if got, err := l.HTML("greet", "name", template.HTML("<b>x</b>")); err != nil || got != "To <b>x</b> from A&amp;B" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := l.Text("greet", "name", template.HTML("<b>x</b>")); err == nil {
		t.Error("HTML was put into a text")
	}
	if got, err := l.Say(nil); err != nil || got != "" {
		t.Errorf("no message says %q, %v", got, err)
	}
}

func TestFillRefuses(t *testing.T) {
	l := newSet(t, map[string]string{"en": english}).Of("en").With(map[string]any{"brand": "x"})
	for name, args := range map[string][]any{
		"missing":  {},
		"unknown":  {"name", "x", "colour", "red"},
		"odd":      {"name"},
		"unnamed":  {1, 2},
		"a struct": {"name", struct{}{}},
	} {
		if s, err := l.HTML("greet", args...); err == nil {
			t.Errorf("%s: %s", name, s)
		}
		if s, err := l.Text("greet", args...); err == nil {
			t.Errorf("%s: %s", name, s)
		}
	}
	if _, err := l.HTML("no.such.key"); err == nil {
		t.Error("a missing key is no error")
	}
}

func TestLanguageIsChosen(t *testing.T) {
	s := newSet(t, map[string]string{"en": english, "ja": english, "ko": english})
	if first := s.All()[0].Tag(); first != "en" {
		t.Errorf("%s stands first", first)
	}
	for accept, want := range map[string]string{
		"": "en", "xx": "en", "en-GB,ko;q=0.5": "en", ";;;": "en", strings.Repeat("ja,", 5000): "ja",
		"ja": "ja", "ja-JP,en;q=0.8": "ja", "ko-KR": "ko", "fr,ko;q=0.9,ja;q=0.8": "ko", "en;q=0.1,ja": "ja",
	} {
		if got := s.Match(accept).Tag(); got != want {
			t.Errorf("%.20q: %s, want %s", accept, got, want)
		}
	}
	for tag, want := range map[string]string{"ja": "ja", "ko-KR": "ko", "": "en", "xx": "en", "../ja": "en"} {
		if got := s.Of(tag).Tag(); got != want {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
	few, err := s.Only([]string{"ja", "en"})
	if err != nil {
		t.Fatal(err)
	}
	for accept, want := range map[string]string{"": "ja", "ko": "ja", "en-GB": "en", "fr,ja;q=0.1": "ja"} {
		if got := few.Match(accept).Tag(); got != want {
			t.Errorf("of two languages, %q: %s, want %s", accept, got, want)
		}
	}
	for _, tags := range [][]string{{"xx"}, {"ja", "ja"}} {
		if _, err := s.Only(tags); err == nil {
			t.Errorf("only %v: no error", tags)
		}
	}
	if _, ok := s.Find("ja-JP"); ok {
		t.Error("found by another tag than its own")
	}
}
