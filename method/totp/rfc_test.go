package totp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"testing"
	"time"
)

// RFC 4226 appendix D.
func TestHOTPVectors(t *testing.T) {
	k := keyOf(rfcSeed)
	for counter, want := range []uint32{755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489} {
		if got := k.hotp(int64(counter)); got != want {
			t.Errorf("counter %d: %06d, want %06d", counter, got, want)
		}
	}
}

// RFC 6238 appendix B, SHA-1. The table has eight digits; ours are the last six.
func TestTOTPVectors(t *testing.T) {
	for _, v := range []struct {
		unix int64
		step int64
		code uint32
	}{
		{59, 0x1, 94287082},
		{1111111109, 0x23523EC, 7081804},
		{1111111111, 0x23523ED, 14050471},
		{1234567890, 0x273EF07, 89005924},
		{2000000000, 0x3F940AA, 69279037},
		{20000000000, 0x27BC86AA, 65353130},
	} {
		step := stepAt(time.Unix(v.unix, 0))
		if step != v.step {
			t.Errorf("at %d the step is %#x, want %#x", v.unix, step, v.step)
		}
		k := keyOf(rfcSeed)
		if got := k.hotp(step); got != v.code%modulus {
			t.Errorf("at %d: %06d, want %06d", v.unix, got, v.code%modulus)
		}
	}
}

// Package hmac computes the same, for seeds of any length.
func TestMAC(t *testing.T) {
	seed := make([]byte, 200)
	for i := range seed {
		seed[i] = byte(31*i + 7)
	}
	for n := range seed {
		message := [8]byte{0, 1, 2, 3, 4, 5, 6, byte(n)}
		want := hmac.New(sha1.New, seed[:n])
		want.Write(message[:])
		k := keyOf(seed[:n])
		if got := k.mac(message); !bytes.Equal(got[:], want.Sum(nil)) {
			t.Errorf("a seed of %d bytes: %x", n, got)
		}
	}
}

func TestStepAt(t *testing.T) {
	for unix, want := range map[int64]int64{0: 0, 29: 0, 30: 1, 59: 1, 60: 2, -1: -1, -30: -1, -1 << 55: -1} {
		if got := stepAt(time.Unix(unix, 999_999_999)); got != want {
			t.Errorf("second %d is in step %d, want %d", unix, got, want)
		}
	}
}
