package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
)

// A both is a page that asks for the password and, where two-step verification
// is on, for the second step: both of them now (law 12). Where a number has to
// be mailed first, the page asks for nothing but that, so that nothing typed is
// lost on the way.
type both struct {
	page string

	// anyone: the page is there too where two-step verification is off, and
	// then asks for the password alone.
	anyone bool

	// look prepares what else stands on the page. Its error ends the request.
	look func(v *visit, o nidan.Overview, view *bothView) error

	// do runs the command, done leads on after it.
	do   func(v *visit, s session) (nidan.Outcome, error)
	done func(v *visit, out nidan.Outcome) error

	// item are the reasons that the page's own field is refused for, and its
	// sentences where they differ.
	item map[nidan.Reason]*message
}

// A bothView is the part of a page that asks for both steps, now.
type bothView struct {
	At        string // where the form is sent
	Protected bool   // the second step is asked too
	Kept      bool   // no password is asked: a product keeps the account
	Stale     bool   // … and has to say again that its holder logged in
	Way       nidan.Way
	Others    []nidan.Way
	Marks     map[string]*message // see marks
	Last      string              // id of the way that is best not asked for
	Mailbox   string              // masked; empty: there is none
	Mailed    *nidan.Mailed       // the number on its way
	Unsent    *message            // why none was sent
	Wrong     *message            // about no field
	Password  field
	Code      field
	Item      field        // the page's own field, where it has one
	Ticked    bool         // its box
	Resync    string       // the app whose clock may be off, after its code was refused
	Codes     *nidan.Sheet // the backup codes there are
	About     any          // what look prepared
	Now       time.Time

	resyncs bool // the way has a clock that can be matched
}

// Asks reports whether the page asks for the steps, or a number has to be
// mailed before.
func (b bothView) Asks() bool {
	return !b.Protected || !b.Way.Prompts || b.Mailed != nil && !b.Mailed.Dead
}

// Sent reports whether the code asked for is the one on its way.
func (b bothView) Sent() bool { return b.Protected && b.Way.Prompts && b.Asks() }

// Again says from when on another number can be mailed.
func (b bothView) Again() again {
	if b.Mailed == nil {
		return again{}
	}
	return again{b.Mailed.Again, b.Now}
}

// focusFirst chooses the first field of the steps.
func (b *bothView) focusFirst(focus bool) {
	if b.Kept {
		b.Code.Focus = focus
	} else {
		b.Password.Focus = focus
	}
}

// errNoWay says that there is nothing to ask for: nothing is on, or no way
// takes an answer.
var errNoWay = errors.New("web: no way takes an answer")

func (p both) view(v *visit, s session, way string) (bothView, error) {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return bothView{}, err
	}
	view := bothView{
		At: v.r.URL.Path, Protected: !o.Protected.IsZero(), Mailbox: o.Mailbox, Kept: s.kept(), Mailed: o.Mailed, Now: v.p.svc.Now(),
	}
	_, view.Stale = v.firstStep(s)
	if !view.Protected && !p.anyone {
		return bothView{}, errNoWay
	}
	if p.look != nil {
		if err := p.look(v, o, &view); err != nil {
			return bothView{}, err
		}
	}
	if !view.Protected {
		return view, nil
	}
	ways := reached(o)
	if way == "" {
		way = view.bestWay(ways)
	}
	var ok bool
	if view.Way, view.Others, ok = choose(ways, way); !ok {
		return bothView{}, errNoWay
	}
	view.Marks = marks(ways)
	for _, x := range o.Authenticators {
		if x.Sheet != nil {
			view.Codes = x.Sheet
		}
		view.resyncs = view.resyncs || x.ID == view.Way.ID && x.Resyncs
	}
	return view, nil
}

// reached are the ways of an account without those that mail to nowhere: the
// product that keeps it may have taken the address away.
func reached(o nidan.Overview) []nidan.Way {
	return slices.DeleteFunc(slices.Clone(o.Ways), func(w nidan.Way) bool { return shapes[w.Method].Mailed && o.Mailbox == "" })
}

// bestWay is the first one that is not about to go.
func (b bothView) bestWay(ways []nidan.Way) string {
	for _, w := range ways {
		if w.ID != b.Last && !w.Disabled && !w.Barred {
			return w.ID
		}
	}
	return ""
}

func (p both) show(v *visit, s session) error {
	view, err := p.view(v, s, v.r.URL.Query().Get("way"))
	switch {
	case errors.Is(err, errNoWay):
		return v.to("/security")
	case err != nil:
		return err
	}
	view.focusFirst(view.Asks() && !view.Item.Focus)
	return v.show(http.StatusOK, p.page, view)
}

func (p both) post(v *visit, s session) error {
	if v.form.ticked("send") {
		return p.send(v, s)
	}
	out, err := p.do(v, s)
	switch {
	case err != nil:
		return err
	case out.Passed():
		return p.done(v, out)
	case out.Reason == nidan.Gone:
		return nidan.ErrNotFound
	case out.Reason == nidan.NotProtected:
		return v.toSettings(out)
	}
	view, err := p.view(v, s, v.form.text("way"))
	switch {
	case errors.Is(err, errNoWay):
		return v.toSettings(out)
	case err != nil:
		return err
	}
	view.Item, view.Ticked = field{Value: v.form.text("item")}, v.form.ticked("box")
	p.tell(v, out, &view)
	return v.refuse(out, p.page, view)
}

// tell puts what failed beside its field.
func (p both) tell(v *visit, out nidan.Outcome, view *bothView) {
	m, about := p.item[out.Reason]
	if m == nil {
		m = v.refusal(out, view.Way, view.Mailed)
	}
	switch {
	case about:
		view.Item = wrong(m, view.Item.Value)
	case out.Reason == nidan.WrongFirstStep, out.Reason == nidan.FirstStepWait, out.Reason == nidan.StepUp:
		if view.Stale = view.Kept; !view.Kept {
			view.Password = wrong(v.passwordReason(out), "")
		}
	case aboutNoField[out.Reason]:
		view.Wrong = m
		view.focusFirst(view.Asks())
	case !view.Asks():
		view.Unsent = m
		return
	default:
		view.Code = v.wrongCode(m, view.Way.Method)
		if out.Reason == nidan.WrongAnswer && view.resyncs {
			view.Resync = view.Way.ID
		}
		return
	}
	if shapes[view.Way.Method].Keep {
		view.Code.Value = v.form.text("code")
	}
}

// aboutNoField are the reasons that stand above a form: what it was for cannot
// be begun.
var aboutNoField = map[nidan.Reason]bool{
	nidan.SendWait: true, nidan.SendsUsedUp: true, nidan.NoSuchWay: true, nidan.LastOne: true, nidan.DoneElsewhere: true,
}

// send mails a number and comes back with the way chosen.
func (p both) send(v *visit, s session) error {
	way := v.form.text("way")
	out, err := v.p.svc.SendCodeHere(v.r.Context(), s.token, way, v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		return v.to(v.p.ours(&url.URL{Path: v.r.URL.Path, RawQuery: url.Values{"way": {way}}.Encode()}))
	case out.Reason == nidan.Gone:
		return nidan.ErrNotFound
	case out.Reason == nidan.NotProtected:
		return v.toSettings(out)
	}
	view, err := p.view(v, s, way)
	switch {
	case errors.Is(err, errNoWay):
		return v.toSettings(out)
	case err != nil:
		return err
	}
	view.Item.Focus, view.Unsent = false, v.reason(out, view.Way.Method)
	return v.refuse(out, p.page, view)
}

func (v *visit) answer() nidan.Answer {
	return nidan.Answer{Authenticator: v.form.text("way"), Code: v.form.secret("code")}
}
