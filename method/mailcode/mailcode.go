// Package mailcode is a mailed number as a second step: eight digits that live
// for ten minutes (NIST SP 800-63B-4 §3.1.3.1; ASVS 6.6.2, 6.6.3).
//
// It is the weakest way there is, and the pages say so: whoever reads the
// mailbox has it, and a mailed link would prove nothing more. So it is worth
// less than an app ([nidan.LevelTwoStep]), and shares one channel with every
// other thing that is mailed.
//
// An authenticator of this method has no secret of its own. What is judged is
// the number outstanding, and that lives in the account's document, bound to
// the sign-in or set-up that asked for it; tries and sends are counted there.
package mailcode

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
	"github.com/nidan-auth/nidan/method/internal/typed"
)

// Name is the method's name.
const Name nidan.MethodName = "mail"

const (
	digits   = 8
	modulus  = 100_000_000
	life     = 10 * time.Minute
	saltSize = 16 // bytes
)

// Method is the mailed number.
type Method struct{}

// New returns the method.
func New() Method { return Method{} }

// Traits implements [nidan.Method]. A number dies after five wrong answers and
// the sends are counted, so an authenticator of this method is never disabled.
func (Method) Traits() nidan.Traits {
	return nidan.Traits{
		Method:  Name,
		Channel: nidan.ChannelMail,
		AMR:     "otp",
		Level:   nidan.LevelTwoStep,
	}
}

// Enrol hands nothing out: the first number mailed is what its holder shows.
func (Method) Enrol(nidan.Enrolment, time.Time, io.Reader) (nidan.Draft, error) {
	return nidan.Draft{}, nil
}

// Confirm refuses: an answer is judged by Respond.
func (Method) Confirm(nidan.State, nidan.Draft, string, []nidan.Hashed, time.Time) nidan.Verdict {
	return nidan.Verdict{}
}

// Check refuses: where no number is outstanding none is right.
func (Method) Check(nidan.State, string, []nidan.Hashed, time.Time) nidan.Verdict {
	return nidan.Verdict{}
}

// A number is one that is outstanding. The document that holds it is sealed;
// the hash keeps it from whoever prints a State by mistake.
type number struct {
	Salt    []byte `json:"s"`
	Sum     []byte `json:"h"`
	Expires int64  `json:"x"` // seconds since 1970
}

// Begin implements [nidan.Prompting]: it draws a number, each as likely as any
// other.
func (Method) Begin(now time.Time, random io.Reader) (nidan.Prompt, error) {
	n, err := draw(random)
	if err != nil {
		return nidan.Prompt{}, fmt.Errorf("mailcode: draw a number: %w", err)
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nidan.Prompt{}, fmt.Errorf("mailcode: draw a salt: %w", err)
	}
	code, until := fmt.Sprintf("%08d", n), now.Add(life)
	s, ok := state.Encode(number{Salt: salt, Sum: sum(salt, code), Expires: until.Unix()})
	if !ok { // unreachable: bytes and numbers always encode
		return nidan.Prompt{}, errors.New("mailcode: a number does not encode")
	}
	return nidan.Prompt{State: s, Code: nidan.NewSecret(code), Until: until}, nil
}

// Respond implements [nidan.Prompting].
func (Method) Respond(p nidan.State, answer string, now time.Time) nidan.Verdict {
	code, ok := typed.Digits(answer, digits)
	if !ok {
		return nidan.Verdict{Judgement: nidan.Malformed}
	}
	var n number
	if !state.Decode(p, &n) || len(n.Salt) != saltSize {
		return nidan.Verdict{}
	}
	right := subtle.ConstantTimeCompare(sum(n.Salt, code), n.Sum) == 1
	switch {
	case right && now.Unix() >= n.Expires:
		return nidan.Verdict{Judgement: nidan.Late}
	case right:
		return nidan.Verdict{Judgement: nidan.Accepted, State: nidan.State(`{}`)}
	}
	return nidan.Verdict{}
}

// draw returns a number below modulus without favouring any: what lies above
// the last whole multiple is drawn again.
func draw(random io.Reader) (uint32, error) {
	const limit = 1<<32 - 1<<32%modulus
	for {
		var b [4]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, err
		}
		if n := binary.BigEndian.Uint32(b[:]); n < limit {
			return n % modulus, nil
		}
	}
}

func sum(salt []byte, code string) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write([]byte(code))
	return h.Sum(nil)
}
