package nidan_test

import (
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/totp"
)

// The people who must get in from every state, by waiting and doing the right
// thing. None of them does more than her part: what happened until now is what
// others did to her.

// The people.
const (
	withPassword = iota // and a second step, or a backup code
	withMailbox         // and a second step, or a backup code
	withPatience        // the password, or the mailbox, and nothing else
	people
)

var persons = [people]string{"the password", "the mailbox", "patience"}

// gets plays a person until she is in.
func (p *play) gets(person int) {
	p.thaw()
	switch person {
	case withPassword:
		p.liveness()
	case withMailbox:
		p.mailboxLives()
	case withPatience:
		p.patience()
	}
}

// liveness plays the one with the password and a second step, who resets the
// password by mail where it has been stopped.
func (p *play) liveness() {
	t := &p.w.truth[alice]
	switch {
	case t.deleted:
		p.register()
	case t.protected && !p.answers(t):
		p.patience() // neither second step nor backup code: password or mailbox, and patience
	case !p.getsIn():
		if p.resets(); p.answers(t) || !t.protected {
			p.must(p.getsIn(), lawLive, "the owner is stranded")
		} else {
			p.patience()
		}
	}
}

// answers says whether she has a second step that would be taken now.
func (p *play) answers(t *truth) bool {
	return t.has(wayApp) || t.has(wayCode) && len(t.codes) > 0 || t.way(wayMail) != nil && !t.byMail
}

// thaw is the operator, looking into what was frozen.
func (p *play) thaw() {
	if p.frozen(alice) {
		p.then(unfreeze)
	}
}

// mailboxLives plays the one who reads the mailbox, has forgotten the password, and
// has a second step.
func (p *play) mailboxLives() {
	t := &p.w.truth[alice]
	if t.deleted {
		return
	}
	p.resets()
	if t.protected && !(t.has(wayApp) || t.has(wayCode) && len(t.codes) > 0) {
		p.patience()
		return
	}
	p.must(p.getsIn(), lawLive, "who reads the mailbox and has a second step is stranded")
}

// patience plays the one who has lost every second step: the password, which
// the mailbox can set anew, and a recovery.
func (p *play) patience() {
	t := &p.w.truth[alice]
	if t.deleted || !t.protected {
		return
	}
	p.now += 2 * time.Hour
	if p.then(signIn(home, alice, true)) != nidan.SecondStep {
		if p.resets(); p.then(signIn(home, alice, true)) != nidan.SecondStep {
			p.must(len(p.w.jars[home].session.value) > 0 && p.live(p.w.jars[home].session), lawLive, "who has the password does not get as far as a recovery")
			return // a remembered browser let her in
		}
	}
	for range 40 { // it may go by while nothing is handed over, and is started once more
		p.then(startRecovery(home))
		p.then(postman)
		if p.then(mailRecoveryLink(home, false)) == nidan.OK {
			break
		}
		p.now += 13 * time.Hour
		p.then(signIn(home, alice, true))
	}
	p.then(beginBinding(home, true, false))
	p.then(bindWith(home, totp.Name))
	p.then(confirmBinding(home, 0))
	r := p.then(completeBinding(home, true))
	p.must(r == nidan.OK, lawLive, "a recovery comes to nothing: %s", r)
	p.must(p.getsIn(), lawLive, "who has recovered is stranded")
}

// resets sets the password anew by mail.
func (p *play) resets() {
	p.now += 2 * time.Hour
	p.then(askLink(home, nidan.TicketReset, herself))
	p.then(useMail(home, mailReset, false))
}

// register is the way back of one whose account was deleted: a new one.
func (p *play) register() {
	p.now += 2 * time.Hour
	p.then(askLink(home, nidan.TicketRegister, herself))
	r := p.then(useMail(home, mailRegister, false))
	p.must(r == nidan.OK && p.getsIn(), lawLive, "who has deleted her account cannot make a new one: %s", r)
}

// getsIn signs in after a wait.
func (p *play) getsIn() bool {
	in := func(r nidan.Reason) bool {
		return r == nidan.OK && p.w.jars[home].session.value != "" && len(p.broken) == 0
	}
	p.now += 2 * time.Hour
	t := &p.w.truth[alice]
	switch r := p.then(signIn(home, alice, true)); r {
	case nidan.OK:
		return in(r)
	case nidan.SecondStep:
		with := answer(anyWay)
		if !t.has(wayApp) && (!t.has(wayCode) || len(t.codes) == 0) {
			if n := t.number(ask{nidan.PromptSignIn, p.w.jars[home].pending.value}); !n.live(p.wall()) {
				if p.then(sendCode(home)) != nidan.OK { // the day's mails are used up, or it is not asked first
					p.now += 25 * time.Hour
					p.then(signIn(home, alice, true))
					p.then(sendCode(home))
				}
			}
			with = mailedCode
		}
		return in(p.then(takeSecondStep(home, with)))
	}
	return false
}

// then makes one more move of a longer one.
func (p *play) then(m func(*play) nidan.Reason) nidan.Reason {
	p.begin()
	r := m(p)
	p.w.db = p.db
	p.w.reread(p.room)
	p.collect()
	return r
}
