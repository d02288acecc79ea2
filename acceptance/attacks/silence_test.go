package attacks

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// A name is one that a stranger asks about, with what they type as its
// password.
type name struct{ kind, login, password string }

const notIt = "not the password of this one"

// kinds makes a name of every kind that an answer could tell apart. All are
// equally long.
func kinds(t *testing.T, r *rig.Rig) []name {
	t.Helper()
	for range 10 {
		r.Name()
	}
	list := []name{{"unknown", r.Name(), notIt}, {"unknown, another", r.Name(), notIt}}
	add := func(kind string, p *rig.Person, password string) {
		list = append(list, name{kind, p.Name, password})
	}
	plain := person(t, r)
	add("without a second step", plain, notIt)
	second, _ := protected(t, r)
	add("protected", second, notIt)

	waiting, _ := protected(t, r)
	wrongAnswers(t, r, waiting, r.Browser(), 5)
	add("waiting for wrong codes", waiting, notIt)

	stopped, _ := protected(t, r)
	wrongAnswers(t, r, stopped, r.Browser(), 20)
	if show(t, r, stopped).Stopped.IsZero() {
		t.Fatal("the password is not stopped")
	}
	add("stopped", stopped, notIt)
	add("stopped, right password", stopped, stopped.Password)

	frozen, _ := protected(t, r)
	freeze(t, r, frozen)
	add("frozen, right password", frozen, frozen.Password)

	damaged, _ := protected(t, r)
	damage(t, r, damaged)
	add("damaged, right password", damaged, damaged.Password)

	led := person(t, r)
	if write(t, tampered(t, r), `UPDATE nidan_lookups SET account = (SELECT account FROM nidan_lookups WHERE key = $1) WHERE key = $2`, plain.Name, led.Name) != 1 {
		t.Fatal("no look-up")
	}
	add("led to another account, its password", led, plain.Password)
	add("led to another account, right password", led, led.Password)
	r.Clock.Advance(time.Minute)
	return list
}

// seen is everything of an answer that a stranger sees, with the name they
// asked for taken out.
func seen(p rig.Page, login string) string {
	var b strings.Builder
	fmt.Fprintln(&b, p.Status)
	h := p.Header.Clone()
	h.Del("Date")
	var lines []string
	for k, values := range h {
		for _, v := range values {
			lines = append(lines, k+": "+v)
		}
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, "\n") + "\n\n" + p.Body)
	return strings.NewReplacer(login, "NAME", strings.ToUpper(login), "NAME").Replace(b.String())
}

// A stranger asks whether an address has an account, and in what state it is.
func TestP1SameBytesForEveryName(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	list := kinds(t, r)
	others := func(login string) string {
		return base64.RawURLEncoding.EncodeToString(r.Sealer().MAC(nidan.ForGate, "others", login)[:16])
	}
	sequence := func(t *testing.T, network int, x name) []string {
		b := from(r, fmt.Sprintf("203.0.113.%d", network+1))
		var all []string
		say := func(p rig.Page) {
			if slices.Contains(p.SetNames, "session") || slices.Contains(p.SetNames, "pending") {
				t.Fatalf("%s: it opens", x.kind)
			}
			all = append(all, seen(p, x.login))
		}
		say(b.Get("/login"))
		for range 7 { // the last ones are not judged any more
			say(b.Post("/login", "login", x.login, "password", x.password))
		}
		for _, typed := range []string{"", "short", strings.Repeat("long ", 100), "\u202e", "tab\tin it", "ⅳ ﬁ é"} {
			say(b.Post("/login", "login", x.login, "password", typed))
		}
		say(b.Post("/login", "login", strings.ToUpper(x.login), "password", x.password))
		for _, at := range []string{"/forgot", "/login/second", "/login/lost", "/security", "/", "/security/off"} {
			say(b.Get(at))
		}
		say(b.Get("/login?login=" + x.login))
		say(b.Do("HEAD", "/login", "", nil))
		return all
	}
	compare := func(t *testing.T, step string) {
		t.Helper()
		var want []string
		for i, x := range list {
			got := sequence(t, i, x)
			if want == nil {
				want = got
			}
			for j := range got {
				if got[j] != want[j] {
					t.Errorf("%s: answer %d to %q differs from that to %q:\n%s", step, j, x.kind, list[0].kind, firstDifference(got[j], want[j]))
				}
			}
		}
	}
	compare(t, "from the first try on")
	r.Clock.Advance(3 * time.Second)
	compare(t, "in the middle of the waits")
	r.Clock.Advance(time.Hour + time.Minute)
	compare(t, "after an hour")

	// When strangers are not judged any more at all.
	r.Clock.Advance(time.Hour + time.Minute)
	for _, x := range list {
		write(t, tampered(t, r), `INSERT INTO nidan_gates (key, wrong, last) VALUES ($1, 100, $2) ON CONFLICT (key) DO UPDATE SET wrong = 100`, others(x.login), r.Clock.Wall().UnixMicro())
	}
	compare(t, "after a hundred wrong ones")

	// And what each of these answers says at its end.
	b := r.Browser()
	if p := b.Post("/login", "login", list[0].login, "password", notIt); p.Status != http.StatusTooManyRequests || retryAfter(p) == 0 {
		t.Errorf("not judged: %d", p.Status)
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return "  " + x[i] + "\n  " + y[i]
		}
	}
	return fmt.Sprintf("  %d and %d lines", len(x), len(y))
}

// A stranger measures how long the answer takes. Two hundred names that have an
// account and two hundred that have none, in turn; what differs by chance
// passes at the second try.
func TestP2SameTimeForEveryName(t *testing.T) {
	r := rig.New(t, rig.BehindProxy)
	const names = 200
	someone := r.Person()
	known, unknown := copies(t, r, someone, names), make([]string, names)
	for i := range unknown {
		unknown[i] = r.Name()
	}
	if page := r.Browser().Post("/login", "login", known[names-1], "password", someone.Password); page.Location != "/security" {
		t.Fatalf("a known name is none: %d", page.Status)
	}
	b := r.Browser()
	tries := 0
	measure := func(login string) float64 {
		if tries++; tries%50 == 0 {
			r.Clock.Advance(time.Hour + time.Minute) // neither gate nor network makes anybody wait
		}
		begin := time.Now()
		page := b.Post("/login", "login", login, "password", notIt)
		took := time.Since(begin)
		if page.Status != http.StatusUnprocessableEntity {
			t.Fatalf("status %d", page.Status)
		}
		return took.Seconds() * 1000
	}
	round := func() (with, without []float64) {
		r.Clock.Advance(time.Hour + time.Minute)
		return inTurn(known, unknown, measure)
	}
	sameTime(t, "/login", round)
}

// inTurn measures names of two kinds pair by pair, so that whatever else the
// machine does falls on both.
func inTurn(known, unknown []string, measure func(string) float64) (with, without []float64) {
	for i := range known {
		if rand.IntN(2) == 0 {
			with = append(with, measure(known[i]))
			without = append(without, measure(unknown[i]))
		} else {
			without = append(without, measure(unknown[i]))
			with = append(with, measure(known[i]))
		}
	}
	return with, without
}

// sameTime fails if three rounds, one after the other, tell known names from
// unknown ones: chance does so once in a million.
func sameTime(t *testing.T, at string, round func() (with, without []float64)) {
	t.Helper()
	for try := 1; ; try++ {
		with, without := round()
		p, gap := mannWhitney(with, without), median(with)-median(without)
		t.Logf("%s: p = %.3f, the medians differ by %.3f ms", at, p, gap)
		if p > 0.01 {
			return
		}
		if try == 3 {
			t.Fatalf("%s: known and unknown names take different times: p = %.5f, the medians differ by %.3f ms", at, p, gap)
		}
	}
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// mannWhitney is how likely two samples of one distribution differ in rank at
// least as much as these: the two-sided U test by its normal approximation,
// which is good from twenty of each on. Ties are no matter for times.
func mannWhitney(x, y []float64) float64 {
	type value struct {
		v     float64
		first bool
	}
	var all []value
	for _, v := range x {
		all = append(all, value{v, true})
	}
	for _, v := range y {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(a, b value) int {
		switch {
		case a.v < b.v:
			return -1
		case a.v > b.v:
			return 1
		}
		return 0
	})
	ranks := 0.0
	for i, v := range all {
		if v.first {
			ranks += float64(i + 1)
		}
	}
	n, m := float64(len(x)), float64(len(y))
	u := ranks - n*(n+1)/2
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

// The test of the times can fail: it finds half a millisecond that a hash that
// is left out, or one query more, would make.
func TestP2FindsADifference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var x, y, z []float64
	for range 200 {
		x = append(x, 30+random.NormFloat64())
		y = append(y, 30.5+random.NormFloat64())
		z = append(z, 30+random.NormFloat64())
	}
	if p := mannWhitney(x, y); p > 0.01 {
		t.Errorf("half a millisecond is not found: p = %.4f", p)
	}
	if p := mannWhitney(x, z); p < 0.01 {
		t.Errorf("a difference is found where there is none: p = %.4f", p)
	}
}

// Methods, addresses and states are shown before the password.
func TestP3NothingBeforeThePassword(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	wrongAnswers(t, r, p, r.Browser(), 5)
	v := show(t, r, p)
	words := []string{string(v.ID), "totp", "authenticator app", "backup code", "10 of 10", "e-mail code", p.Phone.Key}
	for _, a := range v.Authenticators {
		words = append(words, a.ID)
	}
	b := r.Browser()
	ask := func(login string) map[string]rig.Page {
		pages := map[string]rig.Page{"wrong password": b.Post("/login", "login", login, "password", notIt)}
		for _, x := range routes(t, r) {
			pages[x.Method+" "+x.Pattern] = b.Clone().Do(x.Method, path(x), form, strings.NewReader("login="+login+"&password=x&way="+v.Authenticators[0].ID))
		}
		return pages
	}
	pages, nobodys := ask(p.Name), ask(r.Name())
	for name, page := range pages {
		for _, w := range words {
			// What a page tells everybody, as the help does, it tells of nobody.
			if contains(page.Body, w) && !contains(nobodys[name].Body, w) {
				t.Errorf("%s: it shows %q", name, w)
			}
		}
	}
	// Behind the password, and behind nothing less.
	c := r.Browser()
	r.Clock.Advance(time.Hour)
	p.First(c)
	if page := c.Get("/login/second"); page.Status != http.StatusOK || !strings.Contains(page.Body, v.Authenticators[0].ID) {
		t.Errorf("behind the password: %d", page.Status)
	}
	if page := c.Get("/login/second"); strings.Contains(page.Body, p.Name) || strings.Contains(page.Body, p.Phone.Key) {
		t.Error("the page of the second step names more than the ways")
	}
}

// A wrong code is told from one that was used, ran out or is not yet live.
func TestP4WhichKindOfWrong(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	way := p.Way("totp")
	answer := func(code string) rig.Page {
		r.Clock.Advance(2 * time.Hour)
		b := r.Browser()
		p.First(b)
		return b.Post("/login/second", "way", way, "code", code)
	}
	at := func(steps int) string {
		// Two hours from now is when it will be judged.
		return p.Phone.At(r.Clock.Wall().Add(2*time.Hour + time.Duration(steps)*30*time.Second))
	}
	// A code from the future is answered like a wrong one, to the byte: more
	// would tell a guesser what to keep.
	plain := seen(answer(p.Phone.Wrong()), p.Name)
	refresh := func() { // so that every answer is the first wrong one
		r.Clock.Advance(2 * time.Hour)
		p.LogIn(r.Browser())
	}
	for _, steps := range []int{1, 2, 3, 10, 20, 21, 100, -21, -25, -100} {
		refresh()
		if got := seen(answer(at(steps)), p.Name); clean(got) != clean(plain) {
			t.Errorf("a code of %d steps from now is answered in another way than a wrong one:\n%s", steps, firstDifference(clean(got), clean(plain)))
		}
	}
	// Behind the password the owner is told what helps.
	for steps, want := range map[int]nidan.Reason{-2: nidan.LateAnswer, -3: nidan.LateAnswer, -4: nidan.ClockBehind, -20: nidan.ClockBehind} {
		refresh()
		if page := answer(at(steps)); !page.SaysReason(want) {
			t.Errorf("a code of %d steps ago: %s", -steps, page.Text())
		}
	}
	refresh()
	r.Clock.Advance(2 * time.Hour)
	b := r.Browser()
	p.LogIn(b)
	used := r.Browser()
	p.First(used)
	if page := p.Second(used, p.Phone.Code()); !page.SaysReason(nidan.UsedAnswer) || page.Status != http.StatusUnprocessableEntity {
		t.Errorf("used: %d %s", page.Status, page.Text())
	}
	wrongAnswers(t, r, p, used, 4)
	if page := p.Second(again(r, p), p.Phone.Code()); page.Status != http.StatusTooManyRequests || retryAfter(page) != 30 || !page.SaysReason(nidan.Waiting) {
		t.Errorf("waiting: %d, %d s", page.Status, retryAfter(page))
	}
	// In front of it every one of these is the same, see P1; the notice to the
	// owner is the other half.
	if told(t, r, p, nidan.NoticeStranger) == 0 {
		t.Error("the owner is not told")
	}
}

// again is a new browser with the first step taken.
func again(r *rig.Rig, p *rig.Person) *rig.Browser {
	b := r.Browser()
	p.First(b)
	return b
}

// clean takes the times out of a page: that it was made later is no secret.
func clean(s string) string {
	for _, cut := range []struct{ from, to string }{{`<time datetime="`, `</time>`}, {`data-now="`, `"`}} {
		for {
			i := strings.Index(s, cut.from)
			if i < 0 {
				break
			}
			j := strings.Index(s[i+len(cut.from):], cut.to)
			if j < 0 {
				break
			}
			s = s[:i] + s[i+len(cut.from)+j+len(cut.to):]
		}
	}
	return s
}

// contains ignores case.
func contains(body, word string) bool {
	return strings.Contains(strings.ToLower(body), strings.ToLower(word))
}
