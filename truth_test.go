package nidan_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/totp"
)

// The people of the small world, and what is true of them by the test's own
// bookkeeping. Nothing here is read back from a document.

const (
	alice = iota
	bob
	nobody
)

const (
	home = iota // alice's own browser
	away        // anybody's
)

var (
	names  = [2]string{"alice@example.com", "bob@example.com"}
	places = [2]nidan.From{{Network: "192.0.2.1", Address: "192.0.2.1", Browser: "Firefox on Linux"}, {Network: "198.51.100.7", Address: "198.51.100.7", Browser: "Chrome on Windows"}}
)

const (
	wayApp = iota
	wayCode
	wayNone
)

// truth is what is true of one account.
type truth struct {
	id        nidan.AccountID
	password  string
	stopped   bool
	protected bool
	epoch     int // raised by every command of law 7's list, and by nothing else
	revision  int // raised by every change of authenticators, codes or password

	key      string // of the enrolled app
	lastStep int64  // highest step ever accepted for it
	codes    []string
	spent    []string
	replaced []string
	disabled [2]bool // app, codes

	wrong     [2][2]int // in a row since its last success: way, class
	lastWrong [2]time.Time
	month     []time.Time // every wrong answer
	row       int         // which multiple of twenty in a row fell last

	pending []pending // oldest first
	tries   [2][2]int // wrong passwords in a row: browser, class
}

type pending struct {
	token    string
	class    nidan.Class
	at       time.Time
	epoch    int
	revision int
	wrong    int
}

func (t truth) clone() truth {
	t.codes, t.spent, t.replaced = slices.Clone(t.codes), slices.Clone(t.spent), slices.Clone(t.replaced)
	t.month, t.pending = slices.Clone(t.month), slices.Clone(t.pending)
	return t
}

func (t *truth) inRow(c nidan.Class) int {
	n := 0
	for way := range t.wrong {
		if !t.disabled[way] {
			n += t.wrong[way][c]
		}
	}
	return n
}

// waits says whether an answer of this class may not be judged now.
func (t *truth) waits(c nidan.Class, now time.Time) bool {
	n := t.inRow(c)
	if n < 5 {
		return false
	}
	wait := 30 * time.Second << min(n-5, 10)
	return now.Before(t.lastWrong[c].Add(min(wait, time.Hour)))
}

// bump is law 7: everything handed out ends.
func (t *truth) bump() {
	t.epoch++
	t.change()
}

// change ends tickets and open sign-ins.
func (t *truth) change() {
	t.revision++
	t.pending = nil
}

// A carried thing is a cookie, with the truth at the time it was made.
type carried struct {
	value    string
	who      int
	epoch    int
	revision int
	at       time.Time
	proven   time.Time // of a session: when what made it was shown
	lineage  int       // of the session: kept when it is minted anew
	confirm  bool      // set-up: the app was shown to work
	key      string
	codes    []string
	item     string
}

type jar struct {
	session, pending, known, setup, reissue, renew carried
}

// world is one state: database, time, randomness, cookies, and the truth.
type world struct {
	db    tables
	now   time.Duration
	rnd   uint64
	jars  [2]jar
	truth [2]truth
	old   []carried // session tokens no longer in a jar, newest last
	link  carried   // what the operator handed out
	kind  nidan.TicketPurpose
	born  int               // sessions that began with a sign-in
	taken []string          // codes accepted so far, newest last
	docs  [2]*nidan.Account // as decoded, never written to
}

func (w *world) clone() *world {
	c := *w
	c.db = w.db.clone()
	for i := range c.truth {
		c.truth[i] = w.truth[i].clone()
	}
	c.old, c.taken = slices.Clone(w.old), slices.Clone(w.taken)
	return &c
}

// keepOld remembers a session token that left its jar.
func (w *world) keepOld(c carried) {
	if c.value == "" {
		return
	}
	w.old = append(w.old, c)
	if len(w.old) > 3 {
		w.old = w.old[1:]
	}
}

// totpAt is RFC 6238, written apart from the code under test.
func totpAt(key string, step int64) string {
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	if err != nil {
		panic(err)
	}
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], uint64(step))
	h := hmac.New(sha1.New, seed)
	h.Write(msg[:])
	sum := h.Sum(nil)
	o := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[o:])&0x7fffffff)%1000000)
}

func newRoom() *room {
	r := new(room)
	svc, err := nidan.New(nidan.Config{
		Store: r, Archive: r, Sealer: openSeal{}, FirstStep: fastFirst{}, Clock: r, Random: r,
		Methods: []nidan.Method{totp.New(), backup.New()}, Issuer: "Example",
	})
	if err != nil {
		panic(err)
	}
	r.svc = svc
	return r
}

func (r *room) step() int64 { return r.wall().Unix() / 30 }

// enter makes the room that of a state.
func (r *room) enter(w *world) {
	r.db, r.now, r.rnd, r.changes = w.db, w.now, w.rnd, nil
	nidan.ForgetNode(r.svc)
}

// leave takes the room's state into the world.
func (r *room) leave(w *world) { w.db, w.now, w.rnd = r.db, r.now, r.rnd }
