package api

import (
	"context"
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
)

func (a *API) startKept(ctx context.Context, in *struct {
	One
	Body struct {
		FirstStep FirstStep `json:"first_step"`
		Browser   *Browser  `json:"browser,omitempty"`
	}
}) (*body[SignIn], *Problem) {
	from := a.from(ctx, in.Body.Browser)
	k, p := a.stated(ctx, in.ID, in.Body.FirstStep, from)
	if p != nil {
		return nil, p
	}
	out, err := a.Service.SignInKept(ctx, k, from)
	return a.started(ctx, out, err)
}

func (a *API) startOwn(ctx context.Context, in *struct {
	Body struct {
		Address  string   `json:"address" maxLength:"254"`
		Password string   `json:"password" maxLength:"1024"`
		Browser  *Browser `json:"browser" doc:"With its address: wrong passwords are counted by network."`
	}
}) (*body[SignIn], *Problem) {
	from := a.from(ctx, in.Body.Browser)
	if from.Address == "" { // strangers and owners would share one network
		p := because(RequestInvalid)
		p.Where = []string{"body.browser.address"}
		return nil, p
	}
	out, err := a.Service.SignIn(ctx, in.Body.Address, nidan.NewSecret(in.Body.Password), from)
	return a.started(ctx, out, err)
}

// started answers a first step that passed, with the ways that a second one can
// be taken.
func (a *API) started(ctx context.Context, out nidan.Outcome, err error) (*body[SignIn], *Problem) {
	if p := a.problem(ctx, "start a sign-in", out, err); p != nil {
		return nil, p
	}
	s := signIn(out)
	if out.Pending != nil {
		tok, _ := nidan.ParsePending(out.Pending.Token.Reveal())
		v, o, err := a.Service.Pending(ctx, tok, door(ctx))
		if p := a.problem(ctx, "read a sign-in", o, err); p != nil {
			return nil, p
		}
		s.Ways, s.Mailed = ways(v.Ways), v.Mailed != nil
		if slices.ContainsFunc(s.Ways, func(w Way) bool { return w.Prompts }) {
			s.Mailbox = v.Mailbox
		}
	}
	return &body[SignIn]{*s}, nil
}

func (a *API) prompt(ctx context.Context, in *struct {
	Body struct {
		SignIn  string   `json:"sign_in" maxLength:"128"`
		Way     string   `json:"way" maxLength:"64"`
		Browser *Browser `json:"browser,omitempty"`
	}
}) (*body[Sent], *Problem) {
	tok, ok := nidan.ParsePending(in.Body.SignIn)
	if !ok {
		return nil, because(nidan.Gone)
	}
	out, err := a.Service.SendCode(ctx, tok, in.Body.Way, a.from(ctx, in.Body.Browser))
	if p := a.problem(ctx, "mail a number", out, err); p != nil {
		return nil, p
	}
	return &body[Sent]{Sent{out.Until}}, nil
}

func (a *API) answer(ctx context.Context, in *struct {
	Idempotent
	Body struct {
		SignIn   string   `json:"sign_in" maxLength:"128"`
		Way      string   `json:"way" maxLength:"64" doc:"Id of the authenticator that is answered for."`
		Code     string   `json:"code" maxLength:"64"`
		Remember bool     `json:"remember,omitempty" doc:"Do not ask in this browser for 30 days."`
		Browser  *Browser `json:"browser,omitempty"`
	}
}) (*body[SignIn], *Problem) {
	tok, ok := nidan.ParsePending(in.Body.SignIn)
	if !ok {
		return nil, because(nidan.Gone)
	}
	out, err := a.Service.Answer(ctx, tok, nidan.Answer{
		Authenticator: in.Body.Way, Code: nidan.NewSecret(in.Body.Code), Remember: in.Body.Remember,
	}, a.from(ctx, in.Body.Browser))
	if p := a.problem(ctx, "answer", out, err); p != nil {
		return nil, p
	}
	return &body[SignIn]{*signIn(out)}, nil
}

type checked struct {
	Account   string    `json:"account" doc:"Our id of the account, for ever the same."`
	Name      string    `json:"name" doc:"Its address at this time."`
	ACR       string    `json:"acr"`
	AMR       []string  `json:"amr"`
	AuthTime  time.Time `json:"auth_time"`
	Ends      time.Time `json:"ends" doc:"At the latest."`
	Protected bool      `json:"protected" doc:"Two-step verification is on."`
}

type borne struct {
	Body struct {
		Session string `json:"session" maxLength:"128"`
	}
}

func (a *API) checkSession(ctx context.Context, in *borne) (*body[checked], *Problem) {
	tok, ok := nidan.ParseSession(in.Body.Session)
	if !ok {
		return nil, because(nidan.Gone)
	}
	ses, err := a.Service.Session(ctx, tok)
	if p := a.noSession(ctx, err); p != nil {
		return nil, p
	}
	if ses.Kept { // its label is a product's own word, and its sessions are for the hosted pages
		return nil, because(nidan.Gone)
	}
	return &body[checked]{checked{
		Account: string(ses.Account), Name: ses.Name, ACR: ses.Level.String(), AMR: ses.AMR, AuthTime: ses.AuthAt, Ends: ses.Ends, Protected: ses.Protected,
	}}, nil
}

func (a *API) endSession(ctx context.Context, in *borne) (*struct{}, *Problem) {
	tok, ok := nidan.ParseSession(in.Body.Session)
	if !ok {
		return nil, because(nidan.Gone)
	}
	out, err := a.Service.LogOut(ctx, tok, a.from(ctx, nil))
	return nil, a.problem(ctx, "end a session", out, err)
}
