// Package state writes and reads a method's memory of an authenticator.
//
// Reading is strict: what a method does not know, it must not accept on, so an
// unknown field or anything after the value makes a state unreadable, not
// shorter. The caller judges an unreadable state as "not proven".
package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/nidan-auth/nidan"
)

// Encode returns v as a State. ok is false if v has no JSON form, such as a
// time beyond the year 9999.
func Encode(v any) (s nidan.State, ok bool) {
	b, err := json.Marshal(v)
	return b, err == nil
}

// Decode reads s into v, which points to a struct with every field at zero. ok
// is false unless s is one JSON object of fields that v knows.
func Decode(s nidan.State, v any) (ok bool) {
	if len(s) == 0 || s[0] != '{' {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(s))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}
