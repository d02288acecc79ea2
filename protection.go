package nidan

import (
	"context"
	"time"
)

// BeginReissue starts the reissue of backup codes. It needs both steps, given
// now (law 12); a backup code counts as the second. Outcomes: OK with Ticket;
// NotProtected; the reasons of both steps.
func (s *Service) BeginReissue(ctx context.Context, who Bearer, password Secret, ans Answer, from From) (Outcome, error) {
	return s.bothSteps(ctx, who, password, ans, from, func(d *decision, ses *Session, _ []proof, out Outcome) Outcome {
		a := d.acct
		draft, err := s.reserve.Enrol(Enrolment{Issuer: s.brand(a), Account: a.Name, Old: a.reserveState(s)}, d.now, d.random)
		if err != nil {
			d.fail(err)
			return Outcome{}
		}
		out.Ticket = s.sealTicket(&ticket{
			Purpose: TicketReissue, Account: a.ID, Lineage: ses.body.Lineage,
			Epoch: a.Epoch, Revision: a.Revision, Made: d.stamp(),
			Issued: d.now, Expires: d.now.Add(carriedFor), Codes: &draft,
		})
		return out
	})
}

// TurnOff turns two-step verification off. It needs both steps, given now
// (SECURITY G1). Everything handed out ends, backup codes with it; the acting
// session is minted anew, and the owner is told. Outcomes: OK with Session;
// NotProtected; the reasons of both steps.
func (s *Service) TurnOff(ctx context.Context, who Bearer, password Secret, ans Answer, from From) (Outcome, error) {
	return s.bothSteps(ctx, who, password, ans, from, func(d *decision, ses *Session, proofs []proof, out Outcome) Outcome {
		a := d.acct
		for len(a.Authenticators) > 0 {
			d.retireOne(a.Authenticators[0].ID)
		}
		a.Protected = time.Time{}
		d.endRecovery() // its wait was reckoned for what is gone now
		d.record(Event{Kind: EventOff})
		d.tell(Notice{Kind: NoticeOff})
		return d.anew(ses, proofs, out)
	})
}

// bothSteps runs what needs the password and a second step, both given now.
// The code is judged only behind a right password, and counted like one at
// log-in (SECURITY C2).
func (s *Service) bothSteps(ctx context.Context, who Bearer, password Secret, ans Answer, from From, then func(*decision, *Session, []proof, Outcome) Outcome) (Outcome, error) {
	ses, err := s.standing(ctx, who)
	if err != nil {
		return gone(err)
	}
	now := s.nowFor(ses.acct)
	if q := ses.acct.request(from.Request, now); q != nil {
		return q.outcome(from.Request, ses.acct, now), nil
	}
	if !ses.acct.IsProtected() {
		return Outcome{Reason: NotProtected}, nil
	}
	if s.Suspended() {
		return Outcome{}, ErrClock
	}
	hashed, out, err := s.passwordInSession(ctx, ses, password, from)
	if err != nil || out.Reason != OK {
		return out, err
	}
	cmd := command{from: from, slow: s.slowAnswer(ans, s.classOf(from))}
	return s.in(ctx, who, cmd, func(d *decision, ses *Session) Outcome {
		if !d.acct.IsProtected() {
			return Outcome{Reason: NotProtected}
		}
		first, out := ses.firstStep(d.acct, hashed, d.now)
		if first == nil {
			return out
		}
		class := d.class()
		pr, out := d.judge(ans, class, ses.body.Lineage, PromptConfirm)
		if pr == nil {
			if class == Other && out.Reason.counted() {
				d.tellStranger() // somebody has the session and the password, and no code
			}
			return out
		}
		d.record(Event{Kind: EventStepPassed, Authenticator: ans.Authenticator, Method: d.acct.authenticator(ans.Authenticator).Method, Item: out.Used})
		return then(d, ses, []proof{*first, *pr}, out)
	})
}
