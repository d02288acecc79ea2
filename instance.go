package nidan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
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

	Parties []Party  `json:"parties,omitempty"`
	Keys    []keyRef `json:"keys,omitempty"`

	Signing []signingKey `json:"sign,omitempty"` // the newest last; all are published
}

func (in *instance) party(id string) *Party {
	i := slices.IndexFunc(in.Parties, func(p Party) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &in.Parties[i]
}

func (in *instance) key(id string) *keyRef {
	i := slices.IndexFunc(in.Keys, func(k keyRef) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return &in.Keys[i]
}

// host returns the party that a proxied host is of.
func (in *instance) host(host string) *Party {
	i := slices.IndexFunc(in.Parties, func(p Party) bool { return p.proxied(host) != nil })
	if i < 0 {
		return nil
	}
	return &in.Parties[i]
}

// loadInstance opens the instance document, and says whether it is frozen.
// There is none before the first operator's act; its version is 0 then.
func (s *Service) loadInstance(ctx context.Context) (*instance, *Freeze, error) {
	o, frozen, err := s.openInstance(ctx, openedInstance{})
	return o.in, frozen, err
}

// openedInstance is the instance's document with what it was opened from.
type openedInstance struct {
	rec Record
	in  *instance
}

// openInstance loads the instance's document as loadInstance does. It opens the
// same bytes only once: known is what they opened to before, and is what it returns then.
func (s *Service) openInstance(ctx context.Context, known openedInstance) (openedInstance, *Freeze, error) {
	none := openedInstance{in: &instance{Format: Format, ID: Instance}}
	l, err := s.store.Load(ctx, KindInstance, Instance, "")
	if errors.Is(err, ErrNotFound) {
		rows, unread := s.archive.Events(ctx, Instance, 1, 1)
		if unread != nil || len(rows) == 0 {
			return none, nil, unread
		}
		// It came meanwhile, or else somebody took it away from its trail.
		if l, err = s.store.Load(ctx, KindInstance, Instance, ""); errors.Is(err, ErrNotFound) {
			return none, &Freeze{Account: Instance, Part: "document"}, nil
		}
	}
	if err != nil {
		return openedInstance{}, nil, err
	}
	o := openedInstance{rec: l.Record, in: known.in}
	if r := known.rec; r.Format != o.rec.Format || r.Version != o.rec.Version || !bytes.Equal(r.Sealed, o.rec.Sealed) {
		if o.in, err = parseInstance(s.sealer, l.Record); err != nil {
			return openedInstance{}, l.Frozen, err
		}
	}
	if l.Frozen == nil {
		l.Frozen = l.behind(o.in.Chain, o.in.Version)
	}
	return o, l.Frozen, nil
}

func parseInstance(s Sealer, r Record) (*instance, error) {
	b, err := unseal(s, r)
	if err != nil {
		return nil, &Fault{Account: Instance, Part: "document", Cause: "does not open"}
	}
	in := new(instance)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil || in.Format != Format || in.Version != r.Version {
		return nil, &Fault{Account: Instance, Part: "document", Cause: "does not parse"}
	}
	return in, nil
}

// operate records what an operator did, or is about to do. An act over an
// account too is recorded here first.
func (s *Service) operate(ctx context.Context, e Event) error {
	_, err := s.instruct(ctx, e, nil)
	return err
}

// instruct changes the instance's document and records it, in one commit. A
// reason other than OK is answered and nothing is changed.
func (s *Service) instruct(ctx context.Context, e Event, change func(*instance, *Change) Reason) (Reason, error) {
	for race := range maxRaces {
		in, frozen, err := s.loadInstance(ctx)
		if err != nil {
			return "", err
		}
		thaw := e.Kind == EventOpUnfreeze && e.Subject == Instance
		if frozen != nil && !thaw {
			return "", errors.Join(ErrFrozen, &Fault{Account: Instance, Part: frozen.Part, Cause: "its document is missing or older than its trail; run 'audit verify', then unfreeze it", Shown: frozen.Shown, Found: frozen.Found})
		}
		from := in.Version
		if frozen != nil {
			last, err := s.lastEvent(ctx, Instance, in.Chain.Seq)
			if err != nil {
				return "", err
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
		if change != nil {
			if r := change(in, &c); r != OK {
				return r, nil
			}
		}
		if c.Events, err = in.Chain.append(Instance, c.ID, in.Version, []Event{e}); err != nil {
			return "", err
		}
		body, err := json.Marshal(in)
		if err != nil {
			return "", fmt.Errorf("encode the instance document: %w", err)
		}
		c.Record = seal(s.sealer, Record{Kind: KindInstance, ID: Instance, Format: in.Format, Version: in.Version}, body)
		if err = s.commit(ctx, c); !errors.Is(err, ErrConflict) {
			s.glance.forget()
			return OK, err
		}
		if err := pause(ctx, race); err != nil {
			return "", err
		}
	}
	return "", ErrBusy
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

// glanceFor is how long the instance's document is relied on before it is read
// again: so long does a revoked key work on at most (law 3).
const glanceFor = 2 * time.Second

// missFor is the same where it lacks what is asked for: what was made a moment
// ago works, as no command ends sooner, and who asks for what was never made costs
// 100 loads a second at most.
const missFor = 10 * time.Millisecond

// lookWithin is how long a look may take: whoever began it may have left, and a
// database that hangs must not gather them.
const lookWithin = 5 * time.Second

// glance is the instance's document as it was last read, for what asks at each
// request.
type glance struct {
	mu   sync.Mutex
	in   *instance // never written to
	at   time.Duration
	look *look                // the newest under way, and not forgotten meanwhile
	gone int64                // how often what was read was forgotten
	most int64                // highest version that was ever read
	used map[string]time.Time // per key: when its use was last noted

	last openedInstance // the one read last; it saves opening the same bytes again
}

// A look is a reading of the instance's document, for everybody who comes while
// it is under way.
type look struct {
	at   time.Duration
	gone int64 // when it began
	done chan struct{}
	in   *instance // after done
	err  error
}

// seenWith returns the instance's document as [Service.seen] does, and looks again
// where that lacks something.
func (s *Service) seenWith(ctx context.Context, has func(*instance) bool) (*instance, error) {
	in, err := s.seen(ctx, glanceFor)
	if err == nil && !has(in) {
		in, err = s.seen(ctx, missFor)
	}
	return in, err
}

// seen returns the instance's document as it was less than some time ago. A
// frozen one is refused: what was taken out of it could be back.
func (s *Service) seen(ctx context.Context, lately time.Duration) (*instance, error) {
	at := s.watch.read().Elapsed
	recent := func(then time.Duration) bool { return at-then < lately }
	g := &s.glance
	g.mu.Lock()
	if g.in != nil && recent(g.at) {
		defer g.mu.Unlock()
		return g.in, nil
	}
	l := g.look
	if l == nil || !recent(l.at) {
		l = &look{at: at, gone: g.gone, done: make(chan struct{})}
		g.look = l
		most, last := g.most, g.last
		g.mu.Unlock()
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
		defer cancel()
		s.take(within, l, most, last)
		return l.in, l.err
	}
	g.mu.Unlock()
	select {
	case <-l.done:
		return l.in, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// take reads the document for a look that began when the highest version ever read
// was most: what is read from there on is no older.
func (s *Service) take(ctx context.Context, l *look, most int64, last openedInstance) {
	g := &s.glance
	var o openedInstance
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.look == l {
			g.look = nil
		}
		if l.in != nil {
			g.last = o
			if g.most = max(g.most, l.in.Version); l.gone == g.gone && l.in.Version == g.most {
				g.in, g.at = l.in, max(g.at, l.at)
			}
		}
		close(l.done)
	}()
	l.err = errNotLooked
	o, frozen, err := s.openInstance(ctx, last)
	switch {
	case err != nil:
		l.err = err
	case frozen != nil:
		l.err = errors.Join(ErrFrozen, &Fault{Account: Instance, Part: frozen.Part, Cause: "its document is missing or older than its trail", Shown: frozen.Shown, Found: frozen.Found})
	case o.in.Version < most: // put back under our eyes: keys that were revoked would work again
		s.freeze(ctx, Freeze{Account: Instance, Part: "document", Found: o.in.Version})
		l.err = ErrFrozen
	default:
		l.in, l.err = o.in, nil
	}
}

// errNotLooked is what others are told where a look ended in a panic.
var errNotLooked = errors.New("nidan: the instance's document was not read")

// forget makes the next look a fresh one.
func (g *glance) forget() {
	g.mu.Lock()
	g.in, g.look = nil, nil
	g.gone++
	g.mu.Unlock()
}

// use reports whether a key's use is to be noted now.
func (g *glance) use(key string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if last, ok := g.used[key]; ok && now.Sub(last) < seenEvery {
		return false
	}
	if g.used == nil {
		g.used = make(map[string]time.Time)
	}
	g.used[key] = now
	return true
}
