package nidan

import (
	"bytes"
	"slices"
	"sync"
	"time"
)

// opened remembers what sealed values open to. Each is kept with everything that
// opening it depends on, the sealed bytes included. Asked for after the database
// was read, it can be neither stale nor wrong: it only saves opening and parsing
// the same bytes again. What it gives is shared and never written to.
type opened struct {
	docs     memo[AccountID, openedDoc]
	sessions memo[SessionID, openedSession]
}

type openedDoc struct {
	format int
	sealed []byte
	acct   *Account
	last   time.Time // last sign-in, as the row had it
}

type openedSession struct {
	account AccountID
	sealed  []byte
	body    sessionBody
}

func (o *opened) get(r Record) *Account {
	d, ok := o.docs.get(r.ID)
	if !ok || r.Kind != KindAccount || d.format != r.Format || d.acct.Version != r.Version || !bytes.Equal(d.sealed, r.Sealed) {
		return nil
	}
	return d.acct
}

func (o *opened) put(r Record, a *Account) {
	o.docs.put(r.ID, openedDoc{format: r.Format, sealed: r.Sealed, acct: a, last: r.Projection.LastSignIn})
}

// recall returns a document as it was when this process last saw it. It may be
// stale by now: only a commit that compares it with what is stored may rest on it.
func (o *opened) recall(id AccountID) (loaded, bool) {
	d, ok := o.docs.get(id)
	if !ok || !d.acct.Deleted.IsZero() {
		return loaded{}, false
	}
	return loaded{acct: d.acct, last: d.last, read: &Read{Format: d.format, Sealed: d.sealed, Trail: d.acct.Chain.Seq}}, true
}

// session opens the row of a session, or remembers what it opened to.
func (o *opened) session(s Sealer, row SessionRow) (sessionBody, error) {
	if had, ok := o.sessions.get(row.ID); ok && had.account == row.Account && bytes.Equal(had.sealed, row.Sealed) {
		return had.body, nil
	}
	body, err := openSession(s, row)
	if err == nil {
		body.Proofs = slices.Clip(body.Proofs) // so that appending to them copies
		o.sessions.put(row.ID, openedSession{account: row.Account, sealed: row.Sealed, body: body})
	}
	return body, err
}

// memoSize bounds how many values of a kind are remembered.
const memoSize = 4096

// memo is a bounded map. The value that was put first goes first: a sign-in is
// answered within minutes, or never.
type memo[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]V
	keys   []K // in the order they came, as a ring once it is full
	oldest int
}

func (m *memo[K, V]) get(k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[k]
	return v, ok
}

func (m *memo[K, V]) put(k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = make(map[K]V)
	}
	if _, ok := m.values[k]; !ok {
		if len(m.keys) < memoSize {
			m.keys = append(m.keys, k)
		} else {
			delete(m.values, m.keys[m.oldest])
			m.keys[m.oldest] = k
			m.oldest = (m.oldest + 1) % memoSize
		}
	}
	m.values[k] = v
}

// clone copies a document so that deciding on it leaves the original alone. A
// State is never written to, only replaced, so its bytes are shared.
func (a *Account) clone() *Account {
	c := *a
	c.Authenticators = slices.Clone(a.Authenticators)
	c.Retired = slices.Clone(a.Retired)
	c.Throttle.Days = slices.Clone(a.Throttle.Days)
	c.Pending = slices.Clone(a.Pending)
	c.Sessions = slices.Clone(a.Sessions)
	c.Browsers = slices.Clone(a.Browsers)
	c.Prompts = slices.Clone(a.Prompts)
	c.Remembered = slices.Clone(a.Remembered)
	c.Requests = slices.Clone(a.Requests)
	c.Results = slices.Clone(a.Results)
	for i := range c.Requests {
		c.Requests[i].Told.AMR = slices.Clone(c.Requests[i].Told.AMR)
	}
	for i := range c.Results {
		c.Results[i].AMR = slices.Clone(c.Results[i].AMR)
	}
	for i, p := range c.Pending {
		if p.Handover != nil {
			h := *p.Handover
			c.Pending[i].Handover = &h
		}
	}
	for i, sends := range a.Throttle.Sends {
		c.Throttle.Sends[i] = slices.Clone(sends)
	}
	if a.Recovery != nil {
		r := *a.Recovery
		r.Queued = slices.Clone(r.Queued)
		c.Recovery = &r
	}
	return &c
}
