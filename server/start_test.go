package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/vault"
)

// quiet is what tests of this package run with.
func quiet() Deps { return Deps{Log: slog.New(slog.NewTextHandler(io.Discard, nil))} }

// started makes an instance with one account in it and closes it again.
func started(t *testing.T) Config {
	t.Helper()
	c := Config{Data: filepath.Join(t.TempDir(), "data")}
	s := opened(t, c)
	if made, _, err := s.demoAccount(t.Context(), nidan.Randomness); err != nil || !made {
		t.Fatalf("made %t: %v", made, err)
	}
	shut(t, s)
	return c
}

func opened(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := New(t.Context(), c, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func shut(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func keyringOf(c Config) string { return filepath.Join(c.Data, "keyring", "keyring.json") }

func TestFirstStart(t *testing.T) {
	c := Config{Data: filepath.Join(t.TempDir(), "a", "data")}
	s := opened(t, c)
	if !s.vault.Used() {
		t.Error("the keyring is not marked as used")
	}
	for path, mode := range map[string]os.FileMode{
		c.Data:                            0o700,
		filepath.Join(c.Data, "keyring"):  0o700,
		keyringOf(c):                      0o600,
		filepath.Join(c.Data, "nidan.db"): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want mode %04o", path, info, err, mode)
		}
	}
	shut(t, s)
	shut(t, s) // twice does no harm
	again := opened(t, c)
	if again.vault.StoreID() != s.vault.StoreID() {
		t.Error("the second start made another store")
	}
}

// Every pair of keyring and database that cannot belong together is refused,
// says what to do, and leaves everything as it was (SECURITY Q5, Q6).
func TestStartsRefused(t *testing.T) {
	for _, x := range []struct {
		name  string
		spoil func(t *testing.T, c *Config)
		is    error
		says  string
	}{
		{"the keyring is missing", func(t *testing.T, c *Config) {
			must(t, os.RemoveAll(filepath.Dir(keyringOf(*c))))
		}, vault.ErrNoKeyring, "put the keyring back"},
		{"the keyring is another's", func(t *testing.T, c *Config) {
			must(t, os.Rename(keyringOf(started(t)), keyringOf(*c)))
		}, vault.ErrWrongKeyring, "put the keyring back that belongs to this database"},
		{"the keyring is of another generation", func(t *testing.T, c *Config) {
			text, err := os.ReadFile(keyringOf(*c))
			must(t, err)
			must(t, os.WriteFile(keyringOf(*c), []byte(strings.Replace(string(text), `"generation": 1`, `"generation": 2`, 1)), 0o600))
		}, vault.ErrGeneration, "lower number"},
		{"others can read the keyring", func(t *testing.T, c *Config) {
			must(t, os.Chmod(keyringOf(*c), 0o640))
		}, vault.ErrPermissions, "chmod 600"},
		{"others can reach the keyring", func(t *testing.T, c *Config) {
			must(t, os.Chmod(filepath.Dir(keyringOf(*c)), 0o755))
		}, vault.ErrPermissions, "chmod 700"},
		{"the keyring is nonsense", func(t *testing.T, c *Config) {
			must(t, os.WriteFile(keyringOf(*c), []byte("{}"), 0o600))
		}, vault.ErrKeyring, keyringOf(Config{})},
		{"the database is missing", func(t *testing.T, c *Config) {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(filepath.Join(c.Data, "nidan.db"+suffix))
			}
		}, vault.ErrNoDatabase, "restore the database"},
		{"the database is missing, the keyring given as text", func(t *testing.T, c *Config) {
			text, err := os.ReadFile(keyringOf(*c))
			must(t, err)
			*c = Config{Data: filepath.Join(t.TempDir(), "unmounted"), Keyring: nidan.NewSecret(string(text))}
		}, vault.ErrNoDatabase, "restore the database"},
		{"the keyring given as text is another's", func(t *testing.T, c *Config) {
			text, err := os.ReadFile(keyringOf(started(t)))
			must(t, err)
			c.Keyring = nidan.NewSecret(string(text))
		}, vault.ErrWrongKeyring, "put the keyring back"},
		{"the keyring given as text is nonsense", func(t *testing.T, c *Config) {
			c.Keyring = nidan.NewSecret("swordfish")
		}, vault.ErrKeyring, "NIDAN_KEYRING"},
		{"the keyring given as a file is not there", func(t *testing.T, c *Config) {
			c.KeyringFile = filepath.Join(t.TempDir(), "x")
		}, os.ErrNotExist, "--keyring-file"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := started(t)
			x.spoil(t, &c)
			before := folder(t, c.Data)
			s, err := New(t.Context(), c, quiet())
			if s != nil {
				_ = s.Close()
			}
			if !errors.Is(err, x.is) || !strings.Contains(err.Error(), strings.TrimPrefix(x.says, string(filepath.Separator))) {
				t.Errorf("got %v, want %v that says …%s…", err, x.is, x.says)
			}
			if err != nil && strings.Contains(err.Error(), "swordfish") {
				t.Errorf("the message holds the keyring: %v", err)
			}
			if after := folder(t, c.Data); before != after {
				t.Errorf("the folder changed from %s to %s", before, after)
			}
		})
	}
}

// folder lists what is in a folder, but for the files SQLite keeps beside an
// open database.
func folder(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	_ = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && !strings.HasSuffix(path, "-wal") && !strings.HasSuffix(path, "-shm") {
			names = append(names, strings.TrimPrefix(path, dir))
		}
		return nil
	})
	return strings.Join(names, " ")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The keyring may live elsewhere, and is read from there only.
func TestKeyringFromElsewhere(t *testing.T) {
	for _, how := range []string{"text", "file"} {
		t.Run(how, func(t *testing.T) {
			c := started(t)
			text, err := os.ReadFile(keyringOf(c))
			must(t, err)
			must(t, os.RemoveAll(filepath.Dir(keyringOf(c))))
			if how == "text" {
				c.Keyring = nidan.NewSecret(string(text))
			} else {
				c.KeyringFile = filepath.Join(t.TempDir(), "mounted")
				must(t, os.WriteFile(c.KeyringFile, text, 0o444))
			}
			s := opened(t, c)
			if _, err := s.Service().Show(t.Context(), demoAddress); err != nil {
				t.Error(err)
			}
		})
	}
}

// A command never makes an instance.
func TestCommandsNeedAnInstance(t *testing.T) {
	bare(t)
	dir := t.TempDir()
	for _, args := range [][]string{
		{"account", "create", "a@example.com", "--reason=x"},
		{"account", "link", "a@example.com", "--reset", "--reason=x"},
		{"account", "show", "a@example.com"},
		{"audit", "verify"},
		{"doctor"},
	} {
		code, out, errs := shell(t, append(args, "--data", dir)...)
		if code != exitFailed || !strings.Contains(out+errs, "start 'nidan serve' there first") {
			t.Errorf("%v: exit %d, %s%s", args, code, out, errs)
		}
	}
	if got := folder(t, dir); got != "" {
		t.Errorf("they made %s", got)
	}
}

// A server and a command are two processes on one file.
func TestTwoAtOnce(t *testing.T) {
	c := started(t)
	a, b := opened(t, c), opened(t, c)
	if _, out, err := a.Service().PrintLink(t.Context(), nidan.TicketReset, demoAddress, "one"); err != nil || out.Reason != nidan.OK {
		t.Errorf("%v %v", out.Reason, err)
	}
	if out, err := b.Service().LogOutAccount(t.Context(), demoAddress, "two"); err != nil || out.Reason != nidan.OK {
		t.Errorf("%v %v", out.Reason, err)
	}
	events, err := a.Service().Events(t.Context(), string(nidan.Instance), 1, 10)
	if err != nil || len(events) != 3 {
		t.Errorf("%d events, %v; want the demo's invitation and the two", len(events), err)
	}
	if _, err := b.Service().Verify(context.Background(), func(f *nidan.Fault) { t.Error(f) }); err != nil {
		t.Error(err)
	}
}
