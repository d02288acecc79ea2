package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// A fault is a request that no handler has to know of: an unknown path, a form
// that cannot be read. Its page has its sentences under "fault.STATUS".
type fault struct{ status int }

// Error implements error.
func (f *fault) Error() string { return "web: " + http.StatusText(f.status) }

// faults lists the faults that have a page.
var faults = map[int]bool{
	http.StatusBadRequest: true, http.StatusForbidden: true, http.StatusNotFound: true,
	http.StatusMethodNotAllowed: true, http.StatusRequestEntityTooLarge: true,
	http.StatusUnsupportedMediaType: true, http.StatusMisdirectedRequest: true,
}

// How long to wait before asking again where the Service accepts nothing.
const (
	busyFor  = 5 * time.Second
	clockFor = time.Minute
)

// failed is the one place that turns an error into a page.
func (v *visit) failed(err error) {
	var f *fault
	switch {
	case errors.As(err, &f) && faults[f.status]:
		v.apologise(f.status, faultView{Key: fmt.Sprintf("fault.%d", f.status)})
	case errors.Is(err, context.Canceled) && v.r.Context().Err() != nil:
		return // whoever asked has gone
	case errors.Is(err, nidan.ErrClock):
		v.pause(err, "fault.clock", clockFor)
	case errors.Is(err, nidan.ErrBusy):
		v.pause(err, "fault.busy", busyFor)
	case errors.Is(err, nidan.ErrNotFound), errors.Is(err, nidan.ErrFrozen):
		// The session ended while the handler ran.
		v.dropSession()
		if err := v.loginAgain(); err != nil {
			v.broken(err.Error())
		}
	default:
		v.broken(err.Error())
	}
}

func (v *visit) pause(err error, key string, d time.Duration) {
	v.p.log.WarnContext(v.r.Context(), "nothing accepted", "route", v.pattern, "cause", err.Error())
	v.retryAfter(d)
	v.apologise(http.StatusServiceUnavailable, faultView{Key: key})
}

// broken shows the error page and tells the operator the cause under the same
// reference: the route's pattern, never the path, which may hold a ticket.
func (v *visit) broken(cause string) {
	ref := rand.Text()[:10]
	v.p.log.ErrorContext(v.r.Context(), "page failed", "reference", ref, "route", v.pattern, "cause", cause)
	v.apologise(http.StatusInternalServerError, faultView{Key: "fault.500", Reference: ref})
}

// recovered makes the same page of a panic.
func (v *visit) recovered() {
	switch x := recover(); x {
	case nil:
	case http.ErrAbortHandler:
		panic(x)
	default:
		// A panic's value may hold anything; its type and place do not.
		v.broken(fmt.Sprintf("panic: %T%s", x, place()))
	}
}

type faultView struct {
	Key       string
	Reference string
}

// apologise shows a page that must not fail.
func (v *visit) apologise(status int, view faultView) {
	if err := v.show(status, "fault", view); err != nil {
		v.p.log.ErrorContext(v.r.Context(), "page failed", "route", v.pattern, "cause", err.Error())
		http.Error(v.w, http.StatusText(status), status)
	}
}
