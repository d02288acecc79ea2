package vault

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// ErrKeyring: the text is not a keyring. The message says what is wrong with it
// and never has a part of it.
var ErrKeyring = errors.New("vault: not a keyring")

const (
	keyringFormat = 1
	maxKeyring    = 16 << 10 // bytes
	maxKeys       = 16
	storeIDSize   = 26

	// Of 32 random bytes about 30 differ; fewer than this is a pattern that
	// somebody typed, or an example from a manual.
	leastDifferent = 16
)

// A keyring is the file's content:
//
//	{
//	  "nidan_keyring": 1,
//	  "store": "26 characters of a-z and 2-7",
//	  "generation": 1,
//	  "new": true,
//	  "keys": [
//	    {"id": "8 hexadecimal digits", "key": "32 bytes in base64"}
//	  ]
//	}
//
// "new" stands there until a database was sealed with the keyring. It is the
// exception that is written down, so that a keyring without the word, copied or
// typed, counts as used.
type keyring struct {
	Format     int        `json:"nidan_keyring"`
	Store      string     `json:"store"`
	Generation int64      `json:"generation"`
	New        bool       `json:"new,omitempty"`
	Keys       []keyEntry `json:"keys"` // the first one seals
}

type keyEntry struct {
	ID  string   `json:"id"`
	Key material `json:"key"`
}

// material is the bytes of a key, as base64 in JSON and nowhere else.
type material struct{ b *[keySize]byte }

// newKeyring draws a store id and one key.
func newKeyring() keyring {
	var (
		id  keyID
		key [keySize]byte
	)
	_, _ = rand.Read(id[:])
	_, _ = rand.Read(key[:])
	return keyring{
		Format:     keyringFormat,
		Store:      strings.ToLower(rand.Text()[:storeIDSize]),
		Generation: 1,
		New:        true,
		Keys:       []keyEntry{{id.String(), material{&key}}},
	}
}

// Parse reads a keyring from its text: the content of an environment variable,
// or of a file that a secret store mounts under permissions of its own. Any
// error wraps [ErrKeyring].
//
// Reading is strict, as a keyring that is half understood must not seal.
func Parse(text string) (*Vault, error) {
	k, err := parseKeyring(text)
	if err != nil {
		return nil, err
	}
	return k.vault("")
}

func parseKeyring(text string) (keyring, error) {
	if len(text) > maxKeyring {
		return keyring{}, fmt.Errorf("%w: longer than %d bytes", ErrKeyring, maxKeyring)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var k keyring
	if err := d.Decode(&k); err != nil {
		// The decoder's own message can quote what it stumbled over.
		return keyring{}, fmt.Errorf("%w: it must be one JSON object with the fields of a keyring and no others", ErrKeyring)
	}
	if strings.TrimSpace(text[d.InputOffset():]) != "" {
		return keyring{}, fmt.Errorf("%w: more text after it", ErrKeyring)
	}
	return k, nil
}

// text is what parseKeyring reads.
func (k keyring) text() []byte {
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		panic("vault: unreachable: " + err.Error())
	}
	return append(b, '\n')
}

// vault checks the keyring and makes it ready for use.
func (k keyring) vault(path string) (*Vault, error) {
	bad := func(format string, a ...any) (*Vault, error) {
		return nil, fmt.Errorf("%w: %s", ErrKeyring, fmt.Sprintf(format, a...))
	}
	switch {
	case k.Format != keyringFormat:
		return bad("nidan_keyring must be %d", keyringFormat)
	case len(k.Store) != storeIDSize || strings.Trim(k.Store, "abcdefghijklmnopqrstuvwxyz234567") != "":
		return bad("store must be %d characters of a-z and 2-7", storeIDSize)
	case k.Generation < 1:
		return bad("generation must be 1 or more")
	case len(k.Keys) < 1 || len(k.Keys) > maxKeys:
		return bad("it must have 1 to %d keys", maxKeys)
	}
	r := &ring{path: path, store: k.Store, generation: k.Generation}
	r.used.Store(!k.New)
	for i, e := range k.Keys {
		id, ok := parseKeyID(e.ID)
		if !ok {
			return bad("key %d: the id must be %d lower-case hexadecimal digits", i+1, 2*len(id))
		}
		if _, taken := r.keyByID(id); taken {
			return bad("key %d: the id is another key's", i+1)
		}
		if e.Key.b == nil {
			return bad("key %d: the key is missing", i+1)
		}
		if e.Key.different() < leastDifferent {
			return bad("key %d: not random", i+1)
		}
		r.keys = append(r.keys, newKey(id, e.Key.b[:]))
	}
	return &Vault{r}, nil
}

// different counts the values among the bytes.
func (m material) different() int {
	seen := map[byte]bool{}
	for _, b := range m.b {
		seen[b] = true
	}
	return len(seen)
}

// MarshalText implements [encoding.TextMarshaler].
func (m material) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, m.b[:]), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *material) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	if err != nil || len(b) != keySize || bytes.ContainsAny(text, "\r\n") {
		return errors.New("a key must be 32 bytes in base64")
	}
	m.b = (*[keySize]byte)(b)
	return nil
}

// Format implements [fmt.Formatter].
func (material) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[key]")) }

// LogValue implements [slog.LogValuer].
func (material) LogValue() slog.Value { return slog.StringValue("[key]") }
