// Package catalogue says sentences in the reader's language. It owns how a
// catalogue file is read, how values are put into a sentence, how a language
// writes dates, moments and durations, and which language suits a reader. It
// owns no sentence: each room that speaks to people has its own, and loads them
// here.
//
// # A catalogue
//
// A folder with one file per language, named by its BCP 47 tag:
//
//	{"messages": {
//	  "key": "Sent to {address} at {when}.",
//	  "another": {"one": "1 code left.", "other": "{n} codes left."}
//	}}
//
// The form one is for the number 1 in {n}. [cataloguetest.Run] holds what every
// catalogue of this house must keep.
//
// # A new language
//
// One file in languages/, for its name and its way of writing times; one in
// each folder of sentences; one line in cataloguetest for the words it leaves
// out. No other code changes.
//
// [cataloguetest.Run]: https://pkg.go.dev/github.com/nidan-auth/nidan/catalogue/cataloguetest#Run
package catalogue

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// fallback is the language of whoever asks for none that we have.
const fallback = "en"

// A Set is the languages of one catalogue, English first.
type Set struct {
	all     []*Language
	matcher language.Matcher
}

// Load reads every file of a folder. Moments are written in zone. It is an
// error if English is missing, or if a language has no file in languages/.
func Load(fsys fs.FS, dir string, zone *time.Location) (*Set, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	s := new(Set)
	for _, file := range files {
		l, err := readLanguage(strings.TrimSuffix(path.Base(file), ".json"))
		if err != nil {
			return nil, fmt.Errorf("catalogue: %s: %w", file, err)
		}
		l.zone = zone
		if l.messages, err = readMessages(fsys, file); err != nil {
			return nil, fmt.Errorf("catalogue: %s: %w", file, err)
		}
		if l.tag == fallback {
			s.all = slices.Insert(s.all, 0, l)
		} else {
			s.all = append(s.all, l)
		}
	}
	if len(s.all) == 0 || s.all[0].tag != fallback {
		return nil, fmt.Errorf("catalogue: %s/%s.json is missing: every reader without another language gets it", dir, fallback)
	}
	return s, s.prepare()
}

func (s *Set) prepare() error {
	tags := make([]language.Tag, len(s.all))
	for i, l := range s.all {
		var err error
		if tags[i], err = language.Parse(l.tag); err != nil {
			return fmt.Errorf("catalogue: %s.json is not named by a language's tag: %w", l.tag, err)
		}
	}
	s.matcher = language.NewMatcher(tags)
	return nil
}

// Only returns the set of the languages named, in that order: whoever asks for
// none of them gets the first. No names: s itself.
func (s *Set) Only(tags []string) (*Set, error) {
	if len(tags) == 0 {
		return s, nil
	}
	few := new(Set)
	for _, tag := range tags {
		l, ok := s.Find(tag)
		switch {
		case !ok:
			return nil, fmt.Errorf("catalogue: there is no language %q", tag)
		case slices.Contains(few.all, l):
			return nil, fmt.Errorf("catalogue: the language %q is named twice", tag)
		}
		few.all = append(few.all, l)
	}
	return few, few.prepare()
}

// All returns the languages there are, English first unless Only chose.
func (s *Set) All() []*Language { return slices.Clone(s.all) }

// Match returns the language that suits an Accept-Language header best, the
// first one if none does or the header cannot be read.
func (s *Set) Match(acceptLanguage string) *Language {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return s.all[0]
	}
	_, i, _ := s.matcher.Match(tags...)
	return s.all[i]
}

// Find returns the language with exactly this tag.
func (s *Set) Find(tag string) (*Language, bool) {
	i := slices.IndexFunc(s.all, func(l *Language) bool { return l.tag == tag })
	if i < 0 {
		return nil, false
	}
	return s.all[i], true
}

// Of returns the language for a tag that was kept, for example with an
// account; the nearest or the first one if there is none for it.
func (s *Set) Of(tag string) *Language {
	if l, ok := s.Find(tag); ok {
		return l
	}
	return s.Match(tag)
}
