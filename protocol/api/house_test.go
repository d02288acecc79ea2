package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
	"github.com/nidan-auth/nidan/password"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
)

const (
	back        = "https://shop.example/back"
	ourName     = "theo@example.com"
	ourPassword = "correct horse battery staple"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A house is the door over a real Service, with a database, keys and a clock
// that the test turns; a shop with an account, and a bank beside it.
type house struct {
	*testing.T
	svc   *nidan.Service
	api   *API
	db    *store.SQLite
	since time.Duration
	key   string // of the shop, with every scope
	bank  string

	described description
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
		salt := h.Salt
		if salt == nil {
			salt = []byte(rand.Text())
		}
		prefix = fmt.Sprintf("$quick$%x$", salt)
	}
	sum := sha256.Sum256([]byte(prefix + h.Input.Reveal()))
	return nidan.Hashed{Of: h, Hash: prefix + base64.RawStdEncoding.EncodeToString(sum[:])}, nil
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h, dir := &house{T: t}, t.TempDir()
	var err error
	if h.db, err = store.CreateSQLite(t.Context(), filepath.Join(dir, "nidan.db"), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.db.Close(); err != nil {
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
	h.svc, err = nidan.New(nidan.Config{
		Store: h.db, Archive: h.db, Sealer: keys, FirstStep: quick{first}, Clock: h, Random: rand.Reader,
		Methods: []nidan.Method{totp.New(), mailcode.New(), backup.New()}, Mails: true, Issuer: "Example",
	})
	if err != nil {
		t.Fatal(err)
	}
	public, _ := url.Parse("https://id.example")
	h.api, err = New(Config{
		Service: h.svc, Public: public,
		Address: func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Network: func(a netip.Addr) string { return a.String() }, Family: func(s string) string { return s },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []nidan.Party{{ID: "shop", Name: "Example Shop", Returns: []string{back}}, {ID: "bank", Name: "Example Bank", Returns: []string{back}}} {
		if out, err := h.svc.PutParty(t.Context(), p, "test"); err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
	}
	h.key, h.bank = h.newKey("shop", nidan.Scopes()...), h.newKey("bank", nidan.Scopes()...)
	link, _, err := h.svc.PrintLink(t.Context(), nidan.TicketInvite, ourName, "test")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := h.svc.AcceptInvite(t.Context(), link.Ticket, nidan.NewSecret(ourPassword), "", nidan.From{}); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	return h
}

// count is how often an event stands in an account's list.
func (h *house) count(id, event string) (n int) {
	h.Helper()
	var list []struct{ Event string }
	if err := json.Unmarshal([]byte(h.do(200, "GET", "/accounts/"+id+"/events", nil).text), &list); err != nil {
		h.Fatal(err)
	}
	for _, e := range list {
		if e.Event == event {
			n++
		}
	}
	return n
}

func (h *house) newKey(party string, scopes ...nidan.Scope) string {
	h.Helper()
	key, _, out, err := h.svc.CreateKey(h.Context(), party, scopes, nil, 90*24*time.Hour, "test")
	if err != nil || !out.Passed() {
		h.Fatal(out.Reason, err)
	}
	return key.Reveal()
}

// reply is an answer, with what can be asked of it.
type reply struct {
	status int
	text   string
	fields map[string]any
}

func (r reply) reason() string { s, _ := r.fields["reason"].(string); return s }
func (r reply) str(name string) string {
	s, _ := r.fields[name].(string)
	return s
}

// obj is a JSON object as a test writes it.
type obj = map[string]any

// call makes a request with a key. headers are name and value in turn.
func (h *house) call(key, method, path string, in any, headers ...string) reply {
	h.Helper()
	var b []byte
	switch in := in.(type) {
	case nil:
	case []byte:
		b = in
	default:
		b, _ = json.Marshal(in)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(b))
	r.RemoteAddr = "192.0.2.7:4711"
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	out := reply{status: w.Code, text: w.Body.String()}
	_ = json.Unmarshal(w.Body.Bytes(), &out.fields)
	if out.status >= 400 {
		if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
			h.Errorf("%s %s: a problem of type %q: %s", method, path, ct, out.text)
		}
		if _, ok := meanings[nidan.Reason(out.reason())]; !ok {
			h.Errorf("%s %s: %q is not in the closed list", method, path, out.reason())
		}
	}
	return out
}

// do is call with the shop's key, and an answer that has to come.
func (h *house) do(status int, method, path string, in any, headers ...string) reply {
	h.Helper()
	r := h.call(h.key, method, Prefix+path, in, headers...)
	if r.status != status {
		h.Fatalf("%s %s answered %d, not %d: %s", method, path, r.status, status, r.text)
	}
	return r
}

// app shows what an authenticator app shows now.
func (h *house) app(key string) string {
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(key, " ", ""))
	if err != nil {
		h.Fatal(err)
	}
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], uint64(noon.Add(h.since).Unix()/30))
	mac := hmac.New(sha1.New, seed)
	mac.Write(msg[:])
	sum := mac.Sum(nil)
	o := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[o:])&0x7fffffff)%1000000)
}

// enrolled registers an account and turns it on, and returns the app's key and
// the backup codes.
func (h *house) enrolled(id string) (key string, codes []string) {
	h.Helper()
	h.do(201, "POST", "/accounts", obj{"id": id, "label": "Mina"})
	id = url.PathEscape(id)
	r := h.do(200, "POST", "/accounts/"+id+"/enrolments", obj{"first_step": obj{}, "method": "totp"})
	key = r.str("key")
	if !strings.Contains(r.str("uri"), "issuer=Example%20Shop") {
		h.Errorf("the app is told %s", r.str("uri"))
	}
	r = h.do(200, "POST", "/accounts/"+id+"/enrolments/confirm", obj{"ticket": r.str("ticket"), "code": h.app(key)})
	for _, c := range r.fields["codes"].([]any) {
		codes = append(codes, c.(string))
	}
	if r = h.do(200, "POST", "/accounts/"+id+"/enrolments/complete", obj{"ticket": r.str("ticket"), "saved": true, "browser": obj{}}); r.str("known") == "" {
		h.Errorf("the browser that turned it on is not known: %s", r.text)
	}
	h.since += time.Minute
	return key, codes
}

// mailed hands every message over, and says to whom and the newest number.
func (h *house) mailed() (to []string, code string) {
	h.Helper()
	now := h.svc.Now()
	rows, err := h.db.Lease(h.Context(), now, now.Add(time.Minute), 100)
	if err != nil {
		h.Fatal(err)
	}
	for _, row := range rows {
		n, err := h.svc.Message(h.Context(), row)
		if err != nil {
			h.Fatal(err)
		}
		if to = append(to, n.To); n.Code != "" {
			code = n.Code
		}
		if err := h.db.Sent(h.Context(), row.Account, row.ID); err != nil {
			h.Fatal(err)
		}
	}
	return to, code
}

// started begins a sign-in, and returns its token and the ways by method.
func (h *house) started(id string) (string, map[string]string) {
	h.Helper()
	r := h.do(200, "POST", "/accounts/"+id+"/sign-ins", obj{"first_step": obj{}})
	if r.reason() != "second_step" {
		h.Fatal(r.text)
	}
	ways := map[string]string{}
	for _, w := range r.fields["ways"].([]any) {
		ways[w.(obj)["method"].(string)] = w.(obj)["id"].(string)
	}
	return r.str("sign_in"), ways
}

func bind(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func has(list []any, s string) bool {
	return slices.ContainsFunc(list, func(x any) bool { return x == s })
}

// enrolledByMail registers an account whose second step is the e-mail code, and
// returns a backup code.
func (h *house) enrolledByMail(id string) (backup string) {
	h.Helper()
	h.do(201, "POST", "/accounts", obj{"id": id, "label": id, "address": id + "@example.com"})
	r := h.do(200, "POST", "/accounts/"+id+"/enrolments", obj{"first_step": obj{}, "method": "mail"})
	_, code := h.mailed()
	r = h.do(200, "POST", "/accounts/"+id+"/enrolments/confirm", obj{"ticket": r.str("ticket"), "code": code})
	backup = r.fields["codes"].([]any)[0].(string)
	h.do(200, "POST", "/accounts/"+id+"/enrolments/complete", obj{"ticket": r.str("ticket"), "saved": true})
	return backup
}
