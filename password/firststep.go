package password

import (
	"fmt"
	"io"
	"runtime"

	"github.com/nidan-auth/nidan"
)

// The least length of a new password, in code points.
const (
	DefaultLength = 15 // NIST SP 800-63B-4 §3.1.1.2, where it is the only factor
	LeastLength   = 8  // the same, where it never is
	GreatestLimit = 64 // beyond this nobody may be required to go (§3.1.1.2)
)

// Keys is what the keyed part of a hash needs of a vault.
type Keys interface {
	// KeyID names the key for new hashes: 1 to 11 letters and digits.
	KeyID() string

	// MACWith returns 32 bytes that depend on the named key, the purpose and
	// the parts, or an error if there is no such key.
	MACWith(keyID string, p nidan.Purpose, parts ...string) ([]byte, error)
}

// Options are what New needs.
type Options struct {
	Keys   Keys
	Random io.Reader // for salts; safe for concurrent use
	Brand  string    // the product's name, for the rule that a password must not contain it
	Length int       // least length of a new password, 8 to 64 code points; 0: 15

	// Slow computes hashes elsewhere, several at a time; nil: here, by [Work.Hash].
	Slow func(Work) ([]byte, error)
}

// FirstStep implements [nidan.FirstStep]. It may be used concurrently.
type FirstStep struct {
	keys   Keys
	random io.Reader
	decoy  string
	queue  *queue
	slow   func(Work) ([]byte, error)

	brand  string
	length int
	common common
}

// New returns a FirstStep that computes as many hashes at a time as the program
// may use processors ([runtime.GOMAXPROCS]). An error if an option is out of
// its range or there is no randomness.
func New(o Options) (*FirstStep, error) {
	if o.Length == 0 {
		o.Length = DefaultLength
	}
	if o.Length < LeastLength || o.Length > GreatestLimit {
		return nil, fmt.Errorf("password: the least length of a password must be %d to %d characters, not %d", LeastLength, GreatestLimit, o.Length)
	}
	f := &FirstStep{
		keys:   o.Keys,
		random: o.Random,
		queue:  newQueue(runtime.GOMAXPROCS(0)),
		slow:   o.Slow,
		brand:  lettersOf(o.Brand),
		length: o.Length,
		common: readCommon(),
	}
	if f.slow == nil {
		f.slow = func(w Work) ([]byte, error) { return w.Hash(), nil }
	}
	decoy, err := f.newDecoy()
	if err != nil {
		return nil, err
	}
	f.decoy = decoy
	return f, nil
}

var _ nidan.FirstStep = (*FirstStep)(nil)
