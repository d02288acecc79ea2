package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

type doneView struct {
	nidan.Overview
	Steps stepsView
	Host  string // that waits for this; empty: none
}

// showOnDone says what is different from now on.
func showOnDone(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	switch {
	case err != nil:
		return err
	case o.Protected.IsZero():
		return v.to("/security")
	}
	view := doneView{Overview: o, Steps: anySteps()}
	for _, x := range o.Authenticators {
		if !x.Reserve {
			view.Steps = stepsOf(x.Method, false, false, 0)
		}
	}
	switch waits, err := v.awaited(); {
	case err != nil:
		return err
	case waits != nil && !s.kept():
		view.Host = waits.Host
	}
	view.Steps.At = len(view.Steps.Names) + 1
	return v.show(http.StatusOK, "done", view)
}
