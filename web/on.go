package web

import (
	"net/http"

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
	view := v.on("")
	view.AskPassword, view.Stale = v.firstStep(s)
	return v.show(http.StatusOK, "on", view)
}

func postOn(v *visit, s session) error {
	m := nidan.MethodName(v.form.text("method"))
	out, err := v.p.svc.BeginSetUp(v.r.Context(), s.token, m, v.form.secret("password"), v.from())
	if err != nil {
		return err
	}
	view := v.on(m)
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

// on lists what can be chosen; the proposed method is chosen already.
func (v *visit) on(chosen nidan.MethodName) onView {
	methods := v.p.svc.Methods()
	view := onView{Methods: methods, Chosen: chosen, Steps: anySteps()}
	if _, ok := shapes[chosen]; !ok {
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
