package nidan_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/totp"
)

// The doors that products use have an exploration of their own: one account
// that a shop keeps and one of ours, two browsers of which one is a stranger's,
// and all that they can do with links, sign-ins, results and passes. What must
// come of each move is reckoned from what happened before it, not from the
// document.

// The browsers, and whose cookie value a link or result is bound to.
const (
	owner = iota
	thief
)

const (
	shopBack  = "https://shop.example/back"
	openHost  = "app.example"
	closeHost = "vault.example"
)

var cookieValues = [2]string{"a value in the owner's browser", "a value in the thief's browser"}

func bindOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// A way is what somebody was sent here with.
type led struct {
	token string
	bind  int
	level nidan.Level
	use   nidan.HandoverUse
	at    time.Time
	epoch int
	taken bool

	inside bool // by the application, whose pages they are
}

// held is what a browser has of a sign-in: pending, then a session.
type held struct {
	value string
	from  led
	level nidan.Level
	at    time.Time // when it was handed out
	first time.Time // when the first step was taken
	epoch int
	swept bool // it had run out when another was opened
}

// sweep notes what has run out when another sign-in is opened.
func (t *town) sweep() {
	for _, h := range []*held{&t.s.pending[0], &t.s.pending[1], &t.s.door} {
		h.swept = h.swept || h.value != "" && !t.wall().Before(h.at.Add(10*time.Minute))
	}
}

// brought is a result, or a pass, as somebody has it.
type brought struct {
	token string
	bind  int
	level nidan.Level
	host  string
	at    time.Time
	epoch int
	born  int // the session behind a pass
	spent bool
}

// street is a state of the small world with its doors.
type street struct {
	db  tables
	now time.Duration
	rnd uint64

	protected bool
	epoch     int
	changed   time.Time // the password, as the shop last told
	wrong     int
	key       string
	step      int64 // the newest that was used
	codes     []string

	links    []led
	pending  [2]held
	sessions [2]held
	door     held // the shop's own, by the API
	results  []brought
	passes   []brought
	ours     [2]held // sessions of our own account
	born     int
	alive    []int // which of those live
	raised   bool  // the open host asks for more by now
}

func (s *street) clone() *street {
	c := *s
	c.db = s.db.clone()
	c.codes, c.links, c.results, c.passes, c.alive = slices.Clone(s.codes), slices.Clone(s.links), slices.Clone(s.results), slices.Clone(s.passes), slices.Clone(s.alive)
	return &c
}

// key tells states apart by everything that what follows depends on.
func (s *street) canon() string {
	now := epochStart.Add(s.now)
	age := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return now.Sub(t).String()
	}
	var b strings.Builder
	fmt.Fprint(&b, age(s.changed) == "0s", s.raised, s.protected, s.wrong, len(s.codes), now.Unix()/30-s.step, now.Unix()%30)
	for _, l := range s.links {
		fmt.Fprint(&b, "|l", l.bind, l.level, l.use, age(l.at), s.epoch-l.epoch, l.taken)
	}
	for _, h := range []held{s.pending[0], s.pending[1], s.sessions[0], s.sessions[1], s.door, s.ours[0], s.ours[1]} {
		fmt.Fprint(&b, "|h", h.value != "", h.from.bind, h.from.level, h.from.use, h.from.inside, h.level, age(h.at), age(h.first), s.epoch-h.epoch, h.swept)
	}
	for _, r := range slices.Concat(s.results, s.passes) {
		fmt.Fprint(&b, "|r", r.bind, r.level, r.host, age(r.at), s.epoch-r.epoch, r.spent, slices.Contains(s.alive, r.born))
	}
	return b.String()
}

// town is where the street's moves are made.
type town struct {
	*room
	s          *street
	shop, bank *nidan.Caller
	within     *nidan.Caller // the shop, in our own process
	broken     string
}

func (t *town) must(ok bool, how string, args ...any) {
	if !ok && t.broken == "" {
		t.broken = fmt.Sprintf(how, args...)
	}
}

// came holds an answer against what had to come.
func (t *town) came(out nidan.Outcome, err error, want nidan.Reason) bool {
	t.must(err == nil, "error %v", err)
	t.must(out.Reason == want, "answered %s, and %s had to come", out.Reason, want)
	return t.broken == ""
}

func (t *town) from(b int) nidan.From { return places[b] }

func (t *town) at(door *nidan.Caller) nidan.From {
	f := places[owner]
	f.Door = door
	return f
}

// mina is the shop's account with a first step just stated.
func (t *town) mina() nidan.Kept { return t.minaBy(t.shop) }

func (t *town) minaBy(c *nidan.Caller) nidan.Kept {
	k, out, err := t.svc.Kept(ctx, c, "mina")
	t.came(out, err, nidan.OK)
	k, out, err = t.svc.State(ctx, k, time.Time{}, false, t.at(t.shop))
	t.came(out, err, nidan.OK)
	return k
}

type streetMove struct {
	name string
	do   func(*town) bool // false: there is nothing to do it with
}

func openLink(bind int, use nidan.HandoverUse, level nidan.Level) streetMove {
	return streetMove{fmt.Sprintf("the shop opens %s at %s for browser %d", use, level, bind), func(t *town) bool {
		s := t.s
		if len(s.links) >= 2 {
			return false
		}
		out, err := t.svc.OpenHandover(ctx, t.mina(), nidan.HandoverRequest{Use: use, Return: shopBack, Level: level, Bind: bindOf(cookieValues[bind])}, t.at(t.shop))
		if t.came(out, err, nidan.OK) {
			t.sweep()
			s.links = append(s.links, led{token: out.Handover.Token.Reveal(), bind: bind, level: level, use: use, at: t.wall(), epoch: s.epoch})
		}
		return true
	}}
}

func acceptLink(b, i int) streetMove {
	return streetMove{fmt.Sprintf("browser %d takes link %d up", b, i), func(t *town) bool {
		s := t.s
		if i >= len(s.links) {
			return false
		}
		l := &s.links[i]
		tok, _ := nidan.ParseHandover(l.token)
		live := !l.taken && t.wall().Before(l.at.Add(5*time.Minute)) && l.epoch == s.epoch
		_, out, err := t.svc.Handover(ctx, tok)
		t.must(err == nil && (out.Reason == nidan.OK) == live, "the page behind the link says %s", out.Reason)
		_, isPending := nidan.ParsePending(l.token)
		t.must(!isPending, "a link parses as a pending sign-in")
		f := t.from(b)
		f.Session = nidan.NewSecret(s.sessions[b].value)
		out, err = t.svc.AcceptHandover(ctx, tok, f)
		switch {
		case !live:
			t.came(out, err, nidan.LinkDead)
		case s.protected:
			if l.taken = true; t.came(out, err, nidan.SecondStep) {
				t.sweep()
				s.pending[b] = held{value: out.Pending.Token.Reveal(), from: *l, at: t.wall(), first: l.at, epoch: s.epoch}
			}
		default:
			if l.taken = true; t.came(out, err, nidan.OK) {
				t.arrive(b, *l, out, nidan.LevelPassword, l.at)
			}
		}
		return true
	}}
}

func leadInside(b int, use nidan.HandoverUse, level nidan.Level) streetMove {
	return streetMove{fmt.Sprintf("the shop leads browser %d inside, for %s at %s", b, use, level), func(t *town) bool {
		s := t.s
		k := t.minaBy(t.within)
		out, err := t.svc.Lead(ctx, t.mina(), use, level, t.from(b))
		t.came(out, err, nidan.ScopeMissing)
		l := led{bind: b, level: level, use: use, at: t.wall(), epoch: s.epoch, inside: true}
		out, err = t.svc.Lead(ctx, k, use, level, t.from(b))
		if s.protected {
			if t.came(out, err, nidan.SecondStep) {
				t.sweep()
				s.pending[b] = held{value: out.Pending.Token.Reveal(), from: l, at: t.wall(), first: t.wall(), epoch: s.epoch}
			}
		} else if t.came(out, err, nidan.OK) {
			t.arrive(b, l, out, nidan.LevelPassword, t.wall())
		}
		return true
	}}
}

// arrive takes what a sign-in ends with.
func (t *town) arrive(b int, l led, out nidan.Outcome, worth nidan.Level, first time.Time) {
	s := t.s
	if l.inside && l.use == nidan.HandoverSignIn && worth >= l.level {
		t.told(out, worth)
		return
	}
	t.must(out.Assertion == nil, "a product is told of what a browser has to bring back")
	if l.use == nidan.HandoverSignIn && worth >= l.level {
		t.must(out.Session == nil && out.Return != nil && !out.Return.Token.Empty() && out.Return.To == shopBack, "no result came, or a session with it")
		if t.broken == "" {
			s.results = append(s.results, brought{token: out.Return.Token.Reveal(), bind: l.bind, level: worth, at: t.wall(), epoch: s.epoch})
		}
		return
	}
	t.must(out.Session != nil && out.Return == nil, "no session came, or a result with it")
	if t.broken == "" {
		s.sessions[b] = held{value: out.Session.Token.Reveal(), from: l, level: worth, at: t.wall(), first: first, epoch: s.epoch}
	}
}

// app is what the app shows now, and whether it is right: it was not used.
func (t *town) app() (code string, right bool) {
	return totpAt(t.s.key, t.step()), t.s.protected && t.step() > t.s.step
}

func (t *town) wayOf(m nidan.MethodName) string {
	for _, d := range t.db.docs {
		if a, err := nidan.Opened(t.svc, d); err == nil && a.Ref == "mina" {
			for _, x := range a.Authenticators {
				if x.Method == m {
					return x.ID
				}
			}
		}
	}
	return "none"
}

func answerHere(b int, right bool) streetMove {
	return streetMove{fmt.Sprintf("browser %d answers, right is %v", b, right), func(t *town) bool {
		s, h := t.s, t.s.pending[b]
		if h.value == "" || !right && s.wrong >= 3 {
			return false
		}
		code, ok := t.app()
		if !right {
			code, ok = "000000", false
		}
		tok, _ := nidan.ParsePending(h.value)
		out, err := t.svc.Answer(ctx, tok, nidan.Answer{Authenticator: t.wayOf(totp.Name), Code: nidan.NewSecret(code)}, t.from(b))
		t.answered(out, err, h, right, ok, func() {
			s.pending[b] = held{}
			t.arrive(b, h.from, out, nidan.LevelAAL2, h.first)
		})
		return true
	}}
}

// answered holds the answer to a second step against the truth.
func (t *town) answered(out nidan.Outcome, err error, h held, right, ok bool, passed func()) {
	s := t.s
	switch {
	case !t.wall().Before(h.at.Add(10*time.Minute)) && h.epoch == s.epoch && !h.swept:
		t.came(out, err, nidan.Expired)
	case h.epoch != s.epoch || h.swept:
		t.came(out, err, nidan.Gone)
	case ok:
		if s.step, s.wrong = t.step(), 0; t.came(out, err, nidan.OK) {
			passed()
		}
	case right:
		if s.wrong++; t.came(out, err, nidan.UsedAnswer) {
			return
		}
	default:
		s.wrong++
		t.came(out, err, nidan.WrongAnswer)
	}
}

// otherDoors tries what somebody holds where it is not for.
var otherDoors = streetMove{"what was opened at one door is tried at the others", func(t *town) bool {
	s, any := t.s, false
	code, _ := t.app()
	ans := nidan.Answer{Authenticator: t.wayOf(totp.Name), Code: nidan.NewSecret(code)}
	for _, h := range s.pending {
		if tok, ok := nidan.ParsePending(h.value); ok {
			any = true
			for _, door := range []*nidan.Caller{t.shop, t.bank} {
				out, err := t.svc.Answer(ctx, tok, ans, t.at(door))
				t.must(err == nil && out.Reason == nidan.Gone, "a sign-in of our pages, answered by the API: %s, %v", out.Reason, err)
			}
		}
	}
	if tok, ok := nidan.ParsePending(s.door.value); ok {
		any = true
		for _, door := range []*nidan.Caller{nil, t.bank} {
			out, err := t.svc.Answer(ctx, tok, ans, t.at(door))
			t.must(err == nil && out.Reason == nidan.Gone, "a sign-in of the shop's, answered elsewhere: %s, %v", out.Reason, err)
		}
	}
	for _, r := range s.results {
		tok, _ := nidan.ParseResult(r.token)
		out, err := t.svc.Redeem(ctx, t.bank, tok, nidan.NewSecret(cookieValues[r.bind]), t.at(t.bank))
		t.must(err == nil && out.Reason == nidan.ResultDead, "another product redeems: %s, %v", out.Reason, err)
		out, err = t.svc.RedeemPass(ctx, nidan.NewSecret(r.token), openHost, nidan.NewSecret(cookieValues[r.bind]))
		t.must(err == nil && out.Reason == nidan.ResultDead, "a host takes a product's result: %s, %v", out.Reason, err)
		any = true
	}
	_, out, err := t.svc.Kept(ctx, t.bank, "mina")
	t.must(err == nil && out.Reason == nidan.NoAccount, "another product reaches the account: %s, %v", out.Reason, err)
	return any
}}

func redeemResult(i, value int) streetMove {
	return streetMove{fmt.Sprintf("the shop redeems result %d with the value of browser %d", i, value), func(t *town) bool {
		s := t.s
		if i >= len(s.results) {
			return false
		}
		r := &s.results[i]
		tok, _ := nidan.ParseResult(r.token)
		out, err := t.svc.Redeem(ctx, t.shop, tok, nidan.NewSecret(cookieValues[value]), t.at(t.shop))
		if r.spent || r.epoch != s.epoch || !t.wall().Before(r.at.Add(time.Minute)) || value != r.bind {
			t.came(out, err, nidan.ResultDead)
			return true
		}
		if r.spent = true; t.came(out, err, nidan.OK) {
			a := out.Assertion
			t.must(a != nil && a.Account == "mina" && a.Level == r.level, "told %+v of a sign-in worth %s", a, r.level)
		}
		return true
	}}
}

// live says whether a session of the shop's account is alive.
func (t *town) live(h held) bool {
	return h.value != "" && h.epoch == t.s.epoch && t.wall().Before(h.first.Add(time.Hour)) && t.wall().Sub(h.at) < time.Hour
}

func goBack(b int) streetMove {
	return streetMove{fmt.Sprintf("browser %d goes back to the shop", b), func(t *town) bool {
		s, h := t.s, t.s.sessions[b]
		tok, ok := nidan.ParseSession(h.value)
		if !ok {
			return false
		}
		out, err := t.svc.GoBack(ctx, tok, t.from(b))
		s.sessions[b] = held{}
		switch {
		case !t.live(h):
			t.came(out, err, nidan.Gone)
		case t.came(out, err, nidan.OK) && h.from.inside:
			if h.level >= h.from.level {
				t.told(out, h.level)
			} else {
				t.must(out.Assertion == nil && out.Return.To == "" && out.Return.Token.Empty(), "the shop is told of what it did not ask for")
			}
			_, err := t.svc.Session(ctx, tok)
			t.must(err != nil, "the session lives on behind who went back")
		case t.broken == "":
			t.must(out.Return.Token.Empty() == (h.level < h.from.level), "a session worth %s goes back to who asks for %s, with a result: %v", h.level, h.from.level, !out.Return.Token.Empty())
			if !out.Return.Token.Empty() {
				s.results = append(s.results, brought{token: out.Return.Token.Reveal(), bind: h.from.bind, level: h.level, at: t.wall(), epoch: s.epoch})
			}
			_, err := t.svc.Session(ctx, tok)
			t.must(err != nil, "the session lives on behind who went back")
		}
		return true
	}}
}

func settings(b int) streetMove {
	return streetMove{fmt.Sprintf("browser %d turns it on, or off", b), func(t *town) bool {
		s, h := t.s, t.s.sessions[b]
		tok, ok := nidan.ParseSession(h.value)
		if !ok {
			return false
		}
		fresh := t.wall().Sub(h.first) <= nidan.Fresh
		if !s.protected {
			out, err := t.svc.BeginSetUp(ctx, tok, totp.Name, nidan.Secret{}, t.from(b))
			if want := (map[bool]nidan.Reason{true: nidan.OK, false: nidan.StepUp})[fresh]; !t.live(h) {
				t.came(out, err, nidan.Gone)
			} else if t.came(out, err, want) && fresh {
				t.completes(tok, b, out)
			}
			return true
		}
		code, right := t.app()
		out, err := t.svc.TurnOff(ctx, tok, nidan.Secret{}, nidan.Answer{Authenticator: t.wayOf(totp.Name), Code: nidan.NewSecret(code)}, t.from(b))
		switch {
		case !t.live(h):
			t.came(out, err, nidan.Gone)
		case !fresh:
			t.came(out, err, nidan.StepUp)
		case !right:
			s.wrong++
			t.came(out, err, nidan.UsedAnswer)
		case t.came(out, err, nidan.OK):
			s.protected, s.epoch, s.wrong, s.step = false, s.epoch+1, 0, t.step()
			t.renewed(b, out)
		}
		return true
	}}
}

// renewed takes the session that a change minted anew.
func (t *town) renewed(b int, out nidan.Outcome) {
	if t.must(out.Session != nil, "the acting session ended"); out.Session != nil {
		h := &t.s.sessions[b]
		h.value, h.level, h.at, h.epoch = out.Session.Token.Reveal(), nidan.LevelAAL2, t.wall(), t.s.epoch
	}
}

// completes walks the rest of a set-up.
func (t *town) completes(who nidan.Bearer, b int, out nidan.Outcome) {
	s := t.s
	h, o, err := t.svc.Held(ctx, who, nidan.TicketSetUp, out.Ticket)
	if !t.came(o, err, nidan.OK) {
		return
	}
	key := strings.ReplaceAll(h.Handout.Key, " ", "")
	carried := func(o nidan.Outcome) nidan.Carried {
		return nidan.Carried{Ticket: o.Ticket, Drawn: nidan.TicketHash(o.Ticket)}
	}
	out, err = t.svc.Confirm(ctx, who, carried(out), nidan.NewSecret(totpAt(key, t.step())), t.from(owner))
	if !t.came(out, err, nidan.OK) {
		return
	}
	out, err = t.svc.Complete(ctx, who, nidan.TicketSetUp, carried(out), true, t.from(owner))
	if !t.came(out, err, nidan.OK) {
		return
	}
	s.protected, s.key, s.step, s.epoch, s.wrong = true, key, t.step(), s.epoch+1, 0
	if b >= 0 {
		t.renewed(b, out)
		return
	}
	t.must(out.Session == nil, "a session came to a product")
}

var byAPI = []streetMove{
	{"the shop signs in by the API", func(t *town) bool {
		s := t.s
		out, err := t.svc.SignInKept(ctx, t.mina(), t.at(t.shop))
		switch {
		case s.protected:
			if t.came(out, err, nidan.SecondStep) {
				t.sweep()
				s.door = held{value: out.Pending.Token.Reveal(), at: t.wall(), epoch: s.epoch}
			}
		case t.came(out, err, nidan.OK):
			t.told(out, nidan.LevelPassword)
		}
		return true
	}},
	{"the shop answers by the API", func(t *town) bool {
		tok, ok := nidan.ParsePending(t.s.door.value)
		if !ok {
			return false
		}
		h := t.s.door
		code, right := t.app()
		out, err := t.svc.Answer(ctx, tok, nidan.Answer{Authenticator: t.wayOf(totp.Name), Code: nidan.NewSecret(code)}, t.at(t.shop))
		t.answered(out, err, h, true, right, func() {
			t.s.door = held{}
			t.told(out, nidan.LevelAAL2)
		})
		return true
	}},
	{"the shop turns it on by the API", func(t *town) bool {
		out, err := t.svc.BeginSetUp(ctx, t.mina(), totp.Name, nidan.Secret{}, t.at(t.shop))
		if t.s.protected {
			t.came(out, err, nidan.AlreadyOn)
		} else if t.came(out, err, nidan.OK) {
			k, _, _ := t.svc.Kept(ctx, t.shop, "mina") // nothing is stated any more
			t.completes(k, -1, out)
		}
		return true
	}},
	{"the shop turns it off without a first step", func(t *town) bool {
		k, out, err := t.svc.Kept(ctx, t.shop, "mina")
		t.came(out, err, nidan.OK)
		code, _ := t.app()
		out, err = t.svc.TurnOff(ctx, k, nidan.Secret{}, nidan.Answer{Authenticator: t.wayOf(totp.Name), Code: nidan.NewSecret(code)}, t.at(t.shop))
		want := nidan.NotProtected
		if t.s.protected {
			want = nidan.StepUp
		}
		t.came(out, err, want)
		return true
	}},
	{"the shop chooses a way without a first step", func(t *town) bool {
		k, out, err := t.svc.Kept(ctx, t.shop, "mina")
		t.came(out, err, nidan.OK)
		out, err = t.svc.SetDefault(ctx, k, t.wayOf(totp.Name), t.at(t.shop))
		t.came(out, err, nidan.StepUp)
		return true
	}},
	{"the password was changed at the shop", func(t *town) bool {
		k, out, err := t.svc.Kept(ctx, t.shop, "mina")
		t.came(out, err, nidan.OK)
		_, out, err = t.svc.State(ctx, k, t.wall(), false, t.at(t.shop))
		if t.came(out, err, nidan.OK) && t.wall().After(t.s.changed) {
			t.s.changed, t.s.epoch = t.wall(), t.s.epoch+1
		}
		return true
	}},
	{"the shop ends all sessions", func(t *town) bool {
		k, out, err := t.svc.Kept(ctx, t.shop, "mina")
		t.came(out, err, nidan.OK)
		out, err = t.svc.EndKeptSessions(ctx, k, t.at(t.shop))
		if t.came(out, err, nidan.OK) {
			t.s.epoch++
		}
		return true
	}},
}

// told checks what a product is told at once.
func (t *town) told(out nidan.Outcome, worth nidan.Level) {
	a := out.Assertion
	t.must(out.Session == nil && out.Return == nil && a != nil && a.Account == "mina" && a.Level == worth, "told %+v of a sign-in worth %s", a, worth)
}

func passes(d time.Duration) streetMove {
	return streetMove{"wait " + d.String(), func(t *town) bool {
		t.now += d
		return true
	}}
}

// shopMoves are all moves about the account that the shop keeps.
func shopMoves() []streetMove {
	moves := []streetMove{otherDoors, passes(31 * time.Second), passes(61 * time.Second), passes(5 * time.Minute)}
	for bind := range 2 {
		moves = append(moves, openLink(bind, nidan.HandoverSignIn, nidan.LevelAAL2), settings(bind), goBack(bind), answerHere(bind, true))
		for i := range 2 {
			moves = append(moves, acceptLink(bind, i), redeemResult(i, bind))
		}
	}
	moves = append(moves, openLink(owner, nidan.HandoverSignIn, nidan.LevelPassword), openLink(owner, nidan.HandoverSettings, nidan.LevelTwoStep), answerHere(thief, false))
	moves = append(moves, leadInside(owner, nidan.HandoverSignIn, nidan.LevelAAL2), leadInside(thief, nidan.HandoverSettings, nidan.LevelPassword))
	return append(moves, byAPI...)
}

// TestDoors takes every sequence of the doors' moves up to a depth.
func TestDoors(t *testing.T) {
	depth := 3
	if os.Getenv("NIDAN_EXPLORE") != "" {
		depth = 4
	}
	if os.Getenv("NIDAN_EXPLORE") == "long" {
		depth = 5
	}
	r := newRoom()
	for name, seed := range streets(t, r) {
		moves := shopMoves()
		if seed.town.s.ours[owner].value != "" {
			moves = passMoves()
		}
		states, steps := 0, 0
		seen, level := map[string]bool{}, []*street{seed.town.s}
		paths := map[*street]string{seed.town.s: ""}
		for range depth {
			var next []*street
			for _, from := range level {
				for _, m := range moves {
					tw := seed.town
					tw.room, tw.s = r, from.clone()
					r.db, r.now, r.rnd = tw.s.db, tw.s.now, tw.s.rnd
					r.begin()
					nidan.ForgetNode(r.svc, epochStart)
					if !m.do(&tw) {
						continue
					}
					steps++
					tw.s.db, tw.s.now, tw.s.rnd = r.db, r.now, r.rnd
					if tw.broken != "" {
						t.Fatalf("from %q:%s\n  %s\n%s", name, paths[from], m.name, tw.broken)
					}
					if key := tw.s.canon(); !seen[key] {
						seen[key] = true
						states++
						next = append(next, tw.s)
						paths[tw.s] = paths[from] + "\n  " + m.name
					}
				}
			}
			level = next
		}
		t.Logf("%-30s %6d states, %7d moves", name, states, steps)
	}
}

type streetSeed struct{ town town }

// shop is the party, with what its open host asks for.
func shop(ask nidan.Level) nidan.Party {
	return nidan.Party{ID: "shop", Name: "Example Shop", Returns: []string{shopBack}, Hosts: []nidan.Proxied{{Host: openHost, Level: ask}, {Host: closeHost, Level: nidan.LevelAAL2}}}
}

// A document that stands where another account's is, is no account's.
func TestKeptInAnothersPlace(t *testing.T) {
	r := newRoom()
	tw := streets(t, r)["kept by the shop, protected"].town
	tw.room = r
	r.db, r.now, r.rnd = tw.s.db, tw.s.now, tw.s.rnd
	k, out, err := r.svc.Kept(ctx, tw.shop, "mina")
	tw.came(out, err, nidan.OK)
	if out, err := r.svc.Register(ctx, tw.bank, "mina", nidan.Details{Label: "Mina"}, tw.at(tw.bank)); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	_, out, err = r.svc.State(ctx, k, time.Time{}, false, tw.at(tw.shop))
	tw.came(out, err, nidan.OK)
	if tw.broken != "" {
		t.Error(tw.broken)
	}
	// The bank's document, sealed for its own id, in the place of the shop's:
	// the seal does not open. Here seals hide nothing and open for anybody who
	// writes their header, so that what is looked at is what comes after.
	var shop, bank *nidan.Record
	for i := range r.db.docs {
		a, err := nidan.Opened(r.svc, r.db.docs[i])
		switch {
		case err != nil:
		case a.Party == "shop":
			shop = &r.db.docs[i]
		case a.Party == "bank":
			bank = &r.db.docs[i]
		}
	}
	shop.Sealed, shop.Version = bank.Sealed, bank.Version
	if _, out, err := r.svc.Kept(ctx, tw.shop, "mina"); err == nil {
		t.Errorf("answered %s", out.Reason)
	}
}

// streets are the states to begin from.
func streets(t *testing.T, r *room) map[string]streetSeed {
	t.Helper()
	nidan.ForgetNode(r.svc, epochStart)
	seeds := map[string]streetSeed{}
	tw := town{room: r, s: &street{}}
	caller := func(party nidan.Party) *nidan.Caller {
		out, err := r.svc.PutParty(ctx, party, "test")
		tw.came(out, err, nidan.OK)
		key, _, out, err := r.svc.CreateKey(ctx, party.ID, nidan.Scopes(), nil, time.Hour, "test")
		tw.came(out, err, nidan.OK)
		c, err := r.svc.Caller(ctx, key, netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	tw.shop = caller(shop(nidan.LevelPassword))
	tw.bank = caller(nidan.Party{ID: "bank", Name: "Example Bank", Returns: []string{"https://bank.example/"}})
	tw.within = nidan.AsInside(tw.shop)
	out, err := r.svc.Register(ctx, tw.shop, "mina", nidan.Details{Label: "Mina", Address: "mina@example.com"}, tw.at(tw.shop))
	tw.came(out, err, nidan.OK)
	k, _, _ := r.svc.Kept(ctx, tw.shop, "mina")
	_, out, err = r.svc.State(ctx, k, r.wall(), false, tw.at(tw.shop)) // the first that is heard of its password
	tw.came(out, err, nidan.OK)
	r.now += time.Minute
	plant := func(name string) {
		if tw.broken != "" {
			t.Fatal(tw.broken)
		}
		c := tw
		c.s = tw.s.clone()
		c.s.db, c.s.now, c.s.rnd = r.db.clone(), r.now, r.rnd
		seeds[name] = streetSeed{c}
	}
	plant("kept by the shop")
	openLink(owner, nidan.HandoverSettings, nidan.LevelTwoStep).do(&tw)
	acceptLink(owner, 0).do(&tw)
	r.now += 4*time.Minute + 30*time.Second
	plant("kept by the shop, in the settings")
	byAPI[2].do(&tw)
	r.now += time.Minute
	tw.s.links, tw.s.sessions[owner] = nil, held{}
	plant("kept by the shop, protected")
	openLink(owner, nidan.HandoverSettings, nidan.LevelTwoStep).do(&tw)
	acceptLink(owner, 0).do(&tw)
	answerHere(owner, true).do(&tw)
	r.now += 4*time.Minute + 30*time.Second
	plant("kept by the shop, protected, in the settings")
	plantOurs(t, &tw, plant)
	return seeds
}
