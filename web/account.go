package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

type accountView struct {
	nidan.Overview
	Done *message
}

// showAccount is about the account itself: address, password, language, end.
func showAccount(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "account", accountView{o, v.did()})
}

// keepInAccount remembers a chosen language for the mails too, where somebody
// is logged in. A page can be read without.
func (v *visit) keepInAccount(l *locale) {
	value, _ := v.cookie(sessionCookie)
	tok, ok := nidan.ParseSession(value)
	if !ok {
		return
	}
	if _, err := v.p.svc.SetLanguage(v.r.Context(), tok, l.Tag(), v.from()); err != nil {
		v.p.log.WarnContext(v.r.Context(), "language not kept", "route", v.pattern, "cause", err.Error())
	}
}

var changePassword = both{
	page: "password", anyone: true,
	look: func(_ *visit, o nidan.Overview, view *bothView) error {
		view.About = o.Limit
		return nil
	},
	do: func(v *visit, s session) (nidan.Outcome, error) {
		return v.p.svc.ChangePassword(v.r.Context(), s.token, v.form.secret("password"), v.answer(), v.form.secret("chosen"), v.from())
	},
	done: func(v *visit, out nidan.Outcome) error {
		v.anew(out)
		return v.to("/security/account?password")
	},
	item: map[nidan.Reason]*message{
		nidan.PasswordShort: nil, nidan.PasswordLong: nil, nidan.PasswordUnreadable: nil,
		nidan.PasswordCommon: nil, nidan.PasswordPersonal: nil, nidan.PasswordSimple: nil,
	},
}

// aboutAddress are the reasons that a new address is refused for.
var aboutAddress = map[nidan.Reason]*message{
	nidan.NameInvalid: nil, nidan.NameTaken: msg("newaddress.same"), nidan.NoMail: nil, nidan.SendWait: nil,
}

var changeAddress = both{
	page: "newaddress", anyone: true, look: withMail,
	do: func(v *visit, s session) (nidan.Outcome, error) {
		return v.p.svc.BeginAddress(v.r.Context(), s.token, v.form.text("item"), v.form.secret("password"), v.answer(), v.from())
	},
	done: func(v *visit, _ nidan.Outcome) error { return v.to("/security/address/sent") },
	item: aboutAddress,
}

var addSecond = both{
	page: "secondaddress", anyone: true, look: withMail,
	do: func(v *visit, s session) (nidan.Outcome, error) {
		return v.p.svc.BeginSecond(v.r.Context(), s.token, v.form.text("item"), v.form.ticked("box"), v.form.secret("password"), v.answer(), v.from())
	},
	done: func(v *visit, _ nidan.Outcome) error { return v.to("/security/second/sent") },
	item: aboutAddress,
}

var removeSecond = both{
	page: "secondremove", anyone: true,
	look: func(_ *visit, o nidan.Overview, view *bothView) error {
		if o.Second == "" {
			return &fault{status: http.StatusNotFound}
		}
		view.About = o
		return nil
	},
	do: func(v *visit, s session) (nidan.Outcome, error) {
		return v.p.svc.RemoveSecond(v.r.Context(), s.token, v.form.secret("password"), v.answer(), v.from())
	},
	done: func(v *visit, _ nidan.Outcome) error { return v.to("/security/account?second") },
}

// withMail lets nobody begin what needs a mail where none is sent.
func withMail(v *visit, o nidan.Overview, view *bothView) error {
	if !v.offers(FeatureMail) {
		return &fault{status: http.StatusNotFound}
	}
	view.About, view.Item.Focus = o, true
	return nil
}

// A linkSentView is about a link to an address that is not the account's yet.
type linkSentView struct {
	Second bool
	At     time.Time // when it was sent; zero: some time ago
	Again  string    // where to ask for another
}

// showLinkSent says what to do now. It is the same whoever the address belongs
// to.
func showLinkSent(second bool) withSession {
	kind, again := nidan.EventAddressAsked, "/security/address"
	if second {
		kind, again = nidan.EventSecondAsked, "/security/second"
	}
	return func(v *visit, s session) error {
		o, err := v.p.svc.Overview(v.r.Context(), s.token)
		if err != nil {
			return err
		}
		view := linkSentView{Second: second, Again: again}
		for _, e := range o.Events {
			if e.Kind == kind {
				view.At = e.At
				break
			}
		}
		if view.At.IsZero() {
			return v.to("/security/account")
		}
		return v.show(http.StatusOK, "linksent", view)
	}
}

var deleteAccount = both{
	page: "delete", anyone: true,
	look: func(_ *visit, o nidan.Overview, view *bothView) error {
		view.About = o
		return nil
	},
	do: func(v *visit, s session) (nidan.Outcome, error) {
		return v.p.svc.DeleteAccount(v.r.Context(), s.token, v.form.secret("password"), v.answer(), v.from())
	},
	done: func(v *visit, _ nidan.Outcome) error {
		v.dropSession()
		v.drop(rememberedCookie, browserCookie)
		return v.to(deletedPath)
	},
}

// deletedPath is where a deletion leads to. Nobody is logged in there.
const deletedPath = "/done/deleted"
