package mail

import (
	"strings"
	"unicode"
)

// columns returns how wide a line of a language may be: 72 columns, or 35 wide
// characters where the script has them.
func columns(language string) int {
	if language == "ja" || language == "ko" {
		return 70
	}
	return 72
}

// width is how many columns a text takes.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth follows UAX #11 for the scripts that the sentences are written in;
// what is ambiguous there counts as narrow.
func runeWidth(r rune) int {
	switch {
	case r >= 0x1100 && r <= 0x115F, // Hangul Jamo
		r >= 0x2E80 && r <= 0xA4CF, // CJK, kana, symbols and punctuation
		r >= 0xAC00 && r <= 0xD7A3, // Hangul
		r >= 0xF900 && r <= 0xFAFF,
		r >= 0xFE30 && r <= 0xFE4F,
		r >= 0xFF01 && r <= 0xFF60,
		r >= 0xFFE0 && r <= 0xFFE6:
		return 2
	}
	return 1
}

// wrap breaks a text into lines of at most limit columns: at spaces, and
// between Japanese characters where their rules of line breaking (JIS X 4051)
// let it, if it can at the end of a phrase. What has no place to break, like an
// address, is left whole.
func wrap(text string, limit int) []string {
	var lines []string
	rest := []rune(text)
	for {
		end := lineEnd(rest, limit)
		lines = append(lines, strings.TrimRight(string(rest[:end]), " "))
		for end < len(rest) && rest[end] == ' ' {
			end++
		}
		if rest = rest[end:]; len(rest) == 0 {
			return lines
		}
	}
}

// ragged is how many columns a line may be shorter for the sake of a phrase.
const ragged = 20

// lineEnd returns where the first line of a text ends.
func lineEnd(text []rune, limit int) int {
	good, last, lastAt, goodAt, at := 0, 0, 0, 0, 0
	for i, r := range text {
		if i > 0 && canBreak(text[i-1], r) {
			if last = i; isPhrase(text, i) {
				good, goodAt = i, at
			}
			lastAt = at
		}
		if r != ' ' && at+runeWidth(r) > limit {
			if last == 0 {
				return wordEnd(text, i)
			}
			if good > 0 && lastAt-goodAt <= ragged {
				return good
			}
			return last
		}
		at += runeWidth(r)
	}
	return len(text)
}

// wordEnd returns where a word that is too long for a line ends.
func wordEnd(text []rune, i int) int {
	for ; i < len(text); i++ {
		if canBreak(text[i-1], text[i]) {
			return i
		}
	}
	return len(text)
}

// Characters that do not begin a line, and that do not end one.
const (
	notFirst = "、。，．・：；？！）」』】〉》’”ー々ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ.,:;?!)%"
	notLast  = "（「『【〈《‘“("
)

// canBreak reports whether a line may end between two characters.
func canBreak(a, b rune) bool {
	if a == ' ' || b == ' ' {
		return a == ' ' && b != ' '
	}
	return (isJapanese(a) || isJapanese(b)) && !strings.ContainsRune(notFirst, b) && !strings.ContainsRune(notLast, a)
}

func isJapanese(r rune) bool { return r >= 0x2E80 && r <= 0xA4CF || r >= 0xFF01 && r <= 0xFF60 }

// isPhrase reports whether a phrase ends before text[i]: at a space, behind
// punctuation, or where hiragana give way to something else.
func isPhrase(text []rune, i int) bool {
	a, b := text[i-1], text[i]
	if a == ' ' || strings.ContainsRune("、。）」", a) {
		return true
	}
	if a == 'お' || a == 'ご' || a == 'り' { // they belong to what follows: お知らせ, 取り消す
		return false
	}
	if polite := b == 'お' || b == 'ご'; polite && i+1 < len(text) {
		b = text[i+1]
	}
	return unicode.Is(unicode.Hiragana, a) && !unicode.Is(unicode.Hiragana, b)
}
