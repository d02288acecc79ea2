package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// A carried is a kind of ticket that a browser carries in a cookie: something
// begun and not finished, of which nothing is stored. All but the one of a
// recovery belong to a session.
type carried struct {
	purpose nidan.TicketPurpose
	cookie  string
	begin   string // where it is begun
	here    string // where it goes on
}

var (
	setUp   = carried{nidan.TicketSetUp, setUpCookie, "/security/on", "/security/on/scan"}
	reissue = carried{nidan.TicketReissue, reissueCookie, "/security/codes", "/security/codes/new"}
	renew   = carried{nidan.TicketRenew, renewCookie, "/security", "/security/code"}
	binding = carried{nidan.TicketBind, bindCookie, "/recover/method", "/recover/scan"}
)

func (v *visit) ticket(c carried) nidan.Secret {
	value, _ := v.cookie(c.cookie)
	return nidan.NewSecret(value)
}

func (v *visit) held(who holder, c carried) (nidan.Held, nidan.Outcome, error) {
	h, out, err := who.held(v, c)
	v.kept = h.Kept
	return h, out, err
}

// formOf is the ticket that the browser carries now, with the name of the one
// that the form was drawn from.
func (v *visit) formOf(c carried) nidan.Carried {
	return nidan.Carried{Ticket: v.ticket(c), Drawn: v.form.text("ticket")}
}

// recovers reports whether it is the ticket of a recovery.
func (c carried) recovers() bool { return c.purpose == nidan.TicketBind }

// until is when a recovery's wizard can be come back to no more; zero where the
// settings lead back.
func (c carried) until(h nidan.Held) time.Time {
	if !c.recovers() {
		return time.Time{}
	}
	return h.Expires
}

// steps says where the wizard is. A recovery began with its link.
func (c carried) steps(h nidan.Held) stepsView {
	if c.recovers() {
		return stepsTo(h).after(msg("steps.link"))
	}
	return stepsTo(h)
}

// notHeld answers where a ticket is not honoured.
func (v *visit) notHeld(c carried, out nidan.Outcome) error {
	if c.recovers() && out.Reason != nidan.OtherTab {
		return v.recoveryOver(out)
	}
	switch out.Reason {
	case nidan.OtherTab:
		return v.stop(out, msg("stop.go_on"), c.here)
	case nidan.Gone:
		v.drop(c.cookie)
		if v.r.Method != http.MethodPost {
			return v.to(c.begin) // nothing was begun, or not in this session
		}
		return v.stop(out, msg("stop.again"), c.begin)
	case nidan.Expired:
		v.drop(c.cookie)
		return v.stop(out, msg("stop.again"), c.begin)
	}
	v.drop(c.cookie)
	return v.toSettings(out)
}
