package web

import (
	"net/http"

	"github.com/nidan-auth/nidan"
)

// A stopView tells that something cannot go on here, and where it can.
type stopView struct {
	Title *message
	Text  *message
	Label *message // of the way on
	To    string
}

// stops are the reasons that end a wizard, each with its own heading.
var stops = map[nidan.Reason]*message{
	nidan.OtherTab:      msg("stop.other_tab"),
	nidan.DoneElsewhere: msg("stop.done"),
	nidan.AlreadyOn:     msg("stop.already_on"),
	nidan.NotProtected:  msg("stop.not_on"),
	nidan.Expired:       msg("stop.expired"),
}

// stop shows why a wizard cannot go on, and leads to path. A page that has
// gone is 410, a form that changed nothing 422.
func (v *visit) stop(out nidan.Outcome, label *message, path string) error {
	status := http.StatusUnprocessableEntity
	if v.r.Method != http.MethodPost {
		status = http.StatusGone
	}
	title, ok := stops[out.Reason]
	if !ok {
		title = msg("stop.ended")
	}
	return v.show(status, "stop", stopView{Title: title, Text: v.reason(out, ""), Label: label, To: path})
}

// toSettings is the way on that always exists.
func (v *visit) toSettings(out nidan.Outcome) error {
	return v.stop(out, msg("stop.settings"), "/security")
}
