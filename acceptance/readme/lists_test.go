package readme

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// constants returns the string constants of a type in the root package, in
// their order: value and name.
func constants(t *testing.T, typ string) [][2]string {
	t.Helper()
	var list [][2]string
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				if id, ok := v.Type.(*ast.Ident); !ok || id.Name != typ {
					continue
				}
				for i, value := range v.Values {
					text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
					if err != nil {
						t.Fatal(err)
					}
					list = append(list, [2]string{text, v.Names[i].Name})
				}
			}
		}
	}
	return list
}

var row = regexp.MustCompile("^\\| `([^`]+)` \\| `([^`]+)` \\| (.+) \\|$")

// The closed lists of the glossary are those of the code, in their order.
func TestGlossaryLists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/glossary.md"))
	if err != nil {
		t.Fatal(err)
	}
	for heading, typ := range map[string]string{"Reasons": "Reason", "Events": "EventKind", "Notices": "NoticeKind"} {
		_, section, found := strings.Cut(string(text), "\n### "+heading+"\n")
		if !found {
			t.Errorf("no section %q", heading)
			continue
		}
		section, _, _ = strings.Cut(section, "\n### ")
		var written [][2]string
		for _, line := range strings.Split(section, "\n") {
			if m := row.FindStringSubmatch(line); m != nil {
				written = append(written, [2]string{m[1], m[2]})
				if len(m[3]) < 10 || !strings.HasSuffix(m[3], ".") {
					t.Errorf("%s: %q is explained by no sentence: %s", heading, m[1], m[3])
				}
			}
		}
		code := constants(t, typ)
		if len(code) < 5 {
			t.Fatalf("only %d constants of type %s", len(code), typ)
		}
		for i := range max(len(code), len(written)) {
			switch {
			case i >= len(written):
				t.Errorf("%s: `%s` (%s) is missing", heading, code[i][0], code[i][1])
			case i >= len(code):
				t.Errorf("%s: the code has no `%s` (%s)", heading, written[i][0], written[i][1])
			case code[i] != written[i]:
				t.Fatalf("%s: row %d is `%s` (%s), and the code has `%s` (%s) there", heading, i+1, written[i][0], written[i][1], code[i][0], code[i][1])
			}
		}
	}
}

// texts lists the Markdown files of the project.
func texts(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "pictures" && filepath.Dir(path) == root):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var link = regexp.MustCompile(`(?:\]\(|src=")([^)"\s]+)[)"]`)

// Links between files lead to files, and those with a # to a heading.
func TestLinks(t *testing.T) {
	checked := 0
	for _, name := range texts(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			to, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			checked++
			target := name
			if to != "" {
				target = filepath.Join(filepath.Dir(name), filepath.FromSlash(to))
			}
			found, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr == nil && info.IsDir() {
				err = nil
			}
			if err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, m[1])
				continue
			}
			if anchor != "" && !strings.Contains(anchors(string(found)), " "+anchor+" ") {
				t.Errorf("%s: the link %s: there is no such heading", name, m[1])
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d links were checked", checked)
	}
}

var (
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notAnchr = regexp.MustCompile(`[^\p{L}\p{N}\- ]`)
)

// anchors lists the anchors of a Markdown file, with spaces around each.
func anchors(text string) string {
	list := " "
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		list += strings.ReplaceAll(notAnchr.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-") + " "
	}
	return list
}

// The decision records are numbered, of one form, short, and all listed.
func TestDecisions(t *testing.T) {
	dir := filepath.Join(root, "docs/decisions")
	index, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "[0-9]*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 15 {
		t.Errorf("only %d decisions", len(files))
	}
	for i, path := range files {
		name := filepath.Base(path)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		number := name[:4]
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			t.Errorf("%s stands where number %d should", name, i+1)
		}
		title, rest, _ := strings.Cut(text, "\n")
		title, ok := strings.CutPrefix(title, "# "+number+": ")
		if !ok {
			t.Errorf("%s does not begin with its number and title", name)
		}
		if !strings.Contains(string(index), "["+title+"]("+name+")") {
			t.Errorf("%s: the index does not list %q", name, title)
		}
		if n := strings.Count(text, "\n"); n < 10 || n > 32 {
			t.Errorf("%s has %d lines, and 10 to 32 will do", name, n)
		}
		for _, part := range []string{"**Context.**", "**Decision.**", "**What it costs.**", "**What it no longer stops if changed.**"} {
			before, after, found := strings.Cut(rest, "\n"+part+" ")
			if !found || strings.TrimSpace(before) == "" && part != "**Context.**" {
				t.Errorf("%s: no %s in its place", name, part)
			}
			rest = after
		}
	}
}
