// Package cataloguetest holds what every catalogue of this house keeps: each
// language has the same sentences with the same places, and none of the words
// that it leaves out.
package cataloguetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/catalogue"
)

// Run tests a catalogue. always are the placeholders that every sentence may
// use and none must.
func Run(t *testing.T, s *catalogue.Set, always ...string) {
	t.Helper()
	for _, l := range s.All() {
		for _, fault := range Faults(s, l, always...) {
			t.Errorf("%s: %s", l.Tag(), fault)
		}
	}
}

// Faults lists what is wrong with one language of a catalogue.
func Faults(s *catalogue.Set, l *catalogue.Language, always ...string) []string {
	faults := strays(s.All()[0], l, always)
	rules, ok := leftOut[l.Tag()]
	if !ok {
		faults = append(faults, "words.go has no list of what the language leaves out")
	}
	for _, key := range l.Keys() {
		said, _ := l.Sentence(key)
		for _, form := range []string{said.One, said.Other} {
			if form != strings.TrimSpace(form) || strings.Contains(form, "  ") {
				faults = append(faults, fmt.Sprintf("%q has a space too many", key))
			}
			if word := rules.find(form); word != "" {
				faults = append(faults, fmt.Sprintf("%q says %q", key, word))
			}
		}
	}
	return faults
}

// strays compares a language with English, key by key.
func strays(english, l *catalogue.Language, always []string) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, key := range english.Keys() {
		want, _ := english.Sentence(key)
		got, ok := l.Sentence(key)
		if !ok {
			fault("%q is missing", key)
			continue
		}
		if !slices.Equal(slots(got.Other, always...), slots(want.Other, always...)) {
			fault("%q has %v, English has %v", key, slots(got.Other), slots(want.Other))
		}
		// The singular may leave out the number it stands for.
		if got.One != "" && !slices.Equal(slots(got.One, "n"), slots(got.Other, "n")) {
			fault("%q: one has %v, other %v", key, slots(got.One), slots(got.Other))
		}
		bare := got.One + got.Other
		for _, name := range catalogue.Places(bare) {
			bare = strings.ReplaceAll(bare, "{"+name+"}", "")
		}
		if strings.ContainsAny(bare, "{}") {
			fault("%q has a stray brace", key)
		}
	}
	for _, key := range l.Keys() {
		if _, ok := english.Sentence(key); !ok {
			fault("%q is not an English key", key)
		}
	}
	return faults
}

// slots returns the placeholders of a text, sorted and each once, without some.
func slots(text string, leave ...string) []string {
	names := slices.Compact(slices.Sorted(slices.Values(catalogue.Places(text))))
	return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(leave, n) })
}
