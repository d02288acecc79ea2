// Package seeded keeps bugs that somebody could write one day. Each is a patch;
// applied to a copy and built by way of -overlay, it has to be found by the
// exploration of the core, with the shortest sequence of commands that shows it.
//
// A patch names the seed state from which that sequence begins, and is explored
// from there alone: what a part of the exploration finds, the whole finds too.
// Of every third state's bugs the first is looked for, and of the others it is
// seen that they still apply: each one is a build of the core. With NIDAN_LONG=1
// every bug is looked for.
package seeded

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSeededBugs fails for a bug that is not found, and for a patch that no
// longer applies: then the code has moved, and so must the bug.
func TestSeededBugs(t *testing.T) {
	patches, err := filepath.Glob("*.patch")
	if err != nil {
		t.Fatal(err)
	}
	if len(patches) < 100 {
		t.Fatalf("only %d seeded bugs", len(patches))
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	all := os.Getenv("NIDAN_LONG") != ""
	begun := make(map[string]int) // by name, in which order it came
	for _, p := range patches {
		t.Run(strings.TrimSuffix(p, ".patch"), func(t *testing.T) {
			text, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			overlay := apply(t, root, text)
			m := seed.FindSubmatch(text)
			if m == nil {
				t.Fatal("it names no seed to begin from")
			}
			from := string(m[1])
			_, again := begun[from]
			if !again {
				begun[from] = len(begun)
			}
			if !all && (again || begun[from]%3 > 0) {
				return
			}
			t.Parallel()
			out, found := explore(t, root, overlay, from)
			if !found {
				t.Fatalf("not found\n%s", tail(out, 30))
			}
			t.Logf("%s\n%s", firstLine(text), out)
		})
	}
}

var (
	touched = regexp.MustCompile(`(?m)^--- a/(\S+)$`)
	seed    = regexp.MustCompile(`(?m)^from "(.+)"$`)
)

// apply writes the patched files beside the originals' copies and returns the
// overlay that puts them in place.
func apply(t *testing.T, root string, patch []byte) string {
	t.Helper()
	dir := t.TempDir()
	replace := make(map[string]string)
	for _, m := range touched.FindAllSubmatch(patch, -1) {
		name := string(m[1])
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, name)] = to
	}
	if len(replace) == 0 {
		t.Fatal("the patch touches no file")
	}
	cmd := exec.CommandContext(t.Context(), "git", "apply", "--whitespace=nowarn", "-")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(patch)
	// Outside any repository git applies to plain files.
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the patch no longer applies: %v\n%s", err, out)
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return overlay
}

var finding = regexp.MustCompile(`(?s)law "[^"]+" is broken: .*?shortest sequence, from "[^"]+":\n(?:      +[^\n]+\n)+`)

// explore runs the exploration over the overlay and returns what it found.
func explore(t *testing.T, root, overlay, from string) (string, bool) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "go", "test", "-overlay="+overlay, "-count=1", "-vet=off", "-ldflags=-s -w", "-run=^TestExplore$", ".")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "NIDAN_EXPLORE=bugs", "NIDAN_EXPLORE_FROM="+from)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return string(out), false
	}
	if m := finding.Find(out); m != nil {
		return string(m), true
	}
	return string(out), false
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(string(b), "\n")
	return line
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
