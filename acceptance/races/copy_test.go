package races

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// copyData copies a running program's data: the database as of one instant,
// and the keyring.
func copyData(t *testing.T, r *rig.Rig, dir string) {
	t.Helper()
	from, to := filepath.Join(r.Data, "keyring"), filepath.Join(dir, "keyring")
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(from, "keyring.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "keyring.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SQL().Exec("VACUUM INTO $1", filepath.Join(dir, "nidan.db")); err != nil {
		t.Fatal(err)
	}
}
