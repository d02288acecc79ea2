package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Lengths in bytes: RFC 5321 §4.5.3.1, with RFC 3696's erratum 1690 for the
// whole, and RFC 1035 §2.3.4.
const (
	maxName   = 254
	maxLocal  = 64
	maxDomain = 253
	maxLabel  = 63
)

// Name implements [nidan.FirstStep]: the canonical form of an e-mail address,
// in which it is looked up, stored and mailed to. It is ASCII, has one form
// only, and is its own canonical form.
//
// Spaces before and behind are dropped, also the wide one (U+3000) of a
// Japanese keyboard; nothing else is forgiven.
//
//   - The local part is up to 64 ASCII letters, digits and any of _ + - ' = & ~
//     in groups joined by single dots: of RFC 5322's dot-atom what providers
//     hand out, without what means something to a shell, a URL or a mail
//     server (% ! | ` and so on). It is put in lower case. RFC 5321 §2.4 lets
//     a domain tell "Bob" from "bob", but none that people have addresses in
//     does, and two accounts that differ in case only would be a trap.
//   - The domain has two labels or more and a top-level one that is not a
//     number. It is put in the ASCII form of IDNA (UTS #46, lookup profile)
//     and in lower case.
//
// No character is ever taken for another: outside ASCII, whatever
// compatibility mapping would turn into ASCII (the full-width @, ſ, the Kelvin
// sign) or into something else is refused. A letter that is only similar, like
// the dotless ı, is refused in the local part and makes a domain another
// domain. Dots and what follows a plus sign stay, as they mean different
// mailboxes at most providers.
func (f *FirstStep) Name(login string) (string, bool) {
	if len(login) > maxRaw {
		return "", false
	}
	local, domain, ok := strings.Cut(strings.Trim(login, " \u3000"), "@")
	if !ok || !isLocal(local) {
		return "", false
	}
	domain, ok = canonicalDomain(domain)
	name := lowerASCII(local) + "@" + domain
	if !ok || len(name) > maxName {
		return "", false
	}
	return name, true
}

func isLocal(s string) bool {
	if len(s) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, notInAtom) {
			return false
		}
	}
	return true
}

func notInAtom(r rune) bool {
	return r > unicode.MaxASCII || !isAlphanumeric(byte(r)) && !strings.ContainsRune("_+-'=&~", r)
}

// canonicalDomain returns the ASCII form, if the domain is written in it or in
// its exact Unicode form.
func canonicalDomain(s string) (string, bool) {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, foldsToASCII) {
		return "", false
	}
	s = norm.NFC.String(strings.ToLower(s))
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil || !isDomain(ascii) {
		return "", false
	}
	if ascii == s {
		return ascii, true
	}
	// The mapping is made for browsers and forgives much. What it changed is
	// not what was typed.
	written, err := idna.Lookup.ToUnicode(ascii)
	return ascii, err == nil && written == s
}

// foldsToASCII reports whether lower case or compatibility turns r, which is not
// ASCII, into something with ASCII in it.
func foldsToASCII(r rune) bool {
	if r <= unicode.MaxASCII {
		return false
	}
	for _, to := range string(unicode.ToLower(r)) + norm.NFKC.String(string(r)) {
		if to <= unicode.MaxASCII {
			return true
		}
	}
	return false
}

// isDomain checks what IDNA's lookup leaves open.
func isDomain(ascii string) bool {
	labels := strings.Split(ascii, ".")
	for _, l := range labels {
		if l == "" || len(l) > maxLabel {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(ascii) <= maxDomain && len(labels) > 1 && strings.Trim(last, "0123456789") != ""
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}
