package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nidan-auth/nidan"
)

// One is the account that a path names.
type One struct {
	ID string `path:"id" maxLength:"128" doc:"The product's own id of the account."`
}

type body[T any] struct{ Body T }

// Idempotent is the header of writes that commit.
type Idempotent struct {
	Key string `header:"Idempotency-Key" maxLength:"64" doc:"1 to 64 visible characters. A repetition within 24 hours is answered as the first one was, without what was secret in it."`
}

// register is the table of operations.
func (a *API) register(h huma.API) {
	admin := []nidan.Scope{nidan.ScopeAdmin}
	read := []nidan.Scope{nidan.ScopeRead}
	second := []nidan.Scope{nidan.ScopeSignIn}
	first := []nidan.Scope{nidan.ScopeFirstStep}
	enrol := []nidan.Scope{nidan.ScopeEnrol}
	change := []nidan.Scope{nidan.ScopeEnrol, nidan.ScopeFirstStep}

	add(a, h, Operation{"register-account", http.MethodPost, "/accounts", admin}, "Register an account that the product keeps", a.createAccount)
	add(a, h, Operation{"read-account", http.MethodGet, "/accounts/{id}", read}, "Read an account", a.readAccount)
	add(a, h, Operation{"update-account", http.MethodPut, "/accounts/{id}", admin}, "Change an account's label, address and language", a.updateAccount)
	add(a, h, Operation{"delete-account", http.MethodDelete, "/accounts/{id}", admin}, "Delete an account", a.deleteAccount)
	add(a, h, Operation{"list-events", http.MethodGet, "/accounts/{id}/events", read}, "List an account's newest 100 events", a.listEvents)
	add(a, h, Operation{"list-sessions", http.MethodGet, "/accounts/{id}/sessions", read}, "List an account's sessions on the hosted pages", a.listSessions)
	add(a, h, Operation{"end-sessions", http.MethodDelete, "/accounts/{id}/sessions", admin}, "End an account's sessions, open sign-ins, links and remembered browsers", a.endSessions)

	add(a, h, Operation{"start-sign-in", http.MethodPost, "/accounts/{id}/sign-ins", first}, "Start the second step of an account that the product keeps", a.startKept)
	add(a, h, Operation{"start-own-sign-in", http.MethodPost, "/sign-ins", second}, "Start a sign-in of an account that we keep, with its password", a.startOwn)
	add(a, h, Operation{"prompt", http.MethodPost, "/sign-ins/prompt", second}, "Mail a number for a sign-in", a.prompt)
	add(a, h, Operation{"answer", http.MethodPost, "/sign-ins/answer", second}, "Take the second step", a.answer)
	add(a, h, Operation{"check-session", http.MethodPost, "/sessions/check", second}, "Say whose session it is and what it is worth", a.checkSession)
	add(a, h, Operation{"end-session", http.MethodPost, "/sessions/end", second}, "End a session", a.endSession)

	add(a, h, Operation{"start-enrolment", http.MethodPost, "/accounts/{id}/enrolments", change}, "Begin to set up, add or replace an authenticator", a.startEnrolment)
	add(a, h, Operation{"prompt-enrolment", http.MethodPost, "/accounts/{id}/enrolments/prompt", enrol}, "Mail the number that an enrolment waits for again", a.promptEnrolment)
	add(a, h, Operation{"confirm-enrolment", http.MethodPost, "/accounts/{id}/enrolments/confirm", enrol}, "Show that the new authenticator works", a.confirmEnrolment)
	add(a, h, Operation{"complete-enrolment", http.MethodPost, "/accounts/{id}/enrolments/complete", enrol}, "Put an enrolment in force, its backup codes saved", a.completeEnrolment)
	add(a, h, Operation{"start-backup-codes", http.MethodPost, "/accounts/{id}/backup-codes", change}, "Draw new backup codes", a.startCodes)
	add(a, h, Operation{"complete-backup-codes", http.MethodPost, "/accounts/{id}/backup-codes/complete", enrol}, "Put new backup codes in force, once they are saved", a.completeCodes)
	add(a, h, Operation{"prompt-change", http.MethodPost, "/accounts/{id}/prompt", change}, "Mail a number to confirm a change", a.promptChange)
	add(a, h, Operation{"remove-authenticator", http.MethodPost, "/accounts/{id}/authenticators/{way}/remove", change}, "Remove an authenticator", a.removeWay)
	add(a, h, Operation{"name-authenticator", http.MethodPost, "/accounts/{id}/authenticators/{way}/name", change}, "Name an authenticator", a.nameWay)
	add(a, h, Operation{"ask-first", http.MethodPost, "/accounts/{id}/authenticators/{way}/first", change}, "Choose which authenticator is asked for first", a.askFirst)
	add(a, h, Operation{"turn-off", http.MethodPost, "/accounts/{id}/turn-off", change}, "Turn two-step verification off", a.turnOff)
	add(a, h, Operation{"cancel-recovery", http.MethodPost, "/accounts/{id}/recovery/cancel", change}, "Cancel a recovery", a.cancelRecovery)

	add(a, h, Operation{"open-hosted", http.MethodPost, "/accounts/{id}/hosted", first}, "Open the hosted pages for a person whose first step was just taken", a.openHosted)
	add(a, h, Operation{"redeem", http.MethodPost, "/results/redeem", second}, "Redeem what the browser brought back", a.redeem)
}

// Details are what a product says of an account.
type Details struct {
	Label    string `json:"label" minLength:"1" maxLength:"120" doc:"What its holder knows the account by; stands in apps and on pages."`
	Address  string `json:"address,omitempty" maxLength:"254" doc:"Where messages to its holder go. Without one nothing is mailed, and a recovery takes backup codes."`
	Language string `json:"language,omitempty" maxLength:"35" doc:"A BCP 47 tag: of pages and mails."`
}

func (d Details) about() nidan.Details {
	return nidan.Details{Label: d.Label, Address: d.Address, Language: d.Language}
}

func (a *API) createAccount(ctx context.Context, in *struct {
	Idempotent
	Body struct {
		ID string `json:"id" minLength:"1" maxLength:"128" doc:"The product's own id: 1 to 128 visible ASCII characters, for ever the same."`
		Details
	}
}) (*body[Noted], *Problem) {
	out, err := a.Service.Register(ctx, door(ctx), in.Body.ID, in.Body.about(), a.from(ctx, nil))
	if p := a.problem(ctx, "register an account", out, err); p != nil {
		return nil, p
	}
	return a.noted(ctx, in.Body.ID, out)
}

func (a *API) show(ctx context.Context, ref string) (*Account, *Problem) {
	k, p := a.kept(ctx, ref)
	if p != nil {
		return nil, p
	}
	v, err := a.Service.ShowKept(ctx, k)
	if err != nil {
		return nil, a.failed(ctx, "read an account", err)
	}
	shown := account(v)
	return &shown, nil
}

// noted answers what a product itself has said of an account: the rest takes a key
// that reads.
func (a *API) noted(ctx context.Context, ref string, out nidan.Outcome) (*body[Noted], *Problem) {
	shown, p := a.show(ctx, ref)
	if p != nil {
		return nil, p
	}
	return &body[Noted]{Noted{shown.Described, out.Repeated}}, nil
}

func (a *API) readAccount(ctx context.Context, in *One) (*body[Account], *Problem) {
	shown, p := a.show(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	return &body[Account]{*shown}, nil
}

func (a *API) updateAccount(ctx context.Context, in *struct {
	One
	Idempotent
	Body Details
}) (*body[Noted], *Problem) {
	k, p := a.kept(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	out, err := a.Service.Describe(ctx, k, in.Body.about(), a.from(ctx, nil))
	if p := a.problem(ctx, "change an account", out, err); p != nil {
		return nil, p
	}
	return a.noted(ctx, in.ID, out)
}

func (a *API) deleteAccount(ctx context.Context, in *One) (*struct{}, *Problem) {
	k, p := a.kept(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	out, err := a.Service.Erase(ctx, k, a.from(ctx, nil))
	return nil, a.problem(ctx, "delete an account", out, err)
}

func (a *API) endSessions(ctx context.Context, in *One) (*struct{}, *Problem) {
	k, p := a.kept(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	out, err := a.Service.EndKeptSessions(ctx, k, a.from(ctx, nil))
	return nil, a.problem(ctx, "end sessions", out, err)
}

func (a *API) listEvents(ctx context.Context, in *One) (*body[[]Event], *Problem) {
	k, p := a.kept(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	events, err := a.Service.KeptEvents(ctx, k)
	if err != nil {
		return nil, a.failed(ctx, "list events", err)
	}
	list := make([]Event, 0, len(events))
	for _, e := range events {
		list = append(list, Event{
			At: e.At, Event: e.Kind, Method: e.Method, Way: e.Authenticator, Detail: e.Detail, Known: e.Known, Address: e.Address, Browser: e.Browser,
		})
	}
	return &body[[]Event]{list}, nil
}

// A Session is one on the hosted pages.
type Session struct {
	At      time.Time `json:"at"`
	Seen    time.Time `json:"seen"`
	Address string    `json:"address,omitempty"`
	Browser string    `json:"browser,omitempty"`
}

func (a *API) listSessions(ctx context.Context, in *One) (*body[[]Session], *Problem) {
	k, p := a.kept(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	v, err := a.Service.ShowKept(ctx, k)
	if err != nil {
		return nil, a.failed(ctx, "list sessions", err)
	}
	list := make([]Session, 0, len(v.Sessions))
	for _, s := range v.Sessions {
		list = append(list, Session{At: s.At, Seen: s.Seen, Address: s.Address, Browser: s.Browser})
	}
	return &body[[]Session]{list}, nil
}

func (a *API) openHosted(ctx context.Context, in *struct {
	One
	Body struct {
		Use       nidan.HandoverUse `json:"use" enum:"sign-in,settings" doc:"sign-in: take the second step. settings: set it up or change it."`
		ReturnTo  string            `json:"return_to" maxLength:"2048" doc:"One of the product's registered addresses, to the letter. The result comes as its parameter 'result'."`
		ACR       string            `json:"acr,omitempty" enum:"1,2step,aal2" default:"2step" doc:"What the result has to be worth at least."`
		Bind      string            `json:"bind" minLength:"43" maxLength:"43" doc:"SHA-256, in base64url without padding, of a random value that the product has put into a cookie of its own."`
		FirstStep FirstStep         `json:"first_step"`
		Browser   *Browser          `json:"browser,omitempty" doc:"Shown to the person: where it was begun."`
	}
}) (*body[Hosted], *Problem) {
	from := a.from(ctx, in.Body.Browser)
	k, p := a.stated(ctx, in.ID, in.Body.FirstStep, from)
	if p != nil {
		return nil, p
	}
	level := map[string]nidan.Level{"1": nidan.LevelPassword, "2step": nidan.LevelTwoStep, "aal2": nidan.LevelAAL2}[in.Body.ACR]
	out, err := a.Service.OpenHandover(ctx, k, nidan.HandoverRequest{Use: in.Body.Use, Return: in.Body.ReturnTo, Level: level, Bind: in.Body.Bind}, from)
	if p := a.problem(ctx, "open the hosted pages", out, err); p != nil {
		return nil, p
	}
	return &body[Hosted]{Hosted{a.Public.JoinPath("step", out.Handover.Token.Reveal()).String(), out.Handover.Expires}}, nil
}

func (a *API) redeem(ctx context.Context, in *struct {
	Body struct {
		Result string `json:"result" maxLength:"128" doc:"What the browser brought back."`
		Value  string `json:"value" maxLength:"512" doc:"The value out of the product's own cookie, whose hash opened the hosted pages."`
	}
}) (*body[Assertion], *Problem) {
	tok, ok := nidan.ParseResult(in.Body.Result)
	if !ok {
		return nil, because(nidan.ResultDead)
	}
	out, err := a.Service.Redeem(ctx, door(ctx), tok, nidan.NewSecret(in.Body.Value), a.from(ctx, nil))
	if p := a.problem(ctx, "redeem a result", out, err); p != nil {
		return nil, p
	}
	return &body[Assertion]{*asserted(out.Assertion)}, nil
}
