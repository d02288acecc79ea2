package web

import (
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A message is a sentence of the catalogue with what stands in its
// placeholders, before it is known in which language it will be said.
type message struct {
	key  string
	args []any // name, value, name, value …
}

func msg(key string, args ...any) *message { return &message{key, args} }

// Kinds of value that are written in the reader's way.
type (
	day    time.Time // a date without a time of day
	second time.Time // a moment to the second, for short waits
)

// A sentence is one entry of a catalogue: a text, or one text for the number
// one and another for all others.
type sentence struct{ one, other string }

// placeholder is where a value goes.
var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// lookUp returns the sentence for the values: the singular where the
// placeholder {n} is 1 and the language has one.
func (l *locale) lookUp(key string, values map[string]any) (string, error) {
	s, ok := l.messages[key]
	if !ok {
		return "", fmt.Errorf("web: %s has no sentence %q", l.tag, key)
	}
	if n, ok := values["n"].(int); ok && n == 1 && s.one != "" {
		return s.one, nil
	}
	return s.other, nil
}

// html says a sentence. The text and all values are escaped; a value that is
// HTML was made by this package.
func (l *locale) html(key string, args ...any) (template.HTML, error) {
	s, err := l.fill(key, args, template.HTMLEscapeString, func(v any) (string, error) {
		switch v := v.(type) {
		case template.HTML:
			return string(v), nil
		case time.Time:
			return l.element(v, l.moment(v)), nil
		case second:
			return l.element(time.Time(v), l.second(time.Time(v))), nil
		case day:
			return l.element(time.Time(v), l.day(time.Time(v))), nil
		}
		s, err := l.plain(v)
		return template.HTMLEscapeString(s), err
	})
	return template.HTML(s), err
}

// text says a sentence where there is no HTML: in a file.
func (l *locale) text(key string, args ...any) (string, error) {
	return l.fill(key, args, func(s string) string { return s }, l.plain)
}

// say says a message; none is nothing.
func (l *locale) say(m *message) (template.HTML, error) {
	if m == nil {
		return "", nil
	}
	return l.html(m.key, m.args...)
}

// fill puts values into a sentence. A placeholder without a value and a value
// without a placeholder are errors. {brand} and {support} are always there.
func (l *locale) fill(key string, args []any, escape func(string) string, write func(any) (string, error)) (string, error) {
	if len(args)%2 != 0 {
		return "", fmt.Errorf("web: %q: a name without a value", key)
	}
	values := map[string]any{}
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return "", fmt.Errorf("web: %q: the name of a value is a %T", key, args[i])
		}
		values[name] = args[i+1]
	}
	s, err := l.lookUp(key, values)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	used := map[string]bool{"n": true} // a plural may leave it out
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(s, -1) {
		name := s[m[2]:m[3]]
		v, ok := values[name]
		if !ok {
			v, ok = l.always[name]
		}
		if !ok {
			return "", fmt.Errorf("web: %s, %q: nothing for {%s}", l.tag, key, name)
		}
		used[name] = true
		w, err := write(v)
		if err != nil {
			return "", fmt.Errorf("web: %s, %q: %w", l.tag, key, err)
		}
		b.WriteString(escape(s[at:m[0]]) + w)
		at = m[1]
	}
	for name := range values {
		if !used[name] {
			return "", fmt.Errorf("web: %s, %q has no place for {%s}", l.tag, key, name)
		}
	}
	b.WriteString(escape(s[at:]))
	return b.String(), nil
}

// plain writes a value as text.
func (l *locale) plain(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case time.Time:
		return l.moment(v), nil
	case second:
		return l.second(time.Time(v)), nil
	case day:
		return l.day(time.Time(v)), nil
	case time.Duration:
		return l.span(v)
	case *message:
		return l.text(v.key, v.args...)
	}
	return "", fmt.Errorf("cannot write a %T", v)
}
