package server

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/protocol/api"
	"github.com/nidan-auth/nidan/protocol/forwardauth"
)

// From the operator's commands to a call of the running server, and its end.
func TestPartiesAndKeys(t *testing.T) {
	bare(t)
	c := started(t)
	s := opened(t, Config{Data: c.Data})
	run := func(says string, args ...string) string {
		t.Helper()
		code, out, errs := shell(t, append(args, "--data", c.Data)...)
		if code != exitOK || !strings.Contains(out, says) {
			t.Fatalf("%v: exit %d\n%s%s", args, code, out, errs)
		}
		return out
	}
	call := func(key, body string) int {
		r := httptest.NewRequest("POST", "http://127.0.0.1:8080"+api.Prefix+"/accounts", strings.NewReader(body))
		r.RemoteAddr = "127.0.0.1:4711"
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w.Code
	}
	run("is registered", "party", "put", "shop", "--name=Example Shop", "--return=https://shop.example/back", "--host=app.example=2step", "--reason=our shop")
	if out := run("shop", "party", "list"); !strings.Contains(out, "https://shop.example/back") || !strings.Contains(out, "app.example=2step") {
		t.Errorf("listed:\n%s", out)
	}
	key, rest, _ := strings.Cut(run("nk_", "key", "create", "shop", "--scope=admin", "--scope=read", "--network=127.0.0.0/8", "--days=30", "--reason=registering"), "\n")
	if !strings.HasPrefix(key, "nk_") || rest != "" {
		t.Errorf("printed %q and %q", key, rest)
	}
	if code := call(key, `{"id":"mina","label":"Mina"}`); code != http.StatusCreated {
		t.Errorf("with the key: %d", code)
	}
	run("kept by", "account", "show", "shop/mina")
	list := run("admin,read", "key", "list")
	if strings.Contains(list, key) || !strings.Contains(list, "from 127.0.0.0/8") {
		t.Errorf("listed:\n%s", list)
	}
	id := strings.Fields(list)[0]
	run("Ended", "key", "revoke", id, "--reason=leaked")
	s = opened(t, Config{Data: c.Data}) // the first one may take it for two seconds more
	if code := call(key, `{"id":"theo","label":"Theo"}`); code != http.StatusUnauthorized {
		t.Errorf("with the revoked key: %d", code)
	}
	run("Removed", "party", "remove", "shop", "--reason=closed")
	_, trail, _ := shell(t, "audit", "show", "instance", "--data", c.Data)
	for _, event := range []string{"party_put", "key_created", "key_revoked", "party_removed"} {
		if !strings.Contains(trail, event) {
			t.Errorf("%s is not in the trail:\n%s", event, trail)
		}
	}
	if secret := key[len("nk_")+len(id):]; strings.Contains(trail, secret) || strings.Contains(list, secret) {
		t.Error("a key's secret is in the trail, or in the list")
	}
}

func TestPartiesAndKeysRefused(t *testing.T) {
	bare(t)
	c := started(t)
	party := func(more ...string) []string {
		return append([]string{"party", "put", "shop", "--name=Example Shop", "--reason=x"}, more...)
	}
	if code, _, errs := shell(t, append(party(), "--data", c.Data)...); code != exitOK {
		t.Fatal(errs)
	}
	for _, x := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"party", "put", "Shop!", "--name=x", "--reason=x"}, exitFailed, "1 to 39 of a to z"},
		{party("--return=http://shop.example/"), exitFailed, "has to be https"},
		{party("--return=https://shop.example/?a=b"), exitFailed, "without query"},
		{party("--return=https://shop.example"), exitOK, ""},
		{party("--return=https://*.example/"), exitFailed, "has to be https"},
		{party("--return=https://shop.example;x/"), exitFailed, "has to be https"},
		{party("--return=http://127.0.0.1:3000/back"), exitOK, ""},
		{party("--host=app.example"), exitFailed, "after the host comes ="},
		{party("--host=App.example=1"), exitFailed, "as browsers name it"},
		{party("--host=app.example=aal3"), exitFailed, "after the host comes ="},
		{party("--host=login.example.com=1", "--public-url=https://login.example.com"), exitFailed, "is where Nidan itself is"},
		{party("--host=login.example.com:8443=1", "--public-url=https://login.example.com"), exitFailed, "is where Nidan itself is"},
		{party("--host=app.example=1", "--host=127.0.0.1:8090=1"), exitFailed, "is where Nidan itself is"},
		{party("--host=app.login.example.com=1", "--host=localhost:8090=1", "--public-url=https://login.example.com"), exitOK, ""},
		{[]string{"party", "remove", "none", "--reason=x"}, exitFailed, "no such product"},
		{[]string{"key", "create", "none", "--scope=read", "--reason=x"}, exitFailed, "no such product"},
		{[]string{"key", "create", "shop", "--scope=everything", "--reason=x"}, exitFailed, "sign-in, assert-first-step"},
		{[]string{"key", "create", "shop", "--scope=read", "--scope=read", "--reason=x"}, exitFailed, "each once"},
		{[]string{"key", "create", "shop", "--scope=read", "--days=401", "--reason=x"}, exitFailed, "1 to 400 days"},
		{[]string{"key", "create", "shop", "--scope=read", "--days=0", "--reason=x"}, exitFailed, "1 to 400 days"},
		{[]string{"key", "create", "shop", "--scope=read", "--network=10.0.0.1", "--reason=x"}, exitUsage, "--network"},
		{[]string{"key", "create", "shop", "--scope=read"}, exitUsage, "--reason"},
		{[]string{"key", "revoke", "none", "--reason=x"}, exitFailed, "no such key"},
	} {
		code, out, errs := shell(t, append(x.args, "--data", c.Data)...)
		if code != x.code || !strings.Contains(errs, x.says) || strings.Contains(out, "nk_") {
			t.Errorf("%q: exit %d, want %d and …%s…\n%s%s", x.args, code, x.code, x.says, out, errs)
		}
	}
}

// The doors stand where the program says, each answering for itself.
func TestDoors(t *testing.T) {
	bare(t)
	s := opened(t, started(t))
	for path, want := range map[string]int{
		api.DescriptionPath: http.StatusOK, "/api/": http.StatusNotFound, api.Prefix + "/accounts/x": http.StatusUnauthorized,
		forwardauth.CheckPath: http.StatusUnauthorized, forwardauth.StartPath: http.StatusForbidden, forwardauth.DonePath: http.StatusGone, forwardauth.KeysPath: http.StatusOK,
	} {
		if w := get(t, s, here, path); w.Code != want || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s answers %d %v", path, w.Code, w.Header())
		}
	}
	// Asking writes nothing: the signing key comes with the first host.
	if w := get(t, s, here, forwardauth.KeysPath); strings.TrimSpace(w.Body.String()) != `{"keys":[]}` {
		t.Errorf("the keys before there is a host: %s", w.Body.String())
	}
	if _, trail, _ := shell(t, "audit", "show", "instance", "--data", s.set.Data); strings.Contains(trail, "party_put") || strings.Count(trail, "\n") > 1 {
		t.Errorf("somebody has asked, and the trail has\n%s", trail)
	}
}

// Any operation, from the command line to a running server.
func TestAPICommand(t *testing.T) {
	bare(t)
	c := started(t)
	s := opened(t, Config{Data: c.Data})
	running := httptest.NewServer(s.Handler())
	defer running.Close()
	file := filepath.Join(t.TempDir(), "key")
	run := func(want int, says string, args ...string) string {
		t.Helper()
		code, out, errs := shell(t, args...)
		if code != want || !strings.Contains(out+errs, says) {
			t.Fatalf("%v: exit %d, want %d and …%s…\n%s%s", args, code, want, says, out, errs)
		}
		return out
	}
	call := func(want int, says string, words ...string) string {
		t.Helper()
		return run(want, says, append(append([]string{"api"}, words...), "--server", running.URL, "--key-file", file)...)
	}
	run(exitOK, "", "party", "put", "shop", "--name=Example Shop", "--return=https://shop.example/back", "--reason=x", "--data", c.Data)
	key := run(exitOK, "nk_", "key", "create", "shop", "--scope=admin", "--scope=read", "--scope=assert-first-step", "--reason=x", "--data", c.Data)
	must(t, os.WriteFile(file, []byte(key), 0o600))

	if list := run(exitOK, "register-account", "api", "--server", running.URL); strings.Count(list, "\n") < 20 {
		t.Errorf("listed:\n%s", list)
	}
	call(exitOK, `"id": "mina/1"`, "register-account", "id=mina/1", "label=Mina K.", "--repeat=one")
	call(exitOK, `"id": "mina/1"`, "register-account", "id=mina/1", "label=Mina K.", "--repeat=one")
	call(exitFailed, "account_exists", "register-account", "id=mina/1", "label=Mina K.")
	call(exitOK, `"label": "Mina K."`, "read-account", "id=mina/1")
	call(exitOK, `"acr": "1"`, "start-sign-in", "id=mina/1", "first_step.changed_by_mail=false", "browser.address=198.51.100.1")
	call(exitOK, "/step/nh_", "open-hosted", "id=mina/1", "use=sign-in", "return_to=https://shop.example/back", "acr=2step", "bind="+strings.Repeat("A", 43))
	call(exitOK, "", "delete-account", "id=mina/1")
	call(exitFailed, "no operation", "everything")
	call(exitFailed, "wants id=VALUE", "read-account")
	call(exitFailed, "it has address, label, language", "update-account", "id=x", "name=y")
	call(exitFailed, "true or false", "start-sign-in", "id=x", "first_step.changed_by_mail=perhaps")
	call(exitFailed, "NAME=VALUE", "read-account", "mina")
	run(exitFailed, "key is missing", "api", "read-account", "id=x", "--server", running.URL)
	run(exitFailed, "has to be a URL", "api", "--server", "nowhere")
	run(exitFailed, "no server answers", "api", "--server", "http://127.0.0.1:1")
}
