package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// description is as much of the OpenAPI text as the walks need.
type description struct {
	Paths      map[string]map[string]map[string]any
	Components struct{ Schemas map[string]map[string]any }
}

// body makes a request body of an operation from its description: every field,
// with what fill gives for its name and type.
func (h *house) body(op Operation, fill func(name string, schema map[string]any) any) any {
	if h.described.Paths == nil {
		if err := json.Unmarshal(h.api.Description(), &h.described); err != nil {
			h.Fatal(err)
		}
	}
	description := h.described
	body, ok := description.Paths[Prefix+op.Path][strings.ToLower(op.Method)]["requestBody"].(map[string]any)
	if !ok {
		return nil
	}
	schema := body["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
	var make func(name string, schema map[string]any) any
	make = func(name string, schema map[string]any) any {
		if ref, ok := schema["$ref"].(string); ok {
			schema = description.Components.Schemas[ref[strings.LastIndexByte(ref, '/')+1:]]
		}
		fields, ok := schema["properties"].(map[string]any)
		if !ok {
			return fill(name, schema)
		}
		o := obj{}
		for name, s := range fields {
			o[name] = make(name, s.(map[string]any))
		}
		return o
	}
	return make("", schema)
}

// right is what a request would hold that is well-formed, and of nobody.
func right(name string, schema map[string]any) any {
	if list, ok := schema["enum"].([]any); ok {
		return list[0]
	}
	switch name {
	case "$schema":
		return "https://id.example/x"
	case "password_changed_at":
		return noon
	case "bind":
		return bind("value")
	case "address":
		return "198.51.100.9"
	}
	switch schema["type"] {
	case "boolean":
		return true
	case "integer", "number":
		return 1
	}
	return "x"
}

// at is where an operation is called, for an account and a way.
func at(op Operation, id, way string) string {
	return Prefix + strings.NewReplacer("{id}", id, "{way}", way).Replace(op.Path)
}

// The bypass table: each operation takes exactly the scopes that it declares,
// and no other thing that somebody may hold opens any of them.
func TestBypass(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	pending, _ := h.started("mina")
	session := h.do(200, "POST", "/sign-ins", obj{"address": ourName, "password": ourPassword, "browser": obj{"address": "198.51.100.1"}}).str("session")
	expired := func() string {
		key, _, _, err := h.svc.CreateKey(t.Context(), "shop", nidan.Scopes(), nil, time.Minute, "test")
		if err != nil {
			t.Fatal(err)
		}
		return key.Reveal()
	}()
	revoked, view, _, err := h.svc.CreateKey(t.Context(), "shop", nidan.Scopes(), nil, time.Hour, "test")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := h.svc.RevokeKey(t.Context(), view.ID, "test"); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	elsewhere, _, _, err := h.svc.CreateKey(t.Context(), "shop", nidan.Scopes(), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, time.Hour, "test")
	if err != nil {
		t.Fatal(err)
	}
	h.since += 2 * time.Minute
	flipped := func(s string, i int) string {
		c := byte('A')
		if s[i] == c {
			c = 'B'
		}
		return s[:i] + string(c) + s[i+1:]
	}
	bearers := map[string]string{
		"nothing": "", "garbage": "nk_garbage", "a pending sign-in": pending, "a session": session, "a ticket": "nt_" + strings.Repeat("a", 70),
		"a run out key": expired, "a revoked key": revoked.Reveal(), "a key from another network": elsewhere.Reveal(),
		"a truncated key": h.key[:len(h.key)-1], "a longer key": h.key + "A", "another secret": flipped(h.key, 40), "another id": flipped(h.key, 5), "another case": strings.ToUpper(h.key),
	}
	calls := 0
	for _, op := range h.api.Operations() {
		in := h.body(op, right)
		if len(op.Scopes) == 0 {
			t.Errorf("%s declares nothing", op.ID)
		}
		for name, bearer := range bearers {
			calls++
			if r := h.call(bearer, op.Method, at(op, "mina", "x"), in); r.status != 401 || r.reason() != string(KeyRefused) {
				t.Errorf("%s with %s: %d %s", op.ID, name, r.status, r.text)
			}
		}
		// Every set of scopes that lacks one of those declared.
		for _, lacking := range op.Scopes {
			others := slices.DeleteFunc(nidan.Scopes(), func(s nidan.Scope) bool { return s == lacking })
			calls++
			if r := h.call(h.newKey("shop", others...), op.Method, at(op, "mina", "x"), in); r.status != 403 || r.reason() != "scope_missing" {
				t.Errorf("%s without %s: %d %s", op.ID, lacking, r.status, r.text)
			}
		}
		// Another product's key reaches none of this one's accounts.
		if strings.Contains(op.Path, "{id}") {
			calls++
			if r := h.call(h.bank, op.Method, at(op, "mina", "x"), in); r.status != 404 || r.reason() != "no_account" {
				t.Errorf("%s with another product's key: %d %s", op.ID, r.status, r.text)
			}
		}
		// The declared scopes alone are enough to be let in.
		if r := h.call(h.newKey("shop", op.Scopes...), op.Method, at(op, "nobody", "x"), in); r.status == 401 && r.reason() == string(KeyRefused) || r.status == 403 && r.reason() == "scope_missing" {
			t.Errorf("%s with what it declares: %d %s", op.ID, r.status, r.text)
		}
	}
	t.Logf("%d operations, %d calls", len(h.api.Operations()), calls)
	if a := h.do(200, "GET", "/accounts/mina", nil); a.str("protected_since") == "" || a.fields["protected"] != true {
		t.Error("the account was changed")
	}
}

// What may be had without any key is the description, and nothing else.
func TestAnonymous(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/api", "/api/", Prefix, Prefix + "/", Prefix + "/docs", "/api/openapi.yaml", "/api/openapi", Prefix + "/openapi.json", "/api/schemas", Prefix + "/accounts/x/../x", "/api//v1/accounts", Prefix + "/accounts?x=1", DescriptionPath + "/"} {
		for _, method := range []string{"GET", "POST", "HEAD", "OPTIONS", "TRACE"} {
			if r := h.call("", method, path, nil); r.status < 400 {
				t.Errorf("%s %s: %d %s", method, path, r.status, r.text)
			}
		}
	}
	for _, op := range h.api.Operations() {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"} {
			if r := h.call("", method, at(op, "x", "y"), nil); r.status < 400 {
				t.Errorf("%s %s: %d", method, op.Path, r.status)
			}
		}
	}
}

// What is sent does not come back in any refusal, whatever is wrong with it.
func TestNothingComesBack(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	const mark = "mark3d"
	refused, answers := 0, 0
	look := func(op Operation, what string, r reply) {
		answers++
		if r.status < 400 {
			return
		}
		refused++
		if strings.Contains(strings.ToLower(r.text), mark) {
			t.Errorf("%s, %s: %s", op.ID, what, r.text)
		}
	}
	values := []any{mark, mark + strings.Repeat("x", 5000), "\u0000" + mark, []any{mark}, obj{mark: mark}, nil, 4.5, true, mark + "@example.com", "<" + mark + ">"}
	for _, op := range h.api.Operations() {
		for _, id := range []string{"mina", "mina-" + mark, "%22" + mark} {
			path := at(op, id, mark)
			for i, v := range values {
				look(op, fmt.Sprint("every field ", i), h.call(h.key, op.Method, path, h.body(op, func(string, map[string]any) any { return v }), "Idempotency-Key", fmt.Sprint(mark, i)))
				// One field at a time, the others right.
				if all, ok := h.body(op, right).(obj); ok {
					for field := range all {
						one := h.body(op, right).(obj)
						one[field] = v
						look(op, field, h.call(h.key, op.Method, path, one))
					}
					all[mark] = v
					look(op, "an unknown field", h.call(h.key, op.Method, path, all))
				}
			}
			for _, text := range []string{mark, `{"` + mark, `{"label":"` + mark, `"` + mark + `"`, `[["` + mark + `"]]`, strings.Repeat("[", 40000) + mark, `{"label":"` + strings.Repeat(mark, 20000) + `"}`} {
				look(op, "no JSON", h.call(h.key, op.Method, path, []byte(text)))
			}
		}
		look(op, "a marked key", h.call("nk_"+mark, op.Method, at(op, "mina", "x"), nil, "Authorization", "Basic "+mark))
		look(op, "a marked idempotency key", h.call(h.key, op.Method, at(op, "mina", "x"), h.body(op, right), "Idempotency-Key", mark+" "+mark))
		look(op, "another type", h.call(h.key, op.Method, at(op, "mina", "x"), h.body(op, right), "Content-Type", mark+"/"+mark, "Accept", mark))
	}
	if refused < answers/2 {
		t.Errorf("only %d of %d were refused", refused, answers)
	}
	t.Logf("%d answers, %d of them refusals", answers, refused)
}

// Where is the field that is wrong or missing. Of one that is not known nothing
// may be said but where it stands, unless its name is another field's.
func TestWhere(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	const hosted, accounts, redeem = "/accounts/mina/hosted", "/accounts", "/results/redeem"
	without := func(o obj, name string) obj { delete(o, name); return o }
	with := func(o obj, name string, v any) obj { o[name] = v; return o }
	open := func() obj {
		return obj{"use": "sign-in", "return_to": back, "acr": "2step", "bind": bind("value"), "first_step": obj{}, "browser": obj{}}
	}
	if r := h.do(200, "POST", hosted, open()); r.str("url") == "" {
		t.Fatal(r.text)
	}
	for _, x := range []struct {
		name, path string
		in         any
		where      []string
	}{
		{"missing", hosted, without(open(), "bind"), []string{"body.bind"}},
		{"two missing", hosted, without(without(open(), "bind"), "use"), []string{"body.bind", "body.use"}},
		{"an object missing", hosted, without(open(), "first_step"), []string{"body.first_step"}},
		{"missing in an object", "/accounts/mina/turn-off", obj{"first_step": obj{}, "answer": obj{"way": "x"}}, []string{"body.answer.code"}},
		{"all missing", redeem, obj{}, []string{"body.result", "body.value"}},
		{"unknown", hosted, with(open(), "colour", "x"), []string{"body"}},
		{"unknown in an object", hosted, with(open(), "browser", obj{"colour": "x"}), []string{"body.browser"}},
		{"unknown, with dots", hosted, with(open(), "col.our", "x"), []string{"body"}},
		{"in another case", hosted, with(open(), "Use", "settings"), []string{"body"}},
		{"in another case in an object", hosted, with(open(), "browser", obj{"LANGUAGE": strings.Repeat("x", 40)}), []string{"body.browser"}},
		{"in another case alone", redeem, obj{"Result": "x", "value": "x"}, []string{"body", "body.result"}},
		{"two unknown", hosted, with(with(open(), "colour", "x"), "taste", "x"), []string{"body"}},
		{"known elsewhere", hosted, with(open(), "label", "x"), []string{"body.label"}},
		{"misspelled", hosted, with(without(open(), "return_to"), "returnTo", back), []string{"body", "body.return_to"}},
		{"misspelled and unsaid", redeem, obj{"result": "x", "valeu": "expected required property result to be present"}, []string{"body", "body.value"}},
		{"ill-typed", accounts, obj{"id": 1002, "label": "Mina"}, []string{"body.id"}},
		{"ill-typed in an object", hosted, with(open(), "first_step", obj{"password_changed_at": "yesterday"}), []string{"body.first_step.password_changed_at"}},
		{"no object", hosted, with(open(), "first_step", "x"), []string{"body.first_step"}},
		{"null", redeem, obj{"result": nil, "value": "x"}, []string{"body.result"}},
		{"out of no list", hosted, with(open(), "use", "login"), []string{"body.use"}},
		{"too short", hosted, with(open(), "bind", "x"), []string{"body.bind"}},
		{"in hex", hosted, with(open(), "bind", strings.Repeat("0f", 32)), []string{"body.bind"}},
		{"padded", hosted, with(open(), "bind", bind("value")+"="), []string{"body.bind"}},
		{"too long", "/accounts/" + strings.Repeat("x", 129) + "/hosted", open(), []string{"path.id"}},
		{"a list", hosted, []any{}, []string{"body"}},
		{"a text", hosted, "x", []string{"body"}},
		{"no JSON", hosted, []byte("{"), []string{"body"}},
		{"empty", hosted, []byte{}, []string{"body"}},
	} {
		r := h.do(400, "POST", x.path, x.in)
		var where []string
		list, _ := r.fields["where"].([]any)
		for _, w := range list {
			where = append(where, w.(string))
		}
		slices.Sort(where)
		if r.reason() != "request_invalid" || !slices.Equal(where, x.where) {
			t.Errorf("%s: %q, and %q is right: %s", x.name, where, x.where, r.text)
		}
	}
}

// A write that is repeated with its idempotency key is done once.
func TestIdempotency(t *testing.T) {
	h := newHouse(t)
	account := obj{"id": "mina", "label": "Mina"}
	if r := h.do(201, "POST", "/accounts", account, idempotencyKey, "one"); r.fields["repeated"] != nil {
		t.Error(r.text)
	}
	if r := h.do(201, "POST", "/accounts", account, idempotencyKey, "one"); r.fields["repeated"] != true {
		t.Error(r.text)
	}
	if r := h.do(409, "POST", "/accounts", account); r.reason() != "account_exists" {
		t.Error(r.text)
	}
	if r := h.do(409, "POST", "/accounts", account, idempotencyKey, "two"); r.reason() != "account_exists" {
		t.Error(r.text)
	}
	if r := h.do(409, "POST", "/accounts", obj{"id": "mina", "label": "Other"}, idempotencyKey, "one"); r.reason() != "idempotency_mismatch" {
		t.Error(r.text)
	}
	r := h.do(200, "POST", "/accounts/mina/enrolments", obj{"first_step": obj{}, "method": "totp"})
	key := r.str("key")
	r = h.do(200, "POST", "/accounts/mina/enrolments/confirm", obj{"ticket": r.str("ticket"), "code": h.app(key)})
	done := obj{"ticket": r.str("ticket"), "saved": true}
	h.do(200, "POST", "/accounts/mina/enrolments/complete", done, idempotencyKey, "three")
	if r := h.do(200, "POST", "/accounts/mina/enrolments/complete", done, idempotencyKey, "three"); r.fields["repeated"] != true || r.str("known") != "" {
		t.Errorf("completed again: %s", r.text)
	}
	h.do(410, "POST", "/accounts/mina/enrolments/complete", done)
	h.since += time.Minute

	signIn, ways := h.started("mina")
	ans := obj{"sign_in": signIn, "way": ways["totp"], "code": h.app(key)}
	first := h.do(200, "POST", "/sign-ins/answer", ans, idempotencyKey, "four")
	again := h.do(200, "POST", "/sign-ins/answer", ans, idempotencyKey, "four")
	if fmt.Sprint(first.fields["assertion"]) != fmt.Sprint(again.fields["assertion"]) || again.fields["repeated"] != true || again.str("known") != "" {
		t.Errorf("answered again: %s, and first %s", again.text, first.text)
	}
	if r := h.call(h.newKey("shop", nidan.Scopes()...), "POST", Prefix+"/sign-ins/answer", ans, idempotencyKey, "four"); r.reason() != "gone" {
		t.Errorf("by another key: %s", r.text)
	}

	// A log-in that is told again later would be another one.
	h.since += 10*time.Minute - time.Second
	if r := h.do(200, "POST", "/sign-ins/answer", ans, idempotencyKey, "four"); r.fields["assertion"] == nil {
		t.Errorf("within ten minutes: %s", r.text)
	}
	h.since += time.Second
	if r := h.do(410, "POST", "/sign-ins/answer", ans, idempotencyKey, "four"); r.reason() != "gone" {
		t.Errorf("after ten minutes: %s", r.text)
	}

	// A wrong answer that is repeated is counted once.
	signIn, _ = h.started("mina")
	bad := obj{"sign_in": signIn, "way": ways["totp"], "code": "000000"}
	for range 4 {
		if r := h.do(422, "POST", "/sign-ins/answer", bad, idempotencyKey, "five"); r.reason() != "wrong_answer" {
			t.Error(r.text)
		}
	}
	if r := h.do(422, "POST", "/sign-ins/answer", bad); r.fields["count"] != 2.0 {
		t.Errorf("counted: %s", r.text)
	}
	// What an answer proved is not told again once everything was ended.
	h.since += 10 * time.Minute
	signIn, _ = h.started("mina")
	ans = obj{"sign_in": signIn, "way": ways["totp"], "code": h.app(key)}
	for range 2 {
		h.do(200, "POST", "/sign-ins/answer", ans, idempotencyKey, "eight")
	}
	h.do(204, "DELETE", "/accounts/mina/sessions", nil)
	if r := h.do(410, "POST", "/sign-ins/answer", ans, idempotencyKey, "eight"); r.reason() != "gone" {
		t.Errorf("after everything was ended: %s", r.text)
	}
	h.since += time.Minute
	off := obj{"first_step": obj{}, "answer": obj{"way": ways["totp"], "code": h.app(key)}}
	h.do(200, "POST", "/accounts/mina/turn-off", off, idempotencyKey, "six")
	if r := h.do(200, "POST", "/accounts/mina/turn-off", off, idempotencyKey, "six"); r.fields["repeated"] != true {
		t.Errorf("turned off again: %s", r.text)
	}
	h.do(409, "POST", "/accounts/mina/turn-off", off)
	h.since += 25 * time.Hour
	if r := h.do(410, "POST", "/sign-ins/answer", ans, idempotencyKey, "four"); r.reason() != "gone" {
		t.Errorf("a day later: %s", r.text)
	}
}

// A request that registers, sent again late, does not bring back what was deleted
// meanwhile; another one does.
func TestDeletedStaysDeleted(t *testing.T) {
	h := newHouse(t)
	account := obj{"id": "mina", "label": "Mina"}
	gone := func(when string) {
		t.Helper()
		if r := h.do(410, "POST", "/accounts", account, idempotencyKey, "one"); r.reason() != "gone" {
			t.Errorf("%s: %s", when, r.text)
		}
		h.do(404, "GET", "/accounts/mina", nil)
	}
	h.do(201, "POST", "/accounts", account, idempotencyKey, "one")
	h.do(204, "DELETE", "/accounts/mina", nil)
	gone("once")
	gone("twice")
	if r := h.do(409, "POST", "/accounts", obj{"id": "mina", "label": "Other"}, idempotencyKey, "one"); r.reason() != "idempotency_mismatch" {
		t.Error(r.text)
	}
	h.do(201, "POST", "/accounts", account, idempotencyKey, "two")
	h.do(204, "DELETE", "/accounts/mina", nil)
	gone("after it was registered anew")
	h.do(201, "POST", "/accounts", account)
	h.do(204, "DELETE", "/accounts/mina", nil)
	h.since += 24 * time.Hour
	h.do(201, "POST", "/accounts", account, idempotencyKey, "one")
}

// Every reason that can be given has its row in docs/api.md, and every row is one
// that can be given; so have operations and scopes.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, said := map[string]string{}, map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_-]+)` \\| ([^|]+) \\|(?: ([^|]+) \\|$)?").FindAllStringSubmatch(string(text), -1) {
		rows[m[1]], said[m[1]] = m[2], m[3]
	}
	for r, m := range meanings {
		if m.title == "" || http.StatusText(m.status) == "" || rows[string(r)] != fmt.Sprint(m.status) {
			t.Errorf("%s: status %d, and in the documentation %q", r, m.status, rows[string(r)])
		}
		if said[string(r)] != m.title {
			t.Errorf("%s: %q, and in the documentation %q", r, m.title, said[string(r)])
		}
		delete(rows, string(r))
	}
	h := newHouse(t)
	for _, op := range h.api.Operations() {
		if want := "`" + op.Method + " " + op.Path + "`"; rows[op.ID] != want {
			t.Errorf("%s: %s, and in the documentation %q", op.ID, want, rows[op.ID])
		}
		delete(rows, op.ID)
	}
	for _, s := range nidan.Scopes() {
		if rows[string(s)] == "" {
			t.Errorf("the scope %s is not in the documentation", s)
		}
		delete(rows, string(s))
	}
	for name := range rows {
		t.Errorf("the documentation has %q, and the program has not", name)
	}
	// What to tell people is said of reasons that there are.
	page, err := os.ReadFile("../../docs/recipes/pages.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| reason | say |")
	table, _, _ = strings.Cut(table, "\n\n")
	named := regexp.MustCompile("`([a-z]+_[a-z_]+|expired|gone|waiting|disabled)`").FindAllStringSubmatch(table, -1)
	for _, m := range named {
		if _, ok := meanings[nidan.Reason(m[1])]; !ok && m[1] != "seconds_off" && m[1] != "replaced_at" && m[1] != "retry_at" {
			t.Errorf("what to tell people has %q, and the program has not", m[1])
		}
	}
	if len(named) < 15 {
		t.Errorf("what to tell people has %d reasons", len(named))
	}
}

// A key with every scope, in the wrong hands, opens no protected account and
// lowers none: what protects it changes behind a right code alone. An address is
// changed by the key, and everybody is told.
func TestKeyIsNoSecondStep(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	before := h.do(200, "GET", "/accounts/mina", nil)
	signIn, ways := h.started("mina")
	for _, op := range h.api.Operations() {
		if op.ID == "delete-account" {
			continue // an account that is gone protects nothing
		}
		for _, way := range []string{"x", ways["totp"], ways["backup"]} {
			r := h.call(h.key, op.Method, at(op, "mina", way), h.body(op, func(name string, schema map[string]any) any {
				switch name {
				case "way":
					return way
				case "sign_in":
					return signIn
				case "code":
					return "000000"
				case "id":
					return "mina"
				case "method":
					return "totp"
				case "return_to":
					return back
				case "password_changed_at":
					return nil
				}
				return right(name, schema)
			}))
			if r.status < 300 && (r.str("session") != "" || r.fields["assertion"] != nil || r.str("ticket") != "") {
				t.Errorf("%s gives %s", op.ID, r.text)
			}
		}
	}
	after := h.do(200, "GET", "/accounts/mina", nil)
	shown := func(r reply) string {
		var s []string
		for _, w := range r.fields["ways"].([]any) {
			s = append(s, fmt.Sprint(w.(obj)["id"], w.(obj)["method"], w.(obj)["disabled"], w.(obj)["left"]))
		}
		slices.Sort(s)
		return r.str("protected_since") + fmt.Sprint(s)
	}
	if shown(before) != shown(after) {
		t.Errorf("protection was\n%s\nand is\n%s", shown(before), shown(after))
	}
}

// Before the password every name is answered the same.
func TestSameForEveryName(t *testing.T) {
	h := newHouse(t)
	answers := map[string][]string{}
	for n := range 8 {
		for _, name := range []string{ourName, "nobody@example.com", "mina", "", "no address"} {
			r := h.call(h.key, "POST", Prefix+"/sign-ins", obj{"address": name, "password": fmt.Sprint("wrong horse battery ", n), "browser": obj{"address": "198.51.100.1"}})
			answers[name] = append(answers[name], fmt.Sprint(r.status, r.text))
		}
	}
	for name, got := range answers {
		if !slices.Equal(got, answers[ourName]) {
			t.Errorf("%q is answered\n%q\nand an address with an account\n%q", name, got, answers[ourName])
		}
	}
}
