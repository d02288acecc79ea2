package nidan

import (
	"context"
	"errors"
	"slices"
	"time"
)

// PromptUse says what an answer to a mailed number would do. A number never
// serves another use (SECURITY J2).
type PromptUse string

// The uses.
const (
	PromptSignIn  PromptUse = "sign_in"
	PromptConfirm PromptUse = "confirm" // to change something, in a session
	PromptSetUp   PromptUse = "set_up"  // to bind an authenticator
	PromptAddress PromptUse = "address" // to prove the address during a set-up
)

// The budget of mailed numbers, per browser class (ASVS 6.6.3; SECURITY J1, J3).
const (
	resendAfter  = time.Minute
	sendsPerUse  = 3
	sendsAnHour  = 5
	sendsADay    = 10
	wrongPerCode = 5
	maxPrompts   = 6 // outstanding, per browser class; the oldest of the class goes
	day          = 24 * time.Hour
)

// An Outstanding is a number that was mailed and not used: the newest one of
// its use by one sign-in, session or recovery.
type Outstanding struct {
	For           string    `json:"i"` // id of the pending sign-in, or lineage of the session or ticket
	Use           PromptUse `json:"u"`
	Authenticator string    `json:"a,omitempty"`
	Class         Class     `json:"c"`
	State         State     `json:"s"` // null: used up by wrong answers
	At            time.Time `json:"t"`
	Expires       time.Time `json:"e"`
	Sent          int       `json:"n"`
	Wrong         int       `json:"w,omitempty"`
	Message       string    `json:"m"` // its place in the outbox
}

// outstanding returns the number mailed for a use, or nil.
func (a *Account) outstanding(holder string, use PromptUse) *Outstanding {
	for i := range a.Prompts {
		if p := &a.Prompts[i]; p.For == holder && p.Use == use {
			return p
		}
	}
	return nil
}

// mayAgain says from when on a number may be mailed for a use; the zero time
// means now. never is true where this sign-in has had all of its numbers.
func (a *Account) mayAgain(o *Outstanding, c Class, now time.Time) (at time.Time, never bool) {
	later := func(t time.Time) {
		if t.After(now) && t.After(at) {
			at = t
		}
	}
	if o != nil && now.Before(o.Expires) {
		if o.Sent >= sendsPerUse {
			return time.Time{}, true
		}
		later(o.At.Add(resendAfter))
	}
	sends := a.Throttle.Sends[c]
	if n := len(sends) - sendsAnHour; n >= 0 {
		later(time.Unix(sends[n], 0).UTC().Add(time.Hour))
	}
	if n := len(sends) - sendsADay; n >= 0 {
		later(time.Unix(sends[n], 0).UTC().Add(day))
	}
	return at, false
}

// sendable says whether a session's next number for a use, or its next link
// where there is no use, could be mailed now: asked before a code is spent on
// it. Outcomes: OK; SendWait with Until, SendsUsedUp.
func (s *Service) sendable(ses *Session, use PromptUse, from From) Outcome {
	a, now := ses.acct, s.nowFor(ses.acct)
	class, _ := s.classOf(from)(a)
	var o *Outstanding
	if use != "" {
		o = a.outstanding(ses.body.Lineage, use)
	}
	at, never := a.mayAgain(o, class, now)
	switch {
	case o != nil && o.State != nil && now.Before(o.Expires): // it will do
	case never:
		return Outcome{Reason: SendsUsedUp}
	case !at.IsZero():
		return Outcome{Reason: SendWait, Until: at}
	}
	return Outcome{Reason: OK}
}

// forgetPrompts drops what has run out, or belongs to a sign-in that is no
// more; what is still to be sent of it is not sent.
func (d *decision) forgetPrompts() {
	a := d.acct
	a.Prompts = slices.DeleteFunc(a.Prompts, func(o Outstanding) bool {
		orphan := o.Use == PromptSignIn && !slices.ContainsFunc(a.Pending, func(p Pending) bool { return p.ID == o.For })
		if orphan {
			d.drop(o.Message)
		}
		return orphan || !d.now.Before(o.Expires)
	})
}

// countSend counts a mail at a class's expense.
func (d *decision) countSend(c Class) {
	sends := slices.DeleteFunc(d.acct.Throttle.Sends[c], func(t int64) bool { return d.now.Sub(time.Unix(t, 0)) >= day })
	d.acct.Throttle.Sends[c] = append(sends, d.now.Unix())
}

// mailed are the messages that carry a number.
var mailed = map[PromptUse]NoticeKind{
	PromptSignIn: NoticeSignInCode, PromptConfirm: NoticeConfirmCode,
	PromptSetUp: NoticeSetUpCode, PromptAddress: NoticeAddressCode,
}

// send mails a new number, which takes the place of the one before. It is
// counted before it is queued. Outcomes: OK; SendWait with Until, SendsUsedUp.
func (d *decision) send(m Prompting, holder string, use PromptUse, x string, c Class) Outcome {
	a := d.acct
	switch at, never := a.mayAgain(a.outstanding(holder, use), c, d.now); {
	case never:
		return Outcome{Reason: SendsUsedUp}
	case !at.IsZero():
		return Outcome{Reason: SendWait, Until: at}
	}
	p, err := m.Begin(d.now, d.random)
	if err != nil {
		d.fail(err)
		return Outcome{}
	}
	if i := slices.IndexFunc(a.Pending, func(p Pending) bool { return p.ID == holder }); i >= 0 && a.Pending[i].Expires.Before(p.Until) {
		p.Until = a.Pending[i].Expires // no number outlives what it is for
	}
	d.forgetPrompts()
	o := a.outstanding(holder, use)
	if o == nil {
		d.evictPrompt(c)
		a.Prompts = append(a.Prompts, Outstanding{For: holder, Use: use})
		o = &a.Prompts[len(a.Prompts)-1]
	} else {
		d.drop(o.Message)
	}
	o.Authenticator, o.Class, o.State, o.At, o.Expires, o.Wrong = x, c, p.State, d.now, p.Until, 0
	o.Sent++
	o.Message = d.tellOnly(Notice{Kind: mailed[use], Code: p.Code.Reveal(), Until: p.Until})
	d.countSend(c)
	d.record(Event{Kind: EventCodeSent, Detail: string(use), Authenticator: x, Known: c == Known})
	return Outcome{Reason: OK, Until: p.Until}
}

// evictPrompt makes room for one more of a class. Only its own class pays.
func (d *decision) evictPrompt(c Class) {
	n, oldest := 0, -1
	for i, o := range d.acct.Prompts {
		if o.Class == c {
			n++
			if oldest < 0 || o.At.Before(d.acct.Prompts[oldest].At) {
				oldest = i
			}
		}
	}
	if n >= maxPrompts {
		d.drop(d.acct.Prompts[oldest].Message)
		d.acct.Prompts = slices.Delete(d.acct.Prompts, oldest, oldest+1)
	}
}

// respond judges an answer to the number outstanding for a use. ok is false
// where there is none, and then nothing is judged. What is accepted is dropped
// with it; five wrong answers use a number up.
func (d *decision) respond(m Prompting, holder string, use PromptUse, code Secret) (v Verdict, ok bool) {
	a := d.acct
	o := a.outstanding(holder, use)
	if o == nil || o.State == nil {
		return Verdict{}, false
	}
	v = m.Respond(o.State, code.Reveal(), d.now)
	switch v.Judgement {
	case Accepted:
		d.drop(o.Message)
		a.Prompts = slices.DeleteFunc(a.Prompts, func(o Outstanding) bool { return o.For == holder && o.Use == use })
	case Malformed:
	default:
		if o.Wrong++; o.Wrong >= wrongPerCode {
			o.State = nil
			d.drop(o.Message)
		}
	}
	return v, true
}

// prompting returns an authenticator's method if it prompts.
func (s *Service) prompting(x *Authenticator) Prompting {
	if x == nil || !x.Disabled.IsZero() {
		return nil
	}
	m, _ := s.methods[x.Method].(Prompting)
	return m
}

// SendCode mails a number for a pending sign-in, the first or a new one; only
// the newest works. Outcomes: OK with Until; SendWait, SendsUsedUp; Waiting;
// SameMailbox; NoSuchWay; Gone, Expired.
func (s *Service) SendCode(ctx context.Context, tok PendingToken, authenticator string, from From) (Outcome, error) {
	out, err := s.change(ctx, command{account: tok.account, from: from, shown: s.shownBy(from, tok.account), holds: tok.holds}, func(d *decision) Outcome {
		p, out := d.open(tok)
		if p == nil {
			return out
		}
		return d.sendTo(authenticator, p.ID, PromptSignIn, p.Class)
	})
	if errors.Is(err, ErrNotFound) {
		return Outcome{Reason: Gone}, nil
	}
	return out, err
}

// SendCodeHere mails a number to confirm a change in a session. Outcomes as of
// SendCode, and NotProtected.
func (s *Service) SendCodeHere(ctx context.Context, who Bearer, authenticator string, from From) (Outcome, error) {
	return s.in(ctx, who, command{from: from}, func(d *decision, ses *Session) Outcome {
		if !d.acct.IsProtected() {
			return Outcome{Reason: NotProtected}
		}
		return d.sendTo(authenticator, ses.body.Lineage, PromptConfirm, d.class())
	})
}

// sendTo mails a number for an authenticator that takes one.
func (d *decision) sendTo(authenticator, holder string, use PromptUse, c Class) Outcome {
	a := d.acct
	x := a.authenticator(authenticator)
	m := d.s.prompting(x)
	if m == nil {
		return Outcome{Reason: NoSuchWay}
	}
	switch {
	case a.sameMailbox(m.(Method).Traits()):
		return Outcome{Reason: SameMailbox}
	case a.mailbox() == "":
		return Outcome{Reason: NoMail}
	}
	if until, n := a.waitUntil(c, d.now); !until.IsZero() {
		return Outcome{Reason: Waiting, Until: until, Count: n, Others: a.othersTried(c)}
	}
	return d.send(m, holder, use, x.ID, c)
}

// sameMailbox reports whether a method would prove nothing beside the password,
// because a mail set it: one mailbox is one channel (SECURITY B6, F7).
func (a *Account) sameMailbox(t Traits) bool {
	return t.Channel == ChannelMail && !a.Password.ByMail.IsZero()
}

// A Mailed is what a page says of the number, or the link, it waits for.
type Mailed struct {
	To    string // masked
	At    time.Time
	Until time.Time
	Again time.Time // another can be sent from then on
	More  bool      // … and that this sign-in may have another at all
	Dead  bool      // wrong answers have used it up
}

// mailedView describes the number outstanding for a use; nil: none was mailed.
func (a *Account) mailedView(holder string, use PromptUse, c Class, now time.Time) *Mailed {
	o := a.outstanding(holder, use)
	if o == nil || !now.Before(o.Expires) {
		return nil
	}
	again, never := a.mayAgain(o, c, now)
	return &Mailed{To: a.masked(), At: o.At, Until: o.Expires, Again: again, More: !never, Dead: o.State == nil}
}

// Mask shows as much of an address as its owner needs to know it again, and
// always the same number of dots (SECURITY P3).
func Mask(address string) string {
	for i, r := range address {
		if i > 0 {
			for j := i; j < len(address); j++ {
				if address[j] == '@' {
					return address[:i] + "•••" + address[j:]
				}
			}
			break
		}
		if r == '@' {
			break
		}
	}
	return "•••"
}

// masked is an account's mailbox as a page may show it; empty: there is none.
func (a *Account) masked() string {
	if a.mailbox() == "" {
		return ""
	}
	return Mask(a.mailbox())
}
