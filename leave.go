package nidan

import (
	"context"
	"time"
)

// LookupGone leads from the keyed hash of a login name to the tombstone of an
// account that had it.
const LookupGone LookupKind = "gone"

// DeleteAccount erases an account. What is left is a sealed tombstone: its id,
// its trail, and when; so that a link that was mailed before does not bring it
// back. It needs the password, and the second step where the account is
// protected. Outcomes: OK; the reasons of both steps.
func (s *Service) DeleteAccount(ctx context.Context, tok SessionToken, password Secret, ans Answer, from From) (Outcome, error) {
	return s.allSteps(ctx, tok, password, ans, from, func(d *decision, _ *Session, _ []proof, out Outcome) Outcome {
		a := d.acct
		d.tell(Notice{Kind: NoticeDeleted})
		d.endEverything()
		d.endRecovery()
		for _, o := range a.Prompts {
			d.drop(o.Message)
		}
		d.release = []Lookup{{Kind: LookupLogin, Key: a.Name, Account: a.ID}}
		d.claim = []Lookup{{Kind: LookupGone, Key: s.goneKey(a.Name), Account: a.ID}}
		d.record(Event{Kind: EventDeleted})
		*a = Account{
			Form: a.Form, ID: a.ID, Version: a.Version, Branch: a.Branch, Created: a.Created, Last: a.Last,
			Epoch: a.Epoch, Revision: a.Revision, Chain: a.Chain, Deleted: d.now,
		}
		out.Reason, out.Session = OK, nil
		return out
	})
}

// goneKey hides the name that a tombstone is for.
func (s *Service) goneKey(name string) string { return s.gateKey("gone", name) }

// leftAt says when an account of this name was deleted last; zero: never.
func (s *Service) leftAt(ctx context.Context, name string) (time.Time, error) {
	id, err := s.store.Lookup(ctx, LookupGone, s.goneKey(name))
	if err != nil {
		return time.Time{}, ignoreNotFound(err)
	}
	l, err := s.store.Load(ctx, KindAccount, id, "")
	if err != nil {
		return time.Time{}, ignoreNotFound(err)
	}
	a, err := s.openAccount(l.Record)
	if err != nil {
		return time.Time{}, err
	}
	return a.Deleted, nil
}
