package nidan_test

import (
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

func printLink(purpose nidan.TicketPurpose, login func(*world) string) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		name := login(p.w)
		l, o, err := p.svc.PrintLink(ctx, purpose, name, "asked by phone")
		r := p.result(o, err)
		if r == nidan.OK {
			t := p.w.truth[alice]
			p.w.link = carried{value: l.Ticket.Reveal(), who: alice, epoch: t.epoch, revision: t.revision, at: p.wall(), ends: l.Expires, item: name}
			p.w.kind = purpose
		}
		return r
	}
}

// Whom somebody names.
func herself(w *world) string                { return w.truth[alice].name }
func called(name string) func(*world) string { return func(*world) string { return name } }

// useLink posts whatever link the operator has handed out.
func useLink(b int, password string) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		w := p.w
		if w.link.value == "" {
			return ""
		}
		slot := map[nidan.TicketPurpose]int{nidan.TicketReset: mailReset, nidan.TicketBrowser: mailBrowser, nidan.TicketInvite: mailRegister}[w.kind]
		return p.spend(b, slot, w.kind, w.link, password)
	}
}

// useMail posts a link out of the mailbox: the newest of its kind, or the one
// before.
func useMail(b, slot int, older bool) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		c := p.w.mail[slot]
		if older {
			c = p.w.older[slot]
		}
		if c.value == "" {
			return ""
		}
		var purpose nidan.TicketPurpose
		for k, n := range slots {
			if n == slot {
				purpose = k
			}
		}
		return p.spend(b, slot, purpose, c, "chosen by who reads the mail")
	}
}

// good says whether a password is taken for a name, by the world's first step.
func good(password, name string) bool {
	return len(password) >= 15 && len(password) <= 256 && password != "personal "+name && !strings.Contains(password, "\x00")
}

// spend posts a link.
func (p *play) spend(b, slot int, purpose nidan.TicketPurpose, c carried, password string) nidan.Reason {
	link, stands := nidan.NewSecret(c.value), p.stands(slot, c)
	_, seen, err := p.svc.OpenLink(ctx, purpose, link)
	p.must(len(p.changes) == 0, lawInert, "opening a link wrote")
	if err != nil {
		return p.result(seen, err)
	}
	var o nidan.Outcome
	from := p.from(b)
	switch slot {
	case mailReset:
		o, err = p.svc.Reset(ctx, link, nidan.NewSecret(password), from)
	case mailBrowser:
		o, err = p.svc.KnowBrowser(ctx, link, from)
	case mailRegister:
		o, err = p.svc.AcceptInvite(ctx, link, nidan.NewSecret(password), "en", from)
	case mailAddress:
		o, err = p.svc.UseAddressLink(ctx, link, from)
	case mailSecond:
		o, err = p.svc.UseSecondLink(ctx, link, from)
	case mailCancel:
		o, err = p.svc.CancelByLink(ctx, link, from)
	case mailNotMe:
		o, err = p.svc.NotMeByLink(ctx, link, from)
	}
	r := p.result(o, err)
	p.must(o.Session == nil, lawMint, "a link signed in")
	if !stands || slot != mailRegister && p.frozen(c.who) {
		law := lawTicket
		if c.who != nobody && p.w.truth[c.who].deleted || slot == mailRegister {
			law = lawDeleted
		}
		p.must(r != nidan.OK && len(p.changes) == 0, law, "a link to %s that does not stand was answered %s, or wrote", purpose, r)
		taken := slot == mailAddress && p.w.has(c.item) // which only its use finds
		p.must(seen.Reason == nidan.LinkDead || taken, law, "a link to %s that does not stand is shown as %s", purpose, seen.Reason)
		return r
	}
	p.must(seen.Reason == nidan.OK, lawAnswer, "a link to %s that stands is shown as %s", purpose, seen.Reason)
	if (slot == mailReset || slot == mailRegister) && !good(password, c.item) {
		p.must(r != nidan.OK && len(p.changes) == 0, lawRefused, "a bad password was answered %s, or wrote", r)
		return r
	}
	if !p.must(r == nidan.OK, lawAnswer, "a link to %s that stands was answered %s", purpose, r) {
		return r
	}
	p.spent(b, slot, c, password, o)
	return r
}

// spent is what becomes true with a link.
func (p *play) spent(b, slot int, c carried, password string, o nidan.Outcome) {
	if slot == mailRegister {
		p.registers(b, c.item, password, o)
		return
	}
	t := &p.w.truth[c.who]
	switch slot {
	case mailReset:
		p.must(p.told(c.who, nidan.NoticePasswordReset), lawLowering, "a reset without a notice")
		t.password, t.stopped, t.byMail, t.byReset = password, false, true, p.wall()
		t.endsRecovery()
		p.silent(c.who)
		t.bump()
		p.knows(b, c.who, o)
	case mailBrowser:
		t.blink = p.wall()
		p.knows(b, c.who, o)
	case mailAddress:
		p.must(p.toldAt(nidan.NoticeAddressChanged, append(t.addresses(), c.item)...), lawLowering, "a change of address was not told to every address, the old one too")
		p.w.left = append(p.w.left, tombstone{t.name, p.wall()})
		t.name = c.item
		if t.second == t.name {
			t.second, t.recovers = "", false
		}
		t.endsRecovery()
		p.silent(c.who)
		t.bump()
	case mailSecond:
		kind := nidan.NoticeSecondAdded
		if c.recovers {
			kind = nidan.NoticeSecondRecovers
		}
		p.must(p.toldAt(kind, t.name, c.item), lawLowering, "a second address was not told, or not what it is for")
		p.must(t.second == "" || p.toldAt(nidan.NoticeSecondRemoved, t.second), lawLowering, "a second address was not told that it is none any more")
		t.second, t.recovers = c.item, c.recovers
		t.endsRecovery()
		p.silent(c.who)
		t.change()
	case mailCancel:
		p.must(p.told(c.who, nidan.NoticeRecoveryGone), lawRecovery, "a recovery was cancelled and not told")
		t.endsRecovery()
		p.silent(c.who)
	case mailNotMe:
		p.wasNotMe(c.who)
	}
}

// registers is an account that came into being.
func (p *play) registers(b int, name, password string, o nidan.Outcome) {
	t := &p.w.truth[alice]
	if !t.deleted || name != t.name {
		p.w.others = append(p.w.others, name)
		return
	}
	id, err := p.Lookup(ctx, nidan.LookupLogin, name)
	p.must(err == nil && id != t.id, lawDeleted, "a deleted account is back")
	*t = truth{id: id, name: name, password: password, epoch: t.epoch + 1, revision: t.revision + 1, tries: t.tries, notMe: p.wall()}
	for i := range p.w.jars {
		p.w.jars[i].known.who, p.w.jars[i].remembered.who = nobody, nobody // of the account that is gone
	}
	p.w.jars[b].known = carried{value: o.Browser.Reveal(), who: alice, at: p.wall()}
}

// askLink asks for a link by mail. Anybody may, for any address, and learns
// nothing.
func askLink(b int, purpose nidan.TicketPurpose, login func(*world) string) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		name, now := login(p.w), p.wall()
		before := p.w.db.docs
		r := p.result(p.svc.AskLink(ctx, purpose, name, p.from(b)))
		if name == noAddress {
			p.must(r == nidan.NameInvalid && len(p.queued) == 0, lawAnswer, "no address was answered %s", r)
			return r
		}
		p.must(r == nidan.OK && len(p.changes) == 0 && sameDocs(before, p.db.docs) && len(p.queued) == 1, lawGate, "asking for a link was answered %s, or wrote a document", r)
		if len(p.queued) != 1 {
			return r
		}
		for who, t := range p.w.truth {
			p.must(p.queued[0].Account != t.id, lawGate, "what is mailed shows that there is an account %d", who)
		}
		would := purpose == nidan.TicketRegister
		if p.w.has(name) { // who is frozen is told nothing: an operator has to mend it first
			would = !p.frozen(alice) || name != p.w.truth[alice].name
		}
		asked := slices.DeleteFunc(slices.Clone(p.w.asked), func(a asking) bool { return now.Sub(a.at) >= time.Hour })
		n := 0
		for _, a := range asked {
			if a.name == name && a.purpose == purpose {
				n++
			}
		}
		went := p.queued[0].notice.To != ""
		p.must(!went || would && n < 3, lawSends, "link %d of an hour was mailed, to somebody: %v", n+1, would)
		p.must(went || !would || n > 0, lawAnswer, "a link was not mailed")
		p.w.asked = append(asked, asking{purpose, name, now})
		return r
	}
}

const noAddress = "no address"

// askAddress begins a change of the account's address.
func askAddress(b int, to func(*world) string, with answer) func(*play) nidan.Reason {
	return change{right: true, with: with, open: true,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			return p.svc.BeginAddress(ctx, tok, to(p.w), pw, ans, from)
		},
		early: func(p *play, b, who int) nidan.Reason { return p.wantsProof(b, who, to(p.w)) },
		then: func(p *play, b, who int, _ way, _ nidan.Outcome) {
			p.must(p.told(who, nidan.NoticeAddressAsked), lawLowering, "a change of address was not announced")
			t, name := &p.w.truth[who], to(p.w)
			kind := nidan.NoticeAddressLink
			if p.w.has(name) {
				kind = nidan.NoticeHasAccount
			}
			p.must(p.toldAt(kind, name), lawAddress, "%s was not mailed to the new address", kind)
			t.mails(p.class(b, who), p.wall())
		}}.by(b)
}

// other is the address that alice does not have now.
func other(w *world) string {
	if w.truth[alice].name == moved {
		return names[alice]
	}
	return moved
}

// wantsProof is what asking for the proof of an address is answered before the
// steps are judged.
func (p *play) wantsProof(b, who int, name string) nidan.Reason {
	t := &p.w.truth[who]
	if name == t.name || name == t.second {
		return nidan.NameTaken
	}
	return t.mayMail(p.class(b, who), p.wall())
}

// askSecond begins a second address.
func askSecond(b int, to string, recovers bool, with answer) func(*play) nidan.Reason {
	return change{right: true, with: with, open: true,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			return p.svc.BeginSecond(ctx, tok, to, recovers, pw, ans, from)
		},
		early: func(p *play, b, who int) nidan.Reason {
			if recovers && !p.w.truth[who].protected {
				return nidan.NotProtected
			}
			return p.wantsProof(b, who, to)
		},
		then: func(p *play, b, who int, _ way, _ nidan.Outcome) {
			t := &p.w.truth[who]
			p.must(p.toldAt(nidan.NoticeSecondLink, to), lawAddress, "no proof was mailed to the second address")
			t.mails(p.class(b, who), p.wall())
			t.wishes = recovers
		}}.by(b)
}

func removeSecond(b int, with answer) func(*play) nidan.Reason {
	return change{right: true, with: with, open: true,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			return p.svc.RemoveSecond(ctx, tok, pw, ans, from)
		},
		early: func(p *play, _, who int) nidan.Reason {
			if p.w.truth[who].second == "" {
				return nidan.NoSuchWay
			}
			return nidan.OK
		},
		then: func(p *play, _, who int, _ way, _ nidan.Outcome) {
			t := &p.w.truth[who]
			p.must(p.told(who, nidan.NoticeSecondRemoved), lawLowering, "a second address was removed and not told")
			t.second, t.recovers = "", false
			t.endsRecovery()
			p.silent(who)
			t.change()
		}}.by(b)
}

func deleteAccount(b int, right bool, with answer) func(*play) nidan.Reason {
	return change{right: right, with: with, open: true,
		do: func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer, from nidan.From) (nidan.Outcome, error) {
			name := p.w.truth[p.w.jars[b].session.who].name
			o, err := p.svc.DeleteAccount(ctx, tok, pw, ans, from)
			if p.buried { // it may be only tried: while the name is taken that says nothing
				p.w.left = append(p.w.left, tombstone{name, p.wall()})
			}
			return o, err
		},
		then: func(p *play, b, who int, _ way, o nidan.Outcome) {
			t := &p.w.truth[who]
			p.must(p.told(who, nidan.NoticeDeleted), lawLowering, "an account was deleted and not told")
			p.must(o.Session == nil, lawDeleted, "a session came of a deletion")
			p.must(p.buried, lawDeleted, "nothing is left of a name")
			t.endsRecovery()
			p.silent(who)
			t.bump()
			*t = truth{id: t.id, name: t.name, deleted: true, epoch: t.epoch, revision: t.revision, tries: t.tries, password: t.password}
			p.w.ends(b)
			// What waits to be said is said, but nothing that comes later.
			p.must(!slices.ContainsFunc(p.db.outbox, func(l letter) bool {
				return l.Account == t.id && l.Due.After(p.wall()) && l.notice.Kind != nidan.NoticeStranger
			}), lawDeleted, "a deleted account is going to be written to")
		}}.by(b)
}

func language(b int, tag string) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, _, ok := p.session(b)
		if !ok {
			return ""
		}
		r := p.result(p.svc.SetLanguage(ctx, tok, tag, p.from(b)))
		if !p.dead(b, r) {
			p.must(r == nidan.OK, lawAnswer, "a language was answered %s", r)
		}
		return r
	}
}

func operatorLogOut(p *play) nidan.Reason {
	r := p.result(p.svc.LogOutAccount(ctx, herself(p.w), "phone stolen"))
	if r == nidan.OK {
		p.w.truth[alice].bump()
	}
	return r
}

func unfreeze(p *play) nidan.Reason {
	frozen := p.frozen(alice)
	r := p.result(p.svc.Unfreeze(ctx, herself(p.w), "looked into"))
	if r == nidan.OK {
		p.must(frozen, lawFrozen, "an account that was not frozen was unfrozen")
		p.w.truth[alice].endsRecovery() // a cancelled one may have been put back
		p.w.truth[alice].bump()
	}
	return r
}

func wait(d time.Duration) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		p.now += d
		return nidan.OK
	}
}

// swapTokens shows each browser's pending token as a session and the session
// as a pending one (SECURITY B1).
func swapTokens(p *play) nidan.Reason {
	for b := range p.w.jars {
		j := p.w.jars[b]
		if j.pending.value != "" {
			if tok, ok := nidan.ParseSession("ns_" + j.pending.value[3:]); ok {
				_, err := p.svc.Session(ctx, tok)
				p.must(err != nil, lawTwoTypes, "a pending token with another prefix is a session")
			}
		}
		if j.session.value != "" {
			if tok, ok := nidan.ParsePending("np_" + j.session.value[3:]); ok {
				_, o, err := p.svc.Pending(ctx, tok, nil)
				p.must(err != nil || o.Reason == nidan.Gone, lawTwoTypes, "a session token with another prefix is a pending sign-in")
			}
		}
	}
	p.must(len(p.changes) == 0, lawInert, "looking wrote")
	return nidan.Gone
}
