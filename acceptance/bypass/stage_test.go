package bypass

import (
	"context"
	"database/sql"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

const (
	vaultHost  = "vault.example" // asks for both steps
	wikiHost   = "wiki.example"  // asks for a password
	awayValue  = "a value in a cookie of the host's own"
	keptID     = "mina" // of an account that the shop keeps
	keptLabel  = "Mina of the shop"
	shopReturn = "https://shop.example/back"
	garbage    = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

// An artefact is something that a person, a product or a host carries. Its kind
// is the cookie that it belongs in, the path of the links that end with it, or
// one of "key", "crossing" and "result".
type artefact struct {
	name, kind, text string
	whose            string        // ours: it is the right one; theirs: somebody else's right one; empty: nobody's any more
	scopes           []nidan.Scope // of a key
}

const ours, theirs = "ours", "theirs"

// A stage is the program, and who has what at one moment: the clock stands still
// once it is set.
type stage struct {
	*rig.Rig
	t       *testing.T
	box     *rig.Mailbox
	db      *sql.DB
	routes  []server.Route
	cookies []string // every name that a door gives a cookie

	us, them       *rig.Person
	usKit, themKit map[string]string
	session        string // id of our session
	way, code      string // our app, and what it shows
	artefacts      []artefact
	led            string                   // session of a product's person
	account        string                   // our id
	marks          map[*rig.Person][]string // what only somebody's own pages say
	written        func() bool
	before         rig.Dump
	at             string // what is stored then
	serial         int
}

func newStage(t *testing.T) *stage {
	option, box := rig.Mailed(t)
	s := &stage{Rig: rig.New(t, rig.BehindProxy, option), t: t, box: box, marks: make(map[*rig.Person][]string)}
	s.db, s.routes, s.cookies = s.SQL(), s.Server().Routes(), cookieNames(t)
	svc, ctx := s.Service(), t.Context()
	s.hosts(nidan.LevelPassword)
	s.must(svc.PutParty(ctx, nidan.Party{ID: "bank", Name: "Example Bank", Returns: []string{shopReturn}}, "test"))
	key := func(party string, life time.Duration, networks []netip.Prefix, scopes ...nidan.Scope) (string, string) {
		secret, view, out, err := svc.CreateKey(ctx, party, scopes, networks, life, "test")
		s.must(out, err)
		return s.Secret("a key of the API", secret.Reveal()), view.ID
	}
	expired, _ := key("shop", time.Hour, nil, nidan.Scopes()...)
	invitation := s.ticket(nidan.TicketInvite, s.Name())
	led := s.shop(expired, "nora")
	s.Clock.Advance(8 * 24 * time.Hour) // longer than any link lives

	s.us, s.them = s.protected(), s.protected()
	for _, p := range []*rig.Person{s.us, s.them} {
		b := s.Browser()
		p.First(b)
		s.leads(b.Post("/login/recovery"), "/login/recovery")
		s.settled()
	}
	for range 2 { // it ripens when its notices were taken
		s.Clock.Advance(12*time.Hour + time.Minute)
		s.settled()
	}
	past := s.kit(s.us)
	untouched := s.untouched()
	past["/invite"], past["/step"], past["result"] = invitation, led["/step"], led["result"]
	s.Clock.Advance(25 * time.Hour)
	former := s.kit(s.us)
	s.must(svc.LogOutAccount(ctx, s.us.Name, "test"))
	all, _ := key("shop", time.Hour, nil, nidan.Scopes()...)
	revoked, id := key("shop", time.Hour, nil, nidan.Scopes()...)
	s.must(svc.RevokeKey(ctx, id, "test"))
	read, _ := key("shop", time.Hour, nil, nidan.ScopeRead)
	elsewhere, _ := key("shop", time.Hour, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, nidan.Scopes()...)
	bank, _ := key("bank", time.Hour, nil, nidan.Scopes()...)
	s.themKit, s.usKit = s.kit(s.them), s.kit(s.us)
	old := s.usKit["crossing"]
	s.Clock.Advance(90 * time.Second) // the app shows a code that was not used
	led = s.shop(all, keptID)
	s.usKit["/step"], s.usKit["result"], s.led = led["/step"], led["result"], led["session"]
	s.crossings(s.themKit)
	s.crossings(s.usKit)

	gone := func(name string, kit map[string]string, outlive ...string) {
		for kind, text := range kit {
			if !slices.Contains(outlive, kind) {
				s.artefacts = append(s.artefacts, artefact{name: name + " " + kind, kind: kind, text: text})
			}
		}
	}
	gone("expired", past, "/cancel", "/notme", "browser", "remembered")
	gone("before the epoch:", former, "/cancel", "/notme", "/invite", "/register", "browser")
	gone("too low:", map[string]string{"session": untouched["low"]})
	delete(untouched, "low")
	gone("expired, and nothing since:", untouched)
	gone("expired, of a live session:", map[string]string{"crossing": old})
	s.artefacts = append(s.artefacts, artefact{"a product's session", "session", s.led, theirs, nil})
	for _, x := range []artefact{
		{name: "expired key", text: expired}, {name: "revoked key", text: revoked}, {name: "key of another network", text: elsewhere},
		{name: "read-only key", text: read, whose: ours, scopes: []nidan.Scope{nidan.ScopeRead}},
		{name: "key", text: all, whose: ours, scopes: nidan.Scopes()},
		{name: "key of another product", text: bank, whose: theirs, scopes: nidan.Scopes()},
	} {
		x.kind = "key"
		s.artefacts = append(s.artefacts, x)
	}
	s.usKit["key"] = all
	for kind, text := range s.themKit {
		s.artefacts = append(s.artefacts, artefact{"other account's " + kind, kind, text, theirs, nil})
	}
	for kind, text := range s.usKit {
		if kind != "key" {
			s.artefacts = append(s.artefacts, artefact{"our " + kind, kind, text, ours, nil})
		}
		gone("truncated", map[string]string{kind: text[:len(text)-1]})
		gone("garbage", map[string]string{kind: text[:3] + garbage})
		if kind != "session" {
			gone("called a session:", map[string]string{kind: "ns_" + text[3:]})
		}
	}
	slices.SortFunc(s.artefacts, func(a, b artefact) int { return strings.Compare(a.text+a.name, b.text+b.name) })
	s.artefacts = slices.CompactFunc(s.artefacts, func(a, b artefact) bool { return a.text == b.text }) // one prefix, one garbage
	tok, _ := nidan.ParseSession(s.usKit["session"])
	ses, err := svc.Session(ctx, tok)
	if err != nil {
		t.Fatal(err)
	}
	s.session, s.account = string(ses.ID), string(ses.Account)
	s.marks[s.us] = append(s.marks[s.us], s.account)
	s.way, s.code = s.us.Way("totp"), s.us.Phone.Code()
	s.settled()
	s.watch()
	return s
}

// watch begins to look whether anything is written.
func (s *stage) watch() {
	one, err := s.db.Conn(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = one.Close() })
	s.before, s.at = s.Dump(s.db), s.stored("")
	last := int64(0)
	s.written = func() bool {
		was := last
		if err := one.QueryRowContext(context.Background(), "PRAGMA data_version").Scan(&last); err != nil {
			s.t.Fatal(err)
		}
		return was != last
	}
	s.written()
}

// stored is every document with its version, how many events there are, and
// every session; of one account, or of all.
func (s *stage) stored(account string) string {
	var all sql.NullString
	if err := s.db.QueryRow(`SELECT group_concat(x, ' ') FROM (
		SELECT id || '@' || version AS x, id AS a FROM nidan_documents
		UNION ALL SELECT owner || '#' || count(*), owner FROM nidan_events GROUP BY owner
		UNION ALL SELECT account || ':' || id, account FROM nidan_sessions ORDER BY 1) WHERE $1 IN ('', a)`, account).Scan(&all); err != nil {
		s.t.Fatal(err)
	}
	return all.String
}

// putBack makes the database what it was before.
func (s *stage) putBack() {
	s.Restore(s.db, s.before)
	s.written()
}
