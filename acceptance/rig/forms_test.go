package rig

import (
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// A value is found in whatever it was put into.
func TestForms(t *testing.T) {
	const value = `correct/mare "7" with battery+`
	in := func(text string) bool {
		for _, f := range Forms(value) {
			if strings.Contains(text, f) {
				return true
			}
		}
		return false
	}
	for n := range 12 {
		around := strings.Repeat("x", n) + value + strings.Repeat("y", 11-n)
		for _, text := range []string{
			around,
			url.QueryEscape(around), url.PathEscape(around),
			fmt.Sprintf("%x", around), fmt.Sprintf("%X", around), fmt.Sprintf("%q", around),
			base64.StdEncoding.EncodeToString([]byte(around)), base64.RawURLEncoding.EncodeToString([]byte(around)),
			base32.StdEncoding.EncodeToString([]byte(around)), strings.ToLower(base32.StdEncoding.EncodeToString([]byte(around))),
		} {
			if !in(text) {
				t.Errorf("not found in %s", text)
			}
		}
	}
	if in("something else altogether, of about the same length") {
		t.Error("found where it is not")
	}
}
