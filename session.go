package nidan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// How long a session lives (NIST SP 800-63B-4 §2.2.3).
const (
	sessionIdle     = time.Hour
	sessionAbsolute = 24 * time.Hour

	seenEvery = 5 * time.Minute // "last seen" is written at most this often
)

// sessionBody is what a session's row seals.
type sessionBody struct {
	Sum     string    `json:"s"` // SHA-256 of the token
	Lineage string    `json:"l"` // stays when a session is minted anew
	Epoch   int64     `json:"e"`
	Made    Stamp     `json:"v"` // of the document that made it
	At      time.Time `json:"t"`
	Ends    time.Time `json:"x"`
	Proofs  []proof   `json:"p"`
	From    From      `json:"w"`

	Handover *handover `json:"h,omitempty"` // the product that led here
}

// A Session is a signed-in browser, as of the moment it was checked. Only
// Service.Session makes one.
type Session struct {
	Account AccountID
	Name    string
	ID      SessionID
	Level   Level
	AMR     []string
	AuthAt  time.Time // of the newest proof
	Ends    time.Time

	Protected bool          // the account has two-step verification on
	Recovery  *RecoveryView // under way, nil: none
	Handover  *HandoverView // the product that led here, nil: none
	Kept      bool          // a product keeps the account

	body sessionBody
	acct *Account
	none bool // there is no session: a product acts for an account that it keeps
}

// A Bearer is who asks for a change of one account: somebody with a
// [SessionToken], or the product that keeps the account, see [Kept].
type Bearer interface {
	whose() (AccountID, SessionID)

	// stand checks what is borne against the very version that is decided on.
	stand(ctx context.Context, s *Service, l loaded, now time.Time) (*Session, error)
}

func (t SessionToken) whose() (AccountID, SessionID) { return t.account, SessionID(t.id) }

func (t SessionToken) stand(ctx context.Context, s *Service, l loaded, now time.Time) (*Session, error) {
	return s.checkSession(ctx, l, t, now)
}

// PasswordFresh reports whether the first step was taken within the time that
// changing protection asks for.
func (s *Session) PasswordFresh(now time.Time) bool {
	first, _ := steps(s.body.Proofs, now, Fresh)
	return first != nil
}

// mint is the only maker of sessions (law 3). nil means no.
func (d *decision) mint(r mintRequest) *SessionGrant {
	a := d.acct
	first := d.proven(r)
	if first == nil {
		return nil
	}
	life := sessionAbsolute
	if r.handover != nil {
		life = carriedFor // it is for a set-up or a change, and the person goes back
	}
	// The end follows from the newest first step, so a session that is minted
	// anew lives no longer for it.
	body := sessionBody{
		Epoch: a.Epoch, Made: d.stamp(), At: d.now, Ends: first.At.Add(life),
		Proofs: r.proofs, From: d.from, Handover: r.handover,
	}
	if !d.now.Before(body.Ends) {
		return nil
	}
	if r.renew != nil {
		d.endSession(r.renew.ID)
		body.Lineage = r.renew.body.Lineage
		if body.Handover = r.renew.body.Handover; body.Handover != nil {
			body.Ends = r.renew.Ends
		}
	} else {
		body.Lineage = newID(d.random)
		if had, ok := ParseSession(d.from.Session.Reveal()); ok && had.account == a.ID {
			d.endSession(SessionID(had.id))
		}
	}
	secret, t := drawToken(sessionPrefix, a.ID, d.random)
	body.Sum = t.sum
	id := SessionID(t.id)
	d.expireSessions()
	for len(a.Sessions) >= maxSessions {
		d.endSession(a.Sessions[0].ID)
	}
	a.Sessions = append(a.Sessions, SessionRef{ID: id, Made: body.Made.Version, At: d.now, Ends: body.Ends})
	d.minted = append(d.minted, minted{id, body})
	d.signedIn = true
	return &SessionGrant{Token: secret, Expires: body.Ends}
}

// minted is a session to be sealed with the commit.
type minted struct {
	id   SessionID
	body sessionBody
}

func (m minted) row(s Sealer, a AccountID) SessionRow {
	b, err := json.Marshal(m.body)
	if err != nil {
		panic(err) // unreachable: strings, numbers and times
	}
	return SessionRow{Account: a, ID: m.id, Sealed: s.Seal(ForSession, string(a), []byte(m.id), b), Seen: m.body.At}
}

// endSession takes a session off the document and its row away.
func (d *decision) endSession(id SessionID) bool {
	a := d.acct
	n := len(a.Sessions)
	a.Sessions = slices.DeleteFunc(a.Sessions, func(r SessionRef) bool { return r.ID == id })
	d.ended = append(d.ended, id)
	return len(a.Sessions) < n
}

func (d *decision) expireSessions() {
	for _, r := range slices.Clone(d.acct.Sessions) {
		if !d.now.Before(r.Ends) {
			d.endSession(r.ID)
		}
	}
}

// Session checks a session token. ErrNotFound means "log in again", for
// whatever reason; a *Fault or ErrFrozen means the same to the bearer, and
// something to the operator.
func (s *Service) Session(ctx context.Context, tok SessionToken) (*Session, error) {
	l, err := s.load(ctx, tok.account, SessionID(tok.id))
	if err != nil {
		return nil, err
	}
	now := s.nowFor(l.acct)
	ses, err := s.checkSession(ctx, l, tok, now)
	if err != nil {
		if f := (*Fault)(nil); errors.As(err, &f) && !errors.Is(err, ErrFrozen) {
			s.report(ctx, "session", err)
		}
		return nil, err
	}
	if now.Sub(l.session.Seen) >= seenEvery {
		s.store.Seen(tok.account, ses.ID, now)
	}
	return ses, nil
}

// checkSession is the decision at use (law 3): the row must be listed, of this
// token, of this epoch, alive, and worth what the account demands now.
func (s *Service) checkSession(ctx context.Context, l loaded, tok SessionToken, now time.Time) (*Session, error) {
	ses, err := s.checkRow(ctx, l, SessionID(tok.id), now)
	if err != nil {
		return nil, err
	}
	if !NewSecret(ses.body.Sum).Equal(NewSecret(tok.sum)) {
		return nil, &Fault{Account: ses.Account, Part: "session", Cause: "is of another token"}
	}
	return ses, nil
}

// checkRow checks a session whose token is not shown: a sealed host pass names
// it.
func (s *Service) checkRow(ctx context.Context, l loaded, id SessionID, now time.Time) (*Session, error) {
	a := l.acct
	if l.session == nil {
		return nil, ErrNotFound
	}
	body, err := s.opened.session(s.sealer, *l.session)
	if err != nil {
		return nil, err
	}
	if err := s.notOlder(ctx, a, "session", body.Made); err != nil {
		return nil, err
	}
	listed := slices.ContainsFunc(a.Sessions, func(r SessionRef) bool { return r.ID == id && r.Made == body.Made.Version })
	switch {
	case !listed, body.Epoch != a.Epoch:
		return nil, ErrNotFound
	case !now.Before(body.Ends), now.Sub(l.session.Seen) >= sessionIdle && now.Sub(body.At) >= sessionIdle:
		return nil, ErrNotFound
	}
	lv := level(body.Proofs, now, 0)
	if lv == LevelNone || a.IsProtected() && lv < LevelTwoStep {
		return nil, ErrNotFound
	}
	ses := &Session{Account: a.ID, Name: a.Name, ID: id, Level: lv, AMR: amr(body.Proofs), Ends: body.Ends, Protected: a.IsProtected(), Recovery: s.recoveryView(a, now), Handover: body.Handover.view(a), Kept: a.Party != "", body: body, acct: a}
	ses.AuthAt = newest(body.Proofs)
	return ses, nil
}

func openSession(s Sealer, row SessionRow) (sessionBody, error) {
	b, err := s.Open(ForSession, string(row.Account), []byte(row.ID), row.Sealed)
	if err != nil {
		return sessionBody{}, &Fault{Account: row.Account, Part: "session", Cause: "does not open"}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var body sessionBody
	if err := d.Decode(&body); err != nil {
		return sessionBody{}, &Fault{Account: row.Account, Part: "session", Cause: "does not parse"}
	}
	return body, nil
}

// standing loads an account and checks who asks. ErrNotFound means "log in
// again".
func (s *Service) standing(ctx context.Context, who Bearer) (*Session, error) {
	if tok, ok := who.(SessionToken); ok {
		return s.Session(ctx, tok)
	}
	id, _ := who.whose()
	l, err := s.load(ctx, id, "")
	if err != nil {
		return nil, err
	}
	return who.stand(ctx, s, l, s.nowFor(l.acct))
}

// in runs a command of a bearer who has shown something.
func (s *Service) in(ctx context.Context, who Bearer, cmd command, decide func(*decision, *Session) Outcome) (Outcome, error) {
	return s.by(ctx, who, cmd, func(d *decision, ses *Session) Outcome {
		if len(ses.body.Proofs) == 0 {
			return Outcome{Reason: StepUp}
		}
		return decide(d, ses)
	})
}

// by runs a command of a bearer, who is checked in the very version that is
// decided on. A product may have shown nothing but its key: what it does then
// rests on that key, or on a ticket.
func (s *Service) by(ctx context.Context, who Bearer, cmd command, decide func(*decision, *Session) Outcome) (Outcome, error) {
	cmd.account, cmd.session = who.whose()
	cmd.shown = s.shownBy(cmd.from, cmd.account)
	out, err := s.change(ctx, cmd, func(d *decision) Outcome {
		ses, err := who.stand(ctx, s, d.loaded, d.now)
		if err != nil {
			d.fail(err)
			return Outcome{}
		}
		return decide(d, ses)
	})
	if errors.Is(err, ErrNotFound) {
		return Outcome{Reason: Gone}, nil
	}
	return out, err
}

// LogOut ends a session. It ends also what is about to end by itself, so that
// nobody is told it failed.
func (s *Service) LogOut(ctx context.Context, tok SessionToken, from From) (Outcome, error) {
	return s.in(ctx, tok, command{from: from, always: true}, func(d *decision, ses *Session) Outcome {
		d.endSession(ses.ID)
		d.record(Event{Kind: EventLogOut})
		return Outcome{Reason: OK}
	})
}

// EndSession ends another session of the same account. One proof is enough for
// ending things (law 12).
func (s *Service) EndSession(ctx context.Context, tok SessionToken, id SessionID, from From) (Outcome, error) {
	return s.in(ctx, tok, command{from: from, always: true}, func(d *decision, _ *Session) Outcome {
		if !d.endSession(id) {
			d.ended = nil
			return Outcome{Reason: Gone}
		}
		d.record(Event{Kind: EventSessionEnded})
		return Outcome{Reason: OK}
	})
}

// LogOutEverywhere ends every session, open sign-in, ticket and link of the
// account. The acting session goes on, minted anew (law 7), if what the account
// demands was given in it within five minutes; otherwise it ends too. A stolen
// cookie can so throw everybody out once, itself included, and not stay behind
// alone. Outcomes: OK, with Session where it goes on.
func (s *Service) LogOutEverywhere(ctx context.Context, tok SessionToken, from From) (Outcome, error) {
	return s.in(ctx, tok, command{from: from, always: true}, func(d *decision, ses *Session) Outcome {
		d.record(Event{Kind: EventLogOutAll})
		first, second := steps(ses.body.Proofs, d.now, Fresh)
		if first == nil || second == nil && d.acct.IsProtected() || s.Suspended() { // nothing is fresh by a clock in doubt
			d.endEverything()
			return Outcome{Reason: OK}
		}
		return d.anew(ses, ses.body.Proofs, Outcome{Reason: OK})
	})
}

// endEverything raises the epoch: all that was handed out ends (law 7).
func (d *decision) endEverything() {
	d.acct.bumpEpoch()
	d.endAll = true
	if d.acct.Party != "" { // its numbers are a key's, which outlives every session
		for _, o := range d.acct.Prompts {
			d.drop(o.Message)
		}
		d.acct.Prompts = nil
	}
}

// anew ends everything handed out and mints the acting session again in the
// same commit. A product that acts for an account has none.
func (d *decision) anew(ses *Session, proofs []proof, out Outcome) Outcome {
	d.endEverything()
	if ses.none {
		return out
	}
	if out.Session = d.mint(mintRequest{proofs: proofs, epoch: d.acct.Epoch, revision: d.acct.Revision, renew: ses}); out.Session == nil {
		return d.refuse(Gone)
	}
	return out
}
