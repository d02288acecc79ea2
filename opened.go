package nidan

import (
	"bytes"
	"slices"
	"sync"
)

// opened remembers what sealed documents open to. It is keyed by everything
// that opening depends on, the sealed bytes included, so it can be neither
// stale nor wrong: it only saves opening and parsing the same bytes again.
type opened struct {
	mu   sync.Mutex
	docs map[AccountID]openedDoc
}

type openedDoc struct {
	format int
	sealed []byte
	acct   *Account // never written to
}

// openedSize bounds how many documents are remembered; any of them may go.
const openedSize = 4096

func (o *opened) get(r Record) *Account {
	o.mu.Lock()
	d, ok := o.docs[r.ID]
	o.mu.Unlock()
	if !ok || r.Kind != KindAccount || d.format != r.Format || d.acct.Version != r.Version || !bytes.Equal(d.sealed, r.Sealed) {
		return nil
	}
	return d.acct
}

func (o *opened) put(r Record, a *Account) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.docs == nil {
		o.docs = make(map[AccountID]openedDoc)
	}
	if _, ok := o.docs[r.ID]; !ok && len(o.docs) >= openedSize {
		for id := range o.docs {
			delete(o.docs, id)
			break
		}
	}
	o.docs[r.ID] = openedDoc{format: r.Format, sealed: r.Sealed, acct: a}
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
