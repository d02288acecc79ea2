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
	At      string
	Adds    bool
	New     bool      // what there was stays on another phone for now
	Until   time.Time // of a recovery: it can be come back to; zero: it is a set-up
	Code    field
	Ticket  string
	Now     time.Time
}

const scanPath = "/security/on/scan"

func (w wizard) showScan(v *visit, who holder) error {
	h, out, err := v.held(who, w.carried)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.notHeld(w.carried, out)
	case w.at(h) != w.scan:
		return w.over(v, h, w.scan)
	}
	view, err := w.scanned(v, h)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "scan", view)
}

func (w wizard) postScan(v *visit, who holder) error {
	out, err := who.confirm(v, w.carried)
	if err != nil {
		return err
	}
	if out.Passed() {
		v.set(w.cookie, out.Ticket)
		return v.to(w.codes.at)
	}
	h, dead, err := w.refused(v, who, out)
	if dead || err != nil {
		return err
	}
	view, err := w.scanned(v, h)
	if err != nil {
		return err
	}
	why := v.reason(out, h.Method)
	if out.Reason == nidan.WrongAnswer {
		why = msg("scan.wrong")
	}
	view.Code = v.wrongCode(why, h.Method)
	return v.refuse(out, "scan", view)
}

func (w wizard) scanned(v *visit, h nidan.Held) (scanView, error) {
	view := scanView{
		Groups: groups(h.Handout.Key), Key: h.Handout.Key, Account: h.Name, Method: h.Method,
		Steps: w.steps(h), At: w.scan, Adds: h.Adds, New: h.Replaces != "" || w.recovers(), Until: w.until(h), Ticket: nidan.TicketHash(v.ticket(w.carried)), Now: v.p.svc.Now(),
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
