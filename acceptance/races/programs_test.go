package races

import (
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// pair is two programs on one folder.
type pair [2]*rig.Rig

func newPair(t *testing.T) pair {
	first := rig.New(t)
	return pair{first, rig.New(t, rig.DataIn(first.Data))}
}

func (p pair) advance(d time.Duration) {
	for _, r := range p {
		r.Clock.Advance(d)
	}
}

// protected is rig's Protected with both clocks.
func (p pair) protected() (*rig.Person, *rig.Browser) {
	who, b := p[0].Protected()
	p[1].Clock.Advance(p[0].Clock.Wall().Sub(p[1].Clock.Wall()))
	return who, b
}

// spread gives every second one of n browsers to the second program.
func (p pair) spread(open []*rig.Browser, n int) []*rig.Browser {
	var all []*rig.Browser
	for i := range n {
		b := open[i%len(open)]
		if i/len(open)%2 == 1 {
			b = move(p[1], b)
		} else {
			b = b.Clone()
		}
		all = append(all, b)
	}
	return all
}

// SECURITY D2, two nodes: one code, at two programs.
func TestTwoProgramsOneCode(t *testing.T) {
	nodes := newPair(t)
	who, home := nodes.protected()
	b := newBook(t, nodes[0], who)
	for round := range 4 {
		open := begin(t, who, nodes[0].Browser(), 1)
		if round%2 == 1 {
			open = append(begin(t, who, home, 5), begin(t, who, nodes[0].Browser(), 5)...)
		}
		way, code := who.Way("totp"), who.Phone.Code()
		b.since()
		all := nodes.spread(open, 50)
		pages := parallel(50, func(i int) rig.Page { return all[i].Post("/login/second", "way", way, "code", code) })
		t.Log(b.oneWon(pages))
		nodes.advance(11 * time.Minute)
		who.LogIn(home)
		nodes.advance(time.Minute)
	}
	sound(t, nodes[0])
	sound(t, nodes[1])
}

func TestTwoProgramsOneBackupCode(t *testing.T) {
	nodes := newPair(t)
	who, _ := nodes.protected()
	b := newBook(t, nodes[0], who)
	for round := range 3 {
		open := begin(t, who, nodes[0].Browser(), 1)
		way, code := who.Way("backup"), who.Codes[round]
		b.since()
		all := nodes.spread(open, 20)
		pages := parallel(20, func(i int) rig.Page { return all[i].Post("/login/second", "way", way, "code", code) })
		t.Log(b.oneWon(pages))
	}
	if left := sheet(b).Left; left != 7 {
		t.Errorf("%d codes are left, want 7", left)
	}
	sound(t, nodes[1])
}

// One set-up, completed at both.
func TestTwoProgramsComplete(t *testing.T) {
	nodes := newPair(t)
	f := finishes[0]
	who, b := f.ready(t, nodes[0])
	book := newBook(t, nodes[0], who)
	all := nodes.spread([]*rig.Browser{b}, 4)
	pages := parallel(4, func(i int) rig.Page { return all[i].Post(f.at, "ticket", all[i].Hash(f.cookie), "saved", "yes") })
	passed := 0
	for _, page := range pages {
		if page.Status == 303 && strings.HasSuffix(page.Location, f.done) {
			passed++
		} else if len(page.SetNames) > 0 || page.Status >= 500 && page.Status != 503 {
			t.Errorf("a loser: status %d with %v", page.Status, page.SetNames)
		}
	}
	if n := book.since(); passed != 1 || n[nidan.EventOn] != 1 || total(n) != 1 {
		t.Errorf("%d passed; the trail has %v", passed, n)
	}
	sound(t, nodes[0])
}

// Turning off at one program against answering at the other.
func TestTwoProgramsTurnOffAgainstAnswer(t *testing.T) {
	nodes := newPair(t)
	who, home := nodes.protected()
	for range rounds / 5 {
		begun := time.Now()
		visitor := move(nodes[1], begin(t, who, nodes[0].Browser(), 1)[0])
		hash := time.Since(begun) // little else takes time
		app, sheet, code := who.Way("totp"), who.Way("backup"), who.Phone.Code()
		var offPage rig.Page
		rig.Together(
			func() {
				offPage = home.Post("/security/off", "password", who.Password, "way", sheet, "code", who.Codes[0])
			},
			func() {
				time.Sleep(hash) // so that they meet
				visitor.Post("/login/second", "way", app, "code", code)
			},
		)
		led(t, offPage, "/security/off/done")
		if visitor.Cookie("session") != "" && visitor.Clone().Get("/security").Status == 200 {
			t.Error("a session of before lives after the turning off")
		}
		if !viewOf(t, nodes[1], who).Protected.IsZero() {
			t.Error("it is not off at the other program")
		}
		nodes.advance(time.Minute)
		who.TurnOn(home)
		nodes.advance(time.Minute)
	}
	sound(t, nodes[1])
}
