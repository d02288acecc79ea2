package web

import (
	"embed"
	"fmt"
	"io"
	"time"

	"github.com/nidan-auth/nidan/catalogue"
)

//go:embed locale/*.json
var sentences embed.FS

// A locale is one language and the templates that speak it.
type locale struct {
	*catalogue.Language
	pages   map[string]screen
	help    *helpBook
	helpLed *helpBook // for whoever a product led here
	offered []Feature
	base    string // of the pages
}

// locales are the languages there are, English first.
type locales struct {
	set   *catalogue.Set
	all   []*locale
	byTag map[string]*locale
}

// newLocales reads the catalogues of the languages named, or of all there are,
// and gives each its own templates.
func newLocales(b brand, tags []string, zone *time.Location, as assets, base string) (*locales, error) {
	set, err := catalogue.Load(sentences, "locale", zone)
	if err != nil {
		return nil, err
	}
	if set, err = set.Only(tags); err != nil {
		return nil, err
	}
	ls := &locales{set: set, byTag: map[string]*locale{}}
	for _, language := range set.All() {
		l := &locale{Language: language, base: base}
		if err := l.introduce(b); err != nil {
			return nil, err
		}
		if l.pages, err = l.screens(as); err != nil {
			return nil, err
		}
		ls.all = append(ls.all, l)
		ls.byTag[l.Tag()] = l
	}
	return ls, nil
}

// match returns the language that suits an Accept-Language header best.
func (ls *locales) match(accept string) *locale { return ls.byTag[ls.set.Match(accept).Tag()] }

// introduce sets what every sentence may use: {brand}, {sender} and {support}.
func (l *locale) introduce(b brand) error {
	always := map[string]any{"brand": b.Name, "sender": b.sender}
	l.Language = l.With(always)
	support := b.support
	if support == "" {
		var err error
		if support, err = l.HTML("support.unnamed"); err != nil {
			return err
		}
	}
	always["support"] = support
	l.Language = l.With(always)
	return nil
}

func (l *locale) execute(w io.Writer, name string, pg page) error {
	parse := l.pages[name]
	if parse == nil {
		return fmt.Errorf("web: there is no page %q", name)
	}
	t, err := parse()
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "layout", pg)
}
