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

	// Remember asks, at log-in, that this browser pass without the second
	// step for 30 days.
	Remember bool
}

// Answer takes the second step of a pending sign-in. It is the one door to a
// method: expiry, throttles and counting come before it. Outcomes: OK with
// Session; the reasons of the second step.
func (s *Service) Answer(ctx context.Context, tok PendingToken, ans Answer, from From) (Outcome, error) {
	from.Unsaid = from.Unsaid && !ans.Remember // who wants a browser remembered has said that there is one
	cmd := command{account: tok.account, from: from, slow: s.slowAnswer(ans, tok.class), shown: s.shownBy(from, tok.account), recall: true, holds: tok.holds}
	out, err := s.change(ctx, cmd, func(d *decision) Outcome {
		return d.settle(tok, ans)
	})
	if errors.Is(err, ErrNotFound) {
		return Outcome{Reason: Gone}, nil
	}
	return out, err
}

// open returns the pending sign-in that a token names if it can still be
// completed, or nil and why not.
func (d *decision) open(tok PendingToken) (*Pending, Outcome) {
	a := d.acct
	i := a.pendingAt(tok.token)
	if i < 0 || a.Pending[i].Party != d.from.Door.id() {
		return nil, Outcome{Reason: Gone}
	}
	p := a.Pending[i]
	if !d.now.Before(p.Expires) {
		return nil, Outcome{Reason: Expired}
	}
	if p.Epoch != a.Epoch || p.Revision != a.Revision || !a.IsProtected() || !a.Password.Stopped.IsZero() {
		return nil, Outcome{Reason: Gone}
	}
	return &p, Outcome{}
}

// settle decides one answer: state? expired? throttled? → method → proof or
// failure.
func (d *decision) settle(tok PendingToken, ans Answer) Outcome {
	a := d.acct
	p, out := d.open(tok)
	if p == nil {
		return out
	}
	if x := a.authenticator(ans.Authenticator); x != nil && d.s.tooLow(x.Method, p.Handover) {
		return Outcome{Reason: LevelTooLow}
	}
	pr, out := d.judge(ans, p.Class, p.ID, PromptSignIn)
	if pr == nil {
		if out.Reason.counted() {
			out = d.wrongIn(p.ID, out)
		}
		return out
	}
	a.Pending = slices.DeleteFunc(a.Pending, func(q Pending) bool { return q.ID == p.ID })
	d.completed(*p)
	first := p.First
	if a.Password.ByMail.IsZero() {
		first.Channel = ChannelMemory // whoever has it has come in by another channel since
	}
	if pr.Channel != ChannelMail {
		a.Password.ByMail = time.Time{}
	}
	x := a.authenticator(ans.Authenticator)
	d.record(Event{Kind: EventSignIn, Method: x.Method, Authenticator: x.ID, Item: out.Used, Known: p.Class == Known})
	out = d.signedInBy(mintRequest{proofs: []proof{first, *pr}, epoch: p.Epoch, revision: p.Revision, handover: p.Handover}, out)
	if !out.Passed() {
		return out
	}
	if ans.Remember {
		out.Remembered = d.remember()
	}
	if out.Used != "" {
		lineage := d.from.key()
		if len(d.minted) > 0 {
			lineage = d.minted[len(d.minted)-1].body.Lineage
		}
		out.Ticket = d.renewal(x, out.Used, lineage)
	}
	return out
}

// tooLow reports whether a method is worth less than the product that led here
// asks for.
func (s *Service) tooLow(m MethodName, h *handover) bool {
	if h == nil || s.methods[m] == nil {
		return false
	}
	return s.methods[m].Traits().Level < h.Level
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
// and counts it. holder and use name the number it may answer. It returns a
// proof or the reason there is none.
func (d *decision) judge(ans Answer, c Class, holder string, use PromptUse) (*proof, Outcome) {
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
	t := m.Traits()
	if a.sameMailbox(t) {
		return nil, Outcome{Reason: SameMailbox}
	}
	v, asked := d.check(x, m, ans.Code, holder, use)
	if !asked {
		return nil, Outcome{Reason: NoCodeSent}
	}
	switch v.Judgement {
	case Accepted:
		x.State, x.LastUsed, x.Wrong = v.State, d.now, [2]int{}
		d.rowEnded()
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

// check asks a method, or the number outstanding; asked is false where there is
// none.
func (d *decision) check(x *Authenticator, m Method, code Secret, holder string, use PromptUse) (v Verdict, asked bool) {
	if p, ok := m.(Prompting); ok {
		return d.respond(p, holder, use, code)
	}
	return m.Check(x.State, code.Reveal(), d.hashed, d.now), true
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
	Prompts  bool   // something has to be sent first
	Barred   bool   // it would prove nothing beside a password that a mail set
	TooLow   bool   // it is worth less than the product that led here asks for
	Sheet    *Sheet // of methods that hand out a number of codes
	Added    time.Time
}

// A PendingView is what the second-step page shows.
type PendingView struct {
	Ways []Way // the one to ask first in front

	Handover *HandoverView // the product that led here, nil: none

	Mailbox string // where numbers go, masked; empty: nowhere
	Second  string // where the link of a recovery may go instead, masked; empty: nowhere
	Expires time.Time
	Until   time.Time // nothing is judged before
	Count   int       // wrong answers in a row
	Others  bool      // … from browsers the account does not know

	Mailed   *Mailed       // the number outstanding, nil: none was mailed
	SendAt   time.Time     // when the next number can be mailed; zero: now
	SendOver bool          // no more in this sign-in
	Recovery *RecoveryView // in progress
	Hold     time.Duration // how long a recovery would wait; 0: it is not offered
}

// Pending returns what a pending sign-in is waiting for, without changing
// anything, at the door where it was opened: nil for our pages. Outcomes:
// SecondStep, Gone, Expired.
func (s *Service) Pending(ctx context.Context, tok PendingToken, door *Caller) (PendingView, Outcome, error) {
	l, err := s.load(ctx, tok.account, "")
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return PendingView{}, Outcome{Reason: Gone}, nil
	}
	if err != nil {
		return PendingView{}, Outcome{}, err
	}
	a, now := l.acct, s.nowFor(l.acct)
	for _, p := range a.Pending {
		if p.ID != tok.id || !NewSecret(p.Sum).Equal(NewSecret(tok.sum)) || p.Party != door.id() || p.Epoch != a.Epoch || p.Revision != a.Revision {
			continue
		}
		if !now.Before(p.Expires) {
			return PendingView{}, Outcome{Reason: Expired}, nil
		}
		v := PendingView{
			Ways: s.ways(a, p.Handover), Handover: p.Handover.view(a), Mailbox: a.masked(), Expires: p.Expires, Others: a.othersTried(p.Class), Hold: s.hold(a, now),
		}
		if a.Second.Recovers {
			v.Second = Mask(a.Second.Address)
		}
		v.Until, v.Count = a.waitUntil(p.Class, now)
		v.Mailed = a.mailedView(p.ID, PromptSignIn, p.Class, now)
		v.SendAt, v.SendOver = a.mayAgain(a.outstanding(p.ID, PromptSignIn), p.Class, now)
		v.Recovery = s.recoveryView(a, now)
		return v, Outcome{Reason: SecondStep}, nil
	}
	return PendingView{}, Outcome{Reason: Gone}, nil
}

// ways lists the account's ways: the one its holder wants to be asked for first,
// reserves behind the others, and last what takes no answers. h is the product
// that led here, nil: none did.
func (s *Service) ways(a *Account, h *handover) []Way {
	var ways []Way
	for i := range a.Authenticators {
		x := &a.Authenticators[i]
		w := Way{ID: x.ID, Method: x.Method, Name: x.Name, Added: x.Added, Disabled: !x.Disabled.IsZero()}
		if m := s.methods[x.Method]; m == nil {
			w.Disabled = true
		} else {
			w.Reserve, w.Barred = m.Traits().Reserve, a.sameMailbox(m.Traits()) || !s.reaches(a, x.Method)
			_, w.Prompts = m.(Prompting)
			w.TooLow = s.tooLow(x.Method, h)
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
			return 4
		case w.Barred, w.TooLow:
			return 3
		case w.Reserve:
			return 2
		case w.ID != a.Default:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(ways, func(x, y Way) int { return rank(x) - rank(y) })
	return ways
}
