package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"sync"
	"testing"
)

// Sub-keys are HKDF's (RFC 5869), also where many are derived at once.
func TestDerive(t *testing.T) {
	random := bytes.Repeat([]byte{7, 9}, keySize/2)
	prk, err := hkdf.Extract(sha256.New, random, nil)
	if err != nil {
		t.Fatal(err)
	}
	k := newKey(keyID{}, random)
	var all sync.WaitGroup
	for _, part := range []string{"", "a", string(bytes.Repeat([]byte("long"), 100))} {
		all.Go(func() {
			info := appendPart(appendPart(nil, useSeal), part)
			want, err := hkdf.Expand(sha256.New, prk, string(info), keySize)
			if err != nil {
				t.Error(err)
			}
			for range 1000 {
				if got := k.derive(useSeal, part); !bytes.Equal(got, want) {
					t.Errorf("the sub-key for %q is %x, want %x", part, got, want)
					return
				}
			}
		})
	}
	all.Wait()
}
