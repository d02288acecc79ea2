package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

var beginReissue = both{
	page: "reissue",
	do: func(v *visit, s session) (nidan.Outcome, error) {
		return v.p.svc.BeginReissue(v.r.Context(), s.token, v.form.secret("password"), v.answer(), v.from())
	},
	done: func(v *visit, out nidan.Outcome) error {
		v.set(reissue.cookie, out.Ticket)
		return v.to(reissue.here)
	},
}

func showReissueDone(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return err
	}
	for _, x := range o.Authenticators {
		if x.Sheet != nil {
			return v.show(http.StatusOK, "reissued", *x.Sheet)
		}
	}
	return v.to("/security")
}
