package totp

import (
	"crypto/hmac"
	"crypto/sha1" // RFC 6238 §1.2; HMAC does not need the collision resistance SHA-1 has lost
	"crypto/subtle"
	"encoding/binary"
	"hash"
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
	mac := hmac.New(sha1.New, seed)
	var right []int64
	for step := last; step >= max(first, 1); step-- {
		if subtle.ConstantTimeEq(int32(hotp(mac, step)), int32(value)) == 1 {
			right = append(right, step)
		}
	}
	return right
}

// hotp is the HOTP value of RFC 4226 §5.3 under the key of mac, as a number.
func hotp(mac hash.Hash, counter int64) uint32 {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], uint64(counter))
	mac.Reset()
	mac.Write(message[:])
	var room [20]byte
	sum := mac.Sum(room[:0])
	offset := sum[len(sum)-1] & 0xf
	truncated := binary.BigEndian.Uint32(sum[offset:]) & 0x7fff_ffff
	return truncated % modulus
}
