package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

const offPath = "/security/off"

var turnOff = both{
	page: "off",
	do: func(v *visit, s session) (nidan.Outcome, error) {
		return v.p.svc.TurnOff(v.r.Context(), s.token, v.form.secret("password"), v.answer(), v.from())
	},
	done: func(v *visit, out nidan.Outcome) error {
		v.anew(out)
		return v.to("/security/off/done")
	},
}

// anew keeps what goes on and drops what was begun before everything ended.
func (v *visit) anew(out nidan.Outcome) {
	v.keep(out)
	v.drop(setUpCookie, reissueCookie, renewCookie, rememberedCookie)
}

func showOffDone(v *visit, s session) error {
	if s.Protected {
		return v.to("/security")
	}
	return v.show(http.StatusOK, "offdone", nil)
}
