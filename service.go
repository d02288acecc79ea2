package nidan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Config is what a Service is made of. All fields are required but Log.
type Config struct {
	Store     Store
	Archive   Archive
	Sealer    Sealer
	FirstStep FirstStep
	Clock     Clock
	Random    io.Reader // Randomness outside tests
	Methods   []Method  // that take answers; exactly one with Reserve

	// Offered are the methods that can be chosen at set-up, the proposed one
	// first; nil: all that can protect. What somebody has enrolled goes on
	// working when it is no longer offered.
	Offered []MethodName

	// Mails says that messages can be sent; what would need one is otherwise
	// not offered. Prove says when an address has to be proven in a set-up.
	Mails bool
	Prove Prove

	// Open lets anybody ask for an account, by a link to their address.
	Open bool

	Issuer string // the brand, as it stands in authenticator apps
	Log    *slog.Logger
}

// Prove says when a set-up begins with a number mailed to the account's address.
type Prove int

// The choices.
const (
	ProveNever    Prove = iota
	ProveUnproven       // if the address was never shown to reach its holder
	ProveAlways
)

// clockUnseen stands before the first look at the confirmations.
const clockUnseen = -1

// A Service applies the rules. It is safe for concurrent use and holds nothing
// that another node would need to know.
type Service struct {
	store    Store
	archive  Archive
	sealer   Sealer
	first    FirstStep
	watch    *watch
	random   io.Reader
	methods  map[MethodName]Method
	order    []MethodName // that are offered, without the reserve
	reserve  Method
	issuer   string
	log      *slog.Logger
	mails    bool
	anybody  bool // may ask for an account
	prove    Prove
	up       time.Time // since when this process runs, by the clock it began with
	lanes    lanes
	opened   opened
	networks networks
	races    atomic.Int64
	glance   glance
	clockOK  atomic.Int64 // confirmations of the time that this process has seen
}

// New makes a Service. It is an error to configure a method twice, no method
// that can protect, or more or less than one reserve: a lost phone must never
// be a lost account.
func New(c Config) (*Service, error) {
	s := &Service{
		store: c.Store, archive: c.Archive, sealer: c.Sealer, first: c.FirstStep,
		watch: newWatch(c.Clock), random: c.Random, methods: make(map[MethodName]Method),
		issuer: c.Issuer, log: c.Log, mails: c.Mails, anybody: c.Open, prove: c.Prove,
	}
	s.up, _ = s.watch.now()
	s.clockOK.Store(clockUnseen)
	if n := utf8.RuneCountInString(c.Issuer); n == 0 || n > maxNameLength {
		return nil, fmt.Errorf("nidan: the issuer has %d characters, and 1 to %d will do: it stands in every ticket and app", n, maxNameLength)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for _, m := range c.Methods {
		t := m.Traits()
		if s.methods[t.Method] != nil {
			return nil, fmt.Errorf("nidan: method %q is listed twice", t.Method)
		}
		s.methods[t.Method] = m
		switch {
		case !t.Reserve:
			s.order = append(s.order, t.Method)
		case s.reserve != nil:
			return nil, fmt.Errorf("nidan: both %q and %q are a reserve", s.reserve.Traits().Method, t.Method)
		default:
			s.reserve = m
		}
	}
	if c.Offered != nil {
		if i := slices.IndexFunc(c.Offered, func(m MethodName) bool { return !slices.Contains(s.order, m) }); i >= 0 {
			return nil, fmt.Errorf("nidan: %q cannot be offered: it is no method that protects", c.Offered[i])
		}
		s.order = c.Offered
	}
	if len(s.order) == 0 || s.reserve == nil {
		return nil, errors.New("nidan: at least one method to protect with and one reserve are needed")
	}
	return s, nil
}

// Methods lists what can be chosen at set-up, the proposed one first.
func (s *Service) Methods() []MethodName { return s.order }

// Suspended reports whether acceptances wait for an operator to confirm the
// time (law 17).
func (s *Service) Suspended() bool {
	_, suspended := s.watch.now()
	return suspended
}

// Races counts the commits that lost a race since the start.
func (s *Service) Races() int64 { return s.races.Load() }

// nowFor is the time for an account: never earlier than its document's own.
func (s *Service) nowFor(a *Account) time.Time {
	now, _ := s.watch.now()
	if now.Before(a.Last) {
		return a.Last
	}
	return now
}

// Now is the time as the rules see it, for pages that show it.
func (s *Service) Now() time.Time {
	now, _ := s.watch.now()
	return now
}

// load reads and opens a document with, if asked, one of its sessions. What
// fails to load, open or parse is a *Fault and never a shorter document; a
// frozen account is ErrFrozen.
func (s *Service) load(ctx context.Context, id AccountID, session SessionID) (loaded, error) {
	l, err := s.store.Load(ctx, KindAccount, id, session)
	if err != nil {
		return loaded{}, err
	}
	if l.Frozen != nil {
		return loaded{}, ErrFrozen
	}
	a, err := s.openAccount(l.Record)
	if err != nil {
		s.report(ctx, "load", err)
		return loaded{}, err
	}
	if !a.Deleted.IsZero() {
		return loaded{}, ErrNotFound
	}
	if f := l.behind(a.Chain, a.Version); f != nil {
		if last, err := s.lastEvent(ctx, id, a.Chain.Seq); err == nil && last != nil {
			f.Shown = last.version()
		}
		s.report(ctx, "load", &Fault{Account: id, Part: f.Part, Cause: fmt.Sprintf("its trail goes on to %d, the document ends at %d", l.Trail, a.Chain.Seq), Shown: f.Shown, Found: f.Found})
		s.freeze(ctx, *f)
		return loaded{}, ErrFrozen
	}
	return loaded{acct: a, session: l.Session, last: l.Record.Projection.LastSignIn}, nil
}

// behind is the freeze that a document deserves whose own trail goes on beyond
// its head, or cannot be read: an old one was put back. Nil if it does not.
func (l Loaded) behind(head Chain, version int64) *Freeze {
	if l.Trail >= 0 && l.Trail <= head.Seq {
		return nil
	}
	return &Freeze{Account: l.Record.ID, Part: "event", Found: version}
}

// openAccount opens a document. What it returns is shared: clone it to change
// it.
func (s *Service) openAccount(r Record) (*Account, error) {
	if a := s.opened.get(r); a != nil {
		return a, nil
	}
	b, err := unseal(s.sealer, r)
	if err != nil {
		return nil, &Fault{Account: r.ID, Part: "document", Cause: "does not open"}
	}
	a, err := decodeAccount(b)
	if err != nil {
		return nil, &Fault{Account: r.ID, Part: "document", Cause: "does not parse"}
	}
	if a.ID != r.ID || a.Version != r.Version {
		return nil, &Fault{Account: r.ID, Part: "document", Cause: "is not the one its row names"}
	}
	s.opened.put(r, a)
	return a, nil
}

// seal puts a document's JSON into its record. Kind, id, format and version
// are bound by the seal.
func seal(s Sealer, r Record, body []byte) Record {
	r.Sealed = s.Seal(ForDocument, string(r.ID), sealedWith(r), body)
	return r
}

func unseal(s Sealer, r Record) ([]byte, error) {
	return s.Open(ForDocument, string(r.ID), sealedWith(r), r.Sealed)
}

func sealedWith(r Record) []byte {
	b := make([]byte, 0, 64)
	b = append(append(b, r.Kind...), 0)
	b = append(append(b, r.ID...), 0)
	b = strconv.AppendInt(b, int64(r.Format), 10)
	b = strconv.AppendInt(append(b, 0), r.Version, 10)
	return b
}

// notOlder checks that an account is not older than an artefact it made. If it
// is, an old state was put back: the account is frozen.
func (s *Service) notOlder(ctx context.Context, a *Account, part string, shown Stamp) error {
	if !shown.newer(a.stamp()) {
		return nil
	}
	f := &Fault{Account: a.ID, Part: part, Cause: "the document is older than the artefact shown with it", Shown: shown.Version, Found: a.Version}
	s.report(ctx, "load", f)
	s.freeze(ctx, Freeze{Account: a.ID, Part: part, Shown: shown.Version, Found: a.Version})
	return errors.Join(ErrFrozen, f)
}

func (s *Service) freeze(ctx context.Context, f Freeze) {
	f.At, _ = s.watch.now()
	if err := s.store.Freeze(context.WithoutCancel(ctx), f); err != nil {
		s.report(ctx, "freeze", err)
	}
}

// shownBy is the newest stamp of this account that the cookies of a request
// carry.
func (s *Service) shownBy(from From, a AccountID) Stamp {
	var shown Stamp
	if c := s.openBrowser(from.Cookie); c.Account == a {
		shown = c.Made
	}
	if c := s.openRemembered(from.Remembered); c.Account == a && c.Made.Version > shown.Version {
		shown = c.Made
	}
	return shown
}

// report tells the operator what went wrong: which account, which step, which
// cause, never a content.
func (s *Service) report(ctx context.Context, step string, err error) {
	s.log.ErrorContext(ctx, "not proven", "step", step, "cause", err.Error())
}

// admits reports whether there is what was shown, or a document that had and
// answered it: before the lane, as the id of an account that a product keeps follows
// from the product's own, and what strangers make up for it would fill it. What is
// remembered will do: it is looked at again where it is decided.
func (s *Service) admits(ctx context.Context, cmd command) (bool, error) {
	if cmd.holds == nil && cmd.session == "" {
		return true, nil
	}
	has := func(a *Account) bool {
		return cmd.holds == nil || cmd.holds(a) || cmd.from.Request.Key != "" && a.request(cmd.from.Request, s.nowFor(a)) != nil
	}
	if l, ok := s.opened.recall(cmd.account); ok && cmd.session == "" && has(l.acct) {
		return true, nil
	}
	l, err := s.load(ctx, cmd.account, cmd.session)
	if err == nil { // what is not there may have been there before it was put back
		err = s.notOlder(ctx, l.acct, "browser", cmd.shown)
	}
	return err == nil && (cmd.session == "" || l.session != nil) && has(l.acct), err
}

// lanes let the commands of one account through one after the other, which
// saves races within a process. No rule depends on it: the version decides.
type lanes struct {
	mu    sync.Mutex
	lanes map[AccountID]*lane
}

type lane struct {
	turn chan struct{}
	n    int // inside or waiting
}

// laneLength is how many commands of one account may wait; more are answered
// ErrBusy, without a verdict.
const laneLength = 32

// enter waits for the account's turn and returns how to leave. ErrBusy if too
// many wait already.
func (ls *lanes) enter(ctx context.Context, id AccountID) (leave func(), err error) {
	ls.mu.Lock()
	if ls.lanes == nil {
		ls.lanes = make(map[AccountID]*lane)
	}
	l := ls.lanes[id]
	if l == nil {
		l = &lane{turn: make(chan struct{}, 1)}
		ls.lanes[id] = l
	}
	if l.n >= laneLength {
		ls.mu.Unlock()
		return nil, ErrBusy
	}
	l.n++
	ls.mu.Unlock()
	out := func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		if l.n--; l.n == 0 {
			delete(ls.lanes, id)
		}
	}
	select {
	case l.turn <- struct{}{}:
		return func() { <-l.turn; out() }, nil
	case <-ctx.Done():
		out()
		return nil, ctx.Err()
	}
}
