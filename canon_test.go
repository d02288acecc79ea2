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
	c.frozen(w)
	c.gates(w)
	for i := range w.jars {
		j := &w.jars[i]
		for _, x := range []*carried{&j.session, &j.pending, &j.known, &j.remembered, &j.setup, &j.reissue, &j.renew, &j.bind} {
			c.carried(x)
		}
	}
	for i := range w.old {
		c.carried(&w.old[i])
	}
	c.carried(&w.link)
	c.letters(w)
	for i := range w.mail {
		c.link(w, i, &w.mail[i])
		c.link(w, i, &w.older[i])
	}
	for i := range w.truth {
		t := &w.truth[i]
		c.number(int64(len(t.codes)), int64(len(t.spent)), int64(len(t.replaced)), int64(t.row))
		for _, x := range t.ways {
			c.number(min(c.now.Unix()/30-x.lastStep, 25))
		}
		for _, n := range t.numbers {
			if n.before != "" {
				c.out = append(c.out, 'b')
			}
		}
	}
	c.flags(w.proves)
	c.number(min(int64((w.now-w.up)/time.Second), 3600))
	sum := sha256.Sum256(c.out)
	return [16]byte(sum[:16])
}

func (c *canon) frozen(w *world) {
	for _, f := range w.db.freezes {
		c.out = append(c.out, 'F')
		c.name(string(f.Account))
	}
}

func (c *canon) gates(w *world) {
	for _, g := range w.db.gates {
		c.name(g.key)
		c.number(int64(g.row.Wrong))
		c.time(g.row.Last)
	}
}

// letters names what waits to be sent, or to be handed over.
func (c *canon) letters(w *world) {
	for i := range w.db.outbox {
		l := &w.db.outbox[i]
		c.text(string(l.notice.Kind))
		c.text(l.notice.To)
		if l.notice.Item != "" {
			c.name(l.notice.Item)
		}
		if l.read {
			c.out = append(c.out, 'r') // it has been due
		} else {
			c.time(l.Due)
		}
	}
}

// link names a mailed link by what is true of it: one that is dead for good is
// like any other of its kind.
func (c *canon) link(w *world, slot int, x *carried) {
	switch {
	case x.value == "":
		c.out = append(c.out, '-')
		return
	case !w.alive(slot, x, c.now):
		c.out = append(c.out, 'x')
		return
	}
	c.number(int64(slot))
	c.text(x.item)
	if x.recovers {
		c.out = append(c.out, 'r')
	}
	if x.recovery != "" {
		c.name(x.recovery)
	}
	c.time(x.at)
	c.time(x.ends)
}

// alive says whether a mailed link may still be of use one day.
func (w *world) alive(slot int, x *carried, now time.Time) bool {
	if !now.Before(x.ends) {
		return false
	}
	if slot == mailRegister {
		return x.at.After(w.leftAt(x.item))
	}
	t := &w.truth[x.who]
	switch slot {
	case mailNotMe:
		return !t.deleted && x.at.After(t.notMe)
	case mailCancel:
		return t.recovery.on && t.recovery.id == x.recovery
	case mailBrowser:
		return x.epoch == t.epoch && x.at.After(t.blink)
	case mailRecovery:
		return x.epoch == t.epoch && x.revision == t.revision && t.recovery.on && x.at.After(t.rlink)
	}
	return x.epoch == t.epoch && x.revision == t.revision
}

// canonAlice names the part of a state that decides whether alice gets in by
// waiting for two hours: what runs out before is left out.
func (w *world) canonAlice() [16]byte {
	c := canon{out: make([]byte, 0, 1024), names: make(map[string]int, 16), now: epochStart.Add(w.now)}
	a, t := w.docs[alice], &w.truth[alice]
	c.flags(len(w.db.freezes) > 0, t.deleted, a.IsProtected(), a.Password.Stopped.IsZero(), a.Password.ByMail.IsZero(), len(t.codes) > 0)
	c.text(a.Name)
	for i := range a.Authenticators {
		x := &a.Authenticators[i]
		c.text(string(x.Method))
		c.flags(x.Disabled.IsZero(), x.ID == a.Default)
		c.number(int64(x.Wrong[0]), int64(x.Wrong[1]))
	}
	for k := range a.Throttle.LastWrong {
		c.recent(a.Throttle.LastWrong[k], 2*time.Hour)
	}
	for _, sends := range a.Throttle.Sends {
		c.out = append(c.out, '/')
		for _, at := range sends {
			c.recent(time.Unix(at, 0), 24*time.Hour)
		}
	}
	c.number(int64(len(a.Throttle.Days)), int64(a.Throttle.Row), int64(a.Throttle.Stops), int64(len(a.Browsers)), int64(len(a.Sessions)/40))
	j := &w.jars[home]
	c.flags(j.known.value != "", j.known.who == alice)
	c.recent(j.known.at, 180*24*time.Hour)
	c.flags(j.remembered.value != "", j.remembered.epoch == t.epoch, len(t.remembered) > 0)
	c.recent(j.remembered.at, 31*24*time.Hour)
	sum := sha256.Sum256(c.out)
	return [16]byte(sum[:16])
}

func (c *canon) flags(yes ...bool) {
	for _, y := range yes {
		if y {
			c.out = append(c.out, 'y')
		} else {
			c.out = append(c.out, 'n')
		}
	}
}

// recent names a time to the hour, or that it is long ago.
func (c *canon) recent(t time.Time, long time.Duration) {
	switch d := c.now.Sub(t); {
	case t.IsZero():
		c.out = append(c.out, 'z')
	case d >= long:
		c.out = append(c.out, 'o')
	default:
		c.number(int64(d / time.Hour))
	}
}

// canonLost names the part of a state that decides whether somebody gets in who
// waits for hours or days, whatever is open or counted within a day.
func (w *world) canonLost(person int) [16]byte {
	c := canon{out: make([]byte, 0, 1024), names: make(map[string]int, 16), now: epochStart.Add(w.now)}
	c.number(int64(person), int64(len(w.db.freezes)))
	t := &w.truth[alice]
	c.text(t.name)
	c.text(t.second)
	c.flags(t.deleted, t.protected, t.stopped, t.byMail, t.recovers, t.recovery.on, t.recovery.start.IsZero(), t.recovery.half.IsZero(), len(t.codes) > 0)
	for _, x := range t.ways {
		c.text(string(x.method))
		c.flags(x.disabled)
		c.number(int64(x.wrong[0]), int64(x.wrong[1]))
	}
	if t.recovery.on {
		c.recent(t.recovery.started.Add(t.recovery.late()), 11*24*time.Hour)
	}
	c.number(int64(len(t.sends[0])), int64(len(t.sends[1])), int64(len(w.asked)))
	for b := range w.jars {
		c.flags(w.jars[b].known.value != "")
	}
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
	case key == "h": // a wait
		c.number(n)
	case n > 1_000_000_000: // seconds since 1970
		c.number(c.now.Unix() - n)
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
