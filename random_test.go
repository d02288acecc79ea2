package nidan_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestRandom takes long random sequences of the same commands in the same
// small world, held against the same laws. Exploration is exhaustive and
// shallow; this goes deep where it happens to.
func TestRandom(t *testing.T) {
	r := newRoom()
	all, found := seeds(r)
	if found != nil {
		t.Fatalf("law %q is broken: %s", found.law, found.how)
	}
	names := slices.Sorted(maps.Keys(all))
	commands := moves()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SampledFrom(names).Draw(t, "seed")
		w := all[seed].w.clone()
		steps := rapid.SliceOfN(rapid.IntRange(0, len(commands)-1), 20, 120).Draw(t, "commands")
		var path []string
		for _, m := range steps {
			before := w.clone()
			reason, broken := r.make(commands[m], w, before, newTally(len(commands)))
			if reason == "" {
				continue
			}
			path = append(path, commands[m].name+" → "+string(reason))
			if len(broken) > 0 {
				t.Fatalf("law %q is broken: %s\nfrom %q:\n%v", broken[0].law, broken[0].how, seed, path)
			}
		}
		for person := range people {
			p := &play{room: r, w: w.clone()}
			r.enter(p.w)
			if p.gets(person); len(p.broken) > 0 {
				t.Fatalf("law %q is broken: %s\nfrom %q:\n%v", p.broken[0].law, p.broken[0].how, seed, path)
			}
		}
	})
}
