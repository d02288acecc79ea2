package web

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxQuery is how much of a search is looked at and shown, in characters.
const maxQuery = 60

// typed is what a person can have meant by a query: one line, and not longer
// than maxQuery.
func typed(q string) string {
	q = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError || unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		}
		return r
	}, q)
	if runes := []rune(strings.TrimSpace(q)); len(runes) > maxQuery {
		return string(runes[:maxQuery])
	}
	return strings.TrimSpace(q)
}

// fold makes equal what reads the same: half and full width, upper and lower
// case, with and without an apostrophe.
func fold(s string) string {
	return strings.NewReplacer("'", "", "’", "").Replace(cases.Fold().String(norm.NFKC.String(s)))
}

func folded(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = fold(s)
	}
	return out
}

// helpSought is where a search looks, folded.
type helpSought struct {
	words  []string // of all languages
	title  string
	answer string
}

// find returns the answers for a query, the best first.
func (b *helpBook) find(query string) []*helpAnswer {
	type hit struct {
		*helpAnswer
		score float64
	}
	var hits []hit
	for _, g := range b.Groups {
		for _, a := range g.Answers {
			hits = append(hits, hit{helpAnswer: a})
		}
	}
	for _, term := range terms(fold(query)) {
		scores, found := make([]float64, len(hits)), 0.0
		for i, h := range hits {
			if scores[i] = h.sought.score(term); scores[i] > 0 {
				found++
			}
		}
		for i := range hits {
			if found > 0 {
				hits[i].score += scores[i] / found // a term that is everywhere says little
			}
		}
	}
	slices.SortStableFunc(hits, func(x, y hit) int { return cmp.Compare(y.score, x.score) })
	var out []*helpAnswer
	for _, h := range hits {
		if h.score > 0 && h.score >= hits[0].score/4 {
			out = append(out, h.helpAnswer)
		}
	}
	return out
}

// terms splits into words: runs of letters and digits.
func terms(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
}

// score says how well a term fits; 0: not at all.
func (s helpSought) score(term string) float64 {
	best := 0.0
	for _, w := range s.words {
		switch {
		case w == term:
			return 4
		case within(w, term):
			best = 3
		}
	}
	switch {
	case within(s.title, term):
		return max(best, 3)
	case best > 0:
		return best
	case within(s.answer, term):
		return 1
	}
	if unspaced(term) {
		return s.resembles(term)
	}
	return 0
}

// within reports whether a text has a term: anywhere where words are written
// without spaces, else at the beginning of a word, and with or without its
// ending ("codes", "code").
func within(text, term string) bool {
	if unspaced(term) {
		return strings.Contains(text, term)
	}
	return slices.ContainsFunc(terms(text), func(w string) bool {
		return w == term || len(term) > 2 && strings.HasPrefix(w, term) || len(w) > 3 && strings.HasPrefix(term, w)
	})
}

// unspaced reports whether a term is of a script that does not separate its
// words, or not from their endings.
func unspaced(term string) bool {
	return strings.ContainsFunc(term, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
	})
}

// resembles compares what was not typed quite as it is written here: by its
// beginning in Korean, where the endings change ("분실했어요"), else by its pairs
// of characters ("認証コードがこない").
func (s helpSought) resembles(term string) float64 {
	text, runes := s.title+" "+strings.Join(s.words, " "), []rune(term)
	met, of := 0, len(runes)-1
	for i := range of {
		if strings.Contains(text, string(runes[i:i+2])) {
			met++
		}
	}
	if unicode.Is(unicode.Hangul, runes[0]) {
		of = len(runes)
		for met = of - 1; met > 1 && !strings.Contains(text, string(runes[:met])); met-- {
		}
		if met < 2 {
			return 0
		}
	}
	if share := float64(met) / float64(max(of, 1)); share >= 0.4 {
		return 2 * share
	}
	return 0
}
