package nidan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// fill sets every field of a value to something that is not zero, two elements
// to each list.
func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1_800_000_000+*n, 123_456_000).UTC()))
		return
	case State:
		v.SetBytes([]byte(fmt.Sprintf(`{"seed":"SEEDSEEDSEED%d"}`, *n)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text%d", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(*n)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("a kind of field that nobody thought of: " + v.Type().String())
	}
}

func full() *Account {
	a := new(Account)
	var n int64
	fill(reflect.ValueOf(a).Elem(), &n)
	a.Form = Format
	return a
}

// A decision changes a clone. Whatever list somebody adds to the document has
// to be cloned too, or a decision that is not committed changes the memory of
// opened documents.
func TestCloneSharesNothing(t *testing.T) {
	a := full()
	before, err := a.encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := a.clone()
	if !reflect.DeepEqual(a, c) {
		t.Fatal("a clone differs")
	}
	scribble(reflect.ValueOf(c).Elem())
	after, err := a.encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("writing to a clone changes the original")
	}
}

// scribble writes to everything that may be written to in place. A State may
// not: it is replaced.
func scribble(v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time, State:
		v.SetZero()
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			scribble(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			scribble(v.Index(i))
		}
	default:
		v.SetZero()
	}
}

// A document's own encoder writes what package json would: each field by itself,
// all of them, and texts that need escapes.
func TestEncodesLikeJSON(t *testing.T) {
	check := func(what string, a *Account) {
		t.Helper()
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(a); err != nil {
			t.Fatal(err)
		}
		got, err := a.encode(nil)
		if err != nil || string(got)+"\n" != want.String() {
			t.Errorf("%s: %v\n%s\nand not\n%s", what, err, got, want.Bytes())
		}
	}
	check("nothing", new(Account))
	check("everything", full())
	fields := 0
	each(reflect.TypeFor[Account](), nil, func(path []int) {
		fields++
		a := new(Account)
		v := reflect.ValueOf(a).Elem()
		for _, i := range path {
			switch v.Kind() {
			case reflect.Struct:
				v = v.Field(i)
			case reflect.Array:
				v = v.Index(i)
			case reflect.Slice:
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
				v = v.Index(i)
			case reflect.Pointer:
				v.Set(reflect.New(v.Type().Elem()))
				v = v.Elem()
			}
		}
		var n int64
		fill(v, &n)
		check(fmt.Sprint("the field ", path, " alone"), a)
	})
	if fields < 120 {
		t.Errorf("only %d fields were tried", fields)
	}
	for _, h := range []Throttle{
		{Days: []Day{}}, {Sends: [2][]int64{nil, {7}}}, {Sends: [2][]int64{{}, nil}},
		{LastWrong: [2]time.Time{1: time.Unix(7, 0).UTC()}},
	} {
		check(fmt.Sprintf("%+v", h), &Account{Throttle: h})
	}
	for _, s := range []string{"", `"`, "\\", "<&>", "\x00\n\t\x1f\x7f", "é", "二段", "\u2028\u2029", "\xff\xfe", "🔑"} {
		a := full()
		a.Name, a.Authenticators[0].Name, a.Browsers[1].Family, a.Pending[0].First.AMR, a.Chain.Hash = s, s, s, s, s
		check(fmt.Sprintf("%q", s), a)
	}
	for _, at := range []time.Time{{}, time.Unix(0, 1).UTC(), time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("", 32400))} {
		a := full()
		a.Last, a.Pending[1].At = at, at
		check(at.String(), a)
	}
}

// A line of the trail is written the same way.
func TestEventEncodesLikeJSON(t *testing.T) {
	events := []Event{{}, {Detail: "<\"二段\">\n"}}
	each(reflect.TypeFor[Event](), nil, func(path []int) {
		var e Event
		n := int64(len(events))
		fill(reflect.ValueOf(&e).Elem().Field(path[0]), &n)
		events = append(events, e)
	})
	for _, e := range events {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
		got := text{}
		got.event(&e)
		if got.err != nil || string(got.b)+"\n" != want.String() {
			t.Errorf("%v\n%s\nand not\n%s", got.err, got.b, want.Bytes())
		}
	}
	if len(events) < 16 {
		t.Errorf("only %d events were tried", len(events))
	}
}

// each calls do with the path to every field that holds a value.
func each(t reflect.Type, path []int, do func(path []int)) {
	switch {
	case t == reflect.TypeFor[time.Time](), t == reflect.TypeFor[State]():
		do(path)
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			each(t.Field(i).Type, append(slices.Clip(path), i), do)
		}
	case t.Kind() == reflect.Array, t.Kind() == reflect.Slice, t.Kind() == reflect.Pointer:
		each(t.Elem(), append(slices.Clip(path), 0), do)
	default:
		do(path)
	}
}

// What is not JSON must not get into a document, which could never be read again;
// what has been in it is not looked at twice.
func TestBrokenState(t *testing.T) {
	was := full()
	a := was.clone()
	if _, err := a.encode(was); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{"{", "x", `{"seed":1}}`, `"`} {
		a.Authenticators[1].State = State(broken)
		if _, err := a.encode(was); err == nil {
			t.Errorf("a document with the state %s was encoded", broken)
		}
	}
	a.Last = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	a.Authenticators[1].State = was.Authenticators[1].State
	if _, err := a.encode(was); err == nil {
		t.Error("a time that has no text was encoded")
	}
	a = was.clone()
	a.Authenticators[1].State = State(" {\"seed\" :\n[ 1, \"a b\" ]} ")
	if b, err := a.encode(was); err != nil || !bytes.Contains(b, []byte(`"s":{"seed":[1,"a b"]},`)) {
		t.Errorf("a state with spaces is written as %s, %v", b, err)
	}
	a = was.clone()
	a.Authenticators[0].State = a.Authenticators[1].State[:len(a.Authenticators[1].State)-1]
	if _, err := a.encode(was); err == nil {
		t.Error("a document with half a state of another was encoded")
	}
}

func TestDocumentSurvivesStorage(t *testing.T) {
	a := full()
	b, err := a.encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := decodeAccount(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, again) {
		t.Errorf("read back\n%s\ninstead of\n%s", must(json.Marshal(again)), b)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// The first format has to stay readable for ever: this is a document of it.
func TestFormatOneStaysReadable(t *testing.T) {
	const sample = `{"f":1,"id":"aaaaaaaaaaaaaaaaaaaaaaaaaa","v":7,"name":"a@example.com","lang":"en","created":"2026-11-22T09:00:00Z","last":"2026-11-22T10:00:00Z","epoch":2,"rev":3,"pw":{"h":"$argon2id$v=19$m=19456,t=2,p=1,keyid=k$c2FsdA$aGFzaA","t":"2026-11-22T09:00:00Z"},"protected":"2026-11-22T09:30:00Z","auth":[{"id":"x","m":"totp","t":"2026-11-22T09:30:00Z","u":"2026-11-22T10:00:00Z","s":{"k":"AAAA","c":59000000},"w":[0,2]}],"throttle":{"l":["2026-11-22T09:40:00Z","0001-01-01T00:00:00Z"],"d":[{"d":20779,"n":2}]},"sessions":[{"i":"s","v":7,"t":"2026-11-22T10:00:00Z","e":"2026-11-23T10:00:00Z"}],"browsers":[{"i":"b","b":"Firefox on Linux","t":"2026-11-22T09:00:00Z","s":"2026-11-22T10:00:00Z"}],"chain":{"n":9,"h":"hash"}}`
	a, err := decodeAccount([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if !a.IsProtected() || a.Authenticators[0].Wrong != [2]int{0, 2} || a.Chain.Seq != 9 || a.Sessions[0].Made != 7 {
		t.Errorf("read as %s", must(json.Marshal(a)))
	}
}

func TestStrictDocuments(t *testing.T) {
	good := string(must(full().encode(nil)))
	for name, bad := range map[string]string{
		"an unknown field":            strings.Replace(good, `{"f":1`, `{"f":1,"later":true`, 1),
		"an unknown field deep down":  strings.Replace(good, `"chain":{`, `"chain":{"later":1,`, 1),
		"another format":              strings.Replace(good, `{"f":1`, `{"f":2`, 1),
		"something after it":          good + `{}`,
		"a bracket after it":          good + `]`,
		"cut off":                     good[:len(good)-2],
		"nothing":                     "",
		"another type":                strings.Replace(good, `"epoch":`, `"epoch":"x`, 1),
		"a list instead of an object": "[]",
	} {
		if _, err := decodeAccount([]byte(bad)); err == nil {
			t.Errorf("%s is readable", name)
		}
	}
}

// What would not load again is not stored.
func TestDocumentOverItsCapIsRefused(t *testing.T) {
	a := full()
	a.Authenticators[0].State = State(`"` + strings.Repeat("x", maxDocument) + `"`)
	if _, err := a.encode(nil); err == nil {
		t.Error("stored")
	}
}

// At every cap at once the document stays below its own.
func TestCapsFitTheDocument(t *testing.T) {
	a := full()
	times := func(n int, v any) {
		list := reflect.ValueOf(v).Elem()
		one := list.Index(0)
		for list.Len() < n {
			list.Set(reflect.Append(list, one))
		}
	}
	a.Name = strings.Repeat("n", 254)
	a.Password.Hash = strings.Repeat("h", 160)
	a.Authenticators[0].Name = strings.Repeat("日", maxNameLength)
	a.Authenticators[0].State = State(`"` + strings.Repeat("s", 1900) + `"`)
	times(1, &a.Authenticators)
	for len(a.Authenticators) < maxAuthenticators {
		x := a.Authenticators[0]
		x.State = State(`{"k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","d":-2,"c":59000000}`)
		a.Authenticators = append(a.Authenticators, x)
	}
	a.Retired[0].ID, a.Sessions[0].ID = strings.Repeat("i", 26), SessionID(strings.Repeat("i", 26))
	a.Pending[0].ID, a.Pending[0].Sum, a.Pending[0].Notice = strings.Repeat("i", 26), strings.Repeat("s", 43), strings.Repeat("i", 26)
	times(maxRetired, &a.Retired)
	times(2*maxPending, &a.Pending)
	times(maxSessions, &a.Sessions)
	times(maxBrowsers, &a.Browsers)
	times(31, &a.Throttle.Days)
	a.Prompts[0].For, a.Prompts[0].Authenticator, a.Prompts[0].Message = strings.Repeat("i", 26), strings.Repeat("i", 26), strings.Repeat("i", 26)
	a.Prompts[0].State = State(`{"s":"` + strings.Repeat("s", 24) + `","h":"` + strings.Repeat("h", 44) + `","x":1800000000}`)
	times(2*maxPrompts, &a.Prompts)
	times(maxRemembered, &a.Remembered)
	// What a product keeps has no password and no second address, and what we
	// keep none of what follows: this is more than either can be.
	a.Second, a.Password.Hash = SecondAddress{}, ""
	a.Name, a.Address, a.Ref = strings.Repeat("日", maxLabel), strings.Repeat("n", 254), strings.Repeat(`"`, maxRef)
	h := a.Pending[0].Handover
	h.Party, h.Return, h.Bind = strings.Repeat("p", 39), strings.Repeat("r", maxReturn), strings.Repeat("b", 43)
	h.Address, h.Browser = strings.Repeat("a", 45), strings.Repeat("b", 60)
	q := &a.Requests[0]
	q.Key, q.Body, q.Reason = strings.Repeat("k", 22), strings.Repeat("b", 43), IdempotencyMismatch
	q.Told.AMR = []string{"pwd", "otp", "mfa"}
	times(maxRequests, &a.Requests)
	r := &a.Results[0]
	r.ID, r.Sum, r.Party, r.Bind, r.AMR = strings.Repeat("i", 26), strings.Repeat("s", 43), h.Party, h.Bind, q.Told.AMR
	times(maxResults, &a.Results)
	for c := range a.Throttle.Sends {
		for len(a.Throttle.Sends[c]) < sendsADay {
			a.Throttle.Sends[c] = append(a.Throttle.Sends[c], 1_800_000_000)
		}
	}
	b, err := a.encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d bytes", len(b), maxDocument)
}

// Nothing that holds a secret prints it, in any way of printing.
func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "SEEDSEEDSEED"
	handout := Handout{URI: secret, Key: secret, Codes: []string{secret}}
	draft := Draft{State: State(`"` + secret + `"`), Handout: handout}
	held := Held{Handout: handout, Codes: handout}
	tick := &ticket{Draft: &draft, Codes: &draft, Confirmed: &confirmed{State: draft.State}}
	acct := full()
	for _, v := range []any{
		NewSecret(secret), draft.State, handout, draft, held, tick, acct, *acct, acct.Authenticators[0],
		Verdict{State: draft.State}, Enrolment{Old: draft.State}, SlowHash{Input: NewSecret(secret)}, Hashed{Of: SlowHash{Input: NewSecret(secret)}},
		Outcome{Ticket: NewSecret(secret), Browser: NewSecret(secret), Session: &SessionGrant{Token: NewSecret(secret)}},
		From{Cookie: NewSecret(secret), Session: NewSecret(secret)}, Answer{Code: NewSecret(secret)},
		Link{Ticket: NewSecret(secret)}, Carried{Ticket: NewSecret(secret)}, &handout, &draft, &held,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, secret) || strings.Contains(out, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of %T prints it: %s", verb, v, out)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", v)
		if strings.Contains(log.String(), secret) {
			t.Errorf("logging %T prints it: %s", v, log.String())
		}
	}
}

// Who signed in is not told again where the first step no longer counts.
func TestToldAgain(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	q := answeredRequest{Key: "key", Body: "body", Reason: OK, At: at, Told: told{Level: LevelAAL2, AuthAt: at}}
	for name, c := range map[string]struct {
		body     string
		password Password
		later    time.Duration
		want     Reason
	}{
		"at once":          {"body", Password{}, 0, OK},
		"nearly too late":  {"body", Password{}, pendingFor - 1, OK},
		"too late":         {"body", Password{}, pendingFor, Gone},
		"after it stopped": {"body", Password{Stopped: at}, 0, Gone},
		"of another body":  {"other", Password{}, 0, IdempotencyMismatch},
	} {
		out := q.outcome(Request{Key: q.Key, Body: c.body}, &Account{Ref: "mina", Password: c.password}, at.Add(c.later))
		if out.Reason != c.want || (out.Assertion != nil) != (c.want == OK) {
			t.Errorf("%s: %s, %v", name, out.Reason, out.Assertion)
		}
	}
}

// What a product says of an account has bounds also where no description of the
// API is held against it.
func TestDetails(t *testing.T) {
	for _, c := range []struct {
		about Details
		want  bool
	}{
		{Details{Label: strings.Repeat("日", maxLabel), Language: strings.Repeat("x", maxLanguage)}, true},
		{Details{Label: strings.Repeat("日", maxLabel+1)}, false},
		{Details{Label: " \t"}, false},
		{Details{Label: "a\x00b"}, false},
		{Details{Label: "\xff"}, false},
		{Details{Label: "Mina", Language: strings.Repeat("x", maxLanguage+1)}, true},
	} {
		got, ok := new(Service).details(c.about)
		if ok != c.want {
			t.Errorf("%+v is taken: %v", c.about, ok)
		}
		if n := len(got.Language); n > maxLanguage || ok && got.Label == "" {
			t.Errorf("%+v is kept with %d bytes of a language, label %q", c.about, n, got.Label)
		}
	}
}

// A mailed change that a product tells of with an early date does not shorten the
// wait of a recovery: what was known to be younger still counts.
func TestBackdatedChange(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ was, told, want time.Time }{
		"a later one":    {at.Add(-time.Hour), at.Add(-time.Minute), at.Add(-time.Minute)},
		"an earlier one": {at.Add(-time.Hour), at.AddDate(0, 0, -8), at.Add(-time.Hour)},
		"the first":      {time.Time{}, at.AddDate(0, 0, -8), at.AddDate(0, 0, -8)},
	} {
		a := &Account{Party: "shop", Created: at.AddDate(0, -1, 0), Password: Password{ByReset: c.was}}
		d := &decision{loaded: loaded{acct: a}, s: new(Service), now: at}
		if out := d.stated(c.told, true); !out.Passed() || !a.Password.ByReset.Equal(c.want) || a.Password.ByMail != at || a.Password.news(c.told, true) {
			t.Errorf("%s: %s, %+v", name, out.Reason, a.Password)
		}
	}
}

// What stopped a password is not lifted by hearing more of the same change, though a
// product's clock was ahead when it told of it.
func TestStopOutlivesTheSameChange(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	ahead := at.Add(4 * time.Minute)
	for _, mailed := range []bool{false, true} {
		a := &Account{Party: "shop", Created: at.Add(-time.Hour), Password: Password{Changed: ahead, Stopped: at}}
		d := &decision{loaded: loaded{acct: a}, s: new(Service), now: at.Add(time.Minute)}
		if out := d.stated(ahead, mailed); a.Password.Stopped.IsZero() || mailed && out.Reason != FirstStepStopped {
			t.Errorf("by mail %v: %s, stopped %v", mailed, out.Reason, a.Password.Stopped)
		}
	}
}
