package server

import (
	"debug/buildinfo"
	"debug/elf"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// timely are words that a setting of time or randomness would have in its name.
var timely = regexp.MustCompile(`(?i)clock|time|now|date|random|rand|seed|entropy|fake|test|insecure|debug|bypass|disable`)

// isTimely does not mind that a brand has "rand" in it.
func isTimely(name string) bool {
	return timely.MatchString(strings.ReplaceAll(strings.ToLower(name), "brand", ""))
}

// Law 17, law 18: no flag, variable or key of the file sets the time or the
// randomness, or turns a protection off. --clock-ok confirms what the machine
// says, and sets nothing.
func TestNothingSetsTheTime(t *testing.T) {
	allowed := map[string]bool{"clock-ok": true}
	p, err := newParser(&run{})
	must(t, err)
	seen := 0
	must(t, kong.Visit(p.Model, func(v kong.Visitable, next kong.Next) error {
		if f, ok := v.(*kong.Flag); ok {
			seen++
			for _, name := range append([]string{f.Name}, f.Envs...) {
				if isTimely(name) && !allowed[name] {
					t.Errorf("%s looks like a setting of time, randomness or protection", name)
				}
			}
		}
		return next(nil)
	}))
	if seen < 12 {
		t.Errorf("only %d flags were looked at", seen)
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if isTimely(f.Name) {
			t.Errorf("Config.%s looks like a setting of time, randomness or protection", f.Name)
		}
		switch f.Type.Kind() {
		case reflect.Func, reflect.Interface:
			t.Errorf("Config.%s could bring a clock in", f.Name)
		}
		if f.Type == reflect.TypeFor[time.Time]() {
			t.Errorf("Config.%s is a time", f.Name)
		}
	}
}

// The shipped program passes the machine's own clock and randomness.
func TestMainPassesTheSystemClock(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../cmd/nidan/main.go", nil, 0)
	must(t, err)
	got := make(map[string]string)
	ast.Inspect(f, func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok {
			got[name(kv.Key)] = name(kv.Value)
		}
		return true
	})
	if got["Clock"] != "server.SystemClock()" || got["Random"] != "nidan.Randomness" || got["Sync"] != "" {
		t.Errorf("main passes %v", got)
	}
	text, err := os.ReadFile("../cmd/nidan/main.go")
	must(t, err)
	if n := strings.Count(string(text), "\n"); n >= 40 {
		t.Errorf("main.go has %d lines", n)
	}
}

func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return name(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		if len(e.Args) == 0 {
			return name(e.Fun) + "()"
		}
	}
	return "?"
}

// Without Deps it is the same.
func TestDepsDefaultToTheMachine(t *testing.T) {
	d := Deps{}.fill("text")
	if d.Clock != SystemClock() {
		t.Errorf("the clock is %T", d.Clock)
	}
}

// The program is one static file under 30 MiB that needs nothing of its
// machine.
func TestBinary(t *testing.T) {
	path := os.Getenv("NIDAN_BINARY") // built already by make test
	if path == "" {
		path = filepath.Join(t.TempDir(), "nidan")
		cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "../cmd/nidan")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	info, err := os.Stat(path)
	must(t, err)
	if mib := float64(info.Size()) / (1 << 20); mib > 30 {
		t.Errorf("%.1f MiB", mib)
	} else {
		t.Logf("%.1f MiB", mib)
	}
	build, err := buildinfo.ReadFile(path)
	must(t, err)
	for _, s := range build.Settings {
		if s.Key == "CGO_ENABLED" && s.Value != "0" {
			t.Error("built with cgo")
		}
	}
	if n := len(build.Deps); n > 70 {
		t.Errorf("%d modules are linked", n)
	}
	f, err := elf.Open(path)
	must(t, err)
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("needs a dynamic loader")
		}
	}
	if libs, err := f.ImportedLibraries(); err == nil && len(libs) > 0 {
		t.Errorf("needs %v", libs)
	}
}
