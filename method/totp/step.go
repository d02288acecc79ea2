package totp

import (
	"crypto/sha1" // RFC 6238 §1.2; HMAC does not need the collision resistance SHA-1 has lost
	"crypto/subtle"
	"encoding/binary"
	"strconv"
	"time"
)

const (
	digits  = 6
	modulus = 1_000_000
	period  = 30 * time.Second
)

// stepAt returns the number of the time step that t is in (RFC 6238 §4.2: X = 30,
// T0 = 0). It is negative before 1970, where there are no steps.
func stepAt(t time.Time) int64 {
	seconds := t.Unix()
	if seconds < 0 {
		return -1
	}
	return seconds / int64(period/time.Second)
}

// matches returns the steps from first to last whose code this is, highest
// first. It computes and compares all of them, each in constant time. Step 0 is
// left out: it is half a minute of 1970, and the number for "none".
func matches(seed []byte, code string, first, last int64) []int64 {
	value, err := strconv.ParseUint(code, 10, 32)
	if err != nil { // unreachable: code is six ASCII digits
		return nil
	}
	k := keyOf(seed)
	var right []int64
	for step := last; step >= max(first, 1); step-- {
		if subtle.ConstantTimeEq(int32(k.hotp(step)), int32(value)) == 1 {
			right = append(right, step)
		}
	}
	return right
}

// A key is a seed made ready for HMAC-SHA-1 (RFC 2104 §2). Package hmac would do
// the same; that takes a dozen allocations for each code.
type key struct{ inner, outer [sha1.BlockSize]byte }

func keyOf(seed []byte) (k key) {
	if len(seed) > sha1.BlockSize {
		sum := sha1.Sum(seed)
		seed = sum[:]
	}
	copy(k.inner[:], seed)
	copy(k.outer[:], seed)
	for i := range sha1.BlockSize {
		k.inner[i] ^= 0x36
		k.outer[i] ^= 0x5c
	}
	return k
}

// mac is HMAC-SHA-1 of eight bytes.
func (k *key) mac(message [8]byte) [sha1.Size]byte {
	var inner [sha1.BlockSize + 8]byte
	copy(inner[copy(inner[:], k.inner[:]):], message[:])
	sum := sha1.Sum(inner[:])
	var outer [sha1.BlockSize + sha1.Size]byte
	copy(outer[copy(outer[:], k.outer[:]):], sum[:])
	return sha1.Sum(outer[:])
}

// hotp is the HOTP value of RFC 4226 §5.3, as a number.
func (k *key) hotp(counter int64) uint32 {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], uint64(counter))
	sum := k.mac(message)
	offset := sum[len(sum)-1] & 0xf
	truncated := binary.BigEndian.Uint32(sum[offset:]) & 0x7fff_ffff
	return truncated % modulus
}
