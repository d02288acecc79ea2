package vault

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// Inside the package, too, nothing that holds a key may print it: a line of
// debugging is all it takes.
func TestInnerTypesPrintNoKey(t *testing.T) {
	k := newKeyring()
	v, err := k.vault("")
	if err != nil {
		t.Fatal(err)
	}
	derived, err := hkdf.Extract(sha256.New, k.Keys[0].Key.b[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, holder := range []any{v.r.keys[0].prk, *v.r.keys[0].prk, k, &k, k.Keys[0], k.Keys[0].Key, v.r.keys, v.r.keys[0], &v.r.keys[0], struct{ k key }{v.r.keys[0]}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d"} {
			printed := fmt.Sprintf(verb, holder)
			for name, secret := range map[string]*[keySize]byte{"key": k.Keys[0].Key.b, "derived key": (*[keySize]byte)(derived)} {
				for _, form := range []string{"%x", "%v", "%#v"} {
					bytes := strings.Trim(fmt.Sprintf(form, secret[:8]), "[]{}byte")
					if strings.Contains(printed, bytes) {
						t.Errorf("%T with %s prints the %s", holder, verb, name)
					}
				}
			}
		}
	}
	if got := v.r.keys[0].LogValue().String() + k.Keys[0].Key.LogValue().String(); got != "key "+v.KeyID()+"[key]" {
		t.Errorf("logs as %s", got)
	}
}
