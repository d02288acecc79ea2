package catalogue

import (
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Language is one language of a catalogue. It does not change.
type Language struct {
	tag      string
	form     form
	zone     *time.Location
	messages map[string]Sentence
	always   map[string]any // values that every sentence may use
}

// A Sentence is one entry of a catalogue: a text, or one text for the number
// one and another for all others.
type Sentence struct{ One, Other string }

// A Message is a sentence with what stands in its placeholders, before it is
// known in which language it will be said.
type Message struct {
	Key  string
	Args []any // name, value, name, value …
}

// Tag is the language's BCP 47 tag.
func (l *Language) Tag() string { return l.tag }

// Name is what the language calls itself.
func (l *Language) Name() string { return l.form.name }

// With returns the language with values that every sentence may use and none
// must, for example the brand.
func (l *Language) With(always map[string]any) *Language {
	c := *l
	c.always = maps.Clone(always)
	return &c
}

// In returns the language with moments written in another zone.
func (l *Language) In(zone *time.Location) *Language {
	c := *l
	c.zone = zone
	return &c
}

// Keys returns the keys of all sentences, sorted.
func (l *Language) Keys() []string { return slices.Sorted(maps.Keys(l.messages)) }

// Sentence returns a sentence as it stands in the file.
func (l *Language) Sentence(key string) (Sentence, bool) {
	s, ok := l.messages[key]
	return s, ok
}

// Text says a sentence where there is no HTML. args are names and values in
// turn. A key that is not there, a placeholder without a value and a value
// without a placeholder are errors.
func (l *Language) Text(key string, args ...any) (string, error) {
	s, ok := l.messages[key]
	if !ok {
		return "", fmt.Errorf("catalogue: %s has no sentence %q", l.tag, key)
	}
	return l.fill(s, key, args, func(s string) string { return s }, l.plain)
}

// HTML says a sentence in HTML. The text and all values are escaped, except
// values that are HTML already.
func (l *Language) HTML(key string, args ...any) (template.HTML, error) {
	s, ok := l.messages[key]
	if !ok {
		return "", fmt.Errorf("catalogue: %s has no sentence %q", l.tag, key)
	}
	text, err := l.fill(s, key, args, template.HTMLEscapeString, l.markup)
	return template.HTML(text), err
}

// Say says a message in HTML; none is nothing.
func (l *Language) Say(m *Message) (template.HTML, error) {
	if m == nil {
		return "", nil
	}
	return l.HTML(m.Key, m.Args...)
}

// Value writes a value in HTML as it would stand in a sentence.
func (l *Language) Value(v any) (template.HTML, error) {
	s, err := l.markup(v)
	return template.HTML(s), err
}

// placeholder is where a value goes.
var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// Places returns the placeholders of a text in their order, each as often as
// it stands there.
func Places(text string) []string {
	var out []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// fill puts values into a sentence: into its singular where {n} is 1 and the
// language has one.
func (l *Language) fill(s Sentence, key string, args []any, escape func(string) string, write func(any) (string, error)) (string, error) {
	values, err := named(args)
	if err != nil {
		return "", fmt.Errorf("catalogue: %q: %w", key, err)
	}
	text := s.Other
	if n, ok := values["n"].(int); ok && n == 1 && s.One != "" {
		text = s.One
	}
	var b strings.Builder
	used := map[string]bool{"n": true} // a plural may leave it out
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		v, ok := values[name]
		if !ok {
			v, ok = l.always[name]
		}
		if !ok {
			return "", fmt.Errorf("catalogue: %s, %q: nothing for {%s}", l.tag, key, name)
		}
		used[name] = true
		w, err := write(v)
		if err != nil {
			return "", fmt.Errorf("catalogue: %s, %q: %w", l.tag, key, err)
		}
		b.WriteString(escape(text[at:m[0]]) + w)
		at = m[1]
	}
	for name := range values {
		if !used[name] {
			return "", fmt.Errorf("catalogue: %s, %q has no place for {%s}", l.tag, key, name)
		}
	}
	b.WriteString(escape(text[at:]))
	return b.String(), nil
}

// named turns names and values in turn into a map.
func named(args []any) (map[string]any, error) {
	if len(args)%2 != 0 {
		return nil, fmt.Errorf("a name without a value")
	}
	values := make(map[string]any, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return nil, fmt.Errorf("the name of a value is a %T", args[i])
		}
		values[name] = args[i+1]
	}
	return values, nil
}

// plain writes a value as text.
func (l *Language) plain(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case time.Time:
		return l.Moment(v), nil
	case Second:
		return l.second(time.Time(v)), nil
	case Clock:
		return l.Clock(time.Time(v)), nil
	case Day:
		return l.Date(time.Time(v)), nil
	case time.Duration:
		return l.Span(v), nil
	case *Message:
		return l.Text(v.Key, v.Args...)
	}
	return "", fmt.Errorf("cannot write a %T", v)
}

// markup writes a value in HTML: times are readable by machines too.
func (l *Language) markup(v any) (string, error) {
	s, err := l.plain(v)
	s = template.HTMLEscapeString(s)
	switch v := v.(type) {
	case template.HTML:
		return string(v), nil
	case time.Time:
		return element(v, s), nil
	case Second:
		return element(time.Time(v), s), nil
	case Clock:
		return element(time.Time(v), s), nil
	case Day:
		return element(time.Time(v), s), nil
	}
	return s, err
}
