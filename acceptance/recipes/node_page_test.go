package recipes

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
