package api

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// described is a body with everything that the operations' bodies have.
type described struct {
	Session string  `json:"session" maxLength:"8"`
	Way     string  `json:"way,omitempty"`
	Kind    string  `json:"kind,omitempty" enum:"x,y"`
	Code    string  `json:"code,omitempty" pattern:"^[0-9]*$"`
	Least   string  `json:"least,omitempty" minLength:"2"`
	On      bool    `json:"on,omitempty"`
	Note    *string `json:"note,omitempty"`
}

// What the plain reader takes is as described, and is what package json reads.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{
		`{"session":"x"}`, ` { "session" : "x" , "way" : "y" } `, `{}`, `{"way":"y"}`, `{"session":"123456789"}`, `{"session":"x","session":"y"}`,
		`{"session":"x","kind":"z"}`, `{"session":"x","code":"a"}`, `{"session":"x","least":"a"}`, `{"session":"x","on":true}`, `{"session":"x","note":"n"}`,
		`{"Session":"x"}`, `{"session":"\u0078"}`, "{\"session\":\"\x7f\"}", "{\"session\":\"\xff\"}", `{"session":"x",}`, `{"session":"x"}{}`, `{"colour":"x"}`, `{"session":"字"}`,
	} {
		f.Add([]byte(seed))
	}
	schemas := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	schema := schemas.Schema(reflect.TypeFor[described](), true, "described")
	texts := plainOf(schemas, schema, reflect.TypeFor[described]())
	if texts == nil || len(texts.texts) != 2 || texts.must == 0 {
		f.Fatalf("read as %+v", texts)
	}
	taken := func(body []byte) bool {
		var got, want described
		if !texts.read(body, reflect.ValueOf(&got).Elem()) {
			return false
		}
		if !fits(schemas, schema, body) || json.Unmarshal(body, &want) != nil || !reflect.DeepEqual(got, want) {
			f.Errorf("%q is read as %+v, and by package json as %+v", body, got, want)
		}
		return true
	}
	for _, body := range []string{`{"session":"x"}`, " {\n\t\"way\" : \"y z\" ,\r\"session\":\"\" } "} {
		if !taken([]byte(body)) {
			f.Errorf("%q is not taken", body)
		}
	}
	f.Fuzz(func(_ *testing.T, body []byte) { taken(body) })
}
