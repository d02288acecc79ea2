package attacks

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

// outside starts the program as a process of its own.
func outside(t *testing.T, public string) *rig.Outside {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"nidan", "serve", "--data", data, "--listen", "127.0.0.1:0", "--log", "json"}
	if public != "" {
		words = append(words, "--public-url", public, "--tls-proxy", "127.0.0.0/8")
	}
	return rig.NewOutside(t, data, public, func() *exec.Cmd {
		c := exec.Command(self)
		c.Env = append(os.Environ(), asProgram+"="+strings.Join(words, "\n"))
		return c
	})
}

// invited makes an account as an operator and its holder would.
func invited(t *testing.T, o *rig.Outside) (name, password string) {
	t.Helper()
	name = o.Name()
	password = o.Secret("a password", "violet kettle under thin ice")
	link, _, _ := strings.Cut(operator(t, o.Data, "account", "create", name, "--reason", "test"), "\n")
	ticket := o.Secret("an invitation", link[strings.LastIndexByte(link, '/')+1:])
	if page := o.Browser().Post("/invite/"+ticket, "password", password); page.Location != "/login?account" {
		t.Fatalf("invitation: %d %s", page.Status, page.Text())
	}
	return name, password
}

// operator runs a command and returns what it prints.
func operator(t *testing.T, data string, words ...string) string {
	t.Helper()
	var out, problems bytes.Buffer
	code := server.Main(context.Background(), server.Invocation{
		Args: append([]string{"nidan", "--data", data}, words...), Stdout: &out, Stderr: &problems,
	})
	if code != 0 {
		t.Fatalf("nidan %s: %d %s", strings.Join(words, " "), code, problems.String())
	}
	return out.String()
}
