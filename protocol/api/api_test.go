package api

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

var update = flag.Bool("update", false, "write docs/openapi.json")

// The description is committed, and drift fails.
func TestDescription(t *testing.T) {
	h := newHouse(t)
	const name = "../../docs/openapi.json"
	if *update {
		if err := os.WriteFile(name, h.api.Description(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(kept, h.api.Description()) {
		t.Errorf("docs/openapi.json is not what is served (%v): go test ./protocol/api -update", err)
	}
	if r := h.call("", "GET", DescriptionPath, nil); r.status != 200 || r.text != string(kept) || r.str("openapi") == "" || !strings.HasPrefix(r.str("openapi"), "3.1") {
		t.Errorf("served: %d, OpenAPI %q", r.status, r.str("openapi"))
	}
}

// An id may have any visible character in it.
func TestIDs(t *testing.T) {
	h := newHouse(t)
	if _, codes := h.enrolled("mina/1?#%2F.."); len(codes) != 10 {
		t.Errorf("%d backup codes", len(codes))
	}
	for _, id := range []string{"", ".", "..", "a b", "ä", strings.Repeat("x", 129), "a\x00"} {
		if r := h.call(h.key, "POST", Prefix+"/accounts", obj{"id": id, "label": "Mina"}); r.status != 400 && r.reason() != "id_invalid" {
			t.Errorf("%q: %s", id, r.text)
		}
	}
}

// What has not been confirmed is not completed, and the answer says what to do.
func TestNotConfirmed(t *testing.T) {
	h := newHouse(t)
	h.do(201, "POST", "/accounts", obj{"id": "mina", "label": "Mina"})
	r := h.do(200, "POST", "/accounts/mina/enrolments", obj{"first_step": obj{}, "method": "totp"})
	if r := h.do(409, "POST", "/accounts/mina/enrolments/complete", obj{"ticket": r.str("ticket"), "saved": true}); r.reason() != "not_confirmed" {
		t.Error(r.text)
	}
	h.do(200, "POST", "/accounts/mina/enrolments/confirm", obj{"ticket": r.str("ticket"), "code": h.app(r.str("key"))})
}

// Everything about one account, by the API alone.
func TestWholeLife(t *testing.T) {
	h := newHouse(t)
	key, codes := h.enrolled("mina")
	a := h.do(200, "GET", "/accounts/mina", nil)
	if a.str("protected_since") == "" || len(a.fields["ways"].([]any)) != 2 {
		t.Errorf("after the set-up: %s", a.text)
	}

	signIn, ways := h.started("mina")
	wrong := h.do(422, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["totp"], "code": "000000"})
	if wrong.reason() != "wrong_answer" || wrong.fields["count"] != 1.0 {
		t.Errorf("a wrong code: %s", wrong.text)
	}
	r := h.do(200, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["totp"], "code": h.app(key)})
	told := r.fields["assertion"].(obj)
	if told["account"] != "mina" || told["acr"] != "aal2" || !has(told["amr"].([]any), "otp") || !has(told["amr"].([]any), "pwd") || r.str("session") != "" {
		t.Errorf("told: %s", r.text)
	}
	if r.str("known") != "" {
		t.Errorf("of a browser nothing was said, and one is known: %s", r.text)
	}
	if r := h.do(410, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["totp"], "code": h.app(key)}); r.reason() != "gone" {
		t.Errorf("the same sign-in again: %s", r.text)
	}
	signIn, _ = h.started("mina")
	if r := h.do(422, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["totp"], "code": h.app(key)}); r.reason() != "used_answer" {
		t.Errorf("the same code again: %s", r.text)
	}
	r = h.do(200, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["backup"], "code": codes[0], "remember": true})
	if r.str("used") != "01" || r.fields["left"] != 9.0 || r.str("remembered") == "" || r.str("known") == "" {
		t.Errorf("a backup code: %s", r.text)
	}
	signIn, _ = h.started("mina")
	if r := h.do(200, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["backup"], "code": codes[1], "browser": obj{}}); r.str("known") == "" {
		t.Errorf("a browser of which nothing else is said: %s", r.text)
	}
	passed := h.do(200, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{}, "browser": obj{"remembered": r.str("remembered"), "known": r.str("known")}})
	if a := passed.fields["assertion"].(obj); passed.reason() != "ok" || a["acr"] != "2step" || has(a["amr"].([]any), "otp") {
		t.Errorf("a remembered browser: %s", passed.text)
	}

	h.since += time.Minute
	proofs := func() obj {
		h.since += 30 * time.Second
		return obj{"first_step": obj{}, "answer": obj{"way": ways["totp"], "code": h.app(key)}}
	}
	r = h.do(200, "POST", "/accounts/mina/backup-codes", proofs())
	h.do(422, "POST", "/accounts/mina/backup-codes/complete", obj{"ticket": r.str("ticket"), "saved": false})
	h.do(200, "POST", "/accounts/mina/backup-codes/complete", obj{"ticket": r.str("ticket"), "saved": true})
	h.do(410, "POST", "/accounts/mina/backup-codes/complete", obj{"ticket": r.str("ticket"), "saved": true})

	second := proofs()
	second["method"] = "totp"
	r = h.do(200, "POST", "/accounts/mina/enrolments", second)
	other := r.str("key")
	r = h.do(200, "POST", "/accounts/mina/enrolments/confirm", obj{"ticket": r.str("ticket"), "code": h.app(other)})
	h.do(200, "POST", "/accounts/mina/enrolments/complete", obj{"ticket": r.str("ticket"), "saved": true})
	h.do(200, "POST", "/accounts/mina/authenticators/"+ways["totp"]+"/name", obj{"first_step": obj{}, "name": "Old phone"})
	h.do(200, "POST", "/accounts/mina/authenticators/"+ways["totp"]+"/first", obj{"first_step": obj{}})
	if r := h.do(404, "POST", "/accounts/mina/authenticators/"+ways["backup"]+"/remove", proofs()); r.reason() != "no_such_way" {
		t.Errorf("the backup codes removed: %s", r.text)
	}
	h.do(200, "POST", "/accounts/mina/authenticators/"+ways["totp"]+"/remove", proofs())
	h.do(409, "POST", "/accounts/mina/recovery/cancel", obj{"first_step": obj{}})

	_, ways = h.started("mina")
	key = other
	h.do(404, "POST", "/accounts/mina/turn-off", obj{"first_step": obj{}, "answer": obj{"way": "none", "code": "123456"}})
	for path, more := range map[string]obj{"turn-off": {}, "backup-codes": {}, "enrolments": {"method": "totp"}, "authenticators/" + ways["totp"] + "/remove": {}} {
		more["first_step"] = obj{}
		if r := h.do(403, "POST", "/accounts/mina/"+path, more); r.reason() != "answer_missing" {
			t.Errorf("%s without an answer: %s", path, r.text)
		}
	}
	h.do(200, "POST", "/accounts/mina/turn-off", proofs())
	h.do(409, "POST", "/accounts/mina/turn-off", proofs())
	if r := h.do(200, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{}}); r.reason() != "ok" || r.fields["assertion"].(obj)["acr"] != "1" {
		t.Errorf("without protection: %s", r.text)
	}
	events := h.do(200, "GET", "/accounts/mina/events", nil)
	if !strings.Contains(events.text, `"turned_off"`) || !strings.Contains(events.text, `"turned_on"`) {
		t.Errorf("events: %s", events.text)
	}
	h.do(200, "PUT", "/accounts/mina", obj{"label": "Mina K.", "address": "Mina@Example.com", "language": "ja"})
	if a := h.do(200, "GET", "/accounts/mina", nil); a.str("address") != "mina@example.com" || a.str("label") != "Mina K." {
		t.Errorf("changed: %s", a.text)
	}
	h.do(200, "GET", "/accounts/mina/sessions", nil)
	h.do(204, "DELETE", "/accounts/mina/sessions", nil)
	h.do(204, "DELETE", "/accounts/mina", nil)
	h.do(404, "GET", "/accounts/mina", nil)
	h.do(201, "POST", "/accounts", obj{"id": "mina", "label": "Somebody else"})
}

// A number that is mailed, as first method and for a change.
func TestByMail(t *testing.T) {
	h := newHouse(t)
	h.do(201, "POST", "/accounts", obj{"id": "mina", "label": "Mina"})
	if r := h.do(404, "POST", "/accounts/mina/enrolments", obj{"first_step": obj{}, "method": "mail"}); r.reason() != "no_such_way" {
		t.Errorf("without an address: %s", r.text)
	}
	h.do(200, "PUT", "/accounts/mina", obj{"label": "Mina", "address": "mina@example.com"})
	code := func() string {
		_, code := h.mailed()
		return code
	}
	r := h.do(200, "POST", "/accounts/mina/enrolments", obj{"first_step": obj{}, "method": "mail"})
	if r.str("mailbox") != "m•••@example.com" {
		t.Errorf("begun: %s", r.text)
	}
	h.do(410, "POST", "/accounts/mina/enrolments/prompt", obj{"ticket": "nt_none"})
	h.do(429, "POST", "/accounts/mina/enrolments/prompt", obj{"ticket": r.str("ticket")})
	r = h.do(200, "POST", "/accounts/mina/enrolments/confirm", obj{"ticket": r.str("ticket"), "code": code()})
	h.do(200, "POST", "/accounts/mina/enrolments/complete", obj{"ticket": r.str("ticket"), "saved": true})
	h.since += 2 * time.Minute
	signIn, ways := h.started("mina")
	first := code()
	if r := h.do(429, "POST", "/sign-ins/prompt", obj{"sign_in": signIn, "way": ways["mail"]}); r.reason() != "send_wait" || r.str("retry_at") == "" {
		t.Errorf("sent again at once: %s", r.text)
	}
	r = h.do(200, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["mail"], "code": first})
	if r.fields["assertion"].(obj)["acr"] != "2step" {
		t.Errorf("told: %s", r.text)
	}
	h.since += 2 * time.Minute
	h.do(200, "POST", "/accounts/mina/prompt", obj{"first_step": obj{}, "way": ways["mail"]})
	h.do(200, "POST", "/accounts/mina/turn-off", obj{"first_step": obj{}, "answer": obj{"way": ways["mail"], "code": code()}})
}

// Both steps of an account of our own, for a product that draws its own pages.
func TestOwnSignIn(t *testing.T) {
	h := newHouse(t)
	if r := h.do(401, "POST", "/sign-ins", obj{"address": ourName, "password": "wrong horse battery", "browser": obj{"address": "198.51.100.1"}}); r.reason() != "wrong_first_step" {
		t.Errorf("a wrong password: %s", r.text)
	}
	r := h.do(200, "POST", "/sign-ins", obj{"address": ourName, "password": ourPassword, "browser": obj{"address": "198.51.100.1"}})
	ses := r.str("session")
	c := h.do(200, "POST", "/sessions/check", obj{"session": ses})
	if c.str("name") != ourName || c.str("acr") != "1" {
		t.Errorf("checked: %s", c.text)
	}
	h.do(204, "POST", "/sessions/end", obj{"session": ses})
	h.do(410, "POST", "/sessions/check", obj{"session": ses})
	h.do(410, "POST", "/sessions/end", obj{"session": ses})
	for n := range 6 {
		r = h.call(h.key, "POST", Prefix+"/sign-ins", obj{"address": "nobody@example.com", "password": fmt.Sprint("wrong ", n), "browser": obj{"address": "198.51.100.1"}})
	}
	if r.status != 429 || r.reason() != "first_step_wait" {
		t.Errorf("guessing: %s", r.text)
	}
}

// The hosted pages: opened, brought back, redeemed once by who opened it.
func TestHosted(t *testing.T) {
	h := newHouse(t)
	h.do(201, "POST", "/accounts", obj{"id": "mina", "label": "Mina"})
	open := func(change obj) obj {
		o := obj{"use": "sign-in", "return_to": back, "acr": "1", "bind": bind("value"), "first_step": obj{}}
		for k, v := range change {
			o[k] = v
		}
		return o
	}
	for reason, change := range map[string]obj{
		"return_invalid": {"return_to": back + "/"}, "bind_invalid": {"bind": "+" + bind("value")[1:]}, "request_invalid": {"use": "everything"},
	} {
		if r := h.call(h.key, "POST", Prefix+"/accounts/mina/hosted", open(change)); r.reason() != reason {
			t.Errorf("%v: %s", change, r.text)
		}
	}
	r := h.do(200, "POST", "/accounts/mina/hosted", open(nil))
	const link = "https://id.example/step/"
	if !strings.HasPrefix(r.str("url"), link) {
		t.Fatal(r.text)
	}
	tok, _ := nidan.ParseHandover(strings.TrimPrefix(r.str("url"), link))
	out, err := h.svc.AcceptHandover(t.Context(), tok, nidan.From{})
	if err != nil || out.Return == nil {
		t.Fatal(out.Reason, err)
	}
	result := out.Return.Token.Reveal()
	for name, try := range map[string]func() reply{
		"another value": func() reply {
			return h.call(h.key, "POST", Prefix+"/results/redeem", obj{"result": result, "value": "eulav"})
		},
		"another product": func() reply {
			return h.call(h.bank, "POST", Prefix+"/results/redeem", obj{"result": result, "value": "value"})
		},
		"a cut one": func() reply {
			return h.call(h.key, "POST", Prefix+"/results/redeem", obj{"result": result[:len(result)-1], "value": "value"})
		},
	} {
		if r := try(); r.status != 410 || r.reason() != "result_dead" {
			t.Errorf("%s: %s", name, r.text)
		}
	}
	if r := h.do(200, "POST", "/results/redeem", obj{"result": result, "value": "value"}); r.str("account") != "mina" || r.str("acr") != "1" {
		t.Errorf("redeemed: %s", r.text)
	}
	h.do(410, "POST", "/results/redeem", obj{"result": result, "value": "value"})
}

// A product's clock may be a little ahead; the same change is one change.
func TestPasswordChanged(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	stated := func(at time.Duration) obj {
		return obj{"first_step": obj{"password_changed_at": noon.Add(h.since + at)}}
	}
	if r := h.do(422, "POST", "/accounts/mina/sign-ins", stated(6*time.Minute)); r.reason() != "time_invalid" {
		t.Error(r.text)
	}
	ahead := stated(4 * time.Minute)
	begun := h.do(200, "POST", "/accounts/mina/sign-ins", ahead).str("sign_in")
	h.since += time.Second
	_, ways := h.started("mina")
	h.do(200, "POST", "/accounts/mina/sign-ins", ahead)
	if r := h.do(422, "POST", "/sign-ins/answer", obj{"sign_in": begun, "way": ways["totp"], "code": "000000"}); r.reason() != "wrong_answer" {
		t.Errorf("the same change ended a sign-in: %s", r.text)
	}
	h.do(200, "POST", "/accounts/mina/sign-ins", stated(4*time.Minute+30*time.Second))
	h.do(410, "POST", "/sign-ins/answer", obj{"sign_in": begun, "way": ways["totp"], "code": "000000"})

	// Whoever stole a key has named the latest time there can be. The product's own is
	// refused from then on, until it names one that no stolen key can have named.
	h.do(200, "POST", "/accounts/mina/sign-ins", stated(5*time.Minute))
	if r := h.do(403, "POST", "/accounts/mina/sign-ins", stated(-time.Hour)); r.reason() != "first_step_stopped" {
		t.Error(r.text)
	}
	h.since += time.Minute // meanwhile the key is revoked
	mended := stated(5 * time.Minute)
	h.do(200, "POST", "/accounts/mina/sign-ins", mended)
	h.since += time.Hour
	h.do(200, "POST", "/accounts/mina/sign-ins", mended)
}

// A first step that was stopped is taken again once the password was changed.
func TestFirstStepStopped(t *testing.T) {
	h := newHouse(t)
	_, _ = h.enrolled("mina")
	for n := 0; n < 25; n++ {
		signIn := h.call(h.key, "POST", Prefix+"/accounts/mina/sign-ins", obj{"first_step": obj{}})
		if signIn.reason() == "first_step_stopped" {
			break
		}
		way := signIn.fields["ways"].([]any)[0].(obj)["id"]
		h.call(h.key, "POST", Prefix+"/sign-ins/answer", obj{"sign_in": signIn.str("sign_in"), "way": way, "code": "000000"})
		h.since += 61 * time.Minute
	}
	if r := h.do(403, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{}}); r.reason() != "first_step_stopped" {
		t.Fatal(r.text)
	}
	if a := h.do(200, "GET", "/accounts/mina", nil); a.str("first_step_stopped") == "" {
		t.Error(a.text)
	}
	h.do(403, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{"password_changed_at": noon}})
	h.since += time.Minute
	h.do(200, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{"password_changed_at": noon.Add(h.since)}})
}

// Another address, named by a key alone, is no second step: its numbers prove
// nothing before another way in was taken.
func TestAnotherAddress(t *testing.T) {
	h := newHouse(t)
	backup := h.enrolledByMail("mina")
	h.mailed()
	h.since += 2 * time.Minute
	h.do(200, "PUT", "/accounts/mina", obj{"label": "Mina", "address": "thief@example.com"})
	to, _ := h.mailed()
	if !slices.Contains(to, "mina@example.com") || !slices.Contains(to, "thief@example.com") {
		t.Errorf("told: %v", to)
	}
	signIn, ways := h.started("mina")
	if to, code := h.mailed(); code != "" {
		t.Errorf("a number was mailed to %v", to)
	}
	if r := h.do(409, "POST", "/sign-ins/prompt", obj{"sign_in": signIn, "way": ways["mail"]}); r.reason() != "same_mailbox" {
		t.Error(r.text)
	}
	h.do(200, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["backup"], "code": backup})
	h.since += 2 * time.Minute
	h.started("mina")
	if to, code := h.mailed(); code == "" || !slices.Contains(to, "thief@example.com") || slices.Contains(to, "mina@example.com") {
		t.Errorf("after another way in: %q to %v", code, to)
	}
}

// A key that registers learns nothing of an account but what it says itself.
func TestAdminDoesNotRead(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	key := h.newKey("shop", nidan.ScopeAdmin)
	for _, x := range []struct {
		method, path string
		in           obj
	}{
		{"PUT", "/accounts/mina", obj{"label": "Mina", "address": "mina@example.com", "language": "ja"}},
		{"POST", "/accounts", obj{"id": "lea", "label": "Lea", "address": "lea@example.com", "language": "en"}},
	} {
		r := h.call(key, x.method, Prefix+x.path, x.in)
		if got := slices.Sorted(maps.Keys(r.fields)); !slices.Equal(got, []string{"address", "created", "id", "label", "language"}) {
			t.Errorf("%s %s answers %q", x.method, x.path, got)
		}
	}
	if r := h.call(key, "GET", Prefix+"/accounts/mina", nil); r.reason() != "scope_missing" {
		t.Errorf("it reads: %s", r.text)
	}
}

// Whoever has the mailbox has reset the password with it: a mailed number is no
// second step then, however a product comes to say so, until another way was taken.
func TestChangedByMail(t *testing.T) {
	for name, before := range map[string]func(h *house){
		"at once":                    func(*house) {},
		"after the time, without it": func(h *house) { h.do(200, "POST", "/accounts/mina/sign-ins", byMail(false)) },
	} {
		h := newHouse(t)
		backup := h.enrolledByMail("mina")
		h.since += 2 * time.Minute

		if r := h.do(422, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{"changed_by_mail": true}}); r.reason() != "time_invalid" {
			t.Errorf("%s: without its time: %s", name, r.text)
		}
		before(h)
		signIn := h.do(200, "POST", "/accounts/mina/sign-ins", byMail(true)).str("sign_in")
		_, ways := h.started("mina") // that says nothing of it changes nothing
		h.mailed()
		if r := h.do(409, "POST", "/sign-ins/prompt", obj{"sign_in": signIn, "way": ways["mail"]}); r.reason() != "same_mailbox" {
			t.Errorf("%s: %s", name, r.text)
		}
		h.do(200, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["backup"], "code": backup})
		h.since += 2 * time.Minute
		signIn = h.do(200, "POST", "/accounts/mina/sign-ins", byMail(true)).str("sign_in") // the same change, told again
		h.mailed()
		h.since += 2 * time.Minute
		h.do(200, "POST", "/sign-ins/prompt", obj{"sign_in": signIn, "way": ways["mail"]})
		_, code := h.mailed()
		h.do(200, "POST", "/sign-ins/answer", obj{"sign_in": signIn, "way": ways["mail"], "code": code})
	}
}

// byMail states the first step of a password that was changed two minutes after noon.
func byMail(mailed bool) obj {
	return obj{"first_step": obj{"password_changed_at": noon.Add(2 * time.Minute), "changed_by_mail": mailed}}
}

// The first change of the password that is told ends what was there before.
func TestFirstChangeTold(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	old, ways := h.started("mina")
	h.since += time.Minute
	h.do(200, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{"password_changed_at": noon.Add(h.since)}})
	h.do(410, "POST", "/sign-ins/answer", obj{"sign_in": old, "way": ways["totp"], "code": "000000"})
	if n := h.count("mina", "password_changed"); n != 1 {
		t.Errorf("%d changes of the password in the list", n)
	}
	// Somebody else's server has not heard of it yet, and took the old one.
	if r := h.do(403, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{"password_changed_at": noon}}); r.reason() != "first_step_stopped" {
		t.Error(r.text)
	}
}

// When a password was changed that was there when the account came is no news to its
// holder.
func TestOldChangeTold(t *testing.T) {
	h := newHouse(t)
	h.enrolled("mina")
	old, ways := h.started("mina")
	for range 2 {
		h.do(200, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{"password_changed_at": noon.AddDate(-1, 0, 0)}})
	}
	if n := h.count("mina", "password_changed"); n != 0 {
		t.Errorf("%d changes of the password in the list", n)
	}
	if r := h.do(422, "POST", "/sign-ins/answer", obj{"sign_in": old, "way": ways["totp"], "code": "000000"}); r.reason() != "wrong_answer" {
		t.Errorf("a sign-in that was open: %s", r.text)
	}
	h.do(200, "POST", "/accounts/mina/sign-ins", obj{"first_step": obj{"password_changed_at": noon.AddDate(0, -1, 0)}})
	if n := h.count("mina", "password_changed"); n != 1 {
		t.Errorf("%d changes of the password in the list, of one that was made later", n)
	}
}

// A session is checked for accounts that we keep: that of a product's account is
// for the hosted pages.
func TestSessionOfAKeptAccount(t *testing.T) {
	h := newHouse(t)
	h.do(201, "POST", "/accounts", obj{"id": "mina", "label": ourName})
	r := h.do(200, "POST", "/accounts/mina/hosted", obj{"use": "settings", "return_to": back, "bind": bind("value"), "first_step": obj{}})
	tok, _ := nidan.ParseHandover(strings.TrimPrefix(r.str("url"), "https://id.example/step/"))
	out, err := h.svc.AcceptHandover(t.Context(), tok, nidan.From{})
	if err != nil || out.Session == nil {
		t.Fatal(out.Reason, err)
	}
	for _, key := range []string{h.key, h.bank} {
		if r := h.call(key, "POST", Prefix+"/sessions/check", obj{"session": out.Session.Token.Reveal()}); r.status != 410 {
			t.Errorf("checked: %s", r.text)
		}
	}
}

// A process may hold more than one: making one changes nothing that another
// reads.
// A body that is too large says so where there is an operation, and nothing
// elsewhere.
func TestNotHere(t *testing.T) {
	h := newHouse(t)
	big := strings.Repeat("x", 70<<10)
	for path, want := range map[string]int{"/api/v1/sessions/check": 413, "/api/v1/nothing": 404, "/api/v1/": 404} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(big))
		w := httptest.NewRecorder()
		h.api.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s answers %d, want %d: %s", path, w.Code, want, w.Body)
		}
		if want == 404 && r.Pattern != "" {
			t.Errorf("%s has the pattern %q", path, r.Pattern)
		}
	}
}

func TestSideBySide(t *testing.T) {
	h := newHouse(t)
	made := make(chan *API)
	const n = 24
	for range n {
		go func() {
			a, err := New(h.api.Config)
			if err != nil {
				t.Error(err)
			}
			made <- a
		}()
	}
	for range n {
		if a := <-made; a != nil && !slices.Equal(a.Description(), h.api.Description()) {
			t.Error("two describe themselves in two ways")
		}
	}
}
