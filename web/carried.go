package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

// A carried is a kind of ticket that a session carries in a cookie: something
// begun and not finished, of which nothing is stored.
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
)

func (v *visit) ticket(c carried) nidan.Secret {
	value, _ := v.cookie(c.cookie)
	return nidan.NewSecret(value)
}

func (v *visit) held(s session, c carried) (nidan.Held, nidan.Outcome, error) {
	return v.p.svc.Held(v.r.Context(), s.token, c.purpose, v.ticket(c))
}

// formOf is the ticket that the browser carries now, with the name of the one
// that the form was drawn from.
func (v *visit) formOf(c carried) nidan.Carried {
	return nidan.Carried{Ticket: v.ticket(c), Drawn: v.form.text("ticket")}
}

// notHeld answers where a ticket is not honoured.
func (v *visit) notHeld(c carried, out nidan.Outcome) error {
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
