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

// loadInstance opens the instance document, and says whether it is frozen.
// There is none before the first operator's act; its version is 0 then.
func (s *Service) loadInstance(ctx context.Context) (*instance, *Freeze, error) {
	l, err := s.store.Load(ctx, KindInstance, Instance, "")
	if errors.Is(err, ErrNotFound) {
		// A trail without its document is one that somebody took away.
		var frozen *Freeze
		rows, err := s.archive.Events(ctx, Instance, 1, 1)
		if len(rows) > 0 {
			frozen = &Freeze{Account: Instance, Part: "document"}
		}
		return &instance{Format: Format, ID: Instance}, frozen, err
	}
	if err != nil {
		return nil, nil, err
	}
	in := new(instance)
	b, err := unseal(s.sealer, l.Record)
	if err != nil {
		return nil, l.Frozen, &Fault{Account: Instance, Part: "document", Cause: "does not open"}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil || in.Format != Format || in.Version != l.Record.Version {
		return nil, l.Frozen, &Fault{Account: Instance, Part: "document", Cause: "does not parse"}
	}
	if l.Frozen == nil {
		l.Frozen = l.behind(in.Chain, in.Version)
	}
	return in, l.Frozen, nil
}

// operate records what an operator did, or is about to do. An act over an
// account too is recorded here first.
func (s *Service) operate(ctx context.Context, e Event) error {
	for race := range maxRaces {
		in, frozen, err := s.loadInstance(ctx)
		if err != nil {
			return err
		}
		thaw := e.Kind == EventOpUnfreeze && e.Subject == Instance
		if frozen != nil && !thaw {
			return errors.Join(ErrFrozen, &Fault{Account: Instance, Part: frozen.Part, Cause: "its document is missing or older than its trail; run 'audit verify', then unfreeze it", Shown: frozen.Shown, Found: frozen.Found})
		}
		from := in.Version
		if frozen != nil {
			last, err := s.lastEvent(ctx, Instance, in.Chain.Seq)
			if err != nil {
				return err
			}
			in.Version, e.Item = in.Chain.goOnAfter(last, in.Version, frozen)
		}
		in.Version++
		if e.At = s.Now(); e.At.Before(in.Last) {
			e.At = in.Last
		}
		in.Last = e.At
		if e.Kind == EventClock {
			in.ClockOK++
		}
		c := Change{ID: newID(s.random), From: from, Unfreeze: thaw}
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

// longestLeap bounds how far a version may leap when an account goes on after
// it was frozen. The numbers come out of rows that are not sealed.
const longestLeap = 1 << 32

// goOnAfter moves a chain onto the newest event there is, so that what is
// appended next has a place. It returns the version to go on from, beyond every
// one that is known to have been made, and the range of events that it went
// over: whoever can write to the database can have forged them, and Verify says
// so for ever.
func (c *Chain) goOnAfter(last *EventRow, version int64, f *Freeze) (from int64, unvouched string) {
	known := f.Shown
	if last != nil {
		unvouched = fmt.Sprintf("%d-%d", c.Seq+1, last.Seq)
		*c = Chain{Seq: last.Seq, Hash: eventHash(last.Body)}
		known = max(known, last.version())
	}
	return max(version, min(known, version+longestLeap)), unvouched
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
	in, _, err := s.loadInstance(ctx)
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
