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
		return Outcome{}, err
	}
	if !acct.passwordRight(hashed) {
		t.wrong(now)
		return Outcome{Reason: WrongFirstStep}, nil
	}
	out, err := s.change(ctx, command{account: acct.ID, from: from, shown: s.openBrowser(from.Cookie).shownTo(acct.ID)}, func(d *decision) Outcome {
		if d.acct.Name != name || !d.acct.passwordRight(hashed) {
			return Outcome{Reason: WrongFirstStep}
		}
		return d.firstStepPassed()
	})
	if err != nil {
		if errors.Is(err, ErrFrozen) {
			t.wrong(now)
			return Outcome{Reason: WrongFirstStep}, nil
		}
		return Outcome{}, err
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
	if d.acct.browser(d.s.openBrowser(d.from.Cookie), d.now) != nil {
		return Known
	}
	return Other
}

// firstStepPassed opens a pending sign-in, or mints a session where there is
// no second step to take.
func (d *decision) firstStepPassed() Outcome {
	a, first := d.acct, passwordProof(d.now)
	if !a.IsProtected() {
		d.record(Event{Kind: EventSignIn})
		g := d.mint(mintRequest{proofs: []proof{first}, epoch: a.Epoch, revision: a.Revision})
		if g == nil {
			return Outcome{Reason: Gone}
		}
		return Outcome{Reason: OK, Session: g, Browser: d.know(d.from)}
	}
	class := d.class()
	d.expirePending()
	secret, t := drawToken(pendingPrefix, a.ID, d.random)
	p := Pending{
		ID: t.id, Sum: t.sum, Class: class, At: d.now, Expires: d.now.Add(pendingFor),
		First: first, Epoch: a.Epoch, Revision: a.Revision,
	}
	if class == Other && d.mayTellStranger() {
		d.tellIfAbandoned(&p)
	}
	d.evictPending(class)
	a.Pending = append(a.Pending, p)
	d.record(Event{Kind: EventFirstStep, Known: class == Known})
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

// An Answer is a second step: which authenticator, and what it gave.
type Answer struct {
	Authenticator string
	Code          Secret
}

// Answer takes the second step of a pending sign-in. It is the one door to a
// method: expiry, throttles and counting come before it. Outcomes: OK with
// Session; the reasons of the second step.
func (s *Service) Answer(ctx context.Context, tok PendingToken, ans Answer, from From) (Outcome, error) {
	cmd := command{account: tok.account, from: from, slow: s.slowAnswer(ans, tok.class), shown: s.openBrowser(from.Cookie).shownTo(tok.account)}
	out, err := s.change(ctx, cmd, func(d *decision) Outcome {
		return d.settle(tok, ans)
	})
	if errors.Is(err, ErrNotFound) {
		return Outcome{Reason: Gone}, nil
	}
	return out, err
}

// settle decides one answer: state? expired? throttled? → method → proof or
// failure.
func (d *decision) settle(tok PendingToken, ans Answer) Outcome {
	a := d.acct
	i := slices.IndexFunc(a.Pending, func(p Pending) bool {
		return p.ID == tok.id && NewSecret(p.Sum).Equal(NewSecret(tok.sum))
	})
	if i < 0 {
		return Outcome{Reason: Gone}
	}
	p := a.Pending[i]
	if !d.now.Before(p.Expires) {
		return Outcome{Reason: Expired}
	}
	if p.Epoch != a.Epoch || p.Revision != a.Revision || !a.IsProtected() || !a.Password.Stopped.IsZero() {
		return Outcome{Reason: Gone}
	}
	pr, out := d.judge(ans, p.Class)
	if pr == nil {
		if out.Reason.counted() {
			out = d.wrongIn(p.ID, out)
		}
		return out
	}
	a.Pending = slices.Delete(a.Pending, i, i+1)
	d.completed(p)
	g := d.mint(mintRequest{proofs: []proof{p.First, *pr}, epoch: p.Epoch, revision: p.Revision})
	if g == nil {
		return Outcome{Reason: Gone}
	}
	x := a.authenticator(ans.Authenticator)
	d.record(Event{Kind: EventSignIn, Method: x.Method, Authenticator: x.ID, Item: out.Used, Known: p.Class == Known})
	out.Session, out.Browser = g, d.know(d.from)
	if out.Used != "" {
		out.Ticket = d.renewal(x, out.Used)
	}
	return out
}

// counted tells the reasons that stand for an answer that was judged wrong.
func (r Reason) counted() bool {
	switch r {
	case WrongAnswer, UsedAnswer, LateAnswer, ClockBehind, ReplacedAnswer:
		return true
	}
	return false
}

// wrongIn counts a wrong answer against its sign-in and tells the owner of a
// stranger.
func (d *decision) wrongIn(id string, out Outcome) Outcome {
	a := d.acct
	i := slices.IndexFunc(a.Pending, func(p Pending) bool { return p.ID == id })
	if i < 0 {
		out.Reason = SignInEnded // a stop or a disabling has ended them all
		return out
	}
	p := &a.Pending[i]
	p.Wrong++
	out.Count = p.Wrong
	if p.Class == Other {
		d.tellStranger()
	}
	if p.Wrong >= wrongPerSignIn {
		a.Pending = slices.Delete(a.Pending, i, i+1)
		return Outcome{Reason: SignInEnded, Count: wrongPerSignIn}
	}
	return out
}

// judge lets a method judge an answer, having looked at the throttles first,
// and counts it. It returns a proof or the reason there is none.
func (d *decision) judge(ans Answer, c Class) (*proof, Outcome) {
	a := d.acct
	x := a.authenticator(ans.Authenticator)
	if x == nil {
		return nil, Outcome{Reason: NoSuchWay}
	}
	m := d.s.methods[x.Method]
	if m == nil || !x.Disabled.IsZero() {
		return nil, Outcome{Reason: Disabled}
	}
	if until, n := a.waitUntil(c, d.now); !until.IsZero() {
		return nil, Outcome{Reason: Waiting, Until: until, Count: n, Others: a.othersTried(c)}
	}
	if sl, ok := m.(Slow); ok && len(d.hashed) == 0 {
		if _, needed := sl.SlowCheck(x.State, ans.Code.Reveal()); needed {
			return nil, Outcome{Reason: Waiting, Until: d.now} // the wait ended between hashing and now
		}
	}
	v := m.Check(x.State, ans.Code.Reveal(), d.hashed, d.now)
	t := m.Traits()
	switch v.Judgement {
	case Accepted:
		x.State, x.LastUsed, x.Wrong = v.State, d.now, [2]int{}
		out := Outcome{Reason: OK}
		if n, ok := m.(Counted); ok {
			out.Used, out.Left = v.Item, n.Sheet(x.State).Left
			d.tell(Notice{Kind: NoticeBackupUsed, Method: x.Method, Item: v.Item, Count: out.Left})
		}
		pr := answerProof(t, x.ID, d.now)
		return &pr, out
	case Malformed:
		return nil, Outcome{Reason: MalformedAnswer}
	}
	out := Outcome{Reason: reasonOf(v.Judgement), Off: v.Off, When: v.When, Others: a.othersTried(c)}
	d.record(Event{Kind: EventRefused, Method: x.Method, Authenticator: x.ID, Detail: string(out.Reason), Known: c == Known})
	d.count(x, t, c)
	return nil, out
}

// reasonOf names a failed judgement at log-in, where an answer from the future
// is a wrong one: more would tell a guesser what to wait for.
func reasonOf(j Judgement) Reason {
	switch j {
	case Used:
		return UsedAnswer
	case Late:
		return LateAnswer
	case Behind:
		return ClockBehind
	case Replaced:
		return ReplacedAnswer
	}
	return WrongAnswer
}

// othersTried reports whether wrong answers in a row came from the other
// browser class than the one asking: the owner should know then, and only then.
func (a *Account) othersTried(c Class) bool {
	return c == Known && a.inRow(Other) >= wrongBeforeWait
}

// slowAnswer returns what has to be hashed to judge an answer. During a wait
// nothing is judged, so nothing is hashed either; nor is it for a sign-in that
// there is not.
func (s *Service) slowAnswer(ans Answer, class func(*Account) (Class, bool)) func(*Account) []SlowHash {
	return func(a *Account) []SlowHash {
		x := a.authenticator(ans.Authenticator)
		c, open := class(a)
		if x == nil || !x.Disabled.IsZero() || !open {
			return nil
		}
		m, ok := s.methods[x.Method].(Slow)
		if !ok {
			return nil
		}
		if until, _ := a.waitUntil(c, s.nowFor(a)); !until.IsZero() {
			return nil
		}
		if h, ok := m.SlowCheck(x.State, ans.Code.Reveal()); ok {
			return []SlowHash{h}
		}
		return nil
	}
}

// class is the browser class of the pending sign-in that a token names, if it
// is open.
func (t PendingToken) class(a *Account) (Class, bool) {
	for _, p := range a.Pending {
		if p.ID == t.id {
			return p.Class, true
		}
	}
	return Other, false
}

// inSession is the class of whoever completed a sign-in.
func inSession(*Account) (Class, bool) { return Known, true }

// A Way is one way of taking the second step, as a page may show it.
type Way struct {
	ID       string
	Method   MethodName
	Name     string
	Reserve  bool
	Disabled bool
	Sheet    *Sheet // of methods that hand out a number of codes
}

// A PendingView is what the second-step page shows.
type PendingView struct {
	Ways    []Way // the one to ask first in front
	Expires time.Time
	Until   time.Time // nothing is judged before
	Count   int       // wrong answers in a row
	Others  bool      // … from browsers the account does not know
}

// Pending returns what a pending sign-in is waiting for, without changing
// anything. Outcomes: SecondStep, Gone, Expired.
func (s *Service) Pending(ctx context.Context, tok PendingToken) (PendingView, Outcome, error) {
	l, err := s.load(ctx, tok.account, "")
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return PendingView{}, Outcome{Reason: Gone}, nil
	}
	if err != nil {
		return PendingView{}, Outcome{}, err
	}
	a, now := l.acct, s.nowFor(l.acct)
	for _, p := range a.Pending {
		if p.ID != tok.id || !NewSecret(p.Sum).Equal(NewSecret(tok.sum)) || p.Epoch != a.Epoch || p.Revision != a.Revision {
			continue
		}
		if !now.Before(p.Expires) {
			return PendingView{}, Outcome{Reason: Expired}, nil
		}
		v := PendingView{Ways: s.ways(a), Expires: p.Expires, Others: a.othersTried(p.Class)}
		v.Until, v.Count = a.waitUntil(p.Class, now)
		return v, Outcome{Reason: SecondStep}, nil
	}
	return PendingView{}, Outcome{Reason: Gone}, nil
}

// ways lists the account's ways: what it uses daily first, reserves last, and
// what takes no answers behind them.
func (s *Service) ways(a *Account) []Way {
	var ways []Way
	for i := range a.Authenticators {
		x := &a.Authenticators[i]
		w := Way{ID: x.ID, Method: x.Method, Name: x.Name, Disabled: !x.Disabled.IsZero()}
		if m := s.methods[x.Method]; m == nil {
			w.Disabled = true
		} else {
			w.Reserve = m.Traits().Reserve
			if m, ok := m.(Counted); ok {
				sheet := m.Sheet(x.State)
				w.Sheet = &sheet
			}
		}
		ways = append(ways, w)
	}
	rank := func(w Way) int {
		switch {
		case w.Disabled:
			return 2
		case w.Reserve:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(ways, func(x, y Way) int { return rank(x) - rank(y) })
	return ways
}
