package password

import (
	_ "embed"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed common.txt
var commonText string

// minPiece is the shortest password in the list, in characters. Shorter ones
// stand in too many words to say anything.
const minPiece = 4

// common is the list, ready to be asked.
type common struct {
	skeletons map[string]bool
	longest   int // characters
}

func readCommon() common {
	c := common{skeletons: map[string]bool{}}
	for line := range strings.Lines(commonText) {
		p := skeleton([]rune(strings.TrimSuffix(line, "\n")))
		c.skeletons[string(p)] = true
		c.longest = max(c.longest, len(p))
	}
	return c
}

// fold is how a guesser reads a password: without regard to case and width. A
// character stays one character, so that none can be made to look like many.
func fold(s string) []rune {
	folded := []rune(s)
	for i, r := range folded {
		if to := []rune(norm.NFKC.String(string(r))); len(to) == 1 {
			r = to[0]
		}
		folded[i] = unicode.ToLower(r)
	}
	return folded
}

// skeleton maps what is folded to one byte a character, with the usual
// substitutions undone on both sides of a comparison; 1, l and i are one. What
// no listed password holds becomes 0.
func skeleton(folded []rune) []byte {
	s := make([]byte, len(folded))
	for i, r := range folded {
		if r < unicode.MaxASCII {
			s[i] = substituted(byte(r))
		}
	}
	return s
}

func substituted(c byte) byte {
	switch c {
	case '0':
		return 'o'
	case '1', '!', '|', 'l':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	case '8':
		return 'b'
	}
	return c
}

// lettersOf is a name as a guesser would use it: its letters and digits, folded,
// with substitutions undone.
func lettersOf(s string) string {
	var b strings.Builder
	for _, r := range fold(s) {
		switch {
		case r < unicode.MaxASCII && isAlphanumeric(byte(r)):
			b.WriteByte(substituted(byte(r)))
		case r > unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		}
	}
	return b.String()
}
