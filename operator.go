package nidan

import (
	"context"
	"errors"
	"strings"
	"time"
)

// An AccountView is what an operator may see of an account.
type AccountView struct {
	ID             AccountID
	Name           string
	Kept           string // by which product and as what, with a slash between; empty: it is our own
	Created        time.Time
	Protected      time.Time
	Stopped        time.Time // since when the password does not work
	Version        int64
	Epoch          int64
	Authenticators []AuthenticatorView
	Sessions       int
	PendingSignIns int
	KnownBrowsers  int
	WrongKnown     int // in a row
	WrongOther     int
	Frozen         *Freeze
	Recovery       *RecoveryView // under way or run out, nil: none
	Queued         int           // messages waiting to be sent
	GivenUp        int           // messages that could not be
}

// Show returns what an operator may see of an account, named by its address or
// its id, also of a frozen one. ErrNotFound if there is none.
func (s *Service) Show(ctx context.Context, login string) (AccountView, error) {
	id, err := s.whom(ctx, login)
	if err != nil {
		return AccountView{}, err
	}
	l, err := s.store.Load(ctx, KindAccount, id, "")
	if err != nil {
		return AccountView{}, err
	}
	a, err := s.openAccount(l.Record)
	if err != nil {
		r, missing := s.archive.Record(ctx, id)
		return AccountView{ID: id, Name: r.Projection.Name, Frozen: l.Frozen}, errors.Join(err, missing)
	}
	queued, err := s.archive.Outbox(ctx, id)
	if err != nil {
		return AccountView{}, err
	}
	givenUp := 0
	for _, row := range queued {
		if row.Cause != "" {
			givenUp++
		}
	}
	kept := ""
	if a.Party != "" {
		kept = a.Party + "/" + a.Ref
	}
	return AccountView{
		ID: a.ID, Name: a.Name, Kept: kept, Created: a.Created, Protected: a.Protected, Stopped: a.Password.Stopped,
		Version: a.Version, Epoch: a.Epoch, Authenticators: s.authenticators(a),
		Sessions: len(a.Sessions), PendingSignIns: len(a.Pending), KnownBrowsers: len(a.Browsers),
		WrongKnown: a.inRow(Known), WrongOther: a.inRow(Other), Frozen: l.Frozen,
		Recovery: s.recoveryView(a, s.nowFor(a)), Queued: len(queued) - givenUp, GivenUp: givenUp,
	}, nil
}

// whom finds the account that an operator names: by its address, by a product
// and that product's own id with a slash between, or by its id as logs and
// Verify show it.
func (s *Service) whom(ctx context.Context, login string) (AccountID, error) {
	if name, ok := s.first.Name(login); ok {
		return s.store.Lookup(ctx, LookupLogin, name)
	}
	if strings.Contains(login, "/") {
		party, ref, _ := strings.Cut(login, "/")
		return keptID(party, ref), nil
	}
	if _, err := idEncoding.DecodeString(login); err != nil || len(login) != idLength {
		return "", ErrNotFound
	}
	return AccountID(login), nil
}

// LogOutAccount ends every session, open sign-in and link of an account.
// Outcomes: OK, NoAccount.
func (s *Service) LogOutAccount(ctx context.Context, login, reason string) (Outcome, error) {
	id, err := s.whom(ctx, login)
	if err == nil {
		_, err = s.load(ctx, id, "")
	}
	if errors.Is(err, ErrNotFound) {
		return Outcome{Reason: NoAccount}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	if err := s.operate(ctx, Event{Kind: EventOpLogOut, Subject: id, Detail: reason}); err != nil {
		return Outcome{}, err
	}
	return s.change(ctx, command{account: id, always: true}, func(d *decision) Outcome {
		d.endEverything()
		d.record(Event{Kind: EventLogOutAll, Detail: "operator"})
		return Outcome{Reason: OK}
	})
}

// Unfreeze lets a frozen account go on from the state the database now holds.
// It bumps the epoch, so nothing that was handed out before is honoured any
// more, and leaves an event here and there. The login "instance" stands for the
// operators' own trail. Outcomes: OK, NoAccount, NotFrozen.
func (s *Service) Unfreeze(ctx context.Context, login, reason string) (Outcome, error) {
	if login == string(Instance) {
		_, frozen, err := s.loadInstance(ctx)
		if err != nil || frozen == nil {
			return Outcome{Reason: NotFrozen}, err
		}
		return Outcome{Reason: OK}, s.operate(ctx, Event{Kind: EventOpUnfreeze, Subject: Instance, Detail: reason})
	}
	id, err := s.whom(ctx, login)
	if errors.Is(err, ErrNotFound) {
		return Outcome{Reason: NoAccount}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	for race := range maxRaces {
		out, err := s.unfreezeOnce(ctx, id, reason)
		if !errors.Is(err, ErrConflict) {
			return out, err
		}
		if err := pause(ctx, race); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{}, ErrBusy
}

func (s *Service) unfreezeOnce(ctx context.Context, id AccountID, reason string) (Outcome, error) {
	l, err := s.store.Load(ctx, KindAccount, id, "")
	if err != nil {
		return Outcome{}, err
	}
	a, err := s.openAccount(l.Record)
	if err != nil {
		return Outcome{}, err
	}
	if l.Frozen == nil {
		l.Frozen = l.behind(a.Chain, a.Version) // nobody came by since it was put back
	}
	if l.Frozen == nil {
		return Outcome{Reason: NotFrozen}, nil
	}
	if err := s.operate(ctx, Event{Kind: EventOpUnfreeze, Subject: id, Detail: reason}); err != nil {
		return Outcome{}, err
	}
	d := &decision{
		loaded: loaded{acct: a.clone(), last: l.Record.Projection.LastSignIn},
		s:      s, now: s.nowFor(a), random: s.random, unfreeze: true,
	}
	last, err := s.lastEvent(ctx, id, a.Chain.Seq)
	if err != nil {
		return Outcome{}, err
	}
	a = d.acct
	base, unvouched := a.Chain.goOnAfter(last, a.Version, l.Frozen)
	d.base = base
	a.Branch++
	d.endEverything()
	d.endRecovery() // nobody could cancel it meanwhile, and what was put back may have been cancelled
	d.record(Event{Kind: EventUnfrozen, Detail: reason, Item: unvouched})
	from := a.Version
	c, err := d.assemble()
	if err != nil {
		return Outcome{}, err
	}
	c.From = from
	return Outcome{Reason: OK}, s.commit(ctx, c)
}

// lastEvent returns an owner's newest event beyond a sequence number, or nil.
func (s *Service) lastEvent(ctx context.Context, owner AccountID, beyond int64) (*EventRow, error) {
	var last *EventRow
	for {
		rows, err := s.archive.Events(ctx, owner, beyond+1, 1000)
		if err != nil || len(rows) == 0 {
			return last, err
		}
		for i, row := range rows {
			if row.Seq <= beyond {
				return last, nil // no number, and so without a place
			}
			last, beyond = &rows[i], row.Seq
		}
	}
}

// gateIdle is how long a name's wrong tries are remembered after the newest.
// The longest wait is five minutes; what goes is the count that stops all
// unknown browsers, after a month without a single try.
const gateIdle = 30 * 24 * time.Hour

// Tidy deletes what has lost its meaning, unless the clock is in doubt. The
// program calls it from time to time.
func (s *Service) Tidy(ctx context.Context) error {
	if s.Suspended() {
		return nil
	}
	now := s.Now()
	return s.archive.Tidy(ctx, now, now.Add(-gateIdle))
}

// Accounts lists accounts for the operator, by id. What a row shows is a
// projection; what does not open is listed all the same.
func (s *Service) Accounts(ctx context.Context, after AccountID, limit int) ([]Record, error) {
	return s.archive.Accounts(ctx, after, limit)
}

// EachAccount calls do for every account, by id, until it returns an error.
func (s *Service) EachAccount(ctx context.Context, do func(Record) error) error {
	return eachPage(func(after AccountID) ([]Record, error) {
		return s.archive.Accounts(ctx, after, auditPage)
	}, func(r Record) AccountID { return r.ID }, do)
}
