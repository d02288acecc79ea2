package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

type lostView struct {
	Reserve []nidan.Way // backup codes, where they take answers
	Others  []nidan.Way
}

// showLost is read by somebody without a phone. Nothing starts here.
func showLost(v *visit, s signIn) error {
	var view lostView
	for _, w := range s.view.Ways {
		switch {
		case w.Disabled:
		case w.Reserve:
			view.Reserve = append(view.Reserve, w)
		default:
			view.Others = append(view.Others, w)
		}
	}
	return v.show(http.StatusOK, "lost", view)
}
