package web

import (
	"net/http"
	"slices"

	"github.com/nidan-auth/nidan"
)

type onView struct {
	Methods     []nidan.MethodName
	Chosen      nidan.MethodName
	Steps       stepsView
	AskPassword bool
	Stale       bool // the product that keeps the account has to say again that its holder logged in
	Password    field
	Wrong       *message // about the choice
}

func showOn(v *visit, s session) error {
	if s.Protected {
		return v.to("/security")
	}
	methods, err := v.choices(s)
	if err != nil {
		return err
	}
	view := v.on(methods, "")
	view.AskPassword, view.Stale = v.firstStep(s)
	return v.show(http.StatusOK, "on", view)
}

func postOn(v *visit, s session) error {
	m := nidan.MethodName(v.form.text("method"))
	out, err := v.p.svc.BeginSetUp(v.r.Context(), s.token, m, v.form.secret("password"), v.from())
	if err != nil {
		return err
	}
	methods, err := v.choices(s)
	if err != nil {
		return err
	}
	view := v.on(methods, m)
	switch out.Reason {
	case nidan.OK:
		return setUpBegun(v, out)
	case nidan.Gone:
		return nidan.ErrNotFound
	case nidan.AlreadyOn:
		return v.toSettings(out)
	case nidan.StepUp, nidan.WrongFirstStep, nidan.FirstStepWait:
		if view.Stale = s.kept(); !view.Stale {
			view.AskPassword, view.Password = true, wrong(v.passwordReason(out), "")
		}
	default:
		view.AskPassword, view.Stale = v.firstStep(s)
		view.Wrong = v.reason(out, "")
	}
	return v.refuse(out, "on", view)
}

// choices are what the account can be protected with.
func (v *visit) choices(s session) ([]nidan.MethodName, error) {
	if !s.kept() {
		return v.p.svc.Methods(), nil // whose name is an address
	}
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	return v.reaching(o), err
}

// on lists what can be chosen; the proposed method is chosen already.
func (v *visit) on(methods []nidan.MethodName, chosen nidan.MethodName) onView {
	view := onView{Methods: methods, Chosen: chosen, Steps: anySteps()}
	if !slices.Contains(methods, chosen) && len(methods) > 0 {
		view.Chosen = methods[0]
	}
	if len(methods) == 1 {
		view.Steps = stepsOf(methods[0], false, false, 1)
	}
	return view
}

// passwordReason tells a password failure inside a session, where the address
// is not in question.
func (v *visit) passwordReason(out nidan.Outcome) *message {
	if out.Reason == nidan.WrongFirstStep {
		return msg("reason.wrong_password")
	}
	return v.reason(out, "")
}
