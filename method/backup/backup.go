// Package backup is the sheet of backup codes as a second step: look-up secrets
// in the sense of NIST SP 800-63B-4 §3.1.2, for the day the phone is gone.
//
// # The codes
//
// A sheet has ten, printed NN-XXXX-XXXX-XXXX-XXXX: a number and 80 random bits in
// Crockford's base32. The number is part of what is hashed, so it tells which
// stored hash to compare with and a code is worth nothing under another number.
//
// # One hash per try
//
// All hashes of an authenticator share one prefix: parameters, key and a salt of
// 16 bytes drawn for its first sheet. So one slow hash of an answer can be
// compared with the live code of that number, with the spent ones and with those
// of replaced sheets, and a person can be told which of these it is. Sharing a
// salt costs nothing here: with 80 random bits no two codes are the same, and no
// table of them can be made.
package backup

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
)

// Name is the method's name.
const Name nidan.MethodName = "backup"

// Saved is the answer that confirms a draft: its holder says "I have saved them
// in a safe place".
const Saved = "saved"

const saltSize = 16 // bytes

// Method is the sheet of backup codes.
type Method struct{}

// New returns the method.
func New() Method { return Method{} }

// Traits implements [nidan.Method]. RFC 8176 has no reference for look-up
// secrets; "otp" is the nearest, as each code works once.
func (Method) Traits() nidan.Traits {
	return nidan.Traits{
		Method:       Name,
		Channel:      nidan.ChannelSheet,
		AMR:          "otp",
		Level:        nidan.LevelAAL2,
		DisableAfter: 20,
		Reserve:      true,
	}
}

// Enrol draws a sheet, or, where the request names an Item, a successor for that
// one code of the Old sheet, which has to be spent. The draft's state is none
// that Check would take.
func (Method) Enrol(r nidan.Enrolment, now time.Time, random io.Reader) (nidan.Draft, error) {
	numbers := everyNumber()
	if r.Item != "" {
		n, ok := parseNumber(r.Item)
		if !ok {
			return nidan.Draft{}, fmt.Errorf("backup: %q is not the number of a code", r.Item)
		}
		old, ok := decodeSheet(r.Old)
		if !ok || old.Codes[n-1].live() {
			return nidan.Draft{}, fmt.Errorf("backup: code %s is not known to be spent", r.Item)
		}
		numbers = []int{n}
	}

	d := draft{Salt: make([]byte, saltSize)}
	if _, err := io.ReadFull(random, d.Salt); err != nil {
		return nidan.Draft{}, fmt.Errorf("backup: draw a salt: %w", err)
	}
	codes := make([]string, len(numbers))
	for i, n := range numbers {
		c, err := drawCode(n, random)
		if err != nil {
			return nidan.Draft{}, fmt.Errorf("backup: draw a code: %w", err)
		}
		codes[i] = c.printed()
	}
	s, ok := state.Encode(d)
	if !ok { // unreachable: bytes always encode
		return nidan.Draft{}, errors.New("backup: a draft does not encode")
	}
	return nidan.Draft{
		State:   s,
		Handout: nidan.Handout{Codes: codes, Issued: second(now), Item: r.Item},
	}, nil
}

// SlowConfirm implements [nidan.Slow]. With an old sheet the new codes share its
// prefix, so that its codes can be recognised later. Where that prefix can no
// longer be computed (its key is gone), SlowConfirm with no old state asks for a
// new one; Confirm takes that for a whole sheet and forgets the earlier ones.
func (Method) SlowConfirm(old nidan.State, d nidan.Draft) []nidan.SlowHash {
	salt, codes, ok := decodeDraft(d)
	if !ok {
		return nil
	}
	ask := nidan.SlowHash{Cost: nidan.CostCode, Salt: salt}
	if s, ok := decodeSheet(old); ok {
		ask = nidan.SlowHash{Like: s.like()}
	}
	asked := make([]nidan.SlowHash, len(codes))
	for i, c := range codes {
		asked[i] = ask
		asked[i].Input = c.input()
	}
	return asked
}

// Confirm puts a saved draft in place: a first sheet, a sheet instead of the
// present one, which is kept by date, or a successor for one spent code. The
// answer is [Saved]; anything else is Malformed. A draft whose codes the old
// sheet knows is refused, as they may be spent. An old state that cannot be read
// gives way to a whole sheet, since its codes are dead already.
func (Method) Confirm(old nidan.State, d nidan.Draft, answer string, hashes []nidan.Hashed, now time.Time) nidan.Verdict {
	if answer != Saved {
		return nidan.Verdict{Judgement: nidan.Malformed}
	}
	_, codes, ok := decodeDraft(d)
	if !ok {
		return nidan.Verdict{}
	}
	prefix, sums, ok := bind(codes, hashes)
	if !ok {
		return nidan.Verdict{}
	}
	present, ok := decodeSheet(old)
	if !ok || present.Prefix != prefix {
		present = sheet{Prefix: prefix, Made: present.Made}
	}
	if slices.ContainsFunc(sums, present.knows) {
		return nidan.Verdict{}
	}
	if d.Handout.Item == "" {
		return accept(present.replaced(sums, d.Handout.Issued, now))
	}
	next, ok := present.succeeded(codes[0].number, sums[0])
	if !ok {
		return nidan.Verdict{}
	}
	return accept(next)
}

// SlowCheck implements [nidan.Slow]: one hash, whether the code is live, spent,
// replaced or made up.
func (Method) SlowCheck(s nidan.State, answer string) (nidan.SlowHash, bool) {
	c, ok := parseCode(answer)
	if !ok {
		return nidan.SlowHash{}, false
	}
	present, ok := decodeSheet(s)
	if !ok {
		return nidan.SlowHash{}, false
	}
	return nidan.SlowHash{Like: present.like(), Input: c.input()}, true
}

// Check judges a code at log-in. It accepts only on the hash that SlowCheck
// asked for, of this answer and under the prefix that the state has now.
func (Method) Check(s nidan.State, answer string, hashes []nidan.Hashed, now time.Time) nidan.Verdict {
	c, ok := parseCode(answer)
	if !ok {
		return nidan.Verdict{Judgement: nidan.Malformed}
	}
	present, ok := decodeSheet(s)
	if !ok {
		return nidan.Verdict{}
	}
	prefix, sums, ok := bind([]backupCode{c}, hashes)
	if !ok || prefix != present.Prefix || prefixOf(hashes[0].Of.Like) != prefix {
		return nidan.Verdict{}
	}
	return present.judge(c.number, sums[0], now)
}

// Sheet implements [nidan.Counted]. A spent code counts as used until its
// successor is in place. What cannot be read has no codes left.
func (Method) Sheet(s nidan.State) nidan.Sheet {
	present, ok := decodeSheet(s)
	if !ok {
		return nidan.Sheet{}
	}
	return present.count()
}
