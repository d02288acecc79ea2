package password

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"

	"github.com/nidan-auth/nidan"
)

// saltSize is the length of a new hash's salt in bytes (RFC 9106 §4).
const saltSize = 16

// costs are today's parameters.
var costs = map[nidan.HashCost]form{
	// OWASP Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane.
	nidan.CostPassword: {memory: 19456, passes: 2, lanes: 1},
	// For inputs of 80 random bits, where the work factor may be small (NIST
	// SP 800-63B-4 §3.1.2.2).
	nidan.CostCode: {memory: 8192, passes: 1, lanes: 1},
}

// Work is one slow hash to compute: Argon2id (RFC 9106), version 0x13.
type Work struct {
	Input, Salt []byte
	Passes      uint32
	Memory      uint32 // KiB
	Lanes       uint8
}

// Hash computes it: 32 bytes. It takes Memory, and 20 to 50 ms of a processor
// for a password. It panics where Passes or Lanes is 0.
func (w Work) Hash() []byte {
	return argon2.IDKey(w.Input, w.Salt, w.Passes, w.Memory, w.Lanes, hashSize)
}

// Hash implements [nidan.FirstStep]. Where h.Like is empty, a nil h.Salt means
// a random one. The input is hashed as it is, at most 1024 bytes of it: bring
// passwords into their normal form first.
//
// It computes one hash per processor at a time. [nidan.ErrBusy] if too many
// wait already, or after waiting for 2 s; the context's error if it ends while
// waiting. A hash once begun is not interrupted.
//
// A stored hash may take up to 64 MiB, 10 passes and 4 lanes, and a salt of 8
// to 64 bytes; the lanes run at once, in the place of one.
func (f *FirstStep) Hash(ctx context.Context, h nidan.SlowHash) (nidan.Hashed, error) {
	input := h.Input.Reveal()
	if len(input) > maxRaw {
		return nidan.Hashed{}, fmt.Errorf("password: an input of %d bytes is too long to hash", len(input))
	}
	form, err := f.form(h)
	if err != nil {
		return nidan.Hashed{}, err
	}
	leave, err := f.queue.enter(ctx)
	if err != nil {
		return nidan.Hashed{}, err
	}
	defer leave()
	raw, err := f.slow(Work{[]byte(input), form.salt, form.passes, form.memory, form.lanes})
	if err == nil && len(raw) != hashSize { // of nothing, all inputs would have one keyed hash
		err = fmt.Errorf("a hash of %d bytes was computed", len(raw))
	}
	if err != nil {
		return nidan.Hashed{}, fmt.Errorf("password: %w", err)
	}
	form.hash, err = f.keys.MACWith(form.keyID, nidan.ForPassword, string(raw))
	if err != nil {
		return nidan.Hashed{}, fmt.Errorf("password: the keyed part of a hash: %w", err)
	}
	return nidan.Hashed{Of: h, Hash: form.String()}, nil
}

// form is the hash asked for, still without the hash.
func (f *FirstStep) form(h nidan.SlowHash) (form, error) {
	if h.Like != "" {
		return parseForm(h.Like)
	}
	form, ok := costs[h.Cost]
	if !ok {
		return form, fmt.Errorf("password: there is no hash cost %d", h.Cost)
	}
	form.keyID = f.keys.KeyID()
	form.salt = h.Salt
	if form.salt == nil {
		return form, f.draw(&form.salt, saltSize)
	}
	if len(form.salt) != saltSize {
		return form, errors.New("password: the salt of a new hash must be 16 bytes")
	}
	return form, nil
}

func (f *FirstStep) draw(to *[]byte, size int) error {
	*to = make([]byte, size)
	if _, err := io.ReadFull(f.random, *to); err != nil {
		return fmt.Errorf("password: no randomness: %w", err)
	}
	return nil
}

// Decoy implements [nidan.FirstStep]. Comparing a password with it costs what a
// real comparison costs. It is the same for as long as the program runs.
func (f *FirstStep) Decoy() string { return f.decoy }

// newDecoy makes a hash of random bytes: to match it is to have forged the keyed
// part.
func (f *FirstStep) newDecoy() (string, error) {
	form, err := f.form(nidan.SlowHash{Cost: nidan.CostPassword})
	if err != nil {
		return "", err
	}
	if !isKeyID(form.keyID) {
		return "", errors.New("password: the key's id does not fit into a stored hash")
	}
	if err := f.draw(&form.hash, hashSize); err != nil {
		return "", err
	}
	return form.String(), nil
}
