package nidan_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// A seed is a state that exploration starts from, and how far it goes with
// which parts of the commands.
type seed struct {
	w     *world
	parts []part
	depth depth
}

// depth is how many moves are made from a seed: in every test run, for a seeded
// bug, and for the project's promise.
type depth struct{ short, bugs, full int }

// The depths there are.
var (
	deep    = depth{2, 3, 4}
	usual   = depth{1, 2, 3}
	shallow = depth{1, 2, 2}
	longer  = depth{2, 3, 3}
)

type doing = func(*play) nidan.Reason

// garden grows the seeds: each is as far from the others as people get in a
// year. A law that breaks on the way to one is a finding; exploration goes on
// without that seed, to find a shorter way to it.
type garden struct {
	r      *room
	seeds  map[string]*seed
	found  *finding
	invite nidan.Link // by which alice came
}

func seeds(r *room) (map[string]*seed, *finding) {
	g := &garden{r: r, seeds: make(map[string]*seed)}
	fresh := g.begin()
	if fresh == nil {
		return g.seeds, g.found
	}
	g.apps(fresh)
	g.mails(fresh)
	g.several(fresh)
	g.recoveries(fresh)
	g.accounts(fresh)
	return g.seeds, g.found
}

// do makes moves one after the other.
func (g *garden) do(w *world, moves ...doing) *world {
	for i, m := range moves {
		if w == nil {
			return nil
		}
		next := w.clone()
		reason, broken := g.r.make(move{do: m}, next, w, newTally(0))
		if reason == "" {
			panic(fmt.Sprintf("move %d on the way to a seed cannot be made", i+1))
		}
		if len(broken) > 0 {
			if g.found == nil {
				g.found = &finding{broken[0], "a seed", []string{fmt.Sprintf("move %d on the way to it", i+1)}}
			}
			return nil
		}
		w = next
	}
	return w
}

// plant keeps a state as a seed.
func (g *garden) plant(name string, w *world, d depth, p ...part) {
	if w != nil {
		g.seeds[name] = &seed{w, p, d}
	}
}

// begin makes the two people; bob is protected, alice is not, and logged in.
func (g *garden) begin() *world {
	r, w := g.r, &world{}
	for who, password := range []string{"alice has a long one", "bob has a long one"} {
		w.truth[who].name, w.truth[who].password = names[who], password
	}
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
		if who == alice {
			g.invite = link
		}
	}
	r.leave(w)
	w.reread(r)
	w = g.do(w, signIn(home, bob, true))
	w = g.do(w, turnOn...)
	w = g.do(w, logOut(home), wait(time.Minute))
	if w == nil {
		return nil
	}
	w.jars[home] = jar{}
	w.old = nil
	return g.do(w, signIn(home, alice, true))
}

var (
	turnOn       = []doing{beginSetUp(home, totp.Name, ""), confirm(home, 0), complete(home, nidan.TicketSetUp, true)}
	turnOnByMail = []doing{beginSetUp(home, mailcode.Name, ""), confirmNumber(home, mailedCode), complete(home, nidan.TicketSetUp, true)}
	addMail      = []doing{add(home, mailcode.Name, wayNone, true, appCode(0)), confirmNumber(home, mailedCode), complete(home, nidan.TicketSetUp, true), wait(time.Minute)}
	addApp       = []doing{add(home, totp.Name, wayNone, true, anyWay), confirm(home, 0), complete(home, nidan.TicketSetUp, true), wait(time.Minute)}
)

// apps are the seeds of an account protected by an app.
func (g *garden) apps(fresh *world) {
	do := g.do
	on := do(do(fresh, turnOn...), wait(time.Minute))
	out := do(on, logOut(home))
	// wrong makes a stranger answer wrongly n times, with all the waiting and
	// all the resets that it takes.
	wrong := func(w *world, a answer, n int) *world {
		reset := []doing{printLink(nidan.TicketReset, herself), useLink(home, "alice has a long one")}
		for ; n > 0 && w != nil; n-- {
			if w.truth[alice].stopped {
				w = do(w, reset...)
			}
			w = do(w, wait(61*time.Minute), signIn(away, alice, true), takeSecondStep(away, a))
		}
		if w != nil && w.truth[alice].stopped {
			w = do(w, reset...)
		}
		if w != nil {
			w.link = carried{}
		}
		return w
	}
	byCode := do(out, signIn(home, alice, true), takeSecondStep(home, backupCode(liveCodes, true)))
	reissued := do(byCode, reissue(home, true, appCode(0)), complete(home, nidan.TicketReissue, true), wait(time.Minute))
	five := do(out, signIn(home, alice, true))
	for range 5 {
		five = do(five, signIn(away, alice, true))
	}
	later := []doing{wait(61 * time.Minute), signIn(away, alice, true)}
	g.plant("without two-step verification", fresh, deep, gates, setUp)
	g.plant("setting up", do(fresh, turnOn[:2]...), usual, gates, setUp)
	g.plant("protected, logged in", on, deep, gates, setUp)
	g.plant("protected, logged out", out, usual, gates)
	g.plant("in by a backup code", byCode, usual, gates, setUp)
	g.plant("codes reissued", reissued, usual, gates, setUp)
	g.plant("four wrong, the fifth at hand", do(do(wrong(out, wrongCode, 4), later...), signIn(home, alice, true)), longer, gates)
	g.plant("19 wrong codes of the app", do(wrong(out, wrongCode, 19), later...), usual, gates)
	g.plant("49 wrong codes of the app", do(wrong(out, wrongCode, 49), later...), usual, gates)
	g.plant("19 wrong backup codes", do(wrong(out, wrongBackup, 19), later...), usual, gates)
	// The sixtieth must not be a twentieth in a row as well.
	right := []doing{wait(61 * time.Minute), signIn(home, alice, true), takeSecondStep(home, appCode(0))}
	month := do(wrong(do(wrong(out, wrongCode, 40), right...), wrongCode, 15), right...)
	g.plant("59 wrong in a month, some right", do(wrong(month, wrongCode, 4), later...), usual, gates)
	g.plant("four wrong passwords", do(out, signIn(away, alice, false), signIn(away, alice, false), signIn(away, alice, false), signIn(away, alice, false)), usual, gates)
	g.plant("setting up, known elsewhere", do(do(do(fresh, signIn(away, alice, true)), turnOn[:2]...), logOut(away)), longer, gates, setUp)
	g.plant("a stranger's five sign-ins", five, usual, gates)
	g.plant("frozen", g.frozenAccount(fresh), usual, gates, setUp, lost)
	g.plant("put back without its trail", g.putBackInPart(fresh), shallow, gates)
	// Twenty fell, and the app was replaced: nothing is left in a row.
	after := do(wrong(out, wrongCode, 20), wait(61*time.Minute), signIn(home, alice, true), takeSecondStep(home, backupCode(liveCodes, true)))
	after = do(after, add(home, totp.Name, wayApp, true, backupCode(liveCodes, true)), confirm(home, 0), complete(home, nidan.TicketSetUp, true))
	g.plant("19 wrong codes of a new app", do(wrong(after, wrongCode, 19), later...), shallow, gates)
}

// mails are the seeds of an account protected by the e-mail code alone.
func (g *garden) mails(fresh *world) {
	do := g.do
	on := do(do(fresh, turnOnByMail...), wait(61*time.Second))
	out := do(on, logOut(home))
	asked := do(out, signIn(home, alice, true), wait(61*time.Second))
	again := do(asked, sendCode(home), wait(61*time.Second))
	wrong := asked
	for range 4 {
		wrong = do(wrong, takeSecondStep(home, wrongNumber))
	}
	busy := out
	for range 4 {
		busy = do(busy, signIn(away, alice, true), wait(61*time.Second))
	}
	spent := out
	for range 2 {
		for range 4 {
			spent = do(spent, signIn(away, alice, true), wait(61*time.Second))
		}
		spent = do(spent, wait(61*time.Minute))
	}
	spent = do(spent, signIn(away, alice, true), wait(61*time.Second))
	reset := do(out, askLink(away, nidan.TicketReset, herself), useMail(away, mailReset, false))
	waits := do(on, sendHere(home))
	for range 4 {
		waits = do(waits, reissue(home, true, wrongNumber))
	}
	g.plant("setting up by mail", do(fresh, turnOnByMail[0]), usual, numbers, setUp)
	guessed := do(fresh, turnOnByMail[0])
	for range 4 {
		guessed = do(guessed, confirmNumber(home, wrongNumber))
	}
	g.plant("setting up by mail, four wrong numbers", guessed, shallow, numbers)
	proving := fresh.clone()
	proving.proves = true
	g.plant("setting up, the address to prove", do(proving, turnOn[0]), usual, numbers, setUp)
	g.plant("setting up by mail, sent again", do(fresh, turnOnByMail[0], wait(61*time.Second), sendSetUpCode(home)), usual, numbers)
	g.plant("by mail, logged in", on, deep, numbers)
	g.plant("by mail, a number mailed", asked, usual, numbers)
	g.plant("by mail, sent again", again, usual, numbers)
	g.plant("by mail, two sign-ins", do(asked, signIn(away, alice, true), wait(61*time.Second)), usual, numbers)
	g.plant("by mail, four wrong numbers", wrong, usual, numbers)
	g.plant("by mail, four sent this hour", busy, usual, numbers)
	g.plant("by mail, nine sent today", spent, usual, numbers)
	g.plant("by mail, reset by mail", reset, usual, numbers, lost)
	g.plant("by mail, a change to confirm", do(on, sendHere(home), wait(6*time.Minute)), usual, numbers, account)
	g.plant("by mail, four wrong in a session", waits, usual, numbers)
}

// several are the seeds of several authenticators and remembered browsers.
func (g *garden) several(fresh *world) {
	do := g.do
	on := do(do(fresh, turnOn...), wait(time.Minute))
	both := do(on, addMail...)
	two := do(on, addApp...)
	remembered := do(on, logOut(home), signIn(home, alice, true), secondStep(home, appCode(0), true), wait(time.Minute))
	g.plant("app and e-mail code", both, usual, several, numbers)
	g.plant("app and e-mail code, the mail first", do(both, setFirst(home, wayMail), logOut(home), wait(time.Minute), signIn(home, alice, true)), usual, several)
	g.plant("two apps", two, usual, several)
	g.plant("an app to add", do(on, addApp[:2]...), usual, several, account)
	g.plant("an app to replace", do(on, add(home, totp.Name, wayApp, true, appCode(0)), confirm(home, 0)), usual, several)
	g.plant("the e-mail code to replace the app", do(on, add(home, mailcode.Name, wayApp, true, appCode(0)), confirmNumber(home, mailedCode)), usual, several)
	g.plant("remembered", remembered, usual, several, setUp)
	g.plant("in by a remembered browser", do(remembered, logOut(home), wait(time.Minute), signIn(home, alice, true)), longer, several)
	g.plant("remembered, a month later", do(remembered, logOut(home), wait(30*24*time.Hour-2*time.Minute)), usual, several)
}

// recoveries are the seeds of a recovery, from its start to its end.
func (g *garden) recoveries(fresh *world) {
	do := g.do
	on := do(do(do(fresh, turnOn...), wait(time.Minute)), addMail...)
	begun := do(on, logOut(home), signIn(home, alice, true), startRecovery(home), postman)
	half := do(begun, wait(23*time.Hour), postman, wait(59*time.Minute), signIn(home, alice, true))
	ripe := do(begun, wait(13*time.Hour), postman, wait(13*time.Hour), signIn(home, alice, true))
	linked := do(ripe, mailRecoveryLink(home, false), wait(61*time.Second), mailRecoveryLink(home, false))
	opened := do(linked, beginBinding(home, true, false))
	bound := do(opened, bindWith(home, totp.Name), confirmBinding(home, 0))
	byMail := do(opened, bindWith(home, mailcode.Name), wait(61*time.Second))
	g.plant("a recovery to start", do(on, logOut(home), signIn(home, alice, true)), usual, lost)
	g.plant("a recovery begun, mail down", do(on, logOut(home), signIn(home, alice, true), startRecovery(home)), usual, lost)
	g.plant("a recovery begun, somebody logged in", do(begun, takeSecondStep(home, appCode(0))), usual, lost, account)
	g.plant("a recovery about to ripen", half, usual, lost)
	g.plant("a recovery, its half notice not handed over", do(begun, wait(26*time.Hour), signIn(home, alice, true)), usual, lost)
	g.plant("a recovery ripe", ripe, deep, lost)
	g.plant("a recovery ripe, restarted", do(ripe, restart), shallow, lost)
	g.plant("a recovery's link mailed twice", linked, usual, lost)
	g.plant("a recovery opened", opened, usual, lost)
	worn := on
	for range 19 {
		worn = do(worn, wait(61*time.Minute), signIn(away, alice, true), takeSecondStep(away, wrongCode))
	}
	worn = do(worn, logOut(home), signIn(home, alice, true), startRecovery(home), postman, wait(13*time.Hour), postman, wait(13*time.Hour), signIn(home, alice, true))
	g.plant("a recovery opened, 19 wrong codes", do(worn, mailRecoveryLink(home, false), beginBinding(home, true, false), signIn(away, alice, true)), shallow, lost, gates)
	g.plant("a recovery to complete", bound, usual, lost, account)
	g.plant("a recovery by mail", byMail, usual, lost)
	for range 4 {
		byMail = do(byMail, confirmBindingNumber(home, wrongNumber))
	}
	g.plant("a recovery by mail, four wrong numbers", byMail, shallow, lost)
	g.plant("recovered", do(bound, completeBinding(home, true), wait(time.Minute)), usual, lost, gates)
	g.plant("a recovery over", do(ripe, wait(8*24*time.Hour), signIn(home, alice, true)), usual, lost)
	g.plant("reset by mail", do(on, logOut(home), askLink(away, nidan.TicketReset, herself), askLink(away, nidan.TicketReset, herself), useMail(away, mailReset, false), signIn(away, alice, true)), usual, lost)
	g.plant("a recovery after a reset", do(begun, askLink(away, nidan.TicketReset, herself), useMail(away, mailReset, false), signIn(home, alice, true), startRecovery(home), postman, wait(40*time.Hour), postman, signIn(home, alice, true)), usual, lost)
	g.plant("reset by mail, and another way in since", do(on, logOut(home), askLink(away, nidan.TicketReset, herself), useMail(away, mailReset, false), signIn(home, alice, true), signIn(away, alice, true), takeSecondStep(home, backupCode(liveCodes, true))), usual, lost, numbers)
	g.plant("app alone, a recovery ripe", g.appAlone(fresh), usual, lost)
	if half != nil {
		frozen := half.clone()
		id := frozen.truth[alice].id
		frozen.db.freezes = append(frozen.db.freezes, nidan.Freeze{Account: id, Part: "session"})
		g.plant("a recovery, and the account frozen", frozen, shallow, lost)
	}
}

// appAlone is an account with an app and nothing else whose holder has lost
// both it and the codes.
func (g *garden) appAlone(fresh *world) *world {
	w := g.do(g.do(fresh, turnOn...), wait(time.Minute), logOut(home), signIn(home, alice, true), startRecovery(home), postman, wait(13*time.Hour), postman, wait(13*time.Hour), signIn(home, alice, true))
	if w != nil {
		w.truth[alice].codes = nil // the sheet is lost
	}
	return w
}

// accounts are the seeds of addresses, passwords, deletion and registration.
func (g *garden) accounts(fresh *world) {
	do := g.do
	on := do(do(fresh, turnOn...), wait(time.Minute))
	asked := do(on, askAddress(home, other, appCode(0)), wait(31*time.Second))
	second := do(on, askSecond(home, spare, true, appCode(0)), useMail(away, mailSecond, false), wait(time.Minute))
	gone := do(on, deleteAccount(home, true, appCode(0)), wait(time.Minute))
	again := do(gone, askLink(away, nidan.TicketRegister, herself), wait(time.Second), askLink(away, nidan.TicketRegister, herself), useMail(home, mailRegister, false), wait(time.Minute), signIn(home, alice, true))
	g.plant("an account, logged in", on, deep, account)
	g.plant("an account without two-step verification", fresh, usual, account)
	g.plant("an address asked for", asked, usual, account)
	g.plant("two addresses asked for", do(asked, askSecond(home, spare, false, appCode(0)), wait(31*time.Second), askAddress(home, called(spare), appCode(0)), wait(31*time.Second)), usual, account)
	g.plant("moved", do(asked, useMail(away, mailAddress, false), signIn(home, alice, true), takeSecondStep(home, appCode(0)), wait(time.Minute)), usual, account)
	if moved := g.seeds["moved"]; moved != nil {
		kept := moved.w.clone()
		kept.link = carried{value: g.invite.Ticket.Reveal(), who: alice, at: epochStart, ends: g.invite.Expires, item: names[alice]}
		kept.kind = nidan.TicketInvite
		g.plant("moved, the invitation kept", kept, shallow, gates)
	}
	g.plant("a second address of a password", do(fresh, askSecond(home, spare, false, noWay), useMail(away, mailSecond, false), turnOn[0], turnOn[1]), shallow, account, setUp)
	g.plant("a second address asked for, a recovery begun", do(on, askSecond(home, spare, true, appCode(0)), logOut(home), signIn(home, alice, true), startRecovery(home), postman), shallow, account, lost)
	g.plant("a second address", second, usual, account, several)
	g.plant("a second address, a recovery ripe", do(second, logOut(home), signIn(home, alice, true), startRecovery(home), postman, wait(13*time.Hour), postman, wait(13*time.Hour), signIn(home, alice, true)), usual, lost)
	g.plant("a second address, not me", do(second, notMe(home)), shallow, lost, account)
	g.plant("deleted", gone, usual, account)
	g.plant("deleted and registered again", again, usual, account)
	g.plant("a stranger's number mailed", do(do(on, addMail...), logOut(home), signIn(away, alice, true), signIn(home, alice, true), sendCode(away)), usual, account, numbers)
}

// frozenAccount puts back an old document of alice and shows a newer session:
// a hostile database, noticed.
func (g *garden) frozenAccount(fresh *world) *world {
	r := g.r
	r.enter(fresh.clone())
	doc := slices.IndexFunc(r.db.docs, func(d nidan.Record) bool { return d.ID == fresh.truth[alice].id })
	past, trails := r.db.docs[doc], slices.Clone(r.db.trails)
	w := g.do(fresh, signIn(away, alice, true))
	if w == nil {
		return nil
	}
	w.db.docs[doc], w.db.trails = past, trails
	w.docs[alice] = nil
	r.enter(w)
	tok, _ := nidan.ParseSession(w.jars[away].session.value)
	if _, err := r.svc.Session(ctx, tok); (err == nil || len(r.db.freezes) == 0) && g.found == nil {
		g.found = &finding{violation{lawFrozen, "a session newer than its document was shown, and nothing is frozen"}, "a seed", nil}
	}
	r.leave(w)
	w.reread(r)
	return w
}

// putBackInPart puts back alice's document and sessions, but not her trail:
// the session that has ended since must not be alive again.
func (g *garden) putBackInPart(fresh *world) *world {
	r, w := g.r, g.do(fresh, logOut(home))
	if w == nil {
		return nil
	}
	w.db.docs, w.db.sessions = slices.Clone(fresh.db.docs), slices.Clone(fresh.db.sessions)
	w.docs[alice] = nil
	r.enter(w)
	tok, _ := nidan.ParseSession(fresh.jars[home].session.value)
	if _, err := r.svc.Session(ctx, tok); err == nil && g.found == nil {
		g.found = &finding{violation{lawEnded, "an ended session is alive: it was put back with its document"}, "a seed", nil}
	}
	r.leave(w)
	w.reread(r)
	return w
}
