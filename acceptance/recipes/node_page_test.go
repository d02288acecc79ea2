package recipes

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// What cannot start says why in one line, and does not start.
func TestNodeStart(t *testing.T) {
	r := newRecipe(t, "examples/shop-node/server.mjs") // which keeps the product's port
	for name, text := range map[string]string{"empty.key": "", "blank.key": "\n", "shop.key": "nk_none\n"} {
		if err := os.WriteFile(filepath.Join(r.dir, "bin", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	taken := port(r.shop)
	for _, x := range []struct{ env, says string }{
		{"", "NIDAN_KEY_FILE is not set: the file that has the key"},
		{"NIDAN_KEY_FILE=bin/none.key", "bin/none.key cannot be read (ENOENT): was the key made?"},
		{"NIDAN_KEY_FILE=bin/empty.key", "bin/empty.key is empty: was the key made?"},
		{"NIDAN_KEY_FILE=bin/blank.key", "bin/blank.key is empty: was the key made?"},
		{"NIDAN_KEY_FILE=bin/shop.key", "The shop cannot listen on 127.0.0.1:" + taken + " (EADDRINUSE). PORT and BASE_URL choose another port."},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := r.command(ctx, "exec env PORT="+taken+" "+x.env+" node examples/shop-node/server.mjs")
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		err, _ := cmd.Run().(*exec.ExitError)
		if err == nil || err.ExitCode() != 1 || out.Len() > 0 || errs.String() != x.says+"\n" {
			t.Errorf("%q: %v\n%s\nis right, and this is said:\n%s%s", x.env, err, x.says, out.String(), errs.String())
		}
	}
}

// elsewhere: the shop at an address that is not registered says which one.
func (n *node) elsewhere() {
	n.t.Helper()
	n.t.Log("at an address that is not registered")
	free := newRecipe(n.t, "examples/shop-node/server.mjs")
	other := &node{recipe: &recipe{t: n.t, dir: n.dir, shop: free.shop, kept: free.kept, at: n.at, nidan: n.nidan}}
	other.start("PORT="+port(free.shop)+" BASE_URL=http://"+free.shop+" NIDAN_URL=http://"+n.at+" NIDAN_KEY_FILE=bin/shop.key node examples/shop-node/server.mjs", "…\n")
	b := other.script()
	if p := b.Post(other.atShop("/login"), "name", mina, "password", minaPassword); p.Status != 503 {
		n.t.Errorf("it answers %d", p.Status)
	}
	b.Header.Set("Origin", "http://127.0.0.1:"+port(free.shop))
	if p := b.Post(other.atShop("/login"), "name", mina, "password", minaPassword); p.Status != 403 || !strings.Contains(p.Text(), "The shop is at http://"+free.shop) {
		n.t.Errorf("by its number: %d %s", p.Status, p.Text())
	}
	if log, want := other.stop(), "POST /login return_invalid: http://"+free.shop+"/second-step is not registered\n"; log != want {
		n.t.Errorf("it says\n%s\nand this is right:\n%s", log, want)
	}
}

// sendCall sends a request that the page shows, and compares the answer. Of what
// only a run can know the page has "…": the result is that of the hand-over before.
func (n *node) sendCall(text string) {
	n.t.Helper()
	asked, told, _ := strings.Cut(n.here(text), "\n\n")
	if n.result != "" {
		asked = strings.Replace(asked, `"…"`, `"`+n.result+`"`, 1)
	}
	got := n.calls(n.key(), asked, told)
	var said struct{ URL string }
	if err := json.Unmarshal(got, &said); err != nil {
		n.t.Fatal(err)
	}
	if said.URL != "" {
		at := n.taken(n.script(), said.URL)
		n.result = at[strings.LastIndexByte(at, '=')+1:]
		n.nidan.Secret("a result", n.result)
	}
}

// mayNotRead looks at what the key that registers may do.
func (n *node) mayNotRead() {
	n.t.Helper()
	key, err := os.ReadFile(filepath.Join(n.dir, "bin", "admin.key"))
	if err != nil {
		n.t.Fatal(err)
	}
	if status, _ := n.call(strings.TrimSpace(string(key)), "GET", "/api/v1/accounts/1001", ""); status != http.StatusForbidden {
		n.t.Errorf("reading an account with the key that registers answers %d", status)
	}
}

// indented writes JSON in one way, its fields in order.
func indented(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What the page says to be required is, by the description.
func TestNodeRequired(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(rig.Source(), "docs/recipes/node.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(rig.Source(), "docs/openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	type schema struct {
		Ref      string `json:"$ref"`
		Required []string
	}
	var described struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, m := range regexp.MustCompile("(?m)To [^\n]*?, ((?:`[a-z_]+`(?:, | and )?)+) are required:\n\n```http\n([A-Z]+) (\\S+)$").FindAllStringSubmatch(string(page), -1) {
		calls++
		said := regexp.MustCompile("[a-z_]+").FindAllString(strings.ReplaceAll(m[1], " and ", " "), -1)
		s := described.Paths[strings.Replace(m[3], "1001", "{id}", 1)][strings.ToLower(m[2])].RequestBody.Content["application/json"].Schema
		if s.Ref != "" {
			s = described.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
		}
		slices.Sort(said)
		slices.Sort(s.Required)
		if len(said) == 0 || !slices.Equal(said, s.Required) {
			t.Errorf("%s %s: %q are required, and the page says %q", m[2], m[3], s.Required, said)
		}
	}
	if all := strings.Count(string(page), "\n```http\n"); calls != all {
		t.Errorf("of %d calls %d say what is required", all, calls)
	}
}
