package api

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// Whoever calls with a key that is not taken is told nothing of why; the operator's
// log has the cause, and the key where it is one of ours.
func TestRefusedKeys(t *testing.T) {
	h := newHouse(t)
	var log bytes.Buffer
	h.api.log = slog.New(slog.NewTextHandler(&log, nil))
	made := func(life time.Duration, networks ...netip.Prefix) (key, id string) {
		t.Helper()
		secret, view, out, err := h.svc.CreateKey(t.Context(), "shop", nidan.Scopes(), networks, life, "test")
		if err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
		return secret.Reveal(), view.ID
	}
	const day = 24 * time.Hour
	short, shortID := made(day)
	bound, boundID := made(2*day, netip.MustParsePrefix("10.0.0.0/8"))
	revoked, revokedID := made(2 * day)
	if out, err := h.svc.RevokeKey(t.Context(), revokedID, "test"); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	h.since += day
	first := ""
	for _, x := range []struct{ key, id, level, cause string }{
		{"swordfish", "", "INFO", "it is no key"},
		{"", "", "INFO", ""},
		{revoked, "", "INFO", "it is unknown, or was revoked"},
		{strings.Repeat("x", 4) + short[4:], "", "INFO", "it is no key"},
		{short[:len(short)-10] + flipped(short[len(short)-10]) + short[len(short)-9:], "", "INFO", "it is unknown, or was revoked"},
		{short, shortID, "WARN", "it has run out"},
		{bound, boundID, "WARN", "it may not be used from 192.0.2.7"},
	} {
		log.Reset()
		r := h.call(x.key, "POST", Prefix+"/sessions/check", obj{"session": "x"})
		if first == "" {
			first = r.text
		}
		if r.status != 401 || r.text != first {
			t.Errorf("%s: %d %s", x.cause, r.status, r.text)
		}
		line := log.String()
		if x.cause == "" && line == "" {
			continue // there was no key at all
		}
		if !strings.Contains(line, "level="+x.level) || !strings.Contains(line, "key="+x.id) || !strings.Contains(line, x.cause) || !strings.Contains(line, "operation=check-session") {
			t.Errorf("%s: the log says %s", x.cause, line)
		}
		if strings.Contains(line, "swordfish") || x.key != "" && strings.Contains(line, x.key) {
			t.Errorf("%s: the log has the key: %s", x.cause, line)
		}
	}
}

// flipped is another character.
func flipped(c byte) string {
	if c == 'a' {
		return "b"
	}
	return "a"
}

// A scope that is missing is named.
func TestMissingScope(t *testing.T) {
	h := newHouse(t)
	reader := h.newKey("shop", nidan.ScopeRead)
	for path, want := range map[string]string{"/sessions/check": "sign-in", "/accounts": "admin"} {
		if r := h.call(reader, "POST", Prefix+path, obj{}); r.reason() != "scope_missing" || r.str("scope") != want {
			t.Errorf("%s: %s", path, r.text)
		}
	}
}

// Who sends an idempotency key where none is kept is told so, and nothing is done:
// they would believe that nothing is done twice. What may be done twice takes it.
func TestIdempotencyKeyWhereNoneIsKept(t *testing.T) {
	h := newHouse(t)
	h.do(201, "POST", "/accounts", obj{"id": "mina", "label": "Mina"})
	var described description
	if err := json.Unmarshal(h.api.Description(), &described); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, op := range h.api.operations {
		path := strings.NewReplacer("{id}", "mina", "{way}", "x").Replace(op.Path)
		r := h.call(h.key, op.Method, Prefix+path, obj{}, idempotencyKey, "one")
		is := r.reason() == "request_invalid" && strings.Contains(r.text, "header.Idempotency-Key")
		parameters, err := json.Marshal(described.Paths[Prefix+op.Path][strings.ToLower(op.Method)]["parameters"])
		if err != nil {
			t.Fatal(err)
		}
		if want := op.Method == "POST" && !strings.Contains(string(parameters), idempotencyKey); is != want {
			t.Errorf("%s: refused %v: %s", op.ID, is, r.text)
		}
		if is {
			refused++
		}
	}
	if refused == 0 || refused == len(h.api.operations) {
		t.Errorf("%d of %d operations refuse it", refused, len(h.api.operations))
	}
}
