package methodtest

import (
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// garbage returns answers that are never right, for the suite's states.
func garbage() []string {
	return []string{
		"", " ", "\x00", "\n\r\t", "-", "null", "true", "NaN", "[]", "{}", `""`, `{"code":["000000"]}`, `{"$ne":null}`, "1e9", "-1", "0",
		"000000", "0000000", "00000000", "999999", "１２３４５６", "٠٠٠٠٠٠", "12345\x00", "\xff\xfe123456", "\xc3\x28", "\u202e654321",
		"01-0000-0000-0000-0000", "00-0000-0000-0000-0000", "11-0000-0000-0000-0000", "99-ZZZZ-ZZZZ-ZZZZ-ZZZZ", "０１－００００－００００－００００－００００",
		"' OR 1=1 --", "%s%s%s%n", "../../etc/passwd", "<script>", "🔑🔑🔑🔑🔑🔑", "👩‍👩‍👧‍👦", "Saved", "saved saved", "SAVED",
		strings.Repeat("0", 1<<20), strings.Repeat("123456 ", 1<<12), strings.Repeat("👩", 1<<10), strings.Repeat("\x00", 1<<10),
	}
}

func (s suite) garbage(t *testing.T) {
	_, state := s.bound(t, 1)
	for _, answer := range garbage() {
		for _, at := range []time.Time{login(0), {}, time.Unix(0, 0), time.Unix(-1, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Unix(1<<55, 0)} {
			refused(t, s.check(state, answer, at), "%q at %v", clip(answer), at)
		}
	}
	if v := s.check(state, "", login(0)); v.Judgement != nidan.Malformed {
		t.Errorf("an empty answer is judged %d, so it counts as a guess", v.Judgement)
	}
}

// clip shortens what a failure prints.
func clip(answer string) string { return answer[:min(len(answer), 60)] }
