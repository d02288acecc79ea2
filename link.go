package nidan

import (
	"context"
	"errors"
	"time"
)

// A Link is a ticket that a person gets by mail or from the operator. Its
// power is the same either way.
type Link struct {
	Purpose TicketPurpose // TicketInvite, TicketReset or TicketBrowser
	Ticket  Secret        // the last path segment of its address
	Expires time.Time
}

// LinkView is what the page behind a link shows before its button is pressed.
type LinkView struct {
	Name      string
	Protected bool
	Expires   time.Time
	Limit     int           // least length in characters of a new password
	Item      string        // the new or second address
	Recovers  bool          // … a second one, that a recovery may use
	Hold      time.Duration // how long getting in without any second step would take; 0: it is not offered
	OnlyMail  bool          // the e-mail code is the only method: after a reset it is no second step
	Recovery  *RecoveryView // that the link is about, nil: none
	Kept      string        // name of the product that keeps the account; empty: we do
}

// PrintLink makes a link for an account or, for TicketInvite, for an address
// that has none yet. It is the operator's: reason goes into the instance's
// audit trail. Outcomes: OK; NameInvalid, NameTaken, NoAccount.
func (s *Service) PrintLink(ctx context.Context, p TicketPurpose, login, reason string) (Link, Outcome, error) {
	name, ok := s.first.Name(login)
	if !ok {
		return Link{}, Outcome{Reason: NameInvalid}, nil
	}
	now := s.Now()
	t := &ticket{Purpose: p, Name: name, Issued: now, Expires: now.Add(linkFor)}
	acct, err := s.named(ctx, name)
	switch {
	case p == TicketInvite:
		if err == nil {
			return Link{}, Outcome{Reason: NameTaken}, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return Link{}, Outcome{}, err
		}
		t.Expires = now.Add(inviteFor)
	case errors.Is(err, ErrNotFound):
		return Link{}, Outcome{Reason: NoAccount}, nil
	case err != nil:
		return Link{}, Outcome{}, err
	default:
		now = s.nowFor(acct)
		t.Account, t.Epoch, t.Revision, t.Made = acct.ID, acct.Epoch, acct.Revision, acct.stamp()
		t.Issued, t.Expires = now, now.Add(linkFor)
	}
	event := Event{Kind: EventLink, Subject: t.Account, Item: string(p), Detail: reason}
	if p == TicketInvite {
		event.Detail = name + ": " + reason
	}
	if err := s.operate(ctx, event); err != nil {
		return Link{}, Outcome{}, err
	}
	return Link{Purpose: p, Ticket: s.sealTicket(t), Expires: t.Expires}, Outcome{Reason: OK}, nil
}

// named returns the account that confirms having a canonical name.
func (s *Service) named(ctx context.Context, name string) (*Account, error) {
	id, err := s.store.Lookup(ctx, LookupLogin, name)
	if err != nil {
		return nil, err
	}
	l, err := s.load(ctx, id, "")
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = &Fault{Account: id, Part: "lookup", Cause: "leads to no account"}
		}
		return nil, err
	}
	if l.acct.Name != name {
		return nil, &Fault{Account: id, Part: "lookup", Cause: "leads to an account of another name"}
	}
	return l.acct, nil
}

// OpenLink says what the page behind a link shows, changing nothing: mailed
// links open a page, a POST consumes (law 10). Outcomes: OK, LinkDead.
func (s *Service) OpenLink(ctx context.Context, p TicketPurpose, c Secret) (LinkView, Outcome, error) {
	dead := Outcome{Reason: LinkDead}
	t, _ := s.openTicket(p, c, s.Now())
	if t == nil {
		return LinkView{}, dead, nil
	}
	_, limit := s.first.Judge(Secret{}, t.Name)
	view := LinkView{Name: t.Name, Expires: t.Expires, Limit: limit}
	if t.Account == "" {
		return s.openInvite(ctx, t, view)
	}
	l, err := s.load(ctx, t.Account, "")
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return LinkView{}, dead, nil
	}
	if err != nil {
		return LinkView{}, Outcome{}, err
	}
	acct := l.acct
	if err := s.notOlder(ctx, acct, "ticket", t.Made); err != nil {
		return LinkView{}, dead, nil
	}
	if !t.honoured(s, acct, s.nowFor(acct)) {
		return LinkView{}, dead, nil
	}
	now := s.nowFor(acct)
	view.Name, view.Protected, view.Item, view.Recovers = acct.Name, acct.IsProtected(), t.Item, t.Adds
	view.Kept = acct.Brand
	view.Hold, view.OnlyMail = s.hold(acct, now), s.mailAlone(acct)
	switch {
	case p == TicketReset && view.Hold > 0:
		view.Hold = HoldMailbox // once it was used
	case t.Recovery != "":
		view.Recovery = s.recoveryView(acct, now)
	}
	return view, Outcome{Reason: OK}, nil
}

// mailAlone reports whether numbers that are mailed are the one way that an
// account has beside its backup codes.
func (s *Service) mailAlone(a *Account) bool {
	mailed := false
	for _, w := range s.ways(a, nil) {
		if w.Disabled || w.Reserve {
			continue
		}
		if s.methods[w.Method].Traits().Channel != ChannelMail {
			return false
		}
		mailed = true
	}
	return mailed
}

// openInvite shows an invitation or registration while nobody has its name and
// nobody who had it left after it was issued.
func (s *Service) openInvite(ctx context.Context, t *ticket, view LinkView) (LinkView, Outcome, error) {
	taken, err := s.taken(ctx, t.Name)
	if err != nil {
		return LinkView{}, Outcome{}, err
	}
	old, err := s.outlived(ctx, t)
	if err != nil {
		return LinkView{}, Outcome{}, err
	}
	if taken || old {
		return LinkView{}, Outcome{Reason: LinkDead}, nil
	}
	return view, Outcome{Reason: OK}, nil
}

// AcceptInvite creates the account of an invitation, or of a registration, with
// a password. It does
// not sign in: that is done with the password, like every time after. The
// browser becomes known. Outcomes: OK with Browser; LinkDead; the reasons for
// refusing a password.
func (s *Service) AcceptInvite(ctx context.Context, c Secret, password Secret, language string, from From) (Outcome, error) {
	now, suspended := s.watch.now()
	if suspended {
		return Outcome{}, ErrClock
	}
	t, _ := s.openTicket(TicketInvite, c, now)
	if t == nil {
		t, _ = s.openTicket(TicketRegister, c, now)
	}
	if t == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	if old, err := s.outlived(ctx, t); err != nil || old {
		return Outcome{Reason: LinkDead}, err
	}
	hash, out, err := s.newPassword(ctx, password, t.Name)
	if err != nil || out.Reason != OK {
		return out, err
	}
	a := &Account{
		Form: Format, ID: AccountID(newID(s.random)), Name: t.Name, Language: language,
		Created: now, Last: now, Epoch: 1, Revision: 1, Password: Password{Hash: hash, Changed: now},
	}
	d := &decision{loaded: loaded{acct: a}, s: s, now: now, random: s.random, from: from}
	d.claim = a.lookups()
	if t.Mailed {
		a.Proven = now
	}
	d.record(Event{Kind: EventCreated})
	out.Browser = d.know(from)
	change, err := d.assemble()
	if err != nil {
		return Outcome{}, err
	}
	switch err := s.commit(ctx, change); {
	case errors.Is(err, ErrTaken):
		return Outcome{Reason: LinkDead}, nil
	case err != nil:
		return Outcome{}, err
	}
	return out, nil
}

// newPassword judges and hashes a password that somebody chose.
func (s *Service) newPassword(ctx context.Context, password Secret, name string) (string, Outcome, error) {
	normal, r := s.first.Normal(password)
	if r != OK {
		return "", Outcome{Reason: r}, nil
	}
	if r, limit := s.first.Judge(normal, name); r != OK {
		return "", Outcome{Reason: r, Limit: limit}, nil
	}
	h, err := s.first.Hash(ctx, SlowHash{Cost: CostPassword, Input: normal})
	if err != nil {
		return "", Outcome{}, err
	}
	return h.Hash, Outcome{Reason: OK}, nil
}

// Reset sets a new password by a reset link. It signs nobody in, touches no
// authenticator and resets no count (SECURITY F1). Outcomes: OK with Browser;
// LinkDead; the reasons for refusing a password.
func (s *Service) Reset(ctx context.Context, c Secret, password Secret, from From) (Outcome, error) {
	t, _ := s.openTicket(TicketReset, c, s.Now())
	if t == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	hash, out, err := s.newPassword(ctx, password, t.Name)
	if err != nil || out.Reason != OK {
		return out, err
	}
	return s.byLink(ctx, t, command{from: from}, func(d *decision) Outcome {
		d.acct.Password = Password{Hash: hash, Changed: d.now, ByReset: d.now, ByMail: d.now}
		d.endEverything()
		d.endRecovery() // its wait was reckoned for another password
		d.record(Event{Kind: EventPasswordReset})
		d.tell(Notice{Kind: NoticePasswordReset})
		out.Browser = d.know(from)
		return out
	})
}

// KnowBrowser makes the browser that posts a browser link known, and so gives
// it budgets of its own at the log-in page. Outcomes: OK with Browser; LinkDead.
func (s *Service) KnowBrowser(ctx context.Context, c Secret, from From) (Outcome, error) {
	t, _ := s.openTicket(TicketBrowser, c, s.Now())
	if t == nil {
		return Outcome{Reason: LinkDead}, nil
	}
	return s.byLink(ctx, t, command{from: from}, func(d *decision) Outcome {
		d.acct.BrowserLink = d.now
		d.record(Event{Kind: EventBrowserKnown})
		return Outcome{Reason: OK, Browser: d.know(from)}
	})
}

// byLink runs what a link to an account allows, once.
func (s *Service) byLink(ctx context.Context, t *ticket, cmd command, then func(*decision) Outcome) (Outcome, error) {
	cmd.account = t.Account
	out, err := s.change(ctx, cmd, func(d *decision) Outcome {
		if err := s.notOlder(ctx, d.acct, "ticket", t.Made); err != nil {
			d.fail(err)
			return Outcome{}
		}
		if !t.honoured(s, d.acct, d.now) {
			return Outcome{Reason: LinkDead}
		}
		return then(d)
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return Outcome{Reason: LinkDead}, nil
	}
	return out, err
}

// notSignedIn reports whether an error of Session means "log in again".
func notSignedIn(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen)
}
