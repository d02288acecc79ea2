package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

type secondView struct {
	Way     nidan.Way
	Others  []nidan.Way
	Code    field
	Waits   *message // until when nothing is judged, before anything was posted
	Known   bool     // somebody may know the password
	Stuck   bool     // wrong so often that another way is the better next step
	Expires time.Time
	Now     time.Time
}

// stuckAfter is the number of wrong answers after which the other ways stand
// above the field.
const stuckAfter = 3

func showSecond(v *visit, s signIn) error {
	way, others, ok := choose(s.view.Ways, v.r.URL.Query().Get("way"))
	if !ok {
		return v.to("/login/lost")
	}
	view := v.second(s, way, others)
	if !s.view.Until.IsZero() {
		view.Waits = v.reason(nidan.Outcome{Reason: nidan.Waiting, Until: s.view.Until, Count: s.view.Count}, way.Method)
	}
	return v.show(http.StatusOK, "second", view)
}

func postSecond(v *visit, s signIn) error {
	ans := nidan.Answer{Authenticator: v.form.text("way"), Code: v.form.secret("code")}
	out, err := v.p.svc.Answer(v.r.Context(), s.token, ans, v.from())
	if err != nil {
		return err
	}
	switch out.Reason {
	case nidan.OK:
		return v.enter(out)
	case nidan.SignInEnded, nidan.Expired, nidan.Gone:
		return v.signInOver(out)
	}
	way, others, ok := choose(s.view.Ways, ans.Authenticator)
	if !ok {
		return v.to("/login/lost")
	}
	view := v.second(s, way, others)
	view.Code = v.wrongCode(v.reason(out, way.Method), way.Method)
	view.Known = out.Others
	view.Stuck = out.Count >= stuckAfter
	return v.refuse(out, "second", view)
}

func (v *visit) second(s signIn, way nidan.Way, others []nidan.Way) secondView {
	return secondView{
		Way: way, Others: others, Code: field{Focus: true},
		Known: s.view.Others, Expires: s.view.Expires, Now: v.p.svc.Now(),
	}
}
