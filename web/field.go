package web

import (
	"time"

	"github.com/nidan-auth/nidan"
)

// A field is one input and what is wrong with it.
type field struct {
	Value string
	Wrong *message // nil: nothing
	Focus bool
}

// wrong is a field to be filled in again.
func wrong(m *message, value string) field { return field{Value: value, Wrong: m, Focus: true} }

// codeField is what the template of a code's field needs.
type codeField struct {
	field
	Method nidan.MethodName
	Shape  shape
	Now    time.Time // on our clock, for the count-down
}

func newCodeField(f field, m nidan.MethodName, now time.Time) codeField {
	return codeField{f, m, shapes[m], now}
}

// wrongCode keeps what was typed where a typing error can be corrected, and
// empties the field where a new code is due.
func (v *visit) wrongCode(m *message, method nidan.MethodName) field {
	if shapes[method].Keep {
		return wrong(m, v.form.text("code"))
	}
	return wrong(m, "")
}
