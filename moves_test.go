package nidan_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// A move is one command of one person, with what the truth says must come of
// it. It changes the world it is given and returns the reason it was answered.
type move struct {
	name  string
	do    func(*play) nidan.Reason
	parts []part
}

// in says whether a move is made in a seed's parts.
func (m *move) in(parts []part) bool {
	return m.parts[0] == common || slices.ContainsFunc(m.parts, func(k part) bool { return slices.Contains(parts, k) })
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

// must holds something against a law, and returns it.
func (p *play) must(ok bool, law, how string, args ...any) bool {
	if p.laws != nil {
		p.laws[law]++
	}
	if !ok {
		p.broken = append(p.broken, violation{law, fmt.Sprintf(how, args...)})
	}
	return ok
}

var ctx = context.Background()

// result unpacks an answer; an error ends the move with a reason of its own.
func (p *play) result(o nidan.Outcome, err error) nidan.Reason {
	switch {
	case err == nil:
		p.must(o.Session == nil || o.Reason == nidan.OK, lawMint, "a session came with %s", o.Reason)
		return o.Reason
	case errors.Is(err, nidan.ErrFrozen):
		return frozenAnswer
	case errors.Is(err, nidan.ErrNotFound):
		return nidan.Gone
	}
	p.must(false, lawAnswer, "error %v", err)
	return "error"
}

// frozenAnswer stands for the error of a frozen account.
const frozenAnswer nidan.Reason = "frozen"

// frozen says whether an account is frozen.
func (p *play) frozen(who int) bool {
	return who != nobody && slices.ContainsFunc(p.db.freezes, func(f nidan.Freeze) bool { return f.Account == p.w.truth[who].id })
}

// from is where a browser's request comes from.
func (p *play) from(b int) nidan.From {
	f, j := places[b], &p.w.jars[b]
	f.Cookie = nidan.NewSecret(j.known.value)
	f.Remembered = nidan.NewSecret(j.remembered.value)
	f.Session = nidan.NewSecret(j.session.value)
	return f
}

// class says whether a browser is known to an account.
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
	p.knows(b, who, o)
	_, isPending := nidan.ParsePending(j.session.value)
	p.must(!isPending, lawTwoTypes, "a session token parses as a pending one")
}

// knows puts the known-browser cookie of an answer into a browser.
func (p *play) knows(b, who int, o nidan.Outcome) {
	j := &p.w.jars[b]
	if !o.Browser.Empty() {
		j.known = carried{value: o.Browser.Reveal(), who: who, at: p.wall()}
	} else if j.known.value != "" && j.known.who == who {
		j.known.at = p.wall()
	}
}

// level checks what a browser's new session is worth: a password alone, or with
// a way, or with a remembered browser in the place of one.
func (p *play) level(b int, want nidan.Level) {
	j := &p.w.jars[b]
	j.session.level, j.session.twoSteps = want, want > nidan.LevelPassword
	tok, _ := nidan.ParseSession(j.session.value)
	s, err := p.svc.Session(ctx, tok)
	if err != nil {
		p.must(false, lawMint, "a session just minted is refused: %v", err)
		return
	}
	p.must(s.Level == want, lawLevel, "level %s instead of %s", s.Level, want)
}

// worth is the level of a password and a way.
func worth(m nidan.MethodName) nidan.Level {
	if m == mailcode.Name {
		return nidan.LevelTwoStep
	}
	return nidan.LevelAAL2
}

// reread decodes the documents that a move has changed.
func (w *world) reread(r *room) {
	for who := range w.truth {
		for _, d := range w.db.docs {
			if d.ID != w.truth[who].id || w.docs[who] != nil && w.docs[who].ID == d.ID && w.docs[who].Version == d.Version {
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

// wayID is the id of a way as the pages list it.
func (p *play) wayID(who, kind int) string {
	if w := p.w.truth[who].way(kind); w != nil {
		return w.id
	}
	return "none"
}

// took records that the truth counts a code as accepted.
func (p *play) took(who, kind int, a ask, code string) {
	t := &p.w.truth[who]
	w := t.way(kind)
	key := string(t.id) + " " + strings.ToUpper(code)
	switch w.method {
	case totp.Name:
		step := p.step()
		for s := step - 2; s <= step+1; s++ {
			if totpAt(w.key, s) == code {
				w.lastStep = max(w.lastStep, s)
				key = fmt.Sprintf("%s %s %d", t.id, w.key, s)
			}
		}
	case mailcode.Name:
		t.unsent(a)
		key = fmt.Sprintf("%s %s of %s", t.id, code, a.use)
	default:
		i := slices.IndexFunc(t.codes, func(c string) bool { return strings.EqualFold(c, code) })
		if i >= 0 {
			t.spent = append(t.spent, t.codes[i])
			t.codes = slices.Delete(t.codes, i, i+1)
		}
	}
	p.takes(key)
	w.wrong = [2]int{}
	t.rowEnded()
}

// takes notes a code as accepted, and that it never was before.
func (p *play) takes(key string) {
	p.must(!slices.Contains(p.w.taken, key), lawOnce, "code %s was accepted before", key)
	if p.w.taken = append(p.w.taken, key); len(p.w.taken) > 8 {
		p.w.taken = p.w.taken[1:]
	}
}

// missed records a judged wrong answer and what the ladder makes of it.
func (p *play) missed(who, kind int, class nidan.Class) {
	t, now := &p.w.truth[who], p.wall()
	w := t.way(kind)
	w.wrong[class]++
	t.lastWrong[class] = now
	limit := w.disableAfter()
	if limit == 0 {
		p.must(p.toldNothing(who, nidan.NoticePasswordStopped) && p.toldNothing(who, nidan.NoticeDisabled), lawMailcode, "a mailed number's wrong answer stopped or disabled something")
		return
	}
	stopped := t.stopped
	if n := t.towardsStops() / 20; n > t.row {
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
		p.must(p.told(who, nidan.NoticePasswordStopped), lawStops, "the password stopped without a notice")
	}
	if w.wrong[class] >= limit && !w.disabled {
		w.disabled = true
		t.rowEnded()
		t.bump()
		p.must(p.told(who, nidan.NoticeDisabled), lawLowering, "an authenticator was disabled without a notice")
	}
}

func (p *play) toldNothing(who int, kind nidan.NoticeKind) bool {
	return !slices.ContainsFunc(p.queued, func(l letter) bool { return l.Account == p.w.truth[who].id && l.notice.Kind == kind })
}

// counted are the reasons of a judged wrong answer.
var counted = []nidan.Reason{nidan.WrongAnswer, nidan.UsedAnswer, nidan.LateAnswer, nidan.ClockBehind, nidan.ReplacedAnswer}

// judged settles what the truth expects of an answer in a way, and checks it.
// want is what follows the right one. It returns whether the answer passes.
func (p *play) judged(who, kind int, class nidan.Class, a ask, code string, right bool, r, want nidan.Reason) (passes bool) {
	t, now := &p.w.truth[who], p.wall()
	w := t.way(kind)
	switch {
	case w == nil:
		p.must(r == nidan.NoSuchWay, lawAnswer, "a way that does not exist was answered %s", r)
	case w.disabled:
		p.must(r == nidan.Disabled, lawStops, "a disabled authenticator answered %s", r)
	case t.waits(class, now):
		p.must(r == nidan.Waiting, lawWait, "during a wait the answer was %s", r)
	case t.barred(w):
		p.must(r == nidan.SameMailbox, lawMailbox, "a mailed number behind a mailed password was answered %s", r)
	case w.method == mailcode.Name && p.noNumber(t, a, r):
	case code == "abc":
		p.must(r == nidan.MalformedAnswer, lawAnswer, "what cannot be a code was answered %s", r)
	case right:
		return p.must(r == want, lawAnswer, "the right code was answered %s instead of %s", r, want)
	default:
		if w.method == mailcode.Name {
			p.must(r != nidan.OK, lawNumber, "a number that is old, used, used up, run out or another one's passed")
		}
		p.must(r != nidan.OK, lawOnce, "a code that is wrong, used or out of date passed")
		ok := slices.Contains(counted, r) || r == nidan.SignInEnded
		if !p.must(ok, lawClass, "a wrong code outside a wait of its own class was answered %s", r) {
			return false
		}
		if n := t.number(a); w.method == mailcode.Name && n != nil {
			n.wrong++
		}
		p.missed(who, kind, class)
	}
	return false
}

// noNumber says whether nothing is outstanding for an ask, and that it was
// answered so. One that has run out may be forgotten already.
func (p *play) noNumber(t *truth, a ask, r nidan.Reason) bool {
	n := t.number(a)
	if n.live(p.wall()) || n != nil && n.wrong < 5 && r != nidan.NoCodeSent {
		return false
	}
	p.must(r == nidan.NoCodeSent, lawNumber, "an answer without a number was answered %s", r)
	return true
}
