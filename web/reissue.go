package web

import (
	"net/http"
)

func showReissue(v *visit, s session) error { return v.showBoth(s, "reissue", reissue.begin) }

func postReissue(v *visit, s session) error {
	out, err := v.p.svc.BeginReissue(v.r.Context(), s.token, v.form.secret("password"), v.answer(), v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		v.set(reissue.cookie, out.Ticket)
		return v.to(reissue.here)
	}
	return v.refuseBoth(out, s, "reissue", reissue.begin)
}

func showReissueDone(v *visit, s session) error {
	view, ok, err := v.both(s, "", "")
	switch {
	case err != nil:
		return err
	case !ok || view.Codes == nil:
		return v.to("/security")
	}
	return v.show(http.StatusOK, "reissued", *view.Codes)
}
