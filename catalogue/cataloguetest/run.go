// Package cataloguetest holds what every catalogue of this house keeps: each
// language has the same sentences with the same places, and no word that the
// pages leave out.
package cataloguetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/catalogue"
)

// Run tests a catalogue. always are the placeholders that every sentence may
// use and none must.
func Run(t *testing.T, s *catalogue.Set, always ...string) {
	t.Helper()
	english := s.All()[0]
	for _, l := range s.All() {
		t.Run(l.Tag(), func(t *testing.T) {
			agree(t, english, l, always)
			words(t, l)
		})
	}
}

// agree compares a language with English, key by key.
func agree(t *testing.T, english, l *catalogue.Language, always []string) {
	for _, key := range english.Keys() {
		want, _ := english.Sentence(key)
		got, ok := l.Sentence(key)
		if !ok {
			t.Errorf("%q is missing", key)
			continue
		}
		if !slices.Equal(slots(got.Other, always...), slots(want.Other, always...)) {
			t.Errorf("%q has %v, English has %v", key, slots(got.Other), slots(want.Other))
		}
		// The singular may leave out the number it stands for.
		if got.One != "" && !slices.Equal(slots(got.One, "n"), slots(got.Other, "n")) {
			t.Errorf("%q: one has %v, other %v", key, slots(got.One), slots(got.Other))
		}
		bare := got.One + got.Other
		for _, name := range catalogue.Places(bare) {
			bare = strings.ReplaceAll(bare, "{"+name+"}", "")
		}
		if strings.ContainsAny(bare, "{}") {
			t.Errorf("%q has a stray brace", key)
		}
	}
	for _, key := range l.Keys() {
		if _, ok := english.Sentence(key); !ok {
			t.Errorf("%q is not an English key", key)
		}
	}
}

// slots returns the placeholders of a text, sorted and each once, without some.
func slots(text string, leave ...string) []string {
	names := slices.Compact(slices.Sorted(slices.Values(catalogue.Places(text))))
	return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(leave, n) })
}
