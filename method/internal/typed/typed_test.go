package typed_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nidan-auth/nidan/method/internal/typed"
)

func TestDigits(t *testing.T) {
	for in, want := range map[string]string{
		"123456":                "123456",
		" 123 456\r\n":          "123456",
		"123-456":               "123456",
		"123–456":               "123456", // en dash
		"123−456":               "123456", // minus sign
		"１２３４５６":                "123456",
		"１２３　４５６":               "123456", // ideographic space
		"１２３ー４５６":               "123456",
		"１２３－４５６":               "123456", // full-width hyphen
		"1 2 3 4 5 6":           "123456",
		"123\u00a0456":          "123456",
		"\u202a123456\u202c":    "123456", // directional marks around a copied number
		"123\u200b456":          "123456",
		"000000":                "000000",
		"your code is 123 456":  "123456",
		"Your code is 123-456.": "123456",
		"認証コード：１２３４５６（有効）":                   "123456",
		"【Example VPN】123456":                "123456",
		"VPN 2: 123456":                      "123456",
		"G-123456":                           "123456",
		"":                                   "",
		"12345":                              "",
		"1234567":                            "",
		"48291053":                           "",
		"123456 10":                          "", // which of the eight digits?
		"12a456":                             "",
		"123\x00456":                         "",
		"123.456":                            "",
		"123456 or 654321":                   "",
		"٠١٢٣٤٥":                             "", // Arabic-Indic
		"१२३४५६":                             "", // Devanagari
		"𝟏𝟐𝟑𝟒𝟓𝟔":                             "", // mathematical bold
		"①②③④⑤⑥":                             "",
		"¹²³⁴⁵⁶":                             "",
		"\xff123456\xfe":                     "123456",
		"12\xff3456":                         "",
		`{"code":123456}`:                    "123456",
		"123456" + strings.Repeat(" ", 1000): "123456",
		"123456" + strings.Repeat(" ", 2000): "",
	} {
		got, ok := typed.Digits(in, 6)
		if got != want || ok != (want != "") {
			t.Errorf("Digits(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"０３－ＡＢＣＤ　ｅｆｇｈ":            "03ABCDefgh",
		"03 - abcd – EFGH — ijkl": "03abcdEFGHijkl",
		"ı ſ İ \u212a":            "ıſİ\u212a", // dotless i, long s, dotted I, kelvin: left as they are
		"＠！～":                     "@!~",
	} {
		if got, ok := typed.Plain(in); got != want || !ok {
			t.Errorf("Plain(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func FuzzDigits(f *testing.F) {
	f.Fuzz(func(t *testing.T, in string) {
		code, ok := typed.Digits(in, 6)
		if !ok {
			if code != "" {
				t.Fatalf("refused, and yet %q", code)
			}
			return
		}
		if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("%q is not six digits", code)
		}
		if again, ok := typed.Digits(code, 6); again != code || !ok {
			t.Fatalf("reading %q again gives %q", code, again)
		}
	})
}

func FuzzPlain(f *testing.F) {
	f.Fuzz(func(t *testing.T, in string) {
		plain, ok := typed.Plain(in)
		if !ok {
			return
		}
		if !utf8.ValidString(plain) {
			t.Fatalf("%q is not valid UTF-8", plain)
		}
		// A byte that is no text becomes three, so what was long enough may be too long.
		if again, ok := typed.Plain(plain); ok && again != plain {
			t.Fatalf("%q became %q when read again", plain, again)
		}
	})
}
