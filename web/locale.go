package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

//go:embed locale/*.json
var catalogues embed.FS

// fallback is the language of whoever asks for none that we have.
const fallback = "en"

// A locale is one language: its catalogue, and the templates that speak it.
type locale struct {
	tag      string
	name     string // of the language, in itself
	months   []string
	zones    map[string]string // names of time zones by abbreviation
	messages map[string]sentence
	zone     *time.Location
	always   map[string]any // values that every sentence may use
	pages    map[string]*template.Template
}

// locales are the languages there are, English first.
type locales struct {
	all     []*locale
	matcher language.Matcher
}

// match returns the language that suits an Accept-Language header best.
func (ls *locales) match(accept string) *locale {
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return ls.all[0]
	}
	_, i, _ := ls.matcher.Match(tags...)
	return ls.all[i]
}

// newLocales reads every catalogue there is and gives each its own templates.
func newLocales(b brand, zone *time.Location, as assets) (*locales, error) {
	files, err := fs.Glob(catalogues, "locale/*.json")
	if err != nil {
		return nil, err
	}
	screens, err := parseTemplates()
	if err != nil {
		return nil, err
	}
	ls := new(locales)
	for _, file := range files {
		l, err := readLocale(file)
		if err != nil {
			return nil, err
		}
		l.zone = zone
		if err := l.introduce(b); err != nil {
			return nil, err
		}
		if l.pages, err = screens.speak(l, as); err != nil {
			return nil, err
		}
		if l.tag == fallback {
			ls.all = slices.Insert(ls.all, 0, l)
		} else {
			ls.all = append(ls.all, l)
		}
	}
	tags := make([]language.Tag, len(ls.all))
	for i, l := range ls.all {
		if tags[i], err = language.Parse(l.tag); err != nil {
			return nil, fmt.Errorf("web: locale %q: %w", l.tag, err)
		}
	}
	ls.matcher = language.NewMatcher(tags)
	return ls, nil
}

// catalogue is the form of a file in locale/.
type catalogue struct {
	Language string                     `json:"language"`
	Months   []string                   `json:"months"`
	Zones    map[string]string          `json:"zones"`
	Messages map[string]json.RawMessage `json:"messages"`
}

func readLocale(file string) (*locale, error) {
	b, err := catalogues.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var c catalogue
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("web: %s: %w", file, err)
	}
	l := &locale{
		tag: strings.TrimSuffix(path.Base(file), ".json"), name: c.Language, months: c.Months, zones: c.Zones,
		messages: make(map[string]sentence, len(c.Messages)),
	}
	if l.name == "" || len(l.months) != 12 {
		return nil, fmt.Errorf("web: %s: its name and twelve months are needed", file)
	}
	for key, raw := range c.Messages {
		s, err := readSentence(raw)
		if err != nil {
			return nil, fmt.Errorf("web: %s, %q: %w", file, key, err)
		}
		l.messages[key] = s
	}
	return l, nil
}

// readSentence takes "text" or {"one": "text", "other": "text"}.
func readSentence(raw json.RawMessage) (sentence, error) {
	var s sentence
	if err := json.Unmarshal(raw, &s.other); err == nil {
		return s, nil
	}
	var forms struct {
		One   string `json:"one"`
		Other string `json:"other"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&forms); err != nil || forms.Other == "" {
		return s, fmt.Errorf(`is neither a text nor one and other`)
	}
	return sentence{one: forms.One, other: forms.Other}, nil
}

// introduce sets what every sentence may use, and tries those that must not
// fail later.
func (l *locale) introduce(b brand) error {
	l.always = map[string]any{"brand": b.Name}
	support := b.support
	if support == "" {
		var err error
		if support, err = l.html("support.unnamed"); err != nil {
			return err
		}
	}
	l.always["support"] = support
	for _, f := range []struct {
		key  string
		args []any
	}{
		{"format.date", []any{"day", 1, "month", "", "year", ""}},
		{"format.moment", []any{"date", "", "clock", "", "zone", ""}},
	} {
		if _, err := l.text(f.key, f.args...); err != nil {
			return err
		}
	}
	return nil
}

func (l *locale) execute(w io.Writer, name string, pg page) error {
	t := l.pages[name]
	if t == nil {
		return fmt.Errorf("web: there is no page %q", name)
	}
	return t.ExecuteTemplate(w, "layout", pg)
}
