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
	page     string
	done     string // what the log-in page is told, see afterwards
	password bool   // a new one is chosen here
	use      func(s *nidan.Service, ctx context.Context, ticket, password nidan.Secret, language string, from nidan.From) (nidan.Outcome, error)
}

var (
	invite = link{
		purpose: nidan.TicketInvite, page: "invite", done: "account", password: true,
		use: func(s *nidan.Service, ctx context.Context, ticket, password nidan.Secret, language string, from nidan.From) (nidan.Outcome, error) {
			return s.AcceptInvite(ctx, ticket, password, language, from)
		},
	}
	reset = link{
		purpose: nidan.TicketReset, page: "reset", done: "password", password: true,
		use: func(s *nidan.Service, ctx context.Context, ticket, password nidan.Secret, _ string, from nidan.From) (nidan.Outcome, error) {
			return s.Reset(ctx, ticket, password, from)
		},
	}
	knowBrowser = link{
		purpose: nidan.TicketBrowser, page: "browser", done: "browser",
		use: func(s *nidan.Service, ctx context.Context, ticket, _ nidan.Secret, _ string, from nidan.From) (nidan.Outcome, error) {
			return s.KnowBrowser(ctx, ticket, from)
		},
	}
)

type linkView struct {
	nidan.LinkView
	Password field
}

func (l link) show(v *visit) error {
	view, out, err := v.p.svc.OpenLink(v.r.Context(), l.purpose, l.ticket(v))
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.linkDead(out)
	}
	return v.show(http.StatusOK, l.page, linkView{view, field{Focus: l.password}})
}

func (l link) post(v *visit) error {
	// Read before it is used up: the page must name the account again if the
	// password will not do.
	view, out, err := v.p.svc.OpenLink(v.r.Context(), l.purpose, l.ticket(v))
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.linkDead(out)
	}
	out, err = l.use(v.p.svc, v.r.Context(), l.ticket(v), v.form.secret("password"), v.locale.Tag(), v.from())
	switch {
	case err != nil:
		return err
	case out.Passed():
		v.keep(out)
		return v.to("/login?" + l.done)
	case out.Reason == nidan.LinkDead:
		return v.linkDead(out)
	}
	return v.refuse(out, l.page, linkView{view, wrong(v.reason(out, ""), "")})
}

func (link) ticket(v *visit) nidan.Secret { return nidan.NewSecret(v.r.PathValue("ticket")) }

// linkDead says that a link does nothing any more.
func (v *visit) linkDead(out nidan.Outcome) error {
	return v.show(http.StatusGone, "stop", stopView{
		Title: msg("stop.link"), Text: v.reason(out, ""), Label: msg("stop.link.go"), To: "/forgot",
	})
}
