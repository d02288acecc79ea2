package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nidan-auth/nidan"
)

// The short way answers as the long way does, whatever is asked: status, headers
// and every byte of the body.
func TestShortWayIsTheLongWay(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	out, err := h.svc.SignIn(t.Context(), ourName, nidan.NewSecret(ourPassword), nidan.From{Network: "192.0.2.9"})
	if err != nil || out.Session == nil {
		t.Fatal(out.Reason, err)
	}
	session := out.Session.Token.Reveal()
	for _, id := range []string{"x", session, strings.Repeat("x", 64), strings.Repeat("x", 65), "x/"} { // whom a request would register, and its repetition find
		for _, key := range []string{h.key, h.bank} {
			h.call(key, "POST", Prefix+"/accounts", obj{"id": id, "label": "x"})
		}
	}
	long := *h.api
	long.short = nil
	for _, path := range []string{"/sign-ins", "/sign-ins/prompt", "/sign-ins/answer", "/sessions/check", "/results/redeem"} {
		if _, ok := h.api.short[Prefix+path]; !ok {
			t.Errorf("%s has no short way", path)
		}
	}
	schemas := h.api.schemas
	reader := h.newKey("shop", nidan.ScopeRead)
	compared, plainly := 0, 0
	ask := func(a *API, path, key string, body []byte, headers []string) (*httptest.ResponseRecorder, *http.Request) {
		r := httptest.NewRequest("POST", path, bytes.NewReader(body))
		r.RemoteAddr = "192.0.2.7:4711"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+key)
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == "Content-Type" {
				r.Header.Del(headers[i])
			}
			r.Header.Add(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w, r
	}
	same := func(path, key string, body []byte, headers ...string) {
		t.Helper()
		one, r1 := ask(h.api, path, key, body, headers)
		two, r2 := ask(&long, path, key, body, headers)
		compared++
		if one.Code == 200 {
			plainly++
		}
		if one.Code != two.Code || one.Body.String() != two.Body.String() || !maps.EqualFunc(one.Header(), two.Header(), slices.Equal) || r1.Pattern != r2.Pattern {
			t.Errorf("%s with %q %q:\nshort %d %q %v %s\nlong  %d %q %v %s", path, headers, body, one.Code, r1.Pattern, one.Header(), one.Body, two.Code, r2.Pattern, two.Header(), two.Body)
		}
	}
	values := []string{`null`, `""`, `"x"`, `"` + strings.Repeat("x", 200) + `"`, `"` + strings.Repeat("字", 128) + `"`, `"` + strings.Repeat("字", 129) + `"`,
		`"\ud800"`, "\"\xff\"", "\"\x7f\"", "\"a\tb\"", `"\u0078\/"`, `"` + strings.Repeat("x", 64) + `"`, `"` + strings.Repeat("x", 65) + `"`, ` "x" `, `0`, `1e3`, `true`, `[]`, `["x"]`, `{}`, `{"address":"10.0.0.1"}`, `{"address":null}`, `{"colour":"x"}`, `"` + session + `"`}
	for path, way := range h.api.short {
		schema := way.op.RequestBody.Content["application/json"].Schema
		for schema.Ref != "" {
			schema = schemas.SchemaFromRef(schema.Ref)
		}
		if at := withDefault(schemas, schema); at != "" {
			t.Errorf("%s: %s has a default, which the short way does not put in", path, at)
		}
		names := slices.Sorted(maps.Keys(schema.Properties))
		right := func(n int) map[string]string { // a wrong password counts: every pair names somebody else
			all := make(map[string]string)
			for _, name := range schema.Required {
				all[name] = `"x"`
			}
			if all["address"] != "" {
				all["address"], all["browser"] = fmt.Sprintf(`"nobody%d@example.com"`, n), fmt.Sprintf(`{"address":"10.%d.%d.1"}`, n>>8, n&255)
			}
			if all["session"] != "" {
				all["session"] = `"` + session + `"`
			}
			return all
		}
		text := func(fields map[string]string) []byte {
			var parts []string
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				parts = append(parts, `"`+name+`":`+fields[name])
			}
			return []byte("{" + strings.Join(parts, ",") + "}")
		}
		same(path, h.key, text(right(compared)))
		for _, name := range append(names, "colour", "") {
			without := right(compared)
			delete(without, name)
			same(path, h.key, text(without))
			for _, v := range values {
				one := right(compared)
				one[name] = v
				same(path, h.key, text(one))
			}
			if name != "" {
				cased := right(compared)
				v := cased[name]
				delete(cased, name)
				cased[strings.ToUpper(name)] = v
				if v != "" {
					same(path, h.key, text(cased))
					b := text(right(compared))
					same(path, h.key, []byte(strings.Replace(string(b), "{", `{"`+name+`":4,`, 1))) // twice
				}
			}
		}
		for _, body := range []string{"", " ", "null", "[]", `"x"`, "{", "{}", "{}{}", "{} ", "\ufeff{}",
			"\t{ \"session\"\r:\n\"x\" } \n", `{"session":"x",}`, `{,"session":"x"}`, `{,}`, `{"session" "x"}`, `{"session":"x"} x`, `{"session":"x"`, `{"session":"x`, `{"session"`, `{"session":"x""session":"x"}`, `{"session":"x","session":"x"}`, `{"session":"x"}` + strings.Repeat(" ", maxBody-15), `{"session":"x"}` + strings.Repeat(" ", maxBody-14), strings.Repeat("[", 12000), `{"a":` + strings.Repeat(`{"a":`, 9000)} {
			same(path, h.key, []byte(body))
		}
		for _, other := range []string{strings.Replace(path, "/v1/", "%2Fv1%2F", 1), strings.Replace(path, "/v1/", "/v1%2F", 1), strings.Replace(path, "/v1/", "/v%31/", 1), path + "/", path + "?x=1", path + "/../check"} {
			same(other, h.key, text(right(compared)))
		}
		for _, key := range []string{"", "nk_garbage", h.key[:len(h.key)-1], reader, h.bank} {
			same(path, key, text(right(compared)))
			same(path, key, []byte("{"))
		}
		for _, headers := range [][]string{
			{"Accept", "*/*"}, {"Accept", "application/json"}, {"Accept", "application/json, text/plain, */*"}, {"Accept", "application/json;q=0"},
			{"Accept", "text/html"}, {"Accept", "application/json;q=0.1,json"}, {"Accept", "x;,y"}, {"Accept", "application/jsonx"}, {"Content-Type", "text/plain"}, {"Content-Type", ""},
			{"Content-Type", "application/json; charset=utf-8"}, {"Content-Type", "application/merge-patch+json"}, {"Content-Type", "application/cbor"}, {"Authorization", "Bearer x"},
			{"Idempotency-Key", ""}, {"Idempotency-Key", "with space"}, {"Idempotency-Key", strings.Repeat("x", 65)}, {"Idempotency-Key", "a", "Idempotency-Key", "b"},
			{"Idempotency-Key", "key"}, {"If-None-Match", "x"}, {"Expect", "x"},
		} {
			same(path, h.key, text(right(compared)), headers...)
		}
	}
	if plainly < 15 {
		t.Errorf("only %d of %d succeeded", plainly, compared)
	}
	t.Logf("%d requests, %d successes", compared, plainly)
}

// withDefault says where a schema has a default, if anywhere.
func withDefault(all huma.Registry, s *huma.Schema) string {
	for s.Ref != "" {
		s = all.SchemaFromRef(s.Ref)
	}
	for name, p := range s.Properties {
		if p.Default != nil {
			return name
		}
		if at := withDefault(all, p); at != "" {
			return name + "." + at
		}
	}
	return ""
}

// Requests as clients send them do take the short way.
func TestShortWayIsTaken(t *testing.T) {
	h := newHouse(t)
	h.api.mux = nil // where the long way leads
	body, _ := json.Marshal(obj{"session": "x"})
	for _, headers := range [][]string{nil, {"Accept", "*/*"}, {"Accept", "application/json, text/plain, */*"}} {
		if r := h.call(h.key, "POST", Prefix+"/sessions/check", body, headers...); r.reason() != string(nidan.Gone) {
			t.Errorf("%v: %s", headers, r.text)
		}
	}
}
