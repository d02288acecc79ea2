package password

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	f := newFirstStep(t)
	label := strings.Repeat("a", 61)
	long := strings.Repeat("a", 64) + "@" + label + "." + label + "." + label + "a"
	for in, want := range map[string]string{
		"alice@example.test":             "alice@example.test",
		"  alice@example.test ":          "alice@example.test",
		"\u3000alice@example.test\u3000": "alice@example.test",
		"Alice.B@Example.TEST":           "alice.b@example.test",
		"a+b-c_d=e&f~g@example.test":     "a+b-c_d=e&f~g@example.test",
		"o'brien@example.test":           "o'brien@example.test",
		"1@2.co":                         "1@2.co",
		"a@bücher.example":               "a@xn--bcher-kva.example",
		"a@BÜCHER.example":               "a@xn--bcher-kva.example",
		"a@bu\u0308cher.example":         "a@xn--bcher-kva.example",
		"a@xn--bcher-kva.example":        "a@xn--bcher-kva.example",
		"a@XN--BCHER-KVA.example":        "a@xn--bcher-kva.example",
		"a@例え.テスト":                       "a@xn--r8jz45g.xn--zckzah",
		"a@한국.example":                   "a@xn--3e0b707e.example",
		"a@straße.example":               "a@xn--strae-oqa.example",
		long + ".aa":                     long + ".aa",
	} {
		if got, ok := f.Name(in); !ok || got != want {
			t.Errorf("%q: got %q, %v; want %q", in, got, ok, want)
		}
	}
	for name, in := range map[string]string{
		"nothing":                  "",
		"no @":                     "alice",
		"no local part":            "@example.test",
		"no domain":                "alice@",
		"two @":                    "alice@b@example.test",
		"full-width @":             "alice＠example.test",
		"full-width @ and another": "a＠b@example.test",
		"small @":                  "alice﹫example.test",
		"dotless i":                "alıce@example.test",
		"dotted capital I":         "ALİCE@example.test",
		"long s":                   "aliſe@example.test",
		"Kelvin sign":              "\u212ate@example.test",
		"full-width letter":        "ａlice@example.test",
		"Cyrillic":                 "аlice@example.test",
		"accent":                   "alicé@example.test",
		"long s in domain":         "alice@teſt.example",
		"Kelvin sign in domain":    "alice@\u212aey.example",
		"full-width domain":        "alice@ｅxample.test",
		"dotted I in domain":       "alice@İ.example",
		"ligature in domain":       "alice@ﬁx.example",
		"ideographic full stop":    "alice@example。test",
		"half-width full stop":     "alice@example｡test",
		"full-width full stop":     "alice@example．test",
		"soft hyphen in domain":    "alice@exam\u00adple.test",
		"zero width in domain":     "alice@exam\u200bple.test",
		"zero width in local":      "al\u200bice@example.test",
		"direction override":       "alice@\u202eexample.test",
		"no-break space":           "alice@example.test\u00a0",
		"NUL":                      "alice\x00@example.test",
		"CR LF":                    "alice@example.test\r\nBcc: b@example.test",
		"line break behind":        "alice@example.test\n",
		"tab before":               "\talice@example.test",
		"%0a":                      "alice%0a@example.test",
		"%0a in domain":            "alice@example%0a.test",
		"comma":                    "a@example.test,b@example.test",
		"semicolon":                "a@example.test;b@example.test",
		"space inside":             "ali ce@example.test",
		"space before @":           "alice @example.test",
		"space in domain":          "alice@exam ple.test",
		"quoted":                   `"alice"@example.test`,
		"quote inside":             `al"ice@example.test`,
		"backslash":                `al\ice@example.test`,
		"backquote":                "al`ice@example.test",
		"angle brackets":           "<alice@example.test>",
		"with a name":              "Alice <alice@example.test>",
		"comment":                  "alice(x)@example.test",
		"bang path":                "host!alice@example.test",
		"pipe":                     "|alice@example.test",
		"slash":                    "a/b@example.test",
		"mailto":                   "mailto:alice@example.test",
		"dot first":                ".alice@example.test",
		"dot last":                 "alice.@example.test",
		"two dots":                 "al..ice@example.test",
		"one label":                "alice@localhost",
		"dot before domain":        "alice@.example.test",
		"dot behind domain":        "alice@example.test.",
		"two dots in domain":       "alice@example..test",
		"underscore in domain":     "alice@exa_mple.test",
		"hyphen first":             "alice@-example.test",
		"hyphen last":              "alice@example-.test",
		"address":                  "alice@127.0.0.1",
		"address literal":          "alice@[127.0.0.1]",
		"port":                     "alice@example.test:25",
		"bad punycode":             "alice@xn--a.example",
		"punycode of ASCII":        "alice@xn--example-.test",
		"not UTF-8":                "alice@b\xfccher.example",
		"local of 65 bytes":        strings.Repeat("a", 65) + "@example.test",
		"label of 64 bytes":        "alice@" + strings.Repeat("a", 64) + ".test",
		"255 bytes":                long + ".aaa",
		"very long":                strings.Repeat(" ", 1<<20) + "alice@example.test",
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := f.Name(in); ok || got != "" {
				t.Errorf("%q became %q, %v", in, got, ok)
			}
		})
	}
}

// A letter that is only similar may stand in a domain, but makes it another one.
func TestSimilarDomainsStayApart(t *testing.T) {
	f := newFirstStep(t)
	for _, in := range []string{"alice@gıthub.example", "alice@gіthub.example", "alice@gíthub.example"} {
		got, ok := f.Name(in)
		if ok && !strings.HasPrefix(got, "alice@xn--") {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"Alice@Example.Test", "a@bücher.example", "a@xn--bcher-kva.example", "a＠b.example", "\u212a@teſt.example", "a@例え。テスト"} {
		f.Add(s)
	}
	first := newFirstStep(f)
	f.Fuzz(func(t *testing.T, s string) {
		name, ok := first.Name(s)
		if !ok {
			if name != "" {
				t.Fatalf("%q: refused, and yet %q", s, name)
			}
			return
		}
		if again, ok := first.Name(name); !ok || again != name {
			t.Fatalf("%q is %q, and that is %q, %v", s, name, again, ok)
		}
		if len(name) > maxName || strings.Count(name, "@") != 1 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.@_+-'=&~") != "" {
			t.Fatalf("%q is %q", s, name)
		}
		// Only ASCII may have become ASCII: the local part is what was typed.
		local, _, _ := strings.Cut(strings.Trim(s, " \u3000"), "@")
		if got, _, _ := strings.Cut(name, "@"); !strings.EqualFold(got, local) || len(got) != len(local) {
			t.Fatalf("the local part of %q became %q", s, got)
		}
	})
}
