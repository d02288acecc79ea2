package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/nidan-auth/nidan"
)

// A Need is what a request must show before a route's handler runs.
type Need int

// The needs. The zero value is no declaration, and New refuses it.
const (
	Undeclared     Need = iota
	Anonymous           // nothing
	PendingSignIn       // a pending sign-in: the first step has passed
	RecoveryTicket      // the ticket of a recovery: its link was used, behind the first step
	AnySession          // a session, of whatever level the account demands now
)

// String implements [fmt.Stringer].
func (n Need) String() string {
	switch n {
	case Anonymous:
		return "anonymous"
	case PendingSignIn:
		return "pending sign-in"
	case RecoveryTicket:
		return "recovery ticket"
	case AnySession:
		return "any session"
	}
	return "undeclared"
}

// A Route is one line of the table.
type Route struct {
	Method  string
	Pattern string // of net/http
	Needs   Need

	do handler
}

// A handler is one of the four function types below. Which one it is says
// what it needs, and New checks that the table says the same.
type handler interface {
	needs() Need
	serve(*visit) error
}

type (
	anonymous   func(*visit) error
	withPending func(*visit, signIn) error
	withTicket  func(*visit) error
	withSession func(*visit, session) error
)

// A signIn is a pending sign-in that was found open.
type signIn struct {
	token nidan.PendingToken
	view  nidan.PendingView
}

// A session is a session that was found alive.
type session struct {
	*nidan.Session
	token nidan.SessionToken
}

func (anonymous) needs() Need   { return Anonymous }
func (withPending) needs() Need { return PendingSignIn }
func (withTicket) needs() Need  { return RecoveryTicket }
func (withSession) needs() Need { return AnySession }

func (h anonymous) serve(v *visit) error { return h(v) }

// serve lets nobody pass without an open sign-in: they start from the password
// (SECURITY B2).
func (h withPending) serve(v *visit) error {
	value, came := v.cookie(pendingCookie)
	tok, ok := nidan.ParsePending(value)
	if !ok {
		if came {
			v.drop(pendingCookie)
		}
		return v.loginAgain()
	}
	view, out, err := v.p.svc.Pending(v.r.Context(), tok, nil)
	if err != nil {
		return err
	}
	if out.Reason != nidan.SecondStep {
		return v.signInOver(out)
	}
	v.product = view.Handover
	return h(v, signIn{tok, view})
}

// serve lets nobody pass without the ticket of a recovery that is honoured now.
func (h withTicket) serve(v *visit) error {
	if _, came := v.cookie(binding.cookie); !came {
		return v.loginAgain()
	}
	_, out, err := v.held(nobody{}, binding)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.recoveryOver(out)
	}
	return h(v)
}

// serve lets nobody pass without a live session: they log in.
func (h withSession) serve(v *visit) error {
	s, ok, err := v.alive()
	switch {
	case err != nil:
		return err
	case !ok:
		return v.loginAgain()
	}
	return h(v, s)
}

// alive is the session that the browser shows, and what its pages are told of
// it. false: there is none, or it is over, and was forgotten.
func (v *visit) alive() (s session, ok bool, err error) {
	value, came := v.cookie(sessionCookie)
	tok, ok := nidan.ParseSession(value)
	if !ok {
		if came {
			v.dropSession()
		}
		return session{}, false, nil
	}
	ses, err := v.p.svc.Session(v.r.Context(), tok)
	var fault *nidan.Fault
	switch {
	case errors.Is(err, nidan.ErrNotFound), errors.Is(err, nidan.ErrFrozen), errors.As(err, &fault):
		// To the bearer all of these mean the same; the Service told the operator.
		v.dropSession()
		return session{}, false, nil
	case err != nil:
		return session{}, false, err
	}
	v.account, v.banner = ses.Name, recovering(ses.Recovery)
	v.product, v.leadsBack = ses.Handover, true
	return session{ses, tok}, true, nil
}

// newMux registers the table, and beside it what answers a wrong method and an
// unknown path.
func (p *Pages) newMux() (*http.ServeMux, error) {
	mux := http.NewServeMux()
	allowed := map[string][]string{}
	for _, r := range p.routes {
		if r.Needs == Undeclared || r.do == nil || r.do.needs() != r.Needs {
			return nil, fmt.Errorf("web: route %s %s declares %q and its handler needs something else", r.Method, r.Pattern, r.Needs)
		}
		mux.Handle(r.Method+" "+r.Pattern, p.handle(r.Method+" "+r.Pattern, r.serve))
		allowed[r.Pattern] = append(allowed[r.Pattern], r.Method)
		if r.Method == http.MethodGet {
			allowed[r.Pattern] = append(allowed[r.Pattern], http.MethodHead)
		}
	}
	for pattern, methods := range allowed {
		slices.Sort(methods)
		allow := strings.Join(methods, ", ")
		mux.Handle(pattern, p.handle(pattern, func(v *visit) error {
			v.w.Header().Set("Allow", allow)
			return &fault{status: http.StatusMethodNotAllowed}
		}))
	}
	missing := p.handle("/", func(*visit) error { return &fault{status: http.StatusNotFound} })
	mux.Handle("/", missing)
	mux.Handle("/static", missing) // or it is led on, by the request's own path, to "/static/"
	return mux, nil
}

// serve reads the form where there is one, checks what the route needs and runs
// its handler.
func (r Route) serve(v *visit) error {
	if r.Method == http.MethodPost {
		f, err := readForm(v.w, v.r)
		if err != nil {
			return err
		}
		v.form = f
	}
	return r.do.serve(v)
}
