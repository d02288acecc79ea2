package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

//go:embed *.html
var templateFiles embed.FS

// shared are the files that every page is parsed with.
var shared = []string{"layout.html", "parts.html"}

// screens are the parsed pages by name, before they speak a language.
type screens map[string]*template.Template

// parseTemplates parses every page once, on top of the shared files.
func parseTemplates() (screens, error) {
	base, err := template.New("").Option("missingkey=error").Funcs(new(locale).funcs(assets{})).ParseFS(templateFiles, shared...)
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templateFiles, "*.html")
	if err != nil {
		return nil, err
	}
	out := screens{}
	for _, file := range files {
		if file == shared[0] || file == shared[1] {
			continue
		}
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if _, err := t.ParseFS(templateFiles, file); err != nil {
			return nil, err
		}
		out[strings.TrimSuffix(file, ".html")] = t
	}
	return out, nil
}

// speak clones the pages for a language, whose functions they then call.
func (s screens) speak(l *locale, as assets) (map[string]*template.Template, error) {
	out := make(map[string]*template.Template, len(s))
	for name, t := range s {
		c, err := t.Clone()
		if err != nil {
			return nil, err
		}
		out[name] = c.Funcs(l.funcs(as))
	}
	return out, nil
}

// funcs is what templates may call. t says a sentence by its key, say one that
// a handler chose, method one about a method; help leads to questions; offers
// asks for a feature.
func (l *locale) funcs(as assets) template.FuncMap {
	return template.FuncMap{
		"t":   l.HTML,
		"say": l.Say,
		"method": func(m nidan.MethodName, part string) (template.HTML, error) {
			return l.Say(ofMethod(m, part))
		},
		"moment": func(t time.Time) (template.HTML, error) { return l.Value(t) },
		"date":   func(t time.Time) day { return day(t) },
		"clock":  func(t time.Time) timeOfDay { return timeOfDay(t) },
		"family": func(stored string) (template.HTML, error) { return l.Say(family(stored)) },
		"asset":  as.url,
		"field":  newCodeField,
		"help":   l.helpLinks,
		"offers": l.offers,
	}
}

// offers reports whether a feature is there: {{if offers "mail"}}.
func (l *locale) offers(f Feature) (bool, error) {
	if !slices.Contains(Features(), f) {
		return false, fmt.Errorf("web: %q is no feature; see helpindex.go", f)
	}
	return slices.Contains(l.offered, f), nil
}

// ofMethod is a sentence about a method; one that these pages do not know
// (any more) is called "another way".
func ofMethod(m nidan.MethodName, part string) *message {
	if _, ok := shapes[m]; !ok {
		m = "other"
	}
	return msg(fmt.Sprintf("method.%s.%s", m, part))
}
