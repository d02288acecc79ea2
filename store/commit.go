package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// Commit implements [nidan.Store]. What c refers to must not be changed
// afterwards, not even when Commit has returned [nidan.ErrUnknown].
func (s *SQLite) Commit(ctx context.Context, c nidan.Change) error {
	if err := check(c); err != nil {
		return err
	}
	return s.w.submit(ctx, &request{
		account: c.Record.ID,
		apply:   func(db *conn) (refusal, failure error) { return db.apply(c) },
		guarded: len(c.Claim) == 0,
		settle:  func(db *conn) (bool, error) { return db.applied(c) },
	})
}

// Committed implements [nidan.Store]. It asks the writer, whose queue keeps
// the order: a commit that is still under way is waited for, and so the answer
// is final.
func (s *SQLite) Committed(ctx context.Context, owner nidan.AccountID, commit string) (found bool, err error) {
	err = s.w.submit(ctx, &request{
		apart: true, stay: true,
		apply: func(db *conn) (refusal, failure error) {
			found, failure = db.committed(owner, commit)
			return nil, failure
		},
	})
	return found && err == nil, err
}

// apply writes a change. The guard comes first, and writes nothing if it refuses: whoever has
// lost the race is to be told so, and not that its events exist already, which
// would pass for damage.
func (db *conn) apply(c nidan.Change) (refusal, failure error) {
	switch n, err := db.saveDocument(c); {
	case err != nil:
		return nil, err
	case n == 0:
		return nidan.ErrConflict, nil
	}
	if refusal, failure := db.appendEvents(c.Events); refusal != nil || failure != nil {
		return refusal, failure
	}
	if refusal, failure := db.changeLookups(c); refusal != nil || failure != nil {
		return refusal, failure
	}
	if err := db.changeSessions(c); err != nil {
		return nil, err
	}
	if err := db.changeOutbox(c); err != nil {
		return nil, err
	}
	if c.Unfreeze {
		return nil, db.run(sqlDeleteFreeze, c.Record.ID)
	}
	return nil, nil
}

// saveDocument returns 0 where what is stored is not what was decided on, or the
// account is frozen: whoever loads it again will be told.
func (db *conn) saveDocument(c nidan.Change) (int64, error) {
	args := documentArgs(c.Record)
	if c.From == 0 {
		return db.exec(sqlInsertDocument, args...)
	}
	args = append(args, c.From, c.Unfreeze)
	if r := c.Read; r != nil {
		return db.exec(sqlUpdateUnread, append(args, int64(r.Format), r.Sealed, r.Trail)...)
	}
	return db.exec(sqlUpdateDocument, args...)
}

func (db *conn) appendEvents(events []nidan.EventRow) (refusal, failure error) {
	for _, e := range events {
		switch err := db.run(sqlInsertEvent, string(e.Owner), e.Seq, e.Commit, e.Body); {
		case isDuplicate(err):
			return &nidan.Fault{Account: e.Owner, Part: "event", Cause: fmt.Sprintf("event %d exists already", e.Seq)}, nil
		case err != nil:
			return nil, err
		}
	}
	return nil, nil
}

func (db *conn) changeLookups(c nidan.Change) (refusal, failure error) {
	for _, l := range c.Claim {
		switch n, err := db.exec(sqlClaimLookup, l.Kind, l.Key, l.Account); {
		case err != nil:
			return nil, err
		case n == 0:
			return nidan.ErrTaken, nil
		}
	}
	for _, l := range c.Release {
		if err := db.run(sqlReleaseLookup, l.Kind, l.Key, l.Account); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (db *conn) changeSessions(c nidan.Change) error {
	if c.EndAll {
		if err := db.run(sqlDeleteSessions, c.Record.ID); err != nil {
			return err
		}
	}
	for _, id := range c.End {
		if err := db.run(sqlDeleteSession, c.Record.ID, id); err != nil {
			return err
		}
	}
	for _, s := range c.Mint {
		if err := db.run(sqlInsertSession, s.Account, s.ID, s.Sealed, micros(s.Seen)); err != nil {
			return err
		}
	}
	return nil
}

func (db *conn) changeOutbox(c nidan.Change) error {
	for _, id := range c.Drop {
		if err := db.run(sqlDeleteMessage, c.Record.ID, id); err != nil {
			return err
		}
	}
	return db.queue(c.Queue)
}

// committed reports whether a commit with this id has appended to an owner's
// trail.
func (db *conn) committed(owner nidan.AccountID, commit string) (bool, error) {
	var seq int64
	return db.row([]any{&seq}, sqlFindCommit, owner, commit)
}

// applied reports whether a change is in the database. One without an event is
// known by its document, as long as nobody has replaced that.
func (db *conn) applied(c nidan.Change) (bool, error) {
	if len(c.Events) > 0 {
		return db.committed(c.Record.ID, c.ID)
	}
	var version int64
	var sealed []byte
	found, err := db.row([]any{&version, &sealed}, sqlDocumentVersion, c.Record.ID, c.Record.Kind)
	if err != nil {
		return false, err
	}
	if found && version > c.Record.Version {
		return false, errors.New("store: the document has moved on")
	}
	return found && version == c.Record.Version && bytes.Equal(sealed, c.Record.Sealed), nil
}
