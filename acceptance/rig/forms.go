package rig

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Forms are the ways in which a value may stand somewhere: as it is, escaped
// for a URL, for JSON or for HTML, in hexadecimal, and in base32 and base64
// wherever in a longer text it begins. What is too short to be told from
// chance is left out.
func Forms(value string) []string {
	var forms []string
	add := func(s string) {
		if len(s) >= 12 {
			forms = append(forms, s)
		}
	}
	add(value)
	add(url.QueryEscape(value))
	add(url.PathEscape(value))
	add(html.EscapeString(value))
	if b, err := json.Marshal(value); err == nil {
		add(strings.Trim(string(b), `"`))
	}
	x := hex.EncodeToString([]byte(value))
	add(x)
	add(strings.ToUpper(x))
	for shift := range 3 {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			add(inner(e.EncodeToString([]byte(strings.Repeat("\x00", shift)+value)), shift, 6))
		}
	}
	for shift := range 5 {
		s := inner(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(strings.Repeat("\x00", shift)+value)), shift, 5)
		add(s)
		add(strings.ToLower(s))
	}
	return forms
}

// inner is the part of an encoding that depends on the value alone: without the
// characters that share bits with what stands before and behind it.
func inner(s string, shift, bits int) string {
	return s[(shift*8+bits-1)/bits : len(s)-1]
}

// Find returns what of the values, in whatever form, stands in a text. It reads
// the text once, however many values there are.
func Find(text string, values map[string]string) []string {
	const size = 12
	heads := make(map[string][]string) // the first bytes of a form → values
	for value := range values {
		for _, f := range Forms(value) {
			heads[f[:size]] = append(heads[f[:size]], value)
		}
	}
	found := make(map[string]bool)
	for i := 0; i+size <= len(text); i++ {
		for _, value := range heads[text[i:i+size]] {
			for _, f := range Forms(value) {
				if strings.HasPrefix(text[i:], f) {
					found[values[value]] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
