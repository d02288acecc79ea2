package web

import (
	"context"
	"net/http"

	"github.com/nidan-auth/nidan"
)

// A link is a page that somebody was sent to. GET shows what the button will
// do; only the button does it.
type link struct {
	purpose  nidan.TicketPurpose
	needs    Feature // empty: it works wherever such a link exists
	page     string
	done     string // what the log-in page is told, see afterwards; empty: after says
	after    string // the page that follows, where it is not the log-in page
	password bool   // a new one is chosen here
	dead     deadView
	deadLed  *message // the same where a product led here; nil: dead says it to everybody
	use      func(s *nidan.Service, ctx context.Context, ticket, password nidan.Secret, language string, from nidan.From) (nidan.Outcome, error)
}

// A deadView says that a link does nothing any more, and what to do instead.
type deadView struct {
	Text  *message
	Label *message // of the way on
	To    string
}

// another leads to where such a link is asked for.
func another(label *message, to string) deadView {
	return deadView{Text: msg("reason.link_dead"), Label: label, To: to}
}

var (
	invite = link{
		purpose: nidan.TicketInvite, page: "invite", done: "account", password: true,
		dead: another(msg("login.go"), "/login"), use: accept,
	}
	registered = link{
		purpose: nidan.TicketRegister, needs: FeatureRegistration, page: "invite", done: "account", password: true,
		dead: another(msg("register.h1"), register.at), use: accept,
	}
	reset = link{
		purpose: nidan.TicketReset, page: "reset", done: "password", password: true,
		dead: another(msg("stop.link.go"), forgot.at),
		use: func(s *nidan.Service, ctx context.Context, ticket, password nidan.Secret, _ string, from nidan.From) (nidan.Outcome, error) {
			return s.Reset(ctx, ticket, password, from)
		},
	}
	knowBrowser = link{
		purpose: nidan.TicketBrowser, page: "browser", done: "browser",
		dead: another(msg("stop.link.go"), meet.at), use: plain((*nidan.Service).KnowBrowser),
	}
	addressLink = link{
		purpose: nidan.TicketAddress, page: "address", done: "address",
		dead: another(msg("stop.settings"), "/security"), use: plain((*nidan.Service).UseAddressLink),
	}
	secondLink = link{
		purpose: nidan.TicketSecond, page: "address", after: "/done/second",
		dead: another(msg("stop.settings"), "/security"), use: plain((*nidan.Service).UseSecondLink),
	}
	cancelLink = link{
		purpose: nidan.TicketCancel, page: "cancel", after: "/done/cancel",
		dead: deadView{msg("cancel.dead"), msg("stop.settings"), "/security"}, use: plain((*nidan.Service).CancelByLink),
	}
	notMeLink = link{
		purpose: nidan.TicketNotMe, page: "notmelink", after: "/done/notme",
		dead: deadView{msg("notmelink.dead"), msg("login.forgot"), forgot.at}, deadLed: msg("notmelink.dead.led"),
		use: plain((*nidan.Service).NotMeByLink),
	}
)

// accept takes an invitation, or a registration.
func accept(s *nidan.Service, ctx context.Context, ticket, password nidan.Secret, language string, from nidan.From) (nidan.Outcome, error) {
	return s.AcceptInvite(ctx, ticket, password, language, from)
}

// plain uses a link that asks for nothing beside the press of its button.
func plain(use func(*nidan.Service, context.Context, nidan.Secret, nidan.From) (nidan.Outcome, error)) func(*nidan.Service, context.Context, nidan.Secret, nidan.Secret, string, nidan.From) (nidan.Outcome, error) {
	return func(s *nidan.Service, ctx context.Context, ticket, _ nidan.Secret, _ string, from nidan.From) (nidan.Outcome, error) {
		return use(s, ctx, ticket, from)
	}
}

type linkView struct {
	nidan.LinkView
	Masked   string // the name: whoever reads a new address need not know the old one
	Second   bool   // of an address: beside the account's own
	Password field
}

func (l link) view(open nidan.LinkView, password field) linkView {
	return linkView{LinkView: open, Masked: nidan.Mask(open.Name), Second: l.purpose == nidan.TicketSecond, Password: password}
}

func (l link) show(v *visit) error {
	if l.needs != "" && !v.offers(l.needs) {
		return &fault{status: http.StatusNotFound}
	}
	open, out, err := v.p.svc.OpenLink(v.r.Context(), l.purpose, l.ticket(v))
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return l.isDead(v)
	}
	return v.show(http.StatusOK, l.page, l.view(open, field{Focus: l.password}))
}

func (l link) post(v *visit) error {
	if l.needs != "" && !v.offers(l.needs) {
		return &fault{status: http.StatusNotFound}
	}
	// Read before it is used up: the page must name the account again if the
	// password will not do.
	open, out, err := v.p.svc.OpenLink(v.r.Context(), l.purpose, l.ticket(v))
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return l.isDead(v)
	}
	out, err = l.use(v.p.svc, v.r.Context(), l.ticket(v), v.form.secret("password"), v.locale.Tag(), v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		v.keep(out)
		if l.after != "" {
			v.follow(open.Kept)
			return v.to(l.after)
		}
		return v.to("/login?" + l.done)
	case out.Reason == nidan.LinkDead, out.Reason == nidan.NoRecovery:
		return l.isDead(v)
	}
	return v.refuse(out, l.page, l.view(open, wrong(v.reason(out, ""), "")))
}

func (link) ticket(v *visit) nidan.Secret { return nidan.NewSecret(v.r.PathValue("ticket")) }

// isDead says that a link does nothing any more: the same for one that was used,
// has run out, or never was one.
func (l link) isDead(v *visit) error {
	if l.deadLed != nil && v.led() {
		return v.show(http.StatusGone, "dead", deadView{Text: l.deadLed})
	}
	return v.show(http.StatusGone, "dead", l.dead)
}

// showAfter is the page that follows a link. It knows of no account.
func showAfter(page string) anonymous {
	return func(v *visit) error { return v.show(http.StatusOK, page, nil) }
}
