package nidan

import (
	"context"
	"errors"
	"time"
)

// The wizard behind a recovery link: password, method, proof, codes, Complete.
// What it carries from step to step is a ticket of its own purpose, whose only
// power is to bind a new authenticator (law 11). It makes no session.

// BeginBinding opens the wizard with the mailed link and the password, which
// the gate counts for this recovery: whoever has no link can neither use up
// these tries nor have them (SECURITY C8). Outcomes: OK with Ticket; LinkDead;
// WrongFirstStep, FirstStepWait.
func (s *Service) BeginBinding(ctx context.Context, c Secret, password Secret, from From) (Outcome, error) {
	now, suspended := s.watch.now()
	if suspended {
		return Outcome{}, ErrClock
	}
	link, _ := s.openTicket(TicketRecovery, c, now)
	if link == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	l, err := s.load(ctx, link.Account, "")
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return Outcome{Reason: LinkDead}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	if !link.honoured(s, l.acct, s.nowFor(l.acct)) {
		return Outcome{Reason: LinkDead}, nil
	}
	t, until, err := s.knock(ctx, l.acct.Name, link.Recovery, from, now)
	if err != nil {
		return Outcome{}, err
	}
	if t == nil {
		return Outcome{Reason: FirstStepWait, Until: until}, nil
	}
	hashed, err := s.passwordHash(ctx, l.acct, password)
	if err != nil {
		return Outcome{}, errors.Join(err, t.unjudged(ctx))
	}
	if !l.acct.passwordRight(hashed) {
		t.wrong(now)
		return Outcome{Reason: WrongFirstStep}, nil
	}
	out, err := s.byLink(ctx, link, command{from: from}, func(d *decision) Outcome {
		if !d.acct.passwordRight(hashed) {
			return Outcome{Reason: WrongFirstStep}
		}
		return d.beginBinding(link)
	})
	if err != nil || out.Reason == WrongFirstStep {
		return out, err
	}
	return out, t.right(ctx)
}

// BeginBindingKept opens the wizard with the mailed link where a product keeps
// the account: in the place of the password stands a sign-in that is open in
// the same browser, whose first step the product has stated. Outcomes: OK with
// Ticket; LinkDead; StepUp where no such sign-in is open.
func (s *Service) BeginBindingKept(ctx context.Context, c Secret, tok PendingToken, from From) (Outcome, error) {
	now, suspended := s.watch.now()
	if suspended {
		return Outcome{}, ErrClock
	}
	link, _ := s.openTicket(TicketRecovery, c, now)
	if link == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	return s.byLink(ctx, link, command{from: from}, func(d *decision) Outcome {
		if p, _ := d.open(tok); p == nil || tok.account != d.acct.ID || d.acct.Party == "" {
			return Outcome{Reason: StepUp}
		}
		return d.beginBinding(link)
	})
}

// beginBinding hands the wizard's ticket out, and uses the link up.
func (d *decision) beginBinding(link *ticket) Outcome {
	a := d.acct
	a.RecoveryLink = d.now
	d.record(Event{Kind: EventStepPassed, Detail: string(TicketRecovery), Item: link.Recovery})
	return Outcome{Reason: OK, Ticket: d.s.sealTicket(&ticket{
		Purpose: TicketBind, Account: a.ID, Lineage: newID(d.random), Recovery: link.Recovery,
		Epoch: a.Epoch, Revision: a.Revision, Made: d.stamp(), Issued: d.now, Expires: d.now.Add(carriedFor),
	})}
}

// binding runs a step of the wizard on the account as it is.
func (s *Service) binding(ctx context.Context, c Carried, cmd command, step func(*decision, *ticket) Outcome) (Outcome, error) {
	if out := c.drawn(); !out.Passed() {
		return out, nil
	}
	carried, expired := s.openTicket(TicketBind, c.Ticket, s.Now())
	switch {
	case expired:
		return Outcome{Reason: Expired}, nil
	case carried == nil:
		return Outcome{Reason: Gone}, nil
	}
	cmd.account = carried.Account
	out, err := s.change(ctx, cmd, func(d *decision) Outcome {
		t := carried.again()
		if err := s.notOlder(ctx, d.acct, "ticket", t.Made); err != nil {
			d.fail(err)
			return Outcome{}
		}
		if !t.honoured(s, d.acct, d.now) {
			return Outcome{Reason: DoneElsewhere}
		}
		return step(d, t)
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return Outcome{Reason: Gone}, nil
	}
	return out, err
}

// BindWith chooses the method. Outcomes: OK with Ticket; NoSuchWay; SendWait,
// SendsUsedUp; Gone, Expired, DoneElsewhere, OtherTab.
func (s *Service) BindWith(ctx context.Context, c Carried, m MethodName, from From) (Outcome, error) {
	return s.binding(ctx, c, command{from: from}, func(d *decision, t *ticket) Outcome {
		return d.draw(t, m)
	})
}

// SendBindingCode mails the number of the wizard's present step again.
func (s *Service) SendBindingCode(ctx context.Context, c Carried, from From) (Outcome, error) {
	return s.binding(ctx, c, command{from: from}, func(d *decision, t *ticket) Outcome {
		return d.mailFor(t)
	})
}

// ConfirmBinding judges the proof that the holder has what was handed out.
// Outcomes as of Confirm.
func (s *Service) ConfirmBinding(ctx context.Context, c Carried, answer Secret, from From) (Outcome, error) {
	return s.binding(ctx, c, command{from: from}, func(d *decision, t *ticket) Outcome {
		return d.confirm(t, answer)
	})
}

// CompleteBinding binds what was confirmed, in place of everything the account
// had: the phone reported lost and the old codes stop working now (SECURITY
// F9). It ends every session and signs nobody in. Outcomes: OK; NotSaved,
// StepUp; Gone, Expired, DoneElsewhere, OtherTab.
func (s *Service) CompleteBinding(ctx context.Context, c Carried, saved bool, from From) (Outcome, error) {
	cmd := command{from: from}
	if t, _ := s.openTicket(TicketBind, c.Ticket, s.Now()); t != nil && t.Codes != nil && saved && c.drawn().Passed() {
		cmd.slow = s.slowSave(t)
	}
	return s.binding(ctx, c, cmd, func(d *decision, t *ticket) Outcome {
		switch {
		case t.Confirmed == nil:
			return Outcome{Reason: StepUp}
		case !saved:
			return Outcome{Reason: NotSaved}
		}
		a := d.acct
		v := s.reserve.Confirm(a.reserveState(s), *t.Codes, savedAnswer, d.hashed, d.now)
		if v.Judgement != Accepted {
			return Outcome{Reason: DoneElsewhere}
		}
		for len(a.Authenticators) > 0 {
			d.retireOne(a.Authenticators[0].ID)
		}
		main := d.bind(t, v.State)
		a.Password.ByMail = time.Time{}
		d.endRecovery()
		d.endEverything()
		d.record(Event{Kind: EventRecovered, Method: main.Method, Authenticator: main.ID})
		d.tell(Notice{Kind: NoticeRecovered, Method: main.Method})
		return Outcome{Reason: OK}
	})
}

// HeldBinding returns what the wizard's page may show to the bearer of its
// ticket, changing nothing. Outcomes: OK, Gone, Expired, DoneElsewhere.
func (s *Service) HeldBinding(ctx context.Context, c Secret) (Held, Outcome, error) {
	t, expired := s.openTicket(TicketBind, c, s.Now())
	switch {
	case expired:
		return Held{}, Outcome{Reason: Expired}, nil
	case t == nil:
		return Held{}, Outcome{Reason: Gone}, nil
	}
	l, err := s.load(ctx, t.Account, "")
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return Held{}, Outcome{Reason: Gone}, nil
	}
	if err != nil {
		return Held{}, Outcome{}, err
	}
	if err := s.notOlder(ctx, l.acct, "ticket", t.Made); err != nil {
		return Held{}, Outcome{Reason: Gone}, nil
	}
	if !t.honoured(s, l.acct, s.nowFor(l.acct)) {
		return Held{}, Outcome{Reason: DoneElsewhere}, nil
	}
	return s.held(t, l.acct), Outcome{Reason: OK}, nil
}
