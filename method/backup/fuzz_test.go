package backup

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/methodtest"
)

func FuzzParseCode(f *testing.F) {
	f.Fuzz(func(t *testing.T, answer string) {
		c, ok := parseCode(answer)
		if !ok {
			return
		}
		if again, ok := parseCode(c.printed()); !ok || again != c {
			t.Fatalf("%v is printed as %s and read as %v", c, c.printed(), again)
		}
	})
}

func FuzzCheck(f *testing.F) {
	f.Fuzz(func(t *testing.T, s []byte, answer string, unix int64) {
		now := time.Unix(unix, 0)
		v := check(s, answer, now)
		if v.Judgement != nidan.Accepted {
			return
		}
		before, after := New().Sheet(s), New().Sheet(v.State)
		if after.Left != before.Left-1 || after.Total != before.Total {
			t.Fatalf("accepting left %d of %d codes", after.Left, before.Left)
		}
		if again := check(v.State, answer, now); again.Judgement != nidan.Used {
			t.Fatalf("entered again it was judged %d", again.Judgement)
		}
	})
}

func FuzzConfirm(f *testing.F) {
	f.Fuzz(func(t *testing.T, old, s []byte, code, item string) {
		d := nidan.Draft{State: s, Handout: nidan.Handout{Codes: []string{code}, Item: item}}
		var hashes []nidan.Hashed
		for _, h := range New().SlowConfirm(old, d) {
			hashes = append(hashes, methodtest.FastHash(h))
		}
		v := New().Confirm(old, d, Saved, hashes, start)
		if v.Judgement != nidan.Accepted {
			return
		}
		before, after := New().Sheet(old), New().Sheet(v.State)
		if after.Left != before.Left+1 {
			t.Fatalf("a successor made %d live codes of %d", after.Left, before.Left)
		}
	})
}
