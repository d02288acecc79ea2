package source

import (
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
)

const root = "../.."

// sources parses the files that are built into the program, or all tests.
func sources(t *testing.T, fset *token.FileSet, tests bool) map[string]*ast.File {
	t.Helper()
	files := make(map[string]*ast.File)
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			skip := strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "testdata"
			if !tests {
				skip = skip || slices.Contains([]string{"acceptance", "bench", "examples", "scripts", "seeded", "tools", "docs", "method/methodtest", "store/storetest"}, name)
			}
			if skip {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") != tests {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files[name] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 30 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

// secretWords are what an expression that holds a secret, or what is derived
// from one, is called in this house.
var secretWords = regexp.MustCompile(`(?i)reveal|secret|tok\b|token|\bsums?\b|hash|\bcodes?\b|\.code\b|password|seed|\bkeys?\b|\bmac\b|digest|ticket|cookie|answer|sealed|prefix`)

// kindOf are the constants that say what a ticket is for, or how an answer was
// judged.
var kindOf = regexp.MustCompile(`^Ticket[A-Z]\w+$|^WrongAnswer$`)

// leaky are the functions that compare and stop at the first difference.
var leaky = []string{
	"bytes.Equal", "bytes.Compare", "bytes.HasPrefix", "bytes.Contains", "strings.EqualFold", "strings.Compare", "strings.HasPrefix", "strings.HasSuffix",
	"strings.CutPrefix", "strings.CutSuffix", "strings.Contains", "strings.Index", "reflect.DeepEqual", "slices.Equal", "slices.Compare", "slices.Contains", "slices.Index", "cmp.Compare",
}

// reviewed are the comparisons whose operands are called like secrets and are
// none, each with the reason.
var reviewed = map[string]string{
	// What both sides hold is stored or drawn here; nobody outside chooses it.
	"h.Of.Like == a.Password.Hash":                           "two copies of what is stored: has the password changed while it was hashed?",
	"hashPrefix(got[i].Of.Like) != hashPrefix(want[i].Like)": "parameters and salts, which are no secret to who has the document",
	"present.Prefix != prefix":                               "parameters and salt",
	"prefix != present.Prefix":                               "parameters and salt",
	"prefixOf(hashes[0].Of.Like) != prefix":                  "parameters and salt",
	`strings.CutPrefix(h.Hash, prefix+"$")`:                  "parameters and salt; the sum behind them is compared in constant time",
	"bytes.Equal(hash, proof.Hash())":                        "of constants of the program, to see that a process hashes",
	"bytes.Equal(d.sealed, r.Sealed)":                        "ciphertext of the database with ciphertext of the database",
	"bytes.Equal(had.sealed, row.Sealed)":                    "ciphertext of the database with ciphertext of the database",
	"bytes.Equal(r.Sealed, o.rec.Sealed)":                    "ciphertext of the database with ciphertext of the database",
	"bytes.Equal(sealed, c.Record.Sealed)":                   "ciphertext of the database with ciphertext of the database",
	// Hashes of the audit trail, which is no secret.
	"at.Hash != head.Hash":        "the audit trail",
	"e.Prev != c.Hash":            "the audit trail",
	"eventHash(row.Body) != want": "the audit trail",
	// The half of a token's hash by which it is found; the whole of it is
	// compared in constant time beside it.
	"p.ID == tok.id": "finds the sign-in; its Sum is compared after it",
	"p.ID != tok.id": "finds the sign-in; its Sum is compared after it",
	"r.ID == tok.id": "finds the result; its Sum is compared after it",
	// Kinds, names and prefixes that everybody knows.
	"strings.CutPrefix(v, prefix)":         "nt_ or nb_",
	"strings.HasPrefix(s, prefix)":         "ns_ or np_",
	"answer != Saved":                      `the word "saved"`,
	"e.Item == nidan.ItemOldPassword":      "what an event is about",
	"q.Key == r.Key":                       "what a product calls a request, hashed",
	"slices.Contains(c.key.Scopes, sc)":    "scopes",
	"out.Reason != nidan.PasswordPersonal": "a reason, which the page names",
	"value == ledHere.Reveal()":            `the word "yes"`,
	"name == passCookie":                   "the name of a cookie",
	"name == ledCookie":                    "the name of a cookie",
	"tok.account != d.acct.ID":             "the id of an account",
	"name == browserCookie":                "the name of a cookie",
	"name == rememberedCookie":             "the name of a cookie",
	"a.code == e.Authenticator":            "ids of the audit trail",
	"slices.Contains(ours, code)":          "what a mail server answered",
	"password != s.c.options.Password":     "the mail server of the tests",
	"f.Name == key":                        "the name of a setting",
	"strings.HasPrefix(name, envPrefix)":   "the name of a variable",
	"sealed[0] != formatGCM":               "a format number",
}

// Secrets are compared byte by byte, and the time tells how many were right.
//
// Looked at is every ==, !=, case and every call of a function that compares,
// in all of the program, where an operand is called like a secret. Such a
// comparison goes through Secret.Equal, crypto/subtle or hmac.Equal, or stands
// in the list above.
func TestP5ConstantTime(t *testing.T) {
	if reflect.TypeFor[nidan.Secret]().Comparable() {
		t.Error("two Secrets can be compared with ==")
	}
	fset := token.NewFileSet()
	text := func(n ast.Node) string {
		var b strings.Builder
		if err := printer.Fprint(&b, fset, n); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	constant := func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.BasicLit:
			return true
		case *ast.Ident:
			return e.Name == "nil" || e.Name == "true" || e.Name == "false" || kindOf.MatchString(e.Name)
		case *ast.CallExpr:
			return text(e.Fun) == "len"
		case *ast.SelectorExpr:
			return strings.HasPrefix(text(e), "sqlite3.") || kindOf.MatchString(strings.TrimPrefix(text(e), "nidan."))
		}
		return false
	}
	met, safe := map[string]bool{}, map[string]int{}
	look := func(at token.Pos, shown string, operands ...ast.Expr) {
		if slices.ContainsFunc(operands, constant) || !slices.ContainsFunc(operands, func(e ast.Expr) bool { return secretWords.MatchString(text(e)) }) {
			return
		}
		if reviewed[shown] == "" {
			t.Errorf("%s: %s\n  compares in a time that depends on the bytes; use Secret.Equal or crypto/subtle, or say in the list above why it is no secret", fset.Position(at), shown)
		}
		met[shown] = true
	}
	for name, f := range sources(t, fset, false) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op == token.EQL || n.Op == token.NEQ {
					look(n.Pos(), text(n), n.X, n.Y)
				}
			case *ast.SwitchStmt:
				if n.Tag == nil {
					break
				}
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						// A constant's name begins with a package or a capital letter.
						if id, ok := e.(*ast.Ident); !ok || !id.IsExported() {
							if _, ok := e.(*ast.SelectorExpr); !ok {
								look(e.Pos(), text(n.Tag)+" == "+text(e), n.Tag, e)
							}
						}
					}
				}
			case *ast.CallExpr:
				fun := text(n.Fun)
				switch {
				case slices.Contains(leaky, fun) && len(n.Args) == 2:
					look(n.Pos(), text(n), n.Args...)
				case strings.HasPrefix(fun, "subtle.ConstantTime"), fun == "hmac.Equal":
					safe[name]++
				case strings.HasSuffix(fun, ".Equal") && len(n.Args) == 1 && secretWords.MatchString(fun+" "+text(n.Args[0])):
					safe[name]++
				}
			}
			return true
		})
	}
	for shown := range reviewed {
		if !met[shown] {
			t.Errorf("the list above has %s, and the program has it no more", shown)
		}
	}
	// Where secrets are compared: if one of these has none any more, it is
	// done somewhere else or in another way.
	for name, least := range map[string]int{
		"secret.go": 1, "answer.go": 1, "signin.go": 1, "session.go": 1, "ticket.go": 1,
		"method/totp/step.go": 1, "method/backup/sheet.go": 1, "method/backup/marks.go": 1, "method/backup/hash.go": 1,
	} {
		if safe[name] < least {
			t.Errorf("%s compares %d secrets in constant time, and did %d", name, safe[name], least)
		}
	}
	t.Logf("compared in constant time: %v", safe)
}
