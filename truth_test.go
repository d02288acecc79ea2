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
	"github.com/nidan-auth/nidan/method/mailcode"
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
	moved = "alice@new.example.com"    // where alice moves to, and back from
	spare = "alice@second.example.com" // her second address
)

// The ways that an answer may be for.
const (
	wayApp = iota
	wayNewApp
	wayMail
	wayCode
	wayNone
)

// way is one authenticator.
type way struct {
	id       string // as the pages list it
	method   nidan.MethodName
	key      string // of an app
	lastStep int64  // highest step ever accepted for it
	third    int64  // step that is live besides the present one and the one before, 0: none
	wrong    [2]int // in a row since its last success, per class
	disabled bool
}

// truth is what is true of one account.
type truth struct {
	id        nidan.AccountID
	name      string
	deleted   bool
	password  string
	stopped   bool
	byMail    bool      // a mailed link set the password, and no other channel was shown since
	byReset   time.Time // when a link last set it
	protected bool
	epoch     int // raised by every command of law 7's list, and by nothing else
	revision  int // raised by every change of authenticators, codes, password or address

	second   string // address
	recovers bool   // … to which recovery links may go
	wishes   bool   // … or will, to the one that was asked for last

	ways     []way  // oldest first
	first    string // the one that its holder wants to be asked for first
	gone     string // key of the app that went last
	codes    []string
	spent    []string
	replaced []string

	lastWrong [2]time.Time
	month     []time.Time // every wrong answer that counts towards stops
	row       int         // which multiple of twenty in a row fell last

	pending []pending    // oldest first
	tries   [2][2][2]int // wrong passwords in a row: name, browser, class

	numbers    []number // mailed and not used
	sends      [2][]time.Time
	remembered []remembered // oldest first
	recovery   recovery
	bindTries  int // wrong passwords in a row behind recovery links

	stranger time.Time // when the owner was last told of one
	notMe    time.Time // links issued until then are dead
	blink    time.Time
	rlink    time.Time
}

type pending struct {
	token    string
	class    nidan.Class
	at       time.Time
	epoch    int
	revision int
	wrong    int
}

// ask is what a mailed number is for: a use, by one sign-in, session or recovery.
type ask struct {
	use nidan.PromptUse
	of  string
}

// number is one that was mailed.
type number struct {
	ask
	code   string
	before string // the one it took the place of
	at     time.Time
	class  nidan.Class
	sent   int
	wrong  int
}

type remembered struct {
	cookie string
	at     time.Time
}

type recovery struct {
	id      string // as its notices have it
	on      bool
	started time.Time
	hold    time.Duration
	start   time.Time // when the mail server took the first notice
	half    time.Time // and the one at half time
}

// endsRecovery is the end of a recovery, done or not.
func (t *truth) endsRecovery() { t.recovery.on = false }

// late is how much later than it should the first notice went out.
func (r recovery) late() time.Duration {
	if r.start.IsZero() {
		return 0
	}
	return max(r.start.Sub(r.started)-10*time.Minute, 0)
}

// due is when the wait is over: it is counted from the first notice.
func (r recovery) due() time.Time { return r.started.Add(r.hold + r.late()) }

func (r recovery) over() time.Time { return r.due().Add(7 * 24 * time.Hour) }

// unheard says that the wait is over and somebody was not told.
func (r recovery) unheard(now time.Time) bool {
	return (r.start.IsZero() || r.half.IsZero()) && !now.Before(r.due())
}

// ripe says whether a recovery may bind now, in a process that runs since up.
func (r recovery) ripe(now, up time.Time) bool {
	return r.on && !r.start.IsZero() && !r.half.IsZero() && !now.Before(r.due()) && now.Before(r.over()) &&
		now.Sub(r.half) >= time.Hour && now.Sub(up) >= time.Hour
}

func (t truth) clone() truth {
	t.codes, t.spent, t.replaced = slices.Clone(t.codes), slices.Clone(t.spent), slices.Clone(t.replaced)
	t.month, t.pending = slices.Clone(t.month), slices.Clone(t.pending)
	t.ways, t.numbers, t.remembered = slices.Clone(t.ways), slices.Clone(t.numbers), slices.Clone(t.remembered)
	t.sends[0], t.sends[1] = slices.Clone(t.sends[0]), slices.Clone(t.sends[1])
	return t
}

// way finds an authenticator of a kind, or nil.
func (t *truth) way(kind int) *way {
	apps := 0
	for i := range t.ways {
		switch w := &t.ways[i]; {
		case kind == wayMail && w.method == mailcode.Name, kind == wayCode && w.method == backup.Name:
			return w
		case w.method == totp.Name && (kind == wayApp || kind == wayNewApp):
			if apps == kind {
				return w
			}
			apps++
		}
	}
	return nil
}

// has says whether an authenticator of a kind takes answers.
func (t *truth) has(kind int) bool {
	w := t.way(kind)
	return w != nil && !w.disabled
}

// disableAfter is the ladder's last rung; 0: the method has none.
func (w *way) disableAfter() int {
	switch w.method {
	case totp.Name:
		return 50
	case backup.Name:
		return 20
	}
	return 0
}

// barred says whether a way proves nothing beside the password: one mailbox is
// one channel.
func (t *truth) barred(w *way) bool { return w.method == mailcode.Name && t.byMail }

func (t *truth) inRow(c nidan.Class) int {
	n := 0
	for _, w := range t.ways {
		if !w.disabled {
			n += w.wrong[c]
		}
	}
	return n
}

// towardsStops sums what counts towards a stop of the password.
func (t *truth) towardsStops() int {
	n := 0
	for _, w := range t.ways {
		if !w.disabled && w.disableAfter() > 0 {
			n += w.wrong[0] + w.wrong[1]
		}
	}
	return n
}

// rowEnded starts the stops anew once nothing in a row is left.
func (t *truth) rowEnded() {
	if t.towardsStops() == 0 {
		t.row = 0
	}
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

// number is the one outstanding for an ask, or nil.
func (t *truth) number(a ask) *number {
	for i := range t.numbers {
		if t.numbers[i].ask == a {
			return &t.numbers[i]
		}
	}
	return nil
}

// live says whether a number can still be answered.
func (n *number) live(now time.Time) bool {
	return n != nil && n.wrong < 5 && now.Before(n.at.Add(10*time.Minute))
}

// maySend says what asking for a number is answered.
func (t *truth) maySend(a ask, c nidan.Class, now time.Time) nidan.Reason {
	if n := t.number(a); n != nil && now.Before(n.at.Add(10*time.Minute)) {
		if n.sent >= 3 {
			return nidan.SendsUsedUp
		}
		if now.Sub(n.at) < time.Minute {
			return nidan.SendWait
		}
	}
	return t.mayMail(c, now)
}

// mayMail says whether a class has mails left for this hour and day.
func (t *truth) mayMail(c nidan.Class, now time.Time) nidan.Reason {
	hour, day := 0, 0
	for _, at := range t.sends[c] {
		if now.Sub(at) < time.Hour {
			hour++
		}
		if now.Sub(at) < 24*time.Hour {
			day++
		}
	}
	if hour >= 5 || day >= 10 {
		return nidan.SendWait
	}
	return nidan.OK
}

// mails notes that something was mailed at a class's expense.
func (t *truth) mails(c nidan.Class, now time.Time) {
	t.sends[c] = slices.DeleteFunc(t.sends[c], func(at time.Time) bool { return now.Sub(at) >= 24*time.Hour })
	t.sends[c] = append(t.sends[c], now)
}

// sent notes that a number was mailed; which one is read in the mail.
func (t *truth) sent(a ask, c nidan.Class, now time.Time) {
	t.mails(c, now)
	t.numbers = slices.DeleteFunc(t.numbers, func(n number) bool { return !now.Before(n.at.Add(10 * time.Minute)) })
	n := t.number(a)
	if n == nil {
		t.numbers = append(t.numbers, number{ask: a})
		n = &t.numbers[len(t.numbers)-1]
	}
	n.before, n.code = n.code, ""
	n.at, n.class, n.wrong = now, c, 0
	n.sent++
}

// unsent forgets a number that was used.
func (t *truth) unsent(a ask) {
	t.numbers = slices.DeleteFunc(t.numbers, func(n number) bool { return n.ask == a })
}

// remembers adds a browser that is not asked for the second step.
func (t *truth) remembers(cookie string, now time.Time) {
	t.remembered = slices.DeleteFunc(t.remembered, func(r remembered) bool { return now.Sub(r.at) >= 30*24*time.Hour })
	if t.remembered = append(t.remembered, remembered{cookie, now}); len(t.remembered) > 5 {
		t.remembered = t.remembered[1:]
	}
}

// holds is how long a recovery that starts now waits.
func (t *truth) holds(now time.Time) time.Duration {
	onlyMail := !slices.ContainsFunc(t.ways, func(w way) bool { return w.method == totp.Name })
	if onlyMail || !t.byReset.IsZero() && now.Sub(t.byReset) < 7*24*time.Hour {
		return 72 * time.Hour
	}
	return 24 * time.Hour
}

// addresses are all that notices go to.
func (t *truth) addresses() []string {
	if t.second == "" {
		return []string{t.name}
	}
	return []string{t.name, t.second}
}

// bump is law 7: everything handed out ends.
func (t *truth) bump() {
	t.epoch++
	t.remembered = nil
	t.change()
}

// change ends tickets and open sign-ins.
func (t *truth) change() {
	t.revision++
	t.pending = nil
}

// A carried thing is a cookie or a mailed link, with the truth at the time it
// was made.
type carried struct {
	value    string
	who      int
	epoch    int
	revision int
	at       time.Time
	ends     time.Time   // of a link
	proven   time.Time   // of a session: when what made it was shown
	twoSteps bool        // of a session: a second step was among it
	level    nidan.Level // of a session
	lineage  int         // of the session: kept when it is minted anew
	confirm  bool        // set-up: the app was shown to work
	prove    bool        // … and the address is to be proven first
	method   nidan.MethodName
	adds     bool   // set-up: to a protected account
	replaces string // … in the place of this one
	key      string
	step     int64 // set-up: the app's step that was shown
	off      int64 // … and how far off it was
	codes    []string
	item     string // an address, or a backup code's number
	recovery string
	recovers bool // of a second address that is to be proven
}

// asks is what a mailed number would be for, in the hand of whoever carries this.
func (c carried) asks(use nidan.PromptUse) ask { return ask{use, fmt.Sprint(c.lineage)} }

// waitsFor is what the number is for that a wizard waits for; "": none.
func (c carried) waitsFor() nidan.PromptUse {
	switch {
	case c.prove:
		return nidan.PromptAddress
	case c.method == mailcode.Name && !c.confirm:
		return nidan.PromptSetUp
	}
	return ""
}

type jar struct {
	session, pending, known, remembered, setup, reissue, renew, bind carried
}

// world is one state: database, time, randomness, cookies, and the truth.
type world struct {
	db     tables
	now    time.Duration
	up     time.Duration // since when the program runs
	rnd    uint64
	jars   [2]jar
	truth  [2]truth
	old    []carried // session tokens no longer in a jar, newest last
	link   carried   // what the operator handed out
	kind   nidan.TicketPurpose
	mail   [mailed]carried // the newest link of each kind in anybody's mailbox
	older  [mailed]carried // and the one before
	asked  []asking        // links asked for by anybody, and mailed, within the hour
	others []string        // names that accounts of third people have
	left   []tombstone
	born   int               // sessions that began with a sign-in, and wizards with a link
	taken  []string          // codes accepted so far, newest last
	docs   [2]*nidan.Account // as decoded, never written to
	proves bool              // every set-up begins with a number mailed to the account's address
}

// asking is a link that somebody asked for.
type asking struct {
	purpose nidan.TicketPurpose
	name    string
	at      time.Time
}

// tombstone says when an account left a name.
type tombstone struct {
	name string
	at   time.Time
}

func (w *world) clone() *world {
	c := *w
	c.db = w.db.clone()
	for i := range c.truth {
		c.truth[i] = w.truth[i].clone()
	}
	c.old, c.taken = slices.Clone(w.old), slices.Clone(w.taken)
	c.others, c.left = slices.Clone(w.others), slices.Clone(w.left)
	c.asked = slices.Clone(w.asked)
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

// has says whether a name is some account's.
func (w *world) has(name string) bool {
	for _, t := range w.truth {
		if t.name == name && !t.deleted {
			return true
		}
	}
	return slices.Contains(w.others, name)
}

// leftAt is when an account of a name was deleted last.
func (w *world) leftAt(name string) time.Time {
	var at time.Time
	for _, x := range w.left {
		if x.name == name && x.at.After(at) {
			at = x.at
		}
	}
	return at
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
