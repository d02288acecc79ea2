package races

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// SECURITY D2: one code of the app, posted 50 times at once on one sign-in.
func TestOneCode(t *testing.T) {
	r := rig.New(t)
	p, _ := r.Protected()
	b := newBook(t, r, p)
	for range 4 {
		s, way, code := begin(t, p, r.Browser(), 1)[0], p.Way("totp"), p.Phone.Code()
		b.since()
		pages := parallel(50, func(int) rig.Page { return s.Clone().Post("/login/second", "way", way, "code", code) })
		c := b.oneWon(pages)
		if c.n[judged] != 0 {
			t.Errorf("an answer was judged after its sign-in was over: %s", c)
		}
		t.Log(c)
		r.Clock.Advance(time.Minute)
	}
	sound(t, r)
}

// SECURITY C1, D2: and over ten open sign-ins, five of each browser class.
func TestOneCodeOverTenSignIns(t *testing.T) {
	r := rig.New(t)
	p, home := r.Protected()
	b := newBook(t, r, p)
	for range 3 {
		open := append(begin(t, p, home, 5), begin(t, p, r.Browser(), 5)...)
		way, code := p.Way("totp"), p.Phone.Code()
		b.since()
		pages := parallel(50, func(i int) rig.Page { return open[i%10].Clone().Post("/login/second", "way", way, "code", code) })
		c := b.oneWon(pages)
		t.Log(c)

		// The others were told apart by class, and each class stopped being
		// judged at its fifth.
		v := b.view()
		if v.WrongKnown+v.WrongOther != c.n[judged] {
			t.Errorf("%d and %d counted, %d judged", v.WrongKnown, v.WrongOther, c.n[judged])
		}
		if v.WrongKnown > 5 || v.WrongOther > 5 {
			t.Errorf("%d and %d wrong answers were judged without a wait", v.WrongKnown, v.WrongOther)
		}
		r.Clock.Advance(11 * time.Minute) // the waits and the sign-ins are over
		p.LogIn(home)
		r.Clock.Advance(time.Minute)
	}
	sound(t, r)
}

// SECURITY D4: one backup code, on one sign-in and over ten.
func TestOneBackupCode(t *testing.T) {
	r := rig.New(t)
	p, home := r.Protected()
	b := newBook(t, r, p)
	for round := range 2 {
		open := begin(t, p, r.Browser(), 1)
		if round == 1 {
			open = append(begin(t, p, home, 5), begin(t, p, r.Browser(), 5)...)
		}
		way, code := p.Way("backup"), p.Codes[round]
		b.since()
		pages := parallel(20, func(i int) rig.Page {
			return open[i%len(open)].Clone().Post("/login/second", "way", way, "code", code)
		})
		t.Log(b.oneWon(pages))
		if left := 10 - sheet(b).Left; left != round+1 {
			t.Errorf("%d codes are gone, want %d", left, round+1)
		}
	}
	sound(t, r)
}

func sheet(b *book) nidan.Sheet {
	b.Helper()
	for _, a := range b.view().Authenticators {
		if a.Sheet != nil {
			return *a.Sheet
		}
	}
	b.Fatal("there are no backup codes")
	return nidan.Sheet{}
}

// Wrong codes at once: what is judged is counted, each once, and no more is
// judged than the ladder allows.
func TestWrongCodes(t *testing.T) {
	r := rig.New(t)
	p, home := r.Protected()
	b := newBook(t, r, p)
	open := append(begin(t, p, home, 5), begin(t, p, r.Browser(), 5)...)
	way, wrong := p.Way("totp"), p.Phone.Wrong()
	b.since()
	pages := parallel(60, func(i int) rig.Page { return open[i%10].Clone().Post("/login/second", "way", way, "code", wrong) })
	c := count(t, pages)
	t.Log(c)
	if n := b.since(); c.n[won] != 0 || n[nidan.EventRefused] != c.n[judged] || n[nidan.EventSignIn] != 0 {
		t.Errorf("%d won, %d were judged and %d recorded", c.n[won], c.n[judged], n[nidan.EventRefused])
	}
	b.balance()
	if v := b.view(); v.WrongKnown != 5 || v.WrongOther != 5 {
		t.Errorf("%d and %d were judged, want five of each class", v.WrongKnown, v.WrongOther)
	}
	sound(t, r)
}
