package crash

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// known says what a person knows of a thing: nothing is assumed of what was
// not acknowledged.
type known int

const (
	no known = iota
	yes
	unknown
)

// A person has an account, and remembers what was acknowledged. One goroutine
// at a time moves it.
type person struct {
	p        *program
	name     string
	password string
	browser  *visitor // it keeps what the browser keeps

	protected known
	ways      []string // ids of the two, in the order of kind; nil: not read yet
	seed      []byte
	step      int64    // highest step that may have been accepted
	codes     []string // not used as far as is known

	taken []taken  // acknowledged as accepted, for the present app and list
	ended []string // sessions of which the end was acknowledged
	live  known    // whether the browser's session lives

	// Wrong answers given by way of checking, since the last success of each
	// way and in all: beyond some the program would rightly stop judging.
	refused map[kind]int
	wrong   int

	done map[string]int // what was acknowledged, for the test's own log
	busy int            // answers without a verdict
}

// kind is one of the two ways.
type kind int

const (
	app kind = iota
	list
)

// taken is an accepted code.
type taken struct {
	way  kind
	code string
	step int64 // of the app
}

// person makes an account, by a link that the operator prints.
func (p *program) person(name string) (*person, error) {
	who := &person{p: p, name: name, browser: p.visitor(), refused: make(map[kind]int), done: make(map[string]int)}
	who.password = p.secrets.add("a password", fmt.Sprintf("%x correct mares with a battery", sha1.Sum([]byte(name)))[32:])
	link := p.link("account", "create", name)
	a, err := who.browser.post(link, "password", who.password)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(a.location, "/login") {
		return nil, fmt.Errorf("the invitation of %s: %s", name, a)
	}
	return who, nil
}

// at is what the app shows at a step.
func (w *person) at(step int64) string {
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], uint64(step))
	h := hmac.New(sha1.New, w.seed)
	h.Write(msg[:])
	sum := h.Sum(nil)
	o := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[o:])&0x7fffffff)%1_000_000)
}

// wrongCode is none that the app shows about now.
func (w *person) wrongCode() string {
	for n := range 1_000_000 {
		code := fmt.Sprintf("%06d", n)
		if !slices.ContainsFunc([]int64{-22, -21, -20, -19, -18, -17, -16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3}, func(off int64) bool { return w.at(now()+off) == code }) {
			return code
		}
	}
	panic("unreachable")
}

func now() int64 { return time.Now().Unix() / 30 }

// errUnexpected: an answer that must not come, whatever was killed when.
var errUnexpected = errors.New("an answer that must not come")

func unexpected(what string, a answer) error { return fmt.Errorf("%w: %s: %s", errUnexpected, what, a) }

// noVerdict reports whether an answer judged nothing.
func (w *person) noVerdict(a answer) bool {
	if a.status == 503 || a.status == 429 {
		w.busy++
		return true
	}
	return false
}

// act does one thing that a person does. errDied means that the program died
// under it; any other error is a fault of the program.
func (w *person) act(random *rand.Rand) error {
	switch {
	case w.protected == unknown || w.live == unknown:
		return w.find()
	case w.live == no && w.protected == no:
		return w.enter(app, "", 0)
	case w.live == no:
		return w.second(random)
	case w.protected == no:
		return w.turnOn()
	}
	switch n := random.IntN(10); {
	case n < 5:
		return w.logOut()
	case n < 8 && len(w.codes) > 0:
		return w.turnOff()
	case len(w.codes) > 1:
		return w.reissue()
	default:
		return w.logOut()
	}
}

// find finds out where things stand after the program died under them.
func (w *person) find() error {
	w.browser.forget("session", "pending", "setup", "reissue", "renew")
	w.live = no
	a, err := w.browser.post("/login", "login", w.name, "password", w.password)
	switch {
	case err != nil:
		w.live = unknown
		return err
	case w.noVerdict(a):
		w.live = unknown
		return nil
	case a.to("/login/second"):
		return w.foundOn()
	case a.to("/security"):
		if w.protected == yes {
			return unexpected("protection that was acknowledged is off", a)
		}
		w.protected, w.live = no, yes
		return nil
	}
	return unexpected("log in as "+w.name, a)
}

func (w *person) foundOn() error {
	if w.protected == no {
		return unexpected("protection is on, and was not or was turned off, for "+w.name, answer{})
	}
	w.protected = yes
	return w.readWays()
}

// readWays reads the ids of the two ways from the second-step page.
func (w *person) readWays() error {
	a, err := w.browser.get("/login/second")
	if err != nil {
		return err
	}
	ways := a.ways()
	if a.status != 200 || len(ways) != 2 {
		return unexpected("the second step's page", a)
	}
	w.ways = ways
	return nil
}

// enter takes the first step, and the second with what is given.
func (w *person) enter(way kind, code string, step int64) error {
	if w.browser.cookie("pending") == "" {
		a, err := w.browser.post("/login", "login", w.name, "password", w.password)
		switch {
		case err != nil:
			w.live = unknown
			return err
		case w.noVerdict(a):
			return nil
		case w.protected == no && a.to("/security"):
			w.live = yes
			return nil
		case w.protected == yes && a.to("/login/second"):
		default:
			return unexpected(fmt.Sprintf("log in as %s (protected: %d)", w.name, w.protected), a)
		}
	}
	if w.ways == nil {
		if err := w.readWays(); err != nil {
			return err
		}
	}
	a, err := w.browser.post("/login/second", "way", w.ways[way], "code", code)
	switch {
	case err != nil:
		w.live = unknown
		w.spend(code, step)
		return err
	case w.noVerdict(a):
		return nil
	case w.browser.cookie("session") != "" && (a.to("/security") || a.to("/security/code")):
		w.live, w.refused[way] = yes, 0
		w.spend(code, step)
		w.taken = append(w.taken, taken{way, code, step})
		w.done[[]string{"log-in by app", "log-in by backup code"}[way]]++
		return nil
	}
	return unexpected(fmt.Sprintf("the second step of %s with a fresh code (step %d, now %d)", w.name, step, now()), a)
}

// second takes the second step with the app where it shows a fresh code, or
// with a backup code.
func (w *person) second(random *rand.Rand) error {
	t := now()
	if w.step < t && (len(w.codes) == 0 || random.IntN(3) > 0) {
		step := t
		if time.Now().Unix()%30 < 15 { // the one before lives long enough, and leaves this one for the next log-in
			step = max(w.step+1, t-1)
		}
		return w.enter(app, w.at(step), step)
	}
	if len(w.codes) > 0 {
		return w.enter(list, w.codes[0], 0)
	}
	return nil // the next code of the app is to come
}

// spend gives up a code that may have been accepted.
func (w *person) spend(code string, step int64) {
	w.step = max(w.step, step)
	w.codes = slices.DeleteFunc(w.codes, func(c string) bool { return c == code })
}

// endSession remembers that the browser's session is over.
func (w *person) endSession(token string) {
	w.ended = append(w.ended, token)
	w.live = no
}

func (w *person) logOut() error {
	token := w.browser.cookie("session")
	a, err := w.browser.post("/logout")
	switch {
	case err != nil:
		w.live = unknown
		return err
	case w.noVerdict(a):
		return nil
	case a.to("/login") && w.browser.cookie("session") == "":
		w.endSession(token)
		w.done["log-out"]++
		return nil
	}
	return unexpected("log out", a)
}

// turnOn walks the set-up.
func (w *person) turnOn() error {
	a, err := w.browser.post("/security/on", "method", "totp")
	if err != nil || w.noVerdict(a) {
		return err
	}
	if a.status == 422 { // the password is no longer fresh
		if a, err = w.browser.post("/security/on", "method", "totp", "password", w.password); err != nil || w.noVerdict(a) {
			return err
		}
	}
	if !a.to("/security/on/scan") {
		return unexpected("begin the set-up", a)
	}
	if a, err = w.browser.get("/security/on/scan"); err != nil {
		return err
	}
	m := keyOnPage.FindStringSubmatch(a.body)
	if m == nil {
		return unexpected("no key", a)
	}
	key := w.p.secrets.add("a key", m[1])
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	if err != nil {
		return err
	}
	w.p.secrets.add("a seed", string(seed))
	step := now() - 1
	next := &person{seed: seed}
	if a, err = w.browser.post("/security/on/scan", "ticket", a.field("ticket"), "code", next.at(step)); err != nil || w.noVerdict(a) {
		return err
	}
	if !a.to("/security/on/codes") {
		return unexpected("confirm", a)
	}
	if a, err = w.browser.get("/security/on/codes"); err != nil {
		return err
	}
	codes := w.readCodes(a)
	if len(codes) != 10 {
		return unexpected("not ten codes", a)
	}
	old := w.browser.cookie("session")
	a, err = w.browser.post("/security/on/codes", "ticket", a.field("ticket"), "saved", "yes")
	if err == nil && w.noVerdict(a) {
		return nil
	}
	// From here on it may be on, with this key.
	w.seed, w.step, w.codes, w.ways, w.taken = seed, step, codes, nil, nil
	clear(w.refused)
	switch {
	case err != nil:
		w.protected, w.live = unknown, unknown
		return err
	case a.to("/security/on/done"):
		w.protected = yes
		w.taken = append(w.taken, taken{app, w.at(step), step})
		w.ended = append(w.ended, old)
		w.done["set-up"]++
		return nil
	}
	return unexpected("complete the set-up", a)
}

func (w *person) readCodes(a answer) []string {
	var codes []string
	for _, c := range codeOnPage.FindAllString(a.body, -1) {
		if !slices.Contains(codes, c) {
			codes = append(codes, w.p.secrets.add("a backup code", c))
			w.p.secrets.add("a backup code", strings.ReplaceAll(c[3:], "-", ""))
		}
	}
	return codes
}

// withBoth posts what needs both steps, the second one by a backup code. Without
// a code nothing was posted.
func (w *person) withBoth(path string) (a answer, code string, err error) {
	if a, err = w.browser.get(path); err != nil {
		return a, "", err
	}
	ways := a.ways()
	if len(ways) != 2 {
		return a, "", unexpected("a page that asks for both steps", a)
	}
	code = w.codes[0]
	a, err = w.browser.post(path, "password", w.password, "way", ways[1], "code", code)
	if err == nil && w.noVerdict(a) {
		return a, "", nil
	}
	w.spend(code, 0)
	return a, code, err
}

func (w *person) turnOff() error {
	old := w.browser.cookie("session")
	a, code, err := w.withBoth("/security/off")
	switch {
	case code == "":
		return err
	case err != nil:
		w.protected, w.live = unknown, unknown
		return err
	case a.to("/security/off/done"):
		w.protected = no
		w.ended = append(w.ended, old)
		w.taken, w.codes = nil, nil
		w.done["turning off"]++
		return nil
	}
	return unexpected("turn off", a)
}

// reissue draws new backup codes and saves them.
func (w *person) reissue() error {
	a, code, err := w.withBoth("/security/codes")
	switch {
	case err != nil || code == "":
		return err
	case !a.to("/security/codes/new"):
		return unexpected("begin a reissue", a)
	}
	w.taken = append(w.taken, taken{list, code, 0})
	if a, err = w.browser.get("/security/codes/new"); err != nil {
		return err
	}
	codes := w.readCodes(a)
	if len(codes) != 10 {
		return unexpected("not ten codes", a)
	}
	a, err = w.browser.post("/security/codes/new", "ticket", a.field("ticket"), "saved", "yes")
	switch {
	case err != nil:
		w.codes = nil // these or those
		return err
	case w.noVerdict(a):
		return nil
	case a.to("/security/codes/done"):
		w.codes = codes
		w.done["reissue"]++
		return nil
	}
	return unexpected("save new codes", a)
}

// check looks whether everything that was acknowledged is so still.
func (w *person) check() error {
	for _, token := range w.ended[max(0, len(w.ended)-3):] {
		v := w.p.visitor()
		v.set("session", token)
		if a, err := v.get("/security"); err != nil || !a.to("/login") {
			return fmt.Errorf("%s: a session of which the end was acknowledged: %s %w", w.name, a, err)
		}
	}
	if w.live == yes {
		if a, err := w.browser.get("/security"); err != nil || a.status != 200 {
			return fmt.Errorf("%s: a session that was acknowledged: %s %w", w.name, a, err)
		}
	}
	if w.protected == unknown {
		return nil // find will see
	}
	v := w.p.visitor()
	a, err := v.patient("/login", "login", w.name, "password", w.password)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", w.name, err)
	case w.protected == no && a.to("/security"):
		w.ended = append(w.ended, v.cookie("session"))
		_, err := v.post("/logout")
		return err
	case w.protected == yes && a.to("/login/second"):
		return w.replay(v)
	}
	return fmt.Errorf("%s: protection is not what was acknowledged (%d): %s", w.name, w.protected, a)
}

// replay gives the newest accepted code of each way once more.
func (w *person) replay(v *visitor) error {
	a, err := v.get("/login/second")
	if err != nil {
		return err
	}
	ways := a.ways()
	if len(ways) != 2 {
		return fmt.Errorf("%s: the second step's page: %s", w.name, a)
	}
	for _, way := range []kind{app, list} {
		i := len(w.taken) - 1
		for i >= 0 && w.taken[i].way != way {
			i--
		}
		if i < 0 || w.refused[app]+w.refused[list] >= 4 || way == app && w.taken[i].step < now()-1 {
			continue // none, or the answer would say nothing
		}
		w.refused[way]++
		w.wrong++
		a, err := v.patient("/login/second", "way", ways[way], "code", w.taken[i].code)
		if err != nil || v.cookie("session") != "" || a.status != 422 {
			return fmt.Errorf("%s: a code that was accepted before (%v): %s %w", w.name, w.taken[i].way, a, err)
		}
		w.done["replay"]++
	}
	return nil
}

// spent reports whether the person has been checked so often that the program
// would soon stop the password, and rightly.
func (w *person) spent() bool { return w.wrong > 50 }
