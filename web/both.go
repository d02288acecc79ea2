package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// A bothView is the part of a page that asks for both steps, now.
type bothView struct {
	At       string
	Way      nidan.Way
	Others   []nidan.Way
	Password field
	Code     field
	Codes    *nidan.Sheet // the backup codes there are
	Now      time.Time
}

// both prepares it. Where nothing is on, or no way takes an answer, there is
// nothing to ask for.
func (v *visit) both(s session, at, way string) (bothView, bool, error) {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil || o.Protected.IsZero() {
		return bothView{}, false, err
	}
	view := bothView{At: at, Now: v.p.svc.Now()}
	var ok bool
	view.Way, view.Others, ok = choose(o.Ways, way)
	for _, x := range o.Authenticators {
		if x.Sheet != nil {
			view.Codes = x.Sheet
		}
	}
	return view, ok, nil
}

// showBoth shows a page that asks for both steps.
func (v *visit) showBoth(s session, page, at string) error {
	view, ok, err := v.both(s, at, v.r.URL.Query().Get("way"))
	switch {
	case err != nil:
		return err
	case !ok:
		return v.to("/security")
	}
	view.Password.Focus = true
	return v.show(http.StatusOK, page, view)
}

// refuseBoth shows it again, with what failed beside its field.
func (v *visit) refuseBoth(out nidan.Outcome, s session, page, at string) error {
	switch out.Reason {
	case nidan.Gone:
		return nidan.ErrNotFound
	case nidan.NotProtected:
		return v.toSettings(out)
	}
	view, ok, err := v.both(s, at, v.form.text("way"))
	switch {
	case err != nil:
		return err
	case !ok:
		return v.toSettings(out)
	}
	switch out.Reason {
	case nidan.WrongFirstStep, nidan.FirstStepWait:
		view.Password = wrong(v.passwordReason(out), "")
		if shapes[view.Way.Method].Keep {
			view.Code.Value = v.form.text("code")
		}
	default:
		view.Code = v.wrongCode(v.reason(out, view.Way.Method), view.Way.Method)
	}
	return v.refuse(out, page, view)
}

func (v *visit) answer() nidan.Answer {
	return nidan.Answer{Authenticator: v.form.text("way"), Code: v.form.secret("code")}
}
