package attacks

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
	"github.com/nidan-auth/nidan/vault"
)

// The database is stolen, and the live seeds with it; or a row is moved.
func TestQ1StolenDatabase(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	alice, a := r.Protected()
	bob, b := r.Protected()

	// Something of everything: open sign-ins, unfinished tickets, a used code
	// and its successor, wrong answers, links, a message in the queue.
	secrets := map[string]string{}
	for name, p := range map[string]*rig.Person{"alice": alice, "bob": bob} {
		seed, err := base32.StdEncoding.DecodeString(p.Phone.Key)
		if err != nil {
			t.Fatal(err)
		}
		secrets[p.Phone.Key], secrets[string(seed)], secrets[p.Password] = name+"'s key", name+"'s seed", name+"'s password"
		for _, c := range p.Codes {
			secrets[c], secrets[strings.ReplaceAll(c, "-", "")], secrets[strings.ReplaceAll(c[3:], "-", "")] = "a code", "a code", "a code"
		}
	}
	used := r.Browser()
	alice.First(used)
	alice.Backup(used, alice.Codes[1])
	r.ReadCodes(used.Get("/security/code"))
	r.Clock.Advance(time.Minute)
	b.Post("/security/codes", "password", bob.Password, "way", bob.Way("totp"), "code", bob.Phone.Code())
	r.ReadCodes(b.Get("/security/codes/new"))
	pend := r.Browser()
	alice.First(pend)
	alice.Second(pend, alice.Phone.Wrong())
	carol, c := r.Person(), r.Browser()
	carol.LogIn(c)
	carol.Scan(c)
	for _, x := range []*rig.Browser{a, b, c, used, pend} {
		for _, name := range []string{"session", "pending", "browser", "setup", "reissue", "renew"} {
			if v := x.Cookie(name); v != "" {
				secrets[v] = "a cookie " + name
			}
		}
	}
	for _, p := range []nidan.TicketPurpose{nidan.TicketReset, nidan.TicketBrowser} {
		secrets[filepath.Base(r.Link(p, alice.Name))] = "a link"
	}
	if len(secrets) < 60 {
		t.Fatalf("only %d secrets", len(secrets))
	}

	t.Run("swapped rows", func(t *testing.T) { swapped(t, r, alice, bob, a, b) })

	r.Stop()
	var file []byte
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(r.Database() + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		file = append(file, text...)
	}
	if !strings.Contains(string(file), alice.Name) {
		t.Error("the search finds nothing at all: not even an address, which stands there in clear")
	}
	for _, what := range rig.Find(string(file), secrets) {
		t.Errorf("%s stands in the database", what)
	}
}

// swapped puts what is sealed of one account into the other's place, part by
// part. Nothing of it may be accepted.
func swapped(t *testing.T, r *rig.Rig, alice, bob *rig.Person, a, b *rig.Browser) {
	x, y := string(show(t, r, alice).ID), string(show(t, r, bob).ID)
	db := r.SQL()
	whole := r.Dump(db)
	// swap exchanges columns of the two accounts' rows.
	swap := func(table, key string, columns ...string) {
		changed := maps.Clone(whole)
		changed[table] = slices.Clone(whole[table])
		at := map[string]int{}
		for i, row := range whole[table] {
			at[fmt.Sprint(row[key])] = i
		}
		one, other := maps.Clone(whole[table][at[x]]), maps.Clone(whole[table][at[y]])
		for _, c := range columns {
			one[c], other[c] = other[c], one[c]
		}
		changed[table][at[x]], changed[table][at[y]] = one, other
		r.Restore(db, changed)
	}
	for _, c := range []struct {
		name   string
		tamper func()
		alice  bool // goes on as before
		bob    bool
	}{
		{name: "sealed document", tamper: func() { swap("nidan_documents", "id", "sealed") }},
		{name: "document and version", tamper: func() { swap("nidan_documents", "id", "sealed", "version", "format") }},
		{name: "whole document", tamper: func() { swap("nidan_documents", "id", "sealed", "version", "format", "name", "protected", "methods") }},
		{name: "one document for both", alice: true, tamper: func() {
			write(t, db, `UPDATE nidan_documents SET (sealed, version) = (SELECT sealed, version FROM nidan_documents WHERE id = $1) WHERE id = $2`, x, y)
		}},
		{name: "look-ups", tamper: func() { swap("nidan_lookups", "account", "key") }},
		{name: "other kind", tamper: func() { write(t, db, `UPDATE nidan_documents SET kind = 'other' WHERE id IN ($1, $2)`, x, y) }},
		{name: "other version", tamper: func() { write(t, db, `UPDATE nidan_documents SET version = version + 1 WHERE id IN ($1, $2)`, x, y) }},
		{name: "other format", tamper: func() { write(t, db, `UPDATE nidan_documents SET format = format + 1 WHERE id IN ($1, $2)`, x, y) }},
	} {
		c.tamper()
		logged := len(r.Log())
		for _, try := range []struct {
			name, login, password string
			in                    bool
		}{
			{"alice with bob's password", alice.Name, bob.Password, false},
			{"bob with alice's password", bob.Name, alice.Password, false},
			{"alice with her own", alice.Name, alice.Password, c.alice},
			{"bob with his own", bob.Name, bob.Password, c.bob},
		} {
			page := r.Browser().Post("/login", "login", try.login, "password", try.password)
			if (page.Location == "/login/second") != try.in || page.Status == http.StatusInternalServerError {
				t.Errorf("%s, %s: status %d to %q", c.name, try.name, page.Status, page.Location)
			}
		}
		if c.name != "look-ups" { // a session does not need one
			if in := loggedIn(a.Clone()); in != c.alice {
				t.Errorf("%s: alice's session is accepted: %v", c.name, in)
			}
			if in := loggedIn(b.Clone()); in != c.bob {
				t.Errorf("%s: bob's session is accepted: %v", c.name, in)
			}
		}
		if said := r.Log()[logged:]; !strings.Contains(said, `"msg":"not proven"`) {
			t.Errorf("%s: the operator is not told", c.name)
		}
		r.Restore(db, whole)
	}

	// A session's row is of its own token and account.
	mine, his := string(session(t, r, a).ID), string(session(t, r, b).ID)
	write(t, db, `UPDATE nidan_sessions SET sealed = (SELECT sealed FROM nidan_sessions WHERE id = $1) WHERE id = $2`, mine, his)
	if loggedIn(b.Clone()) {
		t.Error("a session with another's row is accepted")
	}
	r.Restore(db, whole)
	write(t, db, `DELETE FROM nidan_sessions WHERE id = $1`, his)
	write(t, db, `UPDATE nidan_sessions SET account = $1 WHERE id = $2`, y, mine)
	if loggedIn(a.Clone()) {
		t.Error("a session that was moved to another account is accepted")
	}
	r.Restore(db, whole)

	// A message goes to whom it was meant for, or to nobody.
	write(t, db, `UPDATE nidan_outbox SET account = $1 WHERE account = $2`, y, x)
	rows := r.Dump(db)["nidan_outbox"]
	for _, row := range rows {
		n, err := nidan.OpenNotice(r.Sealer(), nidan.OutboxRow{Account: nidan.AccountID(fmt.Sprint(row["account"])), ID: fmt.Sprint(row["id"]), Sealed: row["sealed"].([]byte)})
		if err == nil && n.To != bob.Name && fmt.Sprint(row["account"]) == y {
			t.Errorf("a message of %s opens as one of %s", n.To, bob.Name)
		}
	}
	r.Restore(db, whole)
	if !loggedIn(a) || !loggedIn(b) {
		t.Error("after everything is as it was, the sessions are not")
	}
}

// A pending sign-in keeps the password for later.
func TestQ2WhatAPendingSignInHolds(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := r.Protected()
	b := r.Browser()
	p.First(b)
	doc := document(t, r, p).open(t, r)
	list, ok := doc["pending"].([]any)
	if !ok || len(list) != 1 {
		t.Fatalf("%d sign-ins are pending", len(list))
	}
	pending := list[0].(map[string]any)
	// Ids, hashes, numbers and dates. What is new here is to be looked at.
	known := []string{"i", "s", "c", "t", "e", "w", "f", "ep", "rv", "n"}
	for field := range pending {
		if !slices.Contains(known, field) {
			t.Errorf("it has a field %q", field)
		}
	}
	for field := range pending["f"].(map[string]any) {
		if !slices.Contains([]string{"f", "c", "a", "l", "i", "t"}, field) {
			t.Errorf("its proof has a field %q", field)
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	token := b.Cookie("pending")
	for _, what := range rig.Find(string(text), map[string]string{p.Password: "the password", token: "the token", token[3+26:]: "the secret half of the token"}) {
		t.Errorf("%s stands in the account's own document", what)
	}
	// The token holds nothing either, but the account's id and chance.
	if len(token) != 3+26+43 || token[3:29] != string(show(t, r, p).ID) {
		t.Errorf("the token has %d characters", len(token))
	}
	again := r.Browser()
	p.First(again)
	if again.Cookie("pending")[29:] == token[29:] {
		t.Error("two tokens are the same")
	}
}

var (
	passwordForm = regexp.MustCompile(`^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1,keyid=([0-9a-f]{8})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$`)
	sheetForm    = regexp.MustCompile(`^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1,keyid=([0-9a-f]{8})\$([A-Za-z0-9+/]{22})$`)
)

// Short codes are stored under a fast hash.
func TestQ3SlowHashes(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := r.Protected()
	q, _ := r.Protected()
	type stored struct{ password, sheet string }
	var all []stored
	for _, who := range []*rig.Person{p, q} {
		doc := document(t, r, who).open(t, r)
		var s stored
		s.password = doc["pw"].(map[string]any)["h"].(string)
		for _, x := range doc["auth"].([]any) {
			if x := x.(map[string]any); x["m"] == "backup" {
				state := x["s"].(map[string]any)
				s.sheet = state["p"].(string)
				hashes := map[string]bool{}
				for _, c := range state["c"].([]any) {
					h := c.(map[string]any)["h"].(string)
					if raw, err := base64.RawStdEncoding.DecodeString(h); err != nil || len(raw) != 32 || hashes[h] {
						t.Errorf("a code's hash has %d bytes: %v", len(raw), err)
					}
					hashes[h] = true
				}
				if len(hashes) != 10 {
					t.Errorf("%d hashes", len(hashes))
				}
			}
		}
		all = append(all, s)
	}
	for _, s := range all {
		m := passwordForm.FindStringSubmatch(s.password)
		if m == nil || m[1] != "19456" || m[2] != "2" {
			t.Fatalf("a password is stored as %.40s…", s.password)
		}
		if m := sheetForm.FindStringSubmatch(s.sheet); m == nil || m[1] != "8192" || m[2] != "1" {
			t.Errorf("codes are stored as %s…", s.sheet)
		}
	}
	if all[0].password == all[1].password || salt(all[0].password) == salt(all[1].password) || all[0].sheet == all[1].sheet {
		t.Error("two accounts have one salt")
	}
	// The database alone does not even let a guess be checked: the hash is keyed.
	m := passwordForm.FindStringSubmatch(all[0].password)
	bytes, err := base64.RawStdEncoding.DecodeString(m[4])
	if err != nil {
		t.Fatal(err)
	}
	plain := argon2.IDKey([]byte(p.Password), bytes, 2, 19456, 1, 32)
	if base64.RawStdEncoding.EncodeToString(plain) == m[5] {
		t.Error("the hash is not keyed")
	}
}

func salt(stored string) string { return strings.Split(stored, "$")[4] }

// Secrets end up in logs, in addresses, or on pages that tell of an error.
func TestQ4SecretsInLogsAndAddresses(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := r.Protected()
	reset := r.Link(nidan.TicketReset, p.Name)
	ticket := filepath.Base(reset)
	bearer := b.AsBearer() // what a person typed themselves stands in their field again
	for _, at := range []string{
		reset, reset + "/", reset + "/x", strings.ToUpper(reset), "/browser/" + ticket, "/invite/" + ticket, "/reset", "/none/" + ticket,
		"/login?password=" + strings.ReplaceAll(p.Password, " ", "+"), "/security?session=" + b.Cookie("session"), "/static/" + ticket, "//" + ticket, "/%2f" + ticket,
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", ticket} {
			page := bearer.Do(method, at, form, strings.NewReader("password=x&code="+p.Codes[0]+"&ticket="+ticket))
			if page.Location != "" && strings.Contains(page.Location, ticket) {
				t.Errorf("%s leads on with the ticket in its address", method)
			}
		}
	}
	b.Header.Set("Referer", r.URL+reset)
	b.Header.Set("User-Agent", ticket)
	b.Header.Set("X-Request-Id", ticket)
	b.Get("/security")
	b.Header.Del("User-Agent")
	// A person types the password where the address belongs.
	stranger := r.Browser().AsBearer()
	stranger.Post("/login", "login", p.Password, "password", p.Password)
	stranger.Post("/login", "login", p.Codes[3], "password", p.Phone.Key)
	r.Clock.Advance(time.Minute)
	for _, at := range []string{"/login/second", "/security/off", "/security/codes", "/security/on/scan", "/security/on/codes"} {
		bearer.Post(at, "way", p.Codes[5], "code", p.Codes[5], "password", p.Codes[5], "ticket", p.Codes[5], p.Codes[6], "x")
	}
	if page := r.Browser().Post(reset, "password", "short"); strings.Contains(page.Location+page.Header.Get("Set-Cookie"), ticket) {
		t.Error("the answer to a link carries it on")
	}
	if !strings.Contains(r.Log(), `"route":"GET /reset/{ticket}"`) {
		t.Error("the log does not name the route")
	}
	// The rig searches log, database and error pages for all of it at the end.
}

// The search for secrets that ends every test of a rig finds what is there.
func TestQ4TheSearchFinds(t *testing.T) {
	t.Parallel()
	var found []string
	for _, c := range []struct{ place, want string }{{"database", "the database"}, {"log", "the log"}, {"error page", "a page with an error"}} {
		t.Run(c.place, func(t *testing.T) {
			w := &witness{TB: t}
			r := rig.New(w)
			p, b := r.Protected()
			switch c.place {
			case "database": // an address stands there in clear
				r.Secret("a planted secret", p.Name)
			case "log": // a fault names the account
				r.Secret("a planted secret", string(show(t, r, p).ID))
				damage(t, r, p)
				b.Get("/security")
			case "error page": // an invitation shows its address again
				name := r.Secret("a planted secret", r.Name())
				r.Browser().Post(r.Link(nidan.TicketInvite, name), "password", "short")
			}
			w.end()
			if !slices.ContainsFunc(w.said, func(s string) bool {
				return strings.Contains(s, "a planted secret stands in "+c.want)
			}) {
				t.Errorf("it is not found; said was %q", w.said)
			}
			found = append(found, w.said...)
		})
	}
	for _, s := range found {
		if !strings.Contains(s, "a planted secret") {
			t.Errorf("the search found something else too: %s", s)
		}
	}
}

// A witness is told of failures instead of failing.
type witness struct {
	testing.TB
	said []string
	last []func()
}

func (w *witness) Errorf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *witness) Cleanup(f func()) { w.last = append(w.last, f) }

func (w *witness) end() {
	for _, f := range slices.Backward(w.last) {
		f()
	}
}

// What does not open counts as not there, and the password alone opens the
// account.
func TestQ5FailsClosed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	start := func(r *rig.Rig, c server.Config) error {
		c.Data = r.Data
		s, err := server.New(ctx, c, server.Deps{Clock: r.Clock})
		if err == nil {
			_ = s.Close()
		}
		return err
	}
	t.Run("wrong keyring", func(t *testing.T) {
		r := rig.New(t)
		r.Protected()
		r.Stop()
		own := filepath.Join(r.Data, "keyring", "keyring.json")
		text, err := os.ReadFile(own)
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "keys", "keyring.json")
		if _, err := vault.Create(other); err != nil {
			t.Fatal(err)
		}
		foreign, err := os.ReadFile(other)
		if err != nil {
			t.Fatal(err)
		}
		var ring map[string]any
		if err := json.Unmarshal(text, &ring); err != nil {
			t.Fatal(err)
		}
		var key [32]byte
		_, _ = rand.Read(key[:])
		ring["keys"].([]any)[0].(map[string]any)["key"] = base64.StdEncoding.EncodeToString(key[:])
		sameName, err := json.Marshal(ring)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			keyring string
			want    error
		}{
			"another store's":              {string(foreign), vault.ErrWrongKeyring},
			"another key of the same name": {string(sameName), vault.ErrWrongKeyring},
			"none at all":                  {"{}", vault.ErrKeyring},
			"half of it":                   {string(text[:len(text)/2]), vault.ErrKeyring},
		} {
			if err := start(r, server.Config{Keyring: nidan.NewSecret(c.keyring)}); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := os.Rename(own, own+".away"); err != nil {
			t.Fatal(err)
		}
		if err := start(r, server.Config{}); !errors.Is(err, vault.ErrNoKeyring) {
			t.Errorf("no keyring: %v", err)
		}
		if _, err := os.Stat(own); !errors.Is(err, fs.ErrNotExist) {
			t.Error("a new keyring was made for a database that was in use")
		}
		if err := os.Rename(own+".away", own); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(own, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := start(r, server.Config{}); !errors.Is(err, vault.ErrPermissions) {
			t.Errorf("a keyring for everybody to read: %v", err)
		}
		if err := os.Chmod(own, 0o600); err != nil {
			t.Fatal(err)
		}
		write(t, tampered(t, r), `DELETE FROM nidan_canary`)
		if err := start(r, server.Config{}); !errors.Is(err, vault.ErrNoCanary) {
			t.Errorf("no canary: %v", err)
		}
	})

	// For a document that does not open, at each point of a log-in.
	t.Run("damaged document", func(t *testing.T) {
		r := rig.New(t)
		p, owner := r.Protected()
		id := string(show(t, r, p).ID)
		totp, backup := p.Way("totp"), p.Way("backup")
		second := func(b *rig.Browser) rig.Page {
			return b.Post("/login/second", "way", totp, "code", p.Phone.Code())
		}
		pend := r.Browser()
		p.First(pend)
		reset := r.Link(nidan.TicketReset, p.Name)
		was := damage(t, r, p)
		logged := len(r.Log())

		b := r.Browser()
		if page := p.First(b); page.Status != http.StatusUnprocessableEntity || b.Cookie("session")+b.Cookie("pending") != "" {
			t.Errorf("the right password: status %d to %q", page.Status, page.Location)
		}
		if loggedIn(owner.Clone()) {
			t.Error("a session is accepted")
		}
		for name, page := range map[string]rig.Page{
			"the page of the second step": pend.Clone().Get("/login/second"),
			"the right code":              second(pend.Clone()),
			"a backup code":               pend.Clone().Post("/login/second", "way", backup, "code", typed(p.Codes[0])),
			"turn off":                    owner.Clone().Post("/security/off", "password", p.Password, "way", "x", "code", p.Phone.Code()),
			"set-up":                      owner.Clone().Post("/security/on", "method", "totp", "password", p.Password),
			"a reset link":                r.Browser().Post(reset, "password", "violet kettle under ice"),
		} {
			if page.Status == http.StatusOK || slices.Contains(page.SetNames, "session") || slices.Contains(page.SetNames, "setup") || page.Location != "" && page.Location != "/login" {
				t.Errorf("%s: status %d to %q", name, page.Status, page.Location)
			}
		}
		said := r.Log()[logged:]
		for _, step := range []string{"first step", "session"} {
			if !slices.ContainsFunc(strings.Split(said, "\n"), func(line string) bool {
				var l struct{ Msg, Step, Cause string }
				return json.Unmarshal([]byte(line), &l) == nil && l.Msg == "not proven" && (l.Step == step || l.Step == "load") && strings.Contains(l.Cause, id) && strings.Contains(l.Cause, "does not open")
			}) {
				t.Errorf("the log does not tell account, step and cause of %q", step)
			}
		}

		putBack(t, r, was)
		if second(pend); pend.Cookie("session") == "" {
			t.Error("once it is whole again the sign-in does not go on")
		}
	})

	// For one authenticator that its method cannot read: it still protects.
	t.Run("unreadable authenticator", func(t *testing.T) {
		r := rig.New(t)
		p, _ := r.Protected()
		for name, change := range map[string]func(x map[string]any){
			"empty state":      func(x map[string]any) { x["s"] = map[string]any{} },
			"no state":         func(x map[string]any) { x["s"] = nil },
			"another's state":  func(x map[string]any) { x["s"] = map[string]any{"k": "AAAA", "c": 1} },
			"unlisted method":  func(x map[string]any) { x["m"] = "carrier pigeon" },
			"no method at all": func(x map[string]any) { x["m"] = "" },
		} {
			was := document(t, r, p)
			text := was.open(t, r)
			change(text["auth"].([]any)[0].(map[string]any))
			putBack(t, r, was.with(t, r, text))
			b := r.Browser()
			if page := p.First(b); page.Location != "/login/second" || b.Cookie("session") != "" {
				t.Errorf("%s: the password leads to %q", name, page.Location)
			}
			for _, code := range []string{p.Phone.Code(), "000000", ""} {
				b.Post("/login/second", "way", text["auth"].([]any)[0].(map[string]any)["id"].(string), "code", code)
			}
			if b.Cookie("session") != "" {
				t.Errorf("%s: a code is accepted", name)
			}
			c := r.Browser()
			p.First(c)
			p.Backup(c, typed(p.Codes[0]))
			if c.Cookie("session") == "" {
				t.Errorf("%s: a backup code does not log in", name)
			}
			p.Codes = p.Codes[1:]
			// Back to a version that the program has made.
			now := document(t, r, p)
			whole := now.open(t, r)
			whole["auth"].([]any)[0] = was.open(t, r)["auth"].([]any)[0]
			putBack(t, r, now.with(t, r, whole))
			r.Clock.Advance(time.Hour)
		}
	})
}

// Two passwords that differ behind the 72nd byte are one; or inputs are put
// together so that two of them look the same.
func TestQ7LongPasswords(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	words := "correct mare with a violet kettle under thin ice, and 4711 more of these 😀 "
	long := words + strings.Repeat("Ünïcödé ", 12)
	for len(long) < 255 {
		long += "z"
	}
	long = r.Secret("a password", long[:255]+"a")
	if len(long) != 256 {
		t.Fatal(len(long))
	}
	name := r.Name()
	if page := r.Browser().Post(r.Link(nidan.TicketInvite, name), "password", long+"b"); page.Status != http.StatusUnprocessableEntity || !page.SaysReason(nidan.PasswordLong) {
		t.Errorf("a password of 257 bytes: %d", page.Status)
	}
	if page := r.Browser().Post(r.Link(nidan.TicketInvite, name), "password", long); page.Location != "/login?account" {
		t.Fatalf("a password of 256 bytes: %d %s", page.Status, page.Text())
	}
	in := func(password string) bool {
		r.Clock.Advance(time.Hour)
		return r.Browser().Post("/login", "login", name, "password", password).Location == "/security"
	}
	for what, password := range map[string]string{
		"another last byte":   long[:255] + "b",
		"72 bytes of it":      long[:72],
		"73rd byte different": long[:72] + string(long[72]^1) + long[73:],
		"one byte less":       long[:255],
		"one byte more":       long + "a",
		"NUL at the end":      long + "\x00",
		"nothing":             "",
		"its hash":            hex.EncodeToString([]byte(long)),
	} {
		if in(password) {
			t.Errorf("%s logs in", what)
		}
	}
	if !in(long) {
		t.Error("the password itself does not log in")
	}
}
