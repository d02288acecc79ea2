package nidan_test

import (
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
)

// What is mailed. Whatever is due has been read by whoever the mailbox is open
// to; handing it over, which the mail server does in its own time, is a move of
// its own.

// The kinds of mailed links.
const (
	mailReset = iota
	mailBrowser
	mailRegister
	mailAddress
	mailSecond
	mailRecovery
	mailCancel
	mailNotMe
	mailed
)

var slots = map[nidan.TicketPurpose]int{
	nidan.TicketReset: mailReset, nidan.TicketBrowser: mailBrowser, nidan.TicketRegister: mailRegister,
	nidan.TicketAddress: mailAddress, nidan.TicketSecond: mailSecond, nidan.TicketRecovery: mailRecovery,
	nidan.TicketCancel: mailCancel, nidan.TicketNotMe: mailNotMe,
}

// uses are the messages that carry a number.
var uses = map[nidan.NoticeKind]nidan.PromptUse{
	nidan.NoticeSignInCode: nidan.PromptSignIn, nidan.NoticeConfirmCode: nidan.PromptConfirm,
	nidan.NoticeSetUpCode: nidan.PromptSetUp, nidan.NoticeAddressCode: nidan.PromptAddress,
}

// collect reads what has become due, and learns from the pages what the last
// move has made.
func (p *play) collect() {
	now := p.wall()
	kept := p.db.outbox[:0:0]
	for _, l := range p.db.outbox {
		if !now.Before(l.Expires) {
			continue // nothing is sent that no longer works
		}
		due := !l.Due.After(now)
		if due && !l.read {
			p.arrives(l)
			l.read = true
		}
		// What was read matters no more but where its being handed over does.
		if !due || l.notice.Code != "" || l.notice.Kind == nidan.NoticeRecoveryStarted || l.notice.Kind == nidan.NoticeRecoveryHalf {
			kept = append(kept, l)
		}
	}
	p.db.outbox, p.w.db.outbox = kept, kept
	for who := range p.w.truth {
		for i, n := range p.w.truth[who].numbers {
			p.must(n.code != "", lawNumber, "number %d of %s was not mailed", i, n.use)
		}
		p.learn(who)
	}
	p.deadNumbers()
}

// learn gives new authenticators the ids that the pages list.
func (p *play) learn(who int) {
	t, a := &p.w.truth[who], p.w.docs[who]
	for i := range t.ways {
		if t.ways[i].id != "" {
			continue
		}
		for _, x := range a.Authenticators {
			if x.Method == t.ways[i].method && !slices.ContainsFunc(t.ways, func(w way) bool { return w.id == x.ID }) {
				t.ways[i].id = x.ID
				if t.first == learnt && x.Method != "backup" {
					t.first = x.ID
				}
			}
		}
	}
}

// deadNumbers checks that what no longer works is not sent any more.
func (p *play) deadNumbers() {
	for _, l := range p.db.outbox {
		if l.notice.Code == "" {
			continue
		}
		for who := range p.w.truth {
			t := &p.w.truth[who]
			if t.id != l.Account || t.deleted {
				continue
			}
			use := uses[l.notice.Kind]
			ok := slices.ContainsFunc(t.numbers, func(n number) bool { return n.code == l.notice.Code && n.use == use && n.live(p.wall()) })
			p.must(ok, lawNumber, "a number that was used, used up or replaced still waits to be sent")
		}
	}
}

// arrives is a message in a mailbox.
func (p *play) arrives(l letter) {
	n, w := l.notice, p.w
	if n.To == "" {
		return // work done for nobody
	}
	who := slices.IndexFunc(w.truth[:], func(t truth) bool { return t.id == l.Account || t.name == n.Name && !t.deleted })
	if who < 0 {
		who = nobody
	}
	if use, ok := uses[n.Kind]; ok {
		p.arrivesNumber(who, use, n)
		return
	}
	if n.Kind == nidan.NoticeStranger && who != nobody {
		w.truth[who].stranger = p.wall()
	}
	if n.Kind == nidan.NoticeRecoveryStarted && who != nobody {
		w.truth[who].recovery.id = n.Item
	}
	for _, link := range []nidan.MailedLink{n.Link, n.Undo} {
		if slot, ok := slots[link.Purpose]; ok {
			p.arrivesLink(who, slot, link, l)
		}
	}
}

func (p *play) arrivesNumber(who int, use nidan.PromptUse, n *nidan.Notice) {
	if who == nobody {
		p.must(false, lawNumber, "a number was mailed for nobody")
		return
	}
	t := &p.w.truth[who]
	i := slices.IndexFunc(t.numbers, func(x number) bool { return x.use == use && x.code == "" })
	p.must(i >= 0, lawNumber, "a number was mailed that nobody asked for")
	p.must(n.To == t.name, lawAddressee, "a number went to %s", n.To)
	if i >= 0 {
		t.numbers[i].code = n.Code
	}
}

// arrivesLink puts a link where the people of the world find it. A link is of
// use to one reader: it goes to the account's own address, to the one that it
// is to prove, or, at the end of a recovery, where its holder wanted it.
func (p *play) arrivesLink(who, slot int, link nidan.MailedLink, l letter) {
	n, w := l.notice, p.w
	c := carried{value: link.Ticket, who: who, at: n.At, ends: n.Until, item: n.Name}
	var t truth
	if who != nobody {
		t = w.truth[who]
		c.epoch, c.revision = t.epoch, t.revision
	}
	if who == nobody && slot != mailRegister {
		p.must(n.To == n.Name && w.has(n.Name), lawAddressee, "a link to %s for somebody else went to %s", link.Purpose, n.To)
		return
	}
	switch slot {
	case mailReset, mailBrowser:
		p.must(n.To == t.name, lawAddressee, "a link to %s went to %s", link.Purpose, n.To)
	case mailRegister:
		p.must(n.To == n.Name, lawAddressee, "a registration went to %s", n.To)
	case mailAddress, mailSecond:
		c.item, c.recovers = n.To, t.wishes
		p.must(n.To != t.name && n.To != t.second && !(slot == mailAddress && w.has(n.To)), lawAddressee, "the proof of an address went to %s", n.To)
	case mailRecovery:
		p.must(n.To == t.name || t.recovers && n.To == t.second, lawAddressee, "a recovery link went to %s", n.To)
		c.recovery = t.recovery.id
	case mailCancel:
		c.recovery, c.ends = n.Item, t.recovery.started.Add(t.recovery.hold+14*24*time.Hour)
	case mailNotMe:
		c.ends = l.Due.Add(7 * 24 * time.Hour)
	}
	if w.mail[slot].value == c.value {
		return // a copy, or the same link in a later notice
	}
	if slot == mailCancel || p.stands(slot, w.mail[slot]) {
		w.older[slot] = w.mail[slot]
	}
	w.mail[slot] = c
}

// stands says whether a mailed link may still be used, by the truth.
func (p *play) stands(slot int, c carried) bool {
	now := p.wall()
	if c.value == "" || !now.Before(c.ends) {
		return false
	}
	if slot == mailRegister {
		return !p.w.has(c.item) && c.at.After(p.w.leftAt(c.item))
	}
	t := &p.w.truth[c.who]
	if t.deleted {
		return false
	}
	switch slot {
	case mailNotMe:
		return c.at.After(t.notMe)
	case mailCancel:
		return t.recovery.on && t.recovery.id == c.recovery
	}
	if c.epoch != t.epoch {
		return false
	}
	switch slot {
	case mailBrowser:
		return c.at.After(t.blink)
	case mailAddress:
		return c.revision == t.revision && !p.w.has(c.item)
	case mailRecovery:
		return c.revision == t.revision && !t.stopped && t.recovery.id == c.recovery && t.recovery.ripe(now, p.up()) && c.at.After(t.rlink)
	}
	return c.revision == t.revision
}

// up is since when the program runs.
func (p *play) up() time.Time { return epochStart.Add(p.w.up) }

// told says whether a notice has been queued for every address that an account
// had before this move, now or for later.
func (p *play) told(who int, kind nidan.NoticeKind) bool {
	t := &p.w.truth[who]
	return p.toldAt(kind, t.addresses()...)
}

func (p *play) toldAt(kind nidan.NoticeKind, addresses ...string) bool {
	for _, to := range addresses {
		if !slices.ContainsFunc(p.queued, func(l letter) bool { return l.notice.Kind == kind && l.notice.To == to }) {
			return false
		}
	}
	return true
}

// toldStranger says whether the owner has been told of a stranger within the
// hour, or is about to be: the notice of a sign-in that was ended goes out when
// it would have run out.
func (p *play) toldStranger(who int) bool {
	t, now := &p.w.truth[who], p.wall()
	if !t.stranger.IsZero() && now.Sub(t.stranger) < time.Hour {
		return true
	}
	return slices.ContainsFunc(p.db.outbox, func(l letter) bool {
		return l.Account == t.id && l.notice.Kind == nidan.NoticeStranger && !l.Due.After(now.Add(10*time.Minute))
	})
}

// postman is the mail server taking what is due.
func postman(p *play) nidan.Reason {
	now, n := p.wall(), 0
	for _, l := range slices.Clone(p.db.outbox) {
		if l.Due.After(now) {
			continue
		}
		n++
		err := p.svc.Delivered(ctx, l.Account, *l.notice)
		p.must(err == nil, lawAnswer, "a message that was handed over is answered %v", err)
		for who := range p.w.truth {
			t := &p.w.truth[who]
			if t.deleted || !t.recovery.on || t.recovery.id != l.notice.Item || l.notice.To != t.name || p.frozen(who) {
				continue
			}
			switch r := &t.recovery; {
			case l.notice.Kind == nidan.NoticeRecoveryStarted && r.start.IsZero():
				if r.start = now; r.late() > 0 {
					r.half = time.Time{} // half of a wait that begins now
				}
			case l.notice.Kind == nidan.NoticeRecoveryHalf && r.half.IsZero():
				r.half = now
			}
		}
	}
	if n == 0 {
		return ""
	}
	p.db.outbox = slices.DeleteFunc(p.db.outbox, func(l letter) bool { return !l.Due.After(now) })
	return nidan.OK
}

// restart is the program starting again.
func restart(p *play) nidan.Reason {
	p.w.up = p.now
	return nidan.OK
}
