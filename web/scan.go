package web

import (
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

type scanView struct {
	QR      qrCode
	Link    template.URL // opens the app on the device that shows the page
	Groups  []string     // the key as people type it
	Key     string       // the key as it is copied
	Account string
	Method  nidan.MethodName
	Steps   stepsView
	Adds    bool
	Code    field
	Ticket  string
	Now     time.Time
}

const scanPath = "/security/on/scan"

func showScan(v *visit, s session) error {
	h, out, err := v.held(s, setUp)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.notHeld(setUp, out)
	case stepPath(h) != scanPath:
		return v.stepOver(h, scanPath)
	}
	view, err := v.scan(s, h)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "scan", view)
}

func postScan(v *visit, s session) error {
	out, err := v.p.svc.Confirm(v.r.Context(), s.token, v.formOf(setUp), v.form.secret("code"), v.from())
	if err != nil {
		return err
	}
	if out.Passed() {
		v.set(setUp.cookie, out.Ticket)
		return v.to(setUpCodes.at)
	}
	h, dead, err := v.refusedStep(s, out)
	if dead || err != nil {
		return err
	}
	view, err := v.scan(s, h)
	if err != nil {
		return err
	}
	view.Code = v.wrongCode(v.reason(out, h.Method), h.Method)
	return v.refuse(out, "scan", view)
}

// refusedStep reads again what a refused step of the set-up holds. dead: the
// ticket is not honoured, or waits for something else, and that was answered.
func (v *visit) refusedStep(s session, out nidan.Outcome) (h nidan.Held, dead bool, err error) {
	switch out.Reason {
	case nidan.OtherTab, nidan.Gone, nidan.Expired, nidan.DoneElsewhere, nidan.NoSuchWay:
		return h, true, v.notHeld(setUp, out)
	}
	h, held, err := v.held(s, setUp)
	switch {
	case err != nil:
		return h, false, err
	case !held.Passed():
		return h, true, v.notHeld(setUp, held)
	case stepPath(h) != v.r.URL.Path:
		return h, true, v.to(stepPath(h))
	}
	return h, false, nil
}

// stepPath is where a set-up goes on.
func stepPath(h nidan.Held) string {
	switch {
	case h.Step == nidan.StepSave:
		return setUpCodes.at
	case h.Step == nidan.StepProve, shapes[h.Method].Mailed:
		return onMailPath
	}
	return scanPath
}

// stepOver answers where somebody comes back to a step that was taken already,
// or has still to be. What the first showed is not shown again.
func (v *visit) stepOver(h nidan.Held, at string) error {
	if h.Step != nidan.StepSave {
		return v.to(stepPath(h))
	}
	title, text := msg("scan.confirmed"), msg("scan.confirmed.text")
	switch {
	case at == onMailPath:
		title = msg("onmail.confirmed")
	case shapes[h.Method].Mailed:
		return v.to(setUpCodes.at) // no QR code was shown
	}
	if h.Adds {
		text = msg("scan.confirmed.adds")
	}
	return v.show(http.StatusGone, "stop", stopView{Title: title, Text: text, Label: msg("stop.go_on"), To: setUpCodes.at})
}

func (v *visit) scan(s session, h nidan.Held) (scanView, error) {
	view := scanView{
		Groups: groups(h.Handout.Key), Key: h.Handout.Key, Account: s.Name, Method: h.Method,
		Steps: stepsTo(h), Adds: h.Adds, Ticket: nidan.TicketHash(v.ticket(setUp)), Now: v.p.svc.Now(),
	}
	var err error
	if view.QR, err = newQR(h.Handout.URI); err != nil {
		return scanView{}, err
	}
	// html/template lets only schemes pass that it knows. This one was made by
	// the method, of names that it has escaped.
	if strings.HasPrefix(h.Handout.URI, "otpauth://totp/") {
		view.Link = template.URL(h.Handout.URI)
	}
	return view, nil
}

// groups cuts a key into groups of four.
func groups(key string) []string {
	var out []string
	for len(key) > 4 {
		out, key = append(out, key[:4]), key[4:]
	}
	return append(out, key)
}
