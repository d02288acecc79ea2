package hostile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// care says how much is tried: each step up costs a slow hash or two.
type care int

const (
	light    care = iota // whatever needs no new sign-in
	usual                // a new sign-in too
	thorough             // and one from a known browser, and one with a replaced password
)

// A look is what came of trying all doors of an account.
type look struct {
	a     *actor
	care  care
	wrong []string // doors that opened and must never
	again []string // what was over and is not: only a whole past may do that
	works []string // what still worked, rightly
}

func (l *look) open(format string, args ...any) {
	l.wrong = append(l.wrong, l.a.Name+": "+fmt.Sprintf(format, args...))
}

func (l *look) revived(format string, args ...any) {
	l.again = append(l.again, l.a.Name+": "+fmt.Sprintf(format, args...))
}

func (l *look) page(p rig.Page) rig.Page {
	if p.Status >= 500 && !p.Ours() {
		l.open("a failure that is no page of ours: %d", p.Status)
	}
	return p
}

// in reports whether an answer gave a session.
func in(p rig.Page) bool { return slices.Contains(p.SetNames, "session") }

// doors tries everything. With ownerFirst, what the owner's browsers carry is
// shown before strangers come; otherwise strangers find the database as it was
// left to them.
func (a *actor) doors(ownerFirst bool, c care) *look {
	l := &look{a: a, care: c}
	parts := []func(*look){a.strangers, a.owners}
	if ownerFirst {
		slices.Reverse(parts)
	}
	for _, part := range parts {
		part(l)
	}
	a.end(l)
	return l
}

// strangers have passwords, codes that were used and tokens that have ended,
// and no cookie of a browser that is known.
func (a *actor) strangers(l *look) {
	s := a.s
	for i, token := range a.ended {
		b := s.browser()
		b.SetCookie("session", token)
		if l.page(b.Get("/security")).Status == 200 {
			l.revived("session %d, which has ended, is alive", i+1)
		}
	}
	if l.care == thorough {
		b := s.browser()
		if p := l.page(b.Post("/login", "login", a.Name, "password", a.oldPassword)); in(p) || b.Cookie("pending") != "" {
			l.revived("a password that was replaced is taken")
		}
	}
	for i, token := range a.spentOpen {
		b := s.browser()
		b.SetCookie("pending", token)
		a.tryUsed(l, b, fmt.Sprintf("sign-in %d, which was completed", i+1), a.spentApp)
		if b.Cookie("pending") != "" {
			if in(l.page(b.Post("/login/second", "way", a.ways[1], "code", a.fresh))) {
				l.revived("sign-in %d, which was completed, was completed again", i+1)
			}
		}
	}
	// No more than four wrong answers of a class in all: after the fifth nothing
	// is judged, and a door that would open stays shut.
	b := s.from(a.open.Clone())
	a.tryUsed(l, b, "an open sign-in", a.spentApp, a.spentBackup[s.ips%len(a.spentBackup)])
	a.tryOthers(l, b, "an open sign-in")
	b = s.from(a.openThen.Clone())
	b.SetCookie("browser", "")
	a.tryUsed(l, b, "an open sign-in of a known browser", a.spentApp)
	for purpose, path := range a.dead {
		b := s.browser()
		if l.page(b.Get(path)).Status == 200 {
			l.revived("a %s link that was used shows its page", purpose)
		}
		if p := l.page(b.Post(path, "password", a.Password+" once more")); p.Status == 303 {
			l.revived("a %s link that was used works again", purpose)
		}
	}
}

// tryUsed answers a sign-in with codes that were used, and with somebody
// else's.
func (a *actor) tryUsed(l *look, b *rig.Browser, what string, codes ...string) {
	for _, code := range codes {
		way := a.ways[0]
		if len(code) > 6 {
			way = a.ways[1]
		}
		if in(l.page(b.Clone().Post("/login/second", "way", way, "code", code))) {
			l.revived("%s took a code that was used (%d characters)", what, len(code))
		}
	}
}

func (a *actor) tryOthers(l *look, b *rig.Browser, what string) {
	for _, other := range []*actor{a.s.alice, a.s.bob} {
		if other == a {
			continue
		}
		for _, way := range []string{a.ways[0], other.ways[0]} {
			if in(l.page(b.Clone().Post("/login/second", "way", way, "code", other.Phone.Code()))) {
				l.open("%s took the code of another account", what)
			}
		}
	}
}

// owners have live sessions, known browsers and tickets.
func (a *actor) owners(l *look) {
	s := a.s
	for i, live := range []*rig.Browser{a.live, a.late} {
		b := s.from(live.Clone())
		p := l.page(b.Get("/security"))
		if p.Status != 200 {
			continue
		}
		l.works = append(l.works, "session "+itoa(i+1))
		if !strings.Contains(p.Body, a.Name) {
			l.open("its session shows another account")
		}
		for _, t := range []struct{ cookie, ticket, at, done string }{
			{"setup", a.setup, "/security/on/codes", "/security/on/done"},
			{"reissue", a.reissue, "/security/codes/new", "/security/codes/done"},
			{"renew", a.renew, "/security/code", "/security"},
		} {
			b := s.from(live.Clone())
			b.SetCookie(t.cookie, t.ticket)
			if p := l.page(b.Post(t.at, "ticket", b.Hash(t.cookie), "saved", "yes")); p.Status == 303 && strings.HasSuffix(p.Location, t.done) {
				l.revived("a %s ticket that was completed was completed again", t.cookie)
			}
		}
	}
	if l.care != thorough {
		return
	}
	b := a.known()
	p := l.page(a.First(b))
	if in(p) {
		l.open("a known browser is in with the password alone")
	}
	if b.Cookie("pending") != "" {
		l.works = append(l.works, "first step, known browser")
		a.tryUsed(l, b, "a sign-in of a known browser", a.spentApp)
		a.tryOthers(l, b, "a sign-in of a known browser")
	}
}

// end takes both steps, with a code that nobody has used, and looks at what
// there is then.
func (a *actor) end(l *look) {
	s := a.s
	b := s.browser()
	var p rig.Page
	if l.care > light {
		p = l.page(a.First(b))
	}
	switch {
	case in(p):
		l.open("the password alone gave a session")
	case b.Cookie("pending") != "":
		l.works = append(l.works, "first step")
		a.tryUsed(l, b, "a new sign-in", a.spentApp)
		if in(l.page(b.Post("/login/second", "way", a.ways[1], "code", a.fresh))) {
			l.works = append(l.works, "second step")
			if p := l.page(b.Get("/security")); p.Status == 200 && !strings.Contains(p.Body, a.Name) {
				l.open("its session shows another account")
			}
		}
	}
	v, err := s.r.Service().Show(context.Background(), a.Name)
	switch {
	case errors.Is(err, nidan.ErrNotFound), err != nil:
		return
	case v.Frozen != nil:
		l.works = append(l.works, "frozen")
	}
	if v.ID == a.id && v.Protected.IsZero() {
		l.open("protection is off")
	}
	for _, x := range v.Authenticators {
		if v.ID == a.id && !slices.Contains(a.ways, x.ID) {
			l.open("it has an authenticator that it never had")
		}
	}
}
