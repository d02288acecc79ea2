package nidan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// encode returns the document's JSON, or an error beyond the cap: refusing is
// better than a document nobody can load. was is the document that this one was
// cloned from, nil if none: its States are known to be JSON.
//
// It writes what package json would, byte for byte, in a quarter of the time: it
// is a part of every decision. What few documents have is left to package json.
func (a *Account) encode(was *Account) ([]byte, error) {
	t := text{b: make([]byte, 0, 3<<10)}
	t.account(a, was)
	if t.err != nil {
		return nil, fmt.Errorf("encode account %s: %w", a.ID, t.err)
	}
	if len(t.b) > maxDocument {
		return nil, fmt.Errorf("account %s: document of %d bytes is over the cap of %d", a.ID, len(t.b), maxDocument)
	}
	return t.b, nil
}

// decodeAccount reads a document strictly: an unknown field makes it
// unreadable, not shorter.
func decodeAccount(b []byte) (*Account, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	a := new(Account)
	if err := d.Decode(a); err != nil {
		return nil, err
	}
	if a.Form != Format {
		return nil, fmt.Errorf("format %d is not known here", a.Form)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("data after the document")
	}
	return a, nil
}

// text is JSON that is being written, and the first error.
type text struct {
	b   []byte
	err error
}

func (t *text) account(a, was *Account) {
	t.put('{')
	t.int("f", int64(a.Form))
	t.str("id", string(a.ID))
	t.int("v", a.Version)
	t.intIf("branch", a.Branch)
	t.strIf("party", a.Party)
	t.strIf("brand", a.Brand)
	t.strIf("ref", a.Ref)
	t.strIf("addr", a.Address)
	t.str("name", a.Name)
	t.strIf("lang", a.Language)
	t.time("created", a.Created)
	t.time("last", a.Last)
	t.int("epoch", a.Epoch)
	t.int("rev", a.Revision)
	t.password(&a.Password)
	t.timeIf("protected", a.Protected)
	list(t, "auth", a.Authenticators, func(x *Authenticator) { t.authenticator(x, was) })
	rare(t, "retired", a.Retired, len(a.Retired) == 0)
	t.throttle(&a.Throttle)
	t.strIf("default", a.Default)
	list(t, "pending", a.Pending, t.pending)
	rare(t, "prompts", a.Prompts, len(a.Prompts) == 0)
	list(t, "sessions", a.Sessions, t.session)
	list(t, "browsers", a.Browsers, t.browser)
	rare(t, "rem", a.Remembered, len(a.Remembered) == 0)
	t.timeIf("proven", a.Proven)
	rare(t, "second", a.Second, a.Second == SecondAddress{})
	rare(t, "recovery", a.Recovery, a.Recovery == nil)
	t.timeIf("deleted", a.Deleted)
	t.timeIf("blink", a.BrowserLink)
	t.timeIf("nlink", a.NotMeLink)
	t.timeIf("rlink", a.RecoveryLink)
	rare(t, "req", a.Requests, len(a.Requests) == 0)
	rare(t, "results", a.Results, len(a.Results) == 0)
	t.name("chain")
	t.put('{')
	t.int("n", a.Chain.Seq)
	t.str("h", a.Chain.Hash)
	t.put('}')
	t.put('}')
}

func (t *text) password(p *Password) {
	t.name("pw")
	t.put('{')
	t.str("h", p.Hash)
	t.time("t", p.Changed)
	t.timeIf("stop", p.Stopped)
	t.timeIf("r", p.ByReset)
	t.timeIf("m", p.ByMail)
	t.put('}')
}

func (t *text) authenticator(x *Authenticator, was *Account) {
	t.put('{')
	t.str("id", x.ID)
	t.str("m", string(x.Method))
	t.strIf("n", x.Name)
	t.time("t", x.Added)
	t.timeIf("u", x.LastUsed)
	t.timeIf("d", x.Disabled)
	t.name("s")
	t.state(x, was)
	t.name("w")
	t.b = strconv.AppendInt(append(t.b, '['), int64(x.Wrong[0]), 10)
	t.b = strconv.AppendInt(append(t.b, ','), int64(x.Wrong[1]), 10)
	t.put(']')
	t.put('}')
}

// state writes a method's State. One that is not JSON would make the whole
// document unreadable, for good; only a new one can be that.
func (t *text) state(x *Authenticator, was *Account) {
	if len(x.State) == 0 {
		t.b = append(t.b, "null"...)
		return
	}
	known := false
	if was != nil {
		old := was.authenticator(x.ID)
		known = old != nil && len(old.State) == len(x.State) && &old.State[0] == &x.State[0]
	}
	if known {
		t.b = append(t.b, x.State...)
		return
	}
	w := bytes.NewBuffer(t.b)
	if err := json.Compact(w, x.State); err != nil {
		t.err = fmt.Errorf("the state of method %s is not JSON", x.Method)
	}
	t.b = w.Bytes()
}

func (t *text) throttle(h *Throttle) {
	none := h.LastWrong == [2]time.Time{} && h.Row == 0 && h.Stops == 0 && h.StoppedAt.IsZero() && h.Told.IsZero()
	if none && h.Days == nil && h.Sends[0] == nil && h.Sends[1] == nil {
		return
	}
	t.name("throttle")
	t.put('{')
	if h.LastWrong != [2]time.Time{} {
		t.name("l")
		t.put('[')
		t.at(h.LastWrong[0])
		t.put(',')
		t.at(h.LastWrong[1])
		t.put(']')
	}
	rare(t, "d", h.Days, len(h.Days) == 0)
	t.intIf("r", int64(h.Row))
	t.intIf("n", int64(h.Stops))
	t.timeIf("s", h.StoppedAt)
	t.timeIf("t", h.Told)
	rare(t, "m", h.Sends, h.Sends[0] == nil && h.Sends[1] == nil)
	t.put('}')
}

func (t *text) pending(p *Pending) {
	t.put('{')
	t.str("i", p.ID)
	t.str("s", p.Sum)
	t.int("c", int64(p.Class))
	t.time("t", p.At)
	t.time("e", p.Expires)
	t.intIf("w", int64(p.Wrong))
	t.name("f")
	t.proof(&p.First)
	t.int("ep", p.Epoch)
	t.int("rv", p.Revision)
	t.strIf("n", p.Notice)
	t.strIf("p", p.Party)
	rare(t, "h", p.Handover, p.Handover == nil)
	t.put('}')
}

func (t *text) proof(p *proof) {
	t.put('{')
	t.trueIf("f", p.First)
	t.str("c", string(p.Channel))
	t.str("a", p.AMR)
	t.int("l", int64(p.Level))
	t.strIf("i", p.Authenticator)
	t.time("t", p.At)
	t.put('}')
}

func (t *text) session(r *SessionRef) {
	t.put('{')
	t.str("i", string(r.ID))
	t.int("v", r.Made)
	t.time("t", r.At)
	t.time("e", r.Ends)
	t.put('}')
}

func (t *text) browser(k *KnownBrowser) {
	t.put('{')
	t.str("i", k.ID)
	t.strIf("b", k.Family)
	t.time("t", k.Since)
	t.time("s", k.Seen)
	t.put('}')
}

func (t *text) event(e *Event) {
	t.put('{')
	t.int("n", e.Seq)
	t.time("t", e.At)
	t.str("k", string(e.Kind))
	t.str("c", e.Commit)
	t.int("v", e.Version)
	t.str("p", e.Prev)
	t.strIf("m", string(e.Method))
	t.strIf("i", e.Authenticator)
	t.strIf("s", string(e.Subject))
	t.strIf("d", e.Detail)
	t.intIf("x", int64(e.Count))
	t.strIf("o", e.Item)
	t.trueIf("w", e.Known)
	t.strIf("a", e.Address)
	t.strIf("b", e.Browser)
	t.put('}')
}

// list writes a list that is left out where it is empty.
func list[T any](t *text, name string, all []T, one func(*T)) {
	if len(all) == 0 {
		return
	}
	t.name(name)
	t.put('[')
	for i := range all {
		if i > 0 {
			t.put(',')
		}
		one(&all[i])
	}
	t.put(']')
}

// rare writes, unless it is to be left out, what package json writes of it.
func rare[T any](t *text, name string, v T, out bool) {
	if out {
		return
	}
	t.name(name)
	t.json(v)
}

func (t *text) json(v any) {
	w := bytes.NewBuffer(t.b)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // six bytes for one, and nobody shows it
	if err := e.Encode(v); err != nil {
		t.err = err
		return
	}
	t.b = bytes.TrimSuffix(w.Bytes(), []byte("\n"))
}

func (t *text) put(c byte) { t.b = append(t.b, c) }

// name begins a field of an object. It is one of our own and needs no escapes.
func (t *text) name(n string) {
	if t.b[len(t.b)-1] != '{' {
		t.put(',')
	}
	t.b = append(append(append(t.b, '"'), n...), '"', ':')
}

func (t *text) int(name string, n int64) {
	t.name(name)
	t.b = strconv.AppendInt(t.b, n, 10)
}

func (t *text) intIf(name string, n int64) {
	if n != 0 {
		t.int(name, n)
	}
}

func (t *text) str(name, s string) {
	t.name(name)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			t.json(s)
			return
		}
	}
	t.b = append(append(append(t.b, '"'), s...), '"')
}

func (t *text) strIf(name, s string) {
	if s != "" {
		t.str(name, s)
	}
}

func (t *text) trueIf(name string, is bool) {
	if is {
		t.name(name)
		t.b = append(t.b, "true"...)
	}
}

func (t *text) time(name string, at time.Time) {
	t.name(name)
	t.at(at)
}

func (t *text) at(at time.Time) {
	var err error
	if t.b, err = at.AppendText(append(t.b, '"')); err != nil {
		t.err = err
	}
	t.put('"')
}

func (t *text) timeIf(name string, at time.Time) {
	if !at.IsZero() {
		t.time(name, at)
	}
}
