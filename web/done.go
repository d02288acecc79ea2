package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

// showOnDone says what is different from now on.
func showOnDone(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	switch {
	case err != nil:
		return err
	case o.Protected.IsZero():
		return v.to("/security")
	}
	return v.show(http.StatusOK, "done", doneView{o})
}

type doneView struct{ nidan.Overview }
