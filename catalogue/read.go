package catalogue

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

//go:embed languages/*.json
var languages embed.FS

// readLanguage reads how a language writes times.
func readLanguage(tag string) (*Language, error) {
	b, err := languages.ReadFile("languages/" + tag + ".json")
	if err != nil {
		return nil, fmt.Errorf("there is no catalogue/languages/%s.json, which says how the language writes times", tag)
	}
	var file struct {
		Name   string            `json:"name"`
		Months []string          `json:"months"`
		Zones  map[string]string `json:"zones"`
		Forms  messages          `json:"forms"`
	}
	if err := strict(b, &file); err != nil {
		return nil, err
	}
	if file.Name == "" || len(file.Months) != 12 {
		return nil, errors.New("its name and twelve months are needed")
	}
	for part, want := range places {
		if got := Places(file.Forms[part].Other); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			return nil, fmt.Errorf("the form %q has places for %v, and %v are put there", part, got, want)
		}
	}
	if len(file.Forms) != len(places) {
		return nil, fmt.Errorf("it has %d forms, and %d are used", len(file.Forms), len(places))
	}
	return &Language{tag: tag, form: form{file.Name, file.Months, file.Zones, file.Forms}}, nil
}

func readMessages(fsys fs.FS, file string) (map[string]Sentence, error) {
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	var c struct {
		Messages messages `json:"messages"`
	}
	err = strict(b, &c)
	return c.Messages, err
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the catalogue")
	}
	return nil
}

// messages is an object of sentences in which no key stands twice: of two, one
// would be read by nobody.
type messages map[string]Sentence

// UnmarshalJSON implements [json.Unmarshaler].
func (m *messages) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("sentences stand in an object, by their keys")
	}
	*m = messages{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name := key.(string) // what the decoder takes as a key is one
		var s Sentence
		if err := d.Decode(&s); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if _, twice := (*m)[name]; twice {
			return fmt.Errorf("%q stands there twice", name)
		}
		(*m)[name] = s
	}
	return nil
}

// UnmarshalJSON takes "text" or {"one": "text", "other": "text"}.
func (s *Sentence) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &s.Other); err == nil {
		return s.whole()
	}
	var forms struct {
		One   string `json:"one"`
		Other string `json:"other"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&forms); err != nil {
		return errors.New("it is neither a text nor one and other")
	}
	*s = Sentence(forms)
	return s.whole()
}

func (s *Sentence) whole() error {
	if s.Other == "" {
		return errors.New("it is empty")
	}
	return nil
}
