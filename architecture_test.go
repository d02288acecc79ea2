package nidan_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The house (see doc.go and docs/decisions): who may import whom, where time
// and SQL may be, and how large an interface or a file may grow.

const module = "github.com/nidan-auth/nidan"

// mayImport lists what each room may import of this module, and of others.
// Nothing imports sideways. The standard library is everybody's.
var mayImport = map[string]struct{ rooms, modules []string }{
	"":                        {},
	"method/totp":             {rooms: []string{"", "method/internal/state", "method/internal/typed"}},
	"method/backup":           {rooms: []string{"", "method/internal/state", "method/internal/typed"}},
	"method/mailcode":         {rooms: []string{"", "method/internal/state", "method/internal/typed"}},
	"method/internal/state":   {rooms: []string{""}},
	"method/internal/typed":   {},
	"method/methodtest":       {rooms: []string{""}, modules: []string{"pgregory.net/rapid"}},
	"vault":                   {rooms: []string{""}},
	"password":                {rooms: []string{""}, modules: []string{"golang.org/x/crypto", "golang.org/x/net", "golang.org/x/text"}},
	"password/apart":          {rooms: []string{"password"}},
	"store":                   {rooms: []string{""}, modules: []string{"modernc.org/sqlite", "github.com/pressly/goose"}},
	"store/storetest":         {rooms: []string{""}},
	"catalogue":               {modules: []string{"golang.org/x/text"}},
	"catalogue/cataloguetest": {rooms: []string{"catalogue"}},
	"web":                     {rooms: []string{"", "catalogue"}, modules: []string{"github.com/boombuler/barcode", "golang.org/x/text"}},
	"mail":                    {rooms: []string{"", "catalogue"}, modules: []string{"github.com/wneessen/go-mail"}},
	"mail/mailtest":           {modules: []string{"github.com/emersion/go-smtp", "github.com/emersion/go-sasl"}},
	"inside": {
		rooms: []string{"", "method/totp", "method/mailcode", "method/backup", "vault", "password", "store", "web", "mail", "clock"},
	},
	"clock":                {rooms: []string{""}, modules: []string{"golang.org/x/sys"}},
	"protocol/api":         {rooms: []string{""}, modules: []string{"github.com/danielgtaylor/huma/v2"}},
	"protocol/forwardauth": {rooms: []string{""}, modules: []string{"github.com/go-jose/go-jose/v4"}},
	"server": {
		rooms:   []string{"protocol/api", "protocol/forwardauth", "", "inside", "method/mailcode", "vault", "password", "password/apart", "store", "web", "mail", "clock"},
		modules: []string{"github.com/alecthomas/kong", "golang.org/x/sys"},
	},
	"cmd/nidan": {rooms: []string{"", "server"}},
}

// files of the module that are built into the program or the library.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := make(map[string]*ast.File)
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "acceptance", "bench", "seeded", "tools", "examples", "scripts", "docs"}, p)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(p)] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files: is this the module's folder?", len(files))
	}
	return files
}

func roomOf(file string) string {
	if dir := path.Dir(file); dir != "." {
		return dir
	}
	return ""
}

func TestImports(t *testing.T) {
	for name, f := range sources(t) {
		may, known := mayImport[roomOf(name)]
		if !known {
			t.Errorf("%s: the room %q is not in the plan of the house", name, roomOf(name))
			continue
		}
		for _, imp := range f.Imports {
			p := strings.Trim(imp.Path.Value, `"`)
			rest, ours := strings.CutPrefix(p, module)
			switch {
			case ours:
				if !slices.Contains(may.rooms, strings.TrimPrefix(rest, "/")) {
					t.Errorf("%s imports %s", name, p)
				}
			case strings.Contains(strings.SplitN(p, "/", 2)[0], "."):
				if !slices.ContainsFunc(may.modules, func(m string) bool { return p == m || strings.HasPrefix(p, m+"/") }) {
					t.Errorf("%s imports %s", name, p)
				}
			}
		}
	}
}

// calls that bring time, randomness or the machine into the rules. A timer that
// waits between two attempts decides nothing.
var forbidden = map[string][]string{
	"time":         {"Now", "Since", "Until", "Sleep", "After", "Tick"},
	"crypto/rand":  {"Read", "Int", "Text"},
	"math/rand":    nil,
	"os":           nil,
	"net":          nil,
	"net/http":     nil,
	"database/sql": nil,
	"sync/atomic":  {}, // counters for operators are fine
}

// The core and the methods have no clock, randomness, network, file or
// database of their own (law 17).
func TestCoreIsPure(t *testing.T) {
	for name, f := range sources(t) {
		if r := roomOf(name); r != "" && !strings.HasPrefix(r, "method/") {
			continue
		}
		names := make(map[string]string)
		for _, imp := range f.Imports {
			p := strings.Trim(imp.Path.Value, `"`)
			if calls, listed := forbidden[p]; listed && calls == nil {
				t.Errorf("%s imports %s", name, p)
			}
			names[path.Base(p)] = p
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && slices.Contains(forbidden[names[x.Name]], sel.Sel.Name) {
				t.Errorf("%s calls %s.%s", name, x.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

var sqlText = regexp.MustCompile(`(?is)\b(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|create\s+table|pragma\s+\w+)\b`)

func TestSQLStandsInTheStoreOnly(t *testing.T) {
	for name, f := range sources(t) {
		if roomOf(name) == "store" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if ok && lit.Kind == token.STRING && sqlText.MatchString(lit.Value) {
				t.Errorf("%s: %s", name, lit.Value)
			}
			return true
		})
		for _, imp := range f.Imports {
			if imp.Path.Value == `"database/sql"` {
				t.Errorf("%s imports database/sql", name)
			}
		}
	}
}

// Budgets. An exception stands here with its reason, or is none.
const (
	maxMethods   = 9   // of an interface
	maxFile      = 360 // lines
	maxRootFiles = 46  // one concept each; the library's own door is the last
)

var largerFiles = map[string]string{}

func TestBudgets(t *testing.T) {
	root := 0
	for name, f := range sources(t) {
		if roomOf(name) == "" {
			root++
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n"); n > maxFile && largerFiles[name] == "" {
			t.Errorf("%s has %d lines: two rooms, or a reason here", name, n)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxMethods {
				t.Errorf("%s: interface %s has %d methods", name, spec.Name, i.Methods.NumFields())
			}
			return true
		})
	}
	if root > maxRootFiles {
		t.Errorf("the root has %d files", root)
	}
	for name := range largerFiles {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("the exception for %s is for nothing: %v", name, err)
		}
	}
}

// A method's name is known by its own folder and one list; the program knows which
// one needs mail.
func TestMethodsAreKnownByTheirListOnly(t *testing.T) {
	lists := []string{"inside/methods.go", "server/methods.go"}
	for name, f := range sources(t) {
		if r := roomOf(name); strings.HasPrefix(r, "method/") || r == "web" {
			continue // the pages have words for each method
		}
		for _, imp := range f.Imports {
			if strings.HasPrefix(strings.Trim(imp.Path.Value, `"`), module+"/method/") && !slices.Contains(lists, name) {
				t.Errorf("%s imports %s", name, imp.Path.Value)
			}
		}
	}
}
