package vault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/vault"
)

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "keys", "keyring") }

func create(t *testing.T, path string) *vault.Vault {
	t.Helper()
	v, err := vault.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCreateThenLoad(t *testing.T) {
	path := newPath(t)
	v := create(t, path)
	for p, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700 | fs.ModeDir} {
		if info, err := os.Stat(p); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v; want %v", p, info.Mode(), err, want)
		}
	}
	onlyTheKeyring(t, path)

	again, err := vault.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.StoreID() != v.StoreID() || again.KeyID() != v.KeyID() || again.Generation() != 1 || again.Used() {
		t.Errorf("created %v, loaded %v", v, again)
	}
	sealed := v.Seal(nidan.ForDocument, "alice", nil, []byte("x"))
	if _, err := again.Open(nidan.ForDocument, "alice", nil, sealed); err != nil {
		t.Error(err)
	}

	other := create(t, newPath(t))
	if other.StoreID() == v.StoreID() || other.KeyID() == v.KeyID() {
		t.Errorf("two new keyrings are %v and %v", v, other)
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	path := newPath(t)
	v := create(t, path)
	if _, err := vault.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	onlyTheKeyring(t, path)
	if again, err := vault.Load(path); err != nil || again.StoreID() != v.StoreID() {
		t.Errorf("loaded %v, %v", again, err)
	}
}

func TestCreateAtOnce(t *testing.T) {
	path := newPath(t)
	var (
		group   sync.WaitGroup
		mu      sync.Mutex
		created []*vault.Vault
	)
	for range 8 {
		group.Go(func() {
			v, err := vault.Create(path)
			if err != nil {
				if !errors.Is(err, fs.ErrExist) {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			created = append(created, v)
		})
	}
	group.Wait()
	if len(created) != 1 {
		t.Fatalf("%d were created", len(created))
	}
	if v, err := vault.Load(path); err != nil || v.StoreID() != created[0].StoreID() {
		t.Errorf("loaded %v, %v", v, err)
	}
	onlyTheKeyring(t, path)
}

func TestLoadRefusesWhatOthersCanReach(t *testing.T) {
	for _, c := range []struct {
		file, dir fs.FileMode
		ok        bool
	}{
		{0o600, 0o700, true},
		{0o400, 0o500, true},
		{0o640, 0o700, false},
		{0o604, 0o700, false},
		{0o620, 0o700, false},
		{0o600, 0o750, false},
		{0o600, 0o701, false},
		{0o600, 0o770, false},
	} {
		t.Run(fmt.Sprintf("%o in %o", c.file, c.dir), func(t *testing.T) {
			path := newPath(t)
			create(t, path)
			dir := filepath.Dir(path)
			t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
			if err := errors.Join(os.Chmod(path, c.file), os.Chmod(dir, c.dir)); err != nil {
				t.Fatal(err)
			}
			_, err := vault.Load(path)
			if c.ok {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want := fmt.Sprintf("run: chmod 600 %q", path)
			if c.dir != 0o700 {
				want = fmt.Sprintf("run: chmod 700 %q", dir)
			}
			if !errors.Is(err, vault.ErrPermissions) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want the advice %q", err, want)
			}
		})
	}
}

func TestCreateRefusesAnOpenFolder(t *testing.T) {
	path := newPath(t)
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Create(path); !errors.Is(err, vault.ErrPermissions) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a keyring was written all the same: %v", err)
	}
}

func TestLoadRefusesWhatIsNoKeyring(t *testing.T) {
	path := newPath(t)
	if _, err := vault.Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
	for name, text := range map[string]string{"empty": "", "half": `{"nidan_keyring": 1, "sto`, "no keys": `{"nidan_keyring": 1}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Load(path); !errors.Is(err, vault.ErrKeyring) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func onlyTheKeyring(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("the folder holds %v", entries)
	}
}
