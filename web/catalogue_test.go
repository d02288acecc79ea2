package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/catalogue"
	"github.com/nidan-auth/nidan/catalogue/cataloguetest"
)

// slots returns the placeholders of a sentence, sorted and each once.
func slots(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(catalogue.Places(text))))
}

func without(names []string, drop ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(drop, n) })
}

func TestCatalogue(t *testing.T) {
	cataloguetest.Run(t, newPages(t).locales.set, "brand", "sender", "support")
}

// TestEverySentenceIsUsed compares the catalogue with what templates and code
// ask for, values included.
func TestEverySentenceIsUsed(t *testing.T) {
	p := newPages(t)
	en := p.locales.all[0]
	used := map[string]bool{}
	use := func(where, key string, values []string) {
		used[key] = true
		s, ok := en.Sentence(key)
		if !ok {
			t.Errorf("%s: there is no sentence %q", where, key)
			return
		}
		if values != nil && !slices.Equal(without(slots(s.Other), "brand", "sender", "support"), values) && !slices.Equal(slots(s.Other), without(values, "n")) {
			t.Errorf("%s: %q is given %v and has places for %v", where, key, values, slots(s.Other))
		}
	}
	// Every method's sentence has no place but for the values that its part is given.
	useOfMethods := func(where, part string, values []string) {
		for _, m := range append(slices.Collect(maps.Keys(shapes)), "other") {
			s, _ := en.Sentence("method." + string(m) + "." + part)
			for _, place := range without(slots(s.Other), "brand", "sender", "support") {
				if !slices.Contains(values, place) {
					t.Errorf("%s: %q of %s has a place for %s, and is given %v", where, part, m, place, values)
				}
			}
		}
	}
	for name, parse := range en.pages {
		tmpl, err := parse()
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range tmpl.Templates() {
			if part.Tree != nil {
				sentencesIn(part.Tree.Root, func(call, key string, values []string) {
					if where := name + ".html"; call == "t" {
						use(where, key, values)
					} else {
						useOfMethods(where, key, values)
					}
				})
			}
		}
	}
	literals(t, func(where, text string) {
		if _, ok := en.Sentence(text); ok {
			used[text] = true
		}
	})
	calls(t, use)
	now := noon
	for r, tell := range tellings {
		keys := []string{"reason." + string(r)}
		if tell.byMethod {
			for m := range shapes {
				keys = append(keys, "reason."+string(r)+"."+string(m))
			}
		}
		if tell.variant != nil {
			keys = append(keys, keys[0]+tell.variant(nidan.Outcome{Until: now.Add(time.Hour)}, now))
		}
		for _, key := range keys {
			values := []string{}
			if tell.values != nil {
				values = names(tell.values(nidan.Outcome{Until: now, When: now, Limit: 2, Count: 2, Off: time.Minute}, now))
			}
			use("reasons.go", key, values)
		}
	}
	for k, l := range lines {
		use("activity.go", "event."+string(k), nil)
		for m := range shapes {
			if l.byMethod {
				use("activity.go", "event."+string(k)+"."+string(m), nil)
			}
		}
	}
	for _, part := range methodParts {
		use("methods.go", "method.other."+part, nil)
		for m := range shapes {
			use("methods.go", "method."+string(m)+"."+part, nil)
		}
	}
	for m, s := range shapes {
		for _, part := range setUpParts {
			if s.Numbered {
				continue // a reserve is not chosen
			}
			use("methods.go", "method."+string(m)+"."+part, nil)
		}
	}
	for _, part := range changeParts {
		use("methods.go", "method.other."+part, nil)
		for m, s := range shapes {
			if !s.Numbered {
				use("methods.go", "method."+string(m)+"."+part, nil)
			}
		}
	}
	for status := range faults {
		key := "fault." + strconv.Itoa(status)
		use("failed.go", key, nil)
		use("failed.go", key+".h1", nil)
	}
	for _, key := range []string{"fault.500", "fault.busy", "fault.clock"} {
		use("failed.go", key+".h1", nil)
	}
	for _, key := range en.Keys() {
		if !used[key] {
			t.Errorf("nothing says %q", key)
		}
	}
}

func names(args []any) []string {
	var out []string
	for i := 0; i < len(args); i += 2 {
		out = append(out, args[i].(string))
	}
	slices.Sort(out)
	return out
}

// sentencesIn reports every {{t "key" "name" value …}} below a node, and every
// {{method which "part" "name" value …}}.
func sentencesIn(n parse.Node, report func(call, key string, values []string)) {
	switch n := n.(type) {
	case nil:
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				sentencesIn(c, report)
			}
		}
	case *parse.ActionNode:
		sentencesIn(n.Pipe, report)
	case *parse.TemplateNode:
		sentencesIn(n.Pipe, report)
	case *parse.IfNode:
		sentencesIn(n.Pipe, report)
		sentencesIn(n.List, report)
		sentencesIn(n.ElseList, report)
	case *parse.RangeNode:
		sentencesIn(n.Pipe, report)
		sentencesIn(n.List, report)
		sentencesIn(n.ElseList, report)
	case *parse.WithNode:
		sentencesIn(n.Pipe, report)
		sentencesIn(n.List, report)
		sentencesIn(n.ElseList, report)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				sentencesIn(c, report)
			}
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			sentencesIn(a, report)
		}
		f, ok := n.Args[0].(*parse.IdentifierNode)
		if !ok {
			return
		}
		at, called := map[string]int{"t": 1, "method": 2}[f.Ident] // where the key stands
		if !called || len(n.Args) <= at {
			return
		}
		key, ok := n.Args[at].(*parse.StringNode)
		if !ok {
			return // made of a handler's choice; listed above
		}
		values := []string{}
		for i := at + 1; i < len(n.Args); i += 2 {
			if name, ok := n.Args[i].(*parse.StringNode); ok {
				values = append(values, name.Text)
			}
		}
		slices.Sort(values)
		report(f.Ident, key.Text, values)
	}
}

func goFiles(t *testing.T, visit func(name string, f *ast.File)) {
	t.Helper()
	files, err := filepath.Glob("*.go")
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
		visit(name, f)
	}
}

// literals reports the strings in the code.
func literals(t *testing.T, report func(where, text string)) {
	goFiles(t, func(name string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					report(name, s)
				}
			}
			return true
		})
	})
}

// calls reports every msg("key", "name", value …) in the code.
func calls(t *testing.T, report func(where, key string, values []string)) {
	text := func(e ast.Expr) (string, bool) {
		lit, ok := e.(*ast.BasicLit)
		if !ok {
			return "", false
		}
		s, err := strconv.Unquote(lit.Value)
		return s, err == nil
	}
	goFiles(t, func(name string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := c.Fun.(*ast.Ident); !ok || f.Name != "msg" {
				return true
			}
			key, ok := text(c.Args[0])
			if !ok {
				return true
			}
			values := []string{}
			for i := 1; i < len(c.Args); i += 2 {
				if s, ok := text(c.Args[i]); ok {
					values = append(values, s)
				}
			}
			slices.Sort(values)
			report(name, key, values)
			return true
		})
	})
}

// TestEveryReasonIsTold and the next test read the Service's own lists.
func TestEveryReasonIsTold(t *testing.T) {
	// Told by the page that follows, or never told to an account holder.
	elsewhere := []nidan.Reason{
		nidan.OK, nidan.SecondStep, nidan.NoAccount, nidan.NotFrozen,
		nidan.FirstStepStopped, nidan.ScopeMissing, nidan.AccountExists, nidan.RefInvalid, nidan.TimeInvalid, nidan.IdempotencyMismatch, nidan.ReturnInvalid,
		nidan.BindInvalid, nidan.LevelInvalid, nidan.ResultDead, nidan.HostInvalid, // a product
		nidan.NoParty, nidan.HostTaken, nidan.NoKey, nidan.ScopeInvalid, nidan.LifeInvalid, nidan.TooMany,
	}
	all := constants(t, "Reason", "")
	for name, value := range all {
		_, told := tellings[nidan.Reason(value)]
		if told == slices.Contains(elsewhere, nidan.Reason(value)) {
			t.Errorf("nidan.%s: told %v", name, told)
		}
	}
	if len(all) != len(tellings)+len(elsewhere) {
		t.Errorf("%d reasons, %d tellings", len(all), len(tellings))
	}
}

func TestEveryEventIsTold(t *testing.T) {
	all := constants(t, "EventKind", "The events of an account.")
	for name, value := range all {
		if _, ok := lines[nidan.EventKind(value)]; !ok {
			t.Errorf("nidan.%s is not told", name)
		}
	}
	if len(all) == 0 || len(all) != len(lines) {
		t.Errorf("%d events, %d lines", len(all), len(lines))
	}
}

// constants reads the root package's constants of a type, of the groups whose
// comment begins with doc.
func constants(t *testing.T, kind, doc string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := fs.Glob(os.DirFS(".."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST || !strings.HasPrefix(g.Doc.Text(), doc) {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				if id, ok := v.Type.(*ast.Ident); !ok || id.Name != kind {
					continue
				}
				text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out[v.Names[0].Name] = text
			}
		}
	}
	return out
}
