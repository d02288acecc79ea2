package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The profiles are configuration files as they are: every key is known, every
// value will do, and together they use every setting that makes a product.
func TestProfiles(t *testing.T) {
	files, err := filepath.Glob("../examples/profiles/*.json")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d profiles: %v", len(files), err)
	}
	readme, err := os.ReadFile("../examples/profiles/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		code, out, errs := shell(t, "config", "--config", file)
		if code != exitOK || errs != "" {
			t.Errorf("%s: exit %d: %s", file, code, errs)
		}
		for _, name := range []string{"public-url", "brand-name", "brand-area", "brand-support", "brand-home", "brand-accent", "methods", "registration", "prove-address", "languages", "zone", "smtp", "mail-from"} {
			if !hasSource(out, name, file) {
				t.Errorf("%s says nothing of %s", file, name)
			}
		}
		if !strings.Contains(string(readme), filepath.Base(file)) {
			t.Errorf("README.md does not tell of %s", filepath.Base(file))
		}
	}
}

// hasSource reports whether a line of the settings names where a value is from.
func hasSource(out, name, source string) bool {
	for _, line := range strings.Split(out, "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == name && f[len(f)-1] == source {
			return true
		}
	}
	return false
}
