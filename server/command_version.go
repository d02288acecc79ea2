package server

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints what was built, from what, with what.
func (versionCommand) Run(r *run) error {
	r.printf("%s\n", version())
	return nil
}

// version says what this program was built from.
func version() string {
	v, commit, changed := "unknown", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = " " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " with changes"
			}
		}
	}
	return fmt.Sprintf("nidan %s%s%s %s %s/%s", v, commit, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
