package totp

import (
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

func FuzzCheck(f *testing.F) {
	f.Fuzz(func(t *testing.T, s []byte, answer string, unix int64) {
		now := time.Unix(unix, 0)
		v := check(s, answer, now)
		if v.Judgement != nidan.Accepted {
			if v.State != nil || v.Step != 0 {
				t.Fatal("refused, and yet there is something to store")
			}
			return
		}
		before, ok := decodeApp(s)
		if !ok {
			t.Fatal("accepted on a state that cannot be read")
		}
		after, ok := decodeApp(v.State)
		if !ok || after.Last <= before.Last || after.Last != v.Step || after.Third != before.Third || string(after.Seed) != string(before.Seed) {
			t.Fatalf("step %d after %d changed more than the claim", v.Step, before.Last)
		}
		if again := check(v.State, answer, now); again.Judgement != nidan.Used {
			t.Fatalf("entered again it was judged %d", again.Judgement)
		}
	})
}

func FuzzConfirm(f *testing.F) {
	f.Fuzz(func(t *testing.T, s []byte, answer string, unix int64) {
		now := time.Unix(unix, 0)
		v := New().Confirm(nil, nidan.Draft{State: s}, answer, nil, now)
		if v.Judgement == nidan.Behind || v.Judgement == nidan.Ahead {
			if v.Off < 2*period || v.Off > searched*period {
				t.Fatalf("off by %v", v.Off)
			}
		}
		if v.Judgement != nidan.Accepted {
			return
		}
		if again := check(v.State, answer, now); again.Judgement != nidan.Used {
			t.Fatalf("the confirming code was judged %d at a log-in", again.Judgement)
		}
	})
}
