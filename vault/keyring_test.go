package vault_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/vault"
)

func TestParse(t *testing.T) {
	v := parse(t, "\n"+keyringText(store, 3, firstKey, secondKey)+"\n")
	if v.KeyID() != "00c0ffee" || v.StoreID() != store || v.Generation() != 3 {
		t.Errorf("got key %s, store %s, generation %d", v.KeyID(), v.StoreID(), v.Generation())
	}
	if !v.Used() {
		t.Error(`a keyring that does not say "new" must count as used`)
	}
	marked := parse(t, strings.Replace(keyringText(store, 1, firstKey), "{", `{"new": true, `, 1))
	if marked.Used() {
		t.Error(`a keyring that says "new" counts as used`)
	}
}

func TestParseRefuses(t *testing.T) {
	const good = `{"nidan_keyring": 1, "store": "abcdefghijklmnopqrstuvwxyz", "generation": 1, "keys": [` + firstKey + `]}`
	parse(t, good)
	repeated := make([]string, 17)
	for i := range repeated {
		repeated[i] = strings.Replace(firstKey, "00c0ffee", "00c0ff"+string(rune('a'+i/8))+string(rune('0'+i%8)), 1)
	}
	for name, text := range map[string]string{
		"nothing":              "",
		"another thing":        "hunter2 is my password",
		"null":                 "null",
		"list":                 "[" + good + "]",
		"text behind":          good + "x",
		"two":                  good + good,
		"too long":             good + strings.Repeat(" ", 16<<10),
		"unknown field":        strings.Replace(good, "{", `{"comment": "hunter2", `, 1),
		"unknown field of key": strings.Replace(good, `"id"`, `"hunter2": 1, "id"`, 1),
		"format":               strings.Replace(good, ": 1,", ": 2,", 1),
		"no format":            strings.Replace(good, `"nidan_keyring": 1, `, "", 1),
		"no store":             strings.Replace(good, store, "", 1),
		"store upper case":     strings.Replace(good, "abc", "ABC", 1),
		"store long":           strings.Replace(good, "abc", "abcd", 1),
		"generation 0":         strings.Replace(good, `"generation": 1`, `"generation": 0`, 1),
		"generation negative":  strings.Replace(good, `"generation": 1`, `"generation": -1`, 1),
		"generation huge":      strings.Replace(good, `"generation": 1`, `"generation": 99999999999999999999`, 1),
		"generation text":      strings.Replace(good, `"generation": 1`, `"generation": "hunter2"`, 1),
		"no keys":              strings.Replace(good, firstKey, "", 1),
		"too many keys":        strings.Replace(good, firstKey, strings.Join(repeated, ","), 1),
		"key twice":            strings.Replace(good, firstKey, firstKey+","+firstKey, 1),
		"id upper case":        strings.Replace(good, "00c0ffee", "00C0FFEE", 1),
		"id short":             strings.Replace(good, "00c0ffee", "00c0ff", 1),
		"id not hexadecimal":   strings.Replace(good, "00c0ffee", "hunter2!", 1),
		"key missing":          strings.Replace(good, firstKey, `{"id": "00c0ffee"}`, 1),
		"key null":             strings.Replace(good, firstKey, `{"id": "00c0ffee", "key": null}`, 1),
		"key short":            strings.Replace(good, "AAEC", "", 1),
		"key long":             strings.Replace(good, "AAEC", "AAECAAEC", 1),
		"key not base64":       strings.Replace(good, "AAEC", "hunt-r2!", 1),
		"key with line break":  strings.Replace(good, "AAEC", `AAEC\n`, 1),
		"key with stray bits":  strings.Replace(good, "Hh8=", "Hh9=", 1),
		"key of zeros":         strings.Replace(good, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", strings.Repeat("A", 43)+"=", 1),
	} {
		t.Run(name, func(t *testing.T) {
			v, err := vault.Parse(text)
			if !errors.Is(err, vault.ErrKeyring) {
				t.Fatalf("got %v, %v", v, err)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "AAEC") {
				t.Errorf("the message quotes the text: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(keyringText(store, 1, firstKey))
	f.Add(keyringText(store, 1, firstKey, secondKey))
	f.Add(strings.Replace(keyringText(store, 1, firstKey), "{", `{"new": true, `, 1))
	f.Fuzz(func(t *testing.T, text string) {
		v, err := vault.Parse(text)
		if err != nil {
			if v != nil || !errors.Is(err, vault.ErrKeyring) {
				t.Fatalf("got %v, %v", v, err)
			}
			return
		}
		sealed := v.Seal("purpose", "owner", nil, []byte("plain"))
		if plain, err := v.Open("purpose", "owner", nil, sealed); err != nil || string(plain) != "plain" {
			t.Fatalf("opened %q, %v", plain, err)
		}
	})
}
