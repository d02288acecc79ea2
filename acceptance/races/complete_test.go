package races

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// A finish is the last step of something that a ticket prepared.
type finish struct {
	name  string
	event nidan.EventKind // that exactly one of many records
	at    string          // where "I have saved them" is posted
	done  string          // where the winner is led
	// cookie that carries the ticket
	cookie string
	// ready brings a person and a browser to the last step
	ready func(*testing.T, *rig.Rig) (*rig.Person, *rig.Browser)
}

var finishes = []finish{
	{"set-up", nidan.EventOn, "/security/on/codes", "/security/on/done", "setup", func(t *testing.T, r *rig.Rig) (*rig.Person, *rig.Browser) {
		p, b := r.Person(), r.Browser()
		p.LogIn(b)
		p.Scan(b)
		led(t, b.Post("/security/on/scan", "ticket", b.Hash("setup"), "code", p.Phone.Code()), "/security/on/codes")
		p.Codes = r.ReadCodes(b.Get("/security/on/codes"))
		return p, b
	}},
	{"reissue", nidan.EventCodesIssued, "/security/codes/new", "/security/codes/done", "reissue", func(t *testing.T, r *rig.Rig) (*rig.Person, *rig.Browser) {
		p, b := r.Protected()
		led(t, b.Post("/security/codes", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code()), "/security/codes/new")
		p.Codes = r.ReadCodes(b.Get("/security/codes/new"))
		return p, b
	}},
	{"replaced code", nidan.EventCodeReplaced, "/security/code", "/security", "renew", func(t *testing.T, r *rig.Rig) (*rig.Person, *rig.Browser) {
		p, _ := r.Protected()
		b := begin(t, p, r.Browser(), 1)[0]
		led(t, p.Backup(b, p.Codes[3]), "/security/code")
		p.Codes[3] = r.ReadCodes(b.Get("/security/code"))[0]
		return p, b
	}},
}

func led(t *testing.T, p rig.Page, path string) {
	t.Helper()
	if !strings.HasSuffix(p.Location, path) {
		t.Fatalf("status %d to %q instead of %s: %s", p.Status, p.Location, path, p.Text())
	}
}

// shape counts the rows of every table.
func shape(r *rig.Rig) string {
	db := r.SQL()
	var words []string
	for _, t := range r.Tables(db) {
		words = append(words, fmt.Sprintf("%s %d", t.Name, len(r.Dump(db)[t.Name])))
	}
	return strings.Join(words, ", ")
}

// copyOf is another program on a copy of the data, at the same time.
func copyOf(t *testing.T, r *rig.Rig) *rig.Rig {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	copyData(t, r, dir)
	c := rig.New(t, rig.DataIn(dir))
	c.Clock.Advance(r.Clock.Wall().Sub(rig.Start))
	return c
}

// move is a browser of another program with the same cookies.
func move(to *rig.Rig, b *rig.Browser) *rig.Browser {
	c := to.Browser()
	for _, name := range []string{"session", "pending", "browser", "setup", "reissue", "renew"} {
		c.SetCookie(name, b.Cookie(name))
	}
	return c
}

// Exactly one Complete of a ticket passes, and what the others leave behind is
// what one Complete alone leaves: nothing else, in no table.
func TestCompleteTwice(t *testing.T) {
	for _, f := range finishes {
		t.Run(f.name, func(t *testing.T) {
			r := rig.New(t)
			for range 2 {
				p, b := f.ready(t, r)
				alone := copyOf(t, r)
				a := move(alone, b)
				led(t, a.Post(f.at, "ticket", a.Hash(f.cookie), "saved", "yes"), f.done)
				want := shape(alone)

				book := newBook(t, r, p)
				pages := parallel(6, func(int) rig.Page {
					c := b.Clone()
					page := c.Post(f.at, "ticket", c.Hash(f.cookie), "saved", "yes")
					if page.Status == 303 && strings.HasSuffix(page.Location, f.done) && c.Cookie("session") == "" {
						t.Error("the winner has no session")
					}
					return page
				})
				passed := 0
				for _, page := range pages {
					switch {
					case page.Status == 303 && strings.HasSuffix(page.Location, f.done):
						passed++
					case len(page.SetNames) > 0:
						t.Errorf("a loser was given %v", page.SetNames)
					case page.Status == 303 && strings.HasSuffix(page.Location, "/login"): // its session was minted anew
					case page.Status == 422 && page.Ours() && (page.SaysReason(nidan.DoneElsewhere) || page.SaysReason(nidan.AlreadyOn) || page.SaysReason(nidan.Gone)):
					case page.Status == 503 && page.Ours():
					default:
						t.Errorf("status %d to %q: %s", page.Status, page.Location, page.Text())
					}
				}
				n := book.since()
				if passed != 1 || n[f.event] != 1 || total(n) != 1 {
					t.Errorf("%d passed; the trail has %v", passed, n)
				}
				if got := shape(r); got != want {
					t.Errorf("the tables hold\n%s\nand one alone leaves\n%s", got, want)
				}
				for _, code := range p.Codes[3:5] { // the codes of the winner are the ones that were shown
					c := begin(t, p, r.Browser(), 1)[0]
					if page := p.Backup(c, code); c.Cookie("session") == "" {
						t.Errorf("a saved code does not work: %d %s", page.Status, page.Text())
					}
				}
				sound(t, r)
				r.Clock.Advance(2 * time.Minute)
			}
		})
	}
}

func total(n map[nidan.EventKind]int) int {
	all := 0
	for _, x := range n {
		all += x
	}
	return all
}

// One invitation, reset or browser link, in many tabs at once.
func TestOneLink(t *testing.T) {
	r := rig.New(t)
	p, _ := r.Protected()
	for _, x := range []struct {
		purpose nidan.TicketPurpose
		event   nidan.EventKind
		fields  []string
	}{
		{nidan.TicketReset, nidan.EventPasswordReset, []string{"password", r.Secret("a password", "another mare with a battery")}},
		{nidan.TicketBrowser, nidan.EventBrowserKnown, nil},
	} {
		path := r.Link(x.purpose, p.Name)
		b := newBook(t, r, p)
		pages := parallel(8, func(int) rig.Page { return r.Browser().Post(path, x.fields...) })
		oneOf(t, string(x.purpose), pages)
		if n := b.since(); n[x.event] != 1 || total(n) != 1 {
			t.Errorf("%s: the trail has %v", x.purpose, n)
		}
	}
	path := r.Link(nidan.TicketInvite, r.Name())
	oneOf(t, "invite", parallel(8, func(i int) rig.Page {
		return r.Browser().Post(path, "password", r.Secret("a password", fmt.Sprintf("a password of tab %d", i)))
	}))
	sound(t, r)
}

func oneOf(t *testing.T, what string, pages []rig.Page) {
	t.Helper()
	passed := 0
	for _, page := range pages {
		switch {
		case page.Status == 303 && strings.Contains(page.Location, "/login"):
			passed++
		case page.Status == 410 && page.SaysReason(nidan.LinkDead), page.Status == 503 && page.Ours():
		default:
			t.Errorf("%s: status %d to %q: %s", what, page.Status, page.Location, page.Text())
		}
	}
	if passed != 1 {
		t.Errorf("%s: %d passed", what, passed)
	}
}

// view is what an operator sees.
func viewOf(t *testing.T, r *rig.Rig, p *rig.Person) nidan.AccountView {
	t.Helper()
	v, err := r.Service().Show(context.Background(), p.Name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
