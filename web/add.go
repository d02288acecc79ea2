package web

import (
	"net/http"
	"slices"

	"github.com/nidan-auth/nidan"
)

const addPath = "/security/add"

// showAdd lets somebody choose what to set up beside what they have. Where only
// one method is left, there is nothing to choose.
func showAdd(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return err
	}
	methods := v.addable(o)
	chosen := nidan.MethodName(v.r.URL.Query().Get("method"))
	switch {
	case o.Protected.IsZero():
		return v.to("/security")
	case len(methods) == 0:
		return v.to("/security/methods")
	case slices.Contains(methods, chosen):
		return v.to(addPath + "/" + string(chosen))
	case len(methods) == 1:
		return v.to(addPath + "/" + string(methods[0]))
	}
	return v.show(http.StatusOK, "add", onView{Methods: methods, Chosen: methods[0]})
}

// A beginning is what a page says that begins a set-up on an account that is
// protected.
type beginning struct {
	Method nidan.MethodName
	Old    *nidan.AuthenticatorView // what goes when the new one is there; nil: nothing
	Others []nidan.MethodName       // that could be chosen instead
	Base   string                   // … behind this
	Steps  stepsView
}

var addMethod = both{
	page: "addwith",
	look: func(v *visit, o nidan.Overview, view *bothView) error {
		m := nidan.MethodName(v.r.PathValue("method"))
		if !slices.Contains(v.addable(o), m) {
			return &fault{status: http.StatusNotFound}
		}
		view.About = beginning{Method: m, Steps: stepsOf(m, false, true, 1)}
		return nil
	},
	do:   func(v *visit, s session) (nidan.Outcome, error) { return v.beginAdd(s, "") },
	done: setUpBegun,
}

var replaceMethod = both{
	page: "replace",
	look: func(v *visit, o nidan.Overview, view *bothView) error {
		x, ok := find(o, v.r.PathValue("id"))
		m := nidan.MethodName(v.r.PathValue("method"))
		methods := v.replacements(o, x)
		if !ok || !slices.Contains(methods, m) {
			return &fault{status: http.StatusNotFound}
		}
		view.About = beginning{
			Method: m, Old: &x, Base: "/security/methods/" + x.ID + "/replace/", Steps: stepsOf(m, false, true, 1),
			Others: slices.DeleteFunc(methods, func(o nidan.MethodName) bool { return o == m }),
		}
		return nil
	},
	do:   func(v *visit, s session) (nidan.Outcome, error) { return v.beginAdd(s, v.r.PathValue("id")) },
	done: setUpBegun,
}

func (v *visit) beginAdd(s session, replaces string) (nidan.Outcome, error) {
	m := nidan.MethodName(v.r.PathValue("method"))
	return v.p.svc.BeginAdd(v.r.Context(), s.token, m, replaces, v.form.secret("password"), v.answer(), v.from())
}

func setUpBegun(v *visit, out nidan.Outcome) error {
	v.set(setUp.cookie, out.Ticket)
	return v.to(setUp.here)
}

var removeMethod = both{
	page: "remove",
	look: func(v *visit, o nidan.Overview, view *bothView) error {
		id := v.r.PathValue("id")
		rows := v.rows(o)
		i := slices.IndexFunc(rows, func(r methodRow) bool { return r.ID == id && !r.Reserve })
		if i < 0 {
			return &fault{status: http.StatusNotFound}
		}
		view.About, view.Last = rows[i], id
		return nil
	},
	do: func(v *visit, s session) (nidan.Outcome, error) {
		return v.p.svc.Remove(v.r.Context(), s.token, v.r.PathValue("id"), v.form.secret("password"), v.answer(), v.from())
	},
	done: func(v *visit, out nidan.Outcome) error {
		if out.Session == nil { // the code was one of what is gone now
			v.dropSession()
			if v.product != nil {
				return v.stepOver(http.StatusOK, msg("step.removed"), msg("login.after.removed"))
			}
			return v.to("/login?" + removedHere)
		}
		v.anew(out)
		return v.to("/security/methods?removed")
	},
}

// removedHere tells the log-in page that with the method the session ended.
const removedHere = "removed"

type changedView struct {
	nidan.Overview
	Replaced bool
}

// showChanged says what is different after another method was set up.
func showChanged(replaced bool) withSession {
	return func(v *visit, s session) error {
		o, err := v.p.svc.Overview(v.r.Context(), s.token)
		switch {
		case err != nil:
			return err
		case o.Protected.IsZero():
			return v.to("/security")
		}
		return v.show(http.StatusOK, "changed", changedView{o, replaced})
	}
}
