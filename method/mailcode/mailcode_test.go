package mailcode_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/methodtest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestMethod(t *testing.T) { methodtest.RunPrompting(t, mailcode.New()) }

// bytesOf is a source of the four bytes of a draw, then of zeros.
func bytesOf(b ...byte) *bytes.Reader {
	return bytes.NewReader(append(b, make([]byte, 64)...))
}

// The numbers at the edges of the range, and what is above the last whole
// multiple of 10^8 and has to be drawn again.
func TestDraw(t *testing.T) {
	for _, x := range []struct {
		random []byte
		want   string
	}{
		{[]byte{0, 0, 0, 0}, "00000000"},
		{[]byte{0, 0, 0, 7}, "00000007"},
		{[]byte{0x05, 0xf5, 0xe0, 0xff}, "99999999"},
		{[]byte{0x05, 0xf5, 0xe1, 0x00}, "00000000"},
		{[]byte{0xfa, 0x56, 0xe9, 0xff}, "99999999"}, // 4,199,999,999, the last that counts
		{[]byte{0xfa, 0x56, 0xea, 0x00, 0, 0, 0, 5}, "00000005"},
		{[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 9}, "00000009"},
	} {
		p, err := mailcode.New().Begin(noon, bytesOf(x.random...))
		if err != nil || p.Code.Reveal() != x.want {
			t.Errorf("%x draws %s, want %s (%v)", x.random, p.Code.Reveal(), x.want, err)
		}
	}
}

// People paste whole lines of the mail, and type with full-width digits.
func TestTyped(t *testing.T) {
	p, err := mailcode.New().Begin(noon, bytesOf(1, 2, 3, 4))
	if err != nil {
		t.Fatal(err)
	}
	code := p.Code.Reveal()
	for _, typed := range []string{
		code, " " + code + "\n", code[:4] + " " + code[4:], code[:4] + "-" + code[4:], code + " is your code until 14:15",
		"認証コード：" + code, "@login.example #" + code,
	} {
		if v := mailcode.New().Respond(p.State, typed, noon); v.Judgement != nidan.Accepted {
			t.Errorf("%q was judged %d", typed, v.Judgement)
		}
	}
	if v := mailcode.New().Respond(p.State, "123456", noon); v.Judgement != nidan.Malformed {
		t.Errorf("six digits were judged %d, want malformed: not counted", v.Judgement)
	}
}

func FuzzRespond(f *testing.F) {
	f.Fuzz(func(t *testing.T, p []byte, answer string, unix int64) {
		if v := mailcode.New().Respond(p, answer, time.Unix(unix, 0)); v.Judgement != nidan.Accepted && v.State != nil {
			t.Fatal("refused, and yet there is something to store")
		}
	})
}
