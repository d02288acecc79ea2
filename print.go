package nidan

import (
	"fmt"
	"io"
	"log/slog"
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
