package attacks

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

// Five hundred log-ins at once, or more where there are many processors, take all
// memory, or all time.
func TestR1Flood(t *testing.T) {
	o := outside(t, "https://login.example.com")
	name, password := invited(t, o)
	before := peakMemory(t, o)

	flood := max(500, 250*runtime.GOMAXPROCS(0)) // some 100 for each processor find a place
	var mu sync.Mutex
	statuses, noRetry := map[int]int{}, 0
	health := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}
	var took []time.Duration
	flooding := make(chan struct{})
	var asked sync.WaitGroup
	asked.Go(func() {
		for {
			begin := time.Now()
			resp, err := health.Get(o.URL + "/healthz")
			if err != nil {
				t.Errorf("/healthz: %v", err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			took = append(took, time.Since(begin))
			if resp.StatusCode != http.StatusOK {
				t.Errorf("/healthz: %d", resp.StatusCode)
			}
			select {
			case <-flooding:
				return
			default:
			}
		}
	})
	atOnce(flood, func(i int) bool {
		b := from(o.Rig, fmt.Sprintf("198.51.%d.%d", i/250, i%250+1))
		login := fmt.Sprintf("flood%d@example.com", i)
		if i%5 == 0 {
			login = name
		}
		page := b.Post("/login", "login", login, "password", strings.Repeat("x", 7<<10))
		mu.Lock()
		defer mu.Unlock()
		statuses[page.Status]++
		if (page.Status == http.StatusServiceUnavailable || page.Status == http.StatusTooManyRequests) && retryAfter(page) == 0 {
			noRetry++
		}
		return true
	})
	close(flooding)
	asked.Wait()
	after := peakMemory(t, o)
	slices.Sort(took)
	t.Logf("answers %v; memory %d MiB before, %d MiB at its highest; health asked %d times, median %v, 95th of a hundred %v", statuses, before, after, len(took), took[len(took)/2], took[len(took)*95/100])
	if statuses[http.StatusServiceUnavailable] == 0 {
		t.Error("nobody was turned away: the flood was none")
	}
	if n := statuses[http.StatusUnprocessableEntity] + statuses[http.StatusTooManyRequests] + statuses[http.StatusServiceUnavailable]; n != flood || noRetry > 0 {
		t.Errorf("%v, %d without saying when to come again", statuses, noRetry)
	}
	// Two hashes of 19 MiB at a time, and the collector's share again; without a
	// limit it would be 9.5 GiB.
	if after > 512 {
		t.Errorf("it took %d MiB", after)
	}
	if p95 := took[len(took)*95/100]; p95 > 200*time.Millisecond {
		t.Errorf("meanwhile /healthz took %v", p95)
	}
	b := from(o.Rig, "203.0.113.1")
	if page := b.Post("/login", "login", name, "password", password); page.Location != "/security" {
		t.Errorf("after the flood the owner's log-in: %d", page.Status)
	}
	if page := b.Post("/login", "login", name, "password", strings.Repeat("x", 9<<10)); page.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of 9 KiB: %d", page.Status)
	}
}

var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMemory is the most memory that the program has ever had, in MiB.
func peakMemory(t *testing.T, o *rig.Outside) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	m := peak.FindSubmatch(text)
	if m == nil {
		t.Fatal("no VmHWM")
	}
	kb, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kb / 1024
}

// raw sends a request that no library would send as it is, and returns the
// answer.
func raw(t *testing.T, r *rig.Rig, request string) *http.Response {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp
}

// Somebody is sent here, and from here to the attacker.
func TestR2OpenRedirects(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := person(t, r), r.Browser()
	p.LogIn(b)
	host := strings.TrimPrefix(r.URL, "http://")
	targets := []string{
		"//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https://evil.example", "http:///evil.example", "///evil.example",
		"%2f%2fevil.example", "/%2fevil.example", "/%5cevil.example", "%09//evil.example", "/%09/evil.example", "/%0d%0aLocation:%20https://evil.example",
		"https://" + host + "@evil.example", "https://evil.example#" + host, "javascript:alert(1)", "data:text/html,evil.example", "/security@evil.example", "//evil.example/%2e%2e", "/.evil.example",
	}
	ours := map[string]bool{}
	for _, x := range routes(t, r) {
		ours[strings.NewReplacer("{$}", "").Replace(x.Pattern)] = true
	}
	check := func(what, location, body string) {
		t.Helper()
		at, _, _ := strings.Cut(strings.SplitN(location, "#", 2)[0], "?")
		if location != "" && !ours[at] {
			t.Errorf("%s: leads to %q", what, location)
		}
		if strings.Contains(body, "evil.example") && !strings.Contains(body, `value="`) {
			t.Errorf("%s: the page holds the address", what)
		}
	}
	names := []string{"next", "return", "return_to", "redirect", "redirect_uri", "url", "continue", "to", "from", "back", "RelayState", "service", "goto", "way", "at", "q"}
	for i, target := range targets {
		query := "?language=ja&"
		for _, n := range names {
			query += n + "=" + target + "&"
		}
		for _, who := range []*rig.Browser{r.Browser(), b.Clone()} {
			who.Header.Set("Referer", "https://evil.example/")
			for _, x := range routes(t, r) {
				if x.Pattern == "/logout" || x.Pattern == "/login" && x.Method == "POST" {
					continue
				}
				page := who.Clone().Do(x.Method, path(x)+query, form, strings.NewReader(query[1:]))
				check(x.Method+" "+x.Pattern+" "+target, page.Location, page.Body)
			}
		}
		// The path itself, as it is.
		for _, line := range []string{"/" + target, target, "/login/" + target, "/security/.." + target, "/static/" + target, "/login/.//" + target} {
			if strings.ContainsAny(line, " \t\r\n") || !strings.HasPrefix(line, "/") {
				continue
			}
			resp := raw(t, r, "GET "+line+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
			if where := resp.Header.Get("Location"); where != "" && !ours[where] {
				t.Errorf("GET %s leads to %q", line, where)
			}
		}
		if i < 5 {
			who := r.Browser()
			page := who.Post("/login"+query, append([]string{"login", p.Name, "password", p.Password}, "next", target)...)
			if page.Location != "/security" {
				t.Errorf("a log-in with next=%s leads to %q", target, page.Location)
			}
		}
	}
	page := b.Post("/logout?next=//evil.example", "next", "//evil.example")
	check("log-out", page.Location, "")
}

// Another site posts our forms.
func TestR3CrossSitePosts(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	p, owner := protected(t, r)
	const own = "https://login.example.com"
	for _, x := range []struct {
		name         string
		site, origin string // "": not sent
		admitted     bool
	}{
		{"our own page", "same-origin", own, true},
		{"our own page, an old browser", "", own, true},
		{"our own page, without Origin", "same-origin", "", true},
		{"typed by a person", "none", "", true},
		{"another site", "cross-site", "https://evil.example", false},
		{"another site that sends our Origin", "cross-site", own, false},
		{"another site without Origin", "cross-site", "", false},
		{"a sibling", "same-site", "https://shop.example.com", false},
		{"a sibling without Origin", "same-site", "", false},
		{"another site, an old browser", "", "https://evil.example", false},
		{"a sibling, an old browser", "", "https://shop.example.com", false},
		{"our name with more", "", "https://login.example.com.evil.example", false},
		{"our name on another port", "", "https://login.example.com:8443", false},
		{"our name as a user", "", "https://login.example.com@evil.example", false},
		{"no origin", "", "null", false},
		{"not an address", "", "login.example.com", false},
		{"neither of the two", "", "", false},
		{"an unknown word", "friendly", own, false},
	} {
		version := show(t, r, p).Version
		for _, route := range routes(t, r) {
			if route.Method != http.MethodPost || x.admitted && route.Pattern == "/logout" {
				continue
			}
			b := owner.Clone()
			b.Header.Set("Sec-Fetch-Site", x.site)
			b.Header.Set("Origin", x.origin)
			page := b.Post(path(route), filled(p, "password", p.Password, "code", "")...)
			if (page.Status == http.StatusForbidden) == x.admitted {
				t.Errorf("POST %s from %s: %d", route.Pattern, x.name, page.Status)
			}
			if !x.admitted && (len(page.SetNames) > 0 || page.Header.Get("Set-Cookie") != "") {
				t.Errorf("POST %s from %s sets a cookie", route.Pattern, x.name)
			}
			if x.admitted && route.Pattern == "/login" {
				r.Clock.Advance(time.Minute)
			}
		}
		if !x.admitted && show(t, r, p).Version != version {
			t.Errorf("%s has changed the account", x.name)
		}
		if !loggedIn(owner) {
			r.Clock.Advance(time.Minute)
			p.LogIn(owner)
		}
	}
	// A GET changes nothing, wherever it comes from.
	version := show(t, r, p).Version
	owner.Header.Set("Sec-Fetch-Site", "cross-site")
	for _, route := range routes(t, r) {
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			owner.Do(method, path(route)+"?saved=yes&method=totp&code="+p.Phone.Code(), "", nil)
		}
	}
	if show(t, r, p).Version != version || !loggedIn(owner) {
		t.Error("a GET has changed the account")
	}
}

// Every answer, for whoever asks and whatever for: those with an error too.
func everyAnswer(t *testing.T, r *rig.Rig) map[string]rig.Page {
	t.Helper()
	p, owner := protected(t, r)
	pend := r.Browser()
	p.First(pend)
	fresh, f := person(t, r), r.Browser()
	fresh.LogIn(f)
	fresh.Scan(f)
	r.Clock.Advance(30 * time.Second)
	answers := map[string]rig.Page{}
	for who, b := range map[string]*rig.Browser{"a stranger": r.Browser(), "a pending sign-in": pend, "an owner": owner, "a set-up": f} {
		for _, x := range routes(t, r) {
			c := b.Clone().AsBearer()
			answers[who+": "+x.Method+" "+x.Pattern] = c.Do(x.Method, path(x), form, strings.NewReader("way=x&code=000000&ticket="+c.Hash("setup")))
		}
	}
	b := r.Browser()
	for _, at := range []string{"/none", "/security/", "//", "/security/../login", "/login/second/none"} {
		answers["404 "+at] = b.Get(at)
	}
	answers["405"] = b.Do("PUT", "/login", form, strings.NewReader("x=y"))
	answers["413"] = b.Post("/login", "login", strings.Repeat("x", 9<<10))
	answers["415"] = b.Do("POST", "/login", "text/plain", strings.NewReader("x"))
	answers["400"] = b.Post("/login", "login", "a", "login", "b")
	b.Header.Set("Origin", "https://evil.example")
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	answers["403"] = b.Post("/login", "login", "a")
	b = r.Browser()
	b.Header.Set("Host", "evil.example")
	answers["421"] = b.Get("/login")
	damage(t, r, p)
	answers["500"] = pend.Get("/login/second")
	r.Clock.Jump(time.Minute)
	answers["503"] = r.Browser().Post("/login", "login", p.Name, "password", "x")
	for name, status := range map[string]int{"404 /none": 404, "405": 405, "413": 413, "415": 415, "400": 400, "403": 403, "421": 421, "500": 500, "503": 503} {
		if answers[name].Status != status {
			t.Errorf("the answer for %s is %d", name, answers[name].Status)
		}
	}
	return answers
}

// Our page stands in the attacker's frame, or shares its window.
func TestR4Frames(t *testing.T) {
	t.Parallel()
	for _, options := range [][]rig.Option{nil, {rig.BehindProxy}} {
		r := rig.New(t, options...)
		for what, page := range everyAnswer(t, r) {
			h := page.Header
			policy := map[string]string{}
			for _, part := range strings.Split(h.Get("Content-Security-Policy"), ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(part), " ")
				policy[name] = value
			}
			for name, want := range map[string]string{"frame-ancestors": "'none'", "default-src": "'none'", "base-uri": "'none'", "form-action": "'self'"} {
				if policy[name] != want {
					t.Errorf("%s: %s is %q", what, name, policy[name])
				}
			}
			for _, word := range []string{"unsafe", "*", "data:", "http:", "https:", "blob:"} {
				if strings.Contains(h.Get("Content-Security-Policy"), word) {
					t.Errorf("%s: the policy has %q", what, word)
				}
			}
			for name, want := range map[string]string{
				"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			} {
				if h.Get(name) != want {
					t.Errorf("%s: %s is %q", what, name, h.Get(name))
				}
			}
			if (len(options) > 0) != strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age=") {
				t.Errorf("%s: Strict-Transport-Security is %q", what, h.Get("Strict-Transport-Security"))
			}
			for name := range h {
				if strings.HasPrefix(name, "Access-Control-") || name == "Server" || name == "X-Powered-By" {
					t.Errorf("%s: it sends %s", what, name)
				}
			}
			for _, c := range h.Values("Set-Cookie") {
				for _, part := range []string{"__Host-nidan_", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"} {
					if !strings.Contains(c, part) {
						t.Errorf("%s: a cookie without %s", what, part)
					}
				}
			}
		}
	}
}

// A link that is mailed or a redirect leads to the attacker, as a header said
// so.
func TestR5PoisonedHost(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	p, owner := protected(t, r)
	headers := []string{"X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host", "X-Forwarded-Server", "X-Http-Host-Override", "X-Original-Url", "X-Rewrite-Url", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Scheme", "Via", "Origin-Host"}
	poison := func(b *rig.Browser) *rig.Browser {
		c := b.Clone()
		for _, h := range headers {
			c.Header.Set(h, "evil.example")
		}
		c.Header.Set("Forwarded", "for=198.51.100.1;host=evil.example;proto=http")
		c.Header.Set("X-Forwarded-Proto", "http")
		return c
	}
	for _, who := range []*rig.Browser{r.Browser(), owner} {
		for _, x := range routes(t, r) {
			if x.Method != http.MethodGet {
				continue
			}
			plain, poisoned := who.Clone().Get(path(x)), poison(who).Get(path(x))
			if got := seen(poisoned, p.Name); got != seen(plain, p.Name) || strings.Contains(got, "evil") {
				t.Errorf("GET %s answers a poisoned request in another way: %d, %d", x.Pattern, plain.Status, poisoned.Status)
			}
		}
	}
	for _, host := range []string{"evil.example", "login.example.com.evil.example", "evil.example:443", "login.example.com:8443", "login.example.com@evil.example", "127.0.0.1", "LOGIN.EXAMPLE.COM.", "login.example.com evil.example"} {
		for _, x := range routes(t, r) {
			resp := raw(t, r, x.Method+" "+path(x)+" HTTP/1.1\r\nHost: "+host+"\r\nX-Forwarded-Proto: https\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != http.StatusMisdirectedRequest && resp.StatusCode != http.StatusBadRequest || resp.Header.Get("Location") != "" || strings.Contains(string(body), "evil") {
				t.Errorf("%s %s for %q: %d to %q", x.Method, x.Pattern, host, resp.StatusCode, resp.Header.Get("Location"))
			}
		}
	}
	for _, line := range []string{"GET http://evil.example/login HTTP/1.1\r\nHost: login.example.com", "GET http://evil.example/ HTTP/1.1\r\nHost: login.example.com"} {
		resp := raw(t, r, line+"\r\nConnection: close\r\n\r\n")
		if resp.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%q: %d to %q", line, resp.StatusCode, resp.Header.Get("Location"))
		}
	}

	// What the owner is told, and the links that are handed out, name nothing
	// of the request.
	evil := poison(r.Browser())
	evil.Header.Set("X-Forwarded-For", "evil.example")
	evil.Header.Set("User-Agent", "https://evil.example/")
	evil.Header.Set("Referer", "https://evil.example/")
	p.First(evil)
	p.Second(evil, p.Phone.Wrong())
	if p.Backup(evil, p.Codes[0]); evil.Cookie("session") == "" {
		t.Fatal("no log-in")
	}
	list := notices(t, r, p)
	for _, n := range list {
		if text, err := json.Marshal(n); err != nil || strings.Contains(string(text), "evil") || n.To != p.Name {
			t.Errorf("a notice: %s %v", text, err)
		}
	}
	if len(list) < 3 {
		t.Errorf("%d notices", len(list))
	}
	var out bytes.Buffer
	code := server.Main(context.Background(), server.Invocation{
		Args:   []string{"nidan", "--data", r.Data, "--public-url", "https://login.example.com", "account", "link", p.Name, "--reset", "--reason", "test"},
		Stdout: &out, Stderr: io.Discard, Deps: server.Deps{Clock: r.Clock},
	})
	link, _, _ := strings.Cut(out.String(), "\n")
	ticket, ours := strings.CutPrefix(link, "https://login.example.com/reset/")
	if code != 0 || !ours {
		t.Fatalf("the operator's link: %d %.40s", code, link)
	}
	if page := poison(r.Browser()).Get("/reset/" + r.Secret("a link", ticket)); page.Status != http.StatusOK || strings.Contains(page.Body, "evil") {
		t.Errorf("its page: %d", page.Status)
	}
}

// A cache keeps what only one person may see, or what was revoked goes on
// somewhere.
func TestR6CachesAndRevocation(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.BehindProxy)
	for what, page := range everyAnswer(t, r) {
		if page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", what, page.Header.Get("Cache-Control"))
		}
		for _, name := range []string{"Etag", "Last-Modified", "Expires", "Age"} {
			if page.Header.Get(name) != "" {
				t.Errorf("%s: it sends %s", what, name)
			}
		}
	}
	for _, at := range []string{"/healthz", "/readyz"} {
		if page := r.Browser().Get(at); page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %q", at, page.Header.Get("Cache-Control"))
		}
	}
	// What may be kept names its content, holds nobody's, and sets nothing.
	asset := regexp.MustCompile(`/static/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)`)
	r = rig.New(t, rig.BehindProxy)
	n := r.Node()
	p, b := protected(t, r)
	files := asset.FindAllString(b.Get("/security").Body, -1)
	if len(files) < 2 {
		t.Fatalf("%d files", len(files))
	}
	for _, at := range files {
		page := b.Get(at)
		if !strings.Contains(page.Header.Get("Cache-Control"), "immutable") || page.Header.Get("Set-Cookie") != "" || strings.Contains(page.Body, p.Name) {
			t.Errorf("%s: %v", at, page.Header)
		}
	}

	// Revoked on one node, gone on the other at the next request.
	for name, revoke := range map[string]func(){
		"log-out":                func() { b.Clone().Post("/logout") },
		"log-out by an operator": func() { _, _ = r.Service().LogOutAccount(context.Background(), p.Name, "test") },
		"freeze":                 func() { freeze(t, r, p) },
	} {
		if !loggedIn(b) {
			_, _ = r.Service().Unfreeze(context.Background(), p.Name, "test")
			r.Clock.Advance(30 * time.Second)
			p.LogIn(b)
		}
		there := b.At(n)
		if !loggedIn(there) {
			t.Fatalf("%s: the other node does not know the session", name)
		}
		revoke()
		if loggedIn(there.Clone()) {
			t.Errorf("%s: the session lives on the other node", name)
		}
	}
}

// A look-alike address is taken for the owner's; codes in other digits are
// refused.
func TestR7Unicode(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	wide := func(s string) string {
		return strings.Map(func(c rune) rune {
			if '!' <= c && c <= '~' {
				return c - '!' + '！'
			}
			return c
		}, s)
	}
	for name, write := range map[string]func(code string) string{
		"full-width, with the wide space": func(c string) string { return wide(c[:3]) + "　" + wide(c[3:]) },
		"half of it full-width":           func(c string) string { return wide(c[:3]) + c[3:] },
		"a space":                         func(c string) string { return c[:3] + " " + c[3:] },
		"a hyphen":                        func(c string) string { return c[:3] + "-" + c[3:] },
		"white space around":              func(c string) string { return " " + c + "\t" },
		"a space without width":           func(c string) string { return "\u200b" + c },
	} {
		r.Clock.Advance(30 * time.Second)
		b := r.Browser()
		p.First(b)
		if page := p.Second(b, write(p.Phone.Code())); b.Cookie("session") == "" {
			t.Errorf("%s: %d %s", name, page.Status, page.Text())
		}
	}
	r.Clock.Advance(30 * time.Second)
	code := p.Phone.Code()
	b := r.Browser()
	p.First(b)
	if p.Backup(b, wide(p.Codes[0])); b.Cookie("session") == "" {
		t.Error("a backup code in wide letters does not log in")
	}
	// Digits of other scripts are other digits.
	b = r.Browser()
	p.First(b)
	for _, zero := range []rune{'٠', '۰', '०', '𝟎', '⓪'} {
		if p.Second(b, strings.Map(func(c rune) rune { return c - '0' + zero }, code)); b.Cookie("session") != "" {
			t.Errorf("digits from %q are taken for ours", zero)
		}
	}

	local, domain, _ := strings.Cut(p.Name, "@")
	similar := []string{
		local + "＠" + domain, local + "﹫" + domain, wide(local) + "@" + domain, local + "@" + wide(domain), local + "@examplе.com", // Cyrillic е
		strings.Replace(p.Name, "s", "ſ", 1), strings.Replace(p.Name, "o", "ο", 1), strings.Replace(p.Name, "example", "exampl\u212e", 1), strings.Replace(p.Name, "e", "é", 1),
		p.Name + "\u200b", "\u202e" + p.Name, p.Name + "\x00", p.Name + "%00", p.Name + ".", p.Name + ",x@evil.example", p.Name + "\r\nx: y", "x <" + p.Name + ">", strings.Replace(p.Name, "@", "@@", 1),
		strings.Replace(p.Name, "example.com", "exa\u00admple.com", 1), strings.Replace(p.Name, ".", "。", 1),
	}
	for _, x := range similar {
		if x == p.Name {
			t.Fatalf("%q is the name itself", x)
		}
		r.Clock.Advance(time.Hour + time.Minute)
		b := r.Browser()
		if page := b.Post("/login", "login", x, "password", p.Password); b.Cookie("pending") != "" || page.Status == http.StatusSeeOther {
			t.Errorf("%q logs in as %s", x, p.Name)
		}
		if link, out, err := r.Service().PrintLink(context.Background(), nidan.TicketReset, x, "test"); err != nil || out.Passed() {
			t.Errorf("a reset link for %q: %s %v %v", x, out.Reason, link, err)
		}
		// Nor can an account be made that looks like another one in ASCII.
		if link, out, err := r.Service().PrintLink(context.Background(), nidan.TicketInvite, x, "test"); err != nil || out.Passed() && strings.Contains(x, "example.com") {
			t.Errorf("an invitation for %q: %s %v %v", x, out.Reason, link, err)
		}
	}
	// The letters that upper and lower case turn into one another elsewhere.
	owner, word := "kiss.it@example.com", r.Secret("a password", "violet kettle under ice")
	if page := r.Browser().Post(r.Link(nidan.TicketInvite, owner), "password", word); page.Location != "/login?account" {
		t.Fatalf("invitation: %d %s", page.Status, page.Text())
	}
	for written, in := range map[string]bool{
		"KISS.IT@EXAMPLE.COM": true, "kıss.ıt@example.com": false, "KİSS.İT@EXAMPLE.COM": false, "kiſſ.it@example.com": false, "\u212aiss.it@example.com": false, "kiß.it@example.com": false, "kissit@example.com": false, "kiss.it+x@example.com": false,
	} {
		if page := r.Browser().Post("/login", "login", written, "password", word); (page.Location == "/security") != in {
			t.Errorf("%q logs in as %s: %v", written, owner, !in)
		}
	}
	// In passwords, what is typed in parts is what is typed in one.
	name := r.Name()
	if page := r.Browser().Post(r.Link(nidan.TicketInvite, name), "password", "caf\u00e9 violette sous glace"); page.Location != "/login?account" {
		t.Fatalf("invitation: %d %s", page.Status, page.Text())
	}
	if page := r.Browser().Post("/login", "login", name, "password", "cafe\u0301 violette sous glace"); page.Location != "/security" {
		t.Errorf("the same password from another keyboard: %d", page.Status)
	}
	if page := r.Browser().Post("/login", "login", name, "password", "cafe violette sous glace"); page.Location != "" {
		t.Errorf("another password: %d", page.Status)
	}
}

// The clock is moved: used codes live again, or waits end.
func TestR8ClockIsMoved(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	// Back by two minutes, both times alike, as after a restart on a machine
	// whose clock was wrong.
	code := p.Phone.Code()
	p.LogIn(owner)
	r.Clock.Advance(-2 * time.Minute)
	b := r.Browser()
	p.First(b)
	for _, c := range []string{code, p.Phone.Code(), p.Phone.At(r.Clock.Wall().Add(time.Minute))} {
		if p.Second(b, c); b.Cookie("session") != "" {
			t.Error("a code of before is accepted")
		}
	}
	r.Clock.Advance(3 * time.Minute)

	ready := func() (int, string) {
		page := r.Browser().Get("/readyz")
		var state struct{ Reasons []string }
		if err := json.Unmarshal([]byte(page.Body), &state); err != nil {
			t.Fatal(err)
		}
		return page.Status, strings.Join(state.Reasons, ",")
	}
	until := func(status int) {
		t.Helper()
		var got int
		var why string
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); { // one look serves for a quarter of a second
			if got, why = ready(); got == status && (why == "clock") == (status != http.StatusOK) {
				return
			}
		}
		t.Fatalf("/readyz says %d %s", got, why)
	}
	until(http.StatusOK)
	for _, leap := range []time.Duration{time.Minute, -time.Minute, 6 * time.Second, -6 * time.Second} {
		t.Run(leap.String(), func(t *testing.T) {
			r.Clock.Advance(time.Minute)
			p.LogIn(owner)
			r.Clock.Advance(time.Minute)
			pend := r.Browser()
			p.First(pend)
			fresh, f := person(t, r), r.Browser()
			fresh.LogIn(f)
			fresh.Scan(f)
			f.Post("/security/on/scan", "ticket", f.Hash("setup"), "code", fresh.Phone.Code())
			fresh.Codes = r.ReadCodes(f.Get("/security/on/codes"))
			links := map[string]string{"reset": r.Link(nidan.TicketReset, p.Name), "browser": r.Link(nidan.TicketBrowser, p.Name), "invite": r.Link(nidan.TicketInvite, r.Name())}
			versions := [2]int64{show(t, r, p).Version, show(t, r, fresh).Version}

			r.Clock.Jump(leap)
			nothing := func(when string) {
				t.Helper()
				both := []string{"password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code()}
				for name, page := range map[string]rig.Page{
					"log-in":      p.First(r.Browser()),
					"second step": p.Second(pend.Clone(), p.Phone.Code()),
					"backup code": pend.Clone().AsBearer().Post("/login/second", "way", p.Way("backup"), "code", p.Codes[9]),
					"turn off":    owner.Clone().Post("/security/off", both...),
					"reissue":     owner.Clone().Post("/security/codes", both...),
					"set-up":      f.Clone().Post("/security/on", "method", "totp", "password", fresh.Password),
					"confirm":     f.Clone().Post("/security/on/scan", "ticket", f.Hash("setup"), "code", fresh.Phone.Code()),
					"complete":    f.Clone().AsBearer().Post("/security/on/codes", "ticket", f.Hash("setup"), "saved", "yes"),
					"reset":       r.Browser().Post(links["reset"], "password", "violet kettle under ice"),
					"browser":     r.Browser().Post(links["browser"]),
					"invitation":  r.Browser().Post(links["invite"], "password", "violet kettle under ice"),
				} {
					if page.Status != http.StatusServiceUnavailable || retryAfter(page) == 0 || len(page.SetNames) > 0 {
						t.Errorf("%s, %s: status %d to %q", when, name, page.Status, page.Location)
					}
				}
				if now := [2]int64{show(t, r, p).Version, show(t, r, fresh).Version}; now != versions {
					t.Errorf("%s: the accounts went from %v to %v", when, versions, now)
				}
			}
			nothing("after the leap")
			until(http.StatusServiceUnavailable)
			r.Clock.Jump(-leap)
			nothing("after it was taken back, unconfirmed")
			r.Clock.Jump(leap)
			until(http.StatusServiceUnavailable)
			// To end something is always possible.
			if page := owner.Post("/logout"); page.Location != "/login" || loggedIn(owner) {
				t.Errorf("log-out: %d", page.Status)
			}

			operator(t, r.Data, "doctor", "--clock-ok", "--reason", "compared with another clock")
			if _, err := r.Service().CheckClock(context.Background()); err != nil {
				t.Fatal(err)
			}
			until(http.StatusOK)
			r.Clock.Advance(2 * time.Minute)
			p.LogIn(owner)
		})
	}
	// Both times together, as while a machine sleeps, are no leap.
	r.Clock.Advance(30 * time.Hour)
	until(http.StatusOK)
	p.LogIn(r.Browser())
}

// The clock is moved back, and with it a stolen session becomes fresh: whoever
// has it ends all others and stays behind alone. While the time is in doubt
// nothing is fresh.
func TestR8FreshByAMovedClock(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	for _, leap := range []time.Duration{-time.Hour, -6 * time.Second, time.Minute} {
		p, owner := protected(t, r)
		r.Clock.Advance(40 * time.Minute)
		thief := owner.Clone()
		r.Clock.Jump(leap)
		if !r.Service().Suspended() {
			t.Fatal("nothing is in doubt")
		}
		page := thief.Post("/security/sessions/end-all")
		if len(page.SetNames) > 0 || loggedIn(thief) || loggedIn(owner) {
			t.Errorf("by %v: it goes on: %d to %q, sets %v", leap, page.Status, page.Location, page.SetNames)
		}
		if n := sessionRows(t, r, p); n != 0 {
			t.Errorf("by %v: %d sessions are left", leap, n)
		}
		operator(t, r.Data, "doctor", "--clock-ok", "--reason", "test")
		if suspended, err := r.Service().CheckClock(context.Background()); err != nil || suspended {
			t.Fatalf("confirmed, and still %v %v", suspended, err)
		}
	}
}

// The field for the code keeps out what people do to enter it.
func TestR11CodeField(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, owner := protected(t, r)
	pend := r.Browser()
	p.First(pend)
	fresh, f := person(t, r), r.Browser()
	fresh.LogIn(f)
	scan := fresh.Scan(f)
	tags := regexp.MustCompile(`<[a-zA-Z][^>]*>`)
	for name, c := range map[string]struct {
		page rig.Page
		app  bool
	}{
		"second step":          {pend.Get("/login/second"), true},
		"second step, codes":   {pend.Get("/login/second?way=" + p.Way("backup")), false},
		"second step, refused": {p.Second(pend, p.Phone.Wrong()), true},
		"set-up":               {scan, true},
		"turn off":             {owner.Get("/security/off"), true},
		"reissue":              {owner.Get("/security/codes"), true},
	} {
		fields := 0
		for _, tag := range tags.FindAllString(c.page.Body, -1) {
			for _, bad := range []string{" onpaste", " oncopy", " oninput", " onkey", " maxlength", " pattern", " ondrop", "autocomplete=\"off\" name=\"password\""} {
				if strings.Contains(strings.ToLower(tag), bad) {
					t.Errorf("%s: %s", name, tag)
				}
			}
			if !strings.HasPrefix(tag, "<input") || !strings.Contains(tag, `name="code"`) {
				continue
			}
			fields++
			if c.app && (!strings.Contains(tag, `autocomplete="one-time-code"`) || !strings.Contains(tag, `inputmode="numeric"`)) {
				t.Errorf("%s: %s", name, tag)
			}
			if !strings.Contains(tag, `type="text"`) || !strings.Contains(tag, `id="code"`) || !strings.Contains(c.page.Body, `<label for="code">`) {
				t.Errorf("%s: the field has no label, or hides what is typed: %s", name, tag)
			}
		}
		if fields != 1 || strings.Contains(strings.ToLower(c.page.Body), "captcha") {
			t.Errorf("%s: %d fields for one code", name, fields)
		}
	}
	// Pasted with a space, and without any script.
	code := p.Phone.Code()
	if p.Second(pend, code[:3]+" "+code[3:]); pend.Cookie("session") == "" {
		t.Error("a code with a space does not log in")
	}
	// The password's field takes what a password manager pastes, too.
	if page := r.Browser().Get("/login"); !strings.Contains(page.Body, `autocomplete="current-password"`) || !strings.Contains(page.Body, `autocomplete="username"`) {
		t.Error("a password manager does not know the fields of the log-in")
	}
}
