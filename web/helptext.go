package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

//go:embed help/*.json
var helpFiles embed.FS

// helpTexts are the words of the help in one language.
type helpTexts struct {
	Frame   helpFrame           `json:"frame"`
	Groups  map[string]string   `json:"groups"`
	Entries map[string]helpText `json:"entries"`
}

// helpFrame is what stands around the answers.
type helpFrame struct {
	Title  string `json:"title"`
	Lead   string `json:"lead"`
	Search string `json:"search"` // label of the field
	Go     string `json:"go"`
	Found  string `json:"found"` // has {query}
	None   string `json:"none"`  // has {query}
	All    string `json:"all"`   // leads to the list
	See    string `json:"see"`
	Never  string `json:"never"` // what support does not ask for
}

// A helpText is a question and its answer. {brand}, {sender} and {support} stand
// for what the configuration says.
type helpText struct {
	Title  string     `json:"title"`
	Words  []string   `json:"words"`  // what people search for, also what these pages never say
	Answer string     `json:"answer"` // the whole answer in one line
	Led    string     `json:"led"`    // … for whoever a product led here; empty: the same
	Steps  []helpLine `json:"steps"`
	Points []helpLine `json:"points"`
	Text   []helpLine `json:"text"`
}

// A helpLine is said only with one feature, or only as long as there is none,
// and only to some readers. In a file it is a text or {"needs": …, "text": …},
// {"without": …, "text": …}, {"for": …, "text": …}.
type helpLine struct {
	For     reader  `json:"for"`
	Needs   Feature `json:"needs"`
	Without Feature `json:"without"`
	Text    string  `json:"text"`
}

// A reader is whom a line is for; none: everybody.
type reader string

const (
	owner reader = "own" // of an account that we keep
	guest reader = "led" // by a product, which keeps the account
)

// UnmarshalJSON implements [json.Unmarshaler].
func (l *helpLine) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &l.Text) == nil {
		return nil
	}
	type plain helpLine
	if err := strictly(b, (*plain)(l)); err != nil {
		return err
	}
	if l.For != "" && l.For != owner && l.For != guest {
		return fmt.Errorf("nobody is %q", l.For)
	}
	for _, f := range []Feature{l.Needs, l.Without} {
		if f != "" && !slices.Contains(Features(), f) {
			return fmt.Errorf("%q is no feature; see helpindex.go", f)
		}
	}
	return nil
}

func (l helpLine) said(to reader, offered []Feature) bool {
	return (l.For == "" || l.For == to) && (l.Needs == "" || slices.Contains(offered, l.Needs)) && !slices.Contains(offered, l.Without)
}

// readHelp reads a language's file, which has words for exactly what the index
// declares.
func readHelp(tag string) (helpTexts, error) {
	var texts helpTexts
	b, err := helpFiles.ReadFile("help/" + tag + ".json")
	if err != nil {
		return texts, fmt.Errorf("web: there is no help/%s.json: every language of the pages has its help", tag)
	}
	if err := strictly(b, &texts); err != nil {
		return texts, fmt.Errorf("web: help/%s.json: %w", tag, err)
	}
	entries := 0
	for _, g := range helpIndex {
		if texts.Groups[g.name] == "" {
			return texts, fmt.Errorf("web: help/%s.json: the group %q has no heading", tag, g.name)
		}
		for _, e := range g.entries {
			if t := texts.Entries[e.slug]; t.Title == "" || t.Answer == "" {
				return texts, fmt.Errorf("web: help/%s.json: %q has no title or no answer", tag, e.slug)
			}
		}
		entries += len(g.entries)
	}
	if len(texts.Groups) != len(helpIndex) || len(texts.Entries) != entries {
		return texts, fmt.Errorf("web: help/%s.json has words for what helpindex.go does not declare", tag)
	}
	return texts, nil
}

func strictly(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the end")
	}
	return nil
}
