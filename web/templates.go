package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/catalogue"
)

//go:embed *.html
var templateFiles embed.FS

// shared are the files that every page is parsed with.
var shared = []string{"layout.html", "parts.html"}

// A screen is a page in one language. It is parsed when it is first shown: all
// of them in all languages would take a good part of the program's start. That
// each can be shown is what the tests are for.
type screen func() (*template.Template, error)

// screens returns every page by its name.
func (l *locale) screens(as assets) (map[string]screen, error) {
	base, err := template.New("").Option("missingkey=error").Funcs(l.funcs(as)).ParseFS(templateFiles, shared...)
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templateFiles, "*.html")
	if err != nil {
		return nil, err
	}
	out := make(map[string]screen, len(files))
	for _, file := range files {
		if slices.Contains(shared, file) {
			continue
		}
		out[strings.TrimSuffix(file, ".html")] = sync.OnceValues(func() (*template.Template, error) {
			t, err := base.Clone()
			if err != nil {
				return nil, err
			}
			return t.ParseFS(templateFiles, file)
		})
	}
	return out, nil
}

// funcs is what templates may call. t says a sentence by its key, say one that
// a handler chose, method one about a method; help leads to questions; offers
// asks for a feature.
func (l *locale) funcs(as assets) template.FuncMap {
	return template.FuncMap{
		"t":      l.HTML,
		"say":    l.Say,
		"method": l.ofMethod,
		"moment": func(t time.Time) (template.HTML, error) { return l.Value(t) },
		"date":   func(t time.Time) day { return day(t) },
		"clock":  func(t time.Time) timeOfDay { return timeOfDay(t) },
		"family": func(stored string) (template.HTML, error) { return l.Say(family(stored)) },
		"asset":  as.url,
		"base":   func() string { return l.base }, // stands before every path of ours
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

// ofMethod says a sentence about a method; one that these pages do not know
// (any more) is called "another way". Of the values it takes those that this
// method's sentence has places for: another's may have more.
func (l *locale) ofMethod(m nidan.MethodName, part string, values ...any) (template.HTML, error) {
	if _, ok := shapes[m]; !ok {
		m = "other"
	}
	key := fmt.Sprintf("method.%s.%s", m, part)
	s, _ := l.Sentence(key)
	places := catalogue.Places(s.Other)
	var args []any
	for i := 0; i+1 < len(values); i += 2 {
		if name, ok := values[i].(string); ok && slices.Contains(places, name) {
			args = append(args, name, values[i+1])
		}
	}
	return l.HTML(key, args...)
}
