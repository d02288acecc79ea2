package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// plain reads the bodies that nearly all requests have: one object of texts
// without escapes. It knows which those are by huma's description of the
// body, and takes nothing that huma would refuse or package json read otherwise;
// what it does not take is looked at in full.
type plain struct {
	texts []plainText
	must  uint64 // bits of those that have to be there
}

// plainText is a text of the body.
type plainText struct {
	name  string
	field int // of the struct
	most  int // bytes, where each is a character
}

// plainOf returns how bodies of a type are read, nil if something of the
// description is not known here.
func plainOf(schemas huma.Registry, s *huma.Schema, body reflect.Type) *plain {
	if s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	if s.Type != huma.TypeObject || s.AdditionalProperties != false || len(s.DependentRequired) > 0 || s.MinProperties != nil || s.MaxProperties != nil || !simple(s) ||
		body.Kind() != reflect.Struct || reflect.PointerTo(body).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	p := new(plain)
	for i := range body.NumField() {
		f := body.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		described := s.Properties[name]
		if described == nil || options != "" && options != "omitempty" || f.Type != reflect.TypeFor[string]() || described.Type != huma.TypeString ||
			described.Pattern != "" || described.Format != "" || described.ContentEncoding != "" || described.MinLength != nil || !simple(described) {
			continue
		}
		t := plainText{name, i, 1 << 20}
		if described.MaxLength != nil {
			t.most = *described.MaxLength
		}
		p.texts = append(p.texts, t)
	}
	if len(p.texts) > 64 {
		return nil
	}
	for _, name := range s.Required {
		i := slices.IndexFunc(p.texts, func(t plainText) bool { return t.name == name })
		if i < 0 {
			return nil
		}
		p.must |= 1 << i
	}
	return p
}

// simple reports whether a schema says nothing that is said of few.
func simple(s *huma.Schema) bool {
	return s.Ref == "" && s.OneOf == nil && s.AnyOf == nil && s.AllOf == nil && s.Not == nil && s.Enum == nil && !s.ReadOnly
}

// read fills into with a body and reports true, or reports false; then into may
// be half filled.
func (p *plain) read(body []byte, into reflect.Value) bool {
	in := plainReader{rest: body}
	if !in.next('{') {
		return false
	}
	var seen uint64
	for first := true; ; first = false {
		if in.next('}') {
			if !first { // after a comma
				return false
			}
			break
		}
		name, ok := in.text()
		if !ok || !in.next(':') {
			return false
		}
		value, ok := in.text()
		if !ok {
			return false
		}
		i := slices.IndexFunc(p.texts, func(t plainText) bool { return t.name == string(name) })
		if i < 0 || len(value) > p.texts[i].most {
			return false
		}
		seen |= 1 << i
		into.Field(p.texts[i].field).SetString(string(value))
		if in.next('}') {
			break
		}
		if !in.next(',') {
			return false
		}
	}
	in.space()
	return len(in.rest) == 0 && seen&p.must == p.must
}

// plainReader takes a body apart from its beginning.
type plainReader struct{ rest []byte }

func (in *plainReader) space() {
	for len(in.rest) > 0 && (in.rest[0] == ' ' || in.rest[0] == '\n' || in.rest[0] == '\t' || in.rest[0] == '\r') {
		in.rest = in.rest[1:]
	}
}

// next takes one character and what is blank before it, if that is what comes.
func (in *plainReader) next(c byte) bool {
	in.space()
	if len(in.rest) == 0 || in.rest[0] != c {
		return false
	}
	in.rest = in.rest[1:]
	return true
}

// text takes a string of printable ASCII without escapes.
func (in *plainReader) text() ([]byte, bool) {
	if !in.next('"') {
		return nil, false
	}
	for i, c := range in.rest {
		switch {
		case c == '"':
			text := in.rest[:i]
			in.rest = in.rest[i+1:]
			return text, true
		case c < 0x20 || c > 0x7e || c == '\\':
			return nil, false
		}
	}
	return nil, false
}
