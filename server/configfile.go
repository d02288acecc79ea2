package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A configFile is one JSON object whose keys are the names of settings:
//
//	{
//	  "data": "/var/lib/nidan",
//	  "public-url": "https://login.example.com",
//	  "tls-proxy": ["127.0.0.1"],
//	  "password-min": 12
//	}
//
// It is read strictly, since a setting that is not understood is a protection
// that somebody believes to have.
type configFile struct {
	path   string
	values map[string]string // as a flag would be given
}

const maxConfigFile = 64 << 10

// readConfigFile reads the file and checks every key against flags.
func readConfigFile(path string, flags []*kong.Flag) (*configFile, error) {
	f := &configFile{path: path, values: make(map[string]string)}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	if len(text) > maxConfigFile {
		return nil, fmt.Errorf("configuration file %s: longer than %d bytes", path, maxConfigFile)
	}
	keys, raw, err := object(text)
	if err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	var problems []error
	for _, key := range keys {
		i := slices.IndexFunc(flags, func(f *kong.Flag) bool { return f.Name == key })
		if i < 0 {
			problems = append(problems, fmt.Errorf("configuration file %s: %q is not a setting%s", path, key, didYouMean(key, flagNames(flags))))
			continue
		}
		v, err := asFlag(raw[key], flags[i])
		if err != nil {
			problems = append(problems, fmt.Errorf("configuration file %s: %q %w", path, key, err))
		}
		f.values[key] = v
	}
	return f, errors.Join(problems...)
}

// object splits a JSON object into its keys, in order, and their values. A key
// that stands there twice is an error: one of the two would be overlooked.
func object(text []byte) ([]string, map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errors.New("must be one JSON object, such as {\"listen\": \"127.0.0.1:8080\"}")
	}
	var keys []string
	values := make(map[string]json.RawMessage)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, nil, broken(d)
		}
		key, _ := t.(string)
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, nil, broken(d)
		}
		if _, twice := values[key]; twice {
			return nil, nil, fmt.Errorf("%q stands there twice", key)
		}
		keys, values[key] = append(keys, key), v
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, broken(d)
	}
	if d.More() {
		return nil, nil, errors.New("has more text after the object")
	}
	return keys, values, nil
}

func broken(d *json.Decoder) error {
	return fmt.Errorf("is not JSON; reading stopped at byte %d", d.InputOffset())
}

// asFlag turns a JSON value into what stands behind a flag.
func asFlag(raw json.RawMessage, flag *kong.Flag) (string, error) {
	switch {
	case flag.IsSlice():
		var list []string
		if json.Unmarshal(raw, &list) != nil || list == nil {
			return "", errors.New(`must be a list of strings, such as ["10.0.0.7"]`)
		}
		return strings.Join(list, ","), nil
	case flag.IsBool():
		return "", errors.New("cannot stand in a file")
	case flag.Target.CanInt():
		var n *int
		if json.Unmarshal(raw, &n) != nil || n == nil {
			return "", errors.New("must be a whole number")
		}
		return fmt.Sprint(*n), nil
	}
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return "", errors.New("must be a string")
	}
	return *s, nil
}

// Validate implements [kong.Resolver]; reading did it.
func (*configFile) Validate(*kong.Application) error { return nil }

// Resolve implements [kong.Resolver]. Kong asks here after the environment and
// would let the file win; a variable is nearer to the process.
func (f *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if v, ok := f.values[flag.Name]; ok && fromEnvironment(flag) == "" {
		return v, nil
	}
	return nil, nil
}

func flagNames(flags []*kong.Flag) []string {
	var names []string
	for _, f := range flags {
		names = append(names, f.Name)
	}
	return names
}

// didYouMean names the nearest of what could have been meant, or nothing.
func didYouMean(given string, known []string) string {
	best, least := "", len(given)/2+1
	for _, k := range known {
		if d := distance(strings.ToLower(given), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is Levenshtein's: how many letters to change, add or take away.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
