package password

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/nidan-auth/nidan"
)

func hash(t *testing.T, f *FirstStep, h nidan.SlowHash) string {
	t.Helper()
	hashed, err := f.Hash(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	return hashed.Hash
}

func like(stored, input string) nidan.SlowHash {
	return nidan.SlowHash{Like: stored, Input: nidan.NewSecret(input)}
}

func TestTodaysParameters(t *testing.T) {
	f := newFirstStep(t)
	for cost, want := range map[nidan.HashCost]string{
		// OWASP Password Storage Cheat Sheet.
		nidan.CostPassword: `^\$argon2id\$v=19\$m=19456,t=2,p=1,keyid=00c0ffee\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`,
		// SECURITY.md §3.1: backup codes.
		nidan.CostCode: `^\$argon2id\$v=19\$m=8192,t=1,p=1,keyid=00c0ffee\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`,
	} {
		h := nidan.SlowHash{Cost: cost, Input: nidan.NewSecret("x")}
		got := hash(t, f, h)
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("cost %d: got %s", cost, got)
		}
		if got == hash(t, f, h) {
			t.Errorf("cost %d: two new hashes have one salt", cost)
		}
		if again := hash(t, f, like(got, "x")); again != got {
			t.Errorf("cost %d: %s, and again %s", cost, got, again)
		}
	}
	if got := f.Decoy(); !strings.HasPrefix(got, "$argon2id$v=19$m=19456,t=2,p=1,keyid=00c0ffee$") {
		t.Errorf("decoy is %s", got)
	}
}

func TestHashIsKeyedArgon2id(t *testing.T) {
	f := newFirstStep(t)
	salt := []byte("sixteen bytes ok")
	raw := argon2.IDKey([]byte("correct horse"), salt, 2, 19456, 1, 32)
	mac, _ := f.keys.MACWith("00c0ffee", nidan.ForPassword, string(raw))
	b64 := base64.RawStdEncoding.EncodeToString
	want := "$argon2id$v=19$m=19456,t=2,p=1,keyid=00c0ffee$" + b64(salt) + "$" + b64(mac)
	h := nidan.SlowHash{Cost: nidan.CostPassword, Salt: salt, Input: nidan.NewSecret("correct horse")}
	hashed, err := f.Hash(t.Context(), h)
	if err != nil || hashed.Hash != want {
		t.Errorf("got %s, %v; want %s", hashed.Hash, err, want)
	}
	if !bytes.Equal(hashed.Of.Salt, h.Salt) || !hashed.Of.Input.Equal(h.Input) {
		t.Error("the result does not say what it is the hash of")
	}
}

func TestHashUsesTheStoredHashesKey(t *testing.T) {
	f := newFirstStep(t)
	stored := hash(t, f, nidan.SlowHash{Cost: nidan.CostCode, Input: nidan.NewSecret("x")})
	older := strings.Replace(stored, "00c0ffee", "5eedcafe", 1)
	got := hash(t, f, like(older, "x"))
	if !strings.Contains(got, "keyid=5eedcafe") || got == older {
		t.Errorf("got %s", got)
	}
	unknown := strings.Replace(stored, "00c0ffee", "ffffffff", 1)
	if _, err := f.Hash(t.Context(), like(unknown, "x")); !errors.Is(err, errNoKey) {
		t.Errorf("unknown key: got %v", err)
	}
}

// Nothing of a password may be cut off (SECURITY.md Q7).
func TestEveryByteCounts(t *testing.T) {
	f := newFirstStep(t)
	for _, size := range []int{73, 256} {
		base := strings.Repeat("a", size-1)
		stored := hash(t, f, nidan.SlowHash{Cost: nidan.CostCode, Input: nidan.NewSecret(base + "b")})
		for _, other := range []string{base + "c", base, base + "b\x00", base + "B"} {
			if hash(t, f, like(stored, other)) == stored {
				t.Errorf("%d bytes: another password has the same hash", size)
			}
		}
	}
}

func TestNothingMatchesTheDecoy(t *testing.T) {
	f := newFirstStep(t)
	for _, p := range []string{"", "password", f.Decoy()} {
		if hash(t, f, like(f.Decoy(), p)) == f.Decoy() {
			t.Errorf("%q matches", p)
		}
	}
	if other := newFirstStep(t); other.Decoy() == f.Decoy() {
		t.Error("two programs have one decoy")
	}
}

// What computes hashes elsewhere may fail, or answer with something else.
func TestNoHash(t *testing.T) {
	for name, slow := range map[string]func(Work) ([]byte, error){
		"error":    func(Work) ([]byte, error) { return make([]byte, hashSize), io.ErrUnexpectedEOF },
		"nothing":  func(Work) ([]byte, error) { return nil, nil },
		"31 bytes": func(Work) ([]byte, error) { return make([]byte, hashSize-1), nil },
		"33 bytes": func(Work) ([]byte, error) { return make([]byte, hashSize+1), nil },
	} {
		f := with(t, Options{Slow: slow})
		for _, h := range []nidan.SlowHash{like(f.Decoy(), "x"), {Input: nidan.NewSecret("x")}} {
			if got, err := f.Hash(t.Context(), h); err == nil || got.Hash != "" {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
		if n, m := len(f.queue.inside), len(f.queue.places); n != 0 || m != 0 {
			t.Errorf("%s: %d are still inside, %d still work", name, n, m)
		}
	}
}

func TestHashRefuses(t *testing.T) {
	f := newFirstStep(t)
	f.slow = func(Work) ([]byte, error) {
		t.Error("hashed all the same")
		return nil, nil
	}
	for name, h := range map[string]nidan.SlowHash{
		"input of 1025 bytes": {Input: nidan.NewSecret(strings.Repeat("a", 1025))},
		"salt of 15 bytes":    {Salt: make([]byte, 15)},
		"salt of no bytes":    {Salt: []byte{}},
		"unknown cost":        {Cost: 7},
		"another form":        {Like: "$2b$10$abcdefghijklmnopqrstuv"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := f.Hash(t.Context(), h); err == nil {
				t.Errorf("got %v", got)
			}
		})
	}
	t.Run("no randomness", func(t *testing.T) {
		f.random = strings.NewReader("short")
		if _, err := f.Hash(t.Context(), nidan.SlowHash{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("context at its end", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.Hash(ctx, like(f.Decoy(), "x")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func BenchmarkHashPassword(b *testing.B) {
	f := newFirstStep(b)
	for b.Loop() {
		if _, err := f.Hash(b.Context(), like(f.Decoy(), "a password of some length")); err != nil {
			b.Fatal(err)
		}
	}
}
