package readme

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// cannot lists why a block may be left out. Nothing else is a reason.
var cannot = map[string]bool{
	"builds and tests the project itself":           true,
	"needs a server in front":                       true,
	"needs a program that the tests do not install": true,
	"installs the program":                          true,
}

// The blocks of each text, and how many of them are left out: a block that
// stops being run is noticed.
func TestBlocks(t *testing.T) {
	for _, x := range []struct {
		name          string
		run, left, do int
	}{
		{"README.md", 8, 4, 6},
		{"docs/operate.md", 13, 1, 7},
		{"docs/api.md", 4, 0, 0},
	} {
		t.Run(filepath.Base(x.name), func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t)
			run, left, do := 0, 0, 0
			for _, b := range blocks(t, x.name) {
				switch {
				case b.kind == "step":
					do++
					step, ok := steps[b.value]
					if !ok {
						t.Fatalf("%s:%d: nobody knows how to %q", b.file, b.line, b.value)
					}
					step(s)
				case b.mark == "not run":
					left++
					if !cannot[b.value] {
						t.Errorf("%s:%d: %q is no reason not to run a block", b.file, b.line, b.value)
					}
				case b.mark == "file":
					run++
					s.write(b)
				case b.kind == "console":
					run++
					s.console(b)
				default:
					t.Errorf("%s:%d: a block of kind %q that is neither run nor marked", b.file, b.line, b.kind)
				}
			}
			s.stop()
			if run != x.run || left != x.left || do != x.do {
				t.Errorf("%d blocks run, %d left out, %d steps; want %d, %d, %d", run, left, do, x.run, x.left, x.do)
			}
		})
	}
}

// write puts a file into the reader's folder.
func (s *sandbox) write(b block) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, filepath.Base(b.value)), []byte(strings.Join(b.lines, "\n")+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// console runs the commands of a block.
func (s *sandbox) console(b block) {
	s.t.Helper()
	list := b.commands(s.t)
	for i, c := range list {
		exit := 0
		switch {
		case b.mark == "run as" && i == 0:
			c.text = b.value
		case b.mark == "exits" && i == len(list)-1:
			n, err := strconv.Atoi(b.value)
			if err != nil {
				s.t.Fatalf("%s:%d: %v", b.file, b.line, err)
			}
			exit = n
		case b.mark != "" && b.mark != "run as" && b.mark != "exits":
			s.t.Fatalf("%s:%d: the comment %q means nothing here", b.file, b.line, b.mark)
		}
		if starts.MatchString(c.text) && exit == 0 {
			s.start(b, c)
		} else {
			s.run(b, c, exit)
		}
	}
}

var quoted = regexp.MustCompile(`“([^”]+)”`)

// What README.md quotes of a page stands on one.
func TestQuotedLabels(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "web/locale/en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var catalogue struct{ Messages map[string]any }
	if err := json.Unmarshal(text, &catalogue); err != nil {
		t.Fatal(err)
	}
	said := make(map[string]bool)
	for _, m := range catalogue.Messages {
		if s, ok := m.(string); ok {
			said[s] = true
		}
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := quoted.FindAllSubmatch(readme, -1)
	if len(found) < 6 {
		t.Errorf("only %d labels are quoted", len(found))
	}
	for _, m := range found {
		if !said[string(m[1])] {
			t.Errorf("no page says “%s”", m[1])
		}
	}
}
