package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrPermissions: others on the machine can get at the keyring. The message
// names the path and the command that mends it.
var ErrPermissions = errors.New("vault: the keyring is not private")

// Load reads the keyring file at path. It refuses a file or a folder to which
// the group or others have any permission (ErrPermissions). The error wraps
// [fs.ErrNotExist] if there is no such file, and ErrKeyring if it holds
// something else.
func Load(path string) (*Vault, error) {
	k, err := readKeyring(path)
	if err != nil {
		return nil, err
	}
	v, err := k.vault(path)
	if err != nil {
		return nil, fmt.Errorf("%w (in %q)", err, path)
	}
	return v, nil
}

// Create draws a keyring and writes it to path, which must not exist
// ([fs.ErrExist]). It makes the folder, with mode 0700, but not the folder
// above it. When it returns, the file is durable; a crash before leaves no file
// at path or the whole one, and perhaps a temporary one beside it, whose keys
// were never used.
//
// The folder should hold nothing else, and should not be in the same backup as
// the database.
func Create(path string) (*Vault, error) {
	dir := filepath.Dir(path)
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("vault: make a folder for the keyring: %w", err)
	}
	if err := checkPrivate(dir, "700"); err != nil {
		return nil, err
	}
	k := newKeyring()
	// A link, unlike a rename, does not replace what another process has put
	// there in the meantime and may have sealed with.
	if err := writeFile(path, k.text(), os.Link); err != nil {
		return nil, fmt.Errorf("vault: write the keyring: %w", err)
	}
	return k.vault(path)
}

// noteUsed takes "new" out of the file.
func (v *Vault) noteUsed() error {
	if v.Used() || v.r.path == "" {
		return nil
	}
	// From the file, not from memory: what an operator has added meanwhile
	// stays.
	k, err := readKeyring(v.r.path)
	if err != nil {
		return err
	}
	if k.Store != v.r.store {
		return fmt.Errorf("%w: %q was replaced while it was in use", ErrWrongKeyring, v.r.path)
	}
	k.New = false
	if err := writeFile(v.r.path, k.text(), os.Rename); err != nil {
		return fmt.Errorf("vault: take \"new\" out of the keyring, now that it is in use (or do it by hand): %w", err)
	}
	v.r.used.Store(true)
	return nil
}

func readKeyring(path string) (keyring, error) {
	if err := checkPrivate(filepath.Dir(path), "700"); err != nil {
		return keyring{}, err
	}
	if err := checkPrivate(path, "600"); err != nil {
		return keyring{}, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return keyring{}, fmt.Errorf("vault: read the keyring: %w", err)
	}
	k, err := parseKeyring(string(text))
	if err != nil {
		return keyring{}, fmt.Errorf("%w (in %q)", err, path)
	}
	return k, nil
}

// checkPrivate refuses what is neither a folder nor an ordinary file, too: a
// pipe would keep the start waiting.
func checkPrivate(path, mode string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("vault: look at the keyring: %w", err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %q is not an ordinary file", ErrKeyring, path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%w: %q has mode %04o; run: chmod %s %q", ErrPermissions, path, info.Mode().Perm(), mode, path)
	}
	return nil
}

func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// writeFile writes a temporary file beside path, makes it durable and lets put
// give it its name.
func writeFile(path string, content []byte, put func(from, to string) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".keyring-*") // mode 0600
	if err != nil {
		return err
	}
	// After a rename there is nothing left to remove.
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := put(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
