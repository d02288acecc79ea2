package nidan_test

import (
	"fmt"
	"slices"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/mailcode"
)

// A change is a command of a session that asks for the password and, where the
// account is protected, for a second step, both now.
type change struct {
	right  bool   // … password
	with   answer // … for the second step
	open   bool   // also for accounts that are not protected, behind the password alone
	before nidan.Reason

	// early is the reason for which it is refused before the steps are judged,
	// so that no code is spent on it; nil, OK: none.
	early func(p *play, b, who int) nidan.Reason
	do    func(*play, nidan.SessionToken, nidan.Secret, nidan.Answer, nidan.From) (nidan.Outcome, error)

	// want is what it is answered once the steps are taken; nil: OK.
	want func(p *play, b, who int) nidan.Reason

	// then is what becomes true with OK, or always, behind the way that was
	// answered.
	then   func(p *play, b, who int, by way, o nidan.Outcome)
	always bool
}

// consumes are the reasons for refusing that are told after the steps were
// taken, and recorded with them.
var consumes = []nidan.Reason{nidan.OK, nidan.LastOne, nidan.SendWait, nidan.SendsUsedUp}

// by makes a change from a browser.
func (c change) by(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		t := &p.w.truth[who]
		password := t.password
		if !c.right {
			password = "not the password at all"
		}
		a := p.w.jars[b].session.asks(nidan.PromptConfirm)
		kind, code, right := c.with(p, who, a)
		want, early := nidan.OK, nidan.OK
		if c.want != nil {
			want = c.want(p, b, who)
		}
		if c.early != nil {
			early = c.early(p, b, who)
		}
		ans := nidan.Answer{Authenticator: p.wayID(who, kind), Code: nidan.NewSecret(code)}
		o, err := c.do(p, tok, nidan.NewSecret(password), ans, p.from(b))
		r := p.result(o, err)
		if p.dead(b, r) {
			return r
		}
		switch {
		case c.before != "":
			p.must(r == c.before && len(p.changes) == 0, lawAnswer, "what is refused as %s was answered %s", c.before, r)
			return r
		case !t.protected && !c.open:
			p.must(r == nidan.NotProtected && len(p.changes) == 0, lawProtected, "a change of an account without two-step verification was answered %s", r)
			return r
		case early != nidan.OK:
			p.must(r == early && len(p.changes) == 0, lawAnswer, "what is refused early as %s was answered %s", early, r)
			return r
		case r == nidan.FirstStepWait:
			p.must(len(p.changes) == 0, lawRefused, "%s wrote", r)
			return r
		case !c.right || t.stopped:
			p.must(r == nidan.WrongFirstStep && len(p.changes) == 0, lawLowering, "a change without the password was answered %s", r)
			return r
		case !t.protected:
			p.must(r == want, lawAnswer, "a change was answered %s instead of %s", r, want)
			if r == nidan.OK {
				c.then(p, b, who, way{}, o)
			}
			return r
		}
		class := p.class(b, who)
		passed := p.judged(who, kind, class, a, code, right, r, want)
		switch {
		case passed && slices.Contains(consumes, r):
			by := *t.way(kind)
			p.must(by.method != mailcode.Name || !t.byMail, lawMailbox, "a mailed password and a mailed number made a change")
			p.took(who, kind, a, code)
			if by.method == backup.Name {
				p.must(p.told(who, nidan.NoticeBackupUsed), lawLowering, "a backup code was used without a notice")
			}
			if r == nidan.OK || c.always {
				c.then(p, b, who, by, o)
			}
		case passed:
			p.must(len(p.changes) == 0, lawRefused, "%s wrote", r)
		case slices.Contains(counted, r) && class == nidan.Other:
			p.must(p.toldStranger(who), lawLowering, "a wrong code in a session of an unknown browser was not told")
		}
		return r
	}
}

// anew is the acting session minted anew, by the way that was answered, or the
// end of it.
func (p *play) anew(b, who int, by way, o nidan.Outcome) {
	p.granted(b, who, o, true)
	if len(p.broken) > 0 {
		return
	}
	if by.method == "" {
		p.level(b, nidan.LevelPassword)
	} else {
		p.level(b, worth(by.method))
	}
}

func turnOff(b int, right bool, with answer) func(*play) nidan.Reason {
	return change{right: right, with: with,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			return p.svc.TurnOff(ctx, tok, pw, ans, from)
		},
		then: func(p *play, b, who int, by way, o nidan.Outcome) {
			t := &p.w.truth[who]
			p.must(p.told(who, nidan.NoticeOff), lawLowering, "turned off without a notice")
			for len(t.ways) > 0 {
				t.removes(t.ways[0].id)
			}
			t.protected, t.codes, t.spent, t.replaced = false, nil, nil, nil
			t.endsRecovery()
			t.bump()
			p.anew(b, who, by, o)
		}}.by(b)
}

func reissue(b int, right bool, with answer) func(*play) nidan.Reason {
	return change{right: right, with: with,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			return p.svc.BeginReissue(ctx, tok, pw, ans, from)
		},
		then: func(p *play, b, who int, _ way, o nidan.Outcome) {
			t := &p.w.truth[who]
			p.w.jars[b].reissue = carried{value: o.Ticket.Reveal(), who: who, epoch: t.epoch, revision: t.revision, at: p.wall(), lineage: p.w.jars[b].session.lineage}
		}}.by(b)
}

// add begins the set-up of another authenticator, or of the successor of one.
func add(b int, m nidan.MethodName, replaces int, right bool, with answer) func(*play) nidan.Reason {
	old := func(p *play, who int) *way { return p.w.truth[who].way(replaces) }
	return change{right: right, with: with, always: true,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			id := ""
			if replaces != wayNone {
				id = p.wayID(p.w.jars[b].session.who, replaces)
			}
			return p.svc.BeginAdd(ctx, tok, m, id, pw, ans, from)
		},
		want: func(p *play, b, who int) nidan.Reason {
			if m == mailcode.Name { // one that was mailed already will do
				return p.w.truth[who].maySend(p.w.jars[b].session.asks(nidan.PromptSetUp), p.class(b, who), p.wall())
			}
			return nidan.OK
		},
		early: func(p *play, b, who int) nidan.Reason {
			t, w := &p.w.truth[who], old(p, who)
			a := p.w.jars[b].session.asks(nidan.PromptSetUp)
			has := m == mailcode.Name && t.way(wayMail) != nil
			switch {
			case replaces != wayNone && (w == nil || w.method == backup.Name), has && (w == nil || w.method != m):
				return nidan.NoSuchWay
			case replaces == wayNone && len(t.ways) >= 10:
				return nidan.NoSuchWay
			case m == mailcode.Name && !t.number(a).live(p.wall()):
				return t.maySend(a, p.class(b, who), p.wall())
			}
			return nidan.OK
		},
		then: func(p *play, b, who int, _ way, o nidan.Outcome) {
			c := carried{proven: p.wall(), lineage: p.w.jars[b].session.lineage, method: m, adds: true}
			if w := old(p, who); w != nil {
				c.replaces = w.id
			}
			p.begins(b, who, c, o)
		}}.by(b)
}

func remove(b, kind int, with answer) func(*play) nidan.Reason {
	return change{right: true, with: with,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			return p.svc.Remove(ctx, tok, p.wayID(p.w.jars[b].session.who, kind), pw, ans, from)
		},
		early: func(p *play, _, who int) nidan.Reason {
			if w := p.w.truth[who].way(kind); w == nil || w.method == backup.Name {
				return nidan.NoSuchWay
			}
			return nidan.OK
		},
		want: func(p *play, _, who int) nidan.Reason {
			t := &p.w.truth[who]
			w := t.way(kind)
			if w == nil {
				return nidan.NoSuchWay
			}
			for i := range t.ways {
				if x := &t.ways[i]; x.id != w.id && x.method != backup.Name && !x.disabled {
					return nidan.OK
				}
			}
			return nidan.LastOne
		},
		then: func(p *play, b, who int, by way, o nidan.Outcome) {
			t := &p.w.truth[who]
			p.must(p.told(who, nidan.NoticeRemoved), lawLowering, "an authenticator was removed without a notice")
			w := t.way(kind)
			own := w.id == by.id
			if t.first == w.id {
				t.first = ""
			}
			t.removes(w.id)
			t.endsRecovery() // its wait was reckoned for what there was
			t.bump()
			if own {
				p.must(o.Session == nil, lawMint, "a session came of what was just removed")
				p.w.keepOld(p.w.jars[b].session)
				p.w.jars[b].session = carried{}
				return
			}
			p.anew(b, who, by, o)
		}}.by(b)
}

func changePassword(b int, right bool, chosen string, before nidan.Reason, with answer) func(*play) nidan.Reason {
	return change{right: right, with: with, open: true, before: before,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			return p.svc.ChangePassword(ctx, tok, pw, ans, nidan.NewSecret(chosen), from)
		},
		then: func(p *play, b, who int, by way, o nidan.Outcome) {
			t := &p.w.truth[who]
			p.must(p.told(who, nidan.NoticePasswordChanged), lawLowering, "a password was changed without a notice")
			t.password = chosen
			t.endsRecovery()
			t.bump()
			p.anew(b, who, by, o)
		}}.by(b)
}

// sendHere asks for a number to confirm a change with.
func sendHere(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		r := p.result(p.svc.SendCodeHere(ctx, tok, p.wayID(who, wayMail), p.from(b)))
		if p.dead(b, r) {
			return r
		}
		if !p.w.truth[who].protected {
			p.must(r == nidan.NotProtected, lawProtected, "a number for an account without two-step verification was answered %s", r)
			return r
		}
		p.asksFor(who, p.w.jars[b].session.asks(nidan.PromptConfirm), p.class(b, who), r)
		return r
	}
}

// setFirst chooses which way a log-in asks first.
func setFirst(b, kind int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		t := &p.w.truth[who]
		r := p.result(p.svc.SetDefault(ctx, tok, p.wayID(who, kind), p.from(b)))
		if p.dead(b, r) {
			return r
		}
		if w := t.way(kind); w == nil || w.disabled || w.method == backup.Name {
			p.must(r == nidan.NoSuchWay, lawAnswer, "a way that cannot be asked first was answered %s", r)
		} else if p.must(r == nidan.OK, lawAnswer, "choosing what to ask first was answered %s", r) {
			t.first = w.id
		}
		return r
	}
}

// rename gives the app a name.
func rename(b int, name string) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		r := p.result(p.svc.Rename(ctx, tok, p.wayID(who, wayApp), name, p.from(b)))
		switch {
		case len(name) > 40:
			p.must(r == nidan.NameInvalid, lawCaps, "a long name was answered %s", r)
		case p.dead(b, r):
		case p.w.truth[who].way(wayApp) == nil:
			p.must(r == nidan.NoSuchWay, lawAnswer, "the name of nothing was answered %s", r)
		default:
			p.must(r == nidan.OK, lawAnswer, "a name was answered %s", r)
		}
		return r
	}
}

// resync shows two codes of the app, as its clock goes.
func resync(b int, password string, one, two int64) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		t := &p.w.truth[who]
		pw := password
		if pw == "right" {
			pw = t.password
		}
		w := t.way(wayApp)
		first, second := "123456", "123456"
		if w != nil {
			first, second = totpAt(w.key, p.step()+one), totpAt(w.key, p.step()+two)
		}
		r := p.result(p.svc.Resync(ctx, tok, p.wayID(who, wayApp), nidan.NewSecret(first), nidan.NewSecret(second), nidan.NewSecret(pw), p.from(b)))
		if p.dead(b, r) {
			return r
		}
		class := p.class(b, who)
		fresh := p.wall().Sub(p.w.jars[b].session.proven) <= nidan.Fresh
		switch {
		case r == nidan.FirstStepWait:
		case pw != "" && (pw != t.password || t.stopped):
			p.must(r == nidan.WrongFirstStep, lawLowering, "a resync with a wrong password was answered %s", r)
		case pw == "" && !fresh:
			p.must(r == nidan.StepUp, lawLowering, "a resync without a fresh password was answered %s", r)
		case w == nil:
			p.must(r == nidan.NoSuchWay, lawAnswer, "the clock of nothing was answered %s", r)
		case w.disabled:
			p.must(r == nidan.Disabled, lawStops, "a disabled app's clock was answered %s", r)
		case t.waits(class, p.wall()):
			p.must(r == nidan.Waiting, lawWait, "during a wait a resync was answered %s", r)
		case two == one+1 && two < -2:
			p.must(r == nidan.ClockBehind, lawAnswer, "a clock that is behind was answered %s", r)
		case two == one+1 && two > 1:
			p.must(r == nidan.ClockAhead, lawAnswer, "a clock that is ahead was answered %s", r)
		case two == one+1 && p.step()+two > w.lastStep:
			if p.must(r == nidan.OK, lawAnswer, "two codes in a row were answered %s", r) {
				w.third = 0
				if two == -2 || two == 1 {
					w.third = two
				}
				w.lastStep, w.wrong = p.step()+two, [2]int{}
				p.takes(fmt.Sprintf("%s %s %d", t.id, w.key, w.lastStep))
				t.rowEnded()
			}
		default:
			if p.must(r == nidan.WrongAnswer, lawOnce, "two codes that are used or not in a row were answered %s", r) {
				p.missed(who, wayApp, class)
			}
		}
		return r
	}
}

func logOut(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, _, ok := p.session(b)
		if !ok {
			return ""
		}
		r := p.result(p.svc.LogOut(ctx, tok, p.from(b)))
		if p.dead(b, r) {
			return r
		}
		p.must(r == nidan.OK, lawAnswer, "logging out was answered %s", r)
		p.w.ends(b)
		return r
	}
}

// ends takes a session out of its browser for good.
func (w *world) ends(b int) {
	c := w.jars[b].session
	c.epoch = -1
	w.keepOld(c)
	w.jars[b].session = carried{}
}

func logOutEverywhere(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		o, err := p.svc.LogOutEverywhere(ctx, tok, p.from(b))
		r := p.result(o, err)
		if p.dead(b, r) || r != nidan.OK {
			return r
		}
		c := p.w.jars[b].session
		fresh := p.wall().Sub(c.proven) <= nidan.Fresh && (c.twoSteps || !p.w.truth[who].protected)
		p.w.truth[who].bump()
		p.must(fresh == (o.Session != nil), lawEnded, "the acting session goes on: %v, and its proofs are fresh: %v", o.Session != nil, fresh)
		if o.Session == nil {
			p.w.ends(b)
			return r
		}
		p.granted(b, who, o, true)
		s := &p.w.jars[b].session
		s.proven, s.twoSteps, s.level = c.proven, c.twoSteps, c.level
		return r
	}
}

// endOther ends another browser's session from this one.
func endOther(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		other := &p.w.jars[1-b]
		if !ok {
			return ""
		}
		id := nidan.SessionID("none")
		if other.session.value != "" {
			id = nidan.SessionID(nidan.TokenID(other.session.value))
		}
		r := p.result(p.svc.EndSession(ctx, tok, id, p.from(b)))
		if p.live(p.w.jars[b].session) && !p.frozen(who) {
			there := other.session.value != "" && other.session.who == who && other.session.epoch == p.w.truth[who].epoch
			p.must((r == nidan.OK) == there || p.wall().Sub(other.session.at).Hours() >= 1, lawOthers, "ending another session was answered %s", r)
		} else if p.dead(b, r) {
			return r
		}
		if r == nidan.OK {
			p.must(other.session.who == who, lawOthers, "another account's session was ended")
			p.w.ends(1 - b)
		}
		return r
	}
}

// forgetBrowsers ends that any browser is remembered.
func forgetBrowsers(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		t := &p.w.truth[who]
		r := p.result(p.svc.ForgetBrowser(ctx, tok, "", p.from(b)))
		if p.live(p.w.jars[b].session) && !p.frozen(who) && r == nidan.Gone {
			p.must(len(t.remembered) == 0, lawRemembered, "no remembered browser was found, and there are %d", len(t.remembered))
			return r
		}
		if p.dead(b, r) {
			return r
		}
		t.remembered = nil
		return r
	}
}
