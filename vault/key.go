package vault

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
)

// keySize is the length of keys and sub-keys in bytes.
const keySize = 32

// A key is what sub-keys are derived from.
type key struct {
	id keyID
	// HKDF's pseudorandom key. The keyring's own bytes are not kept. Behind a
	// pointer for the reason given at Vault.
	prk *[keySize]byte
}

func newKey(id keyID, random []byte) key {
	prk, err := hkdf.Extract(sha256.New, random, nil)
	if err != nil {
		panic("vault: unreachable: " + err.Error())
	}
	return key{id, (*[keySize]byte)(prk)}
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
	sub, err := hkdf.Expand(sha256.New, k.prk[:], string(info), keySize)
	if err != nil {
		panic("vault: unreachable: " + err.Error())
	}
	return sub
}

func appendPart(b []byte, part string) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
	return append(b, part...)
}

// Format implements [fmt.Formatter]: the id alone.
func (k key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key " + k.id.String())) }

// LogValue implements [slog.LogValuer].
func (k key) LogValue() slog.Value { return slog.StringValue("key " + k.id.String()) }
