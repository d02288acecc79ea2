package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

// check refuses a change that contradicts itself or reaches beyond its
// account. Every engine asks it before it writes: that a commit touches one
// account only is what lets the tables be partitioned, and that its id stands
// in its events is how it is found again. A breach is a mistake in our own
// code, never something a person can cause.
func check(c nidan.Change) error {
	id := c.Record.ID
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("store: change of %s: %s", id, fmt.Sprintf(format, args...))
	}
	if id == "" || c.Record.Kind == "" || c.ID == "" {
		return wrong("it has no id, no kind or no document")
	}
	if c.From < 0 || c.Record.Version <= c.From {
		return wrong("version %d is not beyond %d", c.Record.Version, c.From)
	}
	for _, e := range c.Events {
		if e.Owner != id || e.Commit != c.ID {
			return wrong("event %d is of %s in commit %s", e.Seq, e.Owner, e.Commit)
		}
	}
	for _, s := range c.Mint {
		if s.Account != id {
			return wrong("it mints a session of %s", s.Account)
		}
	}
	for _, m := range c.Queue {
		if m.Account != id {
			return wrong("it queues a message of %s", m.Account)
		}
	}
	for _, l := range c.Claim {
		if l.Account != id {
			return wrong("it claims a look-up key for %s", l.Account)
		}
	}
	for _, l := range c.Release {
		if l.Account != id {
			return wrong("it releases a look-up key of %s", l.Account)
		}
	}
	return nil
}

// micros is how a time is stored. The zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// instant undoes micros.
func instant(us number) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(us)).UTC()
}

// joinMethods is how the names of methods are stored.
func joinMethods(ms []nidan.MethodName) string {
	names := make([]string, len(ms))
	for i, m := range ms {
		names[i] = string(m)
	}
	return strings.Join(names, ",")
}

// splitMethods undoes joinMethods.
func splitMethods(s string) []nidan.MethodName {
	if s == "" {
		return nil
	}
	ms := make([]nidan.MethodName, 0, 1+strings.Count(s, ","))
	for name := range strings.SplitSeq(s, ",") {
		if name != "" {
			ms = append(ms, nidan.MethodName(name))
		}
	}
	return ms
}

// documentArgs are the arguments of the statements that write a document, with
// room for those of the guard. They are of the types that a driver takes as they
// are.
func documentArgs(r nidan.Record) []any {
	p := r.Projection
	return append(make([]any, 0, 15),
		string(r.ID), string(r.Kind), int64(r.Format), r.Version, r.Sealed,
		p.Name, p.Protected, joinMethods(p.Methods), micros(p.LastSignIn), micros(p.Created))
}

// A recordScan takes the columns of a document, in the order in which the
// statements select them, and puts them into a Record.
type recordScan struct {
	rec                                 nidan.Record
	methods                             string
	format, protected, lastSignIn, made number
}

// dest has room for what is selected along with the document.
func (s *recordScan) dest() []any {
	r := &s.rec
	return append(make([]any, 0, 16),
		&s.format, (*number)(&r.Version), &r.Sealed, &r.Projection.Name, &s.protected, &s.methods, &s.lastSignIn, &s.made)
}

func (s *recordScan) record() nidan.Record {
	s.rec.Format = int(s.format)
	p := &s.rec.Projection
	p.Protected, p.Methods = s.protected == 1, splitMethods(s.methods)
	p.LastSignIn, p.Created = instant(s.lastSignIn), instant(s.made)
	return s.rec
}

// A number takes whatever stands in a column of numbers. SQLite keeps a text
// there if somebody puts one; it becomes -1, which no seal was ever made for,
// and the rest of a list can still be read.
type number int64

// Scan implements [sql.Scanner].
func (n *number) Scan(v any) error {
	*n = -1
	switch v := v.(type) {
	case int64:
		*n = number(v)
	case bool:
		*n = 0
		if v {
			*n = 1
		}
	}
	return nil
}
