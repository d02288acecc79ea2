package web

import (
	"net/http"
	"slices"

	"github.com/nidan-auth/nidan"
)

// A methodRow is one of the account's ways, with what can be done about it.
type methodRow struct {
	nidan.AuthenticatorView
	Dead    bool             // takes no codes any more
	First   bool             // a log-in asks for it first
	Only    bool             // the last one that protects: it goes by turning off
	Replace nidan.MethodName // what takes its place unless something else is chosen; empty: nothing can
}

// rows lists what the account has.
func (v *visit) rows(o nidan.Overview) []methodRow {
	var rows []methodRow
	dead := func(id string) bool {
		return slices.ContainsFunc(o.Ways, func(w nidan.Way) bool { return w.ID == id && w.Disabled })
	}
	protecting := func(x nidan.AuthenticatorView) bool { return !x.Reserve && !dead(x.ID) }
	for i, x := range o.Authenticators {
		r := methodRow{AuthenticatorView: x, Dead: dead(x.ID), First: i == 0 && protecting(x) && !x.Barred}
		r.Only = !x.Reserve && !slices.ContainsFunc(o.Authenticators, func(y nidan.AuthenticatorView) bool { return y.ID != x.ID && protecting(y) })
		if can := v.replacements(o, x); len(can) > 0 {
			r.Replace = can[0]
		}
		rows = append(rows, r)
	}
	return rows
}

// replacements are the methods that can take the place of one the account has:
// its own first, for a new phone. The e-mail code takes the place of others
// only, as one mailbox is one way.
func (v *visit) replacements(o nidan.Overview, x nidan.AuthenticatorView) []nidan.MethodName {
	if x.Reserve {
		return nil
	}
	methods := v.addable(o)
	if i := slices.Index(methods, x.Method); i > 0 {
		methods = slices.Insert(slices.Delete(methods, i, i+1), 0, x.Method)
	}
	return methods
}

// addable are the methods that can be set up beside what the account has.
func (v *visit) addable(o nidan.Overview) []nidan.MethodName {
	return slices.DeleteFunc(v.reaching(o), func(m nidan.MethodName) bool {
		return shapes[m].Mailed && slices.ContainsFunc(o.Authenticators, func(x nidan.AuthenticatorView) bool { return x.Method == m })
	})
}

// reaching are the methods that can reach the account's holder: what is mailed
// needs a mailbox.
func (v *visit) reaching(o nidan.Overview) []nidan.MethodName {
	return slices.DeleteFunc(slices.Clone(v.p.svc.Methods()), func(m nidan.MethodName) bool { return shapes[m].Mailed && o.Mailbox == "" })
}

// find returns one of the account's ways, not its backup codes.
func find(o nidan.Overview, id string) (nidan.AuthenticatorView, bool) {
	i := slices.IndexFunc(o.Authenticators, func(x nidan.AuthenticatorView) bool { return x.ID == id && !x.Reserve })
	if i < 0 {
		return nidan.AuthenticatorView{}, false
	}
	return o.Authenticators[i], true
}

type methodsView struct {
	Rows []methodRow
	Add  bool // another one can be set up
	Done *message
}

func showMethods(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	switch {
	case err != nil:
		return err
	case o.Protected.IsZero():
		return v.to("/security")
	}
	return v.show(http.StatusOK, "methodlist", methodsView{v.rows(o), len(v.addable(o)) > 0, v.did()})
}

// postFirst chooses which way a log-in asks for first.
func postFirst(v *visit, s session) error {
	out, err := v.p.svc.SetDefault(v.r.Context(), s.token, v.r.PathValue("id"), v.from())
	switch {
	case err != nil:
		return err
	case out.Reason == nidan.Gone:
		return nidan.ErrNotFound
	case !out.Passed():
		return v.toSettings(out)
	}
	return v.to("/security/methods?first")
}

// A renameView is about one of the account's ways.
type renameView struct {
	nidan.AuthenticatorView
	Field field
}

func showRename(v *visit, s session) error {
	view, err := v.rename(s)
	if err != nil {
		return err
	}
	view.Field = field{Value: view.Name, Focus: true}
	return v.show(http.StatusOK, "rename", view)
}

func postRename(v *visit, s session) error {
	out, err := v.p.svc.Rename(v.r.Context(), s.token, v.r.PathValue("id"), v.form.text("item"), v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		return v.to("/security/methods?renamed")
	case out.Reason == nidan.Gone:
		return nidan.ErrNotFound
	case out.Reason != nidan.NameInvalid:
		return v.toSettings(out)
	}
	view, err := v.rename(s)
	if err != nil {
		return err
	}
	view.Field = wrong(msg("rename.wrong"), v.form.text("item"))
	return v.refuse(out, "rename", view)
}

func (v *visit) rename(s session) (renameView, error) {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return renameView{}, err
	}
	x, ok := find(o, v.r.PathValue("id"))
	if !ok {
		return renameView{}, &fault{status: http.StatusNotFound}
	}
	return renameView{AuthenticatorView: x}, nil
}
