package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

type lostView struct {
	Reserve  []nidan.Way // backup codes, where they take answers
	Apps     []nidan.Way // that may be on another phone too
	Mails    []nidan.Way // that send something
	Barred   []nidan.Way // that prove nothing more, or not enough, now
	Marks    map[string]*message
	Hold     time.Duration // how long a recovery waits; 0: it is not offered
	Recovery *nidan.RecoveryView
}

// showLost is read by somebody without a phone. Nothing starts here.
func showLost(v *visit, s signIn) error {
	view := lostView{
		Barred: barred(s.view.Ways), Marks: marks(s.view.Ways), Hold: s.view.Hold, Recovery: underWay(s.view.Recovery),
	}
	for _, w := range s.view.Ways {
		switch {
		case w.Disabled, w.Barred, w.TooLow:
		case w.Reserve:
			view.Reserve = append(view.Reserve, w)
		case w.Prompts:
			view.Mails = append(view.Mails, w)
		default:
			view.Apps = append(view.Apps, w)
		}
	}
	return v.show(http.StatusOK, "lost", view)
}

// underWay leaves out a recovery that is over.
func underWay(r *nidan.RecoveryView) *nidan.RecoveryView {
	if r == nil || r.State == nidan.RecoveryPast {
		return nil
	}
	return r
}
