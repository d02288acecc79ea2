package nidan_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/totp"
)

// Host passes, explored with an account of our own.

const ourAddress, ourPassword = "theo@example.com", "a long enough password"

// asks is what each host asks for; the last one is nobody's.
var asks = []struct {
	host  string
	level nidan.Level
}{{openHost, nidan.LevelPassword}, {closeHost, nidan.LevelAAL2}, {"else.example", 0}}

// ask is what a host asks for now.
func (t *town) ask(host int) nidan.Level {
	if t.s.raised && host == 0 {
		return nidan.LevelAAL2
	}
	return asks[host].level
}

// raise makes the open host ask for more.
var raise = streetMove{openHost + " asks for more from now on", func(t *town) bool {
	out, err := t.svc.PutParty(ctx, shop(nidan.LevelAAL2), "test")
	t.s.raised = true
	t.came(out, err, nidan.OK)
	return true
}}

// liveOurs says whether a browser's session of our account is alive.
func (t *town) liveOurs(b int) bool {
	h := t.s.ours[b]
	return h.value != "" && h.epoch == t.s.epoch && slices.Contains(t.s.alive, h.from.bind) && t.wall().Sub(h.at) < time.Hour
}

func askPass(b, host int) streetMove {
	return streetMove{fmt.Sprintf("browser %d asks for a pass to %s", b, asks[host].host), func(t *town) bool {
		s, h := t.s, t.s.ours[b]
		tok, ok := nidan.ParseSession(h.value)
		if !ok || len(s.results) >= 3 {
			return false
		}
		out, err := t.svc.OpenPass(ctx, tok, asks[host].host, bindOf(cookieValues[b]))
		switch {
		case t.ask(host) == 0:
			t.came(out, err, nidan.HostInvalid)
		case !t.liveOurs(b):
			t.came(out, err, nidan.Gone)
		case h.level < t.ask(host):
			t.came(out, err, nidan.LevelTooLow)
		case t.came(out, err, nidan.OK):
			s.results = append(s.results, brought{
				token: out.Return.Token.Reveal(), bind: b, level: h.level, host: asks[host].host, at: t.wall(), epoch: s.epoch, born: h.from.bind,
			})
		}
		return true
	}}
}

func takePass(i, value, host int) streetMove {
	return streetMove{fmt.Sprintf("%s takes result %d with the value of browser %d", asks[host].host, i, value), func(t *town) bool {
		s := t.s
		if i >= len(s.results) || len(s.passes) >= 3 {
			return false
		}
		r := &s.results[i]
		_, is := nidan.ParseResult(r.token)
		t.must(!is, "what leads to a host pass parses as a product's result")
		if _, err := t.svc.CheckPass(ctx, nidan.NewSecret(r.token), r.host); err == nil {
			t.must(false, "what leads to a host pass is taken for one")
		}
		out, err := t.svc.RedeemPass(ctx, nidan.NewSecret(r.token), asks[host].host, nidan.NewSecret(cookieValues[value]))
		fits := r.host == asks[host].host && value == r.bind && t.wall().Before(r.at.Add(time.Minute)) && r.epoch == s.epoch &&
			slices.Contains(s.alive, r.born) && r.level >= t.ask(host)
		if !fits {
			t.came(out, err, nidan.ResultDead)
		} else if t.came(out, err, nidan.OK) {
			s.passes = append(s.passes, brought{token: out.Pass.Token.Reveal(), level: r.level, host: r.host, at: t.wall(), epoch: s.epoch, born: r.born})
		}
		return true
	}}
}

// showPasses shows every pass to every host.
var showPasses = streetMove{"every pass is shown to every host", func(t *town) bool {
	for i, p := range t.s.passes {
		for host, a := range asks {
			ses, err := t.svc.CheckPass(ctx, nidan.NewSecret(p.token), a.host)
			want := a.host == p.host && p.epoch == t.s.epoch && slices.Contains(t.s.alive, p.born) && p.level >= t.ask(host)
			t.must((err == nil) == want, "pass %d to %s is taken by %s: %v", i, p.host, a.host, err)
			if err == nil {
				t.must(ses.Name == ourAddress && ses.Level == p.level, "the pass is %s's, worth %s", ses.Name, ses.Level)
			}
		}
	}
	return len(t.s.passes) > 0
}}

func leaveOurs(b int, everywhere bool) streetMove {
	return streetMove{fmt.Sprintf("browser %d logs out, everywhere is %v", b, everywhere), func(t *town) bool {
		s, h := t.s, t.s.ours[b]
		tok, ok := nidan.ParseSession(h.value)
		if !ok {
			return false
		}
		live := t.liveOurs(b)
		do := t.svc.LogOut
		if everywhere {
			do = t.svc.LogOutEverywhere
		}
		out, err := do(ctx, tok, t.from(b))
		if !live {
			t.came(out, err, nidan.Gone)
			return true
		}
		if !t.came(out, err, nidan.OK) {
			return true
		}
		s.ours[b] = held{}
		s.alive = slices.DeleteFunc(s.alive, func(n int) bool { return everywhere || n == h.from.bind })
		if everywhere {
			s.epoch++
		}
		if out.Session != nil {
			t.signedIn(b, out, h.level, h.first)
		}
		return true
	}}
}

// signedIn puts a session of our account into a browser.
func (t *town) signedIn(b int, out nidan.Outcome, level nidan.Level, first time.Time) {
	s := t.s
	s.born++
	s.ours[b] = held{value: out.Session.Token.Reveal(), from: led{bind: s.born}, level: level, at: t.wall(), first: first, epoch: s.epoch}
	s.alive = append(s.alive, s.born)
}

func signInOurs(b int) streetMove {
	return streetMove{fmt.Sprintf("browser %d logs in", b), func(t *town) bool {
		s := t.s
		if s.ours[b].value != "" {
			return false
		}
		out, err := t.svc.SignIn(ctx, ourAddress, nidan.NewSecret(ourPassword), t.from(b))
		if !s.protected {
			if t.came(out, err, nidan.OK) {
				t.signedIn(b, out, nidan.LevelPassword, t.wall())
			}
			return true
		}
		if code, right := t.app(); t.came(out, err, nidan.SecondStep) && right {
			tok, _ := nidan.ParsePending(out.Pending.Token.Reveal())
			out, err = t.svc.Answer(ctx, tok, nidan.Answer{Authenticator: t.wayOfOurs(), Code: nidan.NewSecret(code)}, t.from(b))
			if s.step = t.step(); t.came(out, err, nidan.OK) {
				t.signedIn(b, out, nidan.LevelAAL2, t.wall())
			}
		}
		return true
	}}
}

func (t *town) wayOfOurs() string {
	for _, d := range t.db.docs {
		if a, err := nidan.Opened(t.svc, d); err == nil && a.Name == ourAddress && len(a.Authenticators) > 0 {
			return a.Authenticators[0].ID
		}
	}
	return "none"
}

// passMoves are all moves about host passes.
func passMoves() []streetMove {
	moves := []streetMove{showPasses, raise, passes(31 * time.Second), passes(61 * time.Second)}
	for b := range 2 {
		moves = append(moves, signInOurs(b), leaveOurs(b, false), leaveOurs(b, true))
		for host := range asks {
			moves = append(moves, askPass(b, host))
		}
		for i := range 2 {
			for host := range asks[:2] {
				moves = append(moves, takePass(i, b, host))
			}
		}
	}
	return moves
}

// plantOurs plants an account of our own: without protection, and with it.
func plantOurs(t *testing.T, tw *town, plant func(string)) {
	t.Helper()
	s := tw.s
	s.protected, s.epoch, s.links, s.pending, s.sessions = false, 0, nil, [2]held{}, [2]held{}
	link, out, err := tw.svc.PrintLink(ctx, nidan.TicketInvite, ourAddress, "test")
	tw.came(out, err, nidan.OK)
	out, err = tw.svc.AcceptInvite(ctx, link.Ticket, nidan.NewSecret(ourPassword), "", tw.from(owner))
	tw.came(out, err, nidan.OK)
	signInOurs(owner).do(tw)
	plant("ours, logged in")
	askPass(owner, 0).do(tw)
	takePass(0, owner, 0).do(tw)
	plant("ours, a pass taken with a password")
	s.results, s.passes = nil, nil
	tok, _ := nidan.ParseSession(s.ours[owner].value)
	out, err = tw.svc.BeginSetUp(ctx, tok, totp.Name, nidan.Secret{}, tw.from(owner))
	if tw.came(out, err, nidan.OK) {
		tw.completes(tok, owner, out)
	}
	s.alive = nil
	s.ours[owner] = s.sessions[owner]
	s.ours[owner].from = led{bind: 1}
	s.ours[owner].first, s.alive = tw.wall(), []int{1}
	s.sessions[owner] = held{}
	tw.now += time.Minute
	plant("ours, protected")
	// Results asked for and passes taken, one of each.
	askPass(owner, 0).do(tw)
	takePass(0, owner, 0).do(tw)
	askPass(owner, 1).do(tw)
	plant("ours, a pass taken")
}
