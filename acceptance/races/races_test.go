// Package races has many requests do the same thing at the same instant, on the
// running program, and counts what came of it: one code is one session, and
// what was judged is what was counted (SECURITY D1 to D6, laws 1 and 5).
package races

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// A verdict is what one of many answers came to.
type verdict int

const (
	won      verdict = iota // a session
	judged                  // wrong, used, late: counted
	unjudged                // wait, gone, too busy: not counted
	strange                 // anything else
)

// judgedReasons are those that stand for an answer that was judged. The last
// one is what the fifth wrong answer of a sign-in gets.
var judgedReasons = []nidan.Reason{
	nidan.WrongAnswer, nidan.UsedAnswer, nidan.LateAnswer, nidan.ClockBehind, nidan.ReplacedAnswer, nidan.SignInEnded,
}

var unjudgedReasons = []nidan.Reason{nidan.Gone, nidan.Expired}

func verdictOf(p rig.Page) (verdict, string) {
	got := slices.Contains(p.SetNames, "session")
	switch {
	case p.Status == 303 && got:
		return won, p.Location
	case got:
		return strange, fmt.Sprintf("a session with status %d", p.Status)
	case !p.Ours():
		return strange, fmt.Sprintf("status %d to %q and no page of ours", p.Status, p.Location)
	case p.Status == 429 && p.SaysReason(nidan.Waiting), p.Status == 503 && p.Says("fault.busy"):
		if p.Header.Get("Retry-After") == "" {
			return strange, "no Retry-After"
		}
		return unjudged, fmt.Sprint(p.Status)
	case p.Status == 422:
		for _, r := range unjudgedReasons {
			if p.SaysReason(r) {
				return unjudged, string(r)
			}
		}
		for _, r := range judgedReasons {
			if p.SaysReason(r) {
				return judged, string(r)
			}
		}
	}
	return strange, fmt.Sprintf("status %d: %s", p.Status, p.Text())
}

// A tally counts verdicts.
type tally struct {
	t       *testing.T
	n       [4]int
	reasons map[string]int
}

func count(t *testing.T, pages []rig.Page) *tally {
	t.Helper()
	c := &tally{t: t, reasons: make(map[string]int)}
	for _, p := range pages {
		v, why := verdictOf(p)
		c.n[v]++
		c.reasons[why]++
		if v == strange {
			t.Errorf("an answer that is none of the expected: %s", why)
		}
	}
	return c
}

func (c *tally) String() string {
	var words []string
	for why, n := range c.reasons {
		words = append(words, fmt.Sprintf("%d %s", n, why))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// parallel sends n requests at once and returns their answers.
func parallel(n int, do func(i int) rig.Page) []rig.Page {
	pages, all := make([]rig.Page, n), make([]func(), n)
	for i := range n {
		all[i] = func() { pages[i] = do(i) }
	}
	rig.Together(all...)
	return pages
}

// A book compares what the document counts with what the trail records, and
// what the trail records with what the answers said.
type book struct {
	*testing.T
	r      *rig.Rig
	p      *rig.Person
	events int // looked at so far
}

func newBook(t *testing.T, r *rig.Rig, p *rig.Person) *book {
	b := &book{T: t, r: r, p: p}
	b.events = len(b.trail())
	return b
}

func (b *book) trail() []nidan.Event {
	b.Helper()
	events, err := b.r.Service().Events(context.Background(), b.p.Name, 1, 100_000)
	if err != nil {
		b.Fatal(err)
	}
	return events
}

func (b *book) view() nidan.AccountView {
	b.Helper()
	v, err := b.r.Service().Show(context.Background(), b.p.Name)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// since counts the events of a kind since the last look.
func (b *book) since() map[nidan.EventKind]int {
	b.Helper()
	n := make(map[nidan.EventKind]int)
	all := b.trail()
	for _, e := range all[b.events:] {
		n[e.Kind]++
	}
	b.events = len(all)
	return n
}

// balance checks that the counters in the document are those that follow from
// the trail: a refusal counts one, a success of that authenticator forgives it
// and no other.
func (b *book) balance() {
	b.Helper()
	wrong := make(map[string]*[2]int)
	of := func(id string) *[2]int {
		if wrong[id] == nil {
			wrong[id] = new([2]int)
		}
		return wrong[id]
	}
	for _, e := range b.trail() {
		switch e.Kind {
		case nidan.EventRefused:
			class := nidan.Other
			if e.Known {
				class = nidan.Known
			}
			of(e.Authenticator)[class]++
		case nidan.EventSignIn, nidan.EventStepPassed:
			*of(e.Authenticator) = [2]int{}
		}
	}
	v := b.view()
	var want [2]int
	for _, a := range v.Authenticators {
		if a.Disabled.IsZero() {
			want[nidan.Other] += of(a.ID)[nidan.Other]
			want[nidan.Known] += of(a.ID)[nidan.Known]
		}
	}
	if v.WrongKnown != want[nidan.Known] || v.WrongOther != want[nidan.Other] {
		b.Errorf("the document counts %d wrong answers from known browsers and %d from others; the trail says %d and %d", v.WrongKnown, v.WrongOther, want[nidan.Known], want[nidan.Other])
	}
}

// oneWon checks the answers of a race for one code.
func (b *book) oneWon(pages []rig.Page) *tally {
	b.Helper()
	c := count(b.T, pages)
	n := b.since()
	if c.n[won] != 1 || n[nidan.EventSignIn] != 1 {
		b.Errorf("%d sessions and %d log-ins in the trail, want exactly one: %s", c.n[won], n[nidan.EventSignIn], c)
	}
	if n[nidan.EventRefused] != c.n[judged] {
		b.Errorf("%d answers were judged and %d are recorded: %s", c.n[judged], n[nidan.EventRefused], c)
	}
	b.balance()
	return c
}

// sound is that nothing stored contradicts anything else.
func sound(t *testing.T, r *rig.Rig) {
	t.Helper()
	if _, err := r.Service().Verify(context.Background(), func(f *nidan.Fault) { t.Errorf("audit verify: %v", f) }); err != nil {
		t.Errorf("audit verify: %v", err)
	}
}

// begin opens n sign-ins, each in a clone of the browser.
func begin(t *testing.T, p *rig.Person, b *rig.Browser, n int) []*rig.Browser {
	t.Helper()
	var all []*rig.Browser
	for range n {
		c := b.Clone()
		if page := p.First(c); c.Cookie("pending") == "" {
			t.Fatalf("no open sign-in: %d %s", page.Status, page.Text())
		}
		all = append(all, c)
	}
	return all
}
