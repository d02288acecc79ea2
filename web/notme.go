package web

import (
	"net/http"
	"slices"

	"github.com/nidan-auth/nidan"
)

type activityView struct {
	Activity []activity
}

func showActivity(v *visit, s session) error {
	events, err := v.p.svc.Activity(v.r.Context(), s.token)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "activity", activityView{activities(events)})
}

type notMeView struct {
	Protected bool
	ByMail    bool // a mailed code is one of the ways
}

// showNotMe says what the button does.
func showNotMe(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return err
	}
	byMail := slices.ContainsFunc(o.Ways, func(w nidan.Way) bool { return shapes[w.Method].Mailed })
	return v.show(http.StatusOK, "notme", notMeView{s.Protected, byMail})
}

func postNotMe(v *visit, s session) error {
	out, err := v.p.svc.NotMe(v.r.Context(), s.token, v.from())
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return nidan.ErrNotFound
	}
	v.dropSession()
	v.drop(rememberedCookie)
	if s.kept() {
		return v.stepOver(http.StatusOK, msg("notmelink.done"), msg("notme.kept.done", "product", s.Handover.Party))
	}
	return v.to(notMeLink.after) // the mailed link does the same
}
