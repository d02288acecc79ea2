package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
)

const (
	formatGCM  = 1
	headerSize = 1 + len(keyID{})
	// Overhead is how many bytes a sealed value is longer than its plaintext.
	Overhead = headerSize + 12 + 16
)

// Errors of [Vault.Open] and [Vault.MACWith]. All of them mean "not proven".
var (
	// ErrNotSealed: not in the sealed format, or in one that this version
	// does not know.
	ErrNotSealed = errors.New("vault: not a sealed value")
	// ErrUnknownKey: made under a key that is not in the keyring.
	ErrUnknownKey = errors.New("vault: the key is not in the keyring")
	// ErrNotAuthentic: changed, or sealed for another place or store.
	ErrNotAuthentic = errors.New("vault: the sealed value is not authentic")
)

// Seal implements [nidan.Sealer]. The result is [Overhead] bytes longer than
// plain and differs each time.
func (v *Vault) Seal(p nidan.Purpose, owner string, ad, plain []byte) []byte {
	k := v.r.keys[0]
	out := make([]byte, headerSize, Overhead+len(plain))
	out[0] = formatGCM
	copy(out[1:], k.id[:])
	return v.r.aead(k, p, owner).Seal(out, nil, plain, ad)
}

// Open implements [nidan.Sealer].
func (v *Vault) Open(p nidan.Purpose, owner string, ad, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != formatGCM {
		return nil, ErrNotSealed
	}
	id := keyID(sealed[1:headerSize])
	k, ok := v.r.keyByID(id)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknownKey, id)
	}
	plain, err := v.r.aead(k, p, owner).Open(nil, nil, sealed[headerSize:], ad)
	if err != nil {
		return nil, ErrNotAuthentic
	}
	return plain, nil
}

// aead is derived anew for each value. A cache was measured to save 2.5 of the 6
// microseconds that sealing 4 KiB takes, which does not pay for keeping the
// sub-keys of many accounts in memory.
func (r *ring) aead(k key, p nidan.Purpose, owner string) cipher.AEAD {
	block, err := aes.NewCipher(k.derive(useSeal, r.store, string(p), owner))
	if err != nil {
		panic("vault: unreachable: " + err.Error())
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("vault: unreachable: " + err.Error())
	}
	return aead
}
