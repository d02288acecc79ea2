package vault

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/nidan-auth/nidan"
)

// A Vault seals, opens and keys under the keys of one keyring. It is made by
// [Start], [Load], [Create] or [Parse] and may be used concurrently.
type Vault struct {
	// Behind a pointer, because fmt walks into unexported fields without
	// asking Format, but does not follow pointers there.
	r *ring
}

// A ring is a keyring ready for use. It never changes, but for used.
type ring struct {
	path       string // "" for a keyring that was given as text
	store      string
	generation int64
	keys       []key // the first one seals; never empty
	used       atomic.Bool
}

// KeyID names the key that seals and that [Vault.MAC] uses: 8 lower-case
// hexadecimal digits.
func (v *Vault) KeyID() string { return v.r.keys[0].id.String() }

// StoreID names the store this keyring was made for, for ever: 26 characters of
// lower-case base32.
func (v *Vault) StoreID() string { return v.r.store }

// Generation says how often the store has been restored from a backup; first 1.
func (v *Vault) Generation() int64 { return v.r.generation }

// Used reports whether the keyring says of itself that a database was sealed
// with it. A keyring given as text cannot note that by itself: while this is
// false after [Vault.Admit], a database that goes missing would be taken for a
// new one, and the operator should be asked to take "new" out of the text.
func (v *Vault) Used() bool { return v.r.used.Load() }

func (v Vault) describe() string {
	if v.r == nil {
		return "vault"
	}
	ids := make([]string, len(v.r.keys))
	for i, k := range v.r.keys {
		ids[i] = k.id.String()
	}
	return fmt.Sprintf("vault of store %s, generation %d, keys %s", v.r.store, v.r.generation, strings.Join(ids, " "))
}

// Format implements [fmt.Formatter] for every verb: ids, never a key.
func (v Vault) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(v.describe())) }

// LogValue implements [slog.LogValuer].
func (v Vault) LogValue() slog.Value { return slog.StringValue(v.describe()) }

// keyByID finds a key of any age.
func (r *ring) keyByID(id keyID) (key, bool) {
	for _, k := range r.keys {
		if k.id == id {
			return k, true
		}
	}
	return key{}, false
}

// keyID is a key's name, in sealed values as it is and elsewhere as
// hexadecimal digits.
type keyID [4]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

func parseKeyID(s string) (keyID, bool) {
	var id keyID
	if len(s) != 2*len(id) || strings.ToLower(s) != s {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

var _ nidan.Sealer = (*Vault)(nil)
