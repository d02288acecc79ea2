package web

import (
	"slices"

	"github.com/nidan-auth/nidan"
)

// choose returns the way with this id, or the one to ask first, and the others
// that take an answer. false: none does.
func choose(ways []nidan.Way, id string) (way nidan.Way, others []nidan.Way, ok bool) {
	live := slices.DeleteFunc(slices.Clone(ways), func(w nidan.Way) bool { return w.Disabled })
	if len(live) == 0 {
		return nidan.Way{}, nil, false
	}
	i := max(0, slices.IndexFunc(live, func(w nidan.Way) bool { return w.ID == id }))
	way = live[i]
	return way, slices.Delete(live, i, i+1), true
}
