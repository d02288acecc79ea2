package nidan

import (
	"context"
	"errors"
	"time"
)

// Accounts that a product keeps: it has the people and their passwords, and
// calls each account by an id of its own. We have their second step.

const (
	maxRef   = 128 // bytes of a product's own id
	maxLabel = 120 // characters of what an account is called

	maxLanguage = 35 // bytes of a language tag (RFC 5646 §4.4.1)

	maxAhead = 5 * time.Minute // that a product's clock may be
)

// Details are what a product says of an account that it keeps.
type Details struct {
	Label    string // as its holder knows it; stands in apps and on pages
	Address  string // where messages to its holder go; empty: nowhere
	Language string // of pages and messages; empty: not known
}

// Kept is an account that a product keeps, as that product reaches it, with the
// first step that it has stated, if it has.
type Kept struct {
	caller  *Caller
	account AccountID
	ref     string
	stated  bool
	changed time.Time // of the password, as it was stated
}

// KeptView is what the product that keeps an account may see of it.
type KeptView struct {
	Ref            string
	Label          string
	Address        string
	Language       string
	Created        time.Time
	Protected      time.Time // zero: off
	FirstStepEnded time.Time // since when no stated first step is taken
	Authenticators []AuthenticatorView
	Recovery       *RecoveryView
	Sessions       []SessionView // on our own pages
}

// mailbox is where an account's messages go; empty: nowhere.
func (a *Account) mailbox() string {
	if a.Party != "" {
		return a.Address
	}
	return a.Name
}

// Kept finds an account by the id that the calling product has for it.
// Outcomes: OK, NoAccount. What stands in the place of the account and is not it
// is a *Fault.
func (s *Service) Kept(ctx context.Context, c *Caller, ref string) (Kept, Outcome, error) {
	none := Outcome{Reason: NoAccount}
	if !validRef(ref) {
		return Kept{}, none, nil
	}
	k := Kept{caller: c, account: keptID(c.party.ID, ref), ref: ref}
	l, err := s.load(ctx, k.account, "")
	if err == nil {
		_, err = k.stand(ctx, s, l, s.nowFor(l.acct))
	}
	if errors.Is(err, ErrNotFound) {
		return Kept{}, none, nil
	}
	return k, Outcome{Reason: OK}, err
}

// State says that the product has taken the first step with the account's
// holder, now. It counts as a password at most. changed is when the password
// was last changed, the zero time if that is not known, and mailed whether a
// mailed link changed it, which needs the time. A change that we had not heard of,
// or not that it came by mail, ends what was handed out, and is what takes a first
// step that was stopped up again. Outcomes: OK; FirstStepStopped; TimeInvalid for a
// change more than five minutes ahead, or by mail at no time; ScopeMissing; Gone.
func (s *Service) State(ctx context.Context, k Kept, changed time.Time, mailed bool, from From) (Kept, Outcome, error) {
	if !k.caller.May(ScopeFirstStep) {
		return k, Outcome{Reason: ScopeMissing}, nil
	}
	l, err := s.load(ctx, k.account, "")
	if err == nil {
		_, err = k.stand(ctx, s, l, s.nowFor(l.acct))
	}
	if err != nil {
		out, err := gone(err)
		return k, out, err
	}
	a := l.acct
	changed = changed.UTC().Truncate(time.Microsecond)
	if changed.Sub(s.nowFor(a)) > maxAhead || mailed && changed.IsZero() {
		return k, Outcome{Reason: TimeInvalid}, nil
	}
	if a.Password.news(changed, mailed) {
		out, err := s.by(ctx, k, command{from: from}, func(d *decision, _ *Session) Outcome { return d.stated(changed, mailed) })
		if err != nil || !out.Passed() {
			return k, out, err
		}
	} else if !a.Password.Stopped.IsZero() || !changed.IsZero() && changed.Before(a.Password.Changed) {
		return k, Outcome{Reason: FirstStepStopped}, nil // or it was the old password
	}
	k.stated, k.changed = true, changed
	return k, Outcome{Reason: OK}, nil
}

// news reports whether a change was not heard of, or not that a mailed link made it.
func (p Password) news(changed time.Time, mailed bool) bool {
	return changed.After(p.Changed) || mailed && changed.Equal(p.Changed) && p.ByReset.Before(changed)
}

// stated notes a change of the password that a product tells of.
func (d *decision) stated(changed time.Time, mailed bool) Outcome {
	a := d.acct
	p := Password{Changed: changed, ByReset: a.Password.ByReset, ByMail: a.Password.ByMail}
	if mailed {
		p.ByMail = d.now
		if changed.After(p.ByReset) { // what came since still counts
			p.ByReset = changed
		}
	}
	switch {
	case !a.Password.news(changed, mailed):
		return Outcome{Reason: OK} // another request was faster
	case !a.Password.Stopped.IsZero() && (!changed.After(a.Password.Stopped) || !changed.After(a.Password.Changed)):
		return Outcome{Reason: FirstStepStopped}
	case a.Password.Changed.IsZero() && a.Password.Stopped.IsZero() && !mailed && !changed.After(a.Created):
		a.Password = p // the first that we hear of it, and what was there when the account came: nothing has changed
		d.record(Event{Kind: EventDescribed, Item: ItemOldPassword, Detail: a.Party})
		return Outcome{Reason: OK}
	default:
		a.Password = p
		d.endEverything()
		d.endRecovery()
	}
	d.record(Event{Kind: EventPasswordChanged, Detail: a.Party})
	return Outcome{Reason: OK}
}

// stand implements [Bearer].
func (k Kept) stand(ctx context.Context, s *Service, l loaded, now time.Time) (*Session, error) {
	a := l.acct
	if a.Party != k.caller.party.ID || a.Ref != k.ref {
		f := &Fault{Account: a.ID, Part: "document", Cause: "is of another account than its id says"}
		s.report(ctx, "find an account", f)
		return nil, f
	}
	if k.stated && (!a.Password.Stopped.IsZero() || !k.changed.IsZero() && k.changed.Before(a.Password.Changed)) {
		return nil, ErrNotFound
	}
	ses := &Session{Account: a.ID, Name: a.Name, Protected: a.IsProtected(), Recovery: s.recoveryView(a, now), acct: a, none: true}
	ses.body = sessionBody{Lineage: k.caller.key.ID, Epoch: a.Epoch}
	if k.stated {
		ses.body.Proofs = []proof{a.passwordProof(now)}
		ses.Level, ses.AMR, ses.AuthAt = LevelPassword, amr(ses.body.Proofs), now
	}
	return ses, nil
}

// whose implements [Bearer].
func (k Kept) whose() (AccountID, SessionID) { return k.account, "" }

// SignInKept takes the stated first step of an account that a product keeps.
// Outcomes: SecondStep with Pending; OK with Assertion where the account is not
// protected, or the browser is remembered; FirstStepStopped; Gone.
func (s *Service) SignInKept(ctx context.Context, k Kept, from From) (Outcome, error) {
	return s.in(ctx, k, command{from: from, recall: true}, func(d *decision, ses *Session) Outcome {
		return d.firstStepPassed(ses.body.Proofs[0], nil)
	})
}

// Describe changes what the product says of an account. Another address ends
// what was handed out, and both addresses are told. Outcomes: OK, NameInvalid,
// ScopeMissing, Gone.
func (s *Service) Describe(ctx context.Context, k Kept, about Details, from From) (Outcome, error) {
	if !k.caller.May(ScopeAdmin) {
		return Outcome{Reason: ScopeMissing}, nil
	}
	about, ok := s.details(about)
	if !ok {
		return Outcome{Reason: NameInvalid}, nil
	}
	return s.by(ctx, k, command{from: from}, func(d *decision, _ *Session) Outcome {
		a := d.acct
		if k.caller.inside && about.Language == "" {
			about.Language = a.Language // chosen on the pages
		}
		if about == (Details{a.Name, a.Address, a.Language}) {
			return Outcome{Reason: OK}
		}
		a.Name, a.Language, a.Brand = about.Label, about.Language, k.caller.party.Name
		if a.Address != about.Address {
			d.tell(Notice{Kind: NoticeAddressChanged, Item: Mask(about.Address)}) // the old one can still object
			a.Address, a.Proven = about.Address, time.Time{}
			a.Password.ByReset = d.now // nobody has had the time to: it recovers later
			if a.IsProtected() {
				a.Password.ByMail = d.now // and its numbers prove nothing before another way in was taken
			}
			d.endEverything()
			d.endRecovery()
			d.record(Event{Kind: EventAddressChanged, Detail: a.Party})
			d.tellOnly(Notice{Kind: NoticeAddressChanged, Item: a.masked()})
			return Outcome{Reason: OK}
		}
		d.record(Event{Kind: EventDescribed, Detail: a.Party})
		return Outcome{Reason: OK}
	})
}

// Erase deletes an account that a product keeps. Its trail is left, and its
// document as an empty one. Outcomes: OK, ScopeMissing, Gone.
func (s *Service) Erase(ctx context.Context, k Kept, from From) (Outcome, error) {
	if !k.caller.May(ScopeAdmin) {
		return Outcome{Reason: ScopeMissing}, nil
	}
	return s.by(ctx, k, command{from: from}, func(d *decision, _ *Session) Outcome {
		d.tell(Notice{Kind: NoticeDeleted})
		d.erase()
		return Outcome{Reason: OK}
	})
}

// EndKeptSessions ends every session of an account on our pages, open sign-in
// and remembered browser. Outcomes: OK, ScopeMissing, Gone.
func (s *Service) EndKeptSessions(ctx context.Context, k Kept, from From) (Outcome, error) {
	if !k.caller.May(ScopeAdmin) {
		return Outcome{Reason: ScopeMissing}, nil
	}
	return s.by(ctx, k, command{from: from, always: true}, func(d *decision, _ *Session) Outcome {
		d.endEverything()
		d.record(Event{Kind: EventLogOutAll, Detail: d.acct.Party})
		return Outcome{Reason: OK}
	})
}

// ShowKept returns what the product that keeps an account may see of it.
// ErrNotFound: it is gone.
func (s *Service) ShowKept(ctx context.Context, k Kept) (KeptView, error) {
	l, err := s.load(ctx, k.account, "")
	if err != nil {
		return KeptView{}, err
	}
	a, now := l.acct, s.nowFor(l.acct)
	if _, err := k.stand(ctx, s, l, now); err != nil {
		return KeptView{}, err
	}
	v := KeptView{
		Ref: a.Ref, Label: a.Name, Address: a.Address, Language: a.Language, Created: a.Created, Protected: a.Protected,
		FirstStepEnded: a.Password.Stopped, Authenticators: s.authenticators(a), Recovery: s.recoveryView(a, now),
	}
	v.Sessions, err = s.sessions(ctx, a, now)
	return v, err
}

// KeptEvents returns the newest 100 events of an account, newest first.
// ErrNotFound: it is gone.
func (s *Service) KeptEvents(ctx context.Context, k Kept) ([]Event, error) {
	l, err := s.load(ctx, k.account, "")
	if err != nil {
		return nil, err
	}
	if _, err := k.stand(ctx, s, l, s.nowFor(l.acct)); err != nil {
		return nil, err
	}
	return s.recent(ctx, l.acct, activityEvents)
}
