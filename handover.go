package nidan

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"
)

// A handover is a person of a product's on our pages: the product opens it and
// sends the browser, the person takes the second step or changes the security
// settings, and the browser brings a result back that the product redeems with
// a value out of a cookie of its own. Whoever was sent a link by somebody else
// lacks one of the two: the cookie here, or the one there.

const (
	handoverFor = 5 * time.Minute  // from the stated first step to the first POST
	resultFor   = 60 * time.Second // to be redeemed
	maxResults  = 5                // outstanding; the oldest goes
)

// HandoverUse says what a person comes to our pages for.
type HandoverUse string

// The uses.
const (
	HandoverSignIn   HandoverUse = "sign-in"
	HandoverSettings HandoverUse = "settings" // set-up, where it is not on yet
)

// A HandoverRequest is what a product asks for.
type HandoverRequest struct {
	Use    HandoverUse
	Return string // one of the party's addresses
	Level  Level  // what the result has to be worth
	Bind   string // SHA-256 of the value that the product keeps in a cookie of its own, base64url
}

// handover is a request as documents and sessions hold it.
type handover struct {
	Party   string      `json:"p"`
	Use     HandoverUse `json:"u"`
	Return  string      `json:"r"`
	Level   Level       `json:"l"`
	Bind    string      `json:"b"`
	At      time.Time   `json:"t"`
	Address string      `json:"a,omitempty"` // where it was begun, as the product says
	Browser string      `json:"w,omitempty"`
}

// A HandoverView is what pages say of where somebody comes from.
type HandoverView struct {
	Party   string // its name
	Label   string // what the account is called
	Use     HandoverUse
	Return  string
	At      time.Time
	Address string
	Browser string
}

func (h *handover) view(a *Account) *HandoverView {
	if h == nil {
		return nil
	}
	return &HandoverView{Party: a.Brand, Label: a.Name, Use: h.Use, Return: h.Return, At: h.At, Address: h.Address, Browser: h.Browser}
}

// A HandoverToken is the last path segment of the link that leads here. It is no
// pending sign-in and no session.
type HandoverToken struct{ token }

// ParseHandover reads a handover token; false if it cannot be one.
func ParseHandover(s string) (HandoverToken, bool) {
	t, ok := parseToken(handoverPrefix, s)
	return HandoverToken{t}, ok
}

// A ResultToken is what the browser brings back.
type ResultToken struct{ token }

// ParseResult reads a result token; false if it cannot be one.
func ParseResult(s string) (ResultToken, bool) {
	t, ok := parseToken(resultPrefix, s)
	return ResultToken{t}, ok
}

// A HandoverGrant is a handover just opened.
type HandoverGrant struct {
	Token   Secret
	Expires time.Time
}

// A ReturnGrant is where a browser goes from here, and what it brings along.
type ReturnGrant struct {
	To    string // the party's address, or the proxied host
	Token Secret // empty: what was asked for was not shown
}

// An Assertion is what a product is told of a sign-in.
type Assertion struct {
	Account string // by the product's own id
	Level   Level
	AMR     []string
	AuthAt  time.Time // of the newest proof

	// Epoch is for an application inside: sessions of the account that it begins
	// now are over when [Service.Epoch] is another.
	Epoch int64
}

// result is one that was handed out and not redeemed.
type result struct {
	ID      string    `json:"i"` // first 128 bits of the SHA-256 of its token
	Sum     string    `json:"s"` // the whole hash
	Party   string    `json:"p"` // who may redeem it
	Bind    string    `json:"b"`
	Level   Level     `json:"l"`
	AMR     []string  `json:"m"`
	AuthAt  time.Time `json:"a"`
	Expires time.Time `json:"e"`
}

// OpenHandover begins one for an account whose first step the product has
// stated. Outcomes: OK with Handover; ReturnInvalid for an address that is not
// registered; BindInvalid; LevelInvalid; StepUp where no first step is stated;
// Gone.
func (s *Service) OpenHandover(ctx context.Context, k Kept, req HandoverRequest, from From) (Outcome, error) {
	switch {
	case !slices.Contains(k.caller.party.Returns, req.Return):
		return Outcome{Reason: ReturnInvalid}, nil
	case !isHash(req.Bind):
		return Outcome{Reason: BindInvalid}, nil
	case req.Level < LevelPassword || req.Level > LevelAAL2, req.Use != HandoverSignIn && req.Use != HandoverSettings:
		return Outcome{Reason: LevelInvalid}, nil
	}
	return s.in(ctx, k, command{from: from}, func(d *decision, ses *Session) Outcome {
		a := d.acct
		secret, t := drawToken(handoverPrefix, a.ID, d.random)
		class := d.class()
		p := Pending{
			ID: t.id, Sum: t.sum, Class: class, At: d.now, Expires: d.now.Add(handoverFor),
			First: ses.body.Proofs[0], Epoch: a.Epoch, Revision: a.Revision,
			Handover: &handover{
				Party: a.Party, Use: req.Use, Return: req.Return, Level: req.Level, Bind: req.Bind,
				At: d.now, Address: from.Address, Browser: from.Browser,
			},
		}
		d.expirePending()
		if a.IsProtected() && class == Other && d.mayTellStranger() {
			d.tellIfAbandoned(&p)
		}
		d.evictPending(class)
		a.Pending = append(a.Pending, p)
		d.record(Event{Kind: EventHandedOver, Detail: a.Party, Item: string(req.Use), Known: class == Known})
		return Outcome{Reason: OK, Handover: &HandoverGrant{Token: secret, Expires: p.Expires}}
	})
}

// isHash reports whether a text can be a SHA-256 in base64url.
func isHash(s string) bool {
	b, err := strict.DecodeString(s)
	return err == nil && len(b) == sha256.Size && len(s) == strict.EncodedLen(sha256.Size) // no line breaks in it
}

// Handover returns what the page behind the link shows, changing nothing.
// Outcomes: OK, LinkDead.
func (s *Service) Handover(ctx context.Context, tok HandoverToken) (HandoverView, Outcome, error) {
	dead := Outcome{Reason: LinkDead}
	l, err := s.load(ctx, tok.account, "")
	if notSignedIn(err) {
		return HandoverView{}, dead, nil
	}
	if err != nil {
		return HandoverView{}, Outcome{}, err
	}
	p := l.acct.handedOver(tok, s.nowFor(l.acct))
	if p == nil {
		return HandoverView{}, dead, nil
	}
	return *p.Handover.view(l.acct), Outcome{Reason: OK}, nil
}

// handedOver returns what a link leads to while nobody has taken it up, or nil.
func (a *Account) handedOver(tok HandoverToken, now time.Time) *Pending {
	i := a.pendingAt(tok.token)
	if i < 0 {
		return nil
	}
	p := &a.Pending[i]
	if p.Handover == nil || !now.Before(p.Expires) || p.Epoch != a.Epoch || p.Revision != a.Revision || !a.Password.Stopped.IsZero() {
		return nil
	}
	return p
}

// AcceptHandover takes a link up for the browser that posts it: from then on it
// leads nowhere, and what follows belongs to what that browser carries.
// Outcomes: SecondStep with Pending; OK with Session or Return where there is no
// second step to take; LinkDead.
func (s *Service) AcceptHandover(ctx context.Context, tok HandoverToken, from From) (Outcome, error) {
	out, err := s.change(ctx, command{account: tok.account, from: from, shown: s.shownBy(from, tok.account), holds: tok.holds}, func(d *decision) Outcome {
		found := d.acct.handedOver(tok, d.now)
		if found == nil {
			return Outcome{Reason: LinkDead}
		}
		p := *found
		d.acct.Pending = slices.DeleteFunc(d.acct.Pending, func(q Pending) bool { return q.ID == p.ID })
		d.completed(p)
		return d.firstStepPassed(p.First, p.Handover)
	})
	if notSignedIn(err) {
		return Outcome{Reason: LinkDead}, nil
	}
	return out, err
}

// signedInBy ends a sign-in that has shown proofs: with a session; or, for an
// account that a product keeps, with what the browser brings back to it or what
// it is told at once. Where the product asks for more than was shown, and
// nothing more is to be had yet, a session leads to the set-up.
func (d *decision) signedInBy(r mintRequest, out Outcome) Outcome {
	a, h := d.acct, r.handover
	worth := level(r.proofs, d.now, 0)
	switch {
	case a.Party == "", h != nil && (h.Use != HandoverSignIn || worth < h.Level):
		if out.Session = d.mint(r); out.Session == nil {
			return d.refuse(Gone)
		}
	case d.proven(r) == nil:
		return d.refuse(Gone)
	case h != nil:
		d.signedIn = true
		d.bringBack(&out, h, r.proofs)
	default:
		d.signedIn = true
		out.Assertion = d.assertion(r.proofs)
	}
	out.Reason, out.Browser = OK, d.know(d.from)
	return out
}

// newest is when the last proof was given.
func newest(proofs []proof) time.Time {
	var at time.Time
	for _, p := range proofs {
		if p.At.After(at) {
			at = p.At
		}
	}
	return at
}

func (d *decision) assertion(proofs []proof) *Assertion {
	return &Assertion{Account: d.acct.Ref, Level: level(proofs, d.now, 0), AMR: amr(proofs), AuthAt: newest(proofs), Epoch: d.acct.Epoch}
}

// bringBack ends a handover: with a result for the browser to bring back, or by
// telling the application at once.
func (d *decision) bringBack(out *Outcome, h *handover, proofs []proof) {
	told := d.assertion(proofs)
	if h.isInside() {
		out.Assertion = told
		return
	}
	out.Return = &ReturnGrant{To: h.Return, Token: d.hand(result{
		Party: h.Party, Bind: h.Bind, Level: told.Level, AMR: told.AMR, AuthAt: told.AuthAt,
	})}
}

// hand keeps a result until it is redeemed, and returns its token.
func (d *decision) hand(r result) Secret {
	a := d.acct
	secret, t := drawToken(resultPrefix, a.ID, d.random)
	r.ID, r.Sum, r.Expires = t.id, t.sum, d.now.Add(resultFor)
	a.Results = slices.DeleteFunc(a.Results, func(q result) bool { return !d.now.Before(q.Expires) })
	if n := len(a.Results) - maxResults + 1; n > 0 {
		a.Results = slices.Delete(a.Results, 0, n)
	}
	a.Results = append(a.Results, r)
	return secret
}

// take consumes a party's result, or returns nil.
func (d *decision) take(tok ResultToken, value Secret, party string) *result {
	a := d.acct
	bind := hashOf(value)
	i := slices.IndexFunc(a.Results, tok.is)
	if i < 0 {
		return nil
	}
	r := a.Results[i]
	if !d.now.Before(r.Expires) || !a.Password.Stopped.IsZero() || r.Party != party || !bind.Equal(NewSecret(r.Bind)) {
		return nil
	}
	a.Results = slices.Delete(a.Results, i, i+1)
	return &r
}

// holds is for [command.holds].
func (tok ResultToken) holds(a *Account) bool { return slices.ContainsFunc(a.Results, tok.is) }

// is reports whether a result is the one that the token names.
func (tok ResultToken) is(r result) bool {
	return r.ID == tok.id && NewSecret(r.Sum).Equal(NewSecret(tok.sum))
}

// Redeem takes a result that a browser brought back, with the value out of the
// product's own cookie whose hash opened the handover. It works once, within 60
// seconds, for the product that opened it. Outcomes: OK with Assertion;
// ResultDead, for whatever reason; ScopeMissing.
func (s *Service) Redeem(ctx context.Context, c *Caller, tok ResultToken, value Secret, from From) (Outcome, error) {
	if !c.May(ScopeSignIn) {
		return Outcome{Reason: ScopeMissing}, nil
	}
	out, err := s.change(ctx, command{account: tok.account, from: from, holds: tok.holds}, func(d *decision) Outcome {
		r := d.take(tok, value, c.party.ID)
		if r == nil {
			return Outcome{Reason: ResultDead}
		}
		d.record(Event{Kind: EventRedeemed, Detail: r.Party})
		return Outcome{Reason: OK, Assertion: &Assertion{Account: d.acct.Ref, Level: r.Level, AMR: r.AMR, AuthAt: r.AuthAt}}
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrFrozen) {
		return Outcome{Reason: ResultDead}, nil
	}
	return out, err
}

// GoBack ends a session of a handover and sends the browser back, with a result
// where the session is worth what the product asked for. Outcomes: OK with
// Return, or with Assertion for an application that has the pages in its own
// process; NoSuchWay in a session that no product led to; Gone.
func (s *Service) GoBack(ctx context.Context, tok SessionToken, from From) (Outcome, error) {
	return s.in(ctx, tok, command{from: from}, func(d *decision, ses *Session) Outcome {
		h := ses.body.Handover
		if h == nil {
			return Outcome{Reason: NoSuchWay}
		}
		d.endSession(ses.ID)
		d.record(Event{Kind: EventLogOut, Detail: h.Party})
		out := Outcome{Reason: OK}
		if ses.Level < h.Level || !d.acct.Password.Stopped.IsZero() {
			out.Return = &ReturnGrant{To: h.Return}
		} else {
			d.bringBack(&out, h, ses.body.Proofs)
		}
		return out
	})
}
