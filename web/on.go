package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

type onView struct {
	Methods     []nidan.MethodName
	Chosen      nidan.MethodName
	AskPassword bool
	Password    field
	Wrong       *message // about the choice
}

func showOn(v *visit, s session) error {
	if s.Protected {
		return v.to("/security")
	}
	view := v.on("")
	view.AskPassword = !s.PasswordFresh(v.p.svc.Now())
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
		v.set(setUp.cookie, out.Ticket)
		return v.to(setUp.here)
	case nidan.Gone:
		return nidan.ErrNotFound
	case nidan.AlreadyOn:
		return v.toSettings(out)
	case nidan.StepUp, nidan.WrongFirstStep, nidan.FirstStepWait:
		view.AskPassword, view.Password = true, wrong(v.passwordReason(out), "")
	default:
		view.AskPassword, view.Wrong = !s.PasswordFresh(v.p.svc.Now()), v.reason(out, "")
	}
	return v.refuse(out, "on", view)
}

// on lists what can be chosen; the proposed method is chosen already.
func (v *visit) on(chosen nidan.MethodName) onView {
	methods := v.p.svc.Methods()
	if _, ok := shapes[chosen]; !ok {
		chosen = methods[0]
	}
	return onView{Methods: methods, Chosen: chosen}
}

// passwordReason tells a password failure inside a session, where the address
// is not in question.
func (v *visit) passwordReason(out nidan.Outcome) *message {
	if out.Reason == nidan.WrongFirstStep {
		return msg("reason.wrong_password")
	}
	return v.reason(out, "")
}
