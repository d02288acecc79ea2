package nidan

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// BeginAdd starts the set-up of another authenticator on a protected account,
// or, where replaces names one, of its successor. It needs both steps, given
// now (law 12; SECURITY A3). What the account has works until Complete.
// Outcomes: OK with Ticket; NoSuchWay, NotProtected; SendWait, SendsUsedUp; the
// reasons of both steps.
func (s *Service) BeginAdd(ctx context.Context, who Bearer, m MethodName, replaces string, password Secret, ans Answer, from From) (Outcome, error) {
	if _, out := s.drawable(m); !out.Passed() {
		return out, nil
	}
	ses, err := s.standing(ctx, who)
	if err != nil {
		return gone(err)
	}
	if ses.acct.IsProtected() { // before a code is spent on it
		if !s.mayAdd(ses.acct, m, replaces) {
			return Outcome{Reason: NoSuchWay}, nil
		}
		if _, mails := s.methods[m].(Prompting); mails {
			if out := s.sendable(ses, PromptSetUp, from); !out.Passed() {
				return out, nil
			}
		}
	}
	return s.bothSteps(ctx, who, password, ans, from, func(d *decision, ses *Session, proofs []proof, out Outcome) Outcome {
		a := d.acct
		if !s.mayAdd(a, m, replaces) {
			out.Reason = NoSuchWay
			return out
		}
		t := &ticket{
			Purpose: TicketSetUp, Account: a.ID, Lineage: ses.body.Lineage, Epoch: a.Epoch, Revision: a.Revision, Made: d.stamp(),
			Issued: d.now, Expires: d.now.Add(carriedFor), Password: &proofs[0], Adds: true, Replaces: replaces,
		}
		drawn := d.draw(t, m)
		out.Reason, out.Until, out.Ticket = drawn.Reason, drawn.Until, drawn.Ticket
		return out
	})
}

// mayAdd reports whether a method can be added, or take the place of an
// authenticator.
func (s *Service) mayAdd(a *Account, m MethodName, replaces string) bool {
	old := a.authenticator(replaces)
	switch {
	case replaces != "" && (old == nil || old.Method == s.reserve.Traits().Method):
		return false
	case !s.reaches(a, m):
		return false
	case s.methods[m].Traits().Channel == ChannelMail && a.first(m) != nil && (old == nil || old.Method != m):
		return false // one mailbox is one way
	}
	return replaces != "" || !a.full(s)
}

// full reports whether there is no place for another authenticator with its
// codes.
func (a *Account) full(s *Service) bool {
	n := 1
	if a.first(s.reserve.Traits().Method) == nil {
		n = 2
	}
	return len(a.Authenticators)+n > maxAuthenticators
}

// Remove takes an authenticator away. The last one that protects is removed by
// turning off. Everything else handed out ends; the acting session is minted
// anew. Outcomes: OK with Session; LastOne, NoSuchWay, NotProtected; the reasons
// of both steps.
func (s *Service) Remove(ctx context.Context, who Bearer, id string, password Secret, ans Answer, from From) (Outcome, error) {
	removable := func(a *Account) bool {
		x := a.authenticator(id)
		return x != nil && x.Method != s.reserve.Traits().Method
	}
	switch ses, err := s.standing(ctx, who); {
	case err != nil:
		return gone(err)
	case ses.acct.IsProtected() && !removable(ses.acct) && ses.acct.request(from.Request, s.nowFor(ses.acct)) == nil:
		return Outcome{Reason: NoSuchWay}, nil // before a code is spent on it
	}
	return s.bothSteps(ctx, who, password, ans, from, func(d *decision, ses *Session, proofs []proof, out Outcome) Outcome {
		a := d.acct
		x := a.authenticator(id)
		switch {
		case !removable(a):
			out.Reason = NoSuchWay
			return out
		case !a.protectedWithout(s, id):
			out.Reason = LastOne
			return out
		}
		method := x.Method
		d.retireOne(id)
		if a.Default == id {
			a.Default = ""
		}
		d.endRecovery() // its wait was reckoned for what is gone now
		d.record(Event{Kind: EventRemoved, Method: method, Authenticator: id})
		d.tell(Notice{Kind: NoticeRemoved, Method: method})
		return d.remint(ses, proofs, out)
	})
}

// remint is anew where the proof just given may be of what was removed: then
// everything ends, the acting session too.
func (d *decision) remint(ses *Session, proofs []proof, out Outcome) Outcome {
	if _, second := steps(proofs, d.now, 0); second == nil || !d.acct.stillProves(*second, d.now) {
		d.endEverything()
		return out
	}
	return d.anew(ses, proofs, out)
}

// protectedWithout reports whether another authenticator that protects and
// still takes answers is left without this one.
func (a *Account) protectedWithout(s *Service, id string) bool {
	for i := range a.Authenticators {
		x := &a.Authenticators[i]
		if m := s.methods[x.Method]; x.ID != id && m != nil && !m.Traits().Reserve && x.Disabled.IsZero() {
			return true
		}
	}
	return false
}

// Rename gives an authenticator a name, at most 40 characters; empty takes it
// away. Outcomes: OK, NameInvalid, NoSuchWay.
func (s *Service) Rename(ctx context.Context, who Bearer, id, name string, from From) (Outcome, error) {
	name = strings.Join(strings.Fields(name), " ")
	if utf8.RuneCountInString(name) > maxNameLength || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return Outcome{Reason: NameInvalid}, nil
	}
	return s.in(ctx, who, command{from: from}, func(d *decision, _ *Session) Outcome {
		x := d.acct.authenticator(id)
		if x == nil {
			return Outcome{Reason: NoSuchWay}
		}
		x.Name = name
		d.record(Event{Kind: EventNamed, Method: x.Method, Authenticator: x.ID})
		return Outcome{Reason: OK}
	})
}

// SetDefault chooses which authenticator a log-in asks first. Outcomes: OK,
// NoSuchWay.
func (s *Service) SetDefault(ctx context.Context, who Bearer, id string, from From) (Outcome, error) {
	return s.in(ctx, who, command{from: from}, func(d *decision, _ *Session) Outcome {
		x := d.acct.authenticator(id)
		if x == nil || !x.Disabled.IsZero() || x.Method == s.reserve.Traits().Method {
			return Outcome{Reason: NoSuchWay}
		}
		d.acct.Default = id
		d.record(Event{Kind: EventDefault, Method: x.Method, Authenticator: x.ID})
		return Outcome{Reason: OK}
	})
}

// Resyncing is implemented by a method whose codes follow a clock. Two
// consecutive codes show the authenticator and how far its clock is off, either
// way; guessing both is hopeless, so that may be told.
type Resyncing interface {
	Resync(s State, first, second string, now time.Time) Verdict
}

// Resync lets an app whose clock is a little off show it, in a session of
// somebody who got in by another way: two consecutive codes, behind a password
// given within five minutes. Wrong ones count like any other. Outcomes: OK;
// WrongAnswer, ClockBehind, ClockAhead, MalformedAnswer; Waiting, Disabled,
// NoSuchWay; StepUp, WrongFirstStep, FirstStepWait; Gone.
func (s *Service) Resync(ctx context.Context, who Bearer, id string, first, second, password Secret, from From) (Outcome, error) {
	ses, err := s.standing(ctx, who)
	if err != nil {
		return gone(err)
	}
	now, suspended := s.watch.now()
	if suspended {
		return Outcome{}, ErrClock
	}
	if !password.Empty() && ses.acct.Party == "" {
		hashed, out, err := s.passwordInSession(ctx, ses, password, from)
		if err != nil || out.Reason != OK {
			return out, err
		}
		if !ses.acct.passwordRight(hashed) {
			return Outcome{Reason: WrongFirstStep}, nil
		}
	} else if !ses.PasswordFresh(now) {
		return Outcome{Reason: StepUp}, nil
	}
	cmd := command{from: from}
	return s.in(ctx, who, cmd, func(d *decision, _ *Session) Outcome {
		return d.resync(id, first, second)
	})
}

func (d *decision) resync(id string, first, second Secret) Outcome {
	a, c := d.acct, d.class()
	x := a.authenticator(id)
	if x == nil {
		return Outcome{Reason: NoSuchWay}
	}
	m, ok := d.s.methods[x.Method].(Resyncing)
	switch {
	case !ok:
		return Outcome{Reason: NoSuchWay}
	case !x.Disabled.IsZero():
		return Outcome{Reason: Disabled}
	}
	if until, n := a.waitUntil(c, d.now); !until.IsZero() {
		return Outcome{Reason: Waiting, Until: until, Count: n, Others: a.othersTried(c)}
	}
	v := m.Resync(x.State, first.Reveal(), second.Reveal(), d.now)
	switch v.Judgement {
	case Accepted:
		x.State, x.LastUsed, x.Wrong = v.State, d.now, [2]int{}
		d.rowEnded()
		d.record(Event{Kind: EventResynced, Method: x.Method, Authenticator: x.ID})
		return Outcome{Reason: OK}
	case Behind:
		return Outcome{Reason: ClockBehind, Off: v.Off}
	case Ahead:
		return Outcome{Reason: ClockAhead, Off: v.Off}
	case Malformed:
		return Outcome{Reason: MalformedAnswer}
	}
	d.record(Event{Kind: EventRefused, Method: x.Method, Authenticator: x.ID, Detail: string(WrongAnswer), Item: "resync", Known: c == Known})
	d.count(x, d.s.methods[x.Method].Traits(), c)
	return Outcome{Reason: WrongAnswer}
}
