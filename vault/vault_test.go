package vault_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/vault"
)

// Two keys, so that the tests see which one is taken: the first seals, both
// open. The bytes are 0x00 … 0x1f and 0x20 … 0x3f.
const (
	firstKey  = `{"id": "00c0ffee", "key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`
	secondKey = `{"id": "5eedcafe", "key": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="}`
	store     = "abcdefghijklmnopqrstuvwxyz"
)

func keyringText(store string, generation int, keys ...string) string {
	return fmt.Sprintf(`{"nidan_keyring": 1, "store": %q, "generation": %d, "keys": [%s]}`,
		store, generation, strings.Join(keys, ","))
}

func parse(t testing.TB, text string) *vault.Vault {
	t.Helper()
	v, err := vault.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func open(t testing.TB) *vault.Vault { return parse(t, keyringText(store, 1, firstKey, secondKey)) }

func TestSealOpen(t *testing.T) {
	v := open(t)
	for _, plain := range []string{"", "x", strings.Repeat("document ", 2000)} {
		sealed := v.Seal(nidan.ForDocument, "alice", []byte("v1"), []byte(plain))
		if got, want := len(sealed), len(plain)+vault.Overhead; got != want {
			t.Errorf("sealed %d bytes into %d, want %d", len(plain), got, want)
		}
		got, err := v.Open(nidan.ForDocument, "alice", []byte("v1"), sealed)
		if err != nil || string(got) != plain {
			t.Errorf("opened %q, %v", got, err)
		}
		if bytes.Equal(sealed, v.Seal(nidan.ForDocument, "alice", []byte("v1"), []byte(plain))) {
			t.Error("the same plaintext sealed twice is the same bytes")
		}
	}
}

// The golden values were computed by an independent program, testdata/golden.py,
// so they hold the format itself fast and not only that it is stable.
func TestGolden(t *testing.T) {
	v := open(t)
	for name, sealed := range map[string]string{
		"current key": goldenFirst,
		"older key":   goldenSecond,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := v.Open(nidan.ForDocument, "alice", []byte("account 1"), unhex(t, sealed))
			if err != nil || string(got) != "a sealed document" {
				t.Errorf("opened %q, %v", got, err)
			}
		})
	}
	if got := hex.EncodeToString(v.MAC(nidan.ForGate, "name", "alice@example.test")); got != goldenMAC {
		t.Errorf("MAC is %s, want %s", got, goldenMAC)
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	v := open(t)
	sealed := v.Seal(nidan.ForSession, "alice", []byte("ad"), []byte("a session"))
	for i := range sealed {
		for bit := range 8 {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1 << bit
			if got, err := v.Open(nidan.ForSession, "alice", []byte("ad"), bad); err == nil {
				t.Fatalf("byte %d, bit %d: opened %q", i, bit, got)
			}
		}
	}
	for n := range sealed {
		if _, err := v.Open(nidan.ForSession, "alice", []byte("ad"), sealed[:n]); err == nil {
			t.Fatalf("opened with only %d bytes", n)
		}
	}
	if _, err := v.Open(nidan.ForSession, "alice", []byte("ad"), append(sealed, 0)); err == nil {
		t.Fatal("opened with a byte more")
	}
}

func TestKeyIDCannotBeSwapped(t *testing.T) {
	v := open(t)
	sealed := v.Seal(nidan.ForSession, "alice", nil, []byte("x"))
	copy(sealed[1:], unhex(t, "5eedcafe"))
	if _, err := v.Open(nidan.ForSession, "alice", nil, sealed); !errors.Is(err, vault.ErrNotAuthentic) {
		t.Errorf("got %v", err)
	}
}

func TestOpensForItsPlaceOnly(t *testing.T) {
	v := open(t)
	sealed := v.Seal(nidan.ForTicket, "alice", []byte("ad"), []byte("x"))
	for _, c := range []struct {
		name, owner, ad string
		purpose         nidan.Purpose
		v               *vault.Vault
		want            error
	}{
		{"purpose", "alice", "ad", nidan.ForSession, v, vault.ErrNotAuthentic},
		{"owner", "bob", "ad", nidan.ForTicket, v, vault.ErrNotAuthentic},
		{"no owner", "", "ad", nidan.ForTicket, v, vault.ErrNotAuthentic},
		{"associated data", "alice", "da", nidan.ForTicket, v, vault.ErrNotAuthentic},
		{"no associated data", "alice", "", nidan.ForTicket, v, vault.ErrNotAuthentic},
		{"purpose and owner run together", "etalice", "ad", "tick", v, vault.ErrNotAuthentic},
		{"store", "alice", "ad", nidan.ForTicket, parse(t, keyringText(strings.Repeat("b", 26), 1, firstKey)), vault.ErrNotAuthentic},
		{"keyring", "alice", "ad", nidan.ForTicket, parse(t, keyringText(store, 1, secondKey)), vault.ErrUnknownKey},
		{"key under the same id", "alice", "ad", nidan.ForTicket, parse(t, keyringText(store, 1, strings.Replace(secondKey, "5eedcafe", "00c0ffee", 1))), vault.ErrNotAuthentic},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.v.Open(c.purpose, c.owner, []byte(c.ad), sealed); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := parse(t, keyringText(store, 7, firstKey)).Open(nidan.ForTicket, "alice", []byte("ad"), sealed); err != nil {
		t.Errorf("a restore must not make what is sealed unreadable: %v", err)
	}
}

func TestMAC(t *testing.T) {
	v := open(t)
	seen := map[string]string{}
	for name, m := range map[string][]byte{
		"nothing":       v.MAC(nidan.ForGate),
		"one empty":     v.MAC(nidan.ForGate, ""),
		"two empty":     v.MAC(nidan.ForGate, "", ""),
		"ab, c":         v.MAC(nidan.ForGate, "ab", "c"),
		"a, bc":         v.MAC(nidan.ForGate, "a", "bc"),
		"abc":           v.MAC(nidan.ForGate, "abc"),
		"other purpose": v.MAC(nidan.ForPassword, "abc"),
		"other store":   parse(t, keyringText(strings.Repeat("b", 26), 1, firstKey)).MAC(nidan.ForGate, "abc"),
		"other key":     macWith(t, v, "5eedcafe", nidan.ForGate, "abc"),
	} {
		if len(m) != 32 {
			t.Errorf("%s: %d bytes", name, len(m))
		}
		if other, ok := seen[string(m)]; ok {
			t.Errorf("%s and %s are the same", name, other)
		}
		seen[string(m)] = name
	}
	if !bytes.Equal(v.MAC(nidan.ForGate, "abc"), macWith(t, v, v.KeyID(), nidan.ForGate, "abc")) {
		t.Error("MAC is not that of the current key")
	}
	for _, id := range []string{"", "00000000", "00C0FFEE", "00c0ffee00", "zzzzzzzz"} {
		if _, err := v.MACWith(id, nidan.ForGate); !errors.Is(err, vault.ErrUnknownKey) {
			t.Errorf("key id %q: got %v", id, err)
		}
	}
}

func TestNothingPrintsAKey(t *testing.T) {
	v := open(t)
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("pointer", "v", v)
	logger.Info("value", "v", *v)
	logger.Info("inside", "v", struct{ V *vault.Vault }{v})
	printed := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed += fmt.Sprintf(verb, v) + fmt.Sprintf(verb, *v) +
			fmt.Sprintf(verb, struct{ v vault.Vault }{*v}) + fmt.Sprintf(verb, []*vault.Vault{v})
	}
	//lint:ignore SA9005 that nothing comes of it is what is tested
	encoded, _ := json.Marshal(v)
	printed += string(encoded)
	for _, key := range []string{"AAECAwQF", "000102030405", "[0 1 2 3", "0x0, 0x1, 0x2", "ICEiIyQl"} {
		if strings.Contains(printed, key) {
			t.Errorf("a key is printed as %s", key)
		}
	}
	if want := "vault of store " + store + ", generation 1, keys 00c0ffee 5eedcafe"; fmt.Sprint(v) != want {
		t.Errorf("prints as %q, want %q", v, want)
	}
}

func TestConcurrentUse(t *testing.T) {
	v := open(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			owner := fmt.Sprint("account ", i)
			for range 50 {
				sealed := v.Seal(nidan.ForDocument, owner, nil, []byte(owner))
				got, err := v.Open(nidan.ForDocument, owner, nil, sealed)
				if err != nil || string(got) != owner {
					t.Errorf("opened %q, %v", got, err)
				}
				v.MAC(nidan.ForGate, owner)
			}
		})
	}
	group.Wait()
}

func FuzzOpen(f *testing.F) {
	v := open(f)
	for _, s := range []string{"", goldenFirst, goldenSecond} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, sealed []byte) {
		before := bytes.Clone(sealed)
		plain, err := v.Open(nidan.ForDocument, "alice", []byte("account 1"), sealed)
		if err == nil && string(plain) != "a sealed document" {
			t.Fatalf("forged: %x", sealed)
		}
		if !bytes.Equal(before, sealed) {
			t.Fatal("Open changed its input")
		}
	})
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func macWith(t *testing.T, v *vault.Vault, id string, p nidan.Purpose, parts ...string) []byte {
	t.Helper()
	m, err := v.MACWith(id, p, parts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
