package nidan_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// The small world in which the core is explored: a database that can be copied
// in a microsecond, seals that do not hide (the seal has tests of its own in
// vault), hashes that are fast, a clock and a source of randomness that are
// part of the state. It is a world, not a mock: nothing in it expects calls.

// tables is the database. It is copied before each command, so every method
// replaces what it changes and never writes through.
type tables struct {
	docs     []nidan.Record
	sessions []nidan.SessionRow
	lookups  []nidan.Lookup
	freezes  []nidan.Freeze
	gates    []gate
	outbox   []letter
	events   []nidan.EventRow // of the present command only; the chain's head is in the document
	trails   []trail          // how far each goes
}

type trail struct {
	owner nidan.AccountID
	seq   int64
}

// letter is a queued message with what it says.
type letter struct {
	nidan.OutboxRow
	notice *nidan.Notice
	read   bool // it has been due: whoever the mailbox is open to has read it
}

type gate struct {
	key string
	row nidan.GateRow
}

func (t tables) clone() tables {
	t.docs = slices.Clone(t.docs)
	t.sessions = slices.Clone(t.sessions)
	t.lookups = slices.Clone(t.lookups)
	t.freezes = slices.Clone(t.freezes)
	t.gates = slices.Clone(t.gates)
	t.outbox = slices.Clone(t.outbox)
	t.events = nil
	t.trails = slices.Clone(t.trails)
	return t
}

// room is where one worker replays commands: a Service over whatever tables,
// time and randomness the state at hand has.
type room struct {
	svc *nidan.Service
	own [2]*nidan.Service // without and with a proof of the address in each set-up
	db  tables
	now time.Duration // since epochStart
	rnd uint64

	changes []nidan.Change // committed by the present move
	queued  []letter       // … with its messages, and those of no commit
	buried  bool           // … noted that somebody of a name is about to leave
	races   int            // that many commits of the present move still lose
}

var epochStart = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func (r *room) Now() nidan.Instant {
	return nidan.Instant{Wall: epochStart.Add(r.now), Elapsed: r.now}
}

func (r *room) wall() time.Time { return epochStart.Add(r.now) }

// Read implements io.Reader: bytes that follow from the state's counter.
func (r *room) Read(p []byte) (int, error) {
	for i := 0; i < len(p); {
		var seed [8]byte
		binary.BigEndian.PutUint64(seed[:], r.rnd)
		r.rnd++
		sum := sha256.Sum256(seed[:])
		i += copy(p[i:], sum[:])
	}
	return len(p), nil
}

func (r *room) Load(_ context.Context, kind nidan.Kind, id nidan.AccountID, session nidan.SessionID) (nidan.Loaded, error) {
	for i := range r.db.docs {
		if d := &r.db.docs[i]; d.Kind == kind && d.ID == id {
			l := nidan.Loaded{Record: *d}
			for j := range r.db.freezes {
				if r.db.freezes[j].Account == id {
					l.Frozen = &r.db.freezes[j]
				}
			}
			for j := range r.db.sessions {
				if x := &r.db.sessions[j]; session != "" && x.Account == id && x.ID == session {
					l.Session = x
				}
			}
			for _, x := range r.db.trails {
				if x.owner == id {
					l.Trail = x.seq
				}
			}
			return l, nil
		}
	}
	return nidan.Loaded{}, nidan.ErrNotFound
}

// unread reports whether a document that nobody read is what it was taken for.
func (r *room) unread(d nidan.Record, was nidan.Read) bool {
	frozen := slices.ContainsFunc(r.db.freezes, func(f nidan.Freeze) bool { return f.Account == d.ID })
	further := slices.ContainsFunc(r.db.trails, func(t trail) bool { return t.owner == d.ID && t.seq > was.Trail })
	return !frozen && !further && d.Format == was.Format && bytes.Equal(d.Sealed, was.Sealed)
}

func (r *room) Lookup(_ context.Context, kind nidan.LookupKind, key string) (nidan.AccountID, error) {
	for _, l := range r.db.lookups {
		if l.Kind == kind && l.Key == key {
			return l.Account, nil
		}
	}
	return "", nidan.ErrNotFound
}

func (r *room) Commit(_ context.Context, c nidan.Change) error {
	if r.races > 0 && c.From != 0 && c.Read == nil { // nobody races for what is not there yet
		r.races--
		return nidan.ErrConflict
	}
	i := slices.IndexFunc(r.db.docs, func(d nidan.Record) bool { return d.Kind == c.Record.Kind && d.ID == c.Record.ID })
	switch {
	case i < 0 && c.From != 0, i >= 0 && r.db.docs[i].Version != c.From:
		return nidan.ErrConflict
	case c.Read != nil && !r.unread(r.db.docs[i], *c.Read):
		return nidan.ErrConflict
	case c.Record.Version <= c.From:
		return errors.New("a commit that does not raise the version")
	}
	for _, l := range c.Claim {
		if id, err := r.Lookup(context.Background(), l.Kind, l.Key); err == nil && id != l.Account {
			return nidan.ErrTaken
		}
	}
	if i < 0 {
		r.db.docs = append(r.db.docs, c.Record)
	} else {
		r.db.docs[i] = c.Record
	}
	r.db.events = append(r.db.events, c.Events...)
	for _, e := range c.Events {
		i := slices.IndexFunc(r.db.trails, func(x trail) bool { return x.owner == e.Owner })
		if i < 0 {
			i, r.db.trails = len(r.db.trails), append(r.db.trails, trail{owner: e.Owner})
		}
		r.db.trails[i].seq = e.Seq
	}
	r.db.sessions = slices.DeleteFunc(r.db.sessions, func(s nidan.SessionRow) bool {
		return s.Account == c.Record.ID && (c.EndAll || slices.Contains(c.End, s.ID))
	})
	r.db.sessions = append(r.db.sessions, c.Mint...)
	r.db.outbox = slices.DeleteFunc(r.db.outbox, func(o letter) bool {
		return o.Account == c.Record.ID && slices.Contains(c.Drop, o.ID)
	})
	r.post(c.Queue)
	for _, l := range c.Claim {
		if !slices.Contains(r.db.lookups, l) {
			r.db.lookups = append(r.db.lookups, l)
		}
	}
	r.db.lookups = slices.DeleteFunc(r.db.lookups, func(l nidan.Lookup) bool { return slices.Contains(c.Release, l) })
	if c.Unfreeze {
		r.db.freezes = slices.DeleteFunc(r.db.freezes, func(f nidan.Freeze) bool { return f.Account == c.Record.ID })
	}
	if c.Record.Kind == nidan.KindTombstone {
		r.buried = true
	} else {
		r.changes = append(r.changes, c)
	}
	return nil
}

func (r *room) Committed(context.Context, nidan.AccountID, string) (bool, error) { return false, nil }

func (r *room) Gate(_ context.Context, keys []string, step func([]nidan.GateRow) []nidan.GateRow) ([]nidan.GateRow, error) {
	rows := make([]nidan.GateRow, len(keys))
	for i, k := range keys {
		for _, g := range r.db.gates {
			if g.key == k {
				rows[i] = g.row
			}
		}
	}
	rows = step(rows)
	for i, k := range keys {
		j := slices.IndexFunc(r.db.gates, func(g gate) bool { return g.key == k })
		switch {
		case rows[i] == nidan.GateRow{} && j >= 0:
			r.db.gates = slices.Delete(r.db.gates, j, j+1)
		case rows[i] == nidan.GateRow{}:
		case j < 0:
			r.db.gates = append(r.db.gates, gate{k, rows[i]})
		default:
			r.db.gates[j].row = rows[i]
		}
	}
	return rows, nil
}

func (r *room) Queue(_ context.Context, rows []nidan.OutboxRow) error {
	r.post(rows)
	return nil
}

// post puts messages into the outbox.
func (r *room) post(rows []nidan.OutboxRow) {
	for _, row := range rows {
		n, err := r.svc.Message(context.Background(), row)
		if err != nil {
			panic(err)
		}
		l := letter{OutboxRow: row, notice: &n}
		r.db.outbox, r.queued = append(r.db.outbox, l), append(r.queued, l)
	}
}

func (r *room) Seen(account nidan.AccountID, session nidan.SessionID, at time.Time) {
	for i := range r.db.sessions {
		if s := &r.db.sessions[i]; s.Account == account && s.ID == session {
			s.Seen = at
		}
	}
}

func (r *room) Freeze(_ context.Context, f nidan.Freeze) error {
	if !slices.ContainsFunc(r.db.freezes, func(x nidan.Freeze) bool { return x.Account == f.Account }) {
		r.db.freezes = append(r.db.freezes, f)
	}
	return nil
}

func (r *room) Accounts(context.Context, nidan.AccountID, int) ([]nidan.Record, error) {
	return r.db.docs, nil
}

func (r *room) Record(_ context.Context, id nidan.AccountID) (nidan.Record, error) {
	l, err := r.Load(context.Background(), nidan.KindAccount, id, "")
	return l.Record, err
}

func (r *room) Events(_ context.Context, owner nidan.AccountID, from int64, _ int) ([]nidan.EventRow, error) {
	var rows []nidan.EventRow
	for _, e := range r.db.events {
		if e.Owner == owner && e.Seq >= from {
			rows = append(rows, e)
		}
	}
	return rows, nil
}

func (r *room) EventOwners(context.Context, nidan.AccountID, int) ([]nidan.AccountID, error) {
	return nil, nil
}

func (r *room) Sessions(_ context.Context, a nidan.AccountID) ([]nidan.SessionRow, error) {
	var rows []nidan.SessionRow
	for _, s := range r.db.sessions {
		if s.Account == a {
			rows = append(rows, s)
		}
	}
	return rows, nil
}

func (r *room) Lookups(context.Context, nidan.AccountID) ([]nidan.Lookup, error) {
	return r.db.lookups, nil
}

func (r *room) Tidy(context.Context, time.Time, time.Time) error { return nil }

func (r *room) Outbox(context.Context, nidan.AccountID) ([]nidan.OutboxRow, error) { return nil, nil }

func newRoom() *room {
	r := new(room)
	for i, prove := range []nidan.Prove{nidan.ProveNever, nidan.ProveAlways} {
		r.own[i] = r.serve(nidan.Config{Mails: true, Open: true, Prove: prove})
	}
	r.svc = r.own[0]
	return r
}

// serve makes a Service of the room's.
func (r *room) serve(c nidan.Config) *nidan.Service {
	c.Store, c.Archive, c.Sealer, c.FirstStep, c.Clock, c.Random, c.Issuer = r, r, openSeal{}, fastFirst{}, r, r, "Example"
	c.Methods = []nidan.Method{totp.New(), mailcode.New(), backup.New()}
	svc, err := nidan.New(c)
	if err != nil {
		panic(err)
	}
	return svc
}

func (r *room) step() int64 { return r.wall().Unix() / 30 }

// enter makes the room that of a state.
func (r *room) enter(w *world) {
	r.db, r.now, r.rnd = w.db, w.now, w.rnd
	r.begin()
	r.svc = r.own[0]
	if w.proves {
		r.svc = r.own[1]
	}
	nidan.ForgetNode(r.svc, epochStart.Add(w.up))
	r.remember(w)
}

// remember gives the Service in the room the documents of a world.
func (r *room) remember(w *world) {
	for _, a := range w.docs {
		for i := range w.db.docs {
			if d := &w.db.docs[i]; a != nil && d.ID == a.ID && d.Version == a.Version {
				nidan.Remember(r.svc, *d, a)
			}
		}
	}
}

// begin starts a new move.
func (r *room) begin() { r.changes, r.queued, r.buried, r.races = nil, nil, false, 0 }

// leave takes the room's state into the world.
func (r *room) leave(w *world) { w.db, w.now, w.rnd = r.db, r.now, r.rnd }

// openSeal keeps purpose, owner and associated data apart like the real one,
// and hides nothing.
type openSeal struct{}

func header(p nidan.Purpose, owner string, ad []byte) string {
	return string(p) + "\x01" + owner + "\x01" + string(ad) + "\x02"
}

func (openSeal) Seal(p nidan.Purpose, owner string, ad, plain []byte) []byte {
	return append([]byte(header(p, owner, ad)), plain...)
}

func (openSeal) Open(p nidan.Purpose, owner string, ad, sealed []byte) ([]byte, error) {
	plain, ok := strings.CutPrefix(string(sealed), header(p, owner, ad))
	if !ok {
		return nil, errors.New("does not open")
	}
	return []byte(plain), nil
}

func (openSeal) MAC(p nidan.Purpose, parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(p))
	for _, s := range parts {
		h.Write([]byte{byte(len(s))})
		h.Write([]byte(s))
	}
	return h.Sum(nil)
}

// fastFirst is the first step with one round of SHA-256 for a hash.
type fastFirst struct{}

func (fastFirst) Hash(_ context.Context, h nidan.SlowHash) (nidan.Hashed, error) {
	prefix := "$fast$" + base64.RawStdEncoding.EncodeToString(h.Salt)
	if h.Like != "" {
		prefix = h.Like[:strings.LastIndexByte(h.Like, '$')]
	}
	sum := sha256.Sum256([]byte(prefix + h.Input.Reveal()))
	return nidan.Hashed{Of: h, Hash: prefix + "$" + base64.RawStdEncoding.EncodeToString(sum[:])}, nil
}

func (fastFirst) Decoy() string { return "$fast$decoy$AAAA" }

func (fastFirst) Normal(p nidan.Secret) (nidan.Secret, nidan.Reason) {
	switch v := p.Reveal(); {
	case len(v) > 256:
		return nidan.Secret{}, nidan.PasswordLong
	case strings.Contains(v, "\x00"):
		return nidan.Secret{}, nidan.PasswordUnreadable
	}
	return p, nidan.OK
}

func (fastFirst) Judge(p nidan.Secret, name string) (nidan.Reason, int) {
	switch v := p.Reveal(); {
	case v == "common":
		return nidan.PasswordCommon, 0
	case v == "simple":
		return nidan.PasswordSimple, 0
	case v == "personal "+name:
		return nidan.PasswordPersonal, 0
	case len(v) < 15:
		return nidan.PasswordShort, 15
	}
	return nidan.OK, 0
}

func (fastFirst) Name(login string) (string, bool) {
	return strings.ToLower(login), strings.Count(login, "@") == 1
}
