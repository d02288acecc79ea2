// Package hostile has somebody write into the database: every column of every
// table that the catalogue names is altered, swapped between accounts, put back
// to an older value, and every row deleted, copied and put back, while the
// program runs on it and after a restart. All doors are tried after each. No
// door opens that the true history keeps shut, and what was done is named
// (DESIGN "The document is sealed", SECURITY Q1, Q5).
package hostile

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// A stage is a program with people in every state that a database can be
// tampered with in, and what its tables held at three instants.
type stage struct {
	t  *testing.T
	r  *rig.Rig
	db *sql.DB

	alice, bob *actor
	frozen     *actor

	tables         []rig.Table
	far, near, now rig.Dump // long ago; a moment ago; as the program left them
	ips            int
	base           []string // faults that audit verify finds in the stage itself
}

// An actor is a protected account with a past. Everything named spent, ended or
// dead must never work again.
type actor struct {
	*rig.Person
	s  *stage
	id nidan.AccountID

	oldPassword string
	live        *rig.Browser // logged in now, and then
	late        *rig.Browser // logged in after the near instant
	open        *rig.Browser // a sign-in from an unknown browser, open now
	openThen    *rig.Browser // a sign-in from a known browser, open now and at the near instant
	soon        *rig.Browser // one that was open at the near instant, and is completed now

	fresh       string // a backup code that was never used
	spentApp    string // a code of the app, used and still in its time
	spentBackup []string
	spentOpen   []string // pending tokens of sign-ins that were completed
	ended       []string // session tokens
	dead        map[nidan.TicketPurpose]string

	setup, reissue, renew string // tickets that were completed
	ways                  []string
}

// from is an address that nobody has used: tries are counted by network too,
// in memory, and one case must not be the reason for another's wait.
func (s *stage) from(b *rig.Browser) *rig.Browser {
	s.ips++
	b.Header.Set("X-Forwarded-For", "198.18."+itoa(s.ips/250)+"."+itoa(1+s.ips%250))
	return b
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func (s *stage) browser() *rig.Browser { return s.from(s.r.Browser()) }

// build makes the stage.
func build(t *testing.T) *stage {
	s := &stage{t: t, r: rig.New(t, rig.BehindProxy)}
	s.db = s.r.SQL()
	s.tables = s.r.Tables(s.db)

	s.frozen = s.person()
	s.alice, s.bob = s.person(), s.person()
	for _, a := range []*actor{s.frozen, s.alice, s.bob} {
		a.begin()
	}
	s.far = s.r.Dump(s.db)
	for _, a := range []*actor{s.frozen, s.alice, s.bob} {
		a.past()
	}
	s.near = s.r.Dump(s.db)
	for _, a := range []*actor{s.frozen, s.alice, s.bob} {
		a.present()
	}
	s.freeze(s.frozen)
	for _, a := range []*actor{s.alice, s.bob} { // a gate with counts in it
		s.browser().Post("/login", "login", a.Name, "password", "not the right one at all")
		a.known().Post("/login", "login", a.Name, "password", "not the right one at all")
	}
	s.now = s.r.Dump(s.db)
	return s
}

func (s *stage) person() *actor {
	p := s.r.Person()
	return &actor{Person: p, s: s, dead: make(map[nidan.TicketPurpose]string)}
}

// begin turns the account from one step to two, and uses some of what it has.
func (a *actor) begin() {
	s := a.s
	a.id = a.view().ID
	first := s.browser()
	a.LogIn(first) // with a password alone
	a.ended = append(a.ended, first.Cookie("session"))
	a.Scan(first)
	s.led(first.Post("/security/on/scan", "ticket", first.Hash("setup"), "code", a.Phone.Code()), "/security/on/codes")
	a.Codes = s.r.ReadCodes(first.Get("/security/on/codes"))
	a.setup = first.Cookie("setup")
	s.led(first.Post("/security/on/codes", "ticket", first.Hash("setup"), "saved", "yes"), "/security/on/done")
	a.ended = append(a.ended, first.Cookie("session")) // the reset will end it
	a.ways = []string{a.Way("totp"), a.Way("backup")}
	a.oldPassword = a.Password
	s.r.Clock.Advance(time.Minute)
}

// past is what happened before the near instant.
func (a *actor) past() {
	s := a.s
	a.step()
	b := s.browser()
	a.LogIn(b)
	a.ended = append(a.ended, b.Cookie("session"))
	a.step()
	s.led(b.Post("/security/codes", "password", a.Password, "way", a.ways[0], "code", a.Phone.Code()), "/security/codes/new")
	a.reissue = b.Cookie("reissue")
	replaced := a.Codes[4]
	a.Codes = s.r.ReadCodes(b.Get("/security/codes/new"))
	s.led(b.Post("/security/codes/new", "ticket", b.Hash("reissue"), "saved", "yes"), "/security/codes/done")
	a.spentBackup = append(a.spentBackup, replaced)

	b = a.begun(s.browser())
	s.led(a.Backup(b, a.Codes[0]), "/security/code")
	a.renew = b.Cookie("renew")
	successor := s.r.ReadCodes(b.Get("/security/code"))[0]
	s.led(b.Post("/security/code", "ticket", b.Hash("renew"), "saved", "yes"), "/security")
	a.ended = append(a.ended, b.Cookie("session"))
	a.spentBackup = append(a.spentBackup, a.Codes[0])
	a.Codes[0] = successor

	b = a.begun(s.browser())
	for range 2 {
		a.Second(b, a.Phone.Wrong())
	}

	a.dead[nidan.TicketReset] = s.r.Link(nidan.TicketReset, a.Name)
	a.Password = s.r.Secret("a password", strings.ToUpper(a.Password))
	s.led(s.browser().Post(a.dead[nidan.TicketReset], "password", a.Password), "/login?password")

	a.step()
	a.live = s.browser()
	a.LogIn(a.live)
	a.openThen = a.begun(a.live.Clone())
	a.openThen.SetCookie("session", "")
	a.soon = a.begun(s.browser())
	a.step()
	b = s.browser()
	a.LogIn(b)
	a.ended = append(a.ended, b.Cookie("session")) // alive at the near instant, logged out after
	a.late = b
	a.step()
}

// present is what happened after.
func (a *actor) present() {
	s := a.s
	s.led(a.late.Post("/logout"), "/login")

	// While the code below is in its time the clock stands still.
	b := a.soon
	a.spentOpen = append(a.spentOpen, b.Cookie("pending"))
	a.spentApp = a.Phone.Code()
	s.led(a.Second(b, a.spentApp), "/security")
	a.late = b

	b = a.begun(s.browser())
	a.spentOpen = append(a.spentOpen, b.Cookie("pending"))
	s.led(a.Backup(b, a.Codes[2]), "/security/code")
	a.spentBackup = append(a.spentBackup, a.Codes[2])
	a.ended = append(a.ended, b.Cookie("session"))
	s.led(b.Post("/logout"), "/login")

	a.dead[nidan.TicketBrowser] = s.r.Link(nidan.TicketBrowser, a.Name)
	s.led(s.browser().Post(a.dead[nidan.TicketBrowser]), "/login?browser")

	a.open = a.begun(s.browser())
	a.fresh = a.Codes[5]
}

// step is the time until the app shows another code.
func (a *actor) step() { a.s.r.Clock.Advance(31 * time.Second) }

// begun takes the first step.
func (a *actor) begun(b *rig.Browser) *rig.Browser {
	a.s.t.Helper()
	if page := a.First(b); b.Cookie("pending") == "" {
		a.s.t.Fatalf("first step of %s: %d %s", a.Name, page.Status, page.Text())
	}
	return b
}

// known is a browser of theirs that is not logged in.
func (a *actor) known() *rig.Browser {
	b := a.s.browser()
	b.SetCookie("browser", a.live.Cookie("browser"))
	return b
}

func (a *actor) view() nidan.AccountView {
	a.s.t.Helper()
	v, err := a.s.r.Service().Show(a.s.t.Context(), a.Name)
	if err != nil {
		a.s.t.Fatal(err)
	}
	return v
}

func (s *stage) led(p rig.Page, path string) {
	s.t.Helper()
	if !strings.HasSuffix(p.Location, path) {
		s.t.Fatalf("status %d to %q instead of %s: %s", p.Status, p.Location, path, p.Text())
	}
}

// freeze has an account frozen, in the way it happens: an older document is put
// back and a browser shows what a newer one had made.
func (s *stage) freeze(a *actor) {
	s.t.Helper()
	s.putBack(s.near, "nidan_documents", func(row rig.Row) bool { return row["id"] == string(a.id) })
	a.late.Clone().Get("/security")
	if a.view().Frozen == nil {
		s.t.Fatal("it did not freeze")
	}
}

// putBack puts rows of an earlier instant in the place of those with their key.
func (s *stage) putBack(from rig.Dump, table string, which func(rig.Row) bool) {
	s.t.Helper()
	for _, t := range s.tables {
		if t.Name != table {
			continue
		}
		for _, row := range from[table] {
			if which(row) {
				if err := t.Insert(s.db, row); err != nil {
					s.t.Fatal(err)
				}
			}
		}
	}
}
