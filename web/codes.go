package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// A sheet is a page that shows backup codes until they are saved: those of a
// set-up, a new set, or the successor of one that was used.
type sheet struct {
	carried
	page string
	at   string
	done string
}

var (
	setUpCodes = sheet{setUp, "codes", "/security/on/codes", "/security/on/done"}
	newCodes   = sheet{reissue, "codes", "/security/codes/new", "/security/codes/done"}
	oneCode    = sheet{renew, "code", "/security/code", "/security"}
	boundCodes = sheet{binding, "codes", "/recover/codes", "/recover/done"}
)

type codesView struct {
	At      string
	SetUp   bool      // a step of the wizard
	Adds    bool      // … on an account that is protected
	Until   time.Time // … of a recovery: it can be come back to; zero: it is a set-up
	Steps   stepsView
	Account string
	Issued  time.Time
	Codes   []string
	Item    string // the number that is replaced, if it is one
	Ticket  string
	Wrong   *message
}

func (k sheet) show(v *visit, who holder) error {
	if err := k.leadOn(v); err != nil {
		return err
	}
	h, out, err := v.held(who, k.carried)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.notHeld(k.carried, out)
	case len(h.Codes.Codes) == 0:
		return v.to(k.here) // the step before is still due
	}
	return v.show(http.StatusOK, k.page, k.view(v, h, nil))
}

func (k sheet) post(v *visit, who holder) error {
	if err := k.leadOn(v); err != nil {
		return err
	}
	done, err := k.leads(v, who)
	if err != nil {
		return err
	}
	out, err := who.complete(v, k.carried)
	if err != nil {
		return err
	}
	switch out.Reason {
	case nidan.OK:
		v.keep(out)
		v.drop(k.cookie)
		return v.to(done)
	case nidan.StepUp:
		return v.to(k.here)
	case nidan.NotSaved:
	default:
		return v.notHeld(k.carried, out)
	}
	h, held, err := v.held(who, k.carried)
	switch {
	case err != nil:
		return err
	case !held.Passed():
		return v.notHeld(k.carried, held)
	}
	return v.refuse(out, k.page, k.view(v, h, v.reason(out, "")))
}

func (k sheet) view(v *visit, h nidan.Held, wrong *message) codesView {
	return codesView{
		At: k.at, SetUp: k.purpose == nidan.TicketSetUp || k.recovers(), Adds: h.Adds, Until: k.until(h), Steps: k.steps(h), Account: h.Name,
		Issued: h.Codes.Issued, Codes: h.Codes.Codes, Item: h.Codes.Item,
		Ticket: nidan.TicketHash(v.ticket(k.carried)), Wrong: wrong,
	}
}

// leadOn: the successor of a used backup code stands between a log-in and the
// host that waits for it.
func (k sheet) leadOn(v *visit) error {
	if k.purpose != nidan.TicketRenew || v.product != nil {
		return nil
	}
	return v.leadOn()
}

// leads is where Complete leads to. Afterwards the ticket says nothing any more.
func (k sheet) leads(v *visit, who holder) (string, error) {
	if k.purpose != nidan.TicketSetUp {
		return v.onward(k.done), nil
	}
	h, out, err := v.held(who, k.carried)
	switch {
	case err != nil || !out.Passed() || !h.Adds:
		return k.done, err
	case h.Replaces != "":
		return "/security/methods/replaced", nil
	}
	return "/security/methods/added", nil
}
