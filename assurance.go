package nidan

import (
	"slices"
	"time"
)

// A Level is how much a sign-in is worth. Levels are ordered.
type Level int

// The levels, and what they are called in `acr`.
const (
	LevelNone     Level = iota
	LevelPassword       // "1": a password alone
	LevelTwoStep        // "2step": password and a mailed number, or a remembered browser
	LevelAAL2           // "aal2": password and app, backup code or push
	LevelAAL2PHR        // "aal2-phr": password and passkey
)

// String returns the level's `acr` value.
func (l Level) String() string {
	switch l {
	case LevelPassword:
		return "1"
	case LevelTwoStep:
		return "2step"
	case LevelAAL2:
		return "aal2"
	case LevelAAL2PHR:
		return "aal2-phr"
	}
	return ""
}

// Fresh is how recent a proof has to be to change protection (ASVS 7.5.1).
const Fresh = 5 * time.Minute

// A proof says that something was shown at a time. Only verifiers in this
// package build one: passwordProof and answerProof.
type proof struct {
	First         bool      `json:"f,omitempty"` // the first step
	Channel       Channel   `json:"c"`
	AMR           string    `json:"a"`
	Level         Level     `json:"l"`
	Authenticator string    `json:"i,omitempty"`
	At            time.Time `json:"t"`
}

// passwordProof is worth the channel that last set the password: behind one that
// a mailed link set, a mailed number proves nothing new (law 3).
func (a *Account) passwordProof(now time.Time) proof {
	p := proof{First: true, Channel: ChannelMemory, AMR: "pwd", Level: LevelPassword, At: now}
	if !a.Password.ByMail.IsZero() {
		p.Channel = ChannelMail
	}
	return p
}

func answerProof(t Traits, authenticator string, now time.Time) proof {
	return proof{Channel: t.Channel, AMR: t.AMR, Level: t.Level, Authenticator: authenticator, At: now}
}

// steps picks a first and a second step out of proofs that are at most maxAge
// old (0: however old). Two proofs of one channel are one, and a remembered
// browser is no fresh one.
func steps(proofs []proof, now time.Time, maxAge time.Duration) (first, second *proof) {
	recent := func(p proof) bool { return maxAge == 0 || now.Sub(p.At) <= maxAge }
	for i := range proofs {
		if p := &proofs[i]; p.First && recent(*p) && (first == nil || p.At.After(first.At)) {
			first = p
		}
	}
	if first == nil {
		return nil, nil
	}
	for i := range proofs {
		p := &proofs[i]
		if !p.First && p.Channel != first.Channel && recent(*p) && (maxAge == 0 || p.Channel != ChannelBrowser) && (second == nil || p.Level > second.Level) {
			second = p
		}
	}
	return first, second
}

// level derives what the proofs are worth. It is asked on each use and never
// stored (law 8).
func level(proofs []proof, now time.Time, maxAge time.Duration) Level {
	first, second := steps(proofs, now, maxAge)
	switch {
	case first == nil:
		return LevelNone
	case second == nil:
		return first.Level
	}
	return second.Level
}

// amr lists the authentication methods of the proofs (RFC 8176), "mfa" where
// there were two steps.
func amr(proofs []proof) []string {
	var names []string
	for _, p := range proofs {
		if p.AMR != "" && !slices.Contains(names, p.AMR) {
			names = append(names, p.AMR)
		}
	}
	if _, second := steps(proofs, time.Time{}, 0); second != nil && second.Channel != ChannelBrowser {
		names = append(names, "mfa")
	}
	return names
}

// mintRequest asks for a session.
type mintRequest struct {
	proofs          []proof
	epoch, revision int64     // under which the proofs were given
	renew           *Session  // the session that goes on as this one, if any
	handover        *handover // the product that led here, if one did
}

// proven checks what any sign-in has to show, in the version about to be
// committed: that epoch and revision are what they were when the proofs were
// given, that a protected account shows two steps of two channels, and that the
// authenticator of the second one still takes answers. A stopped password opens
// nothing, and ends no session. It returns the first step; nil means no.
func (d *decision) proven(r mintRequest) *proof {
	a := d.acct
	if r.epoch != a.Epoch || r.revision != a.Revision || !a.Password.Stopped.IsZero() && r.renew == nil {
		return nil
	}
	first, second := steps(r.proofs, d.now, 0)
	if a.IsProtected() && (second == nil || !a.stillProves(*second, d.now)) {
		return nil
	}
	return first
}

// stillProves reports whether what gave a second step would give it now.
func (a *Account) stillProves(p proof, now time.Time) bool {
	if p.Channel == ChannelBrowser {
		return slices.ContainsFunc(a.Remembered, func(b RememberedBrowser) bool { return b.ID == p.Authenticator && now.Before(b.Expires) })
	}
	x := a.authenticator(p.Authenticator)
	return x != nil && x.Disabled.IsZero()
}
