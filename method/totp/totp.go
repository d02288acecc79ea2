// Package totp is the authenticator app as a second step: time-based one-time
// codes (RFC 6238 over RFC 4226) with SHA-1, 6 digits and steps of 30 seconds,
// the one combination that every app understands.
//
// # What is accepted
//
// The codes of the present step t and of the one before it are live. A third
// step, t+1 or t−2 and never both, is live for an app that showed at set-up,
// where its holder has the seed anyway, that its clock is off by that much.
// Success teaches nothing, so nobody can shift the window by guessing.
//
// # What is remembered
//
// The highest step ever accepted. A step is accepted only above it, which makes
// a code single-use, whatever order codes come in and wherever the clock goes
// (RFC 6238 §5.2). Where the digits of two steps happen to be the same, the
// highest one is claimed, and digits that a spent live step shares are refused.
package totp

import (
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
	"github.com/nidan-auth/nidan/method/internal/typed"
)

// Name is the method's name.
const Name nidan.MethodName = "totp"

const (
	seedSize = 20 // bytes: 160 bits, as RFC 4226 §4 R6 recommends

	searched = 20 // steps, 10 min: how far from now we look to name a clock's error
	lately   = 3  // steps: up to here a code has just run out; beyond, the clock is wrong

	// What set-up accepts is what a log-in can accept with a third step.
	earliest = -2
	latest   = +1
)

// Method is the authenticator app. It has no configuration: every parameter is
// either fixed by what apps understand or a limit of DESIGN §5.
type Method struct{}

// New returns the method.
func New() Method { return Method{} }

// Traits implements [nidan.Method].
func (Method) Traits() nidan.Traits {
	return nidan.Traits{
		Method:       Name,
		Channel:      nidan.ChannelApp,
		AMR:          "otp",
		Level:        nidan.LevelAAL2,
		DisableAfter: 50,
	}
}

// Enrol draws a seed. The draft's state is none that Check would take: only
// Confirm makes one of it.
func (Method) Enrol(r nidan.Enrolment, _ time.Time, random io.Reader) (nidan.Draft, error) {
	seed := make([]byte, seedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nidan.Draft{}, fmt.Errorf("totp: draw a seed: %w", err)
	}
	s, ok := state.Encode(draft{Seed: seed})
	if !ok { // unreachable: bytes always encode
		return nidan.Draft{}, errors.New("totp: a draft does not encode")
	}
	key := base32.StdEncoding.EncodeToString(seed) // 32 characters, no padding
	return nidan.Draft{
		State:   s,
		Handout: nidan.Handout{URI: uri(r.Issuer, r.Account, key), Key: key},
	}, nil
}

// Confirm judges the first code of a new app. It accepts what a log-in will
// accept, lets the step shown choose the third live one, and claims that step.
// A clock further off is named either way, since whoever sees this answer has
// the seed.
func (Method) Confirm(_ nidan.State, d nidan.Draft, answer string, _ []nidan.Hashed, now time.Time) nidan.Verdict {
	code, ok := typed.Digits(answer, digits)
	if !ok {
		return nidan.Verdict{Judgement: nidan.Malformed}
	}
	seed, ok := decodeDraft(d.State)
	if !ok {
		return nidan.Verdict{}
	}
	t := stepAt(now)
	return confirm(seed, t, matches(seed, code, t-searched, t+searched))
}

// Check judges a code at log-in.
//
// A code of a step ahead of the live ones is answered like any wrong one:
// telling would hand a guesser a code to keep for when its time comes.
func (Method) Check(s nidan.State, answer string, _ []nidan.Hashed, now time.Time) nidan.Verdict {
	code, ok := typed.Digits(answer, digits)
	if !ok {
		return nidan.Verdict{Judgement: nidan.Malformed}
	}
	a, ok := decodeApp(s)
	if !ok {
		return nidan.Verdict{}
	}
	t := stepAt(now)
	// What is accepted, or was, is told by the live steps and the last one alone: see
	// judge. Only a wrong code is looked for among the others.
	first := min(t-1, t+a.Third)
	near := matches(a.Seed, code, first, max(t, t+a.Third))
	if t-searched <= a.Last && a.Last < first {
		near = append(near, matches(a.Seed, code, a.Last, a.Last)...)
	}
	if v := a.judge(t, near); v.Judgement == nidan.Accepted || v.Judgement == nidan.Used {
		return v
	}
	return a.judge(t, matches(a.Seed, code, t-searched, t+latest))
}
