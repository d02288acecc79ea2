package nidan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// instance is the document of the instance itself: the head of the operators'
// chain, and what they have confirmed.
type instance struct {
	Format  int       `json:"f"`
	ID      AccountID `json:"id"`
	Version int64     `json:"v"`
	Last    time.Time `json:"last"`
	Chain   Chain     `json:"chain"`

	// ClockOK grows each time an operator confirms the time.
	ClockOK int64 `json:"clock,omitempty"`
}

// loadInstance opens the instance document. There is none before the first
// operator's act; its version is 0 then.
func (s *Service) loadInstance(ctx context.Context) (*instance, error) {
	l, err := s.store.Load(ctx, KindInstance, Instance, "")
	if errors.Is(err, ErrNotFound) {
		return &instance{Format: Format, ID: Instance}, nil
	}
	if err != nil {
		return nil, err
	}
	in := new(instance)
	b, err := unseal(s.sealer, l.Record)
	if err != nil {
		return nil, &Fault{Account: Instance, Part: "document", Cause: "does not open"}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil || in.Format != Format || in.Version != l.Record.Version {
		return nil, &Fault{Account: Instance, Part: "document", Cause: "does not parse"}
	}
	return in, nil
}

// operate records what an operator did, or is about to do. An act over an
// account too is recorded here first.
func (s *Service) operate(ctx context.Context, e Event) error {
	for race := range maxRaces {
		in, err := s.loadInstance(ctx)
		if err != nil {
			return err
		}
		from := in.Version
		in.Version++
		if e.At = s.Now(); e.At.Before(in.Last) {
			e.At = in.Last
		}
		in.Last = e.At
		if e.Kind == EventClock {
			in.ClockOK++
		}
		c := Change{ID: newID(s.random), From: from}
		if c.Events, err = in.Chain.append(Instance, c.ID, in.Version, []Event{e}); err != nil {
			return err
		}
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode the instance document: %w", err)
		}
		c.Record = seal(s.sealer, Record{Kind: KindInstance, ID: Instance, Format: in.Format, Version: in.Version}, body)
		if err = s.commit(ctx, c); !errors.Is(err, ErrConflict) {
			return err
		}
		if err := pause(ctx, race); err != nil {
			return err
		}
	}
	return ErrBusy
}

// ConfirmClock records that an operator has looked at the machine's time and
// found it right. Processes that had stopped accepting go on at their next
// look, see CheckClock.
func (s *Service) ConfirmClock(ctx context.Context, reason string) error {
	return s.operate(ctx, Event{Kind: EventClock, Detail: reason})
}

// CheckClock is called from time to time by the program. It notices a moved
// clock also while nobody logs in, and an operator's confirmation. It returns
// whether acceptances are suspended.
func (s *Service) CheckClock(ctx context.Context) (bool, error) {
	in, err := s.loadInstance(ctx)
	if err != nil {
		return s.Suspended(), err
	}
	switch suspended := s.Suspended(); {
	case !suspended || s.clockOK.CompareAndSwap(clockUnseen, in.ClockOK):
		s.clockOK.Store(in.ClockOK)
	case in.ClockOK > s.clockOK.Load():
		s.clockOK.Store(in.ClockOK)
		s.watch.rebase()
	}
	return s.Suspended(), nil
}

// An AccountView is what an operator may see of an account.
type AccountView struct {
	ID             AccountID
	Name           string
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
	Queued         int // messages
}

// Show returns what an operator may see of an account, also of a frozen one.
// ErrNotFound if no account has the name.
func (s *Service) Show(ctx context.Context, login string) (AccountView, error) {
	name, ok := s.first.Name(login)
	if !ok {
		return AccountView{}, ErrNotFound
	}
	id, err := s.store.Lookup(ctx, LookupLogin, name)
	if err != nil {
		return AccountView{}, err
	}
	l, err := s.store.Load(ctx, KindAccount, id, "")
	if err != nil {
		return AccountView{}, err
	}
	a, err := s.openAccount(l.Record)
	if err != nil {
		return AccountView{ID: id, Name: name, Frozen: l.Frozen}, err
	}
	queued, err := s.archive.Outbox(ctx, id)
	if err != nil {
		return AccountView{}, err
	}
	return AccountView{
		ID: a.ID, Name: a.Name, Created: a.Created, Protected: a.Protected, Stopped: a.Password.Stopped,
		Version: a.Version, Epoch: a.Epoch, Authenticators: s.authenticators(a),
		Sessions: len(a.Sessions), PendingSignIns: len(a.Pending), KnownBrowsers: len(a.Browsers),
		WrongKnown: a.inRow(Known), WrongOther: a.inRow(Other), Frozen: l.Frozen, Queued: len(queued),
	}, nil
}

// LogOutAccount ends every session, open sign-in and link of an account.
// Outcomes: OK, NoAccount.
func (s *Service) LogOutAccount(ctx context.Context, login, reason string) (Outcome, error) {
	name, ok := s.first.Name(login)
	if !ok {
		return Outcome{Reason: NoAccount}, nil
	}
	acct, err := s.named(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return Outcome{Reason: NoAccount}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	if err := s.operate(ctx, Event{Kind: EventOpLogOut, Subject: acct.ID, Detail: reason}); err != nil {
		return Outcome{}, err
	}
	return s.change(ctx, command{account: acct.ID, always: true}, func(d *decision) Outcome {
		d.acct.bumpEpoch()
		d.endAll = true
		d.record(Event{Kind: EventLogOutAll, Detail: "operator"})
		return Outcome{Reason: OK}
	})
}

// Unfreeze lets a frozen account go on from the state the database now holds.
// It bumps the epoch, so nothing that was handed out before is honoured any
// more, and leaves an event here and there. Outcomes: OK, NoAccount, NotFrozen.
func (s *Service) Unfreeze(ctx context.Context, login, reason string) (Outcome, error) {
	name, ok := s.first.Name(login)
	if !ok {
		return Outcome{Reason: NoAccount}, nil
	}
	id, err := s.store.Lookup(ctx, LookupLogin, name)
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
	if l.Frozen == nil {
		return Outcome{Reason: NotFrozen}, nil
	}
	a, err := s.openAccount(l.Record)
	if err != nil {
		return Outcome{}, err
	}
	if err := s.operate(ctx, Event{Kind: EventOpUnfreeze, Subject: id, Detail: reason}); err != nil {
		return Outcome{}, err
	}
	d := &decision{
		loaded: loaded{acct: a.clone(), last: l.Record.Projection.LastSignIn},
		s:      s, now: s.nowFor(a), random: s.random, unfreeze: true, endAll: true,
	}
	// The trail may be ahead of a document that was put back: go on behind
	// it, so that the break stays visible and the account can be used.
	last, err := s.lastEvent(ctx, id, a.Chain.Seq)
	if err != nil {
		return Outcome{}, err
	}
	a = d.acct
	if last != nil {
		a.Chain = Chain{Seq: last.Seq, Hash: eventHash(last.Body)}
	}
	// Whatever the lost versions made carries their numbers: start beyond
	// every one that is known of.
	d.base = max(a.Version, l.Frozen.Shown, lastVersion(last))
	a.bumpEpoch()
	d.record(Event{Kind: EventUnfrozen, Detail: reason})
	from := a.Version
	c, err := d.change()
	if err != nil {
		return Outcome{}, err
	}
	c.From = from
	return Outcome{Reason: OK}, s.commit(ctx, c)
}

// lastVersion is the document version that made an event, 0 for none or one
// that does not parse.
func lastVersion(row *EventRow) int64 {
	if row == nil {
		return 0
	}
	var e Event
	if json.Unmarshal(row.Body, &e) != nil {
		return 0
	}
	return e.Version
}

// lastEvent returns an owner's newest event beyond a sequence number, or nil.
func (s *Service) lastEvent(ctx context.Context, owner AccountID, beyond int64) (*EventRow, error) {
	var last *EventRow
	for {
		rows, err := s.archive.Events(ctx, owner, beyond+1, 1000)
		if err != nil || len(rows) == 0 {
			return last, err
		}
		last = &rows[len(rows)-1]
		beyond = last.Seq
	}
}

// gateIdle is how long a name's wrong tries are remembered after the newest.
// The longest wait is five minutes; what goes is the count that stops all
// unknown browsers, after a month without a single try.
const gateIdle = 30 * 24 * time.Hour

// Tidy deletes what has lost its meaning. The program calls it from time to
// time.
func (s *Service) Tidy(ctx context.Context) error {
	now := s.Now()
	return s.archive.Tidy(ctx, now, now.Add(-gateIdle))
}

// Accounts lists accounts for the operator, by id. What a row shows is a
// projection; what does not open is listed all the same.
func (s *Service) Accounts(ctx context.Context, after AccountID, limit int) ([]Record, error) {
	return s.archive.Accounts(ctx, after, limit)
}
