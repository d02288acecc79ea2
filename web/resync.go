package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

const resyncPath = "/security/methods/resync"

// A resyncView asks an app for two codes in a row.
type resyncView struct {
	nidan.AuthenticatorView
	AskPassword bool
	Stale       bool // the product that keeps the account has to say again that its holder logged in
	Password    field
	First       field
	Second      field
	Now         time.Time
}

func showResync(v *visit, s session) error {
	view, err := v.resync(s, v.r.URL.Query().Get("way"))
	if err != nil {
		return err
	}
	view.AskPassword, view.Stale = v.firstStep(s)
	view.Password.Focus, view.First.Focus = view.AskPassword, !view.AskPassword
	return v.show(http.StatusOK, "resync", view)
}

func postResync(v *visit, s session) error {
	id := v.form.text("way")
	out, err := v.p.svc.Resync(v.r.Context(), s.token, id, v.form.secret("code"), v.form.secret("next"), v.form.secret("password"), v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		return v.to("/security/methods?resynced")
	case out.Reason == nidan.Gone:
		return nidan.ErrNotFound
	case out.Reason == nidan.NoSuchWay, out.Reason == nidan.Disabled:
		return v.toSettings(out)
	}
	view, err := v.resync(s, id)
	if err != nil {
		return err
	}
	view.AskPassword, view.Stale = v.firstStep(s)
	switch out.Reason {
	case nidan.StepUp, nidan.WrongFirstStep, nidan.FirstStepWait:
		if view.Stale = s.kept(); !view.Stale {
			view.AskPassword, view.Password = true, wrong(v.passwordReason(out), "")
		}
	case nidan.WrongAnswer:
		view.First = wrong(msg("resync.wrong"), "")
	default:
		view.First = wrong(v.reason(out, view.Method), "")
	}
	return v.refuse(out, "resync", view)
}

// resync finds the app: the one named, or the first there is.
func (v *visit) resync(s session, id string) (resyncView, error) {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return resyncView{}, err
	}
	for _, x := range o.Authenticators {
		if x.Resyncs && x.Disabled.IsZero() && (id == "" || x.ID == id) {
			return resyncView{AuthenticatorView: x, Now: v.p.svc.Now()}, nil
		}
	}
	return resyncView{}, &fault{status: http.StatusNotFound}
}
