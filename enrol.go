package nidan

import (
	"io"
	"slices"
	"time"
)

// What every wizard that binds an authenticator does, whoever carries its
// ticket: draw what is handed out, mail numbers, judge the proof, bind.

// draw chooses the method of a wizard and hands out what it needs. Outcomes: OK
// with Ticket; NoSuchWay; SendWait, SendsUsedUp.
func (d *decision) draw(t *ticket, m MethodName) Outcome {
	if _, out := d.s.drawable(m); !out.Passed() || !d.s.reaches(d.acct, m) {
		return Outcome{Reason: NoSuchWay}
	}
	t.Method, t.Draft, t.Confirmed, t.Codes = m, nil, nil, nil
	if err := d.s.drawDraft(t, d.acct, d.now, d.random); err != nil {
		d.fail(err)
		return Outcome{}
	}
	if d.s.mailsFor(t) == "" {
		return d.carry(t)
	}
	return d.mailFor(t)
}

// carry hands a wizard's ticket on. It came of the document as it is, or of
// what this decision has recorded.
func (d *decision) carry(t *ticket) Outcome {
	if d.inert = len(d.events) == 0; !d.inert {
		t.Made = d.stamp()
	}
	return Outcome{Reason: OK, Ticket: d.s.sealTicket(t)}
}

// drawable returns a method that is offered.
func (s *Service) drawable(m MethodName) (Method, Outcome) {
	if !slices.Contains(s.order, m) {
		return nil, Outcome{Reason: NoSuchWay}
	}
	return s.methods[m], Outcome{Reason: OK}
}

// reaches reports whether a method can reach the account's holder: one that
// mails needs an address.
func (s *Service) reaches(a *Account, m MethodName) bool {
	return a.mailbox() != "" || s.methods[m].Traits().Channel != ChannelMail
}

// mailsFor names the number that a ticket's present step waits for; "": none.
func (s *Service) mailsFor(t *ticket) PromptUse {
	switch t.step() {
	case StepProve:
		return PromptAddress
	case StepConfirm:
		if _, ok := s.methods[t.Method].(Prompting); ok {
			return PromptSetUp
		}
	}
	return ""
}

// mailFor mails the number that a ticket's present step waits for. One that was
// mailed already and still works will do. Outcomes: OK with Ticket; SendWait,
// SendsUsedUp; NoSuchWay where the step waits for none.
func (d *decision) mailFor(t *ticket) Outcome {
	use := d.s.mailsFor(t)
	m := d.s.mailing()
	if use == "" || m == nil {
		return Outcome{Reason: NoSuchWay}
	}
	out := d.send(m, t.Lineage, use, "", d.class())
	switch out.Reason {
	case OK:
	case SendWait, SendsUsedUp:
		if o := d.acct.outstanding(t.Lineage, use); o == nil || o.State == nil || !d.now.Before(o.Expires) {
			return out
		}
	default:
		return out
	}
	out.Ticket = d.carry(t).Ticket
	return out
}

// mailing returns the method whose numbers are mailed, or nil.
func (s *Service) mailing() Prompting {
	for _, x := range s.methods {
		if m, ok := x.(Prompting); ok && x.Traits().Channel == ChannelMail {
			return m
		}
	}
	return nil
}

// confirm judges the answer that a ticket's present step waits for, and moves
// the ticket on. A wrong number is counted in the document; what an app shows
// is judged from the ticket, where its holder has the seed anyway. Outcomes: OK
// with Ticket; WrongAnswer, LateAnswer, ClockBehind, ClockAhead,
// MalformedAnswer, NoCodeSent; NoSuchWay.
func (d *decision) confirm(t *ticket, answer Secret) Outcome {
	use := d.s.mailsFor(t)
	m, out := d.s.drawable(t.Method)
	switch {
	case t.step() == StepSave:
		return d.carry(t) // confirmed already: Back, or a reload
	case !out.Passed() && use != PromptAddress:
		return out
	case use == "":
		v := m.Confirm(nil, *t.Draft, answer.Reveal(), nil, d.now)
		return d.confirmed(t, m, v)
	}
	v, asked := d.respond(d.s.mailing(), t.Lineage, use, answer)
	if !asked {
		return Outcome{Reason: NoCodeSent}
	}
	if v.Judgement == Accepted {
		d.record(Event{Kind: EventAddressProven, Detail: string(use)})
		if use == PromptAddress {
			t.Prove, t.Proved = false, true
			if d.s.mailsFor(t) != "" {
				return d.mailFor(t)
			}
			return d.carry(t)
		}
		t.Proved = true
	}
	if v.Judgement != Accepted && v.Judgement != Malformed {
		d.record(Event{Kind: EventRefused, Detail: string(reasonOf(v.Judgement)), Item: string(use)})
	}
	return d.confirmed(t, m, v)
}

// confirmed turns the verdict on a wizard's proof into its outcome, and draws
// the codes to save.
func (d *decision) confirmed(t *ticket, m Method, v Verdict) Outcome {
	switch v.Judgement {
	case Accepted:
	case Ahead:
		return Outcome{Reason: ClockAhead, Off: v.Off}
	case Malformed:
		return Outcome{Reason: MalformedAnswer}
	default:
		return Outcome{Reason: reasonOf(v.Judgement), Off: v.Off}
	}
	codes, err := d.s.reserve.Enrol(Enrolment{Issuer: d.s.brand(d.acct), Account: d.acct.Name}, d.now, d.random)
	if err != nil {
		d.fail(err)
		return Outcome{}
	}
	t.Confirmed = &confirmed{State: v.State, Proof: answerProof(m.Traits(), "", d.now)}
	t.Draft, t.Codes = nil, &codes
	return d.carry(t)
}

// bind adds what a ticket confirmed, in the place of what it replaces, and puts
// its codes in force. The caller has checked the caps.
func (d *decision) bind(t *ticket, codes State) Authenticator {
	a, s := d.acct, d.s
	main := Authenticator{ID: newID(d.random), Method: t.Method, Added: d.now, LastUsed: d.now, State: t.Confirmed.State}
	if old := a.authenticator(t.Replaces); old != nil {
		main.Name = old.Name
		d.retireOne(old.ID)
		if a.Default == old.ID {
			a.Default = main.ID
		}
	}
	name := s.reserve.Traits().Method
	switch x := a.first(name); {
	case x != nil && x.Disabled.IsZero():
		x.State = codes
		a.Authenticators = append(a.Authenticators, main)
	default:
		if x != nil {
			d.retireOne(x.ID) // disabled ones are bound again, never re-enabled
		}
		a.Authenticators = append(a.Authenticators, main, Authenticator{ID: newID(d.random), Method: name, Added: d.now, State: codes})
	}
	if t.Proved {
		a.Proven = d.now
	}
	return main
}

// held is what the page of a wizard's step may show.
func (s *Service) held(t *ticket, a *Account) Held {
	h := Held{Name: a.Name, Kept: a.Brand, Method: t.Method, Step: t.step(), Adds: t.Adds, Replaces: t.Replaces, Proved: t.Proved, Expires: t.Expires}
	if t.Draft != nil && h.Step == StepConfirm {
		h.Handout = t.Draft.Handout
	}
	if t.Codes != nil {
		h.Codes = t.Codes.Handout
	}
	if use := s.mailsFor(t); use != "" {
		o := a.outstanding(t.Lineage, use)
		c := Other
		if o != nil {
			c = o.Class
		}
		h.Mailed = a.mailedView(t.Lineage, use, c, s.nowFor(a))
	}
	return h
}

// drawDraft draws what a method hands out, unless its holder is to prove
// something else first.
func (s *Service) drawDraft(t *ticket, a *Account, now time.Time, random io.Reader) error {
	draft, err := s.methods[t.Method].Enrol(Enrolment{Issuer: s.brand(a), Account: a.Name}, now, random)
	if err != nil {
		return err
	}
	t.Draft = &draft
	return nil
}

// renewal makes the ticket that offers the successor of a used code, to the
// session just minted or the key that the sign-in was taken through.
func (d *decision) renewal(x *Authenticator, item, lineage string) Secret {
	m := d.s.methods[x.Method]
	draft, err := m.Enrol(Enrolment{Issuer: d.s.brand(d.acct), Account: d.acct.Name, Old: x.State, Item: item}, d.now, d.random)
	if err != nil || lineage == "" {
		return Secret{} // the sign-in stands; the security page offers a new set
	}
	return d.s.sealTicket(&ticket{
		Purpose: TicketRenew, Account: d.acct.ID, Lineage: lineage,
		Epoch: d.acct.Epoch, Revision: d.acct.Revision, Made: d.stamp(),
		Issued: d.now, Expires: d.now.Add(carriedFor), Codes: &draft,
	})
}

// brand is the name under which an account stands in authenticator apps.
func (s *Service) brand(a *Account) string {
	if a.Brand != "" {
		return a.Brand
	}
	return s.issuer
}
