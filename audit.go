package nidan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// auditPage is how many rows are read at a time.
const auditPage = 500

// Events returns an owner's trail from a sequence number on, as stored: an
// account's by its login name or id, the instance's by "instance".
func (s *Service) Events(ctx context.Context, login string, from int64, limit int) ([]Event, error) {
	owner := Instance
	if login != string(Instance) {
		var err error
		if owner, err = s.whom(ctx, login); err != nil {
			return nil, err
		}
	}
	rows, err := s.archive.Events(ctx, owner, from, limit)
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(rows))
	for _, row := range rows {
		var e Event
		if err := json.NewDecoder(bytes.NewReader(row.Body)).Decode(&e); err != nil {
			return events, &Fault{Account: owner, Part: "event", Cause: fmt.Sprintf("%d does not parse", row.Seq)}
		}
		events = append(events, e)
	}
	return events, nil
}

// An Audit is what Verify looked at.
type Audit struct {
	Accounts, Events, Sessions, Messages, Lookups int
}

// Verify walks everything stored: each document must open, each event chain
// must end in the head its document holds, and each session, look-up and
// queued message must open and belong where it stands. fault is called for
// each finding. It reads page by page and holds nothing up.
func (s *Service) Verify(ctx context.Context, fault func(*Fault)) (Audit, error) {
	var au Audit
	heads := make(map[AccountID]Chain)
	if err := s.verifyAccounts(ctx, &au, heads, fault); err != nil {
		return au, err
	}
	if err := s.verifyInstance(ctx, &au, heads, fault); err != nil {
		return au, err
	}
	return au, s.verifyOwners(ctx, heads, fault)
}

func (s *Service) verifyAccounts(ctx context.Context, au *Audit, heads map[AccountID]Chain, fault func(*Fault)) error {
	return s.EachAccount(ctx, func(r Record) error {
		au.Accounts++
		heads[r.ID] = Chain{}
		err := s.verifyAccount(ctx, r.ID, au, heads, fault)
		if err != nil && ctx.Err() == nil {
			// What cannot be read of one account hides nothing of the others.
			fault(&Fault{Account: r.ID, Part: "row", Cause: err.Error()})
			return nil
		}
		return err
	})
}

// verifyAccount checks one account. Its document is read again just before its
// trail, and the trail may have grown meanwhile: it is followed to the head.
func (s *Service) verifyAccount(ctx context.Context, id AccountID, au *Audit, heads map[AccountID]Chain, fault func(*Fault)) error {
	l, err := s.store.Load(ctx, KindAccount, id, "")
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if f := l.Frozen; f != nil {
		fault(&Fault{Account: id, Part: f.Part, Cause: "the account is frozen since " + f.At.UTC().Format(time.RFC3339), Shown: f.Shown, Found: f.Found})
	}
	r, err := s.archive.Record(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	a, err := s.openAccount(r)
	if err != nil {
		var f *Fault
		errors.As(err, &f)
		fault(f)
		return nil
	}
	if shown, is := r.Projection, a.projection(time.Time{}); shown.Name != is.Name || shown.Protected != is.Protected ||
		!slices.Equal(shown.Methods, is.Methods) || !shown.Created.Equal(is.Created) {
		fault(&Fault{Account: id, Part: "document", Cause: "what lists show of it is not what it says"})
	}
	heads[id] = a.Chain
	if err := s.verifyChain(ctx, id, a.Chain, au, fault); err != nil {
		return err
	}
	sessions, err := s.archive.Sessions(ctx, id)
	if err != nil {
		return err
	}
	for _, row := range sessions {
		au.Sessions++
		body, err := openSession(s.sealer, row)
		var f *Fault
		switch {
		case errors.As(err, &f):
			fault(f)
		case !body.Made.newer(a.stamp()) && !slices.ContainsFunc(a.Sessions, func(r SessionRef) bool { return r.ID == row.ID }):
			fault(&Fault{Account: id, Part: "session", Cause: "is not listed in the document"})
		case body.Made.newer(a.stamp()):
			if changed, err := s.changedSince(ctx, id, a.Version); err != nil || !changed {
				fault(&Fault{Account: id, Part: "session", Cause: "is newer than the document", Shown: body.Made.Version, Found: a.Version})
			}
		}
	}
	for _, r := range a.Sessions {
		if slices.ContainsFunc(sessions, func(row SessionRow) bool { return row.ID == r.ID }) {
			continue
		}
		if changed, err := s.changedSince(ctx, id, a.Version); err != nil || !changed {
			fault(&Fault{Account: id, Part: "session", Cause: "is listed in the document and missing"})
		}
	}
	queued, err := s.archive.Outbox(ctx, id)
	if err != nil {
		return err
	}
	for _, row := range queued {
		au.Messages++
		if row.Cause != "" {
			continue // given up, its body erased
		}
		n, err := OpenNotice(s.sealer, row)
		var f *Fault
		switch {
		case errors.As(err, &f):
			fault(f)
		case n.Version > a.Version:
			if changed, err := s.changedSince(ctx, id, a.Version); err != nil || !changed {
				fault(&Fault{Account: id, Part: "outbox", Cause: "is newer than the document", Shown: n.Version, Found: a.Version})
			}
		}
	}
	lookups, err := s.archive.Lookups(ctx, id)
	if err != nil {
		return err
	}
	found := false
	for _, x := range lookups {
		au.Lookups++
		if slices.Contains(a.lookups(), x) && a.Deleted.IsZero() {
			found = true
		} else if changed, err := s.changedSince(ctx, id, a.Version); err != nil || !changed {
			fault(&Fault{Account: id, Part: "lookup", Cause: "leads to an account of another name"})
		}
	}
	if !a.Deleted.IsZero() || a.Party != "" {
		return nil // its name is free, or it is found by its id alone
	}
	if changed, err := s.changedSince(ctx, id, a.Version); !found && (err != nil || !changed) {
		fault(&Fault{Account: id, Part: "lookup", Cause: "is missing"})
	}
	return nil
}

// changedSince reports whether an account has moved on from a version.
func (s *Service) changedSince(ctx context.Context, id AccountID, version int64) (bool, error) {
	l, err := s.store.Load(ctx, KindAccount, id, "")
	return err == nil && l.Record.Version > version, err
}

func (s *Service) verifyInstance(ctx context.Context, au *Audit, heads map[AccountID]Chain, fault func(*Fault)) error {
	in, _, err := s.loadInstance(ctx)
	var f *Fault
	if errors.As(err, &f) {
		heads[Instance] = Chain{}
		fault(f)
		return nil
	}
	if err != nil {
		return err
	}
	heads[Instance] = in.Chain
	return s.verifyChain(ctx, Instance, in.Chain, au, fault)
}

// verifyChain follows a trail from its start to the head that the document
// holds.
func (s *Service) verifyChain(ctx context.Context, owner AccountID, head Chain, au *Audit, fault func(*Fault)) error {
	var at Chain
	for at.Seq < head.Seq {
		rows, err := s.archive.Events(ctx, owner, at.Seq+1, auditPage)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			fault(&Fault{Account: owner, Part: "event", Cause: fmt.Sprintf("events %d to %d are missing", at.Seq+1, head.Seq)})
			return nil
		}
		for _, row := range rows {
			if at.Seq == head.Seq {
				break // appended since the document was read
			}
			au.Events++
			e, err := at.follow(row)
			if err != nil {
				fault(&Fault{Account: owner, Part: "event", Cause: err.Error()})
				return nil
			}
			if e.Item != "" && (e.Kind == EventUnfrozen || e.Kind == EventOpUnfreeze) {
				fault(&Fault{Account: owner, Part: "event", Cause: fmt.Sprintf("nobody vouches for the events %s: they stood beyond the document when it was unfrozen", e.Item)})
			}
		}
	}
	if at.Hash != head.Hash {
		fault(&Fault{Account: owner, Part: "event", Cause: fmt.Sprintf("event %d is not the one that was recorded", head.Seq)})
		return nil
	}
	return s.verifyTail(ctx, owner, head, fault)
}

// verifyTail looks for events beyond the head: unless the document has moved
// on meanwhile they mean that it was put back.
func (s *Service) verifyTail(ctx context.Context, owner AccountID, head Chain, fault func(*Fault)) error {
	rows, err := s.archive.Events(ctx, owner, head.Seq+1, 1)
	if err != nil || len(rows) == 0 {
		return err
	}
	now := head
	if owner == Instance {
		if in, _, err := s.loadInstance(ctx); err == nil {
			now = in.Chain
		}
	} else if l, err := s.store.Load(ctx, KindAccount, owner, ""); err == nil {
		if a, err := s.openAccount(l.Record); err == nil {
			now = a.Chain
		}
	}
	if now.Seq == head.Seq {
		fault(&Fault{Account: owner, Part: "event", Cause: fmt.Sprintf("event %d is beyond the head %d: the document is older than its trail", rows[0].Seq, head.Seq)})
	}
	return nil
}

// verifyOwners looks for trails whose document is gone.
func (s *Service) verifyOwners(ctx context.Context, heads map[AccountID]Chain, fault func(*Fault)) error {
	return eachPage(func(after AccountID) ([]AccountID, error) {
		return s.archive.EventOwners(ctx, after, auditPage)
	}, func(id AccountID) AccountID { return id }, func(id AccountID) error {
		if _, ok := heads[id]; ok {
			return nil
		}
		_, err := s.store.Load(ctx, KindAccount, id, "")
		if errors.Is(err, ErrNotFound) {
			fault(&Fault{Account: id, Part: "document", Cause: "has events but no document"})
			return nil
		}
		return err
	})
}

// eachPage calls do for everything that a paged list holds. It comes to its end
// whatever the database says: an id of another type than text has no place in
// the order, and would be listed for ever.
func eachPage[T any](page func(after AccountID) ([]T, error), name func(T) AccountID, do func(T) error) error {
	seen := make(map[AccountID]bool)
	for after, more := AccountID(""), true; more; {
		rows, err := page(after)
		if err != nil {
			return err
		}
		more = false
		for _, row := range rows {
			after = name(row)
			if seen[after] {
				continue
			}
			seen[after], more = true, true
			if err := do(row); err != nil {
				return err
			}
		}
	}
	return nil
}
