package web

import (
	"slices"

	"github.com/nidan-auth/nidan"
)

// choose returns the way with this id, or the one to ask first, and the others
// that take an answer. false: none does.
func choose(ways []nidan.Way, id string) (way nidan.Way, others []nidan.Way, ok bool) {
	live := slices.DeleteFunc(slices.Clone(ways), func(w nidan.Way) bool { return w.Disabled || w.Barred || w.TooLow })
	if len(live) == 0 {
		return nidan.Way{}, nil, false
	}
	i := max(0, slices.IndexFunc(live, func(w nidan.Way) bool { return w.ID == id }))
	way = live[i]
	return way, slices.Delete(live, i, i+1), true
}

// barred returns the ways that would prove nothing more now, or less than the
// product that led here asks for.
func barred(ways []nidan.Way) []nidan.Way {
	return slices.DeleteFunc(slices.Clone(ways), func(w nidan.Way) bool { return w.Disabled || !w.Barred && !w.TooLow })
}

// marks are what tells several ways of one method apart, by their ids: their
// names, or when they were added.
func marks(ways []nidan.Way) map[string]*message {
	out := map[string]*message{}
	for _, w := range ways {
		twins, namesakes := 0, 0
		for _, x := range ways {
			if x.Method == w.Method && !x.Disabled {
				twins++
				if x.Name == w.Name {
					namesakes++
				}
			}
		}
		switch {
		case twins < 2:
		case w.Name != "" && namesakes == 1:
			out[w.ID] = msg("second.named", "name", w.Name)
		default:
			out[w.ID] = msg("second.added", "when", w.Added)
		}
	}
	return out
}
