package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/nidan-auth/nidan"
)

const (
	maxLength = 256 // bytes of a password in NFC
	// maxRaw bounds what is normalised at all. The longest decomposed form of
	// 256 bytes of Hangul, for example, is 768 bytes.
	maxRaw = 1024
)

// Normal implements [nidan.FirstStep]: Unicode's NFC, so that a password typed
// on another keyboard is the same bytes. Letters keep their case, spaces stay
// where they are, and nothing is cut off (ASVS 5.0 §6.2.8).
//
// Every character that can be typed is accepted, emoji and unassigned code
// points too (NIST SP 800-63B-4 §3.1.1.2 asks for printing characters and the
// space). Refused are invalid UTF-8, control characters (general category Cc:
// NUL, tab, line breaks), which come from a clipboard or a program and cannot be
// typed again elsewhere, and what is longer than 256 bytes in NFC or 1024
// before.
func (f *FirstStep) Normal(password nidan.Secret) (nidan.Secret, nidan.Reason) {
	n, r := normal(password.Reveal())
	if r != nidan.OK {
		return nidan.Secret{}, r
	}
	return nidan.NewSecret(n), nidan.OK
}

func normal(s string) (string, nidan.Reason) {
	if len(s) > maxRaw {
		return "", nidan.PasswordLong
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", nidan.PasswordUnreadable
	}
	if s = norm.NFC.String(s); len(s) > maxLength {
		return "", nidan.PasswordLong
	}
	return s, nidan.OK
}
