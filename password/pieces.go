package password

const (
	wordCounts  = 2 // a listed password
	minRepeat   = 3 // characters
	yearLength  = 4
	pieceCounts = 1 // anything else
)

// A sum is what the pieces of a text count for together.
type sum struct {
	count int
	word  bool // one of them is a listed password
}

// measure takes the folded password apart into pieces (see the package comment)
// and returns the least sum of all ways to do it.
//
// It goes from the end to the start, with least[i] for the text from i on. The
// work grows with the square of the length, which is 256 characters at most.
func (c common) measure(text []rune) sum {
	skel := skeleton(text)
	n := len(text)
	least := make([]sum, n+1)
	// alike[k] is how many characters from i on are the same as those from k
	// on.
	alike := make([]int, n+1)
	for i := n - 1; i >= 0; i-- {
		repeat := 0
		for k := range n {
			if text[k] == text[i] {
				alike[k] = 1 + alike[k+1]
			} else {
				alike[k] = 0
			}
			if k < i {
				repeat = max(repeat, alike[k])
			}
		}
		least[i] = sum{pieceCounts + least[i+1].count, least[i+1].word}
		piece := func(length, counts int, word bool) {
			rest := least[i+length]
			if s := counts + rest.count; s < least[i].count {
				least[i] = sum{s, word || rest.word}
			}
		}
		for l := minPiece; l <= c.longest && i+l <= n; l++ {
			if c.skeletons[string(skel[i:i+l])] {
				piece(l, wordCounts, true)
			}
		}
		for l := minRepeat; l <= max(repeat, walkLength(text[i:])); l++ {
			piece(l, pieceCounts, false)
		}
		if isYear(text[i:]) {
			piece(yearLength, pieceCounts, false)
		}
	}
	return least[0]
}

// isYear reports whether s begins with a year from 1900 to 2099.
func isYear(s []rune) bool {
	if len(s) < yearLength {
		return false
	}
	century := string(s[:2])
	return (century == "19" || century == "20") && isDigit(s[2]) && isDigit(s[3])
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
