package attacks

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/web"
)

// Each fresh sign-in brings tries of its own; they are opened in parallel.
func TestC1TriesPerSignIn(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	p, _ := protected(t, r)
	browsers := make([]*rig.Browser, 10)
	for i := range browsers {
		browsers[i] = from(r, fmt.Sprintf("198.51.100.%d", i+1))
		if p.First(browsers[i]); browsers[i].Cookie("pending") == "" {
			t.Fatalf("sign-in %d is not opened", i)
		}
	}
	wrong, totp := p.Phone.Wrong(), p.Way("totp")
	var all sync.WaitGroup
	for _, b := range browsers {
		for range 5 {
			c := b.Clone()
			all.Go(func() { c.Post("/login/second", "way", totp, "code", wrong) })
		}
	}
	all.Wait()
	if n := judged(t, r, p); n != 5 {
		t.Errorf("%d answers were judged", n)
	}
	code := p.Phone.Code()
	for i := range 3 {
		b := from(r, fmt.Sprintf("203.0.113.%d", i+1))
		p.First(b)
		page := p.Second(b, code)
		if page.Status != http.StatusTooManyRequests || retryAfter(page) != 30 || b.Cookie("session") != "" {
			t.Errorf("the right code in sign-in %d: status %d, wait %d s", i+1, page.Status, retryAfter(page))
		}
	}
	r.Clock.Advance(30 * time.Second)
	b := r.Browser()
	p.First(b)
	if p.Second(b, p.Phone.Code()); b.Cookie("session") == "" {
		t.Error("after the wait the right code does not log in")
	}
}

// A door takes codes without counting them.
func TestC2CodesElsewhereAreCounted(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	signIn := knownAs(r, owner)
	p.First(signIn)
	wrong, sheet := p.Phone.Wrong(), "01-0000-0000-0000-0000"
	both := []string{"password", p.Password}
	for i, try := range []struct {
		name string
		page func() rig.Page
	}{
		{"log-in", func() rig.Page { return p.Second(signIn, wrong) }},
		{"turn off", func() rig.Page {
			return owner.Post("/security/off", append(both, "way", p.Way("totp"), "code", wrong)...)
		}},
		{"reissue", func() rig.Page {
			return owner.Post("/security/codes", append(both, "way", p.Way("totp"), "code", wrong)...)
		}},
		{"log-in, backup code", func() rig.Page { return p.Backup(signIn, sheet) }},
		{"turn off, backup code", func() rig.Page {
			return owner.Post("/security/off", append(both, "way", p.Way("backup"), "code", sheet)...)
		}},
	} {
		page := try.page()
		if v := show(t, r, p); page.Status != http.StatusUnprocessableEntity || v.WrongKnown != i+1 || v.WrongOther != 0 {
			t.Errorf("%s: status %d, and %d wrong answers of the owner's browsers, %d of others", try.name, page.Status, v.WrongKnown, v.WrongOther)
		}
	}
	code := p.Phone.Code()
	for name, page := range map[string]rig.Page{
		"log-in":   p.Second(signIn, code),
		"turn off": owner.Post("/security/off", append(both, "way", p.Way("totp"), "code", code)...),
		"reissue":  owner.Post("/security/codes", append(both, "way", p.Way("backup"), "code", typed(p.Codes[0]))...),
	} {
		if page.Status != http.StatusTooManyRequests || retryAfter(page) == 0 {
			t.Errorf("%s with a right code after five wrong ones: status %d", name, page.Status)
		}
	}
	r.Clock.Advance(30 * time.Second)
	if p.Second(signIn, code); signIn.Cookie("session") == "" {
		t.Error("the code that was not judged was used up")
	}
	if n := show(t, r, p).WrongKnown; n != 2 {
		t.Errorf("after a success of the app %d wrong answers are left, and the backup codes had 2", n)
	}
}

// proofRoutes are the routes that take the second step of a protected account.
var proofRoutes = []string{
	"/login/second", "/security/add/{method}", "/security/address", "/security/codes", "/security/delete", "/security/methods/resync",
	"/security/methods/{id}/remove", "/security/methods/{id}/replace/{method}", "/security/off", "/security/password",
	"/security/second", "/security/second/remove",
}

// Another door has no limit. Each route that judges a code is found by asking
// all of them, and each is asked sixty times.
func TestC6EveryProofTakingRoute(t *testing.T) {
	t.Parallel()
	o := withMail(t)
	r := o.Rig
	p, owner := protected(t, r)
	o.second(t, p, owner, "elsewhere@example.net", false) // or there is none to remove
	fields := func() []string {
		return filled(p, "password", p.Password, "code", p.Phone.Wrong(), "next", p.Phone.Wrong(), "chosen", "nine mares and a stone wall", "item", "mine@example.net")
	}

	var judging []string
	for _, x := range routes(t, r) {
		if x.Method != http.MethodPost {
			continue
		}
		b := owner.Clone()
		if x.Needs == web.PendingSignIn {
			p.First(b)
		}
		before := judged(t, r, p)
		b.Post(of(x, p), fields()...)
		if judged(t, r, p) > before {
			judging = append(judging, x.Pattern)
			r.Clock.Advance(time.Hour)
			p.LogIn(owner) // so that the next one is judged too
		}
		if !show(t, r, p).Stopped.IsZero() { // that route was "it wasn't me"
			p, owner = protected(t, r)
			o.second(t, p, owner, "elsewhere@example.net", false)
		} else if !loggedIn(owner) { // or a log-out
			r.Clock.Advance(time.Minute)
			p.LogIn(owner)
		}
	}
	slices.Sort(judging)
	if !slices.Equal(judging, proofRoutes) {
		t.Fatalf("codes are judged by %v, and the list is %v", judging, proofRoutes)
	}

	for _, at := range proofRoutes {
		p, owner = protected(t, r) // with no count of the month yet
		if at == "/security/second/remove" {
			o.second(t, p, owner, "elsewhere@example.net", false)
		}
		b, before := owner.Clone(), judged(t, r, p)
		for i := range 60 {
			if at == "/login/second" && b.Cookie("pending") == "" {
				p.First(b)
			}
			page := b.Post(of(web.Route{Pattern: at}, p), fields()...)
			switch {
			case i < 5 && page.Status != http.StatusUnprocessableEntity, i >= 5 && (page.Status != http.StatusTooManyRequests || retryAfter(page) == 0):
				t.Fatalf("%s, wrong answer %d: status %d, %s", at, i+1, page.Status, page.Text())
			}
		}
		if n := judged(t, r, p) - before; n != 5 {
			t.Errorf("%s: %d of 60 were judged", at, n)
		}
	}
}

// of is a route's address with an account's own app in it.
func of(x web.Route, p *rig.Person) string {
	return strings.NewReplacer("{id}", p.Way("totp"), "{method}", "totp").Replace(path(x))
}

// The program is killed after a wrong answer, before it is written down.
func TestC3KilledAfterAWrongAnswer(t *testing.T) {
	t.Parallel()
	o := outside(t, "")
	name, password := invited(t, o)
	b := o.Browser()
	logIn := func() { b.Post("/login", "login", name, "password", password) }
	logIn()
	b.Post("/security/on", "method", "totp")
	key := keyOnPage.FindStringSubmatch(b.Get("/security/on/scan").Body)
	if key == nil {
		t.Fatal("no key")
	}
	phone := o.Phone(key[1])
	b.Post("/security/on/scan", "ticket", b.Hash("setup"), "code", phone.At(time.Now()))
	o.ReadCodes(b.Get("/security/on/codes"))
	if page := b.Post("/security/on/codes", "ticket", b.Hash("setup"), "saved", "yes"); page.Location != "/security/on/done" {
		t.Fatalf("set-up: %d %s", page.Status, page.Text())
	}

	b = o.Browser()
	for n := 1; n <= 5; n++ {
		if b.Cookie("pending") == "" {
			logIn()
		}
		way := b.Get("/login/second").Field("way")
		if page := b.Post("/login/second", "way", way, "code", phone.Wrong()); page.Status != http.StatusUnprocessableEntity {
			t.Fatalf("wrong answer %d: %d", n, page.Status)
		}
		o.Kill()
		if got, want := operator(t, o.Data, "account", "show", name), fmt.Sprintf("0 from known browsers, %d from others\n", n); !strings.Contains(got, want) {
			t.Fatalf("killed after wrong answer %d, the account is:\n%s", n, got)
		}
		o.Start()
	}
	logIn()
	way := b.Get("/login/second").Field("way")
	if page := b.Post("/login/second", "way", way, "code", phone.At(time.Now())); page.Status != http.StatusTooManyRequests || b.Cookie("session") != "" {
		t.Errorf("the sixth answer: %d", page.Status)
	}
}

var keyOnPage = regexp.MustCompile(`secret=([A-Z2-7]{32})`)

// One limit is passed by under another name for the same thing.
func TestC4NamesOfTheSameThing(t *testing.T) {
	t.Parallel()
	const wrong = "not the password of this one"
	tries := func(r *rig.Rig, name func(i int) string, dress func(b *rig.Browser, i int)) rig.Page {
		var page rig.Page
		for i := range 6 {
			b := r.Browser()
			dress(b, i)
			page = b.Post("/login", "login", name(i), "password", wrong)
			if i < 5 && page.Status != http.StatusUnprocessableEntity {
				t.Fatalf("try %d: status %d", i+1, page.Status)
			}
		}
		return page
	}
	plain := func(*rig.Browser, int) {}
	limited := func(t *testing.T, page rig.Page, want bool) {
		t.Helper()
		if (page.Status == http.StatusTooManyRequests) != want {
			t.Errorf("the sixth wrong password: status %d", page.Status)
		}
	}
	r := rig.New(t, rig.BehindProxy)
	t.Run("ways to write an address", func(t *testing.T) {
		p := person(t, r)
		written := []string{p.Name, strings.ToUpper(p.Name), " " + p.Name, p.Name + "  ", "\u3000" + strings.ToUpper(p.Name[:1]) + p.Name[1:], strings.Replace(p.Name, "example", "EXAMPLE", 1)}
		limited(t, tries(r, func(i int) string { return written[i] }, plain), true)
	})
	t.Run("addresses that a client writes", func(t *testing.T) {
		p := person(t, r)
		limited(t, tries(r, func(int) string { return p.Name }, func(b *rig.Browser, i int) {
			other := fmt.Sprintf("198.51.100.%d", i+1)
			b.Header.Set("X-Forwarded-For", other+", 203.0.113.9") // what our proxy adds stands last
			for _, h := range []string{"Forwarded", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip", "X-Originating-Ip", "X-Forwarded-Host"} {
				b.Header.Set(h, other)
			}
			b.Header.Set("User-Agent", "attacker "+other)
		}), true)
	})
	t.Run("addresses of one household", func(t *testing.T) {
		p := person(t, r)
		limited(t, tries(r, func(int) string { return p.Name }, func(b *rig.Browser, i int) {
			b.Header.Set("X-Forwarded-For", fmt.Sprintf("2001:db8:1:2:%x::%x", i+1, i*77+1))
		}), true)
		b := from(r, "2001:db8:1:3::1")
		limited(t, b.Post("/login", "login", p.Name, "password", wrong), false)
	})
	t.Run("IPv4 written as IPv6", func(t *testing.T) {
		p := person(t, r)
		limited(t, tries(r, func(int) string { return p.Name }, func(b *rig.Browser, i int) {
			b.Header.Set("X-Forwarded-For", []string{"203.0.113.77", "::ffff:203.0.113.77", "203.0.113.77:4711"}[i%3])
		}), true)
	})
	t.Run("no proxy is declared", func(t *testing.T) {
		r := rig.New(t)
		p := person(t, r)
		limited(t, tries(r, func(int) string { return p.Name }, func(b *rig.Browser, i int) {
			b.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i+1))
		}), true)
	})
	t.Run("cookies of another's known browser", func(t *testing.T) {
		p, other, b := person(t, r), person(t, r), r.Browser()
		other.LogIn(b)
		limited(t, tries(r, func(int) string { return p.Name }, func(c *rig.Browser, i int) {
			c.SetCookie("browser", b.Cookie("browser"))
			if i%2 == 1 {
				c.SetCookie("browser", fmt.Sprintf("nb_made up %d", i))
			}
		}), true)
	})
	t.Run("methods in turn", func(t *testing.T) {
		p, _ := protected(t, r)
		b := r.Browser()
		p.First(b)
		for i := range 5 {
			if i%2 == 0 {
				p.Second(b, p.Phone.Wrong())
			} else {
				p.Backup(b, "07-0000-0000-0000-0000")
			}
		}
		p.First(b)
		if page := p.Second(b, p.Phone.Code()); page.Status != http.StatusTooManyRequests {
			t.Errorf("after three wrong codes of one way and two of another: status %d", page.Status)
		}
	})
}

// A right password, a new sign-in or a success takes the count of wrong codes
// back.
func TestC5SuccessDoesNotForgive(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	b := r.Browser()
	// Four wrong, the password again, four wrong, and so on, as if it were
	// twelve in a row: 30 s doubling from the fifth on.
	waited := 0
	for n := 1; n <= 12; n++ {
		if n%4 == 1 {
			p.First(b)
		}
		page := p.Second(b, p.Phone.Wrong())
		for page.Status == http.StatusTooManyRequests {
			waited = retryAfter(page)
			r.Clock.Advance(time.Duration(waited) * time.Second)
			if p.First(b); b.Cookie("pending") == "" {
				t.Fatal("no sign-in")
			}
			page = p.Second(b, p.Phone.Wrong())
		}
		if page.Status != http.StatusUnprocessableEntity {
			t.Fatalf("wrong answer %d: %d", n, page.Status)
		}
		if n >= 6 && waited != 30<<(n-6) {
			t.Errorf("before wrong answer %d there were %d s to wait", n, waited)
		}
	}
	if v := show(t, r, p); v.WrongOther != 12 {
		t.Fatalf("%d are counted", v.WrongOther)
	}

	// Another authenticator's success does not forgive the app's.
	r.Clock.Advance(time.Hour)
	p.First(b)
	if p.Backup(b, p.Codes[0]); b.Cookie("session") == "" {
		t.Fatal("a backup code does not log in")
	}
	if v := show(t, r, p); v.WrongOther != 12 {
		t.Errorf("after a backup code %d wrong codes of the app are left", v.WrongOther)
	}
	// Nor does its success forgive the month: 12 were judged; at the 60th the
	// password stops, though the owner has logged in every time between.
	known := knownAs(r, owner)
	for judged(t, r, p) < 59 {
		r.Clock.Advance(2 * time.Hour)
		p.First(known)
		if p.Second(known, p.Phone.Code()); known.Cookie("session") == "" {
			t.Fatalf("after %d wrong codes the owner cannot log in", judged(t, r, p))
		}
		r.Clock.Advance(time.Minute)
		wrongAnswers(t, r, p, b, min(4, 59-judged(t, r, p)))
	}
	if !show(t, r, p).Stopped.IsZero() {
		t.Fatal("it has stopped too early")
	}
	r.Clock.Advance(time.Hour)
	p.LogIn(known)
	wrongAnswers(t, r, p, b, 1)
	if show(t, r, p).Stopped.IsZero() || told(t, r, p, nidan.NoticePasswordStopped) != 1 {
		t.Errorf("after 60 wrong codes: %+v", show(t, r, p))
	}
	for _, b := range []*rig.Browser{r.Browser(), known} {
		if page := p.First(b); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("a stopped password answers %d", page.Status)
		}
	}
}

// A stranger keeps the owner out.
func TestC8StrangerLocksOut(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	p, owner := protected(t, r)
	was := show(t, r, p).Version
	tries := 0
	for network := range 200 {
		for range 5 {
			b := from(r, fmt.Sprintf("198.51.%d.%d", network/100, network%100+1))
			b.Post("/login", "login", p.Name, "password", "not the password of this one")
			tries++
		}
	}
	if tries != 1000 {
		t.Fatal(tries)
	}
	if v := show(t, r, p); v.Version != was || !v.Stopped.IsZero() {
		t.Errorf("strangers have written the account: version %d, then %d", was, v.Version)
	}
	p.LogIn(knownAs(r, owner))
	if !loggedIn(owner) {
		t.Error("the owner's session has ended")
	}

	// A browser that nobody knows waits, and has a way out that a stranger has
	// not: a link that makes it known.
	b := from(r, "203.0.113.200")
	r.Clock.Advance(time.Minute)
	if page := p.First(b); page.Status != http.StatusTooManyRequests || retryAfter(page) > 300 {
		t.Errorf("an unknown browser: status %d, wait %d s", page.Status, retryAfter(page))
	}
	if page := b.Post(r.Link(nidan.TicketBrowser, p.Name)); page.Location != "/login?browser" {
		t.Fatalf("the link: %d", page.Status)
	}
	p.LogIn(b)

	// Who knows the password too gets to codes: their waits are not the owner's
	// either.
	p, owner = protected(t, r)
	thief := from(r, "203.0.113.201")
	wrongAnswers(t, r, p, thief, 9)
	p.First(thief)
	if page := p.Second(thief, p.Phone.Wrong()); page.Status != http.StatusTooManyRequests {
		t.Errorf("the thief's tenth wrong code: %d", page.Status)
	}
	p.LogIn(knownAs(r, owner))
}

// The gate's rows are counted before a password is judged: of parallel tries
// no more are judged than of tries in turn.
func TestC1ParallelPasswords(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p := person(t, r)
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 40 {
		b := r.Browser()
		all.Go(func() {
			page := b.Post("/login", "login", p.Name, "password", "not the password of this one")
			mu.Lock()
			defer mu.Unlock()
			statuses[page.Status]++
		})
	}
	all.Wait()
	if statuses[http.StatusUnprocessableEntity] > 5 {
		t.Errorf("%v", statuses)
	}
	key := base64.RawURLEncoding.EncodeToString(r.Sealer().MAC(nidan.ForGate, "others", p.Name)[:16])
	if n := number(t, stolen(t, r), `SELECT wrong FROM nidan_gates WHERE key = $1`, key); n != 5 {
		t.Errorf("%d are counted", n)
	}
}
