package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

type loginView struct {
	Login string
	Done  *message // what has just been done elsewhere
	Ended *message // why a log-in is over
	Wrong *message
	Waits bool // nothing is judged, unless the browser is known
}

// afterwards are the sentences that a link's page leads here with. The list is
// closed: an address cannot put words on the page.
var afterwards = map[string]*message{
	invite.done:      msg("login.after.account"),
	reset.done:       msg("login.after.password"),
	knowBrowser.done: msg("login.after.browser"),
	endedHere:        msg("login.after.everywhere"),
	removedHere:      msg("login.after.removed"),
	addressLink.done: msg("login.after.address"),
}

// endedHere tells the log-in page that logging out everywhere ended this
// browser's session too.
const endedHere = "everywhere"

func showLogin(v *visit) error {
	if err := v.leadOn(); err != nil {
		return err
	}
	return v.show(http.StatusOK, "login", loginView{Done: afterwards[v.r.URL.RawQuery]})
}

func postLogin(v *visit) error {
	if err := v.leadOn(); err != nil {
		return err
	}
	out, err := v.p.svc.SignIn(v.r.Context(), v.form.text("login"), v.form.secret("password"), v.from())
	if err != nil {
		return err
	}
	switch out.Reason {
	case nidan.SecondStep:
		v.drop(ledCookie)
		v.set(pendingCookie, out.Pending.Token)
		return v.to("/login/second")
	case nidan.OK:
		v.drop(ledCookie)
		return v.enter(out, v.onward("/security"))
	}
	return v.refuse(out, "login", loginView{Login: v.form.text("login"), Wrong: v.reason(out, ""), Waits: out.Reason == nidan.FirstStepWait})
}

// enter ends a sign-in that was completed, and leads to one of our pages, or back
// to the product that led here. The session that a new one takes the place of, if
// any, ends too (SECURITY E1), and so does everything begun in it.
func (v *visit) enter(out nidan.Outcome, at string) error {
	if out.Assertion != nil {
		v.endFormer() // the settings of whoever sat here before
		v.dropSession()
		v.drop(bindCookie)
		v.keep(out)
		return v.tellHost(Host.SignedIn, *out.Assertion)
	}
	if out.Return != nil {
		if s, alive, err := v.alive(); err == nil && alive && s.kept() {
			v.endFormer() // the settings of whoever sat here before
			v.dropSession()
		}
		v.keep(out) // not the successor of a used backup code: nobody is left to save it
		return v.goBack(out.Return)
	}
	v.endFormer()
	v.drop(pendingCookie, setUpCookie, reissueCookie, bindCookie)
	v.keep(out)
	if out.Ticket.Empty() {
		v.drop(renewCookie)
		return v.to(at)
	}
	v.set(renewCookie, out.Ticket)
	return v.to("/security/code")
}

func (v *visit) endFormer() {
	value, _ := v.cookie(sessionCookie)
	tok, ok := nidan.ParseSession(value)
	if !ok {
		return
	}
	if _, err := v.p.svc.LogOut(v.r.Context(), tok, v.from()); err != nil {
		v.p.log.WarnContext(v.r.Context(), "former session not ended", "route", v.pattern, "cause", err.Error())
	}
}

// signInOver leads back to the first step and says why.
func (v *visit) signInOver(out nidan.Outcome) error {
	v.drop(pendingCookie)
	if v.led() {
		return v.stepOver(http.StatusGone, msg("stop.ended"), v.reason(out, ""))
	}
	if err := v.leadOn(); err != nil {
		return err
	}
	return v.refuse(out, "login", loginView{Ended: v.reason(out, "")})
}
