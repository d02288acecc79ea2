package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// The wizard behind the link of a recovery: first step, method, proof, codes. It
// makes no session (law 11); what it goes on with is one cookie. The first step
// is the password; where a product keeps the account, a sign-in that is open in
// the same browser and began there.

var bindLink = link{
	purpose: nidan.TicketRecovery, page: "bind",
	dead: another(msg("login.go"), "/login"), deadLed: msg("bind.dead.led"),
}

// A bindView asks for the first step before anything can be set up.
type bindView struct {
	nidan.LinkView
	Steps    stepsView
	Password field
	Ready    bool // a sign-in that began at the product is open in this browser
}

func (v *visit) bind(open nidan.LinkView, password field) bindView {
	return bindView{LinkView: open, Steps: bindBegins(), Password: password}
}

// bindBegins are the steps of a recovery at its link, and bindEnded when all of
// them are taken.
func bindBegins() stepsView {
	steps := anySteps().after(msg("steps.link"))
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
	view := v.bind(open, field{Focus: true})
	if open.Kept != "" {
		if view.Ready, err = v.openFor(open); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "bind", view)
}

// openFor reports whether a sign-in is open in this browser that looks like one
// of the account. Whether it is, the button behind it finds out.
func (v *visit) openFor(open nidan.LinkView) (bool, error) {
	value, _ := v.cookie(pendingCookie)
	tok, ok := nidan.ParsePending(value)
	if !ok {
		return false, nil
	}
	view, out, err := v.p.svc.Pending(v.r.Context(), tok, nil)
	return out.Reason == nidan.SecondStep && view.Handover != nil && view.Handover.Label == open.Name, err
}

func postBind(v *visit) error {
	open, out, err := v.p.svc.OpenLink(v.r.Context(), bindLink.purpose, bindLink.ticket(v))
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.bindDead()
	}
	if open.Kept != "" {
		out, err = v.beginKept()
	} else {
		out, err = v.p.svc.BeginBinding(v.r.Context(), bindLink.ticket(v), v.form.secret("password"), v.from())
	}
	switch {
	case err != nil:
		return err
	case out.Passed():
		v.follow(open.Kept)
		v.set(bindCookie, out.Ticket)
		return v.to(binding.begin)
	case out.Reason == nidan.LinkDead:
		return v.bindDead()
	case out.Reason == nidan.StepUp:
		return v.refuse(out, "bind", v.bind(open, field{}))
	}
	return v.refuse(out, "bind", v.bind(open, wrong(v.passwordReason(out), "")))
}

// beginKept shows the sign-in that is open in this browser. Without one, that is
// what is missing.
func (v *visit) beginKept() (nidan.Outcome, error) {
	value, _ := v.cookie(pendingCookie)
	tok, ok := nidan.ParsePending(value)
	if !ok {
		return nidan.Outcome{Reason: nidan.StepUp}, nil
	}
	return v.p.svc.BeginBindingKept(v.r.Context(), bindLink.ticket(v), tok, v.from())
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
	view := bindMethodView{onView: v.on(v.p.svc.Methods(), chosen), Ticket: nidan.TicketHash(v.ticket(binding)), Until: h.Expires}
	view.Steps = view.Steps.after(msg("steps.link"))
	return view
}

// recoveryOver answers where the ticket of a recovery is not honoured: it has
// run out, was used, or what it was for is over.
func (v *visit) recoveryOver(out nidan.Outcome) error {
	v.drop(binding.cookie)
	status := http.StatusUnprocessableEntity
	if v.r.Method != http.MethodPost {
		status = http.StatusGone
	}
	switch {
	case v.led() && out.Reason == nidan.Expired:
		return v.stepOver(status, stops[out.Reason], v.reason(out, ""))
	case v.led():
		return v.stepOver(status, msg("bind.over"), msg("bind.over.text"))
	case out.Reason == nidan.Expired:
		return v.stop(out, msg("login.go"), "/login")
	}
	return v.show(status, "stop", stopView{Title: msg("bind.over"), Text: msg("bind.over.text"), Label: msg("login.go"), To: "/login"})
}

type bindDoneView struct {
	Steps stepsView
	Kept  string // name of the product that keeps the account; empty: we do
	Led   bool   // … or it is not known any more
}

// showBindDone says what is different from now on. Nobody is logged in.
func showBindDone(v *visit) error {
	kept, err := v.keeper()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "binddone", bindDoneView{bindEnded(), kept, v.led()})
}
