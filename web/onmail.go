package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// A numberView is the step of a wizard that waits for a mailed number.
type numberView struct {
	At     string
	Steps  stepsView
	Proves bool // the address, before the method
	Adds   bool
	Method nidan.MethodName
	Mailed *nidan.Mailed // nil: none is on its way
	Unsent *message      // why no other was sent
	Code   field
	Ticket string
	Now    time.Time
}

// Open reports whether there is a number to enter.
func (n numberView) Open() bool { return n.Mailed != nil && !n.Mailed.Dead }

// Again says from when on another number can be mailed.
func (n numberView) Again() again {
	if n.Mailed == nil {
		return again{}
	}
	return again{n.Mailed.Again, n.Now}
}

// numberMethod is how a mailed number is typed, whatever it is for.
const numberMethod nidan.MethodName = "mail"

const onMailPath = "/security/on/mail"

func showOnMail(v *visit, s session) error {
	h, out, err := v.held(s, setUp)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.notHeld(setUp, out)
	case stepPath(h) != onMailPath:
		return v.stepOver(h, onMailPath)
	}
	view := v.number(h)
	view.Code.Focus = view.Open()
	return v.show(http.StatusOK, "onmail", view)
}

// postOnMail takes the number, or sends another one.
func postOnMail(v *visit, s session) error {
	again := v.form.ticked("send")
	var out nidan.Outcome
	var err error
	if again {
		out, err = v.p.svc.SendSetUpCode(v.r.Context(), s.token, v.formOf(setUp), v.from())
	} else {
		out, err = v.p.svc.Confirm(v.r.Context(), s.token, v.formOf(setUp), v.form.secret("code"), v.from())
	}
	if err != nil {
		return err
	}
	if out.Passed() {
		v.set(setUp.cookie, out.Ticket)
		return v.to(setUp.here)
	}
	h, dead, err := v.refusedStep(s, out)
	if dead || err != nil {
		return err
	}
	view := v.number(h)
	why := v.refusal(out, nidan.Way{Method: numberMethod, Prompts: true}, h.Mailed)
	if again || !view.Open() {
		view.Unsent = why
	} else {
		view.Code = v.wrongCode(why, numberMethod)
	}
	return v.refuse(out, "onmail", view)
}

func (v *visit) number(h nidan.Held) numberView {
	return numberView{
		At: onMailPath, Steps: stepsTo(h), Proves: h.Step == nidan.StepProve, Adds: h.Adds, Method: h.Method,
		Mailed: h.Mailed, Ticket: nidan.TicketHash(v.ticket(setUp)), Now: v.p.svc.Now(),
	}
}
