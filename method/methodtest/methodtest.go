// Package methodtest is the suite that every [nidan.Method] has to pass. A
// method's own tests say what its answers mean; this one says what none of them
// may ever do: take an answer twice, take one on a state it cannot read, keep a
// memory outside the state, or print a secret.
//
// All randomness in it is fixed, so that a short code that happens to be right
// for two states is either always met or never.
package methodtest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// A Harness stands in for the holder of an authenticator.
type Harness struct {
	// Confirm returns what the holder enters to finish set-up.
	Confirm func(h nidan.Handout, at time.Time) string

	// Answer returns what the holder enters at the n-th log-in after set-up,
	// counted from 0. Answers of different n, two minutes apart, are different
	// codes.
	Answer func(h nidan.Handout, n int, at time.Time) string

	// Hash computes the slow hashes of a method that is [nidan.Slow];
	// [FastHash] where nil.
	Hash func(nidan.SlowHash) nidan.Hashed
}

// Run runs the suite against m.
func Run(t *testing.T, m nidan.Method, h Harness) {
	if h.Hash == nil {
		h.Hash = FastHash
	}
	s := suite{m, h}
	t.Run("traits", s.traits)
	t.Run("enrolment", s.enrolment)
	t.Run("confirmation", s.confirmation)
	t.Run("abandoned enrolment", s.abandoned)
	t.Run("an answer is taken once", s.once)
	t.Run("another's answer", s.others)
	t.Run("garbage", s.garbage)
	t.Run("unreadable state", s.unreadable)
	t.Run("unreadable draft", s.unreadableDraft)
	t.Run("purity", s.purity)
	t.Run("secrecy", s.secrecy)
	if m.Traits().Reserve {
		t.Run("replaced set", s.replaced)
	}
	if _, ok := m.(nidan.Counted); ok {
		t.Run("count", s.count)
	}
	if _, ok := m.(nidan.Slow); ok {
		t.Run("slow hashes", s.slow)
	}
}

// maxState is what one authenticator may take of a document of 32 KiB that
// holds ten.
const maxState = 4 << 10

// maxDraft is what a draft may take of a ticket of 3,500 bytes, which is sealed,
// in base64, and holds some hundred bytes of its own.
const maxDraft = 1900

// start is when the suite's holders enrol: ten seconds into a half minute.
var start = time.Date(2026, 11, 22, 10, 0, 10, 0, time.UTC)

// login is when the n-th log-in after an enrolment at start happens.
func login(n int) time.Time { return start.Add(time.Duration(n+1) * 2 * time.Minute) }

type suite struct {
	m nidan.Method
	h Harness
}

// random is a source that is the same for the same seed.
func random(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

var request = nidan.Enrolment{Issuer: "Example VPN", Account: "alice@example.com"}

func (s suite) enrol(t *testing.T, seed byte) nidan.Draft {
	t.Helper()
	return s.enrolAs(t, request, start, seed)
}

func (s suite) enrolAs(t *testing.T, r nidan.Enrolment, at time.Time, seed byte) nidan.Draft {
	t.Helper()
	d, err := s.m.Enrol(r, at, random(seed))
	if err != nil {
		t.Fatalf("enrol: %v", err)
	}
	return d
}

// bound returns an authenticator set up at start.
func (s suite) bound(t *testing.T, seed byte) (nidan.Handout, nidan.State) {
	t.Helper()
	d := s.enrol(t, seed)
	v := s.confirm(nil, d, s.h.Confirm(d.Handout, start), start)
	if v.Judgement != nidan.Accepted {
		t.Fatalf("set-up was judged %d", v.Judgement)
	}
	return d.Handout, v.State
}

// check does what Service does: the slow hash first, then the judgement.
func (s suite) check(state nidan.State, answer string, at time.Time) nidan.Verdict {
	var hashes []nidan.Hashed
	if slow, ok := s.m.(nidan.Slow); ok {
		if h, ok := slow.SlowCheck(state, answer); ok {
			hashes = append(hashes, s.h.Hash(h))
		}
	}
	return s.m.Check(state, answer, hashes, at)
}

func (s suite) confirm(old nidan.State, d nidan.Draft, answer string, at time.Time) nidan.Verdict {
	var hashes []nidan.Hashed
	if slow, ok := s.m.(nidan.Slow); ok {
		for _, h := range slow.SlowConfirm(old, d) {
			hashes = append(hashes, s.h.Hash(h))
		}
	}
	return s.m.Confirm(old, d, answer, hashes, at)
}

// accepted checks that v accepts, in a form that may be stored.
func accepted(t *testing.T, v nidan.Verdict) nidan.State {
	t.Helper()
	if v.Judgement != nidan.Accepted {
		t.Fatalf("a right answer was judged %d", v.Judgement)
	}
	checkState(t, v.State)
	return v.State
}

// refused checks that v neither accepts nor leaves anything to store.
func refused(t *testing.T, v nidan.Verdict, what string, args ...any) {
	t.Helper()
	switch {
	case v.Judgement == nidan.Accepted:
		t.Errorf("accepted: "+what, args...)
	case v.Judgement < nidan.Wrong || v.Judgement > nidan.Malformed:
		t.Errorf("judged %d, which is no judgement: "+what, append([]any{v.Judgement}, args...)...)
	case v.State != nil || v.Item != "" || v.Step != 0:
		t.Errorf("refused, and yet there is something to store or record: "+what, args...)
	}
}
