package nidan_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

// A move is one command of one person, with what the truth says must come of
// it. It changes the world it is given and returns the reason it was answered.
type move struct {
	name string
	do   func(*play) nidan.Reason
}

// play is a move being made.
type play struct {
	*room
	w      *world
	broken []violation
	laws   map[string]int // how often each was checked
}

// A violation names the law that did not hold, and how.
type violation struct{ law, how string }

// The laws that are read off moves and states. Each is checked wherever it can
// be, and the exploration prints how often.
const (
	lawOnce      = "1  a code is accepted once"
	lawTwoTypes  = "2  a pending sign-in is no session"
	lawMint      = "3  a session comes only of the steps the account demands"
	lawProtected = "4  protected from Complete to turn-off, whatever is disabled"
	lawCounted   = "5  every judged wrong answer is counted once, per way and class"
	lawClass     = "5  budgets of known and other browsers are apart"
	lawWait      = "5  nothing is judged during a wait"
	lawStops     = "5  the ladder's stops fall, once, where they stand"
	lawGate      = "5  wrong passwords write no document and stop nobody else"
	lawEpoch     = "7  the epoch is raised by the list, and by nothing else"
	lawRevision  = "7  the revision is raised by changes of protection only"
	lawEnded     = "7  what an epoch ended stays ended"
	lawLevel     = "8  the level is what the proofs are worth"
	lawInert     = "10 looking changes nothing"
	lawLowering  = "12 lowering takes both steps and is announced"
	lawTicket    = "T  a ticket works once, and only for its own"
	lawAbandon   = "T  nothing is stored before it is done"
	lawRefused   = "T  a refused command writes nothing"
	lawOthers    = "T  no command touches another account"
	lawChain     = "E  every commit records an event, chained, one version on"
	lawCaps      = "C  the caps hold"
	lawTime      = "17 an account's time never goes back"
	lawFrozen    = "F  of a frozen account nothing is accepted"
	lawAnswer    = "R  the reason is the one the truth expects"
	lawLive      = "L  who has password, second step or backup code, and the operator's links, gets in by waiting"
)

// everyLaw lists them for the report.
var everyLaw = []string{
	lawOnce, lawTwoTypes, lawMint, lawProtected, lawCounted, lawClass, lawWait, lawStops, lawGate, lawEpoch, lawRevision, lawEnded, lawLevel, lawInert, lawLowering, lawTicket, lawAbandon, lawRefused, lawOthers, lawChain, lawCaps, lawTime, lawFrozen, lawAnswer, lawLive,
}

func (p *play) must(ok bool, law, how string, args ...any) {
	if p.laws != nil {
		p.laws[law]++
	}
	if !ok {
		p.broken = append(p.broken, violation{law, fmt.Sprintf(how, args...)})
	}
}

func (p *play) told(kind nidan.NoticeKind) bool {
	for _, c := range p.changes {
		for _, row := range c.Queue {
			if n, err := nidan.OpenNotice(openSeal{}, row); err == nil && n.Kind == kind && n.To != "" {
				return true
			}
		}
	}
	return false
}

// toldStranger says whether the owner has been told of a stranger within the
// hour, or is about to be: the notice of a sign-in that was ended goes out when
// it would have run out.
func (p *play) toldStranger(who int) bool {
	now := p.wall()
	for _, row := range p.db.outbox {
		if row.Account != p.w.truth[who].id || row.Due.After(now.Add(10*time.Minute)) || now.Sub(row.Due) >= time.Hour {
			continue
		}
		if n, err := nidan.OpenNotice(openSeal{}, row); err == nil && n.Kind == nidan.NoticeStranger {
			return true
		}
	}
	return false
}

var ctx = context.Background()

// result unpacks an answer; an error ends the move with a reason of its own.
func (p *play) result(o nidan.Outcome, err error) nidan.Reason {
	switch {
	case err == nil:
		p.must(o.Session == nil || o.Reason == nidan.OK, lawMint, "a session came with %s", o.Reason)
		return o.Reason
	case errors.Is(err, nidan.ErrFrozen):
		return "frozen"
	case errors.Is(err, nidan.ErrNotFound):
		return nidan.Gone
	}
	p.must(false, lawAnswer, "error %v", err)
	return "error"
}

// from is where a browser's request comes from.
func (p *play) from(b int) nidan.From {
	f := places[b]
	f.Cookie = nidan.NewSecret(p.w.jars[b].known.value)
	f.Session = nidan.NewSecret(p.w.jars[b].session.value)
	return f
}

// knows says whether a browser is known to an account.
func (p *play) class(b, who int) nidan.Class {
	if k := p.w.jars[b].known; k.value != "" && k.who == who && p.wall().Sub(k.at) <= 180*24*time.Hour {
		return nidan.Known
	}
	return nidan.Other
}

// granted puts a new session into a browser: that of a sign-in, or the present
// one minted anew.
func (p *play) granted(b, who int, o nidan.Outcome, renewed bool) {
	j, t := &p.w.jars[b], &p.w.truth[who]
	if o.Session == nil {
		p.must(false, lawMint, "no session came of a command that passed")
		return
	}
	if j.session.who == who {
		p.w.keepOld(j.session) // another account's goes on by itself, forgotten by this browser
	}
	lineage := j.session.lineage
	if !renewed {
		p.w.born++
		lineage = p.w.born
	}
	j.session = carried{value: o.Session.Token.Reveal(), who: who, epoch: t.epoch, at: p.wall(), proven: p.wall(), lineage: lineage}
	if !o.Browser.Empty() {
		j.known = carried{value: o.Browser.Reveal(), who: who, at: p.wall()}
	} else if j.known.value != "" && j.known.who == who {
		j.known.at = p.wall()
	}
	_, isPending := nidan.ParsePending(j.session.value)
	p.must(!isPending, lawTwoTypes, "a session token parses as a pending one")
}

func signIn(b, who int, right bool) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		t, j := &p.w.truth[who], &p.w.jars[b]
		class := p.class(b, who)
		password := t.password
		if !right {
			password = "not the password at all"
		}
		before := p.w.db.docs
		o, err := p.svc.SignIn(ctx, names[who], nidan.NewSecret(password), p.from(b))
		r := p.result(o, err)
		frozen := len(p.w.db.freezes) > 0 && who == alice
		switch {
		case frozen:
			p.must(r == nidan.WrongFirstStep || r == nidan.FirstStepWait, lawFrozen, "first step answered %s", r)
		case r == nidan.FirstStepWait:
			p.must(t.tries[b][class] >= 5, lawGate, "waits after %d wrong passwords of its own class", t.tries[b][class])
		case !right || t.stopped:
			p.must(r == nidan.WrongFirstStep, lawMint, "a wrong or stopped password was answered %s", r)
			t.tries[b][class]++
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
			t.tries[b][class] = 0
			tok := o.Pending.Token.Reveal()
			_, isSession := nidan.ParseSession(tok)
			p.must(!isSession, lawTwoTypes, "a pending token parses as a session token")
			p.must(o.Session == nil, lawMint, "a session came with the first step of a protected account")
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
			j.pending = carried{value: tok, who: who, epoch: t.epoch, at: p.wall()}
		case nidan.OK:
			t.tries[b][class] = 0
			p.granted(b, who, o, false)
			p.level(b, nidan.LevelPassword)
		}
		return r
	}
}

func sameDocs(a, b []nidan.Record) bool {
	return slices.EqualFunc(a, b, func(x, y nidan.Record) bool { return x.ID == y.ID && x.Version == y.Version })
}

// level checks what a browser's session is worth.
func (p *play) level(b int, want nidan.Level) {
	tok, _ := nidan.ParseSession(p.w.jars[b].session.value)
	s, err := p.svc.Session(ctx, tok)
	if err != nil {
		p.must(false, lawMint, "a session just minted is refused: %v", err)
		return
	}
	p.must(s.Level == want, lawLevel, "level %s instead of %s", s.Level, want)
}

// An answer is a way of filling in the second step. It returns what is typed,
// for which way, and whether the truth says it is right.
type answer func(p *play, who int) (way int, code string, right bool)

func appCode(off int64) answer {
	return func(p *play, who int) (int, string, bool) {
		t := &p.w.truth[who]
		if t.key == "" {
			return wayApp, "123456", false
		}
		step := p.step() + off
		live := off == 0 || off == -1
		return wayApp, totpAt(t.key, step), live && step > t.lastStep
	}
}

func lastTaken(p *play, who int) (int, string, bool) {
	t := &p.w.truth[who]
	if t.key == "" || t.lastStep == 0 {
		return wayApp, "123456", false
	}
	return wayApp, totpAt(t.key, t.lastStep), false
}

func wrongCode(p *play, who int) (int, string, bool) {
	t := &p.w.truth[who]
	for code := 0; ; code++ {
		c := fmt.Sprintf("%06d", code)
		near := false
		for off := int64(-25); t.key != "" && off <= 25; off++ {
			near = near || totpAt(t.key, p.step()+off) == c
		}
		if !near {
			return wayApp, c, false
		}
	}
}

// noWay answers by a way that the account does not have (SECURITY B5).
func noWay(p *play, who int) (int, string, bool) {
	_, code, _ := appCode(0)(p, who)
	return wayNone, code, false
}

func malformed(*play, int) (int, string, bool) { return wayApp, "abc", false }

func backupCode(from func(*truth) []string, live bool) answer {
	return func(p *play, who int) (int, string, bool) {
		t := &p.w.truth[who]
		if list := from(t); len(list) > 0 {
			return wayCode, strings.ToLower(list[0]), live
		}
		return wayCode, "01-0000-0000-0000-0000", false
	}
}

func wrongBackup(p *play, who int) (int, string, bool) {
	return wayCode, "10-0000-0000-0000-0000", false
}

func liveCodes(t *truth) []string     { return t.codes }
func spentCodes(t *truth) []string    { return t.spent }
func replacedCodes(t *truth) []string { return t.replaced }

// wayID finds the id of a way as a page would.
func (p *play) wayID(who, way int) string {
	a := p.w.account(who)
	want := nidan.MethodName("totp")
	if way == wayCode {
		want = "backup"
	}
	if a != nil && way != wayNone {
		for _, x := range a.Authenticators {
			if x.Method == want {
				return x.ID
			}
		}
	}
	return "none"
}

// account decodes a document as it was before the move.
func (w *world) account(who int) *nidan.Account { return w.docs[who] }

// reread decodes the documents that a move has changed.
func (w *world) reread(r *room) {
	for who := range w.truth {
		for _, d := range w.db.docs {
			if d.ID != w.truth[who].id || w.docs[who] != nil && w.docs[who].Version == d.Version {
				continue
			}
			a, err := nidan.Opened(r.svc, d)
			if err != nil {
				panic(err)
			}
			w.docs[who] = a
		}
	}
}

// took records that the truth counts a code as accepted.
func (p *play) took(who, way int, code string) {
	t := &p.w.truth[who]
	key := string(t.id) + " " + strings.ToUpper(code)
	if way == wayApp {
		step := p.step()
		for s := step - 2; s <= step+1; s++ {
			if totpAt(t.key, s) == code {
				t.lastStep = max(t.lastStep, s)
				key = fmt.Sprintf("%s %s %d", t.id, t.key, s)
			}
		}
	} else {
		i := slices.IndexFunc(t.codes, func(c string) bool { return strings.EqualFold(c, code) })
		if i >= 0 {
			t.spent = append(t.spent, t.codes[i])
			t.codes = slices.Delete(t.codes, i, i+1)
		}
	}
	p.must(!slices.Contains(p.w.taken, key), lawOnce, "code %s was accepted before", code)
	if p.w.taken = append(p.w.taken, key); len(p.w.taken) > 8 {
		p.w.taken = p.w.taken[1:]
	}
	t.wrong[way] = [2]int{}
	if t.inRow(nidan.Other)+t.inRow(nidan.Known) == 0 {
		t.row = 0
	}
}

// missed records a judged wrong answer and what the ladder makes of it.
func (p *play) missed(who, way int, class nidan.Class) {
	t, now := &p.w.truth[who], p.wall()
	t.wrong[way][class]++
	t.lastWrong[class] = now
	stopped := t.stopped
	if n := (t.inRow(nidan.Other) + t.inRow(nidan.Known)) / 20; n > t.row {
		t.row, t.stopped = n, true
	}
	today := now.Unix() / 86400
	t.month = slices.DeleteFunc(t.month, func(x time.Time) bool { return x.Unix()/86400 <= today-30 })
	t.month = append(t.month, now)
	if len(t.month) == 60 {
		t.stopped = true
	}
	if t.stopped && !stopped {
		t.pending = nil
		p.must(p.told(nidan.NoticePasswordStopped), lawStops, "the password stopped without a notice")
	}
	if limit := [2]int{50, 20}[way]; t.wrong[way][class] >= limit && !t.disabled[way] {
		t.disabled[way] = true
		t.bump()
		p.must(p.told(nidan.NoticeDisabled), lawLowering, "an authenticator was disabled without a notice")
	}
}

// counted are the reasons of a judged wrong answer.
var counted = []nidan.Reason{nidan.WrongAnswer, nidan.UsedAnswer, nidan.LateAnswer, nidan.ClockBehind, nidan.ReplacedAnswer}

// judged settles what the truth expects of an answer in a way, and checks it.
// It returns whether the answer passes.
func (p *play) judged(who, way int, class nidan.Class, code string, right bool, r nidan.Reason) (passes bool) {
	t := &p.w.truth[who]
	switch {
	case p.wayID(who, way) == "none":
		p.must(r == nidan.NoSuchWay, lawAnswer, "a way that does not exist was answered %s", r)
	case t.disabled[way]:
		p.must(r == nidan.Disabled, lawStops, "a disabled authenticator answered %s", r)
	case t.waits(class, p.wall()):
		p.must(r == nidan.Waiting, lawWait, "during a wait the answer was %s", r)
	case code == "abc":
		p.must(r == nidan.MalformedAnswer, lawAnswer, "what cannot be a code was answered %s", r)
	case right:
		p.must(r == nidan.OK, lawAnswer, "the right code was answered %s", r)
		return r == nidan.OK
	default:
		p.must(r != nidan.OK, lawOnce, "a code that is wrong, used or out of date passed")
		ok := slices.Contains(counted, r) || r == nidan.SignInEnded
		if p.must(ok, lawClass, "a wrong code outside a wait of its own class was answered %s", r); !ok {
			return false
		}
		p.missed(who, way, class)
	}
	return false
}

func takeSecondStep(b int, a answer) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		j := &p.w.jars[b]
		who := j.pending.who
		t := &p.w.truth[who]
		tok, ok := nidan.ParsePending(j.pending.value)
		if !ok {
			return ""
		}
		way, code, right := a(p, who)
		id := p.wayID(who, way)
		o, err := p.svc.Answer(ctx, tok, nidan.Answer{Authenticator: id, Code: nidan.NewSecret(code)}, p.from(b))
		r := p.result(o, err)
		if r == "frozen" {
			return r
		}
		i := slices.IndexFunc(t.pending, func(x pending) bool { return x.token == j.pending.value })
		if i < 0 || !p.wall().Before(t.pending[i].at.Add(10*time.Minute)) {
			p.must(r == nidan.Gone || r == nidan.Expired, lawEnded, "an ended sign-in was answered %s", r)
			return r
		}
		x := &t.pending[i]
		class := x.class
		if p.judged(who, way, class, code, right, r) {
			began := x.at
			t.pending = slices.Delete(t.pending, i, i+1)
			p.took(who, way, code)
			p.must(t.protected, lawMint, "a second step was taken of an account without")
			p.granted(b, who, o, false)
			j.session.proven = began
			j.pending = carried{}
			if way == wayCode {
				p.must(p.told(nidan.NoticeBackupUsed), lawLowering, "a backup code was used without a notice")
				p.must(!o.Ticket.Empty(), lawTicket, "no successor was offered for a used backup code")
				j.renew = carried{value: o.Ticket.Reveal(), who: who, epoch: t.epoch, revision: t.revision, at: p.wall(), item: o.Used, lineage: j.session.lineage}
			}
			if len(p.broken) == 0 {
				p.level(b, nidan.LevelAAL2)
			}
			return r
		}
		if slices.Contains(counted, r) || r == nidan.SignInEnded {
			if i = slices.IndexFunc(t.pending, func(x pending) bool { return x.token == j.pending.value }); i >= 0 {
				t.pending[i].wrong++
				ended := t.pending[i].wrong >= 5
				p.must(ended == (r == nidan.SignInEnded), lawWait, "wrong answer %d of a sign-in was answered %s", t.pending[i].wrong, r)
				if ended {
					t.pending = slices.Delete(t.pending, i, i+1)
				}
				if class == nidan.Other {
					p.must(p.toldStranger(who), lawLowering, "a stranger's wrong code was not told")
				}
			} else {
				p.must(r == nidan.SignInEnded, lawStops, "a stop left the sign-in open")
			}
		}
		return r
	}
}

// strangersCode answers alice's sign-in with bob's live code (SECURITY B4).
func strangersCode(p *play, who int) (int, string, bool) {
	_, code, _ := appCode(0)(p, bob)
	_, own, right := appCode(0)(p, who)
	return wayApp, code, right && own == code
}

// session returns a browser's session token, or false.
func (p *play) session(b int) (nidan.SessionToken, int, bool) {
	c := p.w.jars[b].session
	tok, ok := nidan.ParseSession(c.value)
	return tok, c.who, ok
}

// live says whether the truth has a browser's session alive.
func (p *play) live(c carried) bool {
	return c.value != "" && c.epoch == p.w.truth[c.who].epoch && p.wall().Sub(c.at) < time.Hour
}

// dead ends a move whose session is over, after checking that it is.
func (p *play) dead(b int, r nidan.Reason) bool {
	c := p.w.jars[b].session
	if len(p.w.db.freezes) > 0 && c.who == alice {
		p.must(r == "frozen" || r == nidan.Gone, lawFrozen, "a frozen account's session was answered %s", r)
		return true
	}
	if c.epoch != p.w.truth[c.who].epoch {
		p.must(r == nidan.Gone || r == "frozen", lawEnded, "a session of an earlier epoch was answered %s", r)
		return true
	}
	return r == nidan.Gone || r == "frozen"
}

func beginSetUp(b int, password string) func(*play) nidan.Reason {
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
		o, err := p.svc.BeginSetUp(ctx, tok, "totp", nidan.NewSecret(pw), p.from(b))
		r := p.result(o, err)
		p.must(len(p.changes) == 0, lawAbandon, "beginning a set-up wrote")
		if p.dead(b, r) {
			return r
		}
		p.must(r != nidan.OK || !t.protected, lawProtected, "a set-up began on a protected account")
		fresh := p.wall().Sub(p.w.jars[b].session.proven) <= nidan.Fresh
		if r == nidan.OK {
			p.must(fresh || pw == t.password, lawLowering, "a set-up began without a fresh password")
			p.w.jars[b].setup = carried{value: o.Ticket.Reveal(), who: who, epoch: t.epoch, revision: t.revision, at: p.wall(), lineage: p.w.jars[b].session.lineage}
			p.w.jars[b].setup.proven = p.w.jars[b].session.proven
			if pw != "" {
				p.w.jars[b].setup.proven = p.wall()
			}
			h, _, err := p.svc.Held(ctx, tok, nidan.TicketSetUp, o.Ticket)
			p.must(err == nil && h.Handout.Key != "", lawTicket, "the set-up hands out nothing")
			p.w.jars[b].setup.key = h.Handout.Key
		}
		return r
	}
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
		if !ok || j.setup.value == "" || j.setup.key == "" {
			return ""
		}
		c := form(j.setup.value)
		c.Drawn = nidan.TicketHash(nidan.NewSecret("another ticket"))
		r := p.result(p.svc.Complete(ctx, tok, nidan.TicketSetUp, c, true, p.from(b)))
		p.must(len(p.changes) == 0, lawTicket, "a form of another tab wrote")
		r2 := p.result(p.svc.Confirm(ctx, tok, c, nidan.NewSecret(totpAt(j.setup.key, p.step())), p.from(b)))
		p.must(r != nidan.OK && r2 != nidan.OK, lawTicket, "a form of another tab passed")
		return r
	}
}

// honoured says whether a ticket of a browser stands, by the truth.
func (p *play) honoured(b int, c carried, life time.Duration) bool {
	t := p.w.truth[c.who]
	return c.lineage == p.w.jars[b].session.lineage && c.value != "" && c.epoch == t.epoch && c.revision == t.revision && p.wall().Sub(c.at) < life
}

func confirm(b int, off int64) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		j := &p.w.jars[b]
		if !ok || j.setup.value == "" {
			return ""
		}
		code := "123456"
		if off != 99 && j.setup.key != "" {
			code = totpAt(j.setup.key, p.step()+off)
		}
		if off == 98 {
			code = "x"
		}
		o, err := p.svc.Confirm(ctx, tok, form(j.setup.value), nidan.NewSecret(code), p.from(b))
		r := p.result(o, err)
		p.must(len(p.changes) == 0, lawAbandon, "confirming a set-up wrote")
		if p.dead(b, r) {
			return r
		}
		if who != j.setup.who || !p.honoured(b, j.setup, time.Hour) {
			p.must(r != nidan.OK, lawTicket, "a ticket that does not stand was confirmed")
			return r
		}
		if r == nidan.OK && !j.setup.confirm {
			p.must(off >= -2 && off <= 1, lawOnce, "a set-up was confirmed with a code %d steps away", off)
			h, _, err := p.svc.Held(ctx, tok, nidan.TicketSetUp, o.Ticket)
			p.must(err == nil && len(h.Codes.Codes) == 10, lawTicket, "no ten codes came of a confirmed set-up")
			j.setup.value, j.setup.confirm, j.setup.codes = o.Ticket.Reveal(), true, h.Codes.Codes
			p.w.truth[who].lastStep = 0
			j.setup.item = fmt.Sprint(p.step() + off)
		}
		return r
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
		if p.dead(b, r) {
			return r
		}
		t := &p.w.truth[who]
		p.must(r != nidan.OK || who == c.who && p.honoured(b, *c, time.Hour), lawTicket, "a ticket that does not stand was completed")
		p.must(r != nidan.OK || saved, lawTicket, "completed without the word that the codes are saved")
		p.must(r != nidan.OK || purpose != nidan.TicketSetUp || c.confirm, lawTicket, "a set-up was completed that was never confirmed")
		if who == c.who && saved && p.honoured(b, *c, time.Hour) && (purpose != nidan.TicketSetUp || c.confirm) && !t.disabled[wayCode] {
			p.must(r == nidan.OK, lawAnswer, "a standing ticket was answered %s", r)
		}
		if r != nidan.OK || len(p.broken) > 0 {
			return r
		}
		switch purpose {
		case nidan.TicketSetUp:
			t.protected, t.key, t.codes = true, c.key, c.codes
			t.spent, t.replaced, t.disabled, t.wrong = nil, nil, [2]bool{}, [2][2]int{}
			fmt.Sscan(c.item, &t.lastStep)
			p.w.taken = append(p.w.taken, fmt.Sprintf("%s %s %d", t.id, t.key, t.lastStep))
			t.bump()
			p.must(p.told(nidan.NoticeOn), lawLowering, "turned on without a notice")
			for i := range p.w.jars {
				if k := &p.w.jars[i].known; k.who == who {
					k.who = nobody // what a password alone made known is known no more
				}
			}
			p.granted(b, who, o, true)
			p.w.jars[b].session.proven = c.proven
			if len(p.broken) == 0 {
				p.level(b, nidan.LevelAAL2)
			}
		case nidan.TicketReissue:
			t.replaced, t.codes, t.spent = append(t.codes, t.replaced...), held.Codes.Codes, nil
			if t.disabled[wayCode] {
				t.disabled[wayCode], t.wrong[wayCode] = false, [2]int{}
			}
			t.change()
			p.must(p.told(nidan.NoticeCodesIssued), lawLowering, "codes were reissued without a notice")
		case nidan.TicketRenew:
			t.codes = append(t.codes, held.Codes.Codes...)
			t.change()
			p.must(p.told(nidan.NoticeCodeReplaced), lawLowering, "a code was replaced without a notice")
		}
		*c = carried{}
		return r
	}
}

// both is what turn-off and reissue share: password and a second step, now.
func both(b int, rightPassword bool, a answer, do func(*play, nidan.SessionToken, nidan.Secret, nidan.Answer) (nidan.Outcome, error), then func(*play, int, nidan.Outcome)) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		t := &p.w.truth[who]
		password := t.password
		if !rightPassword {
			password = "not the password at all"
		}
		way, code, right := a(p, who)
		o, err := do(p, tok, nidan.NewSecret(password), nidan.Answer{Authenticator: p.wayID(who, way), Code: nidan.NewSecret(code)})
		r := p.result(o, err)
		if p.dead(b, r) {
			return r
		}
		if r == nidan.WrongFirstStep || r == nidan.FirstStepWait || r == nidan.NotProtected {
			p.must(len(p.changes) == 0, lawRefused, "%s wrote", r)
			p.must(r != nidan.WrongFirstStep || !rightPassword || t.stopped, lawAnswer, "the right password was answered %s", r)
			return r
		}
		p.must(t.protected, lawAnswer, "an account without two-step verification was answered %s", r)
		p.must(rightPassword && !t.stopped, lawLowering, "%s came without the password", r)
		class := p.class(b, who)
		if p.judged(who, way, class, code, right, r) {
			p.took(who, way, code)
			then(p, who, o)
		} else if slices.Contains(counted, r) && class == nidan.Other {
			p.must(p.toldStranger(who), lawLowering, "a wrong code in a session of an unknown browser was not told")
		}
		return r
	}
}

func turnOff(b int, rightPassword bool, a answer) func(*play) nidan.Reason {
	return both(b, rightPassword, a, func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer) (nidan.Outcome, error) {
		return p.svc.TurnOff(ctx, tok, pw, ans, p.from(b))
	}, func(p *play, who int, o nidan.Outcome) {
		t := &p.w.truth[who]
		p.must(p.told(nidan.NoticeOff), lawLowering, "turned off without a notice")
		t.protected, t.key, t.codes, t.spent, t.replaced = false, "", nil, nil, nil
		t.wrong, t.disabled = [2][2]int{}, [2]bool{}
		t.bump()
		p.granted(b, who, o, true)
	})
}

func reissue(b int, rightPassword bool, a answer) func(*play) nidan.Reason {
	return both(b, rightPassword, a, func(p *play, tok nidan.SessionToken, pw nidan.Secret, ans nidan.Answer) (nidan.Outcome, error) {
		return p.svc.BeginReissue(ctx, tok, pw, ans, p.from(b))
	}, func(p *play, who int, o nidan.Outcome) {
		t := &p.w.truth[who]
		p.w.jars[b].reissue = carried{value: o.Ticket.Reveal(), who: who, epoch: t.epoch, revision: t.revision, at: p.wall(), lineage: p.w.jars[b].session.lineage}
	})
}

func logOut(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, _, ok := p.session(b)
		if !ok {
			return ""
		}
		o, err := p.svc.LogOut(ctx, tok, p.from(b))
		r := p.result(o, err)
		if p.dead(b, r) {
			return r
		}
		p.must(r == nidan.OK, lawAnswer, "logging out was answered %s", r)
		c := p.w.jars[b].session
		c.epoch = -1
		p.w.keepOld(c)
		p.w.jars[b].session = carried{}
		return r
	}
}

func logOutEverywhere(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		tok, who, ok := p.session(b)
		if !ok {
			return ""
		}
		o, err := p.svc.LogOutEverywhere(ctx, tok, p.from(b))
		r := p.result(o, err)
		if p.dead(b, r) {
			return r
		}
		if r == nidan.OK {
			c := p.w.jars[b].session
			fresh := p.wall().Sub(c.proven) <= nidan.Fresh
			p.w.truth[who].bump()
			p.must(fresh == (o.Session != nil), lawEnded, "the acting session goes on: %v, and its proofs are fresh: %v", o.Session != nil, fresh)
			if o.Session != nil {
				p.granted(b, who, o, true)
				p.w.jars[b].session.proven = c.proven
			} else {
				p.w.keepOld(c)
				p.w.jars[b].session = carried{}
			}
		}
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
		o, err := p.svc.EndSession(ctx, tok, id, p.from(b))
		r := p.result(o, err)
		if p.dead(b, r) {
			return r
		}
		if r == nidan.OK {
			p.must(other.session.who == who, lawOthers, "another account's session was ended")
			c := other.session
			c.epoch = -1
			p.w.keepOld(c)
			other.session = carried{}
		}
		return r
	}
}

func printLink(purpose nidan.TicketPurpose, login string) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		l, o, err := p.svc.PrintLink(ctx, purpose, login, "asked by phone")
		r := p.result(o, err)
		if r == nidan.OK {
			t := p.w.truth[alice]
			p.w.link = carried{value: l.Ticket.Reveal(), who: alice, epoch: t.epoch, revision: t.revision, at: p.wall()}
			p.w.kind = purpose
		}
		return r
	}
}

// useLink posts whatever link is in hand.
func useLink(b int, password string) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		w := p.w
		if w.link.value == "" {
			return ""
		}
		link, t := nidan.NewSecret(w.link.value), &w.truth[alice]
		_, seen, err := p.svc.OpenLink(ctx, w.kind, link)
		p.must(len(p.changes) == 0, lawInert, "opening a link wrote")
		if err != nil {
			return p.result(seen, err)
		}
		var o nidan.Outcome
		switch w.kind {
		case nidan.TicketReset:
			o, err = p.svc.Reset(ctx, link, nidan.NewSecret(password), p.from(b))
		case nidan.TicketBrowser:
			o, err = p.svc.KnowBrowser(ctx, link, p.from(b))
		default:
			o, err = p.svc.AcceptInvite(ctx, link, nidan.NewSecret(password), "en", p.from(b))
		}
		r := p.result(o, err)
		p.must(o.Session == nil, lawMint, "a link signed in")
		p.must(r != nidan.OK || seen.Reason == nidan.OK, lawTicket, "a dead link was used")
		if r != nidan.OK {
			p.must(len(p.changes) == 0, lawRefused, "%s wrote", r)
			return r
		}
		switch w.kind {
		case nidan.TicketReset:
			p.must(w.link.epoch == t.epoch && w.link.revision == t.revision && p.wall().Sub(w.link.at) < 30*time.Minute, lawTicket, "a reset link that does not stand was used")
			p.must(p.told(nidan.NoticePasswordReset), lawLowering, "a reset without a notice")
			t.password, t.stopped = password, false
			t.bump()
		case nidan.TicketBrowser:
			p.must(w.link.epoch == t.epoch && p.wall().Sub(w.link.at) < 30*time.Minute && w.link.item == "", lawTicket, "a browser link that does not stand was used")
			w.link.item = "used"
		}
		if w.kind != nidan.TicketInvite && !o.Browser.Empty() {
			w.jars[b].known = carried{value: o.Browser.Reveal(), who: alice, at: p.wall()}
		}
		return r
	}
}

func operatorLogOut(p *play) nidan.Reason {
	o, err := p.svc.LogOutAccount(ctx, names[alice], "phone stolen")
	r := p.result(o, err)
	if r == nidan.OK {
		p.w.truth[alice].bump()
	}
	return r
}

func unfreeze(p *play) nidan.Reason {
	frozen := len(p.w.db.freezes) > 0
	o, err := p.svc.Unfreeze(ctx, names[alice], "looked into")
	r := p.result(o, err)
	if r == nidan.OK {
		p.must(frozen, lawFrozen, "an account that was not frozen was unfrozen")
		p.w.truth[alice].bump()
	}
	return r
}

// look opens every page there is.
func look(b int) func(*play) nidan.Reason {
	return func(p *play) nidan.Reason {
		j := &p.w.jars[b]
		if tok, ok := nidan.ParseSession(j.session.value); ok {
			if _, err := p.svc.Overview(ctx, tok); err == nil {
				p.must(p.live(j.session), lawEnded, "an ended session shows the security settings")
			}
			for purpose, c := range map[nidan.TicketPurpose]carried{nidan.TicketSetUp: j.setup, nidan.TicketReissue: j.reissue, nidan.TicketRenew: j.renew} {
				_, o, _ := p.svc.Held(ctx, tok, purpose, nidan.NewSecret(c.value))
				p.must(o.Reason != nidan.OK || p.honoured(b, c, time.Hour), lawTicket, "a ticket that does not stand is shown")
			}
		}
		r := nidan.Reason("")
		if tok, ok := nidan.ParsePending(j.pending.value); ok {
			_, o, err := p.svc.Pending(ctx, tok)
			r = p.result(o, err)
		}
		p.must(len(p.changes) == 0, lawInert, "a page wrote")
		return r
	}
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
			_, ok := nidan.ParseSession("ns_" + j.pending.value[3:])
			tok, _ := nidan.ParseSession("ns_" + j.pending.value[3:])
			if ok {
				_, err := p.svc.Session(ctx, tok)
				p.must(err != nil, lawTwoTypes, "a pending token with another prefix is a session")
			}
		}
		if j.session.value != "" {
			if tok, ok := nidan.ParsePending("np_" + j.session.value[3:]); ok {
				_, o, err := p.svc.Pending(ctx, tok)
				p.must(err != nil || o.Reason == nidan.Gone, lawTwoTypes, "a session token with another prefix is a pending sign-in")
			}
		}
	}
	p.must(len(p.changes) == 0, lawInert, "looking wrote")
	return nidan.Gone
}
