package vault

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"log/slog"
)

// keySize is the length of keys and sub-keys in bytes.
const keySize = 32

// A key is what sub-keys are derived from.
type key struct {
	id keyID
	// HMAC under HKDF's pseudorandom key, which every derivation begins with a
	// copy of. The keyring's own bytes are not kept. Behind a pointer for the
	// reason given at Vault.
	prk *pseudorandom
}

type pseudorandom struct{ mac hash.Cloner }

func newKey(id keyID, random []byte) key {
	prk, err := hkdf.Extract(sha256.New, random, nil)
	if err != nil {
		panic("vault: unreachable: " + err.Error())
	}
	mac, ok := hmac.New(sha256.New, prk).(hash.Cloner)
	if !ok {
		panic("vault: unreachable: package hmac makes copies of its own")
	}
	return key{id, &pseudorandom{mac}}
}

// The uses of a sub-key. Each stands in the derivation, with the number of the
// sealed format, so that bytes of one use are worth nothing in another.
const (
	useSeal = "nidan seal 1"
	useMAC  = "nidan mac 1"
)

// derive returns the sub-key for a use. Each part is taken with its length, so
// that ("ab", "c") and ("a", "bc") differ.
func (k key) derive(use string, parts ...string) []byte {
	info := appendPart(make([]byte, 0, 128), use)
	for _, p := range parts {
		info = appendPart(info, p)
	}
	// HKDF-Expand to the length of one hash (RFC 5869 §2.3): its first block.
	mac, err := k.prk.mac.Clone()
	if err != nil {
		panic("vault: unreachable: " + err.Error())
	}
	mac.Write(append(info, 1))
	return mac.Sum(make([]byte, 0, keySize))
}

func appendPart(b []byte, part string) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
	return append(b, part...)
}

// Format implements [fmt.Formatter]: the id alone.
func (k key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key " + k.id.String())) }

// LogValue implements [slog.LogValuer].
func (k key) LogValue() slog.Value { return slog.StringValue("key " + k.id.String()) }
