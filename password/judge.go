package password

import (
	"strings"
	"unicode/utf8"

	"github.com/nidan-auth/nidan"
)

const (
	// enough is what the pieces of a password must count for. It is the
	// shortest password that NIST SP 800-63B-4 §3.1.1.2 knows, counted in
	// characters that nobody can predict.
	enough = 8
	// slack is how much shorter than the limit a password may count, where
	// the limit is low.
	slack = 2
	// minPersonal is the least length in bytes of a name that a password must
	// not contain: four letters, or two ideographs.
	minPersonal = 4
)

// Judge implements [nidan.FirstStep] with the rules of the package comment, the
// first that is broken: PasswordLong, PasswordShort, PasswordPersonal,
// PasswordCommon (a listed one, or made of listed ones), PasswordSimple (made
// of sequences and repeats). What [FirstStep.Normal]
// refuses is refused for its reason. limit is the same for every password.
//
// name is the account's canonical login name. Its local part must not stand in
// the password, nor must the whole of it or the brand, in any case, with any
// punctuation between, and with the usual digits for letters; names of fewer
// than four bytes are not looked for.
func (f *FirstStep) Judge(password nidan.Secret, name string) (r nidan.Reason, limit int) {
	return f.judge(password.Reveal(), name), f.length
}

func (f *FirstStep) judge(password, name string) nidan.Reason {
	password, r := normal(password)
	if r != nidan.OK {
		return r
	}
	if utf8.RuneCountInString(password) < f.length {
		return nidan.PasswordShort
	}
	if f.personal(password, name) {
		return nidan.PasswordPersonal
	}
	folded := fold(password)
	if f.common.skeletons[string(skeleton(folded))] {
		return nidan.PasswordCommon
	}
	s := f.common.measure(folded)
	switch {
	case s.count >= min(enough, f.length-slack):
		return nidan.OK
	case s.word:
		return nidan.PasswordCommon
	default:
		return nidan.PasswordSimple
	}
}

func (f *FirstStep) personal(password, name string) bool {
	letters := lettersOf(password)
	local, _, _ := strings.Cut(name, "@")
	for _, n := range []string{lettersOf(local), lettersOf(name), f.brand} {
		if len(n) >= minPersonal && strings.Contains(letters, n) {
			return true
		}
	}
	return false
}
