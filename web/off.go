package web

import "net/http"

const offPath = "/security/off"

func showOff(v *visit, s session) error { return v.showBoth(s, "off", offPath) }

func postOff(v *visit, s session) error {
	out, err := v.p.svc.TurnOff(v.r.Context(), s.token, v.form.secret("password"), v.answer(), v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		v.keep(out)
		v.drop(setUpCookie, reissueCookie, renewCookie)
		return v.to("/security/off/done")
	}
	return v.refuseBoth(out, s, "off", offPath)
}

func showOffDone(v *visit, s session) error {
	if s.Protected {
		return v.to("/security")
	}
	return v.show(http.StatusOK, "offdone", nil)
}
