package nidan

import (
	"context"
	"errors"
	"time"
)

// BeginSetUp starts the first set-up of two-step verification with a method.
// It needs a password given in the last five minutes (law 12): the session's
// own, or the one passed in. Nothing is stored; what is handed out lives in
// the returned Ticket. Outcomes: OK with Ticket, StepUp, AlreadyOn,
// WrongFirstStep, FirstStepWait, NoSuchWay.
func (s *Service) BeginSetUp(ctx context.Context, who Bearer, m MethodName, password Secret, from From) (Outcome, error) {
	ses, err := s.standing(ctx, who)
	if err != nil {
		return gone(err)
	}
	now, suspended := s.watch.now()
	if suspended {
		return Outcome{}, ErrClock
	}
	if ses.acct.IsProtected() {
		return Outcome{Reason: AlreadyOn}, nil
	}
	if _, out := s.drawable(m); !out.Passed() || !s.reaches(ses.acct, m) {
		return Outcome{Reason: NoSuchWay}, nil
	}
	first, _ := steps(ses.body.Proofs, now, Fresh)
	if !password.Empty() && ses.acct.Party == "" {
		hashed, out, err := s.passwordInSession(ctx, ses, password, from)
		if err != nil || out.Reason != OK {
			return out, err
		}
		if first, out = ses.firstStep(ses.acct, hashed, now); first == nil {
			return out, nil
		}
	}
	if first == nil {
		return Outcome{Reason: StepUp}, nil
	}
	t := &ticket{
		Purpose: TicketSetUp, Account: ses.Account, Lineage: ses.body.Lineage,
		Epoch: ses.acct.Epoch, Revision: ses.acct.Revision, Made: ses.acct.stamp(),
		Issued: now, Expires: now.Add(carriedFor), Password: first,
		Prove: s.mustProve(ses.acct, m),
	}
	return s.draw(ctx, who, t, ses.acct, m, from)
}

// mustProve reports whether the account's address has to be proven before a
// set-up with a method. The e-mail code proves it by itself.
func (s *Service) mustProve(a *Account, m MethodName) bool {
	if s.prove == ProveNever || s.mailing() == nil || a.mailbox() == "" || s.methods[m].Traits().Channel == ChannelMail {
		return false
	}
	return s.prove == ProveAlways || a.Proven.IsZero()
}

// draw chooses a wizard's method. Only what mails a number needs a commit.
func (s *Service) draw(ctx context.Context, who Bearer, t *ticket, a *Account, m MethodName, from From) (Outcome, error) {
	t.Method = m
	if err := s.drawDraft(t, a, t.Issued, s.random); err != nil {
		return Outcome{}, err
	}
	if s.mailsFor(t) == "" {
		return Outcome{Reason: OK, Ticket: s.sealTicket(t)}, nil
	}
	return s.by(ctx, who, command{from: from}, func(d *decision, _ *Session) Outcome {
		if t.Epoch != d.acct.Epoch || t.Revision != d.acct.Revision {
			return Outcome{Reason: DoneElsewhere}
		}
		return d.mailFor(t.again())
	})
}

// gone turns "log in again" into its outcome.
func gone(err error) (Outcome, error) {
	if notSignedIn(err) {
		return Outcome{Reason: Gone}, nil
	}
	return Outcome{}, err
}

// firstStep is the first step of a change: the password, given now, or what the
// product that keeps the account has stated within five minutes. Outcomes of
// none: WrongFirstStep, StepUp.
func (ses *Session) firstStep(a *Account, h Hashed, now time.Time) (*proof, Outcome) {
	if a.Party != "" {
		first, _ := steps(ses.body.Proofs, now, Fresh)
		return first, Outcome{Reason: StepUp}
	}
	if !a.passwordRight(h) {
		return nil, Outcome{Reason: WrongFirstStep}
	}
	p := a.passwordProof(now)
	return &p, Outcome{Reason: OK}
}

// passwordInSession lets the gate count a password typed inside a session.
// The count is the session's own: it neither spends nor is spent by the
// budgets of the log-in page. Outcomes: OK (it was right, or so it was in the
// version loaded), WrongFirstStep, FirstStepWait.
func (s *Service) passwordInSession(ctx context.Context, ses *Session, password Secret, from From) (Hashed, Outcome, error) {
	if ses.acct.Party != "" {
		return Hashed{}, Outcome{Reason: OK}, nil // the product has it
	}
	now, _ := s.watch.now()
	t, until, err := s.knock(ctx, ses.Name, ses.body.Lineage, from, now)
	if err != nil {
		return Hashed{}, Outcome{}, err
	}
	if t == nil {
		return Hashed{}, Outcome{Reason: FirstStepWait, Until: until}, nil
	}
	hashed, err := s.passwordHash(ctx, ses.acct, password)
	if err != nil {
		return Hashed{}, Outcome{}, errors.Join(err, t.unjudged(ctx))
	}
	if !ses.acct.passwordRight(hashed) {
		return Hashed{}, Outcome{Reason: WrongFirstStep}, nil
	}
	return hashed, Outcome{Reason: OK}, t.right(ctx)
}

// heldBy opens a ticket that a session carries and checks that it is of this
// session's lineage and of the account as it is. The outcome says why not.
func (s *Service) heldBy(ctx context.Context, p TicketPurpose, c Secret, ses *Session, now time.Time) (*ticket, Outcome, error) {
	t, expired := s.openTicket(p, c, now)
	switch {
	case expired:
		return nil, Outcome{Reason: Expired}, nil
	case t == nil || t.Account != ses.Account || t.Lineage != ses.body.Lineage:
		return nil, Outcome{Reason: Gone}, nil
	}
	if err := s.notOlder(ctx, ses.acct, "ticket", t.Made); err != nil {
		return nil, Outcome{}, err
	}
	if t.Epoch != ses.acct.Epoch || t.Revision != ses.acct.Revision {
		return nil, Outcome{Reason: DoneElsewhere}, nil
	}
	return t, Outcome{Reason: OK}, nil
}

// Held returns what the page of a step may show to the bearer of the
// unfinished ticket (law 9), changing nothing. Outcomes: OK, Gone, Expired,
// DoneElsewhere.
func (s *Service) Held(ctx context.Context, who Bearer, p TicketPurpose, c Secret) (Held, Outcome, error) {
	ses, err := s.standing(ctx, who)
	if err != nil {
		out, err := gone(err)
		return Held{}, out, err
	}
	t, out, err := s.heldBy(ctx, p, c, ses, s.nowFor(ses.acct))
	if t == nil {
		return Held{}, out, err
	}
	return s.held(t, ses.acct), out, nil
}

// Confirm judges what a set-up waits for: the number mailed to the address, or
// the proof that the holder has what was handed out. A mailed number is counted
// in the document; nothing else is stored: right or wrong, what follows stands
// in the ticket. Outcomes: OK with Ticket; WrongAnswer, LateAnswer, ClockBehind,
// ClockAhead, MalformedAnswer, NoCodeSent; Gone, Expired, DoneElsewhere,
// OtherTab.
func (s *Service) Confirm(ctx context.Context, who Bearer, c Carried, answer Secret, from From) (Outcome, error) {
	return s.wizard(ctx, who, c, from, func(d *decision, t *ticket) Outcome { return d.confirm(t, answer) })
}

// SendSetUpCode mails the number that a set-up waits for again. Outcomes: OK
// with Ticket; SendWait, SendsUsedUp; NoSuchWay; Gone, Expired, DoneElsewhere,
// OtherTab.
func (s *Service) SendSetUpCode(ctx context.Context, who Bearer, c Carried, from From) (Outcome, error) {
	return s.wizard(ctx, who, c, from, func(d *decision, t *ticket) Outcome { return d.mailFor(t) })
}

// wizard runs a step of the set-up that a session carries.
func (s *Service) wizard(ctx context.Context, who Bearer, c Carried, from From, step func(*decision, *ticket) Outcome) (Outcome, error) {
	cmd := command{from: from}
	return s.by(ctx, who, cmd, func(d *decision, ses *Session) Outcome {
		if out := c.drawn(); !out.Passed() {
			return out
		}
		t, out, err := s.heldBy(ctx, TicketSetUp, c.Ticket, ses, d.now)
		if err != nil {
			d.fail(err)
			return Outcome{}
		}
		if t == nil {
			return out
		}
		return step(d, t)
	})
}

// Complete finishes what a ticket prepared: the set-up, new backup codes, or
// the replacement of one. saved is the person's word that the codes are in a
// safe place; without it nothing happens. Exactly one Complete of a ticket
// passes. Outcomes: OK (with Session after a set-up), NotSaved, StepUp (a
// set-up that is not confirmed yet), DoneElsewhere, OtherTab, Gone, Expired,
// AlreadyOn, NotProtected.
func (s *Service) Complete(ctx context.Context, who Bearer, p TicketPurpose, c Carried, saved bool, from From) (Outcome, error) {
	cmd := command{from: from}
	if t, _ := s.openTicket(p, c.Ticket, s.Now()); t != nil && t.Codes != nil && saved && c.drawn().Passed() {
		cmd.slow = s.slowSave(t)
	}
	return s.by(ctx, who, cmd, func(d *decision, ses *Session) Outcome {
		if out := c.drawn(); !out.Passed() {
			return out
		}
		t, out, err := s.heldBy(ctx, p, c.Ticket, ses, d.now)
		if err != nil {
			d.fail(err)
			return Outcome{}
		}
		switch {
		case t == nil:
			return out
		case t.Codes == nil:
			return Outcome{Reason: StepUp}
		case !saved:
			return Outcome{Reason: NotSaved}
		}
		if p == TicketSetUp {
			return d.completeSetUp(t, ses)
		}
		return d.completeCodes(t)
	})
}

// slowSave returns what has to be hashed to store a ticket's codes.
func (s *Service) slowSave(t *ticket) func(*Account) []SlowHash {
	return func(a *Account) []SlowHash {
		m, ok := s.reserve.(Slow)
		if !ok || t.Account != a.ID || t.Epoch != a.Epoch || t.Revision != a.Revision {
			return nil // nothing will come of it: nothing is hashed for it
		}
		return m.SlowConfirm(a.reserveState(s), *t.Codes)
	}
}

// reserveState is the state of the account's backup codes, if it has any that
// still take answers.
func (a *Account) reserveState(s *Service) State {
	if x := a.first(s.reserve.Traits().Method); x != nil && x.Disabled.IsZero() {
		return x.State
	}
	return nil
}

// savedAnswer is what a reserve method takes for "I have saved them".
const savedAnswer = "saved"

// completeSetUp turns two-step verification on, or adds or replaces an
// authenticator: authenticator, codes, protection, epoch and the acting session
// in one commit. What is replaced works until this instant.
func (d *decision) completeSetUp(t *ticket, ses *Session) Outcome {
	a, s := d.acct, d.s
	switch {
	case t.Adds != a.IsProtected() && !t.Adds:
		return Outcome{Reason: AlreadyOn}
	case t.Adds != a.IsProtected():
		return Outcome{Reason: NotProtected}
	case t.Confirmed == nil || t.Password == nil:
		return Outcome{Reason: StepUp}
	}
	v := s.reserve.Confirm(a.reserveState(s), *t.Codes, savedAnswer, d.hashed, d.now)
	if v.Judgement != Accepted || t.Replaces == "" && a.full(s) {
		return Outcome{Reason: DoneElsewhere}
	}
	main := d.bind(t, v.State)
	if t.Adds && t.Replaces == "" {
		a.bumpRevision()
		d.record(Event{Kind: EventAdded, Method: main.Method, Authenticator: main.ID})
		d.tell(Notice{Kind: NoticeAdded, Method: main.Method})
		return Outcome{Reason: OK}
	}
	first, second := *t.Password, t.Confirmed.Proof
	second.Authenticator = main.ID
	if t.Adds {
		d.endRecovery() // its wait was reckoned for what is gone now
		d.record(Event{Kind: EventReplaced, Method: main.Method, Authenticator: main.ID, Item: t.Replaces})
		d.tell(Notice{Kind: NoticeReplaced, Method: main.Method})
		return d.anew(ses, []proof{first, second}, Outcome{Reason: OK})
	}
	if a.Second.Address != "" {
		// A password alone has put it there. Whoever had it then must not hear,
		// cancel or carry out a recovery now.
		d.tell(Notice{Kind: NoticeSecondRemoved, Item: Mask(a.Second.Address)})
		a.Second = SecondAddress{}
		d.record(Event{Kind: EventSecondRemoved})
	}
	a.Protected = d.now
	// Whoever reads the mailbox could have turned it on all the same: an
	// account without protection asks for nothing else.
	a.Password.ByMail, first.Channel = time.Time{}, ChannelMemory
	d.record(Event{Kind: EventOn, Method: main.Method, Authenticator: main.ID})
	d.tell(Notice{Kind: NoticeOn, Method: main.Method})
	return d.anew(ses, []proof{first, second}, Outcome{Reason: OK, Browser: d.knowOnly(d.from)})
}

// completeCodes puts a new set of codes, or one new code, in force. The old
// ones stop working at this instant and not before.
func (d *decision) completeCodes(t *ticket) Outcome {
	a, s := d.acct, d.s
	if !a.IsProtected() {
		return Outcome{Reason: NotProtected}
	}
	old := a.reserveState(s)
	v := s.reserve.Confirm(old, *t.Codes, savedAnswer, d.hashed, d.now)
	if v.Judgement != Accepted {
		return Outcome{Reason: DoneElsewhere}
	}
	name := s.reserve.Traits().Method
	x := a.first(name)
	switch {
	case old != nil:
		x.State = v.State
	case t.Purpose == TicketRenew:
		return Outcome{Reason: DoneElsewhere}
	default:
		// Disabled ones are bound again, never re-enabled.
		if x != nil {
			d.retireOne(x.ID)
		}
		a.Authenticators = append(a.Authenticators, Authenticator{ID: newID(d.random), Method: name, Added: d.now, State: v.State})
	}
	a.bumpRevision()
	if t.Purpose == TicketRenew {
		item := t.Codes.Handout.Item
		d.record(Event{Kind: EventCodeReplaced, Method: name, Item: item})
		d.tell(Notice{Kind: NoticeCodeReplaced, Method: name, Item: item})
	} else {
		d.record(Event{Kind: EventCodesIssued, Method: name})
		d.tell(Notice{Kind: NoticeCodesIssued, Method: name})
	}
	return Outcome{Reason: OK}
}

// retireOne takes an authenticator away and remembers it by id and dates.
func (d *decision) retireOne(id string) {
	a := d.acct
	for i, x := range a.Authenticators {
		if x.ID == id {
			a.retire(x, d.now)
			a.Authenticators = append(a.Authenticators[:i:i], a.Authenticators[i+1:]...)
			d.rowEnded()
			return
		}
	}
}
