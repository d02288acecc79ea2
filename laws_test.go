package nidan_test

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/nidan-auth/nidan"
)

// The laws that are read off moves and states. Each is checked wherever it can
// be, and the exploration prints how often.
const (
	lawOnce       = "1  a code is accepted once"
	lawTwoTypes   = "2  a pending sign-in is no session"
	lawMint       = "3  a session comes only of the steps the account demands"
	lawMailbox    = "3  one mailbox is one channel: a mailed password and a mailed number are one step"
	lawProtected  = "4  protected from Complete to turn-off, whatever is disabled"
	lawCounted    = "5  every judged wrong answer is counted once, per way and class"
	lawClass      = "5  budgets of known and other browsers are apart"
	lawWait       = "5  nothing is judged during a wait"
	lawStops      = "5  the ladder's stops fall, once, where they stand"
	lawMailcode   = "5  the e-mail code stops no password and is never disabled"
	lawGate       = "5  wrong passwords and asking for links write no document and stop nobody else"
	lawEpoch      = "7  the epoch is raised by the list, and by nothing else"
	lawRevision   = "7  the revision is raised by changes of protection only"
	lawEnded      = "7  what an epoch ended stays ended"
	lawLevel      = "8  the level is what the proofs are worth"
	lawInert      = "10 looking changes nothing"
	lawRecovery   = "11 a recovery binds after its notices and its whole wait, behind its password, never after its end, and signs nobody in"
	lawLowering   = "12 lowering takes both steps and is announced on every address"
	lawAddress    = "A  an address changes nothing until its link is used; one that was given up is nobody's"
	lawAddressee  = "A  a number or link goes to the one address it is for"
	lawNumber     = "J  a mailed number works once, for its own use and sign-in, only the newest, ten minutes, five tries"
	lawSends      = "J  mails stay within 60 s, 3 a sign-in, 5 an hour and 10 a day, per class; links asked for within 3 an hour"
	lawRemembered = "H  a remembered browser passes for its account, 30 days, in its epoch, at 2step, and for no step-up"
	lawDeleted    = "D  a deleted account does not come back by what was issued before"
	lawTicket     = "T  a ticket works once, and only for its own"
	lawAbandon    = "T  nothing is stored before it is done"
	lawRefused    = "T  a refused command writes nothing"
	lawOthers     = "T  no command touches another account"
	lawRace       = "T  a commit that lost the race leaves no trace"
	lawChain      = "E  every commit records an event, chained, one version on"
	lawCaps       = "C  the caps hold"
	lawTime       = "17 an account's time never goes back"
	lawFrozen     = "F  of a frozen account nothing is accepted"
	lawAnswer     = "R  the reason is the one the truth expects"
	lawLive       = "L  who has the password or the mailbox, and a second step, a backup code or patience, gets in by waiting"
)

// everyLaw lists them for the report.
var everyLaw = []string{
	lawOnce, lawTwoTypes, lawMint, lawMailbox, lawProtected, lawCounted, lawClass, lawWait, lawStops, lawMailcode, lawGate,
	lawEpoch, lawRevision, lawEnded, lawLevel, lawInert, lawRecovery, lawLowering, lawAddress, lawAddressee, lawNumber, lawSends,
	lawRemembered, lawDeleted, lawTicket, lawAbandon, lawRefused, lawOthers, lawRace, lawChain, lawCaps, lawTime, lawFrozen,
	lawAnswer, lawLive,
}

// lawsAfter checks what holds after any move, whatever it was.
func (p *play) lawsAfter(before *world, r nidan.Reason) {
	w := p.w
	for who := range w.truth {
		p.documentLaws(before, who)
	}
	p.commitLaws(before, r)
	p.endedLaws(before)
	if len(w.db.freezes) > 0 {
		for b := range w.jars {
			if tok, who, ok := p.session(b); ok && p.frozen(who) {
				_, err := p.svc.Session(ctx, tok)
				p.must(err != nil, lawFrozen, "a session of a frozen account is accepted")
			}
		}
	}
}

// documentLaws compares a document with the truth.
func (p *play) documentLaws(before *world, who int) {
	old, a, was, t := before.docs[who], p.w.docs[who], &before.truth[who], &p.w.truth[who]
	if a == old {
		p.must(was.epoch == t.epoch, lawEpoch, "the epoch should have been raised")
		p.must(was.revision == t.revision, lawRevision, "the revision should have been raised")
		return
	}
	if t.deleted {
		p.tombstoneLaws(a)
		return
	}
	p.must(a.IsProtected() == t.protected, lawProtected, "protected is %v and should be %v", a.IsProtected(), t.protected)
	p.must((len(a.Authenticators) > 0) == t.protected, lawProtected, "%d authenticators of an account with protection %v", len(a.Authenticators), t.protected)
	if a.ID == old.ID {
		p.must((a.Epoch != old.Epoch) == (was.epoch != t.epoch), lawEpoch, "epoch %d after %d, truth %d after %d", a.Epoch, old.Epoch, t.epoch, was.epoch)
		p.must(a.Epoch >= old.Epoch && a.Revision >= old.Revision, lawEpoch, "epoch or revision went back")
		p.must((a.Revision != old.Revision) == (was.revision != t.revision), lawRevision, "revision %d after %d, truth %d after %d", a.Revision, old.Revision, t.revision, was.revision)
	}
	p.must(a.Password.Stopped.IsZero() != t.stopped, lawStops, "the password's stop is %v and should be %v", !a.Password.Stopped.IsZero(), t.stopped)
	p.must(a.Password.ByMail.IsZero() != t.byMail, lawMailbox, "the password is marked as mailed: %v, and should be %v", !a.Password.ByMail.IsZero(), t.byMail)
	p.must(a.Name == t.name && a.Second.Address == t.second && (t.second == "" || a.Second.Recovers == t.recovers), lawAddress, "the addresses are not the proven ones")
	p.must((a.Recovery != nil) == t.recovery.on, lawRecovery, "a recovery is under way: %v, and should be: %v", a.Recovery != nil, t.recovery.on)
	p.must(!a.Last.Before(old.Last), lawTime, "the document's time went back")
	p.wayLaws(a, t)
	p.listLaws(a, t)
}

// wayLaws compares the authenticators.
func (p *play) wayLaws(a *nidan.Account, t *truth) {
	p.must(len(a.Authenticators) == len(t.ways), lawProtected, "%d authenticators, and there should be %d", len(a.Authenticators), len(t.ways))
	for _, x := range a.Authenticators {
		i := slices.IndexFunc(t.ways, func(w way) bool { return w.id == x.ID || w.id == "" && w.method == x.Method })
		if !p.must(i >= 0, lawProtected, "an authenticator %s that should not be", x.Method) {
			continue
		}
		w := &t.ways[i]
		p.must(x.Wrong == w.wrong, lawCounted, "%s has %v wrong answers in a row and should have %v", x.Method, x.Wrong, w.wrong)
		p.must(x.Disabled.IsZero() != w.disabled, lawStops, "%s disabled is %v and should be %v", x.Method, !x.Disabled.IsZero(), w.disabled)
	}
}

// listLaws looks at the document's lists.
func (p *play) listLaws(a *nidan.Account, t *truth) {
	class := [2]int{}
	for _, x := range a.Pending {
		class[x.Class]++
	}
	p.must(class[0] <= 5 && class[1] <= 5, lawCaps, "%v sign-ins are open", class)
	p.must(len(a.Sessions) <= 50 && len(a.Browsers) <= 10 && len(a.Retired) <= 20 && len(a.Authenticators) <= 10 && len(a.Remembered) <= 5, lawCaps, "a list is over its cap")
	p.must(len(a.Prompts) <= 12 && len(a.Throttle.Sends[0]) <= 10 && len(a.Throttle.Sends[1]) <= 10, lawCaps, "%d numbers are outstanding, %d and %d sends are remembered", len(a.Prompts), len(a.Throttle.Sends[0]), len(a.Throttle.Sends[1]))
	alive := 0
	for _, x := range a.Pending {
		if p.wall().Before(x.Expires) {
			alive++
		}
	}
	should := 0
	for _, x := range t.pending {
		if p.wall().Before(x.at.Add(600e9)) {
			should++
		}
	}
	p.must(alive == should, lawEnded, "%d sign-ins are open and %d should be", alive, should)
	p.must(len(a.Remembered) == len(t.remembered), lawRemembered, "%d browsers are remembered and %d should be", len(a.Remembered), len(t.remembered))
}

// tombstoneLaws looks at what is left of a deleted account.
func (p *play) tombstoneLaws(a *nidan.Account) {
	rest := *a
	rest.Form, rest.ID, rest.Version, rest.Branch, rest.Epoch, rest.Revision = 0, "", 0, 0, 0, 0
	body, err := json.Marshal(rest)
	var left map[string]any
	p.must(err == nil && json.Unmarshal(body, &left) == nil, lawDeleted, "a tombstone does not encode")
	for _, key := range []string{"name", "auth", "sessions", "pending", "prompts", "browsers", "rem", "recovery", "second", "protected", "throttle"} {
		v, there := left[key]
		p.must(!there || v == "", lawDeleted, "a tombstone holds %s", key)
	}
	p.must(a.Password.Hash == "" && !a.Deleted.IsZero(), lawDeleted, "a tombstone holds a password, or is none")
	_, err = p.Lookup(ctx, nidan.LookupLogin, p.w.truth[alice].name)
	p.must(p.w.has(p.w.truth[alice].name) == (err == nil), lawDeleted, "the name of a deleted account leads somewhere")
}

// commitLaws looks at what a move has committed.
func (p *play) commitLaws(before *world, r nidan.Reason) {
	var heads [2]nidan.Chain
	for who, a := range before.docs {
		heads[who] = a.Chain
	}
	for _, c := range p.changes {
		if c.Record.Kind != nidan.KindAccount {
			continue
		}
		p.must(len(c.Events) > 0, lawChain, "a commit without an event")
		who := slices.IndexFunc(p.w.truth[:], func(t truth) bool { return t.id == c.Record.ID })
		if who < 0 || before.truth[who].id != c.Record.ID {
			continue // an account that came into being
		}
		p.must(who == alice || r == nidan.OK || r == nidan.SecondStep || p.actsOn(bob), lawOthers, "bob's account was written")
		head := heads[who]
		for _, e := range c.Events {
			var x nidan.Event
			if err := json.Unmarshal(e.Body, &x); err != nil {
				p.must(false, lawChain, "event %d: %v", e.Seq, err)
			}
			p.must(e.Seq == head.Seq+1 && x.Prev == head.Hash && x.Commit == c.ID && x.Version == c.Record.Version, lawChain, "event %d does not follow %d", e.Seq, head.Seq)
			head = nidan.Chain{Seq: e.Seq, Hash: nidan.EventHash(e.Body)}
		}
		heads[who] = head
	}
	for who, a := range p.w.docs {
		p.must(a.ID != before.docs[who].ID || a.Chain == heads[who], lawChain, "the document's head is not its last event")
	}
	switch r {
	case nidan.WrongFirstStep, nidan.FirstStepWait, nidan.Waiting, nidan.Disabled, nidan.NoSuchWay,
		nidan.Expired, nidan.Gone, nidan.DoneElsewhere, nidan.StepUp, nidan.NotSaved, nidan.NotProtected, nidan.AlreadyOn,
		nidan.LinkDead, nidan.NameInvalid, nidan.NameTaken, nidan.NoAccount, nidan.NotFrozen,
		nidan.NoCodeSent, nidan.SameMailbox, nidan.NoRecovery, nidan.RecoveryWaits, nidan.OtherTab, frozenAnswer:
		p.must(len(p.changes) == 0, lawRefused, "%s wrote", r)
	case nidan.MalformedAnswer:
		p.must(len(p.changes) == 0, lawRefused, "%s wrote", r)
	}
}

// actsOn says whether a browser holds anything of an account.
func (p *play) actsOn(who int) bool {
	for _, j := range p.w.jars {
		if j.session.who == who && j.session.value != "" || j.pending.who == who && j.pending.value != "" {
			return true
		}
	}
	return false
}

// endedLaws checks that what was ended stays so: session tokens of earlier
// epochs, logged out, or minted anew.
func (p *play) endedLaws(before *world) {
	w := p.w
	moved := before.truth[alice].epoch != w.truth[alice].epoch || before.truth[bob].epoch != w.truth[bob].epoch
	if !moved && slices.Equal(sessionIDs(before), sessionIDs(w)) {
		return
	}
	check := func(c carried, alive bool) {
		tok, ok := nidan.ParseSession(c.value)
		if !ok {
			return
		}
		s, err := p.svc.Session(ctx, tok)
		if !alive {
			p.must(err != nil, lawEnded, "a session that was ended is accepted")
		}
		if err == nil && w.truth[c.who].protected {
			p.must(s.Level >= nidan.LevelTwoStep, lawMint, "a protected account's session has level %s", s.Level)
			p.must(c.level == 0 || s.Level == c.level, lawLevel, "a session of level %s has level %s now", c.level, s.Level)
		}
		var f *nidan.Fault
		p.must(!errors.As(err, &f), lawAnswer, "an honest database shows a fault: %v", err)
	}
	for _, c := range w.old {
		check(c, false)
	}
	for _, j := range w.jars {
		check(j.session, j.session.value != "" && j.session.epoch == w.truth[j.session.who].epoch)
	}
}

func sessionIDs(w *world) []nidan.SessionID {
	ids := make([]nidan.SessionID, len(w.db.sessions))
	for i := range w.db.sessions {
		ids[i] = w.db.sessions[i].ID
	}
	return ids
}
