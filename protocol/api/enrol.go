package api

import (
	"context"
	"errors"

	"github.com/nidan-auth/nidan"
)

// Proofs are what a change takes: the first step, and a second one where the
// account is protected.
type Proofs struct {
	FirstStep FirstStep `json:"first_step"`
	Answer    *Answer   `json:"answer,omitempty" doc:"Where two-step verification is on."`
	Browser   *Browser  `json:"browser,omitempty"`
}

// judged is what came of a change, called by its name where it came without an
// answer: one that names no authenticator.
func (p Proofs) judged(out nidan.Outcome, err error) (nidan.Outcome, error) {
	if p.Answer == nil && out.Reason == nidan.NoSuchWay {
		out.Reason = AnswerMissing
	}
	return out, err
}

// noSession is the problem of a session that is none.
func (a *API) noSession(ctx context.Context, err error) *Problem {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nidan.ErrNotFound):
		return because(nidan.Gone)
	}
	return a.failed(ctx, "check a session", err)
}

func (a *API) startEnrolment(ctx context.Context, in *struct {
	One
	Body struct {
		Proofs
		Method   nidan.MethodName `json:"method" enum:"totp,mail"`
		Replaces string           `json:"replaces,omitempty" maxLength:"64" doc:"Id of the authenticator that goes when this one comes."`
	}
}) (*body[Enrolment], *Problem) {
	from := a.from(ctx, in.Body.Browser)
	k, p := a.stated(ctx, in.ID, in.Body.FirstStep, from)
	if p != nil {
		return nil, p
	}
	var out nidan.Outcome
	var err error
	if in.Body.Answer != nil {
		out, err = a.Service.BeginAdd(ctx, k, in.Body.Method, in.Body.Replaces, nidan.Secret{}, in.Body.Answer.answer(), from)
	} else {
		out, err = a.Service.BeginSetUp(ctx, k, in.Body.Method, nidan.Secret{}, from)
		if out.Reason == nidan.AlreadyOn {
			out.Reason = AnswerMissing
		}
	}
	return a.carried(ctx, k, nidan.TicketSetUp, "begin an enrolment", out, err)
}

// carried answers with a ticket, and with what its holder has to see.
func (a *API) carried(ctx context.Context, k nidan.Kept, use nidan.TicketPurpose, op string, out nidan.Outcome, err error) (*body[Enrolment], *Problem) {
	if p := a.problem(ctx, op, out, err); p != nil {
		return nil, p
	}
	if out.Repeated {
		return &body[Enrolment]{Enrolment{Repeated: true}}, nil
	}
	h, o, err := a.Service.Held(ctx, k, use, out.Ticket)
	if p := a.problem(ctx, op, o, err); p != nil {
		return nil, p
	}
	e := Enrolment{
		Ticket: out.Ticket.Reveal(), Step: map[nidan.Step]string{nidan.StepProve: "prove", nidan.StepConfirm: "confirm", nidan.StepSave: "save"}[h.Step],
		Method: h.Method, URI: h.Handout.URI, Key: h.Handout.Key, Codes: h.Codes.Codes, Expires: &h.Expires,
	}
	if h.Mailed != nil {
		e.Mailbox = h.Mailed.To
	}
	return &body[Enrolment]{e}, nil
}

// Ticket is one step of an enrolment.
type Ticket struct {
	Ticket  string   `json:"ticket" maxLength:"4096" doc:"As the step before gave it."`
	Browser *Browser `json:"browser,omitempty"`
}

func (t Ticket) carried() nidan.Carried {
	s := nidan.NewSecret(t.Ticket)
	return nidan.Carried{Ticket: s, Drawn: nidan.TicketHash(s)}
}

func (a *API) promptEnrolment(ctx context.Context, in *struct {
	One
	Body Ticket
}) (*body[Enrolment], *Problem) {
	k, p := a.kept(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	from := a.from(ctx, in.Body.Browser)
	out, err := a.Service.SendSetUpCode(ctx, k, in.Body.carried(), from)
	return a.carried(ctx, k, nidan.TicketSetUp, "mail a number", out, err)
}

func (a *API) confirmEnrolment(ctx context.Context, in *struct {
	One
	Body struct {
		Ticket
		Code string `json:"code" maxLength:"64"`
	}
}) (*body[Enrolment], *Problem) {
	k, p := a.kept(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	from := a.from(ctx, in.Body.Browser)
	out, err := a.Service.Confirm(ctx, k, in.Body.carried(), nidan.NewSecret(in.Body.Code), from)
	return a.carried(ctx, k, nidan.TicketSetUp, "confirm an enrolment", out, err)
}

// saved finishes an enrolment.
type saved struct {
	One
	Idempotent
	Body struct {
		Ticket
		Saved bool `json:"saved" doc:"The person's word that the backup codes are in a safe place."`
	}
}

func (a *API) completeEnrolment(ctx context.Context, in *saved) (*body[Done], *Problem) {
	return a.complete(ctx, in, nidan.TicketSetUp)
}

func (a *API) completeCodes(ctx context.Context, in *saved) (*body[Done], *Problem) {
	return a.complete(ctx, in, nidan.TicketReissue)
}

func (a *API) complete(ctx context.Context, in *saved, use nidan.TicketPurpose) (*body[Done], *Problem) {
	k, p := a.kept(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	out, err := a.Service.Complete(ctx, k, use, in.Body.carried(), in.Body.Saved, a.from(ctx, in.Body.Browser))
	if out.Reason == nidan.StepUp {
		out.Reason = NotConfirmed
	}
	return a.done(ctx, "complete", out, err)
}

// change makes a change that takes a stated first step.
func (a *API) change(ctx context.Context, op, ref string, first FirstStep, b *Browser, do func(nidan.Kept, nidan.From) (nidan.Outcome, error)) (*body[Done], *Problem) {
	from := a.from(ctx, b)
	k, p := a.stated(ctx, ref, first, from)
	if p != nil {
		return nil, p
	}
	out, err := do(k, from)
	return a.done(ctx, op, out, err)
}

func (a *API) done(ctx context.Context, op string, out nidan.Outcome, err error) (*body[Done], *Problem) {
	if p := a.problem(ctx, op, out, err); p != nil {
		return nil, p
	}
	return &body[Done]{Done{Reason: out.Reason, Repeated: out.Repeated, Known: out.Browser.Reveal()}}, nil
}

func (a *API) startCodes(ctx context.Context, in *struct {
	One
	Body Proofs
}) (*body[Enrolment], *Problem) {
	from := a.from(ctx, in.Body.Browser)
	k, p := a.stated(ctx, in.ID, in.Body.FirstStep, from)
	if p != nil {
		return nil, p
	}
	out, err := in.Body.judged(a.Service.BeginReissue(ctx, k, nidan.Secret{}, in.Body.Answer.answer(), from))
	return a.carried(ctx, k, nidan.TicketReissue, "draw backup codes", out, err)
}

func (a *API) promptChange(ctx context.Context, in *struct {
	One
	Body struct {
		FirstStep FirstStep `json:"first_step"`
		Way       string    `json:"way" maxLength:"64"`
		Browser   *Browser  `json:"browser,omitempty"`
	}
}) (*body[Sent], *Problem) {
	from := a.from(ctx, in.Body.Browser)
	k, p := a.stated(ctx, in.ID, in.Body.FirstStep, from)
	if p != nil {
		return nil, p
	}
	out, err := a.Service.SendCodeHere(ctx, k, in.Body.Way, from)
	if p := a.problem(ctx, "mail a number", out, err); p != nil {
		return nil, p
	}
	return &body[Sent]{Sent{out.Until}}, nil
}

// OneWay is one authenticator of an account.
type OneWay struct {
	One
	Way string `path:"way" maxLength:"64"`
}

func (a *API) removeWay(ctx context.Context, in *struct {
	OneWay
	Idempotent
	Body Proofs
}) (*body[Done], *Problem) {
	return a.change(ctx, "remove an authenticator", in.ID, in.Body.FirstStep, in.Body.Browser, func(k nidan.Kept, from nidan.From) (nidan.Outcome, error) {
		return in.Body.judged(a.Service.Remove(ctx, k, in.Way, nidan.Secret{}, in.Body.Answer.answer(), from))
	})
}

func (a *API) nameWay(ctx context.Context, in *struct {
	OneWay
	Idempotent
	Body struct {
		FirstStep FirstStep `json:"first_step"`
		Name      string    `json:"name" maxLength:"160" doc:"At most 40 characters; empty takes it away."`
		Browser   *Browser  `json:"browser,omitempty"`
	}
}) (*body[Done], *Problem) {
	return a.change(ctx, "name an authenticator", in.ID, in.Body.FirstStep, in.Body.Browser, func(k nidan.Kept, from nidan.From) (nidan.Outcome, error) {
		return a.Service.Rename(ctx, k, in.Way, in.Body.Name, from)
	})
}

func (a *API) askFirst(ctx context.Context, in *struct {
	OneWay
	Idempotent
	Body struct {
		FirstStep FirstStep `json:"first_step"`
		Browser   *Browser  `json:"browser,omitempty"`
	}
}) (*body[Done], *Problem) {
	return a.change(ctx, "choose an authenticator", in.ID, in.Body.FirstStep, in.Body.Browser, func(k nidan.Kept, from nidan.From) (nidan.Outcome, error) {
		return a.Service.SetDefault(ctx, k, in.Way, from)
	})
}

func (a *API) turnOff(ctx context.Context, in *struct {
	One
	Idempotent
	Body Proofs
}) (*body[Done], *Problem) {
	return a.change(ctx, "turn off", in.ID, in.Body.FirstStep, in.Body.Browser, func(k nidan.Kept, from nidan.From) (nidan.Outcome, error) {
		return in.Body.judged(a.Service.TurnOff(ctx, k, nidan.Secret{}, in.Body.Answer.answer(), from))
	})
}

func (a *API) cancelRecovery(ctx context.Context, in *struct {
	One
	Idempotent
	Body struct {
		FirstStep FirstStep `json:"first_step"`
		Browser   *Browser  `json:"browser,omitempty"`
	}
}) (*body[Done], *Problem) {
	return a.change(ctx, "cancel a recovery", in.ID, in.Body.FirstStep, in.Body.Browser, func(k nidan.Kept, from nidan.From) (nidan.Outcome, error) {
		return a.Service.CancelRecovery(ctx, k, from)
	})
}
