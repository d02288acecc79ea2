package vault_test

import (
	"testing"

	"github.com/nidan-auth/nidan"
)

// A document of ordinary size: a password, two authenticators, codes, browsers.
var document = make([]byte, 4096)

func BenchmarkSeal(b *testing.B) {
	v := open(b)
	for b.Loop() {
		v.Seal(nidan.ForDocument, "mfrggzdfmztwq2lknnwg23tpoa", []byte("account 1 1 12345"), document)
	}
}

func BenchmarkOpen(b *testing.B) {
	v := open(b)
	sealed := v.Seal(nidan.ForDocument, "mfrggzdfmztwq2lknnwg23tpoa", []byte("account 1 1 12345"), document)
	for b.Loop() {
		if _, err := v.Open(nidan.ForDocument, "mfrggzdfmztwq2lknnwg23tpoa", []byte("account 1 1 12345"), sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	v := open(b)
	for b.Loop() {
		v.MAC(nidan.ForGate, "name", "alice@example.test")
	}
}
