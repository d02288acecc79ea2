package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

type browsersView struct {
	nidan.Overview
	Here string // id of the remembered browser that asks
	Done *message
}

func showBrowsers(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "browsers", browsersView{o, v.p.svc.RememberedID(v.from().Remembered), v.did()})
}

// postEndSession ends another browser's session. One that is gone already is
// what was asked for.
func postEndSession(v *visit, s session) error {
	if _, err := v.p.svc.EndSession(v.r.Context(), s.token, nidan.SessionID(v.form.text("id")), v.from()); err != nil {
		return err
	}
	return v.to("/security/browsers?ended")
}

func postEndAll(v *visit, s session) error {
	out, err := v.p.svc.LogOutEverywhere(v.r.Context(), s.token, v.from())
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return nidan.ErrNotFound
	}
	if out.Session == nil {
		v.dropSession()
		if s.kept() {
			v.standsAt("/security/browsers")
			return v.stepOver(http.StatusOK, msg("notmelink.done"), msg("login.after.everywhere"))
		}
		return v.to("/login?" + endedHere)
	}
	v.anew(out)
	return v.to("/security/browsers?everywhere")
}

// postForget asks for the code again in one browser, or in all where none is
// named. One that is gone already is what was asked for.
func postForget(v *visit, s session) error {
	id := v.form.text("id")
	if _, err := v.p.svc.ForgetBrowser(v.r.Context(), s.token, id, v.from()); err != nil {
		return err
	}
	if id == "" {
		v.drop(rememberedCookie)
	}
	return v.to("/security/browsers?forgotten")
}
