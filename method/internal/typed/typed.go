// Package typed reads codes the way people type and paste them: with spaces and
// hyphens, in the full-width forms of a Japanese or Korean keyboard, inside a
// sentence.
//
// It folds what a keyboard makes of a key and nothing else: no other digits, no
// letters that only look or upper-case like an ASCII one. What is left of a
// code is compared exactly.
package typed

import (
	"slices"
	"strings"
	"unicode"
)

// maxLength is how much of a paste is looked at; anything longer is not a code.
const maxLength = 1024

// Digits returns the only run of exactly n digits in what was typed, separators
// left out. Runs of other lengths do not count: "VPN 2: 123 456" holds one run
// of six. ok is false where there is none, or more than one.
func Digits(answer string, n int) (code string, ok bool) {
	plain, ok := Plain(answer)
	if !ok {
		return "", false
	}
	runs := strings.FieldsFunc(plain, func(r rune) bool { return r < '0' || r > '9' })
	runs = slices.DeleteFunc(runs, func(run string) bool { return len(run) != n })
	if len(runs) != 1 {
		return "", false
	}
	return runs[0], true
}

// Plain returns what was typed without separators, full-width forms as ASCII.
// ok is false where it is too long to hold a code.
func Plain(answer string) (plain string, ok bool) {
	if len(answer) > maxLength {
		return "", false
	}
	return strings.Map(fold, answer), true
}

func fold(r rune) rune {
	if separator(r) {
		return -1
	}
	if fullWidthFirst <= r && r <= fullWidthLast {
		return r - fullWidthFirst + '!'
	}
	return r
}

// The full-width forms of the printable ASCII characters, in the same order.
const (
	fullWidthFirst = '！'
	fullWidthLast  = '～'
)

// separator reports whether r stands between the groups of a code: white space,
// a dash of any length, or an invisible mark that came along with a paste.
func separator(r rune) bool {
	switch r {
	case '−': // minus sign
		return true
	case 'ー', 'ｰ': // what the hyphen key gives on a Japanese keyboard
		return true
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf)
}
