package nidan

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// A Secret is a value that may be used but not printed: a password, a code, a
// seed, a link. It hides behind a function because fmt walks unexported fields
// without asking String. The zero Secret is empty.
type Secret struct{ reveal func() string }

// NewSecret wraps s.
func NewSecret(s string) Secret { return Secret{func() string { return s }} }

// Reveal returns the value. Call it only where the value leaves for the person
// it belongs to, or where it is compared or hashed.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// Equal compares in constant time.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(t.Reveal())) == 1
}

const hidden = "[secret]"

// Format implements [fmt.Formatter] for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON refuses: a Secret that has to be stored is stored by the sealed
// type around it, which reveals it on purpose.
func (Secret) MarshalJSON() ([]byte, error) {
	return nil, errors.New("nidan: a secret will not encode")
}

// State is a method's own memory of one authenticator: a JSON value that only
// the method reads. It holds secrets, so it prints as a placeholder.
type State []byte

// Format implements [fmt.Formatter].
func (State) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[state]")) }

// LogValue implements [slog.LogValuer].
func (State) LogValue() slog.Value { return slog.StringValue("[state]") }

// MarshalJSON stores the value as it is. It is called for sealed documents and
// tickets only.
func (s State) MarshalJSON() ([]byte, error) {
	if len(s) == 0 {
		return []byte("null"), nil
	}
	return s, nil
}

// UnmarshalJSON keeps the value as it is.
func (s *State) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*s = nil
		return nil
	}
	*s = append((*s)[:0], b...)
	return nil
}

var (
	_ json.Marshaler   = State(nil)
	_ json.Unmarshaler = (*State)(nil)
)

// What holds secrets in plain fields, because it is sealed as a whole, prints
// as a placeholder wherever it turns up.

func placeholder(f fmt.State, s string) { _, _ = io.WriteString(f, s) }

// Format implements [fmt.Formatter].
func (Handout) Format(f fmt.State, _ rune) { placeholder(f, "[handout]") }

// LogValue implements [slog.LogValuer].
func (Handout) LogValue() slog.Value { return slog.StringValue("[handout]") }

// Format implements [fmt.Formatter].
func (Draft) Format(f fmt.State, _ rune) { placeholder(f, "[draft]") }

// LogValue implements [slog.LogValuer].
func (Draft) LogValue() slog.Value { return slog.StringValue("[draft]") }

// Format implements [fmt.Formatter].
func (Held) Format(f fmt.State, _ rune) { placeholder(f, "[held]") }

// LogValue implements [slog.LogValuer].
func (Held) LogValue() slog.Value { return slog.StringValue("[held]") }

// Format implements [fmt.Formatter].
func (*ticket) Format(f fmt.State, _ rune) { placeholder(f, "[ticket]") }

// LogValue implements [slog.LogValuer].
func (*ticket) LogValue() slog.Value { return slog.StringValue("[ticket]") }

// LogValue implements [slog.LogValuer]: a JSON handler would write the State
// out as a document does.
func (v Verdict) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("judgement", int(v.Judgement)), slog.String("item", v.Item), slog.Int64("step", v.Step))
}

// LogValue implements [slog.LogValuer].
func (r Enrolment) LogValue() slog.Value {
	return slog.GroupValue(slog.String("account", r.Account), slog.String("item", r.Item))
}

// LogValue implements [slog.LogValuer].
func (x Authenticator) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", x.ID), slog.String("method", string(x.Method)))
}
