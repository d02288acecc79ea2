package badinput

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

const host = "127.0.0.1:8080"

// newHandler is the program without its port, for as many requests as fit.
func newHandler(f *testing.F) http.Handler {
	srv, err := server.New(f.Context(), server.Config{Data: filepath.Join(f.TempDir(), "data")}, server.Deps{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := srv.Close(); err != nil {
			f.Error(err)
		}
	})
	return srv.Handler()
}

// ask sends a request and checks that what comes back is clear.
func ask(t *testing.T, h http.Handler, r *http.Request) rig.Page {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	resp := w.Result()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	p := rig.Page{Status: resp.StatusCode, Body: string(body), Header: resp.Header, Location: resp.Header.Get("Location")}
	switch {
	case p.Status >= 500:
		t.Errorf("status %d: %s", p.Status, p.Text())
	case p.Status == 303 && !slices.Contains(paths, p.Location):
		t.Errorf("it leads to %q", p.Location)
	case p.Status >= 400 && !p.Ours():
		t.Errorf("status %d and no page of ours: %.300q", p.Status, p.Body)
	}
	return p
}

// A form is read before anything else of a POST: whatever stands in the body,
// it is refused in one of four ways or taken as it is.
func FuzzForm(f *testing.F) {
	h := newHandler(f)
	f.Add("application/x-www-form-urlencoded", []byte("password=a&way=b&code=c"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		r := httptest.NewRequest("POST", "http://"+host+"/security/off", bytes.NewReader(body))
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header["Content-Type"] = []string{kind}
		p := ask(t, h, r)
		if !slices.Contains([]int{303, 400, 413, 415}, p.Status) {
			t.Errorf("status %d", p.Status)
		}
		fields, err := url.ParseQuery(string(body))
		if p.Status == 303 && err != nil {
			t.Errorf("it is no form, and is taken: %v", err)
		}
		for _, values := range fields {
			if p.Status == 303 && len(values) > 1 {
				t.Error("two fields of one name are taken")
			}
		}
	})
}

// Whatever stands in the line and the headers of a request.
func FuzzRequest(f *testing.F) {
	h := newHandler(f)
	f.Add("GET", "/login/second?way=a", "__Host-nidan_pending=np_", "en", "Firefox/145.0")
	f.Fuzz(func(t *testing.T, method, target, cookie, language, agent string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" || u.Path == "/login" && method == "POST" || strings.HasSuffix(u.Path, "z") {
			return // not a request; or each would cost a slow hash; or no page
		}
		r := &http.Request{
			Method: method, URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: host, RemoteAddr: "127.0.0.1:1", Body: http.NoBody,
			Header: http.Header{"Cookie": {cookie}, "Accept-Language": {language}, "User-Agent": {agent}, "Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/x-www-form-urlencoded"}},
		}
		ask(t, h, r.WithContext(t.Context()))
	})
}

// glass seals with a mark instead of a key, so that a fuzzer gets through.
type glass struct{}

func (glass) Seal(p nidan.Purpose, owner string, ad, plain []byte) []byte {
	return append([]byte(string(p)+owner+string(ad)), plain...)
}

func (glass) Open(p nidan.Purpose, owner string, ad, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(string(p)+owner+string(ad)))
	if !ok {
		return nil, nidan.ErrNotFound
	}
	return plain, nil
}

func (glass) MAC(nidan.Purpose, ...string) []byte { return make([]byte, 32) }

// A queued message, as a newer program or a damaged disk may have left it.
func FuzzNotice(f *testing.F) {
	f.Add([]byte(`{"k":"turned_on","to":"a@example.com","t":"2026-11-22T09:00:00Z","v":3}`))
	f.Fuzz(func(t *testing.T, plain []byte) {
		row := nidan.OutboxRow{Account: "a", ID: "b"}
		row.Sealed = glass{}.Seal(nidan.ForOutbox, "a", []byte("b"), plain)
		if _, err := nidan.OpenNotice(glass{}, row); err != nil && strings.Contains(err.Error(), string(plain)) && len(plain) > 20 {
			t.Errorf("the error repeats what it read: %v", err)
		}
		row.ID = "c"
		if _, err := nidan.OpenNotice(glass{}, row); err == nil {
			t.Error("a message opens in the place of another")
		}
	})
}

// Every fuzz target of the repository begins from something: seeds in its code
// or files in testdata/fuzz. Without, a short run reaches nothing.
func TestEveryFuzzTargetHasACorpus(t *testing.T) {
	root, targets := rig.Source(), 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			targets++
			seeds := 0
			ast.Inspect(fn, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Add" {
					seeds++
				}
				return true
			})
			files, err := os.ReadDir(filepath.Join(filepath.Dir(path), "testdata", "fuzz", fn.Name.Name))
			if err != nil && seeds == 0 || err == nil && len(files) == 0 {
				t.Errorf("%s in %s has no corpus", fn.Name.Name, strings.TrimPrefix(path, root))
			}
			t.Logf("%-20s %s: %d in the code, %d files", fn.Name.Name, strings.TrimPrefix(filepath.Dir(path), root), seeds, len(files))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if targets < 15 {
		t.Errorf("only %d targets were found", targets)
	}
}
