package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

// A Mount puts pages into an application that has people and passwords of its
// own. The pages then have no log-in, registration or password: those are the
// application's.
type Mount struct {
	As    *nidan.Caller // see [nidan.Service.Inside]
	Host  Host
	LogIn string      // the path of the application's own log-in
	Home  string      // … and of where it leads to when nothing was proven; empty: LogIn
	Least nidan.Level // what a log-in has to be worth; zero: the password alone, where nothing else is turned on
}

// A Host is an application that has mounted the pages. Both methods begin a
// session of the application for the account, under an id that did not exist
// before, by writing to w a cookie and no status; they return the path in the
// application to lead on to. Both are called once the second step was taken, or
// where there is none to take, which a.Level says. Where the person may not log
// in any more they return an error: then no cookie leaves.
type Host interface {
	// SignedIn ends a log-in that began with [Pages.SignIn].
	SignedIn(w http.ResponseWriter, r *http.Request, a nidan.Assertion) (path string, err error)

	// SettingsLeft ends a visit to the settings that began with [Pages.Settings].
	// They may have been changed: every other session of the account ends.
	SettingsLeft(w http.ResponseWriter, r *http.Request, a nidan.Assertion) (path string, err error)
}

// A Person is somebody who has passed the application's own first step, a
// moment ago: only a right password makes one, never what stands in a request.
type Person struct {
	Ref   string        // the application's id of the account: for ever the same, and never given to another person
	About nidan.Details // a label of 1 to 120 characters; an address as mail servers take it, or none; a language, or the one chosen here

	// Known says that the application was told of this person before: an account
	// that is not there then was lost, and is not made anew without its second
	// step.
	Known bool

	PasswordChanged time.Time // by the application's own record; zero: not known
	ByMail          bool      // a mailed link changed it; needs PasswordChanged
}

func (m *Mount) check(base string) error {
	switch {
	case m.As == nil || m.Host == nil:
		return errors.New("web: a Mount needs As and Host")
	case base == "":
		return errors.New("web: a Mount needs a Base; the rest of the host is the application's")
	case !isPath(m.LogIn), m.Home != "" && !isPath(m.Home):
		return errors.New("web: LogIn and Home of a Mount are paths of the application")
	case m.Least > nidan.LevelAAL2:
		return errors.New("web: no page takes a second step that is worth what the Mount asks for")
	}
	return nil
}

// isPath reports whether an address stays on its host.
func isPath(at string) bool {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' } // browsers leave a tab out, and read \ as /
	return strings.HasPrefix(at, "/") && !strings.HasPrefix(at, "//") && !strings.ContainsFunc(at, odd)
}

// SignIn answers the request with which the application's log-in form was
// posted, after the password was found right: it leads to the second step or,
// where there is none, to what the Host says. An account that we have not seen
// yet comes into being.
func (p *Pages) SignIn(w http.ResponseWriter, r *http.Request, who Person) {
	p.lead(w, r, who, nidan.HandoverSignIn)
}

// Settings answers a request that was posted, with the password once more, to
// open the security settings: it leads there, by way of the second step.
func (p *Pages) Settings(w http.ResponseWriter, r *http.Request, who Person) {
	p.lead(w, r, who, nidan.HandoverSettings)
}

func (p *Pages) lead(w http.ResponseWriter, r *http.Request, who Person, use nidan.HandoverUse) {
	p.setHeaders(w.Header())
	p.handle("", func(v *visit) error {
		if p.mount == nil {
			return errors.New("web: the pages are not mounted")
		}
		k, err := v.known(who)
		if errors.Is(err, nidan.ErrFrozen) {
			return v.stepOver(http.StatusForbidden, msg("mount.frozen"), msg("mount.frozen.text"))
		}
		if err != nil {
			return err
		}
		k, out, err := p.svc.State(r.Context(), k, who.PasswordChanged, who.ByMail, v.from())
		if err == nil && out.Passed() {
			out, err = p.svc.Lead(r.Context(), k, use, max(p.mount.Least, nidan.LevelPassword), v.from())
		}
		switch {
		case err != nil:
			return err
		case out.Reason == nidan.SecondStep:
			v.set(pendingCookie, out.Pending.Token)
			return v.to("/login/second")
		case out.Passed():
			return v.enter(out, "/security/on") // which knows whether it is on
		case out.Reason == nidan.FirstStepStopped:
			return v.stopped(k, who)
		case out.Reason == nidan.Gone: // ended by another request meanwhile
			return v.loginAgain()
		}
		return fmt.Errorf("web: the stated first step is refused: %s", out.Reason)
	})(w, r)
}

// stopped says why a right password does not do: wrong codes came after it, or it
// is an older one, by what the application said before.
func (v *visit) stopped(k nidan.Kept, who Person) error {
	now, err := v.p.svc.ShowKept(v.r.Context(), k)
	if err != nil {
		return err
	}
	product := v.p.mount.As.Party().Name
	title, text := msg("mount.stopped"), msg("mount.stopped.text", "product", product)
	if now.FirstStepEnded.IsZero() {
		title, text = msg("mount.older"), msg("mount.older.text", "product", product)
		v.p.log.ErrorContext(v.r.Context(), "nidan: the application states a password that is older than one it has stated: the person is not let in", "ref", who.Ref, "changed", who.PasswordChanged)
	}
	return v.stepOver(http.StatusForbidden, title, text)
}

// known finds the person's account, or makes it, and takes over what the
// application says of it now. What cannot be taken over keeps nobody out.
func (v *visit) known(who Person) (nidan.Kept, error) {
	ctx, svc, m := v.r.Context(), v.p.svc, v.p.mount
	k, out, err := svc.Kept(ctx, m.As, who.Ref)
	switch {
	case err != nil:
		return k, err
	case out.Passed():
		if out, err = svc.Describe(ctx, k, who.About, v.from()); err == nil && out.Reason == nidan.NameInvalid {
			v.p.log.WarnContext(ctx, "nidan: what the application says of an account cannot be taken: it keeps its label and address", "ref", who.Ref)
			return k, nil
		}
	case who.Known:
		return k, fmt.Errorf("web: the account %q is missing: it was there before", who.Ref)
	default:
		for _, about := range []nidan.Details{who.About, {Label: who.About.Label}, {Label: who.Ref}} {
			if out, err = svc.Register(ctx, m.As, who.Ref, about, v.from()); err != nil || out.Reason != nidan.NameInvalid {
				break
			}
			v.p.log.WarnContext(ctx, "nidan: what the application says of an account cannot be taken: less of it is", "ref", who.Ref)
		}
		if err == nil && (out.Passed() || out.Reason == nidan.AccountExists) { // another request was faster
			k, out, err = svc.Kept(ctx, m.As, who.Ref)
		}
	}
	if err == nil && !out.Passed() {
		err = fmt.Errorf("web: the account %q cannot be kept: %s", who.Ref, out.Reason)
	}
	return k, err
}

// LogOut ends what the browser has open on these pages. It belongs into the
// application's own log-out.
func (p *Pages) LogOut(w http.ResponseWriter, r *http.Request) {
	p.handle("", func(v *visit) error {
		v.endFormer()
		v.dropSession()
		v.drop(bindCookie)
		return nil
	})(w, r)
}

// tellHost ends what the application led here for.
func (v *visit) tellHost(tell func(Host, http.ResponseWriter, *http.Request, nidan.Assertion) (string, error), a nidan.Assertion) error {
	if v.p.mount == nil {
		return errors.New("web: unreachable: a sign-in is told to an application, and none has mounted the pages")
	}
	before, began := len(v.w.Header()["Set-Cookie"]), false
	defer func() {
		if !began { // also where it panicked
			v.w.Header()["Set-Cookie"] = v.w.Header()["Set-Cookie"][:before]
		}
	}()
	at, err := tell(v.p.mount.Host, v.w, v.r, a)
	if err == nil && !isPath(at) {
		err = errors.New("it leads on to something that is no path of its own")
	}
	if err != nil {
		return fmt.Errorf("web: the application began no session: %w", err)
	}
	began = true
	return v.away(at)
}
