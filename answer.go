package nidan

import (
	"context"
	"errors"
	"slices"
	"time"
)

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
		return d.refuse(Gone)
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
		if a.inRow(Other)+a.inRow(Known) == 0 {
			a.Throttle.Row = 0
		}
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
