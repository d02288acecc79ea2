package source

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// catalogue is how many attacks there are of each letter.
var catalogue = map[string]int{
	"A": 8, "B": 8, "C": 8, "D": 6, "E": 6, "F": 9, "G": 4, "H": 4, "I": 4, "J": 5, "K": 7, "L": 5, "M": 6, "N": 6, "O": 7, "P": 5, "Q": 7, "R": 11,
}

var (
	threatRow = regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \| (.+) \| (.+) \| (.*)\|$`)
	testName  = regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z0-9_]+)`")
	rowOfTest = regexp.MustCompile(`^Test([A-R]\d+)[A-Z]`)
)

// The table of docs/threats.md is true: each attack stands there once, with a
// test that this repository has or with what has to be built before; and each
// attack's test stands at its row.
func TestTableOfThreats(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := make(map[string]bool) // package.Test
	for name, f := range sources(t, token.NewFileSet(), true) {
		dir := filepath.ToSlash(filepath.Dir(name))
		if dir == "." {
			dir = "nidan"
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				declared[dir+"."+fn.Name.Name] = true
			}
		}
	}
	if len(declared) < 100 {
		t.Fatalf("only %d tests are found", len(declared))
	}

	rows, named := make(map[string]int), make(map[string]string)
	for _, m := range threatRow.FindAllStringSubmatch(string(text), -1) {
		id, stand, tests := m[1], m[3], testName.FindAllStringSubmatch(m[4], -1)
		rows[id]++
		if later := strings.Contains(stand, "later: "); len(tests) == 0 && !later {
			t.Errorf("%s has neither a test nor a reason why it comes later", id)
		}
		if rest := strings.Trim(testName.ReplaceAllString(m[4], ""), ", "); rest != "" {
			t.Errorf("%s: %q is not the name of a test", id, rest)
		}
		for _, x := range tests {
			if !declared[x[1]+"."+x[2]] {
				t.Errorf("%s names %s.%s, which is not there", id, x[1], x[2])
			}
			named[x[1]+"."+x[2]] = id
		}
	}
	for letter, n := range catalogue {
		for i := 1; i <= n; i++ {
			id := fmt.Sprintf("%s%d", letter, i)
			if rows[id] != 1 {
				t.Errorf("%s stands in the table %d times", id, rows[id])
			}
			delete(rows, id)
		}
	}
	for id := range rows {
		t.Errorf("%s is in the table and not in the catalogue", id)
	}
	for test := range declared {
		dir, name, _ := strings.Cut(test, ".")
		if dir != "acceptance/attacks" && dir != "acceptance/source" {
			continue
		}
		m := rowOfTest.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		if named[test] != m[1] {
			t.Errorf("%s stands at row %q", name, named[test])
		}
	}
}
