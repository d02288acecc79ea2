package server

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
)

type settingsCommand struct{}

// Run prints also settings that are wrong, and says so.
func (settingsCommand) Run(r *run) error {
	set, err := r.settings()
	shown := r.grammar.Config
	shown.readSecrets()
	if err == nil {
		shown = set.Config
	}
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	flags := settingFlags(r.line.Model)
	v := reflect.ValueOf(shown)
	for i := range v.NumField() {
		tag, value := v.Type().Field(i).Tag, v.Field(i)
		name, source := tag.Get("secret"), ""
		if f := flagNamed(flags, tag.Get("name")); f != nil {
			name, source = f.Name, r.source(f)
		} else if os.Getenv(tag.Get("env")) != "" {
			source = tag.Get("env")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, written(value), source)
	}
	_ = w.Flush() // where the output is gone nobody is left to be told
	for _, stray := range strayVariables(flags) {
		r.warnf("%s", stray)
	}
	return err
}

func flagNamed(flags []*kong.Flag, name string) *kong.Flag {
	for _, f := range flags {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// written is a value for reading. A secret writes itself as a placeholder.
func written(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case []string:
		return orDash(strings.Join(x, ", "))
	case interface{ Empty() bool }:
		if x.Empty() {
			return orDash("")
		}
		return fmt.Sprint(x)
	default:
		return orDash(fmt.Sprint(x))
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
