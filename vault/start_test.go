package vault_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/vault"
)

// database is a vault.Database in memory that can be stopped before or after it
// stored the canary.
type database struct {
	mu     sync.Mutex
	canary []byte
	inUse  bool // something sealed is in it
	before error
	after  error
}

func (d *database) Canary(context.Context) ([]byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.canary, !d.inUse, nil
}

func (d *database) PutCanary(_ context.Context, canary []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.before != nil {
		return d.before
	}
	if d.canary == nil {
		d.canary = canary
	}
	return d.after
}

func start(t *testing.T, path string, db vault.Database) *vault.Vault {
	t.Helper()
	v, err := vault.Start(t.Context(), path, db)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Used() {
		t.Error(`the keyring still says "new" after a start`)
	}
	return v
}

// refused expects a start to fail with want and to leave the keyring's file, if
// there was one, as it was.
func refused(t *testing.T, path string, db vault.Database, want error) {
	t.Helper()
	before, missing := os.ReadFile(path)
	if v, err := vault.Start(t.Context(), path, db); !errors.Is(err, want) {
		t.Errorf("got %v, %v; want %v", v, err, want)
	}
	after, _ := os.ReadFile(path)
	if missing == nil && string(before) != string(after) {
		t.Error("a refused start changed the keyring")
	}
}

func TestStart(t *testing.T) {
	path, db := newPath(t), new(database)
	v := start(t, path, db)
	sealed := v.Seal(nidan.ForDocument, "alice", nil, []byte("x"))
	db.inUse = true

	again := start(t, path, db)
	if _, err := again.Open(nidan.ForDocument, "alice", nil, sealed); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), `"new"`) {
		t.Errorf("the file says %s, %v", text, err)
	}
	onlyTheKeyring(t, path)
}

// Each case stops the first start at one point. The next start must go on by
// itself, with the same keyring if one had been written.
func TestStartAfterACrash(t *testing.T) {
	crash := errors.New("the power went")
	for _, c := range []struct {
		name string
		stop func(t *testing.T, path string, db *database)
	}{
		{"folder made", func(t *testing.T, path string, _ *database) {
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		{"temporary file half written", func(t *testing.T, path string, _ *database) {
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), ".keyring-1"), []byte(`{"nidan_`), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"keyring written", func(t *testing.T, path string, _ *database) { create(t, path) }},
		{"canary not stored", func(t *testing.T, path string, db *database) {
			db.before = crash
			refused(t, path, db, crash)
		}},
		{"canary stored, not known to be", func(t *testing.T, path string, db *database) {
			db.after = crash
			refused(t, path, db, crash)
		}},
		{"canary stored", func(t *testing.T, path string, db *database) {
			v := create(t, path)
			putCanary(t, v, db)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, db := newPath(t), new(database)
			// The first start writes the keyring, the stopped one finds it.
			c.stop(t, path, db)
			db.before, db.after = nil, nil
			written, _ := vault.Load(path)
			v := start(t, path, db)
			if written != nil && written.StoreID() != v.StoreID() {
				t.Errorf("the keyring written first was %v, the one in use is %v", written, v)
			}
			if db.canary == nil {
				t.Error("no canary is stored")
			}
			start(t, path, db)
		})
	}
}

// putCanary stores what v would store, and leaves v's file as it is.
func putCanary(t *testing.T, v *vault.Vault, db *database) {
	t.Helper()
	stop := errors.New("stop")
	db.after = stop
	if err := v.Admit(t.Context(), db); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	db.after = nil
}

func TestStartRefuses(t *testing.T) {
	t.Run("a used database without its keyring", func(t *testing.T) {
		db := new(database)
		start(t, newPath(t), db)
		path := newPath(t)
		refused(t, path, db, vault.ErrNoKeyring)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a keyring was made for it: %v", err)
		}
	})
	t.Run("a used database without keyring and canary", func(t *testing.T) {
		refused(t, newPath(t), &database{inUse: true}, vault.ErrNoKeyring)
	})
	t.Run("another used keyring", func(t *testing.T) {
		db, path := new(database), newPath(t)
		start(t, newPath(t), db)
		start(t, path, new(database))
		refused(t, path, db, vault.ErrWrongKeyring)
	})
	t.Run("another new keyring", func(t *testing.T) {
		db, path := new(database), newPath(t)
		start(t, newPath(t), db)
		create(t, path)
		refused(t, path, db, vault.ErrWrongKeyring)
	})
	t.Run("a used keyring with an empty database", func(t *testing.T) {
		path := newPath(t)
		start(t, path, new(database))
		refused(t, path, new(database), vault.ErrNoDatabase)
	})
	t.Run("a database that lost its canary", func(t *testing.T) {
		path, db := newPath(t), new(database)
		start(t, path, db)
		db.canary, db.inUse = nil, true
		refused(t, path, db, vault.ErrNoCanary)
	})
	t.Run("a new keyring with a database that lost its canary", func(t *testing.T) {
		path := newPath(t)
		create(t, path)
		refused(t, path, &database{inUse: true}, vault.ErrNoCanary)
	})
	t.Run("a canary that was tampered with", func(t *testing.T) {
		path, db := newPath(t), new(database)
		start(t, path, db)
		db.canary[len(db.canary)-1]++
		refused(t, path, db, vault.ErrWrongKeyring)
	})
	t.Run("a keyring that others can read", func(t *testing.T) {
		path, db := newPath(t), new(database)
		start(t, path, db)
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		refused(t, path, db, vault.ErrPermissions)
	})
	t.Run("a database that forgets", func(t *testing.T) {
		refused(t, newPath(t), forgetful{}, vault.ErrWrongKeyring)
	})
}

// forgetful says it stored the canary, and did not.
type forgetful struct{}

func (forgetful) Canary(context.Context) ([]byte, bool, error) { return nil, true, nil }
func (forgetful) PutCanary(context.Context, []byte) error      { return nil }

func TestAdmitRefusesAnotherGeneration(t *testing.T) {
	db := new(database)
	putCanary(t, parse(t, newText(2)), db)
	for _, generation := range []int{1, 3} {
		err := parse(t, keyringText(store, generation, firstKey)).Admit(t.Context(), db)
		if !errors.Is(err, vault.ErrGeneration) {
			t.Errorf("generation %d: got %v", generation, err)
		}
	}
	if err := parse(t, keyringText(store, 2, firstKey)).Admit(t.Context(), db); err != nil {
		t.Error(err)
	}
}

func TestAdmitTextKeyring(t *testing.T) {
	db := new(database)
	v := parse(t, newText(1))
	if err := v.Admit(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if v.Used() {
		t.Error("a text cannot have been changed, but is said to be")
	}
	used := parse(t, keyringText(store, 1, firstKey))
	if err := used.Admit(t.Context(), db); err != nil {
		t.Error(err)
	}
	if err := used.Admit(t.Context(), new(database)); !errors.Is(err, vault.ErrNoDatabase) {
		t.Errorf("an empty database: got %v", err)
	}
}

func newText(generation int) string {
	return strings.Replace(keyringText(store, generation, firstKey), "{", `{"new": true, `, 1)
}

func TestStartAtOnce(t *testing.T) {
	path, db := newPath(t), new(database)
	stores := make([]string, 8)
	var group sync.WaitGroup
	for i := range stores {
		group.Go(func() {
			v, err := vault.Start(t.Context(), path, db)
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = v.StoreID()
		})
	}
	group.Wait()
	for _, s := range stores {
		if s != stores[0] {
			t.Fatalf("processes took different keyrings: %v", stores)
		}
	}
	onlyTheKeyring(t, path)
}

// Two machines with a folder each and one database between them: one of them
// must not begin.
func TestStartAtOnceWithTwoFolders(t *testing.T) {
	db := new(database)
	errs := make([]error, 2)
	var group sync.WaitGroup
	for i := range errs {
		path := newPath(t)
		group.Go(func() { _, errs[i] = vault.Start(t.Context(), path, db) })
	}
	group.Wait()
	first, second := errs[0], errs[1]
	if first != nil {
		first, second = second, first
	}
	if first != nil || !errors.Is(second, vault.ErrWrongKeyring) && !errors.Is(second, vault.ErrNoKeyring) {
		t.Errorf("got %v and %v", errs[0], errs[1])
	}
}

func TestNoteUsedKeepsWhatAnOperatorAdded(t *testing.T) {
	path, db := newPath(t), new(database)
	create(t, path)
	v, err := vault.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	added := strings.Replace(string(text), `"keys": [`, `"keys": [`+secondKey+",", 1)
	if err := os.WriteFile(path, []byte(added), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := v.Admit(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if again := start(t, path, db); again.KeyID() != "5eedcafe" {
		t.Errorf("the added key is gone: %v", again)
	}
}

func TestAdmitRefusesAKeyringReplacedMeanwhile(t *testing.T) {
	path := newPath(t)
	v := create(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	create(t, path)
	if err := v.Admit(t.Context(), new(database)); !errors.Is(err, vault.ErrWrongKeyring) {
		t.Errorf("got %v", err)
	}
}
