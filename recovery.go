package nidan

import (
	"context"
	"errors"
	"time"
)

// HoldMailbox is how long a recovery waits at least where the mailbox is all
// there is, or a mail has set the password of late.
const HoldMailbox = 72 * time.Hour

// How long a recovery waits otherwise, and how long what has ripened can be used.
const (
	holdUsual   = 24 * time.Hour
	resetTaints = 7 * 24 * time.Hour
	ripeFor     = 7 * 24 * time.Hour
	soon        = 10 * time.Minute // within which the first notice is on its way
	settled     = time.Hour        // of uptime after the half notice was handed over: a leap of the clock while we were down cannot be seen
)

// A Recovery is under way for somebody who has the password and no second step
// left (NIST SP 800-63B-4 §4.2; SECURITY F2, F3, F7, F8). It changes nothing
// until a new authenticator is bound, can be cancelled from every notice and
// session, and ripens only when its notices were handed over.
type Recovery struct {
	ID       string        `json:"i"`
	Started  time.Time     `json:"t"`
	Hold     time.Duration `json:"h"`
	StartOut time.Time     `json:"s,omitzero"`  // when the mail server took the first notice
	HalfOut  time.Time     `json:"m,omitzero"`  // and the one at half time
	Queued   []string      `json:"q"`           // notices not due yet, to be dropped when it is cancelled
	Address  string        `json:"a,omitempty"` // where it was started from
	Browser  string        `json:"b,omitempty"`
	LinkOut  time.Time     `json:"l,omitzero"`   // when the link was last mailed
	LinkTo   string        `json:"lt,omitempty"` // where to, masked
}

// RecoveryState is how far a recovery is.
type RecoveryState int

// The states.
const (
	RecoveryWaiting RecoveryState = iota
	RecoveryRipe                  // a link to bind a new authenticator can be mailed
	RecoveryPast                  // too late: it has to be started again
)

// A RecoveryView is what pages show of a recovery.
type RecoveryView struct {
	State   RecoveryState
	Started time.Time
	Ripe    time.Time // when it ripens, at the earliest
	Gone    time.Time // when it is over
	Told    bool      // the first notice was handed over: from then on the wait counts
	Untold  bool      // a notice could not be handed over yet: until then it waits
	Address string
	Browser string
	Link    *Mailed // the link last mailed, while it may work; nil: none
}

// ripens says when a recovery ripens, at the earliest; told is false where a
// notice is still to be handed over, and then it does not.
func (r *Recovery) ripens(up time.Time) (at time.Time, told bool) {
	at = r.due()
	if r.StartOut.IsZero() || r.HalfOut.IsZero() {
		return at, false
	}
	for _, t := range []time.Time{r.HalfOut, up} {
		if t = t.Add(settled); t.After(at) {
			at = t
		}
	}
	return at, true
}

// due is when the wait is over. It is counted from when its first notice went
// out, where that took longer than it should: the wait is the owner's time to
// object.
func (r *Recovery) due() time.Time {
	return r.Started.Add(r.Hold + r.late())
}

func (r *Recovery) late() time.Duration {
	if r.StartOut.IsZero() {
		return 0
	}
	return max(r.StartOut.Sub(r.Started)-soon, 0)
}

// state judges a recovery. What is over stays so, whatever is handed over late.
func (s *Service) state(r *Recovery, now time.Time) RecoveryState {
	if !now.Before(r.over()) {
		return RecoveryPast
	}
	if at, told := r.ripens(s.up); told && !now.Before(at) {
		return RecoveryRipe
	}
	return RecoveryWaiting
}

// over is when a recovery is past, ripe or not.
func (r *Recovery) over() time.Time { return r.due().Add(ripeFor) }

func (s *Service) recoveryView(a *Account, now time.Time) *RecoveryView {
	r := a.Recovery
	if r == nil {
		return nil
	}
	at, told := r.ripens(s.up)
	v := &RecoveryView{
		State: s.state(r, now), Started: r.Started, Ripe: at, Gone: r.over(), Told: !r.StartOut.IsZero(), Untold: !told && !now.Before(at),
		Address: r.Address, Browser: r.Browser,
	}
	if until := r.LinkOut.Add(linkFor); now.Before(until) && r.LinkOut.After(a.RecoveryLink) {
		v.Link = &Mailed{To: r.LinkTo, At: r.LinkOut, Until: until}
	}
	return v
}

// hold is how long a recovery of this account would wait; 0 where none is
// offered, as nothing can be mailed.
func (s *Service) hold(a *Account, now time.Time) time.Duration {
	if !s.mails || a.mailbox() == "" || !a.IsProtected() {
		return 0
	}
	onlyMail := true
	for i := range a.Authenticators {
		x := &a.Authenticators[i]
		m := s.methods[x.Method]
		if m == nil || !m.Traits().Reserve && m.Traits().Channel != ChannelMail {
			onlyMail = false
		}
	}
	if onlyMail || !a.Password.ByReset.IsZero() && now.Sub(a.Password.ByReset) < resetTaints {
		return HoldMailbox
	}
	return holdUsual
}

// StartRecovery starts a recovery behind a right password: a pending sign-in.
// If one is under way it goes on as it is, unless its whole wait has passed and a
// notice of it was never handed over. Every address and session is told at
// once, at half time and at the end. Outcomes: OK with Until, when it ripens;
// NoMail; Gone, Expired.
func (s *Service) StartRecovery(ctx context.Context, tok PendingToken, from From) (Outcome, error) {
	return s.pending(ctx, tok, from, func(d *decision, _ *Pending) Outcome {
		a := d.acct
		hold := s.hold(a, d.now)
		if hold == 0 {
			return Outcome{Reason: NoMail}
		}
		if r := a.Recovery; r != nil && s.state(r, d.now) != RecoveryPast {
			if at, told := r.ripens(s.up); told || d.now.Before(at) {
				return Outcome{Reason: OK, Until: at}
			}
		}
		d.endRecovery() // one that is past, or that nobody would hear of any more
		r := &Recovery{ID: newID(d.random), Started: d.now, Hold: hold, Address: d.from.Address, Browser: d.from.Browser}
		a.Recovery = r
		undo := d.cancelLink()
		d.tell(d.announcement(NoticeRecoveryStarted, undo))
		d.announce(undo)
		d.record(Event{Kind: EventRecoveryStarted, Item: r.ID, Count: int(hold / time.Hour)})
		return Outcome{Reason: OK, Until: r.due()}
	})
}

// cancelLink ends the recovery under way. It lives as long as what it cancels,
// however late that was announced.
func (d *decision) cancelLink() MailedLink {
	r := d.acct.Recovery
	t := d.link(TicketCancel, r.Started, r.Hold+ripeFor+noticeLife)
	t.Recovery = r.ID
	return MailedLink{Purpose: t.Purpose, Ticket: d.s.sealTicket(t).Reveal()}
}

// announcement is a notice of the recovery under way, with a way to cancel it.
func (d *decision) announcement(k NoticeKind, undo MailedLink) Notice {
	r := d.acct.Recovery
	n := Notice{Kind: k, Item: r.ID, Until: r.due(), Undo: undo, Address: r.Address, Browser: r.Browser}
	if k == NoticeRecoveryReady {
		n.Until = r.over()
	}
	return n
}

// announce queues what is still to be said of the recovery under way.
func (d *decision) announce(undo MailedLink) {
	r := d.acct.Recovery
	r.Queued = []string{
		d.tellAt(r.due().Add(-r.Hold/2), d.announcement(NoticeRecoveryHalf, undo)),
		d.tellAt(r.due(), d.announcement(NoticeRecoveryReady, undo)),
	}
}

// pending runs a command of an open pending sign-in.
func (s *Service) pending(ctx context.Context, tok PendingToken, from From, decide func(*decision, *Pending) Outcome) (Outcome, error) {
	cmd := command{account: tok.account, from: from, shown: s.shownBy(from, tok.account), holds: tok.holds}
	out, err := s.change(ctx, cmd, func(d *decision) Outcome {
		p, out := d.open(tok)
		if p == nil {
			return out
		}
		return decide(d, p)
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return Outcome{Reason: Gone}, nil
	}
	return out, err
}

// Delivered notes that the mail server took a message. The one who sends calls
// it before the message is forgotten, and again if it failed.
func (s *Service) Delivered(ctx context.Context, account AccountID, n Notice) error {
	if n.Kind != NoticeRecoveryStarted && n.Kind != NoticeRecoveryHalf {
		return nil
	}
	_, err := s.change(ctx, command{account: account}, func(d *decision) Outcome {
		r := d.acct.Recovery
		if r == nil || r.ID != n.Item || n.To != d.acct.mailbox() {
			return Outcome{Reason: Gone}
		}
		out := &r.StartOut
		if n.Kind == NoticeRecoveryHalf {
			out = &r.HalfOut
		}
		if !out.IsZero() {
			return Outcome{Reason: OK}
		}
		*out = d.now
		if n.Kind == NoticeRecoveryStarted && r.late() > 0 {
			d.unannounce()
			r.HalfOut = time.Time{}
			d.announce(d.cancelLink())
		}
		d.record(Event{Kind: EventRecoveryTold, Item: r.ID, Detail: string(n.Kind)})
		return Outcome{Reason: OK}
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return nil // there is nobody any more whom it would help
	}
	return err
}

// CancelRecovery ends a recovery from a session. One proof is enough (law 12).
// Outcomes: OK, NoRecovery.
func (s *Service) CancelRecovery(ctx context.Context, who Bearer, from From) (Outcome, error) {
	return s.in(ctx, who, command{from: from, always: true}, func(d *decision, _ *Session) Outcome {
		return d.cancelRecovery()
	})
}

// CancelByLink ends a recovery from one of its notices. Outcomes: OK,
// NoRecovery, LinkDead.
func (s *Service) CancelByLink(ctx context.Context, c Secret, from From) (Outcome, error) {
	t, _ := s.openTicket(TicketCancel, c, s.Now())
	if t == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	return s.byLink(ctx, t, command{from: from, always: true}, func(d *decision) Outcome {
		return d.cancelRecovery()
	})
}

func (d *decision) cancelRecovery() Outcome {
	if d.acct.Recovery == nil {
		return Outcome{Reason: NoRecovery}
	}
	d.endRecovery()
	d.record(Event{Kind: EventRecoveryGone})
	d.tell(Notice{Kind: NoticeRecoveryGone})
	return Outcome{Reason: OK}
}

// endRecovery forgets a recovery and what was still to be said of it.
func (d *decision) endRecovery() {
	if r := d.acct.Recovery; r != nil {
		d.unannounce()
		r.Queued, d.acct.Recovery = nil, nil
	}
}

// unannounce drops what was still to be said of the recovery under way.
func (d *decision) unannounce() {
	for _, id := range d.acct.Recovery.Queued {
		d.drop(id)
	}
}

// MailRecoveryLink mails the link that a ripe recovery is for, behind a right
// password; second says whether to the second address, where the account has
// one for recovery. Outcomes: OK with Until; RecoveryWaits with Until;
// NoRecovery; SendWait with Until; Gone, Expired.
func (s *Service) MailRecoveryLink(ctx context.Context, tok PendingToken, second bool, from From) (Outcome, error) {
	return s.pending(ctx, tok, from, func(d *decision, p *Pending) Outcome {
		a := d.acct
		r := a.Recovery
		if r == nil || s.state(r, d.now) == RecoveryPast {
			return Outcome{Reason: NoRecovery}
		}
		if s.state(r, d.now) == RecoveryWaiting {
			at, _ := r.ripens(s.up)
			return Outcome{Reason: RecoveryWaits, Until: at}
		}
		to := a.mailbox()
		if second && a.Second.Recovers {
			to = a.Second.Address
		}
		if at, _ := a.mayAgain(nil, p.Class, d.now); !at.IsZero() {
			return Outcome{Reason: SendWait, Until: at}
		}
		d.countSend(p.Class)
		t := d.link(TicketRecovery, d.now, linkFor)
		t.Recovery = r.ID
		d.tellOnly(Notice{Kind: NoticeRecoveryLink, To: to, Until: t.Expires, Link: MailedLink{Purpose: t.Purpose, Ticket: s.sealTicket(t).Reveal()}})
		r.LinkOut, r.LinkTo = d.now, Mask(to)
		d.record(Event{Kind: EventRecoveryLink, Known: p.Class == Known})
		return Outcome{Reason: OK, Until: t.Expires}
	})
}
