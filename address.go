package nidan

import (
	"context"
	"errors"
	"time"
)

// A SecondAddress gets every notice too and, if its holder wants, the link that
// a recovery ends with.
type SecondAddress struct {
	Address  string    `json:"a,omitempty"`
	Proven   time.Time `json:"t,omitzero"`
	Recovers bool      `json:"r,omitempty"`
}

// BeginAddress starts a change of the account's address: a link goes to the new
// one, and the old one is told. It needs the password, and the second step
// where the account is protected. Whether the new address is taken is told to
// its holder only, by [Service.Message]. Outcomes: OK with Until; NameInvalid,
// NoMail; NameTaken for an address of this account; SendWait with Until; the
// reasons of both steps.
func (s *Service) BeginAddress(ctx context.Context, tok SessionToken, login string, password Secret, ans Answer, from From) (Outcome, error) {
	return s.mailProof(ctx, tok, TicketAddress, login, password, ans, from, nil)
}

// BeginSecond starts a second address: a link goes to it; the account's own is
// told when the link is used. recovers asks that a recovery may end there, which
// only a protected account can grant, as nothing is proven beside the password
// otherwise. Outcomes as of BeginAddress, and NotProtected.
func (s *Service) BeginSecond(ctx context.Context, tok SessionToken, login string, recovers bool, password Secret, ans Answer, from From) (Outcome, error) {
	if ses, err := s.Session(ctx, tok); err != nil {
		return gone(err)
	} else if recovers && !ses.acct.IsProtected() {
		return Outcome{Reason: NotProtected}, nil
	}
	return s.mailProof(ctx, tok, TicketSecond, login, password, ans, from, func(t *ticket) { t.Adds = recovers })
}

// mailProof mails a link that shows who reads an address.
func (s *Service) mailProof(ctx context.Context, tok SessionToken, p TicketPurpose, login string, password Secret, ans Answer, from From, with func(*ticket)) (Outcome, error) {
	name, ok := s.first.Name(login)
	switch {
	case !ok:
		return Outcome{Reason: NameInvalid}, nil
	case !s.mails:
		return Outcome{Reason: NoMail}, nil
	}
	ses, err := s.Session(ctx, tok)
	if err != nil {
		return gone(err)
	}
	// Before a code is spent on it.
	if name == ses.acct.Name || name == ses.acct.Second.Address {
		return Outcome{Reason: NameTaken}, nil
	}
	if out := s.sendable(ses, "", from); !out.Passed() {
		return out, nil
	}
	return s.allSteps(ctx, tok, password, ans, from, func(d *decision, ses *Session, _ []proof, out Outcome) Outcome {
		if name == d.acct.Name || name == d.acct.Second.Address {
			out.Reason = NameTaken
			return out
		}
		if at, _ := d.acct.mayAgain(nil, d.class(), d.now); !at.IsZero() {
			out.Reason, out.Until = SendWait, at
			return out
		}
		d.countSend(d.class())
		t := d.link(p, d.now, linkFor)
		t.Item = name
		if with != nil {
			with(t)
		}
		n, kind, asked := Notice{To: name, Kind: NoticeSecondLink, Until: t.Expires}, NoticeKind(""), EventSecondAsked
		if p == TicketAddress {
			n.Kind, kind, asked = NoticeAddressLink, NoticeAddressAsked, EventAddressAsked
		}
		n.Link = MailedLink{Purpose: t.Purpose, Ticket: s.sealTicket(t).Reveal()}
		d.tellOnly(n)
		if kind != "" {
			d.tell(Notice{Kind: kind, Item: Mask(name)})
		}
		d.record(Event{Kind: asked})
		out.Reason, out.Until = OK, t.Expires
		return out
	})
}

// taken reports whether an account has a name.
func (s *Service) taken(ctx context.Context, name string) (bool, error) {
	_, err := s.named(ctx, name)
	switch {
	case err == nil, errors.Is(err, ErrFrozen):
		return true, nil
	case errors.Is(err, ErrNotFound):
		return false, nil
	}
	return false, err
}

// UseAddressLink changes the account's address to the one that the link was
// mailed to. Everything handed out ends; the old address is told too. Outcomes:
// OK; LinkDead, also where somebody else has taken the address meanwhile.
func (s *Service) UseAddressLink(ctx context.Context, c Secret, from From) (Outcome, error) {
	t, _ := s.openTicket(TicketAddress, c, s.Now())
	if t == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	switch l, err := s.load(ctx, t.Account, ""); {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrFrozen):
		return Outcome{Reason: LinkDead}, nil
	case err != nil:
		return Outcome{}, err
	case !t.honoured(s, l.acct, s.nowFor(l.acct)):
		return Outcome{Reason: LinkDead}, nil
	}
	if taken, err := s.taken(ctx, t.Item); err != nil || taken {
		return Outcome{Reason: LinkDead}, err
	}
	// The name is free afterwards: what made this account must not make another.
	if err := s.buryName(ctx, t.Name); err != nil {
		return Outcome{}, err
	}
	out, err := s.byLink(ctx, t, command{from: from}, func(d *decision) Outcome {
		a := d.acct
		old := a.Name
		d.tell(Notice{Kind: NoticeAddressChanged, Item: Mask(t.Item)})
		d.claim = []Lookup{{Kind: LookupLogin, Key: t.Item, Account: a.ID}}
		d.release = []Lookup{{Kind: LookupLogin, Key: old, Account: a.ID}}
		a.Name, a.Proven = t.Item, d.now
		if a.Second.Address == a.Name {
			a.Second = SecondAddress{}
		}
		d.endRecovery()
		d.endEverything()
		d.record(Event{Kind: EventAddressChanged})
		d.tellOnly(Notice{Kind: NoticeAddressChanged, Item: Mask(t.Item)})
		return Outcome{Reason: OK}
	})
	if errors.Is(err, ErrTaken) {
		return Outcome{Reason: LinkDead}, nil
	}
	return out, err
}

// UseSecondLink gives the account the second address that the link was mailed
// to. Outcomes: OK, LinkDead.
func (s *Service) UseSecondLink(ctx context.Context, c Secret, from From) (Outcome, error) {
	t, _ := s.openTicket(TicketSecond, c, s.Now())
	if t == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	return s.byLink(ctx, t, command{from: from}, func(d *decision) Outcome {
		a := d.acct
		if a.Second.Address != "" {
			d.tell(Notice{Kind: NoticeSecondRemoved, Item: Mask(a.Second.Address)})
		}
		a.Second = SecondAddress{Address: t.Item, Proven: d.now, Recovers: t.Adds && a.IsProtected()}
		a.bumpRevision()
		d.endRecovery() // its notices were addressed when it began
		d.record(Event{Kind: EventSecondAdded})
		kind := NoticeSecondAdded
		if a.Second.Recovers {
			kind = NoticeSecondRecovers
		}
		d.tell(Notice{Kind: kind, Item: Mask(t.Item)})
		return Outcome{Reason: OK}
	})
}

// RemoveSecond takes the second address away, and tells it. Outcomes: OK;
// NoSuchWay where there is none; the reasons of both steps.
func (s *Service) RemoveSecond(ctx context.Context, tok SessionToken, password Secret, ans Answer, from From) (Outcome, error) {
	switch ses, err := s.Session(ctx, tok); {
	case err != nil:
		return gone(err)
	case ses.acct.Second.Address == "":
		return Outcome{Reason: NoSuchWay}, nil // before a code is spent on it
	}
	return s.allSteps(ctx, tok, password, ans, from, func(d *decision, _ *Session, _ []proof, out Outcome) Outcome {
		a := d.acct
		if a.Second.Address == "" {
			return d.refuse(NoSuchWay)
		}
		d.tell(Notice{Kind: NoticeSecondRemoved, Item: Mask(a.Second.Address)})
		a.Second = SecondAddress{}
		a.bumpRevision()
		d.endRecovery()
		d.record(Event{Kind: EventSecondRemoved})
		out.Reason = OK
		return out
	})
}

// SetLanguage remembers the language of an account's pages and mails. Outcomes:
// OK.
func (s *Service) SetLanguage(ctx context.Context, tok SessionToken, tag string, from From) (Outcome, error) {
	return s.in(ctx, tok, command{from: from}, func(d *decision, _ *Session) Outcome {
		if len(tag) > 20 || d.acct.Language == tag {
			return Outcome{Reason: OK}
		}
		d.acct.Language = tag
		d.record(Event{Kind: EventLanguage, Item: tag})
		return Outcome{Reason: OK}
	})
}
