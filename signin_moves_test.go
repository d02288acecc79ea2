package nidan_test

import (
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/mailcode"
)

func signIn(b, who int, right bool) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		password := p.w.truth[who].password
		if !right {
			password = "not the password at all"
		}
		return p.signsIn(b, who, password, right, p.from(b), p.w.jars[b].remembered)
	}
}

// signInAsRemembered shows a browser's remembered-browser cookie from another
// place, with somebody's right password (SECURITY H1, H3).
func signInAsRemembered(b, who, of int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		cookie := p.w.jars[of].remembered
		if cookie.value == "" {
			return ""
		}
		from := p.from(b)
		from.Remembered = nidan.NewSecret(cookie.value)
		return p.signsIn(b, who, p.w.truth[who].password, true, from, cookie)
	}
}

// oldName signs in with the address that the account had before.
func oldName(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		t := &p.w.truth[alice]
		if t.name == names[alice] {
			return ""
		}
		r := p.result(p.svc.SignIn(ctx, names[alice], nidan.NewSecret(t.password), p.from(b)))
		p.must(r == nidan.WrongFirstStep || r == nidan.FirstStepWait, lawAddress, "an address that was given up was answered %s", r)
		p.must(len(p.changes) == 0, lawGate, "a refused first step wrote a document")
		if r == nidan.WrongFirstStep {
			t.tries[0][b][nidan.Other]++
		}
		return r
	}
}

func (p *play) signsIn(b, who int, password string, right bool, from nidan.From, cookie carried) nidan.Reason {
	t, j := &p.w.truth[who], &p.w.jars[b]
	class := p.class(b, who)
	if t.deleted || p.frozen(who) {
		class = nidan.Other
	}
	tries := &t.tries[0][b][class]
	if t.name == moved {
		tries = &t.tries[1][b][class]
	}
	before := p.w.db.docs
	o, err := p.svc.SignIn(ctx, t.name, nidan.NewSecret(password), from)
	r := p.result(o, err)
	passes := p.passes(who, cookie)
	switch {
	case r == nidan.FirstStepWait:
		p.must(*tries >= 5, lawGate, "waits after %d wrong passwords of its own class", *tries)
	case p.frozen(who):
		p.must(r == nidan.WrongFirstStep, lawFrozen, "first step answered %s", r)
		*tries++
	case t.deleted:
		p.must(r == nidan.WrongFirstStep, lawDeleted, "the password of a deleted account was answered %s", r)
		*tries++
	case !right || t.stopped:
		p.must(r == nidan.WrongFirstStep, lawMint, "a wrong or stopped password was answered %s", r)
		*tries++
	case t.protected && passes:
		p.must(r == nidan.OK, lawRemembered, "a remembered browser was answered %s", r)
	case t.protected:
		p.must(r == nidan.SecondStep && o.Pending != nil, lawProtected, "a protected account's right password was answered %s", r)
	default:
		p.must(r == nidan.OK, lawAnswer, "the right password of an unprotected account was answered %s", r)
	}
	if r == nidan.WrongFirstStep || r == nidan.FirstStepWait {
		p.must(len(p.changes) == 0 && sameDocs(before, p.db.docs), lawGate, "a refused first step wrote a document")
	}
	if len(p.broken) > 0 {
		return r
	}
	switch r {
	case nidan.SecondStep:
		*tries = 0
		tok := o.Pending.Token.Reveal()
		_, isSession := nidan.ParseSession(tok)
		p.must(!isSession, lawTwoTypes, "a pending token parses as a session token")
		p.must(o.Session == nil, lawMint, "a session came with the first step of a protected account")
		p.opens(b, who, tok, class)
		j.pending = carried{value: tok, who: who, epoch: t.epoch, at: p.wall()}
		// The way that is asked first sends its number by itself.
		if w := t.firstWay(); w != nil && w.method == mailcode.Name && !t.barred(w) && !t.waits(class, p.wall()) {
			if a := (ask{nidan.PromptSignIn, tok}); t.maySend(a, class, p.wall()) == nidan.OK {
				t.sent(a, class, p.wall())
			}
		}
	case nidan.OK:
		*tries = 0
		p.granted(b, who, o, false)
		if !t.protected {
			p.level(b, nidan.LevelPassword)
		} else if p.level(b, nidan.LevelTwoStep); true {
			j.session.twoSteps = false // it is no second step that anything else could count on
		}
	}
	return r
}

// opens adds a pending sign-in, in the place of its class's oldest.
func (p *play) opens(b, who int, tok string, class nidan.Class) {
	t := &p.w.truth[who]
	t.pending = slices.DeleteFunc(t.pending, func(x pending) bool { return !p.wall().Before(x.at.Add(10 * time.Minute)) })
	n := 0
	for _, x := range t.pending {
		if x.class == class {
			n++
		}
	}
	if n >= 5 {
		i := slices.IndexFunc(t.pending, func(x pending) bool { return x.class == class })
		t.pending = slices.Delete(t.pending, i, i+1)
	}
	t.pending = append(t.pending, pending{token: tok, class: class, at: p.wall(), epoch: t.epoch, revision: t.revision})
}

// passes says whether a remembered-browser cookie stands in for the second step.
func (p *play) passes(who int, c carried) bool {
	t := &p.w.truth[who]
	return c.value != "" && c.who == who && c.epoch == t.epoch && !t.byMail && !t.deleted &&
		slices.ContainsFunc(t.remembered, func(r remembered) bool { return r.cookie == c.value && p.wall().Sub(r.at) < 30*24*time.Hour })
}

// firstWay is the one that a log-in asks first.
func (t *truth) firstWay() *way {
	var first *way
	for i := range t.ways {
		w := &t.ways[i]
		switch {
		case w.method == "backup" || w.disabled || t.barred(w):
		case w.id == t.first:
			return w
		case first == nil:
			first = w
		}
	}
	return first
}

func sameDocs(a, b []nidan.Record) bool {
	return slices.EqualFunc(a, b, func(x, y nidan.Record) bool { return x.ID == y.ID && x.Version == y.Version })
}

func takeSecondStep(b int, a answer) func(*play) nidan.Reason { return secondStep(b, a, false) }

// secondStep answers a pending sign-in.
func secondStep(b int, with answer, remember bool) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		j := &p.w.jars[b]
		who := j.pending.who
		t := &p.w.truth[who]
		tok, ok := nidan.ParsePending(j.pending.value)
		if !ok {
			return ""
		}
		a := ask{nidan.PromptSignIn, j.pending.value}
		kind, code, right := with(p, who, a)
		o, err := p.svc.Answer(ctx, tok, nidan.Answer{Authenticator: p.wayID(who, kind), Code: nidan.NewSecret(code), Remember: remember}, p.from(b))
		r := p.result(o, err)
		i := p.open(b)
		if i < 0 {
			p.must(r == nidan.Gone || r == nidan.Expired || r == frozenAnswer, lawEnded, "an ended sign-in was answered %s", r)
			return r
		}
		class, began := t.pending[i].class, t.pending[i].at
		if p.judged(who, kind, class, a, code, right, r, nidan.OK) {
			t.pending = slices.Delete(t.pending, i, i+1)
			method := t.way(kind).method
			p.took(who, kind, a, code)
			p.must(t.protected, lawMint, "a second step was taken of an account without")
			p.must(method != mailcode.Name || !t.byMail, lawMailbox, "a mailed password and a mailed number made a session")
			if method != mailcode.Name {
				t.byMail = false
			}
			p.granted(b, who, o, false)
			j.session.proven = began
			j.pending = carried{}
			p.must(remember != o.Remembered.Empty(), lawRemembered, "asked to remember: %v, and a cookie came: %v", remember, !o.Remembered.Empty())
			if remember {
				j.remembered = carried{value: o.Remembered.Reveal(), who: who, epoch: t.epoch, at: p.wall()}
				t.remembers(j.remembered.value, p.wall())
			}
			if method == "backup" {
				p.must(p.told(who, nidan.NoticeBackupUsed), lawLowering, "a backup code was used without a notice")
				p.must(!o.Ticket.Empty(), lawTicket, "no successor was offered for a used backup code")
				j.renew = carried{value: o.Ticket.Reveal(), who: who, epoch: t.epoch, revision: t.revision, at: p.wall(), item: o.Used, lineage: j.session.lineage}
			}
			if len(p.broken) == 0 {
				p.level(b, worth(method))
			}
			return r
		}
		if slices.Contains(counted, r) || r == nidan.SignInEnded {
			p.countsIn(b, class, r)
		}
		return r
	}
}

// open finds a browser's pending sign-in where it can still be completed, or -1.
func (p *play) open(b int) int {
	j := &p.w.jars[b]
	t := &p.w.truth[j.pending.who]
	i := slices.IndexFunc(t.pending, func(x pending) bool { return x.token == j.pending.value })
	if i < 0 || p.frozen(j.pending.who) || t.deleted || !p.wall().Before(t.pending[i].at.Add(10*time.Minute)) {
		return -1
	}
	return i
}

// countsIn counts a wrong answer against a sign-in.
func (p *play) countsIn(b int, class nidan.Class, r nidan.Reason) {
	j := &p.w.jars[b]
	t := &p.w.truth[j.pending.who]
	i := slices.IndexFunc(t.pending, func(x pending) bool { return x.token == j.pending.value })
	if i < 0 {
		p.must(r == nidan.SignInEnded, lawStops, "a stop left the sign-in open")
		return
	}
	t.pending[i].wrong++
	ended := t.pending[i].wrong >= 5
	p.must(ended == (r == nidan.SignInEnded), lawWait, "wrong answer %d of a sign-in was answered %s", t.pending[i].wrong, r)
	if ended {
		t.pending = slices.Delete(t.pending, i, i+1)
	}
	if class == nidan.Other {
		p.must(p.toldStranger(j.pending.who), lawLowering, "a stranger's wrong code was not told")
	}
}

// sendCode asks for a number in a pending sign-in, the first or another.
func sendCode(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		j := &p.w.jars[b]
		who := j.pending.who
		t := &p.w.truth[who]
		tok, ok := nidan.ParsePending(j.pending.value)
		if !ok {
			return ""
		}
		r := p.result(p.svc.SendCode(ctx, tok, p.wayID(who, wayMail), p.from(b)))
		i := p.open(b)
		if i < 0 {
			p.must(r == nidan.Gone || r == nidan.Expired || r == frozenAnswer, lawEnded, "an ended sign-in was answered %s", r)
			return r
		}
		p.asksFor(who, ask{nidan.PromptSignIn, j.pending.value}, t.pending[i].class, r)
		return r
	}
}

// asksFor settles what asking for a number of the account's own is answered.
func (p *play) asksFor(who int, a ask, class nidan.Class, r nidan.Reason) {
	t := &p.w.truth[who]
	w := t.way(wayMail)
	switch {
	case w == nil:
		p.must(r == nidan.NoSuchWay, lawAnswer, "a way that does not exist was answered %s", r)
	case t.barred(w):
		p.must(r == nidan.SameMailbox, lawMailbox, "a number behind a mailed password was answered %s", r)
	case t.waits(class, p.wall()):
		p.must(r == nidan.Waiting, lawWait, "during a wait a number was answered %s", r)
	default:
		p.mailsNumber(who, a, class, r)
	}
}

// mailsNumber settles what mailing a number is answered.
func (p *play) mailsNumber(who int, a ask, class nidan.Class, r nidan.Reason) {
	t := &p.w.truth[who]
	want := t.maySend(a, class, p.wall())
	p.must(r == want, lawSends, "asking for a number was answered %s instead of %s", r, want)
	if r == nidan.OK {
		t.sent(a, class, p.wall())
	}
}

// look opens every page there is.
func look(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		j := &p.w.jars[b]
		if tok, ok := nidan.ParseSession(j.session.value); ok {
			if _, err := p.svc.Overview(ctx, tok); err == nil {
				p.must(p.w.truth[j.session.who].epoch == j.session.epoch, lawEnded, "an ended session shows the security settings")
			}
			for purpose, c := range map[nidan.TicketPurpose]carried{nidan.TicketSetUp: j.setup, nidan.TicketReissue: j.reissue, nidan.TicketRenew: j.renew} {
				_, o, _ := p.svc.Held(ctx, tok, purpose, nidan.NewSecret(c.value))
				p.must(o.Reason != nidan.OK || p.honoured(b, c, 3600e9), lawTicket, "a ticket that does not stand is shown")
			}
		}
		if j.bind.value != "" {
			_, o, _ := p.svc.HeldBinding(ctx, nidan.NewSecret(j.bind.value))
			p.must(o.Reason != nidan.OK || p.binding(j.bind), lawRecovery, "a recovery that does not stand is shown")
		}
		r := nidan.Reason("")
		if tok, ok := nidan.ParsePending(j.pending.value); ok {
			v, o, err := p.svc.Pending(ctx, tok, nil)
			r = p.result(o, err)
			p.looksAt(b, v, r)
		}
		p.must(len(p.changes) == 0, lawInert, "a page wrote")
		return r
	}
}

// looksAt compares what the second-step page shows with the truth.
func (p *play) looksAt(b int, v nidan.PendingView, r nidan.Reason) {
	i := p.open(b)
	p.must((r == nidan.SecondStep) == (i >= 0), lawAnswer, "an open sign-in: %v, was answered %s", i >= 0, r)
	if i < 0 || r != nidan.SecondStep {
		return
	}
	j := &p.w.jars[b]
	t, a := &p.w.truth[j.pending.who], ask{nidan.PromptSignIn, j.pending.value}
	n := t.number(a)
	p.must((v.Mailed != nil) == (n != nil && p.wall().Before(n.at.Add(600e9))), lawAnswer, "a number is shown as mailed: %v", v.Mailed != nil)
	if v.Mailed != nil {
		p.must(!strings.Contains(v.Mailed.To, strings.Split(t.name, "@")[0]), lawAddressee, "the address is shown unmasked: %s", v.Mailed.To)
	}
	p.must((v.Recovery != nil) == t.recovery.on, lawAnswer, "a recovery is shown: %v", v.Recovery != nil)
	p.must(v.Hold == t.holds(p.wall()), lawRecovery, "the wait of a recovery is shown as %s", v.Hold)
}

// forget clears the known-browser cookie, as a private window does.
func forget(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		if p.w.jars[b].known.value == "" {
			return ""
		}
		p.w.jars[b].known = carried{}
		return nidan.OK
	}
}
