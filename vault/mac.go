package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// MAC implements [nidan.Sealer] with HMAC-SHA-256 under the current key. The
// result changes when another key becomes the current one: what has to outlive
// that keeps [Vault.KeyID] beside the result and asks [Vault.MACWith].
func (v *Vault) MAC(p nidan.Purpose, parts ...string) []byte {
	return v.r.mac(v.r.keys[0], p, parts)
}

// MACWith is [Vault.MAC] under the key with this id. ErrUnknownKey if the
// keyring has none.
func (v *Vault) MACWith(keyID string, p nidan.Purpose, parts ...string) ([]byte, error) {
	id, ok := parseKeyID(keyID)
	if !ok {
		return nil, ErrUnknownKey
	}
	k, ok := v.r.keyByID(id)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknownKey, id)
	}
	return v.r.mac(k, p, parts), nil
}

func (r *ring) mac(k key, p nidan.Purpose, parts []string) []byte {
	m := hmac.New(sha256.New, k.derive(useMAC, r.store, string(p)))
	var b []byte
	for _, part := range parts {
		b = appendPart(b[:0], part)
		_, _ = m.Write(b)
	}
	return m.Sum(nil)
}
