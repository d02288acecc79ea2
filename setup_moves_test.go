package nidan_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// session returns a browser's session token, or false.
func (p *play) session(b int) (nidan.SessionToken, int, bool) {
	c := p.w.jars[b].session
	tok, ok := nidan.ParseSession(c.value)
	return tok, c.who, ok
}

// live says whether the truth has a browser's session alive.
func (p *play) live(c carried) bool {
	return c.value != "" && c.epoch == p.w.truth[c.who].epoch && !p.w.truth[c.who].deleted && p.wall().Sub(c.at) < time.Hour
}

// dead ends a move whose session is over, after checking that it is.
func (p *play) dead(b int, r nidan.Reason) bool {
	c := p.w.jars[b].session
	over := r == nidan.Gone || r == frozenAnswer
	switch {
	case p.frozen(c.who):
		p.must(over, lawFrozen, "a frozen account's session was answered %s", r)
		return true
	case p.w.truth[c.who].deleted:
		p.must(over, lawDeleted, "a deleted account's session was answered %s", r)
		return true
	case c.epoch != p.w.truth[c.who].epoch:
		p.must(over, lawEnded, "a session of an earlier epoch was answered %s", r)
		return true
	}
	p.must(!over || !p.live(c), lawAnswer, "a session that lives was answered %s", r)
	return over
}

func beginSetUp(b int, m nidan.MethodName, password string) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		t, s := &p.w.truth[who], p.w.jars[b].session
		pw := password
		if pw == "right" {
			pw = t.password
		}
		o, err := p.svc.BeginSetUp(ctx, tok, m, nidan.NewSecret(pw), p.from(b))
		r := p.result(o, err)
		p.must(m != totp.Name || p.w.proves || len(p.changes) == 0, lawAbandon, "beginning a set-up wrote")
		if p.dead(b, r) {
			return r
		}
		fresh := p.wall().Sub(s.proven) <= nidan.Fresh
		switch {
		case t.protected:
			p.must(r == nidan.AlreadyOn, lawProtected, "a set-up on a protected account was answered %s", r)
			return r
		case r == nidan.FirstStepWait:
			return r
		case pw != "" && (pw != t.password || t.stopped):
			p.must(r == nidan.WrongFirstStep, lawLowering, "a set-up with a wrong password was answered %s", r)
			return r
		case pw == "" && !fresh:
			p.must(r == nidan.StepUp, lawLowering, "a set-up without a fresh password was answered %s", r)
			return r
		}
		c := carried{proven: s.proven, lineage: s.lineage, method: m, prove: p.w.proves && m != mailcode.Name}
		if pw != "" {
			c.proven = p.wall()
		}
		p.begins(b, who, c, o)
		return r
	}
}

// begins takes the ticket of a set-up that was begun, with what it hands out or
// mails.
func (p *play) begins(b, who int, c carried, o nidan.Outcome) {
	t, j := &p.w.truth[who], &p.w.jars[b]
	c.who, c.epoch, c.revision, c.at = who, t.epoch, t.revision, p.wall()
	if use := c.waitsFor(); use != "" {
		a := c.asks(use)
		p.mailsNumber(who, a, p.class(b, who), o.Reason)
		p.must(o.Ticket.Empty() != t.number(a).live(p.wall()), lawSends, "a set-up whose number is outstanding: %v, goes on: %v", t.number(a).live(p.wall()), !o.Ticket.Empty())
	} else {
		p.must(o.Reason == nidan.OK, lawAnswer, "a set-up was answered %s", o.Reason)
	}
	if o.Ticket.Empty() {
		return
	}
	c.value = o.Ticket.Reveal()
	p.handsOut(b, &c)
	j.setup = c
}

// handsOut reads what the app's set-up hands out, once the address is proven.
func (p *play) handsOut(b int, c *carried) {
	if c.method != totp.Name {
		return
	}
	tok, _, _ := p.session(b)
	h, _, err := p.svc.Held(ctx, tok, nidan.TicketSetUp, nidan.NewSecret(c.value))
	p.must(err == nil && (h.Handout.Key == "") == c.prove, lawTicket, "a set-up whose address is to be proven first: %v, hands out: %v", c.prove, h.Handout.Key != "")
	c.key = h.Handout.Key
}

// form is a page's form drawn from the ticket that is carried.
func form(ticket string) nidan.Carried {
	c := nidan.Carried{Ticket: nidan.NewSecret(ticket)}
	c.Drawn = nidan.TicketHash(c.Ticket)
	return c
}

// otherTab posts the forms of another tab.
func otherTab(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, _, ok := p.session(b)
		j := &p.w.jars[b]
		other := nidan.TicketHash(nidan.NewSecret("another ticket"))
		if c := form(j.bind.value); j.bind.value != "" {
			c.Drawn = other
			r := p.result(p.svc.CompleteBinding(ctx, c, true, p.from(b)))
			p.must(r != nidan.OK && len(p.changes) == 0, lawTicket, "a form of another tab passed or wrote")
			return r
		}
		if !ok || j.setup.value == "" {
			return ""
		}
		c := form(j.setup.value)
		c.Drawn = other
		code := "12345678"
		if j.setup.key != "" {
			code = totpAt(j.setup.key, p.step())
		}
		r := p.result(p.svc.Complete(ctx, tok, nidan.TicketSetUp, c, true, p.from(b)))
		r2 := p.result(p.svc.Confirm(ctx, tok, c, nidan.NewSecret(code), p.from(b)))
		r3 := p.result(p.svc.SendSetUpCode(ctx, tok, c, p.from(b)))
		p.must(len(p.changes) == 0, lawTicket, "a form of another tab wrote")
		p.must(r != nidan.OK && r2 != nidan.OK && r3 != nidan.OK, lawTicket, "a form of another tab passed")
		return r
	}
}

// honoured says whether a ticket of a browser stands, by the truth.
func (p *play) honoured(b int, c carried, life time.Duration) bool {
	if c.value == "" {
		return false
	}
	t := p.w.truth[c.who]
	return c.lineage == p.w.jars[b].session.lineage && c.epoch == t.epoch && c.revision == t.revision && !t.deleted && p.wall().Sub(c.at) < life
}

// confirm shows what the app of a set-up shows, some steps off; 99: a wrong
// code, 98: none.
func confirm(b int, off int64) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		j := &p.w.jars[b]
		if !ok || j.setup.value == "" || j.setup.method != totp.Name {
			return ""
		}
		o, err := p.svc.Confirm(ctx, tok, form(j.setup.value), nidan.NewSecret(p.shows(j.setup, off)), p.from(b))
		r := p.result(o, err)
		p.must(len(p.changes) == 0, lawAbandon, "confirming a set-up wrote")
		if who != j.setup.who || !p.honoured(b, j.setup, time.Hour) {
			p.must(r != nidan.OK, lawTicket, "a ticket that does not stand was confirmed")
			return r
		}
		if p.dead(b, r) {
			return r
		}
		p.must(r != nidan.OK || !j.setup.prove, lawNumber, "a set-up went on without the proof of the address")
		if r == nidan.OK && !j.setup.confirm {
			h, _, err := p.svc.Held(ctx, tok, nidan.TicketSetUp, o.Ticket)
			p.must(err == nil, lawTicket, "a set-up that was confirmed shows nothing")
			p.confirmed(&j.setup, off, o, h)
		}
		return r
	}
}

// shows is what an app that is being set up shows.
func (p *play) shows(c carried, off int64) string {
	switch {
	case off == 98:
		return "x"
	case off == 99 || c.key == "":
		return "123456"
	}
	return totpAt(c.key, p.step()+off)
}

// confirmed takes the ticket of a wizard whose authenticator was shown to work.
func (p *play) confirmed(c *carried, off int64, o nidan.Outcome, h nidan.Held) {
	if c.method == totp.Name {
		p.must(off >= -2 && off <= 1, lawOnce, "a set-up was confirmed with a code %d steps away", off)
		c.step, c.off = p.step()+off, off
	}
	p.must(len(h.Codes.Codes) == 10, lawTicket, "no ten codes came of a confirmed set-up")
	c.value, c.confirm, c.codes = o.Ticket.Reveal(), true, h.Codes.Codes
}

// confirmNumber answers the number of a set-up.
func confirmNumber(b int, with answer) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		j := &p.w.jars[b]
		if !ok || j.setup.value == "" || j.setup.method != mailcode.Name && !j.setup.prove {
			return ""
		}
		a := j.setup.asks(nidan.PromptSetUp)
		if j.setup.prove {
			a.use = nidan.PromptAddress
		}
		_, code, right := with(p, who, a)
		o, err := p.svc.Confirm(ctx, tok, form(j.setup.value), nidan.NewSecret(code), p.from(b))
		r := p.result(o, err)
		if who != j.setup.who || !p.honoured(b, j.setup, time.Hour) {
			p.must(r != nidan.OK && len(p.changes) == 0, lawTicket, "a ticket that does not stand was confirmed")
			return r
		}
		if p.dead(b, r) {
			return r
		}
		switch passed := p.judgesNumber(who, j.setup, a, code, right, r); {
		case !passed:
		case j.setup.prove:
			j.setup.prove, j.setup.value = false, o.Ticket.Reveal()
			p.handsOut(b, &j.setup)
		default:
			h, _, err := p.svc.Held(ctx, tok, nidan.TicketSetUp, o.Ticket)
			p.must(err == nil, lawTicket, "a set-up that was confirmed shows nothing")
			p.confirmed(&j.setup, 0, o, h)
		}
		return r
	}
}

// judgesNumber settles what the answer to a wizard's number is answered, and
// says whether it moves the wizard on.
func (p *play) judgesNumber(who int, c carried, a ask, code string, right bool, r nidan.Reason) bool {
	t := &p.w.truth[who]
	switch {
	case c.confirm:
		p.must(r == nidan.OK && len(p.changes) == 0, lawAbandon, "a set-up that was confirmed already was answered %s, or wrote", r)
	case p.noNumber(t, a, r):
	case code == "abc":
		p.must(r == nidan.MalformedAnswer, lawAnswer, "what cannot be a number was answered %s", r)
	case right:
		p.must(r == nidan.OK, lawAnswer, "the right number was answered %s", r)
		t.unsent(a)
		p.takes(fmt.Sprintf("%s %s of %s", t.id, code, a.use))
		return r == nidan.OK
	default:
		p.must(slices.Contains(counted, r), lawNumber, "a number that is old, used, used up, run out or another one's was answered %s", r)
		if n := t.number(a); n != nil {
			n.wrong++
		}
	}
	return false
}

// sendSetUpCode asks for the number of a set-up again.
func sendSetUpCode(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		j := &p.w.jars[b]
		if !ok || j.setup.value == "" {
			return ""
		}
		o, err := p.svc.SendSetUpCode(ctx, tok, form(j.setup.value), p.from(b))
		r := p.result(o, err)
		if who != j.setup.who || !p.honoured(b, j.setup, time.Hour) {
			p.must(r != nidan.OK && len(p.changes) == 0, lawTicket, "a ticket that does not stand had a number mailed")
			return r
		}
		if p.dead(b, r) {
			return r
		}
		p.sendsAgain(b, who, &j.setup, o)
		return r
	}
}

// sendsAgain settles what asking for a wizard's number again is answered.
func (p *play) sendsAgain(b, who int, c *carried, o nidan.Outcome) {
	if c.waitsFor() == "" {
		p.must(o.Reason == nidan.NoSuchWay && len(p.changes) == 0, lawAnswer, "a number that nothing waits for was answered %s", o.Reason)
		return
	}
	p.mailsNumber(who, c.asks(c.waitsFor()), p.class(b, who), o.Reason)
	if !o.Ticket.Empty() {
		c.value = o.Ticket.Reveal()
	}
}

func complete(b int, purpose nidan.TicketPurpose, saved bool) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		j := &p.w.jars[b]
		c := map[nidan.TicketPurpose]*carried{nidan.TicketSetUp: &j.setup, nidan.TicketReissue: &j.reissue, nidan.TicketRenew: &j.renew}[purpose]
		if !ok || c.value == "" {
			return ""
		}
		held, _, _ := p.svc.Held(ctx, tok, purpose, nidan.NewSecret(c.value))
		o, err := p.svc.Complete(ctx, tok, purpose, form(c.value), saved, p.from(b))
		r := p.result(o, err)
		if r != nidan.OK {
			p.must(len(p.changes) == 0, lawRefused, "%s wrote", r)
		}
		t := &p.w.truth[who]
		stands := who == c.who && p.honoured(b, *c, time.Hour)
		if stands && p.dead(b, r) {
			return r
		}
		p.must(r != nidan.OK || stands, lawTicket, "a ticket that does not stand was completed")
		p.must(r != nidan.OK || saved, lawTicket, "completed without the word that the codes are saved")
		p.must(r != nidan.OK || purpose != nidan.TicketSetUp || c.confirm, lawTicket, "a set-up was completed that was never confirmed")
		if stands && saved && (purpose != nidan.TicketSetUp || c.confirm) && (purpose != nidan.TicketRenew || t.has(wayCode)) {
			p.must(r == nidan.OK, lawAnswer, "a standing ticket was answered %s", r)
		}
		if r != nidan.OK || len(p.broken) > 0 {
			return r
		}
		switch purpose {
		case nidan.TicketSetUp:
			p.completes(b, who, *c, o)
		case nidan.TicketReissue:
			p.must(p.told(who, nidan.NoticeCodesIssued), lawLowering, "codes were reissued without a notice")
			t.issues(held.Codes.Codes)
			t.change()
		case nidan.TicketRenew:
			p.must(p.told(who, nidan.NoticeCodeReplaced), lawLowering, "a code was replaced without a notice")
			t.codes = append(t.codes, held.Codes.Codes...)
			t.change()
		}
		*c = carried{}
		return r
	}
}

// completes is what a set-up does that is completed: it turns on, adds or
// replaces.
func (p *play) completes(b, who int, c carried, o nidan.Outcome) {
	t := &p.w.truth[who]
	if !c.adds {
		// Only a password has put it there.
		p.must(t.second == "" || p.toldAt(nidan.NoticeSecondRemoved, t.name, t.second), lawLowering, "a second address was not told that it is none any more")
		t.second, t.recovers = "", false
	}
	p.must(c.adds == t.protected, lawProtected, "a first set-up: %v, of a protected account: %v", !c.adds, t.protected)
	p.binds(who, c)
	switch {
	case c.adds && c.replaces == "":
		t.change()
		p.must(p.told(who, nidan.NoticeAdded), lawLowering, "an authenticator was added without a notice")
		p.must(o.Session == nil, lawMint, "a session came of an addition")
		return
	case c.adds:
		t.endsRecovery() // its wait was reckoned for what there was
		t.bump()
		p.must(p.told(who, nidan.NoticeReplaced), lawLowering, "an authenticator was replaced without a notice")
	default:
		p.must(p.told(who, nidan.NoticeOn), lawLowering, "turned on without a notice")
		t.protected, t.byMail = true, false
		t.bump()
		for i := range p.w.jars {
			if k := &p.w.jars[i].known; k.who == who {
				k.who = nobody // what a password alone made known is known no more
			}
		}
	}
	p.granted(b, who, o, true)
	p.w.jars[b].session.proven = c.proven
	if len(p.broken) == 0 {
		p.level(b, worth(c.method))
	}
}

// binds puts a new authenticator in the place of what it replaces, and its
// codes in force.
func (p *play) binds(who int, c carried) {
	t := &p.w.truth[who]
	n := way{method: c.method, key: c.key, lastStep: c.step}
	if c.off == -2 || c.off == 1 {
		n.third = c.off
	}
	if c.method == totp.Name {
		p.takes(fmt.Sprintf("%s %s %d", t.id, c.key, c.step))
	}
	if c.replaces != "" {
		t.removes(c.replaces)
		if t.first == c.replaces {
			t.first = learnt
		}
	}
	if w := t.way(wayCode); w != nil && w.disabled {
		t.removes(w.id)
	}
	t.ways = append(t.ways, n)
	t.issues(c.codes)
}

// learnt stands for the id of the newest authenticator until a page lists it.
const learnt = "the newest"

// issues puts a set of codes in the place of the one before, or of a disabled
// one.
func (t *truth) issues(codes []string) {
	t.replaced, t.codes, t.spent = append(slices.Clone(t.codes), t.replaced...), codes, nil
	if w := t.way(wayCode); w != nil && w.disabled {
		t.removes(w.id)
	}
	if t.way(wayCode) == nil {
		t.ways = append(t.ways, way{method: backup.Name})
	}
}

// removes takes an authenticator away.
func (t *truth) removes(id string) {
	for _, w := range t.ways {
		if w.id == id && w.method == totp.Name {
			t.gone = w.key
		}
	}
	t.ways = slices.DeleteFunc(t.ways, func(w way) bool { return w.id == id })
	t.rowEnded()
}
