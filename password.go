package nidan

import "context"

// ChangePassword sets a new password in a session. It needs the old one, and
// the second step where the account is protected. Everything else handed out
// ends; the acting session is minted anew. Outcomes: OK with Session; the
// reasons for refusing a password; the reasons of both steps.
func (s *Service) ChangePassword(ctx context.Context, tok SessionToken, password Secret, ans Answer, chosen Secret, from From) (Outcome, error) {
	ses, err := s.Session(ctx, tok)
	if err != nil {
		return gone(err)
	}
	hash, out, err := s.newPassword(ctx, chosen, ses.Name)
	if err != nil || out.Reason != OK {
		return out, err
	}
	return s.allSteps(ctx, tok, password, ans, from, func(d *decision, ses *Session, proofs []proof, out Outcome) Outcome {
		a := d.acct
		was := a.Password
		a.Password = Password{Hash: hash, Changed: d.now, ByReset: was.ByReset, ByMail: was.ByMail}
		d.endRecovery()
		d.record(Event{Kind: EventPasswordChanged})
		d.tell(Notice{Kind: NoticePasswordChanged})
		out.Reason = OK
		return d.anew(ses, proofs, out)
	})
}

// allSteps runs what needs the password now and, where the account is
// protected, the second step now: whatever lowers protection or moves an
// address (law 12).
func (s *Service) allSteps(ctx context.Context, tok SessionToken, password Secret, ans Answer, from From, then func(*decision, *Session, []proof, Outcome) Outcome) (Outcome, error) {
	ses, err := s.Session(ctx, tok)
	if err != nil {
		return gone(err)
	}
	if ses.acct.Party != "" {
		return Outcome{Reason: NoSuchWay}, nil // the product that keeps the account does that
	}
	if ses.acct.IsProtected() {
		return s.bothSteps(ctx, tok, password, ans, from, then)
	}
	if s.Suspended() {
		return Outcome{}, ErrClock
	}
	hashed, out, err := s.passwordInSession(ctx, ses, password, from)
	if err != nil || out.Reason != OK {
		return out, err
	}
	cmd := command{from: from}
	return s.in(ctx, tok, cmd, func(d *decision, ses *Session) Outcome {
		switch {
		case d.acct.IsProtected():
			return Outcome{Reason: StepUp} // turned on meanwhile: the second step is due
		case !d.acct.passwordRight(hashed):
			return Outcome{Reason: WrongFirstStep}
		}
		return then(d, ses, []proof{d.acct.passwordProof(d.now)}, Outcome{Reason: OK})
	})
}

// NotMe is "it wasn't me" from a session. One proof is enough: it only ends
// things. Every session, remembered browser and link ends, the acting session
// too; a recovery is cancelled; the password stops working until a mailed reset;
// no authenticator is touched. Outcomes: OK.
func (s *Service) NotMe(ctx context.Context, tok SessionToken, from From) (Outcome, error) {
	return s.in(ctx, tok, command{from: from, always: true}, func(d *decision, _ *Session) Outcome {
		return d.notMe()
	})
}

// NotMeByLink is "it wasn't me" from a notice. Outcomes: OK, LinkDead.
func (s *Service) NotMeByLink(ctx context.Context, c Secret, from From) (Outcome, error) {
	t, _ := s.openTicket(TicketNotMe, c, s.Now())
	if t == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	return s.byLink(ctx, t, command{from: from, always: true}, func(d *decision) Outcome {
		return d.notMe()
	})
}

func (d *decision) notMe() Outcome {
	a := d.acct
	a.NotMeLink = d.now
	d.endRecovery()
	d.endEverything()
	if a.Password.Stopped.IsZero() {
		a.Password.Stopped = d.now
	}
	d.record(Event{Kind: EventNotMe})
	n := Notice{Kind: NoticeNotMe}
	if d.s.mails && a.Party == "" {
		t := d.link(TicketReset, d.now, linkFor)
		n.Link, n.Until = MailedLink{Purpose: t.Purpose, Ticket: d.s.sealTicket(t).Reveal()}, t.Expires
	}
	d.tell(n)
	return Outcome{Reason: OK}
}
