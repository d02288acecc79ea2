package crash

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowd is the people who put the program under load.
type crowd struct {
	p      *program
	random *rand.Rand
	people []*person
	gone   []*person // no longer driven, still to be checked at the end
	named  int
}

// join makes a new account, by the command line and the link.
func (c *crowd) join() error {
	c.named++
	who, err := c.p.person(fmt.Sprintf("person%d@example.com", c.named))
	if err == nil {
		c.people = append(c.people, who)
	}
	return err
}

// workers is how many people do something at a time.
const workers = 6

// load has everybody do what they do until stop is closed. Every answer that
// must not come fails the test.
func (c *crowd) load(stop <-chan struct{}) (wait func()) {
	c.p.t.Helper()
	var all sync.WaitGroup
	for n := range workers {
		random := rand.New(rand.NewPCG(c.random.Uint64(), 1))
		all.Go(func() {
			for turn := 0; ; turn++ {
				for i := n; i < len(c.people); i += workers {
					select {
					case <-stop:
						return
					default:
					}
					err := c.people[i].act(random)
					switch {
					case errors.Is(err, errDied) && c.p.dying.Load():
						c.people[i].done["in doubt"]++
						return
					case err != nil && !errors.Is(err, errDied):
						c.p.t.Errorf("%s: %v", c.people[i].name, err)
						return
					}
				}
				time.Sleep(time.Millisecond) // where everybody waits for the next code
			}
		})
	}
	return all.Wait
}

// each runs do for everybody, several at a time.
func (c *crowd) each(do func(*person) error) {
	c.p.t.Helper()
	var all sync.WaitGroup
	everybody := slices.Concat(c.people, c.gone)
	for n := range workers {
		all.Go(func() {
			for i := n; i < len(everybody); i += workers {
				if err := do(everybody[i]); err != nil {
					c.p.t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// refresh replaces people who have been checked often enough.
func (c *crowd) refresh() {
	for i, who := range c.people {
		if !who.spent() {
			continue
		}
		c.gone = append(c.gone, who)
		c.people[i] = c.people[len(c.people)-1]
		c.people = c.people[:len(c.people)-1]
		if err := c.join(); err != nil {
			c.p.t.Fatal(err)
		}
		return
	}
}

// sum adds up what was acknowledged.
func (c *crowd) sum() (map[string]int, int) {
	all, busy := make(map[string]int), 0
	for _, who := range slices.Concat(c.people, c.gone) {
		for what, n := range who.done {
			all[what] += n
		}
		busy += who.busy
	}
	return all, busy
}

// acts are what has to have happened often enough to speak of load.
var acts = []string{"log-in by app", "log-in by backup code", "log-out", "set-up", "turning off", "reissue", "replay", "in doubt"}

// The program is killed at random moments of a busy day, fifteen times or, with
// NIDAN_LONG=1, two hundred. It starts again by itself, its trails are whole,
// and what it had acknowledged is so.
func TestKill(t *testing.T) {
	kills := 15
	if os.Getenv("NIDAN_LONG") == "1" {
		kills = 200
	}
	p := newProgram(t, filepath.Join(t.TempDir(), "data"))
	c := &crowd{p: p, random: seeded(t)}
	p.start()
	for range 3 * workers {
		if err := c.join(); err != nil {
			t.Fatal(err)
		}
	}
	// On a machine that is busy with other things a day has fewer acts: then
	// there are more days, and longer ones.
	enough := func() bool {
		all, _ := c.sum()
		for _, what := range acts {
			if all[what] < kills/3 {
				return false
			}
		}
		return true
	}
	for k := 0; k < kills || k < 4*kills && !enough(); k++ {
		stop := make(chan struct{})
		wait := c.load(stop)
		moment := time.Duration(150+c.random.IntN(2350)) * time.Millisecond * time.Duration(1+k/kills)
		time.Sleep(moment) // the random moment itself
		p.isAsked()
		p.kill()
		close(stop)
		wait()
		if k%2 == 0 {
			p.verified() // before anybody has started it again
		}
		p.start()
		if k%2 == 1 {
			p.verified()
		}
		c.each((*person).check)
		c.refresh()
		if t.Failed() {
			t.Fatalf("after kill %d, %v into the load", k+1, moment)
		}
	}
	if len(p.broken) > 0 {
		t.Errorf("%d pages said that the program failed: %s", len(p.broken), p.broken[0])
	}
	all, busy := c.sum()
	t.Logf("at least %d kills, %d accounts; acknowledged: %v; without a verdict: %d", kills, c.named, all, busy)
	for _, what := range acts {
		if all[what] < kills/3 {
			t.Errorf("only %d × %s: that is no load", all[what], what)
		}
	}
}

// Killed during its very first start, again and again: the next start goes on
// from wherever that was.
func TestKillFirstStart(t *testing.T) {
	random := seeded(t)
	var whole time.Duration // what a first start takes, as the machine is now
	stages := make(map[string]int)
	for folders := 0; folders < 12 || folders < 80 && len(stages) < len(allStages); folders++ {
		if folders%4 == 0 {
			sample := newProgram(t, filepath.Join(t.TempDir(), "data"))
			begun := time.Now()
			sample.start()
			whole = time.Since(begun)
			sample.kill()
			t.Logf("a first start takes %v", whole)
		}
		p := newProgram(t, filepath.Join(t.TempDir(), "data"))
		for n := range 1 + folders%3 {
			if err := p.spawn(); err != nil {
				t.Fatal(err)
			}
			moment := time.Duration(random.Int64N(int64(whole)))
			if n == 0 && folders%2 == 1 { // about the instant at which there is a keyring
				p.keyring()
				moment = time.Duration(random.Int64N(int64(6 * time.Millisecond)))
				if folders%4 == 1 {
					moment = 0
				}
			}
			time.Sleep(moment) // the random moment itself
			p.kill()
			stages[stage(t, p.data)]++
		}
		p.start()
		p.kill()
		if got := stage(t, p.data); got != allStages[len(allStages)-1] {
			t.Errorf("after a start that was not disturbed: %s", got)
		}
		p.start()
		if folders < 12 {
			c := &crowd{p: p, random: random}
			if err := c.join(); err != nil {
				t.Fatal(err)
			}
			if err := c.people[0].check(); err != nil {
				t.Error(err)
			}
		}
		p.verified()
		p.kill()
	}
	t.Logf("it was killed when there was: %v", stages)
	if len(stages) < len(allStages)-1 {
		t.Errorf("only %d stages of a start were met, of %d", len(stages), len(allStages))
	}
}

// keyring waits until there is one.
func (p *program) keyring() {
	for path := filepath.Join(p.data, "keyring", "keyring.json"); p.alive(); {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
}

// allStages are those of a first start, in order.
var allStages = []string{
	"nothing", "a database that is empty", "a database with tables", "a keyring, and no canary", "a keyring that says it is new", "a keyring in use",
}

// stage tells how far a first start has come. The program is not running.
func stage(t *testing.T, data string) string {
	t.Helper()
	path := filepath.Join(data, "nidan.db")
	if _, err := os.Stat(path); err != nil {
		return allStages[0]
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	canaries, tables := 0, 0
	if err := db.QueryRow("SELECT COUNT(*) FROM sqlite_master WHERE name = 'nidan_canary'").Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables == 0 {
		return allStages[1]
	}
	if err := db.QueryRow("SELECT COUNT(*) FROM nidan_canary").Scan(&canaries); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(data, "keyring", "keyring.json"))
	switch {
	case err != nil:
		return allStages[2]
	case canaries == 0:
		return allStages[3]
	case strings.Contains(string(text), `"new"`):
		return allStages[4]
	}
	return allStages[5]
}

// SECURITY C3: wrong answers are counted before they are answered, so a kill
// between two of them forgives nothing.
func TestKillForgivesNothing(t *testing.T) {
	p := newProgram(t, filepath.Join(t.TempDir(), "data"))
	p.start()
	who, err := p.person("person@example.com")
	if err != nil {
		t.Fatal(err)
	}
	for who.protected != yes {
		if err := who.act(seeded(t)); err != nil {
			t.Fatal(err)
		}
	}
	stranger := p.visitor()
	for i := range 6 {
		if i == 4 { // the sign-in would end at its fifth: a new one forgives nothing either
			stranger = p.visitor()
		}
		if stranger.cookie("pending") == "" {
			if a, err := stranger.post("/login", "login", who.name, "password", who.password); err != nil || !a.to("/login/second") {
				t.Fatal(a, err)
			}
		}
		page, err := stranger.get("/login/second")
		if err != nil {
			t.Fatal(err)
		}
		a, err := stranger.post("/login/second", "way", page.field("way"), "code", who.wrongCode())
		want := 422
		if i == 5 {
			want = 429
		}
		if err != nil || a.status != want {
			t.Errorf("wrong answer %d: %s %v", i+1, a, err)
		}
		p.kill()
		p.start()
	}
	p.verified()
}
