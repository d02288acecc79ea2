package nidan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// KindTombstone is a document that says when somebody of a name left. Its id is
// what stands for the name.
const KindTombstone Kind = "tombstone"

// tombstone is what is left of a name. A link to make an account of that name
// which was issued before brings nothing back.
type tombstone struct {
	Format  int       `json:"f"`
	ID      AccountID `json:"id"`
	Version int64     `json:"v"`
	Left    time.Time `json:"t"`
}

// DeleteAccount erases an account. Its trail is left, and its document as an
// empty one, sealed. The name is free at once. It needs the password, and the
// second step where the account is protected. Outcomes: OK; the reasons of both
// steps.
func (s *Service) DeleteAccount(ctx context.Context, tok SessionToken, password Secret, ans Answer, from From) (Outcome, error) {
	ses, err := s.Session(ctx, tok)
	if err != nil {
		return gone(err)
	}
	if ses.acct.Party != "" {
		return Outcome{Reason: NoSuchWay}, nil // the product that keeps the account does that
	}
	if s.Suspended() {
		return Outcome{}, ErrClock // no tombstone of a time in doubt
	}
	// The tombstone goes first: while there is an account of the name it says
	// nothing, and without it an old link could make the account again.
	if err := s.buryName(ctx, ses.Name); err != nil {
		return Outcome{}, err
	}
	return s.allSteps(ctx, tok, password, ans, from, func(d *decision, _ *Session, _ []proof, out Outcome) Outcome {
		d.tell(Notice{Kind: NoticeDeleted})
		d.erase()
		out.Reason, out.Session = OK, nil
		return out
	})
}

// erase leaves an empty document and gives the name back.
func (d *decision) erase() {
	a := d.acct
	for _, p := range a.Pending {
		d.drop(p.Notice)
	}
	d.endEverything()
	d.endRecovery()
	for _, o := range a.Prompts {
		d.drop(o.Message)
	}
	d.release = a.lookups()
	d.record(Event{Kind: EventDeleted})
	*a = Account{
		Form: a.Form, ID: a.ID, Version: a.Version, Branch: a.Branch, Created: a.Created, Last: a.Last,
		Epoch: a.Epoch, Revision: a.Revision, Chain: a.Chain, Deleted: d.now,
		Requests: a.Requests, // or one that registers, sent again, would make it anew
	}
}

// buryName notes that whoever has a name now is about to leave. It may be
// repeated.
func (s *Service) buryName(ctx context.Context, name string) error {
	for race := range maxRaces {
		t, err := s.tombstone(ctx, name)
		if err != nil {
			return err
		}
		from := t.Version
		t.Format, t.ID, t.Version = Format, s.postbox(name), from+1
		if now := s.Now(); now.After(t.Left) {
			t.Left = now
		}
		body, err := json.Marshal(t)
		if err != nil {
			return fmt.Errorf("encode a tombstone: %w", err)
		}
		c := Change{ID: newID(s.random), From: from}
		c.Record = seal(s.sealer, Record{Kind: KindTombstone, ID: t.ID, Format: t.Format, Version: t.Version}, body)
		if err := s.store.Commit(ctx, c); !errors.Is(err, ErrConflict) {
			return err
		}
		if err := pause(ctx, race); err != nil {
			return err
		}
	}
	return ErrBusy
}

// tombstone returns that of a name; the zero one where nobody has left.
func (s *Service) tombstone(ctx context.Context, name string) (tombstone, error) {
	l, err := s.store.Load(ctx, KindTombstone, s.postbox(name), "")
	if err != nil {
		return tombstone{}, ignoreNotFound(err)
	}
	fault := func(cause string) error {
		return &Fault{Account: l.Record.ID, Part: "document", Cause: "a tombstone that " + cause}
	}
	b, err := unseal(s.sealer, l.Record)
	if err != nil {
		return tombstone{}, fault("does not open")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var t tombstone
	if err := d.Decode(&t); err != nil || t.ID != l.Record.ID || t.Version != l.Record.Version {
		return tombstone{}, fault("does not parse")
	}
	return t, nil
}

// outlived reports whether an invitation or registration was issued before
// somebody of its name left.
func (s *Service) outlived(ctx context.Context, t *ticket) (bool, error) {
	stone, err := s.tombstone(ctx, t.Name)
	return !stone.Left.IsZero() && !t.Issued.After(stone.Left), err
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
