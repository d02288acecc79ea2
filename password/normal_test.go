package password

import (
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
)

func TestNormal(t *testing.T) {
	f := newFirstStep(t)
	for name, c := range map[string]struct{ in, want string }{
		"nothing":           {"", ""},
		"ASCII as it is":    {" Pass  Word ~!\"' ", " Pass  Word ~!\"' "},
		"composed":          {"cafe\u0301", "caf\u00e9"},
		"Hangul":            {"\u1112\u1161\u11ab", "\ud55c"},
		"kana with mark":    {"\u304b\u3099", "\u304c"},
		"width stays":       {"ｐａｓｓ", "ｐａｓｓ"},
		"case stays":        {"İıſK", "İıſK"},
		"emoji with joiner": {"👩\u200d💻", "👩\u200d💻"},
		"unassigned":        {"\U000e0080", "\U000e0080"},
		"256 bytes":         {strings.Repeat("a", 256), strings.Repeat("a", 256)},
		"768 bytes before":  {strings.Repeat("\u1112\u1161\u11ab", 85), strings.Repeat("\ud55c", 85)},
	} {
		t.Run(name, func(t *testing.T) {
			got, r := f.Normal(nidan.NewSecret(c.in))
			if r != nidan.OK || got.Reveal() != c.want {
				t.Errorf("got %q, %v; want %q", got.Reveal(), r, c.want)
			}
		})
	}
	for name, in := range map[string]string{
		"257 bytes":               strings.Repeat("a", 257),
		"258 bytes of characters": strings.Repeat("한", 86),
		"1025 bytes":              strings.Repeat("\u1112\u1161\u11ab", 114),
		"not UTF-8":               "caf\xe9",
		"a surrogate":             "\xed\xa0\x80",
		"NUL":                     "pass\x00word",
		"tab":                     "pass\tword",
		"line break":              "password\n",
		"DEL":                     "pass\x7fword",
		"C1":                      "pass\u0085word",
	} {
		t.Run(name, func(t *testing.T) {
			want := nidan.PasswordUnreadable
			if strings.HasSuffix(name, "bytes") || strings.HasSuffix(name, "characters") {
				want = nidan.PasswordLong
			}
			if got, r := f.Normal(nidan.NewSecret(in)); r != want || !got.Empty() {
				t.Errorf("got %q, %v; want %v", got.Reveal(), r, want)
			}
		})
	}
}

func FuzzNormal(f *testing.F) {
	f.Add("cafe\u0301")
	f.Add("\u1112\u1161\u11ab")
	f.Add("a" + strings.Repeat("\u0301", 40))
	first := newFirstStep(f)
	f.Fuzz(func(t *testing.T, s string) {
		once, r := normal(s)
		if r != nidan.OK {
			return
		}
		if again, r := normal(once); r != nidan.OK || again != once {
			t.Fatalf("%q is %q, and that is %q, %v", s, once, again, r)
		}
		first.judge(s, "alice@example.test")
	})
}
