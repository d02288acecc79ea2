package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// A recoveryView is the page of a recovery for somebody who has the password
// and no second step: before it, while it waits, when it is ripe, and when its
// link was mailed.
type recoveryView struct {
	*nidan.RecoveryView               // nil: none is under way
	Hold                time.Duration // how long one waits that begins now
	From                time.Time     // when it would ripen
	Over                time.Time     // when an earlier one ran out; zero: there was none
	Mailbox             string        // where the link goes, masked
	Second              string        // where it may go instead, masked; empty: nowhere
	ToSecond            bool          // was chosen
	Failed              *message      // why nothing was done
	Kept                string        // name of the product that keeps the account; empty: we do
}

// IsRipe reports whether the link can be mailed.
func (r recoveryView) IsRipe() bool { return r.RecoveryView != nil && r.State == nidan.RecoveryRipe }

func showRecovery(v *visit, s signIn) error {
	if s.view.Hold == 0 {
		return v.to("/login/lost") // where it says whom to ask
	}
	return v.show(http.StatusOK, "recovery", v.recovery(s))
}

// postRecovery starts one. If one is under way it goes on as it is.
func postRecovery(v *visit, s signIn) error {
	out, err := v.p.svc.StartRecovery(v.r.Context(), s.token, v.from())
	switch {
	case err != nil:
		return err
	case out.Reason == nidan.Gone, out.Reason == nidan.Expired:
		return v.signInOver(out)
	}
	return v.to("/login/recovery")
}

func postRecoveryLink(v *visit, s signIn) error {
	out, err := v.p.svc.MailRecoveryLink(v.r.Context(), s.token, v.form.text("to") == "second", v.from())
	switch {
	case err != nil:
		return err
	case out.Passed(), out.Reason == nidan.RecoveryWaits: // the page says until when
		return v.to("/login/recovery")
	case out.Reason == nidan.Gone, out.Reason == nidan.Expired:
		return v.signInOver(out)
	}
	v.standsAt("/login/recovery")
	view := v.recovery(s)
	view.ToSecond = v.form.text("to") == "second"
	view.Failed = v.reason(out, "")
	if out.Reason == nidan.SendWait {
		now := v.p.svc.Now()
		view.Failed = msg("recovery.send_wait", "wait", out.Until.Sub(now), "when", again{out.Until, now}.When())
	}
	return v.refuse(out, "recovery", view)
}

func (v *visit) recovery(s signIn) recoveryView {
	view := recoveryView{
		RecoveryView: underWay(s.view.Recovery), Hold: s.view.Hold, From: v.p.svc.Now().Add(s.view.Hold),
		Mailbox: s.view.Mailbox, Second: s.view.Second,
	}
	if s.view.Handover != nil {
		view.Kept = s.view.Handover.Party
	}
	if s.view.Recovery != nil && view.RecoveryView == nil {
		view.Over = s.view.Recovery.Gone
	}
	return view
}
