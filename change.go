package nidan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"
)

// maxRaces is how often a command that lost the race starts again from load.
const maxRaces = 8

// A command says what decide needs around it.
type command struct {
	account AccountID
	session SessionID                 // to load along, if any
	from    From                      // of the request
	shown   Stamp                     // of an artefact shown beside the session, zero for none
	slow    func(*Account) []SlowHash // what to hash before deciding
	always  bool                      // also while the clock is suspended: it only ends things
	recall  bool                      // it looks at the document and nothing else, and freezes nothing

	// holds says whether the document has what a token names.
	holds func(*Account) bool
}

// loaded is an opened document with what was read along with it.
type loaded struct {
	acct    *Account
	session *SessionRow
	last    time.Time // last sign-in, a projection that the next commit carries over
	read    *Read     // of a document that was recalled and not loaded
}

// A decision is one attempt at a command: a document of its own to change, and
// what is to be committed with it.
type decision struct {
	loaded
	was    *Account // what was decided on, nil where it does not matter
	s      *Service
	now    time.Time
	random io.Reader
	hashed []Hashed
	from   From
	base   int64 // version decided on

	events   []Event
	notices  []queued
	dropped  []string
	minted   []minted
	ended    []SessionID
	endAll   bool
	claim    []Lookup
	release  []Lookup
	signedIn bool
	unfreeze bool
	inert    bool // the ticket handed out is no newer than the document: it needs no commit
	err      error
}

// version is the one the document will have once this is committed.
func (d *decision) version() int64 { return d.base + 1 }

// stamp is what artefacts of this commit carry.
func (d *decision) stamp() Stamp { return Stamp{d.acct.Branch, d.version()} }

// record adds a line to the audit trail. Only a decision that records
// something is committed.
func (d *decision) record(e Event) {
	e.At = d.now
	if e.Address == "" {
		e.Address, e.Browser = d.from.Address, d.from.Browser
	}
	d.events = append(d.events, e)
}

// fail makes the command end with an error, and nothing be committed.
func (d *decision) fail(err error) { d.err = err }

// refuse ends a decision with a reason and nothing to commit, whatever it has
// done so far.
func (d *decision) refuse(r Reason) Outcome {
	d.events, d.notices, d.minted, d.dropped, d.claim, d.release = nil, nil, nil, nil, nil, nil
	return Outcome{Reason: r}
}

// change is the one path from a request to the database: load, slow hashes,
// decide, commit; and again from load where another command was faster. A
// decision that records no event changes nothing. A command may be decided first
// on what is remembered: then the commit is what loads, and unless it succeeds
// nothing was decided.
func (s *Service) change(ctx context.Context, cmd command, decide func(*decision) Outcome) (Outcome, error) {
	if held, err := s.admits(ctx, cmd); err != nil || !held {
		return Outcome{}, cmp.Or(err, ErrNotFound)
	}
	random := &replay{src: s.random}
	var hashed []Hashed
	for range maxRaces {
		missing, out, err := s.turn(ctx, cmd, hashed, random, decide)
		if err != nil || missing == nil {
			return out, err
		}
		// Outside the lane: a hash takes as long as a hundred decisions.
		if hashed, err = s.hash(ctx, missing); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{}, ErrBusy
}

// turn decides in the account's lane. If what stands in the document now needs
// slow hashes that were not computed, it returns them and decides nothing.
func (s *Service) turn(ctx context.Context, cmd command, hashed []Hashed, random *replay, decide func(*decision) Outcome) (missing []SlowHash, _ Outcome, _ error) {
	leave, err := s.lanes.enter(ctx, cmd.account)
	if err != nil {
		return nil, Outcome{}, err
	}
	defer leave()
	if l, ok := s.opened.recall(cmd.account); ok && cmd.recalls(l.acct, hashed) {
		random.rewind()
		out, tried, err := s.attempt(ctx, l, cmd, hashed, random, decide)
		switch {
		case tried && !errors.Is(err, ErrConflict):
			return nil, out, err
		case tried:
			s.races.Add(1)
		}
	}
	for race := range maxRaces {
		l, err := s.load(ctx, cmd.account, cmd.session)
		if err != nil {
			return nil, Outcome{}, err
		}
		if err := s.notOlder(ctx, l.acct, "browser", cmd.shown); err != nil {
			return nil, Outcome{}, err
		}
		if cmd.slow != nil {
			if want := cmd.slow(l.acct); !covers(hashed, want) {
				return want, Outcome{}, nil // never empty
			}
		}
		random.rewind()
		out, _, err := s.attempt(ctx, l, cmd, hashed, random, decide)
		if !errors.Is(err, ErrConflict) {
			return nil, out, err
		}
		s.races.Add(1)
		if err := pause(ctx, race); err != nil {
			return nil, Outcome{}, err
		}
	}
	return nil, Outcome{}, ErrBusy
}

// recalls reports whether the command may be decided on what is remembered: only
// if nothing had to be read along, shown beside it, or hashed anew.
func (c command) recalls(a *Account, hashed []Hashed) bool {
	return c.recall && c.session == "" && !c.shown.newer(a.stamp()) && (c.slow == nil || covers(hashed, c.slow(a)))
}

// attempt decides on one version and commits what comes of it. tried says that
// there was something to commit: the outcome is what the database said to that.
func (s *Service) attempt(ctx context.Context, l loaded, cmd command, hashed []Hashed, random io.Reader, decide func(*decision) Outcome) (_ Outcome, tried bool, _ error) {
	now, suspended := s.watch.now()
	switch {
	case suspended && !cmd.always:
		return Outcome{}, false, ErrClock
	case suspended: // no time in doubt goes into a document
		now = l.acct.Last
	}
	if now.Before(l.acct.Last) {
		now = l.acct.Last
	}
	was := l.acct
	l.acct = was.clone()
	if q := l.acct.request(cmd.from.Request, now); q != nil {
		return q.outcome(cmd.from.Request, l.acct, now), false, nil
	}
	d := &decision{loaded: l, was: was, s: s, now: now, random: random, hashed: hashed, from: cmd.from, base: l.acct.Version}
	out := decide(d)
	if d.err != nil {
		return Outcome{}, false, d.err
	}
	if out.Reason == "" {
		return Outcome{}, false, fmt.Errorf("nidan: a decision on account %s gives no reason", l.acct.ID)
	}
	if len(d.events) == 0 {
		if len(d.minted)+len(d.notices)+len(d.dropped)+len(d.claim)+len(d.release) > 0 || out.hands() || !out.Ticket.Empty() && !d.inert {
			return Outcome{}, false, fmt.Errorf("nidan: a decision on account %s answers %q and records nothing: what it hands out would not be in force", l.acct.ID, out.Reason)
		}
		return out, false, nil
	}
	d.answered(cmd.from, out)
	c, err := d.assemble()
	if err != nil {
		return Outcome{}, false, err
	}
	if err := s.commit(ctx, c); err != nil {
		return Outcome{}, true, err
	}
	s.opened.put(c.Record, d.acct)
	return out, true, nil
}

// assemble puts everything that was decided into one commit.
func (d *decision) assemble() (Change, error) {
	a, s := d.acct, d.s
	a.Version, a.Last = d.version(), d.now
	c := Change{
		ID: newID(d.random), From: d.base, EndAll: d.endAll, End: d.ended,
		Drop: d.dropped, Claim: d.claim, Release: d.release, Unfreeze: d.unfreeze, Read: d.read,
	}
	var err error
	if c.Events, err = a.Chain.append(a.ID, c.ID, a.Version, d.events); err != nil {
		return Change{}, err
	}
	for _, m := range d.minted {
		if slices.ContainsFunc(a.Sessions, func(r SessionRef) bool { return r.ID == m.id }) {
			c.Mint = append(c.Mint, m.row(s.sealer, a.ID))
		}
	}
	for _, q := range d.notices {
		if slices.Contains(d.dropped, q.id) {
			continue
		}
		row, err := q.row(s.sealer, a.ID, a.Version)
		if err != nil {
			return Change{}, err
		}
		c.Queue = append(c.Queue, row)
	}
	last := d.last
	if d.signedIn {
		last = d.now
	}
	body, err := a.encode(d.was)
	if err != nil {
		return Change{}, err
	}
	c.Record = seal(s.sealer, Record{
		Kind: KindAccount, ID: a.ID, Format: a.Form, Version: a.Version, Projection: a.projection(last),
	}, body)
	return c, nil
}

// commit saves a change. After an unknown outcome no verdict is told until the
// commit's id has been looked up (law 6).
func (s *Service) commit(ctx context.Context, c Change) error {
	err := s.store.Commit(ctx, c)
	if errors.Is(err, ErrUnknown) {
		done, lookErr := s.store.Committed(context.WithoutCancel(ctx), c.Record.ID, c.ID)
		switch {
		case lookErr != nil:
			return errors.Join(err, lookErr)
		case done:
			return nil
		}
		return errors.Join(ErrBusy, err)
	}
	var f *Fault
	if errors.As(err, &f) {
		// A sequence number that is taken means the document is older than
		// its own trail: somebody put an old one back.
		s.freeze(ctx, Freeze{Account: c.Record.ID, Part: f.Part, Shown: c.Record.Version, Found: c.From})
	}
	return err
}

// hash computes slow hashes one after the other.
func (s *Service) hash(ctx context.Context, want []SlowHash) ([]Hashed, error) {
	got := make([]Hashed, 0, len(want))
	for _, w := range want {
		if w.Like == "" && len(got) > 0 {
			// Several new hashes of one batch share salt and parameters.
			w.Like = got[0].Hash
		}
		h, err := s.first.Hash(ctx, w)
		if err != nil {
			return nil, err
		}
		got = append(got, h)
	}
	return got, nil
}

// covers reports whether what was hashed is still what is needed. Nothing
// needed is covered by anything.
func covers(got []Hashed, want []SlowHash) bool {
	if len(want) == 0 {
		return true
	}
	if len(got) != len(want) {
		return false
	}
	for i := range want {
		if hashPrefix(got[i].Of.Like) != hashPrefix(want[i].Like) && want[i].Like != "" {
			return false
		}
	}
	return true
}

// pause waits a moment before the next attempt, longer and more at random the
// more races were lost.
func pause(ctx context.Context, race int) error {
	t := time.NewTimer(rand.N(time.Millisecond << min(race, 5)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// replay gives every attempt of one command the same random bytes, so that a
// retry hands out what the first attempt would have.
type replay struct {
	src io.Reader
	buf []byte
	at  int
}

func (r *replay) rewind() { r.at = 0 }

// Read implements [io.Reader].
func (r *replay) Read(p []byte) (int, error) {
	if need := r.at + len(p) - len(r.buf); need > 0 {
		more := make([]byte, need)
		if _, err := io.ReadFull(r.src, more); err != nil {
			return 0, err
		}
		r.buf = append(r.buf, more...)
	}
	n := copy(p, r.buf[r.at:])
	r.at += n
	return n, nil
}
