package web

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/nidan-auth/nidan"
)

// A product keeps its own accounts and sends their holders here, for the second
// step or for the settings: a link to begin with, and the way back.

// showStep says who led here and with whose log-in. Whoever was sent the link by
// somebody else is told to leave.
func showStep(v *visit) error {
	tok, ok := nidan.ParseHandover(v.r.PathValue("ticket"))
	if !ok {
		return v.stepIsDead()
	}
	view, out, err := v.p.svc.Handover(v.r.Context(), tok)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.stepIsDead()
	}
	v.product, v.leadsBack = &view, true
	return v.show(http.StatusOK, "step", view)
}

// postStep takes the link up for this browser.
func postStep(v *visit) error {
	tok, ok := nidan.ParseHandover(v.r.PathValue("ticket"))
	if !ok {
		return v.stepIsDead()
	}
	out, err := v.p.svc.AcceptHandover(v.r.Context(), tok, v.from())
	switch {
	case err != nil:
		return err
	case out.Reason == nidan.SecondStep:
		v.set(ledCookie, ledHere)
		v.set(pendingCookie, out.Pending.Token)
		return v.to("/login/second")
	case out.Passed():
		v.set(ledCookie, ledHere)
		return v.enter(out, "/security/on") // which knows whether it is on
	}
	return v.stepIsDead()
}

// stepIsDead says that a link does nothing any more: the same for one that was
// taken up, has run out, or never was one. Only the product has another.
func (v *visit) stepIsDead() error {
	return v.show(http.StatusGone, "dead", deadView{Text: msg("step.dead")})
}

// goBack leads on to the product, to an address that it has registered.
func (v *visit) goBack(g *nidan.ReturnGrant) error {
	v.drop(pendingCookie)
	if m := v.p.mount; m != nil {
		return v.away(cmp.Or(m.Home, m.LogIn))
	}
	at := g.To
	if !g.Token.Empty() {
		at += "?result=" + url.QueryEscape(g.Token.Reveal())
	}
	return v.away(at)
}

// postBack ends a session that a product led to, and what was begun in it.
func postBack(v *visit, s session) error {
	out, err := v.p.svc.GoBack(v.r.Context(), s.token, v.from())
	switch {
	case err != nil:
		return err
	case out.Reason == nidan.NoSuchWay:
		return v.to("/")
	case !out.Passed():
		return nidan.ErrNotFound
	}
	v.dropSession()
	if out.Assertion != nil {
		return v.tellHost(Host.SettingsLeft, *out.Assertion)
	}
	return v.goBack(out.Return)
}

// ledHere stands in [ledCookie]. It says that a product led here, and not which.
var ledHere = nidan.NewSecret("yes")

// led reports whether a product led here not long ago: then there is no password
// to log in with.
func (v *visit) led() bool {
	_, came := v.cookie(ledCookie)
	return came || v.product != nil || v.p.mount != nil
}

// loginAgain leads to the first step. That of a product is not ours to ask for.
func (v *visit) loginAgain() error {
	if m := v.p.mount; m != nil {
		return v.away(m.LogIn)
	}
	if !v.led() {
		return v.to("/login")
	}
	return v.stepOver(http.StatusGone, msg("stop.ended"), msg("step.over"))
}

// A stepOverView is the end of what a product led to, with the way back to it
// where it is known.
type stepOverView struct {
	Title *message
	Text  *message
	Back  *nidan.HandoverView // nil: which product it was is not known any more
}

// stepOver says that nothing goes on here for somebody whom a product led here.
// Nobody is logged in then.
func (v *visit) stepOver(status int, title, text *message) error {
	v.account, v.banner, v.leadsBack = "", nil, false
	back := v.product
	if m := v.p.mount; m != nil {
		back = &nidan.HandoverView{Party: m.As.Party().Name, Return: m.LogIn}
	}
	return v.show(status, "stepover", stepOverView{title, text, back})
}

// kept reports whether a product keeps the account. A session of one begins with
// that product and with nothing else.
func (s session) kept() bool { return s.Kept }

// firstStep says what has to come before a change: the password, again, or, of
// an account that a product keeps, another visit from there.
func (v *visit) firstStep(s session) (password, stale bool) {
	fresh := s.PasswordFresh(v.p.svc.Now())
	return !fresh && !s.kept(), !fresh && s.kept()
}

// own is a page about what an account has only where we keep it: a password, an
// address, an end.
func own(do withSession) withSession {
	return func(v *visit, s session) error {
		if s.kept() {
			return v.to("/security")
		}
		return do(v, s)
	}
}
