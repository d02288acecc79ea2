package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

type securityView struct {
	nidan.Overview
	Activity   []activity
	Unfinished bool   // a set-up was begun and left
	Renewal    string // the number of a used code whose successor waits to be saved
}

func showSecurity(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return err
	}
	view := securityView{Overview: o, Activity: activities(o.Events)}
	if _, ok := v.cookie(setUp.cookie); ok {
		_, out, err := v.held(s, setUp)
		if err != nil {
			return err
		}
		view.Unfinished = out.Passed()
	}
	if _, ok := v.cookie(renew.cookie); ok {
		h, out, err := v.held(s, renew)
		if err != nil {
			return err
		}
		if out.Passed() {
			view.Renewal = h.Codes.Item
		}
	}
	return v.show(http.StatusOK, "security", view)
}

// postEndSession ends another browser's session. One that is gone already is
// what was asked for.
func postEndSession(v *visit, s session) error {
	if _, err := v.p.svc.EndSession(v.r.Context(), s.token, nidan.SessionID(v.form.text("id")), v.from()); err != nil {
		return err
	}
	return v.to("/security#sessions")
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
		return v.to("/login?" + endedHere)
	}
	v.keep(out)
	v.drop(setUpCookie, reissueCookie, renewCookie)
	return v.to("/security#sessions")
}
