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

	body sessionBody
	acct *Account
}

// PasswordFresh reports whether the first step was taken within the time that
// changing protection asks for.
func (s *Session) PasswordFresh(now time.Time) bool {
	first, _ := steps(s.body.Proofs, now, Fresh)
	return first != nil
}

// mintRequest asks for a session.
type mintRequest struct {
	proofs          []proof
	epoch, revision int64    // under which the proofs were given
	renew           *Session // the session that goes on as this one, if any
}

// mint is the only maker of sessions (law 3). It checks in the version about
// to be committed: that epoch and revision are what they were when the proofs
// were given, that a protected account shows two steps of two channels, and
// that the authenticator of the second one still takes answers. A stopped
// password opens no session, and ends none. nil means no.
func (d *decision) mint(r mintRequest) *SessionGrant {
	a := d.acct
	if r.epoch != a.Epoch || r.revision != a.Revision || !a.Password.Stopped.IsZero() && r.renew == nil {
		return nil
	}
	first, second := steps(r.proofs, d.now, 0)
	if first == nil {
		return nil
	}
	if a.IsProtected() {
		if second == nil {
			return nil
		}
		if !a.stillProves(*second, d.now) {
			return nil
		}
	}
	// The end follows from the newest first step, so a session that is minted
	// anew lives no longer for it.
	body := sessionBody{
		Epoch: a.Epoch, Made: d.stamp(), At: d.now, Ends: first.At.Add(sessionAbsolute),
		Proofs: r.proofs, From: d.from,
	}
	if !d.now.Before(body.Ends) {
		return nil
	}
	if r.renew != nil {
		d.endSession(r.renew.ID)
		body.Lineage = r.renew.body.Lineage
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

// stillProves reports whether what gave a second step would give it now.
func (a *Account) stillProves(p proof, now time.Time) bool {
	if p.Channel == ChannelBrowser {
		return slices.ContainsFunc(a.Remembered, func(b RememberedBrowser) bool { return b.ID == p.Authenticator && now.Before(b.Expires) })
	}
	x := a.authenticator(p.Authenticator)
	return x != nil && x.Disabled.IsZero()
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
	a := l.acct
	if l.session == nil {
		return nil, ErrNotFound
	}
	body, err := openSession(s.sealer, *l.session)
	if err != nil {
		return nil, err
	}
	if !NewSecret(body.Sum).Equal(NewSecret(tok.sum)) {
		return nil, &Fault{Account: a.ID, Part: "session", Cause: "is of another token"}
	}
	if err := s.notOlder(ctx, a, "session", body.Made); err != nil {
		return nil, err
	}
	id := SessionID(tok.id)
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
	ses := &Session{Account: a.ID, Name: a.Name, ID: id, Level: lv, AMR: amr(body.Proofs), Ends: body.Ends, Protected: a.IsProtected(), Recovery: s.recoveryView(a, now), body: body, acct: a}
	for _, p := range body.Proofs {
		if p.At.After(ses.AuthAt) {
			ses.AuthAt = p.At
		}
	}
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

// in runs a command of a session: the session is checked in the very version
// that is decided on.
func (s *Service) in(ctx context.Context, tok SessionToken, cmd command, decide func(*decision, *Session) Outcome) (Outcome, error) {
	cmd.account, cmd.session = tok.account, SessionID(tok.id)
	out, err := s.change(ctx, cmd, func(d *decision) Outcome {
		ses, err := s.checkSession(ctx, d.loaded, tok, d.now)
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
}

// anew ends everything handed out and mints the acting session again in the
// same commit.
func (d *decision) anew(ses *Session, proofs []proof, out Outcome) Outcome {
	d.endEverything()
	if out.Session = d.mint(mintRequest{proofs: proofs, epoch: d.acct.Epoch, revision: d.acct.Revision, renew: ses}); out.Session == nil {
		return d.refuse(Gone)
	}
	return out
}
