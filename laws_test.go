package nidan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

// lawsAfter checks what holds after any move, whatever it was.
func (p *play) lawsAfter(before *world, r nidan.Reason) {
	w := p.w
	for who := range w.truth {
		p.documentLaws(before, who)
	}
	p.commitLaws(before, r)
	p.endedLaws(before)
	if n := len(w.db.freezes); n > 0 {
		for b := range w.jars {
			if tok, who, ok := p.session(b); ok && who == alice {
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
	p.must(a.IsProtected() == t.protected, lawProtected, "protected is %v and should be %v", a.IsProtected(), t.protected)
	p.must((len(a.Authenticators) > 0) == t.protected, lawProtected, "%d authenticators of an account with protection %v", len(a.Authenticators), t.protected)
	p.must((a.Epoch != old.Epoch) == (was.epoch != t.epoch), lawEpoch, "epoch %d after %d, truth %d after %d", a.Epoch, old.Epoch, t.epoch, was.epoch)
	p.must(a.Epoch >= old.Epoch && a.Revision >= old.Revision, lawEpoch, "epoch or revision went back")
	p.must((a.Revision != old.Revision) == (was.revision != t.revision), lawRevision, "revision %d after %d, truth %d after %d", a.Revision, old.Revision, t.revision, was.revision)
	p.must(a.Password.Stopped.IsZero() != t.stopped, lawStops, "the password's stop is %v and should be %v", !a.Password.Stopped.IsZero(), t.stopped)
	p.must(!a.Last.Before(old.Last), lawTime, "the document's time went back")
	for _, x := range a.Authenticators {
		way := wayApp
		if x.Method == "backup" {
			way = wayCode
		}
		p.must(x.Wrong == t.wrong[way], lawCounted, "%s has %v wrong answers in a row and should have %v", x.Method, x.Wrong, t.wrong[way])
		p.must(x.Disabled.IsZero() != t.disabled[way], lawStops, "%s disabled is %v and should be %v", x.Method, !x.Disabled.IsZero(), t.disabled[way])
	}
	class := [2]int{}
	for _, x := range a.Pending {
		class[x.Class]++
	}
	p.must(class[0] <= 5 && class[1] <= 5, lawCaps, "%v sign-ins are open", class)
	p.must(len(a.Sessions) <= 50 && len(a.Browsers) <= 10 && len(a.Retired) <= 20 && len(a.Authenticators) <= 10, lawCaps, "a list is over its cap")
	alive := 0
	for _, x := range a.Pending {
		if p.wall().Before(x.Expires) {
			alive++
		}
	}
	should := 0
	for _, x := range t.pending {
		if p.wall().Before(x.at.Add(10 * time.Minute)) {
			should++
		}
	}
	p.must(alive == should, lawEnded, "%d sign-ins are open and %d should be", alive, should)
}

// commitLaws looks at what a move has committed.
func (p *play) commitLaws(before *world, r nidan.Reason) {
	for _, c := range p.changes {
		if c.Record.Kind != nidan.KindAccount {
			continue
		}
		p.must(len(c.Events) > 0, lawChain, "a commit without an event")
		who := slices.IndexFunc(p.w.truth[:], func(t truth) bool { return t.id == c.Record.ID })
		if who < 0 {
			continue // an account that came into being
		}
		p.must(who == alice || r == nidan.OK || r == nidan.SecondStep || p.actsOn(bob), lawOthers, "bob's account was written")
		head := before.docs[who].Chain
		for _, e := range c.Events {
			var x nidan.Event
			if err := json.Unmarshal(e.Body, &x); err != nil {
				p.must(false, lawChain, "event %d: %v", e.Seq, err)
			}
			p.must(e.Seq == head.Seq+1 && x.Prev == head.Hash && x.Commit == c.ID && x.Version == c.Record.Version, lawChain, "event %d does not follow %d", e.Seq, head.Seq)
			head = nidan.Chain{Seq: e.Seq, Hash: nidan.EventHash(e.Body)}
		}
		p.must(p.w.docs[who].Chain == head, lawChain, "the document's head is not its last event")
	}
	switch r {
	case nidan.WrongFirstStep, nidan.FirstStepWait, nidan.MalformedAnswer, nidan.Waiting, nidan.Disabled, nidan.NoSuchWay,
		nidan.Expired, nidan.Gone, nidan.DoneElsewhere, nidan.StepUp, nidan.NotSaved, nidan.NotProtected, nidan.AlreadyOn,
		nidan.LinkDead, nidan.NameInvalid, nidan.NameTaken, nidan.NoAccount, nidan.NotFrozen, "frozen":
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

// liveness plays the owner who only waits, answers rightly and uses the
// operator's links. From every state she gets in.
func (p *play) liveness() {
	w := p.w
	t := &w.truth[alice]
	in := func(r nidan.Reason) bool {
		return r == nidan.OK && p.w.jars[home].session.value != "" && len(p.broken) == 0
	}
	try := func() bool {
		p.now += 2 * time.Hour
		switch r := p.then(signIn(home, alice, true)); r {
		case nidan.OK:
			return in(r)
		case nidan.SecondStep:
			how := appCode(0)
			if t.disabled[wayApp] {
				how = backupCode(liveCodes, true)
			}
			return in(p.then(takeSecondStep(home, how)))
		}
		return false
	}
	if t.disabled[wayApp] && (t.disabled[wayCode] || len(t.codes) == 0) {
		return // both gone: recovery is another way in
	}
	if len(p.db.freezes) > 0 {
		p.then(unfreeze)
	}
	if try() {
		return
	}
	p.then(printLink(nidan.TicketReset, names[alice]))
	p.then(useLink(home, "a password that is long"))
	p.must(try(), lawLive, "the owner is stranded")
}

// then makes one more move of a longer one.
func (p *play) then(m func(*play) nidan.Reason) nidan.Reason {
	p.changes = nil
	r := m(p)
	p.w.db = p.db
	p.w.reread(p.room)
	return r
}

// seeds are the states that exploration starts from: each is as far from the
// others as people get in a year. A law that breaks on the way to one is a
// finding; exploration goes on without that seed, to find a shorter way to it.
func seeds(r *room) (_ map[string]*world, found *finding) {
	w := &world{}
	w.truth[alice].password, w.truth[bob].password = "alice has a long one", "bob has a long one"
	r.enter(w)
	for who := range w.truth {
		link, _, err := r.svc.PrintLink(ctx, nidan.TicketInvite, names[who], "seed")
		if err != nil {
			panic(err)
		}
		o, err := r.svc.AcceptInvite(ctx, link.Ticket, nidan.NewSecret(w.truth[who].password), "en", places[away])
		if err != nil || o.Reason != nidan.OK {
			panic(o.Reason)
		}
		id, err := r.Lookup(ctx, nidan.LookupLogin, names[who])
		if err != nil {
			panic(err)
		}
		w.truth[who].id = id
	}
	r.leave(w)
	w.reread(r)

	do := func(w *world, moves ...func(*play) nidan.Reason) *world {
		if w == nil {
			return nil
		}
		for i, m := range moves {
			next := w.clone()
			r.enter(next)
			p := &play{room: r, w: next}
			m(p)
			if len(p.broken) > 0 {
				if found == nil {
					found = &finding{p.broken[0], "a seed", []string{fmt.Sprintf("move %d on the way to it", i+1)}}
				}
				return nil
			}
			r.leave(next)
			next.reread(r)
			w = next
		}
		return w
	}
	turnOn := []func(*play) nidan.Reason{beginSetUp(home, ""), confirm(home, 0), complete(home, nidan.TicketSetUp, true)}
	w = do(w, signIn(home, bob, true))
	w = do(w, turnOn...)
	w = do(w, logOut(home), wait(time.Minute))
	if w == nil {
		return nil, found
	}
	w.jars[home] = jar{}
	w.old = nil
	fresh := do(w, signIn(home, alice, true))
	on := do(do(fresh, turnOn...), wait(time.Minute))
	out := do(on, logOut(home))
	// wrong makes a stranger answer wrongly n times, with all the waiting and
	// all the resets that it takes.
	wrong := func(w *world, a answer, n int) *world {
		for n > 0 && w != nil {
			if w.truth[alice].stopped {
				w = do(w, printLink(nidan.TicketReset, names[alice]), useLink(home, "alice has a long one"))
			}
			w = do(w, wait(61*time.Minute), signIn(away, alice, true), takeSecondStep(away, a))
			n--
		}
		if w == nil {
			return nil
		}
		if w.truth[alice].stopped {
			w = do(w, printLink(nidan.TicketReset, names[alice]), useLink(home, "alice has a long one"))
		}
		w.link = carried{}
		return w
	}
	byCode := do(out, signIn(home, alice, true), takeSecondStep(home, backupCode(liveCodes, true)))
	reissued := do(byCode, reissue(home, true, appCode(0)), complete(home, nidan.TicketReissue, true), wait(time.Minute))
	five := do(out, signIn(home, alice, true))
	for range 5 {
		five = do(five, signIn(away, alice, true))
	}
	all := map[string]*world{
		"without two-step verification":   fresh,
		"setting up":                      do(fresh, turnOn[:2]...),
		"protected, logged in":            on,
		"protected, logged out":           out,
		"in by a backup code":             byCode,
		"codes reissued":                  reissued,
		"four wrong, the fifth at hand":   do(wrong(out, wrongCode, 4), wait(61*time.Minute), signIn(away, alice, true), signIn(home, alice, true)),
		"19 wrong codes of the app":       do(wrong(out, wrongCode, 19), wait(61*time.Minute), signIn(away, alice, true)),
		"49 wrong codes of the app":       do(wrong(out, wrongCode, 49), wait(61*time.Minute), signIn(away, alice, true)),
		"19 wrong backup codes":           do(wrong(out, wrongBackup, 19), wait(61*time.Minute), signIn(away, alice, true)),
		"59 wrong in a month, some right": do(wrong(do(wrong(out, wrongCode, 40), wait(61*time.Minute), signIn(home, alice, true), takeSecondStep(home, appCode(0))), wrongCode, 19), wait(61*time.Minute), signIn(away, alice, true)),
		"four wrong passwords":            do(out, signIn(away, alice, false), signIn(away, alice, false), signIn(away, alice, false), signIn(away, alice, false)),
		"setting up, known elsewhere":     do(do(do(fresh, signIn(away, alice, true)), turnOn[:2]...), logOut(away)),
		"a stranger's five sign-ins":      five,
		"frozen":                          frozenAccount(r, do, fresh, &found),
		"put back without its trail":      putBackInPart(r, do, fresh, &found),
	}
	for name, w := range all {
		if w == nil {
			delete(all, name)
		}
	}
	return all, found
}

// frozenAccount puts back an old document of alice and shows a newer session:
// a hostile database, noticed.
func frozenAccount(r *room, do func(*world, ...func(*play) nidan.Reason) *world, fresh *world, found **finding) *world {
	if fresh == nil {
		return nil
	}
	r.enter(fresh.clone())
	doc := slices.IndexFunc(r.db.docs, func(d nidan.Record) bool { return d.ID == fresh.truth[alice].id })
	past, trails := r.db.docs[doc], slices.Clone(r.db.trails)
	w := do(fresh, signIn(away, alice, true))
	if w == nil {
		return nil
	}
	w.db.docs[doc], w.db.trails = past, trails
	w.docs[alice] = nil
	r.enter(w)
	tok, _ := nidan.ParseSession(w.jars[away].session.value)
	if _, err := r.svc.Session(ctx, tok); (err == nil || len(r.db.freezes) == 0) && *found == nil {
		*found = &finding{violation{lawFrozen, "a session newer than its document was shown, and nothing is frozen"}, "a seed", nil}
	}
	r.leave(w)
	w.reread(r)
	return w
}

// moves is every command of the small world, by everyone who can give it.
func moves() []move {
	m := []move{
		{"wait 30 s", wait(30 * time.Second)},
		{"wait 6 min", wait(6 * time.Minute)},
		{"wait 61 min", wait(61 * time.Minute)},
		{"operator: reset link", printLink(nidan.TicketReset, names[alice])},
		{"operator: browser link", printLink(nidan.TicketBrowser, names[alice])},
		{"operator: invitation", printLink(nidan.TicketInvite, "carol@example.com")},
		{"operator: invitation for alice", printLink(nidan.TicketInvite, names[alice])},
		{"operator: link for nobody", printLink(nidan.TicketReset, "nobody@example.com")},
		{"operator: link for no address", printLink(nidan.TicketReset, "no address")},
		{"operator: logs alice out", operatorLogOut},
		{"operator: unfreezes alice", unfreeze},
		{"anybody: tokens swapped", swapTokens},
		{"home: uses the link, new password", useLink(home, "another long password")},
		{"away: uses the link, same password", useLink(away, "alice has a long one")},
		{"away: uses the link, short", useLink(away, "short")},
		{"away: uses the link, common", useLink(away, "common")},
		{"away: uses the link, simple", useLink(away, "simple")},
		{"away: uses the link, personal", useLink(away, "personal "+names[alice])},
		{"away: uses the link, endless", useLink(away, strings.Repeat("long ", 60))},
		{"away: uses the link, no text", useLink(away, "not \x00 text")},
		{"away: bob's password", signIn(away, bob, true)},
		{"home: begins set-up", beginSetUp(home, "")},
		{"home: begins set-up with the password", beginSetUp(home, "right")},
		{"home: begins set-up with a wrong password", beginSetUp(home, "wrong")},
		{"home: confirms", confirm(home, 0)},
		{"home: confirms a late code", confirm(home, -2)},
		{"home: confirms a wrong code", confirm(home, 99)},
		{"home: confirms nonsense", confirm(home, 98)},
		{"home: confirms, clock behind", confirm(home, -12)},
		{"home: confirms, clock ahead", confirm(home, 12)},
		{"home: completes", complete(home, nidan.TicketSetUp, true)},
		{"home: completes without saving", complete(home, nidan.TicketSetUp, false)},
		{"home: posts from another tab", otherTab(home)},
		{"away: begins set-up", beginSetUp(away, "right")},
		{"away: confirms", confirm(away, 0)},
		{"away: completes", complete(away, nidan.TicketSetUp, true)},
		{"home: reissues", reissue(home, true, appCode(0))},
		{"home: reissues by a backup code", reissue(home, true, backupCode(liveCodes, true))},
		{"away: reissues, wrong code", reissue(away, true, wrongCode)},
		{"home: completes the reissue", complete(home, nidan.TicketReissue, true)},
		{"home: completes the replacement", complete(home, nidan.TicketRenew, true)},
		{"home: turns off", turnOff(home, true, appCode(0))},
		{"home: turns off, wrong password", turnOff(home, false, appCode(0))},
		{"home: turns off, wrong code", turnOff(home, true, wrongCode)},
		{"home: turns off, used code", turnOff(home, true, lastTaken)},
		{"away: turns off", turnOff(away, true, appCode(0))},
		{"home: ends the other session", endOther(home)},
		{"home: logs out everywhere", logOutEverywhere(home)},
		{"home: looks", look(home)},
	}
	for b, who := range []string{"home", "away"} {
		m = append(m,
			move{who + ": password", signIn(b, alice, true)},
			move{who + ": wrong password", signIn(b, alice, false)},
			move{who + ": code", takeSecondStep(b, appCode(0))},
			move{who + ": code just before", takeSecondStep(b, appCode(-1))},
			move{who + ": used code", takeSecondStep(b, lastTaken)},
			move{who + ": wrong code", takeSecondStep(b, wrongCode)},
			move{who + ": backup code", takeSecondStep(b, backupCode(liveCodes, true))},
			move{who + ": wrong backup code", takeSecondStep(b, wrongBackup)},
			move{who + ": logs out", logOut(b)},
		)
	}
	return append(m,
		move{"away: code run out", takeSecondStep(away, appCode(-2))},
		move{"away: code of 4 minutes ago", takeSecondStep(away, appCode(-8))},
		move{"away: code of the future", takeSecondStep(away, appCode(2))},
		move{"away: a way there is not", takeSecondStep(away, noWay)},
		move{"away: nonsense", takeSecondStep(away, malformed)},
		move{"away: used backup code", takeSecondStep(away, backupCode(spentCodes, false))},
		move{"away: replaced backup code", takeSecondStep(away, backupCode(replacedCodes, false))},
		move{"away: bob's code", takeSecondStep(away, strangersCode)},
		move{"away: looks", look(away)},
		move{"home: loses its known-browser cookie", forget(home)},
	)
}

// everyReason is what exploration has to meet at least once.
func everyReason() []nidan.Reason {
	return slices.Sorted(maps.Keys(map[nidan.Reason]bool{
		nidan.OK: true, nidan.SecondStep: true, nidan.WrongFirstStep: true, nidan.FirstStepWait: true,
		nidan.WrongAnswer: true, nidan.UsedAnswer: true, nidan.LateAnswer: true, nidan.ClockBehind: true,
		nidan.ClockAhead: true, nidan.ReplacedAnswer: true, nidan.MalformedAnswer: true, nidan.Waiting: true,
		nidan.SignInEnded: true, nidan.Disabled: true, nidan.NoSuchWay: true, nidan.Expired: true, nidan.Gone: true,
		nidan.DoneElsewhere: true, nidan.OtherTab: true, nidan.StepUp: true, nidan.NotSaved: true, nidan.NotProtected: true,
		nidan.AlreadyOn: true, nidan.LinkDead: true, nidan.PasswordShort: true, nidan.PasswordLong: true, nidan.PasswordUnreadable: true,
		nidan.PasswordCommon: true, nidan.PasswordPersonal: true, nidan.PasswordSimple: true,
		nidan.NameInvalid: true, nidan.NameTaken: true, nidan.NoAccount: true, nidan.NotFrozen: true,
	}))
}

// putBackInPart puts back alice's document and sessions, but not her trail:
// the session that has ended since must not be alive again.
func putBackInPart(r *room, do func(*world, ...func(*play) nidan.Reason) *world, fresh *world, found **finding) *world {
	w := do(fresh, logOut(home))
	if w == nil {
		return nil
	}
	w.db.docs, w.db.sessions = slices.Clone(fresh.db.docs), slices.Clone(fresh.db.sessions)
	w.docs[alice] = nil
	r.enter(w)
	tok, _ := nidan.ParseSession(fresh.jars[home].session.value)
	if _, err := r.svc.Session(ctx, tok); err == nil && *found == nil {
		*found = &finding{violation{lawEnded, "an ended session is alive: it was put back with its document"}, "a seed", nil}
	}
	r.leave(w)
	w.reread(r)
	return w
}
