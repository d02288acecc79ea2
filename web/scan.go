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
	Code    field
	Ticket  string
	Now     time.Time
}

func showScan(v *visit, s session) error {
	h, out, err := v.held(s, setUp)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.notHeld(setUp, out)
	case h.Step == nidan.StepSave:
		// The key was shown, was proven to be in the app, and is not shown again.
		return v.show(http.StatusGone, "stop", stopView{
			Title: msg("scan.confirmed"), Text: msg("scan.confirmed.text"), Label: msg("stop.go_on"), To: setUpCodes.at,
		})
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
	switch out.Reason {
	case nidan.OK:
		v.set(setUp.cookie, out.Ticket)
		return v.to(setUpCodes.at)
	case nidan.OtherTab, nidan.Gone, nidan.Expired, nidan.DoneElsewhere, nidan.NoSuchWay:
		return v.notHeld(setUp, out)
	}
	h, held, err := v.held(s, setUp)
	switch {
	case err != nil:
		return err
	case !held.Passed():
		return v.notHeld(setUp, held)
	}
	view, err := v.scan(s, h)
	if err != nil {
		return err
	}
	view.Code = v.wrongCode(v.reason(out, h.Method), h.Method)
	return v.refuse(out, "scan", view)
}

func (v *visit) scan(s session, h nidan.Held) (scanView, error) {
	view := scanView{
		Groups: groups(h.Handout.Key), Key: h.Handout.Key, Account: s.Name, Method: h.Method,
		Ticket: nidan.TicketHash(v.ticket(setUp)), Now: v.p.svc.Now(),
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
