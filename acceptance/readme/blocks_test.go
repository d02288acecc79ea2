// Package readme keeps what is written for readers true: every command block of
// README.md, docs/operate.md and docs/api.md is run against the program as it is
// built, the tables and lists are compared with the code, and links lead
// somewhere.
//
// # How a block is written
//
// A block of the kind "console" has commands behind "$ " and, below each, what
// it prints. In there "…" stands for anything within a line, and a line of "…"
// alone for any lines. Addresses of this machine, times and the sandbox's folder
// may differ. "serve" and "demo" go on in the background until a line "^C", a
// step "stop" or the end.
//
// On the line above a block, or alone, a comment tells the test what a reader
// sees for himself:
//
//	<!-- not run: REASON -->     the test cannot run this; the reasons are a closed list
//	<!-- run as: COMMAND -->     the first command is run as this one
//	<!-- exits: N -->            the last command ends with N
//	<!-- file: NAME -->          the block is a file that stands in the folder
//	<!-- do: STEP -->            what a person does in the browser, see steps
//
// A block with none of these that is not of the kind "console" fails the test.
package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the project's folder.
const root = "../.."

// A block is one thing for the test to do.
type block struct {
	file  string
	line  int    // of the fence, or of the step's comment
	kind  string // word behind the fence; "step" for a step
	mark  string // what the comment above says: "not run", "run as", …
	value string
	lines []string
}

// A command is one line behind "$ " and what it prints.
type command struct {
	text string
	want []string
}

var comment = regexp.MustCompile(`^<!-- ([a-z ]+): (.+) -->$`)

// blocks reads a Markdown file.
func blocks(t *testing.T, name string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var list []block
	var open *block
	mark, value := "", ""
	for i, line := range strings.Split(string(text), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			list, open = append(list, *open), nil
		case open != nil:
			open.lines = append(open.lines, line)
		case isFence:
			open = &block{file: name, line: i + 1, kind: fence, mark: mark, value: value}
			mark, value = "", ""
		default:
			m := comment.FindStringSubmatch(line)
			switch {
			case m != nil && m[1] == "do":
				list = append(list, block{file: name, line: i + 1, kind: "step", value: m[2]})
			case m != nil:
				mark, value = m[1], m[2]
			case mark != "":
				t.Errorf("%s:%d: the comment %q stands above no block", name, i, mark)
				mark = ""
			}
		}
	}
	if open != nil || mark != "" {
		t.Fatalf("%s: a block is not closed, or a comment stands above none", name)
	}
	return list
}

// commands splits a console block.
func (b block) commands(t *testing.T) []command {
	t.Helper()
	var list []command
	for i, line := range b.lines {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, command{text: text})
			continue
		}
		if len(list) == 0 {
			t.Fatalf("%s:%d: a console block begins with a command", b.file, b.line+1+i)
		}
		c := &list[len(list)-1]
		c.want = append(c.want, line)
	}
	return list
}

// What the machine, the day and chance decide.
var varying = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:8080"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), "TIME"},
	{regexp.MustCompile(` +`), " "},
}

func plain(line string) string {
	for _, v := range varying {
		line = v.find.ReplaceAllString(line, v.put)
	}
	return strings.TrimRight(line, " ")
}

// anything is the placeholder.
const anything = "…"

// sameLine compares one line with one that has placeholders.
func sameLine(want, got string) bool {
	parts := strings.Split(plain(want), anything)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(plain(got))
}

// match compares what was printed with what is written. With more, got may go
// on after what is wanted. It returns how many lines of want were found in
// place, which is all of them if ok.
func match(want, got []string, more bool) (found int, ok bool) {
	if len(want) == 0 {
		return 0, more || len(got) == 0
	}
	if strings.TrimSpace(want[0]) == anything {
		best := 1
		for skip := 0; skip <= len(got); skip++ {
			n, ok := match(want[1:], got[skip:], more)
			if ok {
				return n + 1, true
			}
			best = max(best, n+1)
		}
		return best, false
	}
	if len(got) == 0 || !sameLine(want[0], got[0]) {
		return 0, false
	}
	n, ok := match(want[1:], got[1:], more)
	return n + 1, ok
}

func TestMatch(t *testing.T) {
	for _, x := range []struct {
		want, got string
		more, ok  bool
	}{
		{"a\nb", "a\nb", false, true},
		{"a", "a\nb", false, false},
		{"a", "a\nb", true, true},
		{"a\n…", "a\nb\nc", false, true},
		{"…\nc", "a\nb\nc", false, true},
		{"a\n…\nc", "a\nc", false, true},
		{"a\n…\nd", "a\nc", false, false},
		{"at … now", "at 5 now", false, true},
		{"at … now", "at 5 then", false, false},
		{"x   2026-01-02 03:04:05 UTC", "x 2027-02-03 04:05:06 UTC", false, true},
		{"on 127.0.0.1:8080", "on 127.0.0.1:45678", false, true},
		{"", "a", false, false},
	} {
		var want []string
		if x.want != "" {
			want = strings.Split(x.want, "\n")
		}
		if _, ok := match(want, strings.Split(x.got, "\n"), x.more); ok != x.ok {
			t.Errorf("%q against %q (more: %t): %t", x.got, x.want, x.more, ok)
		}
	}
}
