package hostile

import (
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// putBackWhole makes the database hold everything of one account as it was at
// an instant, and everything else as it is.
func (s *stage) putBackWhole(a *actor, then rig.Dump) {
	s.t.Helper()
	tx, err := s.db.Begin()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, t := range s.tables {
		for _, row := range s.now[t.Name] {
			if s.ownerOf(row) == string(a.id) {
				if err := remove(tx, t, row); err != nil {
					s.t.Fatal(err)
				}
			}
		}
		for _, row := range then[t.Name] {
			if s.ownerOf(row) == string(a.id) {
				if err := t.Insert(tx, row); err != nil {
					s.t.Fatal(err)
				}
			}
		}
	}
	if err := tx.Commit(); err != nil {
		s.t.Fatal(err)
	}
}

// Putting back the whole consistent past of one account is not prevented
// (DESIGN "The document is sealed"). It is that past and no more: what was over
// then is over, protection is on, a code works once, and nobody else notices.
// What the lost future made freezes the account when it is shown.
func (s *stage) testPast(t *testing.T) {
	a := s.alice

	t.Run("a moment ago", func(t *testing.T) {
		s.r.Restore(s.db, s.now)
		s.putBackWhole(a, s.near)

		// What was over by then.
		for i, token := range a.ended[:3] {
			b := s.browser()
			b.SetCookie("session", token)
			if b.Get("/security").Status == 200 {
				t.Errorf("session %d, which had ended by then, is alive", i+1)
			}
		}
		b := s.browser()
		if p := b.Post("/login", "login", a.Name, "password", a.oldPassword); in(p) || b.Cookie("pending") != "" {
			t.Error("the password of before is taken")
		}
		b = s.from(a.openThen.Clone())
		for _, code := range a.spentBackup[:2] {
			if in(b.Clone().Post("/login/second", "way", a.ways[1], "code", code)) {
				t.Error("a backup code that was used by then is taken")
			}
		}
		if s.browser().Get(a.dead[nidan.TicketReset]).Status == 200 {
			t.Error("a reset link that was used by then is alive")
		}

		// What had not happened yet can happen once.
		b = s.browser()
		if p := a.First(b); in(p) || b.Cookie("pending") == "" {
			t.Errorf("the password alone: %d to %q", p.Status, p.Location)
		}
		again := b.Clone()
		if !in(a.Second(b, a.spentApp)) {
			t.Error("the past is not whole: a code that was not used by then is refused")
		}
		if in(a.Second(again, a.spentApp)) {
			t.Error("it is taken twice")
		}
		c := a.begun(s.browser())
		if in(a.Second(c, a.spentApp)) {
			t.Error("it is taken twice, in another sign-in")
		}
		if v := a.view(); v.Protected.IsZero() || len(v.Authenticators) != 2 {
			t.Errorf("protected since %v, %d authenticators", v.Protected, len(v.Authenticators))
		}
		s.undisturbed(t)

		// A session of the lost future is unknown.
		if p := s.from(a.late.Clone()).Get("/security"); p.Status == 200 {
			t.Error("a session that was not made yet is alive")
		}
	})

	t.Run("the lost future is shown", func(t *testing.T) {
		for name, x := range map[string]struct {
			then     rig.Dump
			password string
		}{"a moment ago": {s.near, a.Password}, "long ago": {s.far, a.oldPassword}} {
			s.r.Restore(s.db, s.now)
			s.putBackWhole(a, x.then)
			b := s.browser()
			b.SetCookie("browser", a.late.Cookie("browser"))
			p := b.Post("/login", "login", a.Name, "password", x.password)
			if b.Cookie("pending") != "" || in(p) || a.view().Frozen == nil {
				t.Errorf("%s: a browser of the lost future was shown: %d, frozen %v", name, p.Status, a.view().Frozen)
			}
			s.shut(t, a)
		}
	})

	t.Run("long ago", func(t *testing.T) {
		s.r.Restore(s.db, s.now)
		s.putBackWhole(a, s.far)
		b := s.browser()
		b.SetCookie("session", a.ended[0])
		if b.Get("/security").Status == 200 {
			t.Error("the session of one step, which had ended by then, is alive")
		}
		b = s.browser()
		if a.First(b); b.Cookie("pending") != "" {
			t.Error("a password that was not chosen yet is taken")
		}
		b = s.browser()
		p := b.Post("/login", "login", a.Name, "password", a.oldPassword)
		if in(p) || b.Cookie("pending") == "" {
			t.Errorf("the password of then: %d to %q; it takes two steps", p.Status, p.Location)
		}
		if in(b.Clone().Post("/login/second", "way", a.ways[1], "code", a.fresh)) {
			t.Error("a backup code of a set that was not made yet is taken")
		}
		if in(b.Clone().Post("/login/second", "way", a.ways[0], "code", s.bob.Phone.Code())) {
			t.Error("the code of another account is taken")
		}
		if a.view().Protected.IsZero() {
			t.Error("protection is off")
		}
		s.undisturbed(t)
		if p := s.from(a.live.Clone()).Get("/security"); p.Status == 200 {
			t.Error("a session that was not made yet is alive")
		}
	})

	t.Run("everybody", func(t *testing.T) {
		// The whole database of a moment ago is the past of everybody. That the
		// backup of a database works is wanted; that one cannot tell it from
		// tampering is what the manifest is for.
		s.r.Restore(s.db, s.near)
		if _, err := s.r.Service().Verify(t.Context(), func(f *nidan.Fault) { t.Errorf("audit verify: %v", f) }); err != nil {
			t.Error(err)
		}
		b := s.from(a.live.Clone())
		if b.Get("/security").Status != 200 {
			t.Error("a session of then is not alive")
		}
	})
}

// undisturbed is that nobody else notices.
func (s *stage) undisturbed(t *testing.T) {
	t.Helper()
	l := s.bob.doors(true, thorough)
	for _, w := range append(l.wrong, l.again...) {
		t.Error(w)
	}
	for _, w := range everything {
		if !strings.Contains(strings.Join(l.works, "\n"), w) {
			t.Errorf("%s of another account does not work", w)
		}
	}
}

// shut is that nothing of a frozen account is accepted, and that its log-in is
// answered like a wrong password.
func (s *stage) shut(t *testing.T, a *actor) {
	t.Helper()
	for name, b := range map[string]*rig.Browser{"a session": a.live, "another session": a.late} {
		if p := s.from(b.Clone()).Get("/security"); p.Status == 200 {
			t.Errorf("%s of a frozen account is alive", name)
		}
		if p := s.from(b.Clone()).Post("/logout"); p.Status >= 500 {
			t.Errorf("%s of a frozen account: %d on logging out", name, p.Status)
		}
	}
	for name, b := range map[string]*rig.Browser{"an open sign-in": a.open, "another": a.openThen} {
		c := s.from(b.Clone())
		if p := c.Get("/login/second"); p.Status == 200 {
			t.Errorf("%s of a frozen account shows its page", name)
		}
		if in(c.Post("/login/second", "way", a.ways[1], "code", a.fresh)) {
			t.Errorf("%s of a frozen account was completed", name)
		}
	}
	for purpose, path := range a.dead {
		if p := s.browser().Get(path); p.Status == 200 {
			t.Errorf("a %s link to a frozen account shows its page", purpose)
		}
	}
	// The same browser for all of them, as its name and cookies may differ.
	answers := make(map[string]string)
	for what, fields := range map[string][2]string{
		"right": {a.Name, a.Password}, "wrong": {a.Name, "not the right password"},
		"wrong, somebody else's": {s.bob.Name, "not the right password"}, "of nobody": {"nobody@example.com", a.Password},
	} {
		p := s.browser().Post("/login", "login", fields[0], "password", fields[1])
		body := strings.ReplaceAll(p.Body, fields[0], "NAME")
		answers[what] = itoa(p.Status) + p.Location + strings.Join(p.SetNames, ",") + body
	}
	for what, answer := range answers {
		if answer != answers["of nobody"] {
			t.Errorf("a frozen account: a log-in with the %s password is answered differently from one of nobody:\n%.600s", what, answer)
		}
	}
}
