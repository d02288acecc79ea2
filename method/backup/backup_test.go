package backup

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/methodtest"
)

var (
	_ nidan.Method  = Method{}
	_ nidan.Slow    = Method{}
	_ nidan.Counted = Method{}
)

var start = time.Date(2026, 11, 22, 10, 0, 10, 123456000, time.UTC)

func TestConformance(t *testing.T) {
	methodtest.Run(t, New(), methodtest.Harness{
		Confirm: func(nidan.Handout, time.Time) string { return Saved },
		Answer:  func(h nidan.Handout, n int, _ time.Time) string { return h.Codes[n] },
	})
}

func TestTraits(t *testing.T) {
	want := nidan.Traits{Method: "backup", Channel: nidan.ChannelSheet, AMR: "otp", Level: nidan.LevelAAL2, DisableAfter: 20, Reserve: true}
	if got := New().Traits(); got != want {
		t.Errorf("%+v", got)
	}
}

// enrol draws with a randomness of its own for each seed.
func enrol(t testing.TB, r nidan.Enrolment, at time.Time, seed byte) nidan.Draft {
	t.Helper()
	d, err := New().Enrol(r, at, rand.NewChaCha8([32]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func confirm(old nidan.State, d nidan.Draft, at time.Time) nidan.Verdict {
	return New().Confirm(old, d, Saved, hashesOf(old, d), at)
}

func hashesOf(old nidan.State, d nidan.Draft) []nidan.Hashed {
	var hashes []nidan.Hashed
	for _, h := range New().SlowConfirm(old, d) {
		hashes = append(hashes, methodtest.FastHash(h))
	}
	return hashes
}

func check(s nidan.State, answer string, at time.Time) nidan.Verdict {
	h, ok := New().SlowCheck(s, answer)
	if !ok {
		return New().Check(s, answer, nil, at)
	}
	return New().Check(s, answer, []nidan.Hashed{methodtest.FastHash(h)}, at)
}

// must returns the state of a verdict that has to accept.
func must(t testing.TB, v nidan.Verdict) nidan.State {
	t.Helper()
	if v.Judgement != nidan.Accepted {
		t.Fatalf("judged %d", v.Judgement)
	}
	return v.State
}

// issued returns a first sheet.
func issued(t testing.TB) ([]string, nidan.State) {
	t.Helper()
	d := enrol(t, nidan.Enrolment{}, start, 1)
	return d.Handout.Codes, must(t, confirm(nil, d, start))
}

// reissued returns a sheet in place of old.
func reissued(t testing.TB, old nidan.State, at time.Time, seed byte) ([]string, nidan.State) {
	t.Helper()
	d := enrol(t, nidan.Enrolment{Old: old}, at, seed)
	return d.Handout.Codes, must(t, confirm(old, d, at))
}

func day(n int) time.Time { return start.AddDate(0, 0, n) }

func TestAnyCodeInAnyOrder(t *testing.T) {
	codes, s := issued(t)
	serials := make(map[int64]bool)
	for i, n := range []int{10, 3, 1, 7, 2, 9, 4, 8, 6, 5} {
		v := check(s, codes[n-1], day(i))
		s = must(t, v)
		if v.Item != codes[n-1][:2] || serials[v.Step] || v.Step == 0 {
			t.Errorf("code %d: item %q, step %d", n, v.Item, v.Step)
		}
		serials[v.Step] = true
		for _, spent := range []int{10, 3, 1, 7, 2, 9, 4, 8, 6, 5}[:i+1] {
			if v := check(s, codes[spent-1], day(i)); v.Judgement != nidan.Used {
				t.Errorf("code %d again: judged %d", spent, v.Judgement)
			}
		}
	}
	sheet := New().Sheet(s)
	if sheet.Left != 0 || sheet.Total != 10 || !sheet.Issued.Equal(start.Truncate(time.Second)) {
		t.Errorf("%+v", sheet)
	}
	for i, number := range []string{"10", "03", "01", "07", "02", "09", "04", "08", "06", "05"} {
		if used := sheet.Used[i]; used.Number != number || !used.At.Equal(day(i).Truncate(time.Second)) {
			t.Errorf("used %d: %+v", i, used)
		}
	}
}

// A spent code stays spent even if it was spent at no time at all.
func TestUsedAtTheZeroTime(t *testing.T) {
	codes, s := issued(t)
	s = must(t, check(s, codes[0], time.Time{}))
	if v := check(s, codes[0], day(1)); v.Judgement != nidan.Used {
		t.Errorf("judged %d", v.Judgement)
	}
}

func TestCodeUnderAnotherNumber(t *testing.T) {
	codes, s := issued(t)
	for i := range codes {
		for j := range codes {
			if v := check(s, codes[j][:2]+codes[i][2:], start); i != j && v.Judgement != nidan.Wrong {
				t.Errorf("code %d as number %d: judged %d", i+1, j+1, v.Judgement)
			}
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	codes, s := issued(b)
	for i := range 3 {
		_, s = reissued(b, s, day(i), byte(i+2))
	}
	h, _ := New().SlowCheck(s, codes[0])
	hashes := []nidan.Hashed{methodtest.FastHash(h)}
	for b.Loop() {
		New().Check(s, codes[0], hashes, start)
	}
}

func BenchmarkSlowCheck(b *testing.B) {
	codes, s := issued(b)
	for b.Loop() {
		New().SlowCheck(s, codes[0])
	}
}
