package recipes

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// A proxy is the recipe of docs/recipes/nginx.md or caddy.md: a real one in front
// of an application that shows what it is sent.
type proxy struct {
	*recipe
	guarded string       // host and port of the application, as browsers name it
	mine    net.Listener // keeps that port until the proxy starts
	file    string       // the proxy's configuration
	page    string       // the one that is followed
	line    string       // the command that starts it
	end     func()       // ends it

	tab   *chrome.Tab // the person's
	app   chrome.App
	sheet []string // backup codes that are left
}

func TestNginx(t *testing.T) {
	guarded(t, "docs/recipes/nginx.md", "examples/nginx/nginx.conf", "nginx-data")
}

func TestCaddy(t *testing.T) {
	guarded(t, "docs/recipes/caddy.md", "examples/caddy/Caddyfile", "caddy-data")
}

func guarded(t *testing.T, page, example, data string) {
	p := &proxy{recipe: newRecipe(t, example), page: filepath.Join(rig.Source(), page)}
	p.mine = reserve(t)
	p.guarded = "localhost:" + port(p.mine.Addr().String())
	p.others, p.data, p.proxies = []string{"8090", port(p.guarded)}, data, p.startProxy
	if err := os.Remove(filepath.Join(p.dir, "examples")); err != nil {
		t.Fatal(err)
	}
	p.file = filepath.Join(p.dir, example)
	p.steps = map[string]func(){"log in": p.logIn, "turn it on": p.turnOn, "log in with the code": p.logInWithCode}
	p.follow(page)
	p.back()
	p.everywhere()
	p.silence()
}

// startProxy starts it, on the example's configuration but for the ports.
func (p *proxy) startProxy(line string) {
	p.t.Helper()
	p.line = line
	p.mine.Close()
	p.startOn(p.here(p.example))
	p.t.Cleanup(func() { p.end() })
}

// startOn starts it on a configuration, and waits until it listens.
func (p *proxy) startOn(config string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.file, []byte(config), 0o644); err != nil {
		p.t.Fatal(err)
	}
	cmd := p.command(context.WithoutCancel(p.t.Context()), "exec "+p.line)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.end = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // it says that it was told to
		if p.t.Failed() {
			p.t.Logf("the proxy says:\n%s", log.String())
		}
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+port(p.guarded))
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			p.end()
			p.t.Fatalf("%s does not listen: %v\n%s", p.line, err, log.String())
		}
	}
}

// visitor is somebody with cookies, led from host to host as a browser is.
type visitor struct {
	p *proxy
	*http.Client
	trail []string // where it was led
}

func (p *proxy) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	v := &visitor{p: p}
	v.Client = &http.Client{Jar: secureOnLoopback{jar}, CheckRedirect: func(req *http.Request, _ []*http.Request) error {
		if v.trail = append(v.trail, req.URL.Host+req.URL.Path); len(v.trail) > 10 {
			return fmt.Errorf("led in a circle: %v", v.trail)
		}
		return nil
	}}
	return v
}

// secureOnLoopback gives Secure cookies to http on this machine, as browsers do.
type secureOnLoopback struct{ *cookiejar.Jar }

func (j secureOnLoopback) https(u *url.URL) *url.URL {
	c := *u
	c.Scheme = "https"
	return &c
}

// SetCookies implements [http.CookieJar].
func (j secureOnLoopback) SetCookies(u *url.URL, c []*http.Cookie) { j.Jar.SetCookies(j.https(u), c) }

// Cookies implements [http.CookieJar].
func (j secureOnLoopback) Cookies(u *url.URL) []*http.Cookie { return j.Jar.Cookies(j.https(u)) }

// seen is what the application was sent, or the page that came instead.
type seen struct {
	status  int
	at      string // where the visitor ended
	Path    string
	Headers map[string]string
	body    string
	header  http.Header // of the answer
}

func (v *visitor) do(method, address string, form url.Values, headers ...string) seen {
	v.p.t.Helper()
	v.trail = nil
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		v.p.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", req.URL.Scheme+"://"+req.URL.Host)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header[headers[i]] = append(req.Header[headers[i]], headers[i+1])
	}
	resp, err := v.Do(req)
	if err != nil {
		v.p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.p.t.Fatal(err)
	}
	s := seen{status: resp.StatusCode, at: resp.Request.URL.String(), body: string(b), header: resp.Header}
	_ = json.Unmarshal(b, &s) // a page of Nidan's is none
	return s
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// form is what a page's hidden fields hold, with more.
func (s seen) form(more ...string) url.Values {
	f := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(s.body, -1) {
		f.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

const theo = "correct horse battery staple"

// wanted is the page that the recipe opens, as browsers of this test are told it.
func (p *proxy) wanted() string { return "/" + p.guarded + "/orders?page=2" }

// toLogIn opens the guarded page and gives the password.
func (p *proxy) toLogIn() {
	p.t.Helper()
	p.tab.Go(p.wanted())
	p.tab.Expect("Log in", "To go on to "+p.guarded)
	p.tab.Fill("E-mail address", mina)
	p.tab.Fill("Password", theo)
	p.tab.Press("Log in")
}

// shown demands that the browser is at the guarded page, which says what the
// log-in was worth.
func (p *proxy) shown(acr string) {
	p.t.Helper()
	p.tab.Sees(`"path": "/orders?page=2"`, `"nidan-name": "`+mina+`"`, `"nidan-account": "`, `"nidan-acr": "`+acr+`"`)
	p.tab.SeesNot(ours)
}

// logIn is what the page says under 1 to 3, and then everybody else's part.
func (p *proxy) logIn() {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "bin", "invitation"))
	if err != nil {
		p.t.Fatal(err)
	}
	link, _, _ := strings.Cut(string(text), "\n")
	p.tab = chrome.Open(p.nidan.Rig)
	opens(p.tab, link)
	p.tab.Expect("Choose a password")
	p.tab.Fill("New password", theo)
	p.tab.Press("Create the account")
	p.tab.Expect("Log in", "Your account is ready.")
	p.toLogIn()
	p.shown("1")

	v := p.visitor()
	page := p.byPassword(v)
	p.toldRight(page)
	p.keptNowhere(page)
	p.cookies(v)
	p.connection(v)
	p.tunnels(v)
	p.nobodyElse(v, "http://"+p.guarded)
	p.amongOthers(v)
}

// turnOn is what it says under 4, before the command.
func (p *proxy) turnOn() {
	p.t.Helper()
	p.tab.Go("/" + p.at + "/security")
	p.tab.Press("Turn on")
	p.tab.Expect("Choose a method")
	p.tab.Press("Get started")
	p.tab.Expect("Scan the QR code")
	p.tab.Top()
	p.app = p.tab.Scan()
	// The code before the present one is still good, and leaves that one for the
	// log-in: nobody has to wait.
	p.tab.Fill("6-digit code", p.app.At(time.Now().Add(-30*time.Second)))
	p.tab.Press("Continue")
	p.tab.Expect("Save your backup codes")
	p.sheet = p.tab.List("codes")
	for _, code := range p.sheet {
		p.nidan.Secret("a backup code", code)
	}
	p.tab.Tick("I have saved them in a safe place")
	p.tab.Press("Complete")
	p.tab.Expect("The set-up is complete")
}

// logInWithCode is what it says under 5.
func (p *proxy) logInWithCode() {
	p.t.Helper()
	p.tab.PressIn("Account", "Log out")
	p.tab.Expect("Log in")
	p.toLogIn()
	p.tab.Expect("Enter the code from your app")
	p.tab.Fill("6-digit code", p.app.At(time.Now()))
	p.tab.Press("Continue")
	p.shown("aal2")
}

// back: what was open is kept nowhere but, for some minutes, in the memory of a
// Chromium; loaded again it is the log-in.
func (p *proxy) back() {
	p.t.Helper()
	p.tab.Go("/" + p.at + "/security")
	p.tab.PressIn("Account", "Log out")
	p.tab.Expect("Log in")
	p.tab.Back()
	p.tab.Expect("Log in")
	p.tab.Back() // over the settings to the guarded page
	p.tab.Reload()
	p.tab.Expect("Log in", "To go on to "+p.guarded)
}

// everywhere: “Log out everywhere” holds at the next request, in the browser
// that pressed it too unless its log-in is fresh.
func (p *proxy) everywhere() {
	p.t.Helper()
	v := p.visitor()
	p.byCode(v)
	w := p.visitor()
	p.byCode(w)
	settings := "http://" + p.at + "/security/browsers"
	page := v.do("GET", settings, nil)
	if page = v.do("POST", "http://"+p.at+"/security/sessions/end-all", page.form()); page.status != 200 {
		p.t.Fatalf("log out everywhere: %d at %s", page.status, page.at)
	}
	for x, in := range map[*visitor]bool{v: true, w: false} {
		if s := x.do("GET", "http://"+p.guarded+"/orders", nil); (s.Headers != nil) != in {
			p.t.Errorf("after log out everywhere: %d at %s", s.status, s.at)
		}
	}
	if out, errs, code := p.nidanSays("account", "log-out", mina, "--reason", "test"); code != 0 {
		p.t.Fatal(out, errs)
	}
	if s := v.do("GET", "http://"+p.guarded+"/orders", nil); s.Headers != nil || !strings.HasSuffix(s.at, "/login") {
		p.t.Errorf("after the command: %d at %s", s.status, s.at)
	}
}

// byCode logs in with the password and the next backup code.
func (p *proxy) byCode(v *visitor) {
	p.t.Helper()
	page := v.do("GET", "http://"+p.guarded+"/", nil)
	page = v.do("POST", page.at, page.form("login", mina, "password", theo))
	way := regexp.MustCompile(`/login/second\?way=[a-z2-7]+`).FindString(page.body)
	page = v.do("GET", "http://"+p.at+way, nil)
	v.do("POST", "http://"+p.at+"/login/second", page.form("code", p.sheet[0]))
	p.sheet = p.sheet[1:]
	page = v.do("GET", "http://"+p.guarded+"/", nil) // it was asked whether it wants a new one
	if page.at != "http://"+p.guarded+"/" || page.Headers["nidan-acr"] != "aal2" {
		p.t.Fatalf("after the backup code one is led by %v to %s: %d %.400s", v.trail, page.at, page.status, page.body)
	}
}

// byPassword is led to the log-in and from there to what was wanted.
func (p *proxy) byPassword(v *visitor) seen {
	p.t.Helper()
	app := "http://" + p.guarded
	page := v.do("GET", app+"/orders?page=2", nil)
	if page.status != 200 || !strings.HasSuffix(page.at, p.at+"/login") || !strings.Contains(page.body, p.guarded) {
		p.t.Fatalf("without a log-in one is led by %v to %s: %s", v.trail, page.at, rig.Page{Body: page.body}.Text())
	}
	page = v.do("POST", page.at, page.form("login", mina, "password", theo))
	if page.status != 200 || page.at != app+"/orders?page=2" || page.Path != "/orders?page=2" {
		p.t.Fatalf("after the log-in one is led by %v to %s: %d %.400s", v.trail, page.at, page.status, page.body)
	}
	return page
}

// keptNowhere: no browser shows it again after the log-out, and no cache in
// between has it.
func (p *proxy) keptNowhere(s seen) {
	p.t.Helper()
	if c := s.header["Cache-Control"]; len(c) != 1 || c[0] != "no-store" {
		p.t.Errorf("%s may be kept: %q", s.Path, c)
	}
}

// silence: without Nidan nobody gets in, whoever has a pass neither.
func (p *proxy) silence() {
	p.t.Helper()
	v := p.visitor()
	p.byCode(v)
	p.stop()
	ln, err := net.Listen("tcp", "127.0.0.1:"+port(p.shop))
	if err != nil {
		p.t.Fatal(err)
	}
	app := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"path": "its own answer"}`)
	})}
	go app.Serve(ln)
	defer app.Close()
	s := v.do("GET", "http://"+p.guarded+"/", nil)
	if p.keptNowhere(s); s.status != http.StatusInternalServerError || s.Path != "its own answer" {
		p.t.Errorf("an application that fails says %d %.200s", s.status, s.body)
	}
	p.nidan.Kill()
	for _, path := range []string{"/", "/_nidan/done"} {
		if s := v.do("GET", "http://"+p.guarded+path, nil); s.status != http.StatusServiceUnavailable || s.Path != "" || !strings.HasPrefix(s.body, "This cannot be reached just now.") {
			p.t.Errorf("without Nidan %s says %d %.200s", path, s.status, s.body)
		}
	}
}

// toldRight checks what the application is told.
func (p *proxy) toldRight(s seen) {
	p.t.Helper()
	if s.Headers["nidan-name"] != mina || s.Headers["nidan-acr"] != "1" || len(s.Headers["nidan-account"]) != 26 || strings.Count(s.Headers["nidan-assertion"], ".") != 2 {
		p.t.Errorf("the application is told %v", s.Headers)
	}
	if s.Headers["host"] != p.guarded || s.Headers["x-forwarded-host"] != p.guarded || s.Headers["x-forwarded-proto"] != "http" || s.Headers["x-forwarded-for"] != "127.0.0.1" {
		p.t.Errorf("of how it was asked the application is told %v", s.Headers)
	}
	if c := s.Headers["cookie"]; strings.Contains(c, "nidan") {
		p.t.Errorf("the application sees the cookies %q", c)
	}
}

// nobodyElse attacks what stands (SECURITY O5).
func (p *proxy) nobodyElse(v *visitor, app string) {
	p.t.Helper()
	forged := []string{"Nidan-Account", "me", "Nidan-Name", "admin@example.com", "nidan-name", "admin@example.com", "Nidan_Name", "admin@example.com", "NIDAN-ACR", "aal2", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "ftp", "X-Forwarded-Uri", "/", "X-Original-Url", "/public"}
	// With a pass: what came along is replaced.
	s := v.do("GET", app+"/again", nil, append(forged, "Cookie", "mine=1; __Host-nidan_away=x; also=2")...)
	if s.Path != "/again" {
		p.t.Fatalf("with forged headers beside the pass: %d at %s %.300s", s.status, s.at, s.body)
	}
	p.toldRight(s)
	if text := fmt.Sprint(s.Headers); strings.Contains(text, "admin@example.com") {
		p.t.Errorf("the application is told %s", text)
	}
	if c := s.Headers["cookie"]; !strings.Contains(c, "mine=1") || !strings.Contains(c, "also=2") {
		p.t.Errorf("of its own cookies the application sees %q", c)
	}
	// Without one: however it is asked, the application is not reached.
	for _, path := range []string{"/", "/orders", "//orders", "/_nidan/../orders", "/_nidan/check", "/_nidan/start", "/orders%2f..;/", "/./", "/%5fnidan/done/../../orders", "/_nidan/done", "/_nidan/doneX", "/forward-auth", "/_nidan/check/../orders"} {
		for _, method := range []string{"GET", "POST", "HEAD", "OPTIONS", "DELETE"} {
			stranger := p.visitor()
			stranger.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			got := stranger.do(method, app+path, nil, append(forged, "Cookie", "__Host-nidan_host=nq_garbage; __Host-nidan_host=nq_x")...)
			if got.Headers != nil || got.status == 200 {
				p.t.Errorf("%s %s reaches the application: %d %.200s", method, path, got.status, got.body)
			}
		}
	}
	p.atHomeOnly()
	p.otherHosts(v)
	// A pass is no log-in at Nidan, and none at another host.
	host, _ := url.Parse("https://" + p.guarded)
	for _, c := range v.Jar.(secureOnLoopback).Jar.Cookies(host) {
		if strings.HasPrefix(c.Name, "__Host-nidan_session") {
			p.t.Errorf("the host has %s", c.Name)
		}
	}
}

func (p *proxy) nidanSays(words ...string) (stdout, stderr string, code int) {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, "'"+w+"'")
	}
	cmd := p.command(p.t.Context(), "bin/nidan "+strings.Join(quoted, " ")+" --data bin/"+p.data)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // its code tells
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
