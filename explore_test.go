package nidan_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nidan-auth/nidan"
)

// TestExplore takes every sequence of the core's commands, up to a depth, from
// every seed state of the small world. States that no command can tell apart
// are visited once; every move and every state is held against the laws. With
// NIDAN_EXPLORE=full it goes as deep as the project's promise asks and demands
// that every command, every reason and every law was met; with "long" one move
// deeper where that is less than the deepest, and with "bugs" as deep as every seeded bug needs. NIDAN_EXPLORE_FROM
// names the one seed to begin from.
func TestExplore(t *testing.T) {
	far := func(d depth) int { return d.short }
	least, spare := 0, 400
	switch os.Getenv("NIDAN_EXPLORE") {
	case "bugs":
		far = func(d depth) int { return d.bugs }
	case "full":
		far, least = func(d depth) int { return d.full }, 200_000
	case "long":
		far, least = func(d depth) int { return max(d.full, min(d.full+1, deep.full)) }, 300_000
		spare = 100
	}
	defer debug.SetGCPercent(debug.SetGCPercent(spare))
	x := newExplorer()
	if from := os.Getenv("NIDAN_EXPLORE_FROM"); from != "" {
		x.order = slices.DeleteFunc(x.order, func(seed string) bool { return seed != from })
	}
	t.Cleanup(func() { t.Log(x.report()) })
	if v := x.explore(func(name string) int { return far(x.seeds[name].depth) }); v != nil {
		t.Fatalf("law %q is broken: %s\nshortest sequence, from %q:\n  %s", v.law, v.how, v.seed, strings.Join(v.path, "\n  "))
	}
	if x.states < least {
		t.Errorf("only %d distinct states", x.states)
	}
	if least > 0 {
		x.complete(t)
	}
}

// explorer walks the small world breadth first, so that the first violation
// has the shortest sequence.
type explorer struct {
	moves []move
	seeds map[string]*seed
	found *finding // on the way to a seed
	order []string

	over    atomic.Bool // something was found: the rest of its level cannot be shorter
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
		x.seen[x.seeds[seed].w.canon()] = struct{}{}
		level = append(level, &node{w: x.seeds[seed].w, seed: seed, move: -1})
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
func (x *explorer) expand(level []*node, worker int, last func(seed string) bool) (next []*node, found *finding) {
	r := newRoom()
	tally := newTally(len(x.moves))
	defer func() { x.add(tally) }()
	defer func() {
		if found != nil {
			x.over.Store(true)
		}
	}()
	for i := worker; i < len(level) && !x.over.Load(); i += workers {
		parts := x.seeds[level[i].seed].parts
		for m := range x.moves {
			if !x.moves[m].in(parts) {
				continue
			}
			w := level[i].w.clone()
			reason, broken := r.make(x.moves[m], w, level[i].w, tally)
			if len(broken) > 0 {
				return next, &finding{broken[0], level[i].seed, level[i].path(x.moves, m)}
			}
			if reason == "" {
				continue
			}
			tally.took(m, reason)
			if level[i].via == nil {
				tally.laws[lawRace]++
				if v := r.loses(x.moves[m], level[i].w, w, reason); v != nil {
					return next, &finding{*v, level[i].seed, level[i].path(x.moves, m)}
				}
			}
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
		p.collect()
	}
	if len(p.broken) == 0 {
		p.lawsAfter(before, reason)
	}
	return reason, p.broken
}

// loses makes a move whose first commit loses the race, of a process that
// remembers documents that never came to be, and compares what comes of it with
// what came of it without: a retry hands out the same, and only what it commits.
func (r *room) loses(m move, before, after *world, reason nidan.Reason) *violation {
	w := before.clone()
	r.enter(w)
	r.remember(after)
	p := &play{room: r, w: w}
	r.races = 1
	got := m.do(p)
	if r.races > 0 && !changed(before, after) {
		return nil // it commits nothing
	}
	r.leave(w)
	w.reread(r)
	p.collect()
	switch {
	case len(p.broken) > 0:
		return &violation{lawRace, p.broken[0].how}
	case got != reason || w.canon() != after.canon():
		return &violation{lawRace, "it was answered " + string(got) + " after a lost race, and comes to another state"}
	}
	return nil
}

// changed reports whether a document that was there became another.
func changed(before, after *world) bool {
	return slices.ContainsFunc(before.db.docs, func(d nidan.Record) bool {
		return !slices.ContainsFunc(after.db.docs, func(e nidan.Record) bool {
			return d.Kind == e.Kind && d.ID == e.ID && d.Version == e.Version
		})
	})
}

// lives checks the liveness law of a state: for the one with the password once
// for all states that agree on what decides it, and for the others, whose ways
// in are long, once for all that agree on what decides theirs.
func (x *explorer) lives(r *room, w *world) *violation {
	for person, key := range [people][16]byte{w.canonAlice(), w.canonLost(withMailbox), w.canonLost(withPatience)} {
		if !x.fresh(key) {
			continue
		}
		p := &play{room: r, w: w.clone()}
		r.enter(p.w)
		if p.gets(person); len(p.broken) > 0 {
			v := p.broken[0]
			v.how += " (on the way in of the one with " + persons[person] + ")"
			return &v
		}
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
