package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

// A wizard is where a method is set up, a step to a page: in a session, or at
// the end of a recovery.
type wizard struct {
	carried
	scan  string
	mail  string
	codes sheet
}

var (
	setUpSteps = wizard{setUp, scanPath, onMailPath, setUpCodes}
	bindSteps  = wizard{binding, "/recover/scan", "/recover/mail", boundCodes}
)

// A holder is who carries the ticket of a wizard: a session, or nobody that is
// logged in.
type holder interface {
	held(*visit, carried) (nidan.Held, nidan.Outcome, error)
	confirm(*visit, carried) (nidan.Outcome, error)
	send(*visit, carried) (nidan.Outcome, error)
	complete(*visit, carried) (nidan.Outcome, error)
}

// nobody has proven with the link of a recovery, and the first step, what its
// ticket stands for. It is worth nothing anywhere else.
type nobody struct{}

func (s session) held(v *visit, c carried) (nidan.Held, nidan.Outcome, error) {
	return v.p.svc.Held(v.r.Context(), s.token, c.purpose, v.ticket(c))
}

func (s session) confirm(v *visit, c carried) (nidan.Outcome, error) {
	return v.p.svc.Confirm(v.r.Context(), s.token, v.formOf(c), v.form.secret("code"), v.from())
}

func (s session) send(v *visit, c carried) (nidan.Outcome, error) {
	return v.p.svc.SendSetUpCode(v.r.Context(), s.token, v.formOf(c), v.from())
}

func (s session) complete(v *visit, c carried) (nidan.Outcome, error) {
	return v.p.svc.Complete(v.r.Context(), s.token, c.purpose, v.formOf(c), v.form.ticked("saved"), v.from())
}

func (nobody) held(v *visit, c carried) (nidan.Held, nidan.Outcome, error) {
	return v.p.svc.HeldBinding(v.r.Context(), v.ticket(c))
}

func (nobody) confirm(v *visit, c carried) (nidan.Outcome, error) {
	return v.p.svc.ConfirmBinding(v.r.Context(), v.formOf(c), v.form.secret("code"), v.from())
}

func (nobody) send(v *visit, c carried) (nidan.Outcome, error) {
	return v.p.svc.SendBindingCode(v.r.Context(), v.formOf(c), v.from())
}

func (nobody) complete(v *visit, c carried) (nidan.Outcome, error) {
	return v.p.svc.CompleteBinding(v.r.Context(), v.formOf(c), v.form.ticked("saved"), v.from())
}

// inSession is a step that a session takes.
func inSession(do func(*visit, holder) error) withSession {
	return func(v *visit, s session) error { return do(v, s) }
}

// alone is a step for which nobody is logged in.
func alone(do func(*visit, holder) error) withTicket {
	return func(v *visit) error { return do(v, nobody{}) }
}

// at is where the wizard goes on.
func (w wizard) at(h nidan.Held) string {
	switch {
	case h.Step == nidan.StepChoose:
		return w.begin
	case h.Step == nidan.StepSave:
		return w.codes.at
	case h.Step == nidan.StepProve, shapes[h.Method].Mailed:
		return w.mail
	}
	return w.scan
}

// over answers where somebody comes back to a step that was taken already, or
// has still to be. What the first showed is not shown again.
func (w wizard) over(v *visit, h nidan.Held, at string) error {
	if h.Step != nidan.StepSave {
		return v.to(w.at(h))
	}
	title, text := msg("scan.confirmed"), msg("scan.confirmed.text")
	switch {
	case at == w.mail:
		title = msg("onmail.confirmed")
	case shapes[h.Method].Mailed:
		return v.to(w.codes.at) // no QR code was shown
	}
	if h.Adds || w.recovers() {
		text = msg("scan.confirmed.adds")
	}
	return v.show(http.StatusGone, "stop", stopView{Title: title, Text: text, Label: msg("stop.go_on"), To: w.codes.at})
}

// refused reads again what a refused step holds. dead: the ticket is not
// honoured, or waits for something else, and that was answered.
func (w wizard) refused(v *visit, who holder, out nidan.Outcome) (h nidan.Held, dead bool, err error) {
	switch out.Reason {
	case nidan.OtherTab, nidan.Gone, nidan.Expired, nidan.DoneElsewhere, nidan.NoSuchWay:
		return h, true, v.notHeld(w.carried, out)
	}
	h, held, err := v.held(who, w.carried)
	switch {
	case err != nil:
		return h, false, err
	case !held.Passed():
		return h, true, v.notHeld(w.carried, held)
	case w.at(h) != v.r.URL.Path:
		return h, true, v.to(w.at(h))
	}
	return h, false, nil
}
