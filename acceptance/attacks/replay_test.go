package attacks

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// One code of the app is used twice in its time.
func TestD1SameCodeTwice(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	code := p.Phone.Code()
	first, second := r.Browser(), r.Browser()
	p.First(first)
	p.First(second)
	if p.Second(first, code); first.Cookie("session") == "" {
		t.Fatal("the code does not log in")
	}
	again := func(name string, b *rig.Browser, code string) {
		t.Helper()
		page := p.Second(b, code)
		if b.Cookie("session") != "" || !page.SaysReason(nidan.UsedAnswer) {
			t.Errorf("%s: status %d, %s", name, page.Status, page.Text())
		}
	}
	again("at once, in a sign-in that was open", second, code)
	third := r.Browser()
	p.First(third)
	again("in a new one", third, code)
	again("as full-width digits", third, code[:3]+"　"+code[3:])
	r.Clock.Advance(30 * time.Second)
	again("half a minute later, while it still lives", third, code)
	if n := judged(t, r, p); n != 4 {
		t.Errorf("%d of these four are counted as wrong", n)
	}
	// And they count in their sign-in: five end it.
	again("the fourth in one sign-in", third, code)
	r.Clock.Advance(30 * time.Second)
	if page := p.Second(third, code); !page.SaysReason(nidan.SignInEnded) || third.Cookie("pending") != "" {
		t.Errorf("the fifth in one sign-in: %d %s", page.Status, page.Text())
	}
	for _, at := range []string{"/security/off", "/security/codes"} {
		if page := owner.Post(at, "password", p.Password, "way", p.Way("totp"), "code", code); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", at, page.Status)
		}
	}
}

// Fifty requests bring one code at once, to two nodes.
func TestD2ParallelOnTwoNodes(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	n := r.Node()
	for round := range 3 {
		p, _ := protected(t, r)
		code, way := p.Phone.Code(), p.Way("totp")
		before := sessionRows(t, r, p)
		var browsers []*rig.Browser
		for range 5 {
			b := r.Browser()
			p.First(b)
			browsers = append(browsers, b)
		}
		start := make(chan struct{})
		var all sync.WaitGroup
		var mu sync.Mutex
		var in []*rig.Browser
		for i := range 50 {
			b := browsers[i/2%5].Clone()
			if i%2 == 1 {
				b = b.At(n)
			}
			all.Go(func() {
				<-start
				b.Post("/login/second", "way", way, "code", code)
				if b.Cookie("session") != "" {
					mu.Lock()
					in = append(in, b)
					mu.Unlock()
				}
			})
		}
		close(start)
		all.Wait()
		if rows := sessionRows(t, r, p) - before; len(in) != 1 || rows != 1 || count(t, r, p, nidan.EventSignIn) != 2 {
			t.Fatalf("round %d: %d were told they are in, %d sessions were made", round+1, len(in), rows)
		}
		if !loggedIn(in[0]) || !loggedIn(in[0].At(n)) {
			t.Error("the one who was told is not")
		}
	}
}

// Code A, then B, then A again: a memory of the last code only lets it pass.
func TestD3OlderCodeAgain(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	a := p.Phone.Code()
	r.Clock.Advance(30 * time.Second)
	b := p.Phone.Code()
	for i, x := range []struct {
		code string
		in   bool
	}{{a, true}, {b, true}, {a, false}, {b, false}, {a, false}} {
		c := r.Browser()
		p.First(c)
		p.Second(c, x.code)
		if in := c.Cookie("session") != ""; in != x.in {
			t.Errorf("code %d of A, B, A, B, A: logged in is %v", i+1, in)
		}
	}
	// Nor does a code that was skipped come back.
	r.Clock.Advance(time.Minute)
	skipped := p.Phone.Code()
	r.Clock.Advance(30 * time.Second)
	c := r.Browser()
	p.First(c)
	p.Second(c, p.Phone.Code())
	d := r.Browser()
	p.First(d)
	if p.Second(d, skipped); c.Cookie("session") == "" || d.Cookie("session") != "" {
		t.Error("a code from before the last one is accepted")
	}
}

// One backup code in twenty sign-ins at once; one link in two tabs.
func TestD4OneTimeThingsAtOnce(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	way, code := p.Way("backup"), p.Codes[4]
	var browsers []*rig.Browser
	for range 5 {
		b := r.Browser()
		p.First(b)
		browsers = append(browsers, b)
	}
	in := atOnce(20, func(i int) bool {
		b := browsers[i%5].Clone()
		b.AsBearer().Post("/login/second", "way", way, "code", code)
		return b.Cookie("session") != ""
	})
	if in != 1 {
		t.Errorf("one backup code logs in %d times", in)
	}
	if sheet := show(t, r, p).Authenticators[1].Sheet; sheet.Left != 9 {
		t.Errorf("%d codes are left", sheet.Left)
	}

	reset := r.Link(nidan.TicketReset, p.Name)
	words := make([]string, 4)
	for i := range words {
		words[i] = r.Secret("a password", fmt.Sprintf("violet kettle under ice %d", i))
	}
	var mu sync.Mutex
	won := ""
	set := atOnce(len(words), func(i int) bool {
		page := r.Browser().Post(reset, "password", words[i])
		ok := page.Location == "/login?password"
		if ok {
			mu.Lock()
			defer mu.Unlock()
			won = words[i]
		}
		return ok
	})
	if set != 1 {
		t.Errorf("one reset link sets %d passwords", set)
	}
	for _, w := range words {
		p.Password = w
		if open := p.First(r.Browser()).Location == "/login/second"; open != (w == won) {
			t.Errorf("the password that was told to be set: %v, works: %v", w == won, open)
		}
	}

	name := r.Name()
	invite := r.Link(nidan.TicketInvite, name)
	if made := atOnce(4, func(i int) bool {
		return r.Browser().Post(invite, "password", words[i]).Location == "/login?account"
	}); made != 1 {
		t.Errorf("one invitation makes %d accounts", made)
	}
	known := r.Link(nidan.TicketBrowser, p.Name)
	if made := atOnce(4, func(int) bool { return r.Browser().Post(known).Location == "/login?browser" }); made != 1 {
		t.Errorf("one link makes %d browsers known", made)
	}
}

// atOnce runs do n times at once and counts how often it reports success.
func atOnce(n int, do func(i int) bool) int {
	start := make(chan struct{})
	var all sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for i := range n {
		all.Go(func() {
			<-start
			if do(i) {
				mu.Lock()
				passed++
				mu.Unlock()
			}
		})
	}
	close(start)
	all.Wait()
	return passed
}

// A sign-in that is complete is completed again; a ticket that is used is used
// again.
func TestD5CompleteTwice(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := person(t, r), r.Browser()
	p.LogIn(b)
	p.Scan(b)
	b.Post("/security/on/scan", "ticket", b.Hash("setup"), "code", p.Phone.Code())
	p.Codes = r.ReadCodes(b.Get("/security/on/codes"))
	setUp, drawn := b.Cookie("setup"), b.Hash("setup")
	for i, want := range []bool{true, false, false} {
		b.SetCookie("setup", setUp)
		if done := b.Post("/security/on/codes", "ticket", drawn, "saved", "yes").Location == "/security/on/done"; done != want {
			t.Errorf("complete %d passes: %v", i+1, done)
		}
	}
	if v := show(t, r, p); len(v.Authenticators) != 2 {
		t.Errorf("%d authenticators", len(v.Authenticators))
	}

	r.Clock.Advance(time.Minute)
	c := r.Browser()
	p.First(c)
	pending := c.Cookie("pending")
	if p.Second(c, p.Phone.Code()); c.Cookie("session") == "" || c.Cookie("pending") != "" {
		t.Fatal("no log-in, or a pending sign-in that stays")
	}
	for range 3 {
		r.Clock.Advance(30 * time.Second)
		d := r.Browser()
		d.SetCookie("pending", pending)
		if page := p.Second(d, p.Phone.Code()); d.Cookie("session") != "" || page.Status == http.StatusOK {
			t.Errorf("a complete sign-in takes another code: %d", page.Status)
		}
		if page := d.Get("/login/second"); page.Status == http.StatusOK {
			t.Error("its page is still there")
		}
	}
	code := p.Phone.Code()
	d := r.Browser()
	p.First(d)
	if p.Second(d, code); d.Cookie("session") == "" {
		t.Error("the code that was brought to it was used up")
	}

	// One reissue ticket, twice.
	r.Clock.Advance(time.Minute)
	b.Post("/security/codes", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code())
	reissue, drawn := b.Cookie("reissue"), b.Hash("reissue")
	r.ReadCodes(b.Get("/security/codes/new"))
	for i, want := range []bool{true, false} {
		b.SetCookie("reissue", reissue)
		if done := b.Post("/security/codes/new", "ticket", drawn, "saved", "yes").Location == "/security/codes/done"; done != want {
			t.Errorf("new codes %d come into force: %v", i+1, done)
		}
	}
}

// Everything is revoked while a second step is on its way.
func TestD6RevokedWhileSigningIn(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	n := r.Node()
	p, owner := protected(t, r)
	both, survived := 0, 0
	for i := range 100 {
		r.Clock.Advance(30 * time.Second)
		b := from(r, "203.0.113.5")
		p.First(b)
		code, way := p.Phone.Code(), p.Way("totp")
		epoch := show(t, r, p).Epoch
		revoke := func() {
			// By the owner, on the other node; by the operator in every third round.
			if i%3 > 0 {
				there := owner.At(n)
				there.Post("/security/sessions/end-all")
				owner.SetCookie("session", there.Cookie("session"))
				return
			}
			if out, err := n.Service().LogOutAccount(context.Background(), p.Name, "test"); err != nil || !out.Passed() {
				t.Errorf("log-out: %s %v", out.Reason, err)
			}
		}
		atOnce(2, func(j int) bool {
			if j == 0 {
				revoke()
			} else {
				b.Post("/login/second", "way", way, "code", code)
			}
			return true
		})
		if show(t, r, p).Epoch == epoch {
			t.Fatal("nothing was revoked")
		}
		if b.Cookie("session") != "" {
			both++
			if loggedIn(b) || loggedIn(b.At(n)) {
				survived++
			}
		}
		if !loggedIn(owner) {
			r.Clock.Advance(30 * time.Second)
			owner = r.Browser()
			p.LogIn(owner)
		}
	}
	if survived > 0 {
		t.Errorf("%d of %d sessions that were minted in time are alive after everything was revoked", survived, both)
	}
	t.Logf("%d of 100 sign-ins were complete before they were revoked", both)
	if rows, own := sessionRows(t, r, p), show(t, r, p).Sessions; rows != int64(own) || own > 1 {
		t.Errorf("%d sessions in the database, %d in the account", rows, own)
	}
}
