package nidan

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

const (
	rememberedFor = 30 * 24 * time.Hour
	maxRemembered = 5 // the oldest goes
)

// A RememberedBrowser is not asked for the second step. It stands in for one at
// [LevelTwoStep] and never above, satisfies no step-up, and ends with the epoch
// (NIST SP 800-63B-4 §5.1; SECURITY H1–H4).
type RememberedBrowser struct {
	ID      string    `json:"i"`
	Family  string    `json:"b,omitempty"`
	Address string    `json:"a,omitempty"`
	Since   time.Time `json:"t"`
	Expires time.Time `json:"e"`
}

// rememberedCookie is what the cookie seals. It names nobody but by an id.
type rememberedCookie struct {
	Account AccountID `json:"a"`
	ID      string    `json:"i"`
	Epoch   int64     `json:"e"`
	Made    Stamp     `json:"v"`
}

func (s *Service) openRemembered(c Secret) rememberedCookie {
	var out rememberedCookie
	if !s.open(ForBrowser, rememberedPrefix, rememberedPrefix, c, &out) {
		return rememberedCookie{}
	}
	return out
}

// RememberedID returns the id in [Overview.Remembered] of the browser that has
// a cookie; empty: the cookie is none. Whether it still stands, the list says.
func (s *Service) RememberedID(c Secret) string { return s.openRemembered(c).ID }

// remember lets this browser pass without the second step from now on, and
// returns its cookie.
func (d *decision) remember() Secret {
	a := d.acct
	a.Remembered = slices.DeleteFunc(a.Remembered, func(b RememberedBrowser) bool { return !d.now.Before(b.Expires) })
	if n := len(a.Remembered) - maxRemembered + 1; n > 0 {
		a.Remembered = slices.Delete(a.Remembered, 0, n)
	}
	b := RememberedBrowser{
		ID: newID(d.random), Family: d.from.Browser, Address: d.from.Address, Since: d.now, Expires: d.now.Add(rememberedFor),
	}
	a.Remembered = append(a.Remembered, b)
	d.record(Event{Kind: EventRemembered, Item: b.ID})
	body, err := json.Marshal(rememberedCookie{Account: a.ID, ID: b.ID, Epoch: a.Epoch, Made: d.stamp()})
	if err != nil {
		panic(err) // unreachable: strings and numbers
	}
	return NewSecret(rememberedPrefix + d.s.sealCarried(ForBrowser, rememberedPrefix, body))
}

// remembered returns the browser that a cookie names, or nil.
func (a *Account) remembered(c rememberedCookie, now time.Time) *RememberedBrowser {
	if c.Account != a.ID || c.ID == "" || c.Epoch != a.Epoch {
		return nil
	}
	for i := range a.Remembered {
		if b := &a.Remembered[i]; b.ID == c.ID && now.Before(b.Expires) {
			return b
		}
	}
	return nil
}

// rememberedProof is what a remembered browser shows.
func rememberedProof(id string, now time.Time) proof {
	return proof{Channel: ChannelBrowser, Level: LevelTwoStep, Authenticator: id, At: now}
}

// passRemembered takes the place of the second step where this browser is
// remembered. A password that a mail set needs a second step of another channel
// first, so it does not pass, nor where a product asks for more than it is worth.
// nil: the second step is due.
func (d *decision) passRemembered(first proof, h *handover) *Outcome {
	a := d.acct
	b := a.remembered(d.s.openRemembered(d.from.Remembered), d.now)
	if b == nil || !a.Password.ByMail.IsZero() || h != nil && h.Level > LevelTwoStep {
		return nil
	}
	d.record(Event{Kind: EventSignIn, Detail: string(ChannelBrowser), Item: b.ID, Known: d.class() == Known})
	out := d.signedInBy(mintRequest{
		proofs: []proof{first, rememberedProof(b.ID, d.now)}, epoch: a.Epoch, revision: a.Revision, handover: h,
	}, Outcome{})
	return &out
}

// ForgetBrowser ends that a browser is remembered; an empty id means all. One
// proof is enough for ending things. Outcomes: OK, Gone.
func (s *Service) ForgetBrowser(ctx context.Context, tok SessionToken, id string, from From) (Outcome, error) {
	return s.in(ctx, tok, command{from: from, always: true}, func(d *decision, _ *Session) Outcome {
		a := d.acct
		n := len(a.Remembered)
		a.Remembered = slices.DeleteFunc(a.Remembered, func(b RememberedBrowser) bool { return id == "" || b.ID == id })
		if len(a.Remembered) == n {
			return Outcome{Reason: Gone}
		}
		d.record(Event{Kind: EventForgotten, Count: n - len(a.Remembered)})
		return Outcome{Reason: OK}
	})
}
