package forwardauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/totp"
	"github.com/nidan-auth/nidan/password"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
)

const (
	app     = "app.example"
	closed  = "vault.example"
	address = "theo@example.com"
	secret  = "correct horse battery staple"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A house is the door over a real Service with one account that is logged in.
type house struct {
	testing.TB
	svc   *nidan.Service
	door  *Door
	since time.Duration
	ses   nidan.SessionToken
}

func (h *house) Now() nidan.Instant {
	return nidan.Instant{Wall: noon.Add(h.since), Elapsed: h.since}
}

// quick is the first step with a hash that costs nothing.
type quick struct{ *password.FirstStep }

// Hash implements [nidan.FirstStep].
func (quick) Hash(_ context.Context, h nidan.SlowHash) (nidan.Hashed, error) {
	prefix := h.Like[:strings.LastIndexByte(h.Like, '$')+1]
	if prefix == "" {
		prefix = fmt.Sprintf("$quick$%s$", rand.Text())
	}
	sum := sha256.Sum256([]byte(prefix + h.Input.Reveal()))
	return nidan.Hashed{Of: h, Hash: prefix + base64.RawStdEncoding.EncodeToString(sum[:])}, nil
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h, dir := &house{TB: t}, t.TempDir()
	db, err := store.CreateSQLite(t.Context(), filepath.Join(dir, "nidan.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	keys, err := vault.Create(filepath.Join(dir, "keys", "keyring.json"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := password.New(password.Options{Keys: keys, Random: rand.Reader, Brand: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	if h.svc, err = nidan.New(nidan.Config{
		Store: db, Archive: db, Sealer: keys, FirstStep: quick{first}, Clock: h, Random: rand.Reader,
		Methods: []nidan.Method{totp.New(), backup.New()}, Issuer: "Example",
	}); err != nil {
		t.Fatal(err)
	}
	public, _ := url.Parse("https://id.example")
	if h.door, err = New(Config{Service: h.svc, Public: public}); err != nil {
		t.Fatal(err)
	}
	out, err := h.svc.PutParty(t.Context(), nidan.Party{ID: "shop", Name: "Example Shop", Hosts: []nidan.Proxied{
		{Host: app, Level: nidan.LevelPassword}, {Host: closed, Level: nidan.LevelTwoStep},
	}}, "test")
	h.passed(out, err)
	link, out, err := h.svc.PrintLink(t.Context(), nidan.TicketInvite, address, "test")
	h.passed(out, err)
	out, err = h.svc.AcceptInvite(t.Context(), link.Ticket, nidan.NewSecret(secret), "", nidan.From{})
	h.passed(out, err)
	h.logIn()
	return h
}

func (h *house) passed(out nidan.Outcome, err error) {
	h.Helper()
	if err != nil || !out.Passed() {
		h.Fatal(out.Reason, err)
	}
}

func (h *house) logIn() {
	h.Helper()
	out, err := h.svc.SignIn(h.Context(), address, nidan.NewSecret(secret), nidan.From{})
	h.passed(out, err)
	h.ses, _ = nidan.ParseSession(out.Session.Token.Reveal())
}

// get asks the door. headers are name and value in turn.
func (h *house) get(path string, headers ...string) *http.Response {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.door.ServeHTTP(w, r)
	return w.Result()
}

func cookieOf(r *http.Response, name string) string {
	for _, c := range r.Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// enter walks a browser from the host to our log-in and back, and returns its
// pass.
func (h *house) enter(host, uri string) (pass string, to string) {
	h.Helper()
	r := h.get(StartPath, "X-Forwarded-Host", host, "X-Forwarded-Uri", uri)
	at, err := r.Location()
	if err != nil || r.StatusCode != 303 || at.Host != "id.example" || at.Path != "/pass" {
		h.Fatalf("sent away: %d %v %v", r.StatusCode, at, err)
	}
	out, err := h.svc.OpenPass(h.Context(), h.ses, at.Query().Get("host"), at.Query().Get("bind"))
	h.passed(out, err)
	away := cookieOf(r, awayCookie)
	back := DonePath + "?ticket=" + url.QueryEscape(out.Return.Token.Reveal())
	for name, got := range map[string]*http.Response{
		"without the cookie": h.get(back, "X-Forwarded-Host", host),
		"another cookie":     h.get(back, "X-Forwarded-Host", host, "Cookie", awayCookie+"="+away[1:]),
		"another host":       h.get(back, "X-Forwarded-Host", "else.example", "Cookie", awayCookie+"="+away),
		"two cookies":        h.get(back, "X-Forwarded-Host", host, "Cookie", awayCookie+"="+away+"; "+awayCookie+"="+away),
	} {
		if got.StatusCode != http.StatusGone || len(got.Cookies()) > 0 {
			h.Errorf("%s: %d, cookies %v", name, got.StatusCode, got.Cookies())
		}
	}
	r = h.get(back, "X-Forwarded-Host", host, "Cookie", awayCookie+"="+away)
	if r.StatusCode != 303 {
		h.Fatalf("back at the host: %d", r.StatusCode)
	}
	for _, c := range r.Cookies() {
		if !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			h.Errorf("cookie %s: %v", c.Name, c)
		}
	}
	return cookieOf(r, passCookie), r.Header.Get("Location")
}

// check asks whether a request may pass.
func (h *house) check(host, pass string, headers ...string) *http.Response {
	return h.get(CheckPath, append([]string{"X-Forwarded-Host", host, "Cookie", passCookie + "=" + pass}, headers...)...)
}

func TestPass(t *testing.T) {
	h := newHouse(t)
	pass, to := h.enter(app, "/orders?page=2&q=%20")
	if to != "/orders?page=2&q=%20" {
		t.Errorf("led to %q", to)
	}
	r := h.check(app, pass)
	if r.StatusCode != 200 || r.Header.Get("Nidan-Name") != address || r.Header.Get("Nidan-Acr") != "1" {
		t.Fatalf("%d %v", r.StatusCode, r.Header)
	}
	h.verify(r, app)

	// Whatever is wrong, the refusal is the same, and tells nothing.
	plain := h.get(CheckPath)
	for name, r := range map[string]*http.Response{
		"no pass": h.check(app, ""), "another host": h.check(closed, pass), "no host": h.get(CheckPath, "Cookie", passCookie+"="+pass),
		"a cut one": h.check(app, pass[:len(pass)-1]), "two hosts": h.check(app, pass, "X-Forwarded-Host", app), "garbage": h.check(app, "nq_garbage"),
		"the session's own cookie": h.check(app, "ns_"+strings.Repeat("a", 69)),
		"identity headers":         h.get(CheckPath, "X-Forwarded-Host", app, "Nidan-Account", "me", "Nidan-Name", address, "Nidan-Assertion", "x.y.z", "Remote-User", address),
		"two passes":               h.get(CheckPath, "X-Forwarded-Host", app, "Cookie", passCookie+"="+pass+"; "+passCookie+"="+pass),
	} {
		if r.StatusCode != 401 || fmt.Sprint(r.Header) != fmt.Sprint(plain.Header) {
			t.Errorf("%s: %d %v", name, r.StatusCode, r.Header)
		}
	}
	out, err := h.svc.OpenPass(t.Context(), h.ses, closed, strings.Repeat("A", 43))
	if err != nil || out.Reason != nidan.LevelTooLow {
		t.Errorf("a password at %s: %s, %v", closed, out.Reason, err)
	}

	// Log out everywhere holds at the next request.
	if out, err := h.svc.LogOutEverywhere(t.Context(), h.ses, nidan.From{}); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	if r := h.check(app, pass); r.StatusCode != 401 {
		t.Errorf("after log out everywhere: %d", r.StatusCode)
	}
}

// verify checks the assertion as an application would: by the published keys.
func (h *house) verify(r *http.Response, host string) {
	h.Helper()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(h.get(KeysPath).Body).Decode(&set); err != nil || len(set.Keys) != 1 || !set.Keys[0].IsPublic() {
		h.Fatalf("the keys: %v, %v", set, err)
	}
	signed, err := jose.ParseSignedCompact(r.Header.Get("Nidan-Assertion"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		h.Fatal(err)
	}
	text, err := signed.Verify(set.Key(signed.Signatures[0].Header.KeyID)[0])
	if err != nil {
		h.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(text, &claims); err != nil {
		h.Fatal(err)
	}
	now := float64(noon.Add(h.since).Unix())
	if claims["aud"] != host || claims["iss"] != "https://id.example" || claims["name"] != address || claims["sub"] != r.Header.Get("Nidan-Account") ||
		claims["exp"].(float64) != now+60 || claims["acr"] != r.Header.Get("Nidan-Acr") {
		h.Errorf("it says %s", text)
	}
}

// The pass lives as long as the session behind it, and no longer.
func TestPassEnds(t *testing.T) {
	h := newHouse(t)
	pass, _ := h.enter(app, "/")
	for range 23 {
		h.since += time.Hour - time.Minute
		if r := h.check(app, pass); r.StatusCode != 200 {
			t.Fatalf("used within the hour, and after %s: %d", h.since, r.StatusCode)
		}
		// What was seen is written along with the next commit.
		if _, out, err := h.svc.PrintLink(t.Context(), nidan.TicketReset, address, "test"); err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
	}
	h.since += 2 * time.Hour
	if r := h.check(app, pass); r.StatusCode != 401 {
		t.Errorf("after a day: %d", r.StatusCode)
	}
	h.logIn()
	pass, _ = h.enter(app, "/")
	h.since += time.Hour + time.Minute
	if r := h.check(app, pass); r.StatusCode != 401 {
		t.Errorf("after an hour idle: %d", r.StatusCode)
	}
}

// A browser is led back to a path of the host that it came from, and nowhere
// else.
func TestNoOpenRedirect(t *testing.T) {
	h := newHouse(t)
	for _, uri := range []string{
		"//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/a b", "/a\tb", "/%0d%0aSet-Cookie:x\r\n", "evil", "", "/_nidan/start", "/" + strings.Repeat("a", 2000), "/ä",
	} {
		if _, to := h.enter(app, uri); to != "/" {
			t.Errorf("%q leads to %q", uri, to)
		}
	}
	if r := h.get(StartPath, "X-Forwarded-Host", app, "X-Forwarded-Uri", "/buy", "X-Forwarded-Method", "POST"); returnTo(cookieOf(r, awayCookie)) != "/" {
		t.Error("a form that was sent is led back to")
	}
	for _, host := range []string{"", "evil.example", "APP.example", "app.example:443", "app.example.", "app.example,evil.example", "app.example\\@evil.example"} {
		if r := h.get(StartPath, "X-Forwarded-Host", host, "Host", "evil.example"); r.StatusCode != 403 || len(r.Cookies()) > 0 || r.Header.Get("Location") != "" {
			t.Errorf("%q: %d %v", host, r.StatusCode, r.Header)
		}
	}
}

// Whoever runs it finds in the log which host is not registered; the answer
// names none, and what is no host's name stands nowhere.
func TestUnregisteredHost(t *testing.T) {
	h := newHouse(t)
	var log strings.Builder
	h.door.log = slog.New(slog.NewTextHandler(&log, nil))
	for host, said := range map[string]string{
		"new.example": "host=new.example", "localhost:8090": "host=localhost:8090", "NEW.example": "host=NEW.example",
		"new.example:8090:1": "no host name", "a b": "no host name", "x\ny": "no host name", "nq_x\x1b[2J": "no host name", "new.example/secret": "no host name",
		strings.Repeat("a", 256): "no host name", "": "no host name", "ä.example": "no host name", "a@new.example": "no host name",
	} {
		log.Reset()
		r := h.get(StartPath, "X-Forwarded-Host", host)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if line := log.String(); r.StatusCode != 403 || !strings.Contains(line, "not registered") || !strings.Contains(line, said) || strings.Count(line, "\n") != 1 {
			t.Errorf("%q: %d, and the log says %q", host, r.StatusCode, line)
		}
		if host != "" && (strings.Contains(string(body), host) || said == "no host name" && strings.Contains(log.String(), host)) {
			t.Errorf("%q is repeated", host)
		}
	}
	log.Reset()
	if h.enter(app, "/"); log.Len() > 0 {
		t.Errorf("of a host that is registered the log says %q", log.String())
	}
}

// Nothing that a request holds is an identity but a pass.
func FuzzCheck(f *testing.F) {
	h := newHouse(f)
	pass, _ := h.enter(app, "/")
	f.Add(app, passCookie+"="+pass[:len(pass)-1], "Nidan-Name", address)
	f.Add(closed, passCookie+"="+pass, "X-Forwarded-Host", app)
	f.Add(app, awayCookie+"="+pass, "Authorization", "Bearer "+pass)
	f.Add("", "", "Cookie", passCookie+"=nq_aaaaaaaaaaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, host, cookies, name, value string) {
		if strings.Contains(cookies+value, pass) && (host == app || value == app) {
			return // it is the pass
		}
		r := httptest.NewRequest("GET", CheckPath, nil)
		r.Header["X-Forwarded-Host"] = []string{host}
		r.Header["Cookie"] = []string{cookies}
		r.Header[http.CanonicalHeaderKey(name)] = append(r.Header[http.CanonicalHeaderKey(name)], value)
		w := httptest.NewRecorder()
		h.door.ServeHTTP(w, r)
		if w.Code != 401 || w.Header().Get("Nidan-Account") != "" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	})
}
