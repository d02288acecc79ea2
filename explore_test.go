package nidan_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/nidan-auth/nidan"
)

// TestExplore takes every sequence of the core's commands, up to a depth, from
// every seed state of the small world. States that no command can tell apart
// are visited once; every move and every state is held against the laws. With
// NIDAN_EXPLORE=full it goes as deep as the project's promise asks and demands
// that every command, every reason and every law was met; with "long" it goes
// that deep from every seed, and with "bugs" as deep as every seeded bug needs.
func TestExplore(t *testing.T) {
	depth := func(string) int { return 2 }
	least := 0
	switch os.Getenv("NIDAN_EXPLORE") {
	case "bugs":
		depth = func(string) int { return 3 }
	case "full":
		depth, least = func(seed string) int {
			if slices.Contains(deepSeeds, seed) {
				return 4
			}
			return 3
		}, 200_000
	case "long":
		depth, least = func(string) int { return 4 }, 300_000
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	x := newExplorer()
	t.Cleanup(func() { t.Log(x.report()) })
	if v := x.explore(depth); v != nil {
		t.Fatalf("law %q is broken: %s\nshortest sequence, from %q:\n  %s", v.law, v.how, v.seed, strings.Join(v.path, "\n  "))
	}
	if x.states < least {
		t.Errorf("only %d distinct states", x.states)
	}
	if least > 0 {
		x.complete(t)
	}
}

// deepSeeds are gone into one move deeper than the others.
var deepSeeds = []string{
	"without two-step verification", "protected, logged in", "in by a backup code",
	"codes reissued", "four wrong, the fifth at hand", "frozen",
}

// explorer walks the small world breadth first, so that the first violation
// has the shortest sequence.
type explorer struct {
	moves []move
	seeds map[string]*world
	found *finding // on the way to a seed
	order []string

	mu      sync.Mutex
	seen    map[[16]byte]struct{} // states, and the parts of them that were seen alive
	states  int
	steps   int
	perSeed map[string]int
	reasons map[nidan.Reason]int
	taken   []int // per move: how often it was answered at all
	laws    map[string]int
}

// a finding is a violation with the way to it.
type finding struct {
	violation
	seed string
	path []string
}

// a node of the search: a state, and how it was come by.
type node struct {
	w    *world
	seed string
	via  *node
	move int
}

func (n *node) path(m []move, last int) []string {
	var p []string
	p = append(p, m[last].name)
	for ; n.via != nil; n = n.via {
		p = append(p, m[n.move].name)
	}
	slices.Reverse(p)
	return p
}

func newExplorer() *explorer {
	x := &explorer{
		moves: moves(), seen: make(map[[16]byte]struct{}),
		perSeed: make(map[string]int), reasons: make(map[nidan.Reason]int), laws: make(map[string]int),
	}
	x.taken = make([]int, len(x.moves))
	x.seeds, x.found = seeds(newRoom())
	for name := range x.seeds {
		x.order = append(x.order, name)
	}
	sort.Strings(x.order)
	return x
}

// workers is how many rooms are explored at once.
const workers = 2

// explore goes one move deeper from all seeds at a time, and returns the first
// finding: no other has a shorter sequence.
func (x *explorer) explore(depth func(seed string) int) *finding {
	var level []*node
	for _, seed := range x.order {
		x.seen[x.seeds[seed].canon()] = struct{}{}
		level = append(level, &node{w: x.seeds[seed], seed: seed, move: -1})
	}
	for d := 1; len(level) > 0; d++ {
		last := func(seed string) bool { return depth(seed) == d }
		next := make([][]*node, workers)
		found := make([]*finding, workers)
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() {
				next[i], found[i] = x.expand(level, i, last)
			})
		}
		wg.Wait()
		for _, f := range found {
			if f != nil {
				return f
			}
		}
		level = slices.Concat(next...)
	}
	return x.found
}

// expand makes every move from every workers-th state of a level.
func (x *explorer) expand(level []*node, worker int, last func(seed string) bool) (next []*node, _ *finding) {
	r := newRoom()
	tally := newTally(len(x.moves))
	defer func() { x.add(tally) }()
	for i := worker; i < len(level); i += workers {
		for m := range x.moves {
			w := level[i].w.clone()
			reason, broken := r.make(x.moves[m], w, level[i].w, tally)
			if len(broken) > 0 {
				return next, &finding{broken[0], level[i].seed, level[i].path(x.moves, m)}
			}
			if reason == "" {
				continue
			}
			tally.took(m, reason)
			if !x.fresh(w.canon()) {
				continue
			}
			tally.states[level[i].seed]++
			tally.laws[lawLive]++
			if v := x.lives(r, w); v != nil {
				return next, &finding{*v, level[i].seed, level[i].path(x.moves, m)}
			}
			if !last(level[i].seed) {
				next = append(next, &node{w: w, seed: level[i].seed, via: level[i], move: m})
			}
		}
	}
	return next, nil
}

// make makes one move in a world of its own and checks all laws.
func (r *room) make(m move, w, before *world, t *tally) (nidan.Reason, []violation) {
	r.enter(w)
	p := &play{room: r, w: w, laws: t.laws}
	reason := m.do(p)
	if reason == "" {
		return "", nil
	}
	r.leave(w)
	w.reread(r)
	if len(p.broken) == 0 {
		p.lawsAfter(before, reason)
	}
	return reason, p.broken
}

// lives checks the liveness law of a state, once for all states that agree on
// what decides it.
func (x *explorer) lives(r *room, w *world) *violation {
	if !x.fresh(w.canonAlice()) {
		return nil
	}
	p := &play{room: r, w: w.clone()}
	r.enter(p.w)
	if p.liveness(); len(p.broken) > 0 {
		return &p.broken[0]
	}
	return nil
}

func (x *explorer) fresh(c [16]byte) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, ok := x.seen[c]; ok {
		return false
	}
	x.seen[c] = struct{}{}
	return true
}

// tally is what one worker counts.
type tally struct {
	states  map[string]int // by seed
	steps   int
	reasons map[nidan.Reason]int
	taken   []int
	laws    map[string]int
}

func newTally(moves int) *tally {
	return &tally{states: make(map[string]int), reasons: make(map[nidan.Reason]int), taken: make([]int, moves), laws: make(map[string]int)}
}

func (t *tally) took(m int, r nidan.Reason) {
	t.steps++
	t.taken[m]++
	t.reasons[r]++
}

func (x *explorer) add(t *tally) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.steps += t.steps
	for seed, n := range t.states {
		x.perSeed[seed] += n
		x.states += n
	}
	for r, n := range t.reasons {
		x.reasons[r] += n
	}
	for l, n := range t.laws {
		x.laws[l] += n
	}
	for m, n := range t.taken {
		x.taken[m] += n
	}
}

// complete fails unless everything was met.
func (x *explorer) complete(t *testing.T) {
	for m, n := range x.taken {
		if n == 0 {
			t.Errorf("the command %q was never answered", x.moves[m].name)
		}
	}
	for _, r := range everyReason() {
		if x.reasons[r] == 0 {
			t.Errorf("the reason %q was never met", r)
		}
	}
	for _, l := range everyLaw {
		if x.laws[l] == 0 {
			t.Errorf("the law %q was never checked", l)
		}
	}
}

func (x *explorer) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d distinct states, %d moves made\n", x.states, x.steps)
	for _, s := range x.order {
		fmt.Fprintf(&b, "  %-40s %8d states\n", s, x.perSeed[s])
	}
	b.WriteString("laws checked:\n")
	for _, l := range everyLaw {
		fmt.Fprintf(&b, "  %-95s %9d\n", l, x.laws[l])
	}
	b.WriteString("reasons met:")
	for _, r := range everyReason() {
		fmt.Fprintf(&b, " %s %d", r, x.reasons[r])
	}
	return b.String()
}
