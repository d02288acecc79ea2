package nidan_test

import (
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// pendingOf runs a command of a browser's pending sign-in; i is its place in the
// truth, -1 where it has ended.
func pendingOf(b int, do func(*play, nidan.PendingToken) nidan.Reason, then func(p *play, who, i int, r nidan.Reason)) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		j := &p.w.jars[b]
		tok, ok := nidan.ParsePending(j.pending.value)
		if !ok {
			return ""
		}
		r := do(p, tok)
		i := p.open(b)
		if i < 0 {
			p.must((r == nidan.Gone || r == nidan.Expired || r == frozenAnswer) && len(p.changes) == 0, lawEnded, "an ended sign-in was answered %s, or wrote", r)
			return r
		}
		then(p, j.pending.who, i, r)
		return r
	}
}

// startRecovery begins to wait, behind the password.
func startRecovery(b int) func(*play) nidan.Reason {
	return pendingOf(b, func(p *play, tok nidan.PendingToken) nidan.Reason {
		return p.result(p.svc.StartRecovery(ctx, tok, p.from(b)))
	}, func(p *play, who, _ int, r nidan.Reason) {
		t, now := &p.w.truth[who], p.wall()
		p.must(r == nidan.OK, lawAnswer, "starting a recovery was answered %s", r)
		if t.recovery.on && now.Before(t.recovery.over()) && !t.recovery.unheard(now) {
			p.must(len(p.changes) == 0, lawRecovery, "a recovery under way was started again")
			return
		}
		t.recovery = recovery{on: true, started: now, hold: t.holds(now)}
		t.bindTries = 0
		for _, to := range t.addresses() {
			for kind, due := range map[nidan.NoticeKind]time.Duration{nidan.NoticeRecoveryStarted: 0, nidan.NoticeRecoveryHalf: t.recovery.hold / 2, nidan.NoticeRecoveryReady: t.recovery.hold} {
				told := slices.ContainsFunc(p.queued, func(l letter) bool {
					return l.notice.Kind == kind && l.notice.To == to && l.Due.Equal(now.Add(due)) && l.notice.Undo.Purpose == nidan.TicketCancel
				})
				p.must(told, lawRecovery, "%s is not told %s after the start, with a way to cancel", kind, due)
			}
		}
	})
}

// mailRecoveryLink asks for the link that a ripe recovery is for.
func mailRecoveryLink(b int, second bool) func(*play) nidan.Reason {
	return pendingOf(b, func(p *play, tok nidan.PendingToken) nidan.Reason {
		return p.result(p.svc.MailRecoveryLink(ctx, tok, second, p.from(b)))
	}, func(p *play, who, i int, r nidan.Reason) {
		t, now := &p.w.truth[who], p.wall()
		class := t.pending[i].class
		switch {
		case !t.recovery.on || !now.Before(t.recovery.over()):
			p.must(r == nidan.NoRecovery, lawRecovery, "a link for no recovery was answered %s", r)
		case !t.recovery.ripe(now, p.up()):
			p.must(r == nidan.RecoveryWaits, lawRecovery, "a recovery that is not ripe was answered %s", r)
		default:
			want := t.mayMail(class, now)
			if p.must(r == want, lawSends, "a recovery link was answered %s instead of %s", r, want); r == nidan.OK {
				t.mails(class, now)
			}
		}
		p.must(r == nidan.OK || len(p.changes) == 0, lawRefused, "%s wrote", r)
	})
}

// cancelHere cancels a recovery from a session.
func cancelHere(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		r := p.result(p.svc.CancelRecovery(ctx, tok, p.from(b)))
		if !p.dead(b, r) {
			p.cancels(who, r)
		}
		return r
	}
}

// cancels settles what cancelling a recovery is answered.
func (p *play) cancels(who int, r nidan.Reason) {
	t := &p.w.truth[who]
	if !t.recovery.on {
		p.must(r == nidan.NoRecovery && len(p.changes) == 0, lawRecovery, "cancelling nothing was answered %s", r)
		return
	}
	p.must(r == nidan.OK && p.told(who, nidan.NoticeRecoveryGone), lawRecovery, "cancelling a recovery was answered %s, or not told", r)
	t.endsRecovery()
	p.silent(who)
}

// silent checks that nothing more is going to be said of a recovery that ended.
func (p *play) silent(who int) {
	t := &p.w.truth[who]
	left := slices.ContainsFunc(p.db.outbox, func(l letter) bool {
		return l.Account == t.id && l.Due.After(p.wall()) && l.notice.Item == t.recovery.id && l.notice.Kind != nidan.NoticeStranger
	})
	p.must(!left, lawRecovery, "a recovery that ended is still going to be announced")
}

// notMe is "it wasn't me" from a session.
func notMe(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		r := p.result(p.svc.NotMe(ctx, tok, p.from(b)))
		if p.dead(b, r) {
			return r
		}
		p.must(r == nidan.OK, lawAnswer, "it wasn't me was answered %s", r)
		p.wasNotMe(who)
		p.w.ends(b)
		return r
	}
}

// wasNotMe ends everything but what was enrolled; the password needs a reset.
func (p *play) wasNotMe(who int) {
	t := &p.w.truth[who]
	p.must(p.told(who, nidan.NoticeNotMe), lawLowering, "it wasn't me was not told")
	t.notMe, t.stopped = p.wall(), true
	t.endsRecovery()
	p.silent(who)
	t.bump()
}

// binding says whether the ticket of a recovery's wizard stands.
func (p *play) binding(c carried) bool {
	if c.value == "" {
		return false
	}
	t, now := &p.w.truth[c.who], p.wall()
	return c.epoch == t.epoch && c.revision == t.revision && !t.deleted && !t.stopped && !p.frozen(c.who) && now.Sub(c.at) < time.Hour &&
		t.recovery.id == c.recovery && t.recovery.ripe(now, p.up())
}

// beginBinding opens the wizard with a recovery link and the password.
func beginBinding(b int, right, older bool) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		link := p.w.mail[mailRecovery]
		if older {
			link = p.w.older[mailRecovery]
		}
		if link.value == "" {
			return ""
		}
		t := &p.w.truth[link.who]
		password := t.password
		if !right {
			password = "not the password at all"
		}
		o, err := p.svc.BeginBinding(ctx, nidan.NewSecret(link.value), nidan.NewSecret(password), p.from(b))
		r := p.result(o, err)
		p.must(o.Session == nil, lawMint, "a recovery link signed in")
		switch {
		case !p.stands(mailRecovery, link) || p.frozen(link.who):
			p.must(r == nidan.LinkDead, lawRecovery, "a recovery link that does not stand was answered %s", r)
		case r == nidan.FirstStepWait:
			p.must(t.bindTries >= 5, lawGate, "waits after %d wrong passwords behind recovery links", t.bindTries)
		case !right || t.stopped:
			p.must(r == nidan.WrongFirstStep, lawRecovery, "a recovery link and a wrong password were answered %s", r)
			t.bindTries++
		case p.must(r == nidan.OK, lawAnswer, "a recovery link and the password were answered %s", r):
			t.bindTries, t.rlink = 0, p.wall()
			p.w.born++
			p.w.jars[b].bind = carried{
				value: o.Ticket.Reveal(), who: link.who, epoch: t.epoch, revision: t.revision, at: p.wall(),
				lineage: p.w.born, recovery: link.recovery,
			}
		}
		p.must(r == nidan.OK || len(p.changes) == 0, lawRefused, "%s wrote", r)
		return r
	}
}

// bindingOf runs a step of a recovery's wizard; nothing comes of one that does
// not stand.
func bindingOf(b int, can func(carried) bool, do func(*play, *carried) nidan.Outcome, then func(*play, *carried, nidan.Outcome)) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		c := &p.w.jars[b].bind
		if c.value == "" || !can(*c) {
			return ""
		}
		stood := p.binding(*c)
		o := do(p, c)
		if !stood {
			p.must(slices.Contains([]nidan.Reason{nidan.Gone, nidan.Expired, nidan.DoneElsewhere}, o.Reason) && len(p.changes) == 0, lawRecovery, "a recovery that does not stand was answered %s, or wrote", o.Reason)
			return o.Reason
		}
		then(p, c, o)
		return o.Reason
	}
}

// outcome keeps an answer whole where its reason has been looked at.
func (p *play) outcome(o nidan.Outcome, err error) nidan.Outcome {
	o.Reason = p.result(o, err)
	p.must(o.Session == nil, lawRecovery, "a recovery signed in")
	return o
}

// bindWith chooses what a recovery binds.
func bindWith(b int, m nidan.MethodName) func(*play) nidan.Reason {
	return bindingOf(b, func(carried) bool { return true }, func(p *play, c *carried) nidan.Outcome {
		return p.outcome(p.svc.BindWith(ctx, form(c.value), m, p.from(b)))
	}, func(p *play, c *carried, o nidan.Outcome) {
		if m == mailcode.Name {
			a := c.asks(nidan.PromptSetUp)
			p.mailsNumber(c.who, a, p.class(b, c.who), o.Reason)
			if p.must(o.Ticket.Empty() != p.w.truth[c.who].number(a).live(p.wall()), lawSends, "a binding goes on: %v", !o.Ticket.Empty()); o.Ticket.Empty() {
				return
			}
		} else {
			p.must(o.Reason == nidan.OK && len(p.changes) == 0, lawAbandon, "choosing what to bind was answered %s, or wrote", o.Reason)
		}
		c.value, c.method, c.confirm, c.codes, c.key = o.Ticket.Reveal(), m, false, nil, ""
		if m == totp.Name {
			h, _, err := p.svc.HeldBinding(ctx, o.Ticket)
			p.must(err == nil && h.Handout.Key != "", lawTicket, "the binding hands out nothing")
			c.key = h.Handout.Key
		}
	})
}

// confirmBinding shows what the app that is being bound shows.
func confirmBinding(b int, off int64) func(*play) nidan.Reason {
	return bindingOf(b, func(c carried) bool { return c.method == totp.Name }, func(p *play, c *carried) nidan.Outcome {
		return p.outcome(p.svc.ConfirmBinding(ctx, form(c.value), nidan.NewSecret(p.shows(*c, off)), p.from(b)))
	}, func(p *play, c *carried, o nidan.Outcome) {
		p.must(len(p.changes) == 0, lawAbandon, "confirming a binding wrote")
		if o.Reason == nidan.OK && !c.confirm {
			h, _, _ := p.svc.HeldBinding(ctx, o.Ticket)
			p.confirmed(c, off, o, h)
		}
	})
}

// confirmBindingNumber answers the number of a recovery's wizard.
func confirmBindingNumber(b int, with answer) func(*play) nidan.Reason {
	return bindingOf(b, func(c carried) bool { return c.method == mailcode.Name }, func(p *play, c *carried) nidan.Outcome {
		_, code, _ := with(p, c.who, c.asks(nidan.PromptSetUp))
		return p.outcome(p.svc.ConfirmBinding(ctx, form(c.value), nidan.NewSecret(code), p.from(b)))
	}, func(p *play, c *carried, o nidan.Outcome) {
		_, code, right := with(p, c.who, c.asks(nidan.PromptSetUp))
		if p.judgesNumber(c.who, *c, c.asks(nidan.PromptSetUp), code, right, o.Reason) {
			h, _, _ := p.svc.HeldBinding(ctx, o.Ticket)
			p.confirmed(c, 0, o, h)
		}
	})
}

// sendBinding asks for the number of a recovery's wizard again.
func sendBinding(b int) func(*play) nidan.Reason {
	return bindingOf(b, func(c carried) bool { return c.method != "" }, func(p *play, c *carried) nidan.Outcome {
		return p.outcome(p.svc.SendBindingCode(ctx, form(c.value), p.from(b)))
	}, func(p *play, c *carried, o nidan.Outcome) { p.sendsAgain(b, c.who, c, o) })
}

// completeBinding puts what a recovery's wizard has confirmed in the place of
// everything the account had.
func completeBinding(b int, saved bool) func(*play) nidan.Reason {
	return bindingOf(b, func(carried) bool { return true }, func(p *play, c *carried) nidan.Outcome {
		return p.outcome(p.svc.CompleteBinding(ctx, form(c.value), saved, p.from(b)))
	}, func(p *play, c *carried, o nidan.Outcome) {
		t := &p.w.truth[c.who]
		want := nidan.OK
		switch {
		case !c.confirm:
			want = nidan.StepUp
		case !saved:
			want = nidan.NotSaved
		}
		p.must(o.Reason == want && (want == nidan.OK || len(p.changes) == 0), lawRecovery, "completing a recovery was answered %s instead of %s", o.Reason, want)
		if o.Reason != nidan.OK || len(p.broken) > 0 {
			return
		}
		p.must(p.told(c.who, nidan.NoticeRecovered), lawLowering, "a recovery was completed without a notice")
		replaced := append(slices.Clone(t.codes), t.replaced...)
		for len(t.ways) > 0 {
			t.removes(t.ways[0].id)
		}
		p.binds(c.who, *c)
		t.replaced, t.first, t.byMail = replaced, "", false
		t.endsRecovery()
		t.bump()
		*c = carried{}
	})
}
