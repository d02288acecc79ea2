package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// The wizard behind the link of a recovery: password, method, proof, codes. It
// makes no session (law 11); what it goes on with is one cookie.

var bindLink = link{
	purpose: nidan.TicketRecovery, page: "bind",
	dead: another(msg("login.go"), "/login"),
}

// A bindView asks for the password before anything can be set up.
type bindView struct {
	nidan.LinkView
	Steps    stepsView
	Password field
}

func (v *visit) bind(open nidan.LinkView, password field) bindView {
	return bindView{open, bindBegins(), password}
}

// bindBegins are the steps of a recovery at its password, and bindEnded when all
// of them are taken.
func bindBegins() stepsView {
	steps := anySteps().after(msg("steps.password"))
	steps.At = 1
	return steps
}

func bindEnded() stepsView {
	steps := bindBegins()
	steps.At = len(steps.Names) + 1
	return steps
}

func showBind(v *visit) error {
	open, out, err := v.p.svc.OpenLink(v.r.Context(), bindLink.purpose, bindLink.ticket(v))
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.bindDead()
	}
	return v.show(http.StatusOK, "bind", v.bind(open, field{Focus: true}))
}

func postBind(v *visit) error {
	open, out, err := v.p.svc.OpenLink(v.r.Context(), bindLink.purpose, bindLink.ticket(v))
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.bindDead()
	}
	out, err = v.p.svc.BeginBinding(v.r.Context(), bindLink.ticket(v), v.form.secret("password"), v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		v.set(bindCookie, out.Ticket)
		return v.to(binding.begin)
	case out.Reason == nidan.LinkDead:
		return v.bindDead()
	}
	return v.refuse(out, "bind", v.bind(open, wrong(v.passwordReason(out), "")))
}

// bindDead answers for a link that was used: in the browser that used it, the
// wizard goes on.
func (v *visit) bindDead() error {
	_, out, err := v.p.svc.HeldBinding(v.r.Context(), v.ticket(binding))
	switch {
	case err != nil:
		return err
	case out.Passed():
		return v.to(binding.begin)
	}
	return bindLink.isDead(v)
}

// A bindMethodView lets somebody choose what takes the place of all they had.
type bindMethodView struct {
	onView
	Ticket string
	Until  time.Time
}

func showBindMethod(v *visit) error {
	h, out, err := v.held(nobody{}, binding)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.notHeld(binding, out)
	}
	return v.show(http.StatusOK, "bindmethod", v.bindMethod(h, h.Method))
}

func postBindMethod(v *visit) error {
	m := nidan.MethodName(v.form.text("method"))
	out, err := v.p.svc.BindWith(v.r.Context(), v.formOf(binding), m, v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		v.set(binding.cookie, out.Ticket)
		return v.to(binding.here)
	}
	switch out.Reason {
	case nidan.OtherTab, nidan.Gone, nidan.Expired, nidan.DoneElsewhere:
		return v.notHeld(binding, out)
	}
	h, held, err := v.held(nobody{}, binding)
	switch {
	case err != nil:
		return err
	case !held.Passed():
		return v.notHeld(binding, held)
	}
	view := v.bindMethod(h, m)
	view.Wrong = v.reason(out, "")
	return v.refuse(out, "bindmethod", view)
}

func (v *visit) bindMethod(h nidan.Held, chosen nidan.MethodName) bindMethodView {
	view := bindMethodView{onView: v.on(chosen), Ticket: nidan.TicketHash(v.ticket(binding)), Until: h.Expires}
	view.Steps = view.Steps.after(msg("steps.password"))
	return view
}

// recoveryOver answers where the ticket of a recovery is not honoured: it has
// run out, was used, or what it was for is over.
func (v *visit) recoveryOver(out nidan.Outcome) error {
	v.drop(binding.cookie)
	if out.Reason == nidan.Expired {
		return v.stop(out, msg("login.go"), "/login")
	}
	status := http.StatusUnprocessableEntity
	if v.r.Method != http.MethodPost {
		status = http.StatusGone
	}
	return v.show(status, "stop", stopView{Title: msg("bind.over"), Text: msg("bind.over.text"), Label: msg("login.go"), To: "/login"})
}

// showBindDone says what is different from now on. Nobody is logged in.
func showBindDone(v *visit) error {
	return v.show(http.StatusOK, "binddone", bindEnded())
}
