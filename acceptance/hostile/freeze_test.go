package hostile

import (
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// putBackTrail puts a document and its trail back, so that nothing in the
// database contradicts anything else; only what people carry does.
func (s *stage) putBackTrail(id string, then rig.Dump) {
	s.t.Helper()
	for _, t := range s.tables {
		if t.Name != "nidan_documents" && t.Name != "nidan_events" {
			continue
		}
		for _, row := range s.r.Dump(s.db)[t.Name] {
			if s.ownerOf(row) == id || row["id"] == id || row["owner"] == id {
				if err := remove(s.db, t, row); err != nil {
					s.t.Fatal(err)
				}
			}
		}
		for _, row := range then[t.Name] {
			if row["id"] == id || row["owner"] == id {
				if err := t.Insert(s.db, row); err != nil {
					s.t.Fatal(err)
				}
			}
		}
	}
}

// An artefact is something that a newer document made than the one that stands
// there when it is shown.
type artefact struct {
	name string
	part string
	// prepare makes it, and the document older; show shows it.
	prepare func(s *stage, a *actor) (show func())
}

var artefacts = []artefact{
	{"a session", "session", func(s *stage, a *actor) func() {
		s.putBackTrail(string(a.id), s.near)
		return func() { s.from(a.late.Clone()).Get("/security") }
	}},
	{"a known browser, at the first step", "browser", func(s *stage, a *actor) func() {
		s.putBackTrail(string(a.id), s.near)
		b := s.browser()
		b.SetCookie("browser", a.late.Cookie("browser"))
		return func() { a.First(b) }
	}},
	{"a known browser, at the second step", "browser", func(s *stage, a *actor) func() {
		s.putBackTrail(string(a.id), s.near)
		b := s.from(a.openThen.Clone())
		b.SetCookie("browser", a.late.Cookie("browser"))
		return func() { a.Backup(b, a.fresh) }
	}},
	{"a reset link", "ticket", func(s *stage, a *actor) func() {
		path := s.r.Link(nidan.TicketReset, a.Name)
		s.putBackTrail(string(a.id), s.near)
		return func() { s.browser().Get(path) }
	}},
	{"a reset link, used", "ticket", func(s *stage, a *actor) func() {
		path := s.r.Link(nidan.TicketReset, a.Name)
		s.putBackTrail(string(a.id), s.near)
		return func() { s.browser().Post(path, "password", "a password of somebody else") }
	}},
	{"a browser link", "ticket", func(s *stage, a *actor) func() {
		path := s.r.Link(nidan.TicketBrowser, a.Name)
		s.putBackTrail(string(a.id), s.near)
		return func() { s.browser().Post(path) }
	}},
	{"the ticket of a reissue", "ticket", func(s *stage, a *actor) func() {
		b := s.from(a.live.Clone())
		s.led(b.Post("/security/codes", "password", a.Password, "way", a.ways[1], "code", a.fresh), "/security/codes/new")
		s.putBackTrail(string(a.id), s.now)
		return func() { b.Get("/security/codes/new") }
	}},
	{"the ticket of a reissue, completed", "ticket", func(s *stage, a *actor) func() {
		b := s.from(a.live.Clone())
		s.led(b.Post("/security/codes", "password", a.Password, "way", a.ways[1], "code", a.fresh), "/security/codes/new")
		s.putBackTrail(string(a.id), s.now)
		return func() { b.Post("/security/codes/new", "ticket", b.Hash("reissue"), "saved", "yes") }
	}},
	{"its own trail", "event", func(s *stage, a *actor) func() {
		s.putBack(s.near, "nidan_documents", func(row rig.Row) bool { return row["id"] == string(a.id) })
		return func() { a.First(s.browser()) }
	}},
}

// A document older than an artefact shown with it freezes the account: a row
// that says so, nothing accepted, a log-in answered like a wrong password, until
// an operator who gives a reason lets it go on under a new epoch.
func (s *stage) testFreeze(t *testing.T) {
	a := s.alice
	for _, x := range artefacts {
		t.Run(x.name, func(t *testing.T) {
			s.r.Restore(s.db, s.now)
			show := x.prepare(s, a)
			if a.view().Frozen != nil {
				t.Fatal("it is frozen before anything was shown")
			}
			mark := len(s.r.Log())
			show()
			v := a.view()
			if v.Frozen == nil {
				t.Fatal("it is not frozen")
			}
			if v.Frozen.Part != x.part || v.Frozen.Shown <= v.Frozen.Found {
				t.Errorf("the row says that a %s of version %d was shown with version %d", v.Frozen.Part, v.Frozen.Shown, v.Frozen.Found)
			}
			f := &finding{tampering: tampering{whom: []string{string(a.id)}}}
			f.readLog(s, s.r.Log()[mark:])
			if x.part != "event" && !slices.Contains(f.log, x.part) {
				t.Errorf("the log names %v, not the %s", f.log, x.part)
			}
			s.shut(t, a)

			out, stderr, code := s.r.Command("account", "show", a.Name)
			if code != 0 || !strings.Contains(out, "frozen") || !strings.Contains(out, x.part) {
				t.Errorf("account show: exit code %d\n%s%s", code, out, stderr)
			}
			if _, _, code := s.r.Command("account", "unfreeze", a.Name); code == 0 {
				t.Error("it is unfrozen without a reason")
			}
			if a.view().Frozen == nil {
				t.Fatal("it is unfrozen without a reason")
			}
			out, stderr, code = s.r.Command("account", "unfreeze", a.Name, "--reason", "compared with the backup")
			if code != 0 {
				t.Fatalf("account unfreeze: exit code %d\n%s%s", code, out, stderr)
			}
			s.goesOn(t, a, v)
		})
	}
}

// goesOn is that an account that was frozen can be used, with nothing of
// before.
func (s *stage) goesOn(t *testing.T, a *actor, was nidan.AccountView) {
	t.Helper()
	v := a.view()
	if v.Frozen != nil || v.Epoch <= was.Epoch || v.Protected.IsZero() || v.Sessions != 0 || v.PendingSignIns != 0 {
		t.Errorf("after unfreezing: frozen %v, epoch %d after %d, protected since %v, %d sessions, %d open sign-ins", v.Frozen, v.Epoch, was.Epoch, v.Protected, v.Sessions, v.PendingSignIns)
	}
	for _, b := range []*rig.Browser{a.live, a.late} {
		if s.from(b.Clone()).Get("/security").Status == 200 {
			t.Error("a session of before is alive")
		}
	}
	b := a.begun(s.browser())
	if !in(a.Backup(b, a.Codes[6])) {
		t.Error("a log-in with both steps does not pass")
	}
	if s.from(b.Clone()).Get("/security").Status != 200 {
		t.Error("the new session is not alive")
	}
	k := a.known()
	k.SetCookie("browser", a.late.Cookie("browser"))
	if a.First(k); k.Cookie("pending") == "" || a.view().Frozen != nil {
		t.Error("a browser of the lost branch freezes it again")
	}
	s.recorded(t, a.Name, nidan.EventUnfrozen)
	s.recorded(t, string(nidan.Instance), nidan.EventOpUnfreeze)
}

func (s *stage) recorded(t *testing.T, whose string, kind nidan.EventKind) {
	t.Helper()
	events, err := s.r.Service().Events(t.Context(), whose, 1, 10_000)
	if err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(events, func(e nidan.Event) bool {
		return e.Kind == kind && strings.Contains(e.Detail, "compared with the backup")
	}) {
		t.Errorf("the trail of %s has no %s with its reason", whose, kind)
	}
}

// The ticket of a set-up, which only an account without protection has.
func (s *stage) testFreezeSetUp(t *testing.T) {
	s.r.Restore(s.db, s.now)
	p := s.r.Person()
	b := s.browser()
	p.LogIn(b)
	then := s.r.Dump(s.db)
	p.LogIn(s.browser()) // a newer version
	p.Scan(b)
	v, err := s.r.Service().Show(t.Context(), p.Name)
	if err != nil {
		t.Fatal(err)
	}
	s.putBackTrail(string(v.ID), then)
	b.Get("/security/on/scan")
	if v, err = s.r.Service().Show(t.Context(), p.Name); err != nil || v.Frozen == nil || v.Frozen.Part != "ticket" {
		t.Errorf("a set-up's ticket was shown: frozen %+v, %v", v.Frozen, err)
	}
	if b.Get("/security").Status == 200 {
		t.Error("a session of a frozen account is alive")
	}
}

// The operators' own document is guarded by its trail.
func (s *stage) testFreezeInstance(t *testing.T) {
	for what, tamper := range map[string]func(){
		"put back": func() {
			s.putBack(s.near, "nidan_documents", func(row rig.Row) bool { return row["id"] == "instance" })
		},
		"deleted": func() {
			if _, err := s.db.Exec("DELETE FROM nidan_documents WHERE id = 'instance'"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		s.r.Restore(s.db, s.now)
		tamper()
		named := false
		if _, err := s.r.Service().Verify(t.Context(), func(f *nidan.Fault) { named = named || f.Account == nidan.Instance }); err != nil || !named {
			t.Errorf("%s: audit verify does not name it, %v", what, err)
		}
		for range 2 {
			out, stderr, code := s.r.Command("account", "link", s.alice.Name, "--reset", "--reason", "test")
			if code == 0 || strings.Contains(out, "://") {
				t.Errorf("%s: an operator's act that cannot be recorded: exit code %d\n%s%s", what, code, out, stderr)
			}
		}
		if out, stderr, code := s.r.Command("account", "unfreeze", "instance", "--reason", "compared with the backup"); code != 0 {
			t.Errorf("%s: account unfreeze instance: exit code %d\n%s%s", what, code, out, stderr)
			continue
		}
		if out, stderr, code := s.r.Command("account", "link", s.alice.Name, "--reset", "--reason", "test"); code != 0 || !strings.Contains(out, "://") {
			t.Errorf("%s: afterwards: exit code %d\n%s%s", what, code, out, stderr)
		}
		s.recorded(t, string(nidan.Instance), nidan.EventOpUnfreeze)
	}
}
