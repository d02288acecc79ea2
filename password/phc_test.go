package password

import (
	"strings"
	"testing"
)

const stored = "$argon2id$v=19$m=19456,t=2,p=1,keyid=00c0ffee$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

func TestParseForm(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(stored, old, new, 1) }
	const salt, sum = "AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	for name, c := range map[string]struct {
		stored string
		ok     bool
	}{
		"ours":              {stored, true},
		"most memory":       {replace("m=19456", "m=65536"), true},
		"least memory":      {replace("m=19456", "m=8"), true},
		"most passes":       {replace("t=2", "t=10"), true},
		"most lanes":        {replace("p=1", "p=4"), true},
		"shortest salt":     {replace(salt, "AAECAwQFBgc"), true},
		"longest salt":      {replace(salt, strings.Repeat("A", 86)), true},
		"longest key id":    {replace("00c0ffee", "01234567890"), true},
		"nothing":           {"", false},
		"dollars":           {"$$$$$", false},
		"argon2i":           {replace("argon2id", "argon2i"), false},
		"version":           {replace("v=19", "v=16"), false},
		"too much memory":   {replace("m=19456", "m=65537"), false},
		"overflow":          {replace("m=19456", "m=4294967304"), false},
		"too little memory": {replace("m=19456", "m=7"), false},
		"memory of 4 lanes": {replace("m=19456,t=2,p=1", "m=31,t=2,p=4"), false},
		"too many passes":   {replace("t=2", "t=11"), false},
		"no passes":         {replace("t=2", "t=0"), false},
		"too many lanes":    {replace("p=1", "p=5"), false},
		"lanes overflow":    {replace("p=1", "p=257"), false},
		"no lanes":          {replace("p=1", "p=0"), false},
		"negative":          {replace("t=2", "t=-2"), false},
		"leading zero":      {replace("t=2", "t=02"), false},
		"plus":              {replace("t=2", "t=+2"), false},
		"other order":       {replace("m=19456,t=2", "t=2,m=19456"), false},
		"one more":          {replace("p=1,", "p=1,data=AA,"), false},
		"no key id":         {replace(",keyid=00c0ffee", ""), false},
		"empty key id":      {replace("00c0ffee", ""), false},
		"long key id":       {replace("00c0ffee", "012345678901"), false},
		"odd key id":        {replace("00c0ffee", "00/c0ffe"), false},
		"short salt":        {replace(salt, "AAECAwQFBg"), false},
		"long salt":         {replace(salt, strings.Repeat("A", 87)), false},
		"no salt":           {replace(salt, ""), false},
		"padded salt":       {replace(salt, salt+"=="), false},
		"stray bits":        {replace(salt, "AAECAwQFBgcICQoLDA0ODx"), false},
		"line break":        {replace(salt, "AAEC\nAwQFBgcICQoLDA0ODw"), false},
		"short hash":        {replace("$"+sum, "$"+sum[4:]), false},
		"long hash":         {replace("$"+sum, "$AAEC"+sum), false},
		"no hash":           {replace("$"+sum, "$"), false},
		"hash missing":      {replace("$"+sum, ""), false},
		"one field more":    {stored + "$", false},
		"space behind":      {stored + " ", false},
		"very long":         {stored + strings.Repeat("$", 1<<20), false},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := parseForm(c.stored)
			if (err == nil) != c.ok {
				t.Fatalf("got %v", err)
			}
			if c.ok && f.String() != c.stored {
				t.Errorf("written again as %s", f)
			}
		})
	}
}

func FuzzParseForm(f *testing.F) {
	f.Add(stored)
	f.Add("$argon2id$v=19$m=8,t=1,p=1,keyid=a$AAECAwQFBgc$" + strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, s string) {
		form, err := parseForm(s)
		if err != nil {
			return
		}
		if !form.inBounds() {
			t.Fatalf("out of bounds: %v", form)
		}
		if form.String() != s {
			t.Fatalf("%q is written again as %q", s, form)
		}
	})
}
