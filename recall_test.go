package nidan_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/nidan-auth/nidan"
)

// What a process remembers of an account may never have come to be, or not here:
// another process committed, or an old state was put back. Whatever it is, a
// command comes to the same as without it.
func TestRecalled(t *testing.T) {
	r := newRoom()
	all, found := seeds(r)
	if found != nil {
		t.Fatalf("law %q is broken: %s", found.law, found.how)
	}
	commands := moves()
	compared, wrong := 0, 0
	for i, seed := range slices.Sorted(maps.Keys(all)) {
		many := 2
		switch {
		case seed == "19 wrong backup codes": // where the next one stops the password, and leaves sign-ins open
			many = 30
		case i%5 != 0:
			continue // all of them are explored; here a few will do
		}
		for _, pair := range siblings(r, all[seed].w, commands, many) {
			for m := range commands {
				want, reason := r.recalling(pair[0], pair[0], commands[m])
				got, said := r.recalling(pair[0], pair[1], commands[m])
				if reason == "" {
					continue
				}
				if compared++; said != reason || got != want {
					if wrong++; wrong < 5 {
						t.Errorf("from %q, %q is answered %s and with the right memory %s, or comes to another state", seed, commands[m].name, said, reason)
					}
				}
			}
		}
	}
	if compared < 1_000 {
		t.Errorf("only %d commands were compared", compared)
	}
}

// recalling makes a move in a world with the memory of another, and names what it
// comes to.
func (r *room) recalling(w, memory *world, m move) ([16]byte, nidan.Reason) {
	w = w.clone()
	r.enter(w)
	r.remember(memory)
	p := &play{room: r, w: w}
	reason := m.do(p)
	r.leave(w)
	w.reread(r)
	p.collect()
	return w.canon(), reason
}

// siblings are some pairs of worlds, one move from w, in which an account has the
// same version and says something else.
func siblings(r *room, w *world, commands []move, many int) (pairs [][2]*world) {
	var came []*world
	for m := 0; m < len(commands) && len(came) < 8*many; m++ {
		next := w.clone()
		if reason, _ := r.make(commands[m], next, w, newTally(len(commands))); reason != "" && next.canon() != w.canon() {
			came = append(came, next)
		}
	}
	for i, a := range came {
		if len(pairs) == many {
			break
		}
		for _, b := range came[i+1:] {
			if differ(a, b) {
				pairs = append(pairs, [2]*world{a, b})
				break
			}
		}
	}
	return pairs
}

func differ(a, b *world) bool {
	for _, x := range a.db.docs {
		for _, y := range b.db.docs {
			if x.Kind == nidan.KindAccount && x.ID == y.ID && x.Version == y.Version && !bytes.Equal(x.Sealed, y.Sealed) {
				return true
			}
		}
	}
	return false
}
