package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// A numberView is the step of a wizard that waits for a mailed number.
type numberView struct {
	At     string
	Begin  string // where the method is chosen
	Steps  stepsView
	Proves bool // the address, before the method
	Adds   bool
	Until  time.Time // of a recovery: it can be come back to; zero: it is a set-up
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

func (w wizard) showMail(v *visit, who holder) error {
	h, out, err := v.held(who, w.carried)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.notHeld(w.carried, out)
	case w.at(h) != w.mail:
		return w.over(v, h, w.mail)
	}
	view := w.number(v, h)
	view.Code.Focus = view.Open()
	return v.show(http.StatusOK, "onmail", view)
}

// postMail takes the number, or sends another one.
func (w wizard) postMail(v *visit, who holder) error {
	again := v.form.ticked("send")
	var out nidan.Outcome
	var err error
	if again {
		out, err = who.send(v, w.carried)
	} else {
		out, err = who.confirm(v, w.carried)
	}
	if err != nil {
		return err
	}
	if out.Passed() {
		v.set(w.cookie, out.Ticket)
		return v.to(w.here)
	}
	h, dead, err := w.refused(v, who, out)
	if dead || err != nil {
		return err
	}
	view := w.number(v, h)
	why := v.refusal(out, nidan.Way{Method: numberMethod, Prompts: true}, h.Mailed)
	if again || !view.Open() {
		view.Unsent = why
	} else {
		view.Code = v.wrongCode(why, numberMethod)
	}
	return v.refuse(out, "onmail", view)
}

func (w wizard) number(v *visit, h nidan.Held) numberView {
	return numberView{
		At: w.mail, Begin: w.begin, Steps: w.steps(h), Proves: h.Step == nidan.StepProve, Adds: h.Adds, Until: w.until(h), Method: h.Method,
		Mailed: h.Mailed, Ticket: nidan.TicketHash(v.ticket(w.carried)), Now: v.p.svc.Now(),
	}
}
