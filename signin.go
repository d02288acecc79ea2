package nidan

import (
	"context"
	"errors"
	"slices"
	"time"
)

// pendingFor is how long a pending sign-in lives; it does not slide.
const pendingFor = 10 * time.Minute

// A Pending is a sign-in whose first step has passed. It holds ids and dates
// only; the password is not in it (SECURITY Q2).
type Pending struct {
	ID       string    `json:"i"` // first 128 bits of the SHA-256 of its token
	Sum      string    `json:"s"` // the whole hash
	Class    Class     `json:"c"`
	At       time.Time `json:"t"`
	Expires  time.Time `json:"e"`
	Wrong    int       `json:"w,omitempty"`
	First    proof     `json:"f"`
	Epoch    int64     `json:"ep"`
	Revision int64     `json:"rv"`
	Notice   string    `json:"n,omitempty"` // queued in case nothing comes of it

	Party    string    `json:"p,omitempty"` // the product through whose API it is taken; empty: our pages
	Handover *handover `json:"h,omitempty"` // the product whose person takes it on our pages
}

// SignIn takes the first step: an address and a password. What it answers is
// the same for every name until the password is right. Outcomes: SecondStep
// with Pending, OK with Session where the account is not protected,
// WrongFirstStep, FirstStepWait.
func (s *Service) SignIn(ctx context.Context, login string, password Secret, from From) (Outcome, error) {
	now, suspended := s.watch.now()
	if suspended {
		return Outcome{}, ErrClock
	}
	name, ok := s.first.Name(login)
	if !ok {
		name = "\x00" + login // counted like any other, and no account can have it
	}
	acct := s.find(ctx, name)
	known := ""
	if b := acct.browser(s.openBrowser(from.Cookie), now); b != nil {
		known = b.ID
	}
	t, until, err := s.knock(ctx, name, known, from, now)
	if err != nil {
		return Outcome{}, err
	}
	if t == nil {
		return Outcome{Reason: FirstStepWait, Until: until}, nil
	}
	hashed, err := s.passwordHash(ctx, acct, password)
	if err != nil {
		return Outcome{}, errors.Join(err, t.unjudged(ctx))
	}
	if !acct.passwordRight(hashed) {
		t.wrong(now)
		return Outcome{Reason: WrongFirstStep}, nil
	}
	out, err := s.change(ctx, command{account: acct.ID, from: from, shown: s.shownBy(from, acct.ID), recall: true}, func(d *decision) Outcome {
		if d.acct.Name != name || !d.acct.passwordRight(hashed) {
			return Outcome{Reason: WrongFirstStep}
		}
		return d.firstStepPassed(d.acct.passwordProof(d.now), nil)
	})
	if err != nil {
		if errors.Is(err, ErrFrozen) {
			t.wrong(now)
			return Outcome{Reason: WrongFirstStep}, nil
		}
		return Outcome{}, errors.Join(err, t.unjudged(ctx))
	}
	if out.Reason == WrongFirstStep {
		t.wrong(now)
		return out, nil
	}
	return out, t.right(ctx)
}

// find returns the account that confirms having this name, or a nameless
// decoy with a password that nothing matches: the work done is the same
// (SECURITY P1, P2). A fault is reported to the operator and answered like an
// unknown name.
func (s *Service) find(ctx context.Context, name string) *Account {
	id, err := s.store.Lookup(ctx, LookupLogin, name)
	if err != nil {
		if !errors.Is(err, ErrNotFound) {
			s.report(ctx, "first step", err)
		}
		id = decoyID
	}
	l, err := s.load(ctx, id, "")
	if err == nil && l.acct.Name == name {
		return l.acct
	}
	switch {
	case id == decoyID:
	case err == nil:
		s.report(ctx, "first step", &Fault{Account: id, Part: "lookup", Cause: "leads to an account of another name"})
	default:
		s.report(ctx, "first step", err)
	}
	return &Account{Password: Password{Hash: s.first.Decoy()}}
}

// decoyID is looked for where there is no account, so that a name costs one
// load whether it is known or not.
const decoyID AccountID = "aaaaaaaaaaaaaaaaaaaaaaaaaa"

// passwordHash computes what passwordRight compares. A password that cannot be
// one is hashed all the same, as an empty one.
func (s *Service) passwordHash(ctx context.Context, a *Account, password Secret) (Hashed, error) {
	normal, r := s.first.Normal(password)
	if r != OK {
		normal = Secret{}
	}
	like := a.Password.Hash
	h, err := s.first.Hash(ctx, SlowHash{Like: like, Input: normal})
	if err != nil {
		return Hashed{}, err
	}
	if r != OK || normal.Empty() {
		h.Hash = ""
	}
	return h, nil
}

// passwordRight compares with the bytes the document holds now.
func (a *Account) passwordRight(h Hashed) bool {
	return a.Password.Hash != "" && a.Password.Stopped.IsZero() &&
		h.Of.Like == a.Password.Hash && NewSecret(h.Hash).Equal(NewSecret(a.Password.Hash))
}

// class tells which budgets a request draws on.
func (d *decision) class() Class {
	c, _ := d.s.classOf(d.from)(d.acct)
	return c
}

// classOf is the browser class of a request, for any account it may be of.
func (s *Service) classOf(from From) func(*Account) (Class, bool) {
	cookie := s.openBrowser(from.Cookie)
	return func(a *Account) (Class, bool) {
		if a.browser(cookie, s.nowFor(a)) != nil {
			return Known, true
		}
		return Other, true
	}
}

// firstStepPassed opens a pending sign-in, or signs in where there is no second
// step to take. h is the product that led here, nil: none did.
func (d *decision) firstStepPassed(first proof, h *handover) Outcome {
	a := d.acct
	if !a.IsProtected() {
		d.record(Event{Kind: EventSignIn})
		return d.signedInBy(mintRequest{proofs: []proof{first}, epoch: a.Epoch, revision: a.Revision, handover: h}, Outcome{})
	}
	if out := d.passRemembered(first, h); out != nil {
		return *out
	}
	class := d.class()
	d.expirePending()
	secret, t := drawToken(pendingPrefix, a.ID, d.random)
	p := Pending{
		ID: t.id, Sum: t.sum, Class: class, At: d.now, Expires: d.now.Add(pendingFor),
		First: first, Epoch: a.Epoch, Revision: a.Revision, Handover: h, Party: d.from.Door.id(),
	}
	if class == Other && d.mayTellStranger() {
		d.tellIfAbandoned(&p)
	}
	d.evictPending(class)
	a.Pending = append(a.Pending, p)
	d.record(Event{Kind: EventFirstStep, Known: class == Known})
	if ways := d.s.ways(a, h); len(ways) > 0 && ways[0].Prompts && !ways[0].Disabled && !ways[0].Barred {
		d.sendTo(ways[0].ID, p.ID, PromptSignIn, class) // whether it went out stands on the page
	}
	return Outcome{Reason: SecondStep, Pending: &PendingGrant{Token: secret, Expires: p.Expires}}
}

// evictPending makes room for one more in a class. Only its own class pays.
func (d *decision) evictPending(c Class) {
	a, n := d.acct, 0
	for _, p := range a.Pending {
		if p.Class == c {
			n++
		}
	}
	for i := 0; i < len(a.Pending) && n >= maxPending; {
		if a.Pending[i].Class == c {
			a.Pending = slices.Delete(a.Pending, i, i+1)
			n--
		} else {
			i++
		}
	}
}

// expirePending forgets sign-ins that have run out.
func (d *decision) expirePending() {
	d.acct.Pending = slices.DeleteFunc(d.acct.Pending, func(p Pending) bool { return !d.now.Before(p.Expires) })
}

// mayTellStranger reports whether the owner has not been told of a stranger's
// try within the hour, and is not about to be.
func (d *decision) mayTellStranger() bool {
	told := d.acct.Throttle.Told
	return told.IsZero() || d.now.Sub(told) >= tellEvery
}

// tellIfAbandoned queues the notice of a sign-in that nothing may come of: the
// password was right, and no second step follows.
func (d *decision) tellIfAbandoned(p *Pending) {
	p.Notice = d.tellAt(p.Expires, Notice{Kind: NoticeStranger})
	d.acct.Throttle.Told = p.Expires
}

// tellStranger tells the owner now of a wrong second step from a browser the
// account does not know, in place of what was queued for later.
func (d *decision) tellStranger() {
	queued := false
	for i := range d.acct.Pending {
		if p := &d.acct.Pending[i]; p.Notice != "" {
			d.drop(p.Notice)
			p.Notice, queued = "", true
		}
	}
	if queued || d.mayTellStranger() {
		d.acct.Throttle.Told = d.now
		d.tell(Notice{Kind: NoticeStranger})
	}
}

// completed takes back what was queued for a sign-in that came to something.
// If strangers' sign-ins are still open, it is one of theirs now.
func (d *decision) completed(p Pending) {
	if p.Notice == "" {
		return
	}
	d.drop(p.Notice)
	d.acct.Throttle.Told = time.Time{}
	for i := range d.acct.Pending {
		if q := &d.acct.Pending[i]; q.Class == Other && d.now.Before(q.Expires) {
			d.tellIfAbandoned(q)
			return
		}
	}
}

// pendingAt is where the pending sign-in of a token stands, or -1.
func (a *Account) pendingAt(tok token) int {
	return slices.IndexFunc(a.Pending, func(p Pending) bool {
		return p.ID == tok.id && NewSecret(p.Sum).Equal(NewSecret(tok.sum))
	})
}

// holds is for [command.holds]: of a pending sign-in, or of a link that leads to one.
func (tok token) holds(a *Account) bool { return a.pendingAt(tok) >= 0 }
