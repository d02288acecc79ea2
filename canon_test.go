package nidan_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
)

// canon names a state so that two states which no command can tell apart have
// one name: random values are numbered in the order they appear, times are
// taken relative to now, versions and chain heads are left out.
type canon struct {
	out   []byte
	names map[string]int
	now   time.Time
}

func (w *world) canon() [16]byte {
	c := canon{out: make([]byte, 0, 8192), names: make(map[string]int, 64), now: epochStart.Add(w.now)}
	for i := range w.db.docs {
		if w.db.docs[i].Kind == nidan.KindAccount {
			c.json(w.db.docs[i].Sealed)
		}
	}
	for i := range w.db.sessions {
		s := &w.db.sessions[i]
		c.name(string(s.ID))
		c.json(s.Sealed)
		c.time(s.Seen)
	}
	for _, f := range w.db.freezes {
		c.out = append(c.out, 'F')
		c.name(string(f.Account))
	}
	for _, g := range w.db.gates {
		c.name(g.key)
		c.number(int64(g.row.Wrong))
		c.time(g.row.Last)
	}
	for i := range w.jars {
		j := &w.jars[i]
		for _, x := range []*carried{&j.session, &j.pending, &j.known, &j.setup, &j.reissue, &j.renew} {
			c.carried(x)
		}
	}
	for i := range w.old {
		c.carried(&w.old[i])
	}
	c.carried(&w.link)
	for i := range w.truth {
		t := &w.truth[i]
		c.number(int64(len(t.codes)), int64(len(t.spent)), int64(len(t.replaced)))
		c.number(int64(min(c.now.Unix()/30-t.lastStep, 25)))
	}
	sum := sha256.Sum256(c.out)
	return [16]byte(sum[:16])
}

// canonAlice names the part of a state that decides whether alice gets in.
func (w *world) canonAlice() [16]byte {
	c := canon{out: make([]byte, 0, 4096), names: make(map[string]int, 64), now: epochStart.Add(w.now)}
	for i := range w.db.docs {
		if w.db.docs[i].ID == w.truth[alice].id {
			c.json(w.db.docs[i].Sealed)
		}
	}
	c.number(int64(len(w.db.freezes)))
	c.carried(&w.jars[home].known)
	for _, g := range w.db.gates {
		c.name(g.key)
		c.number(int64(g.row.Wrong))
		c.time(g.row.Last)
	}
	t := &w.truth[alice]
	c.number(int64(len(t.codes)))
	c.text(t.password)
	sum := sha256.Sum256(c.out)
	return [16]byte(sum[:16])
}

func (c *canon) carried(x *carried) {
	if x.value == "" {
		c.out = append(c.out, '-')
		return
	}
	c.number(int64(x.who))
	switch x.value[:3] {
	case "ns_", "np_":
		c.name(nidan.TokenID(x.value))
	default:
		b, err := base64.RawURLEncoding.DecodeString(x.value[16:])
		if err != nil {
			panic(err)
		}
		c.json(b)
	}
}

func (c *canon) number(ns ...int64) {
	for _, n := range ns {
		c.out = strconv.AppendInt(append(c.out, '#'), n, 10)
	}
}

func (c *canon) time(t time.Time) {
	if t.IsZero() {
		c.out = append(c.out, 'z')
		return
	}
	c.number(int64(c.now.Sub(t) / time.Second))
}

func (c *canon) name(s string) {
	n, ok := c.names[s]
	if !ok {
		n = len(c.names)
		c.names[s] = n
	}
	c.out = strconv.AppendInt(append(c.out, '@'), int64(n), 10)
}

// json writes the JSON behind a seal's header in canonical form.
func (c *canon) json(sealed []byte) {
	b := sealed
	for i, x := range b {
		if x == 2 {
			b = b[i+1:]
			break
		}
	}
	key := ""
	for i := 0; i < len(b); {
		switch x := b[i]; {
		case x == '"':
			end := i + 1
			for b[end] != '"' || b[end-1] == '\\' {
				end++
			}
			s := string(b[i+1 : end])
			i = end + 1
			if i < len(b) && b[i] == ':' {
				key = s
				if key == "chain" { // {"n":…,"h":"…"}
					i += 1 + strings.IndexByte(string(b[i:]), '}')
					continue
				}
				c.out = append(c.out, s...)
				continue
			}
			c.text(s)
		case x >= '0' && x <= '9':
			end := i
			for end < len(b) && b[end] >= '0' && b[end] <= '9' {
				end++
			}
			n, err := strconv.ParseInt(string(b[i:end]), 10, 64)
			if err != nil {
				panic(err)
			}
			c.figure(key, n)
			i = end
		default:
			c.out = append(c.out, x)
			i++
		}
	}
}

// text writes a string: a time, something random, or what it says.
func (c *canon) text(s string) {
	if len(s) >= 20 && s[4] == '-' && s[len(s)-1] == 'Z' {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			c.time(t)
			return
		}
	}
	if len(s) >= 15 && !strings.Contains(s, "@") {
		c.name(s)
		return
	}
	c.out = append(append(append(c.out, '"'), s...), '"')
}

// figure writes a number: versions are left out, epochs and revisions matter
// only in being equal, steps and days relative to now.
func (c *canon) figure(key string, n int64) {
	switch {
	case key == "v":
	case key == "epoch", key == "rev", key == "ep", key == "rv", key == "e", key == "r":
		c.name("E" + strconv.FormatInt(n, 10))
	case n > 10_000_000:
		c.number(c.now.Unix()/30 - n)
	case n > 10_000:
		c.number(c.now.Unix()/86400 - n)
	default:
		c.number(n)
	}
}
