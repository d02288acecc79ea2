package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/nidan-auth/nidan"
)

type secondView struct {
	Way      nidan.Way
	Others   []nidan.Way
	Barred   []nidan.Way         // that prove nothing more, or not enough, now
	Marks    map[string]*message // see marks
	Code     field
	Remember bool     // was ticked
	Waits    *message // until when nothing is judged, before anything was posted
	Known    bool     // somebody may know the password
	Stuck    bool     // wrong so often that another way is the better next step
	Expires  time.Time
	Now      time.Time

	Mailbox  string        // masked
	Mailed   *nidan.Mailed // the number on its way
	SendAt   time.Time     // from when on another can be mailed; zero: now
	SendOver bool          // no more in this log-in
	Unsent   *message      // why none was mailed

	Recovery *nidan.RecoveryView // under way
}

// Asks reports whether the page has a field for the code, or has to send one
// first.
func (s secondView) Asks() bool { return !s.Way.Prompts || s.Mailed != nil && !s.Mailed.Dead }

// Again says from when on another number can be mailed.
func (s secondView) Again() again { return again{s.SendAt, s.Now} }

// stuckAfter is the number of wrong answers after which the other ways stand
// above the field.
const stuckAfter = 3

func showSecond(v *visit, s signIn) error {
	view, ok := v.second(s, v.r.URL.Query().Get("way"))
	if !ok {
		return v.to("/login/lost")
	}
	if !s.view.Until.IsZero() {
		view.Waits = v.reason(nidan.Outcome{Reason: nidan.Waiting, Until: s.view.Until, Count: s.view.Count}, view.Way.Method)
	}
	if err := v.leadOnFrom(s); err != nil {
		return err
	}
	return v.show(http.StatusOK, "second", view)
}

func postSecond(v *visit, s signIn) error {
	if err := v.leadOnFrom(s); err != nil {
		return err
	}
	ans := v.answer()
	ans.Remember = v.form.ticked("remember")
	out, err := v.p.svc.Answer(v.r.Context(), s.token, ans, v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		return v.enter(out, v.onward("/security"))
	}
	return v.refuseSecond(out, s, &ans)
}

// postSend mails a number, the first or a new one.
func postSend(v *visit, s signIn) error {
	if err := v.leadOnFrom(s); err != nil {
		return err
	}
	out, err := v.p.svc.SendCode(v.r.Context(), s.token, v.form.text("way"), v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		return v.to("/login/second?" + url.Values{"way": {v.form.text("way")}}.Encode())
	}
	v.standsAt("/login/second")
	return v.refuseSecond(out, s, nil)
}

// refuseSecond shows the page again, as things stand after the refusal of an
// answer, or, without one, of sending a number.
func (v *visit) refuseSecond(out nidan.Outcome, s signIn, ans *nidan.Answer) error {
	switch out.Reason {
	case nidan.SignInEnded, nidan.Expired, nidan.Gone:
		return v.signInOver(out)
	}
	var now nidan.Outcome
	var err error
	s.view, now, err = v.p.svc.Pending(v.r.Context(), s.token, nil)
	switch {
	case err != nil:
		return err
	case now.Reason != nidan.SecondStep:
		return v.signInOver(now)
	}
	view, ok := v.second(s, v.form.text("way"))
	if !ok {
		return v.to("/login/lost")
	}
	view.Remember = ans != nil && ans.Remember
	view.Known = out.Others
	view.Stuck = out.Count >= stuckAfter
	why := v.refusal(out, view.Way, view.Mailed)
	if ans == nil || !view.Asks() {
		view.Unsent, view.Code = why, field{}
	} else {
		view.Code = v.wrongCode(why, view.Way.Method)
	}
	return v.refuse(out, "second", view)
}

// leadOnFrom lets the form lead to where the log-in was begun for: the product
// that led here, or the proxied host that waits.
func (v *visit) leadOnFrom(s signIn) error {
	v.leadsBack = true
	if s.view.Handover != nil {
		return nil
	}
	return v.leadOn()
}

// second prepares the page for the way with this id, or the one to ask first.
// false: no way takes an answer.
func (v *visit) second(s signIn, id string) (secondView, bool) {
	way, others, ok := choose(s.view.Ways, id)
	view := secondView{
		Way: way, Others: others, Barred: barred(s.view.Ways), Marks: marks(s.view.Ways), Code: field{Focus: true},
		Known: s.view.Others, Expires: s.view.Expires, Now: v.p.svc.Now(),
		Mailbox: s.view.Mailbox, Mailed: s.view.Mailed, SendAt: s.view.SendAt, SendOver: s.view.SendOver,
		Recovery: underWay(s.view.Recovery),
	}
	return view, ok
}
