package vault

import (
	"encoding/binary"
	"fmt"

	"github.com/nidan-auth/nidan"
)

// forCanary is a purpose of the vault's own.
const forCanary nidan.Purpose = "canary"

// canary is a value that only this keyring opens. The store id is bound by the
// derivation of the sub-key; the generation is what is sealed.
func (v *Vault) canary() []byte {
	return v.Seal(forCanary, "", nil, binary.BigEndian.AppendUint64(nil, uint64(v.r.generation)))
}

// check compares a stored canary with this keyring.
func (v *Vault) check(canary []byte) error {
	plain, err := v.Open(forCanary, "", nil, canary)
	if err != nil {
		return fmt.Errorf("%w: the keyring is of store %s, and the database's canary does not open with it (%w); put the keyring back that belongs to this database, or connect to the database that belongs to this keyring", ErrWrongKeyring, v.r.store, err)
	}
	if len(plain) != 8 {
		return fmt.Errorf("%w: the canary holds %d bytes, not 8", ErrWrongKeyring, len(plain))
	}
	if g := int64(binary.BigEndian.Uint64(plain)); g != v.r.generation {
		return fmt.Errorf("%w: the database is of generation %d and the keyring of %d; the one with the lower number is from before a restore, so put its newer copy in its place", ErrGeneration, g, v.r.generation)
	}
	return nil
}
