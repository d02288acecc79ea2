package readme

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/server"
)

const (
	settingsBegin = "<!-- the settings, written by acceptance/readme; UPDATE=1 writes them anew -->"
	settingsEnd   = "<!-- end of the settings -->"
)

var (
	inBrackets = regexp.MustCompile(` \(default: [^)]*\)`)
	configLine = regexp.MustCompile(`^(\S+)\s+(.*?)\s+default$`)
)

// The table of settings in docs/operate.md is server.Config's, with the defaults
// that the program prints. With UPDATE=1 in the environment it is written anew.
func TestSettingsTable(t *testing.T) {
	s := newSandbox(t)
	out, err := s.command(t.Context(), "nidan config").Output()
	if err != nil {
		t.Fatal(err)
	}
	defaults := make(map[string]string)
	for _, line := range lines(string(out)) {
		if m := configLine.FindStringSubmatch(line); m != nil && m[2] != "-" {
			defaults[m[1]] = "`" + m[2] + "`"
		}
	}
	if len(defaults) < 5 {
		t.Fatalf("only %d defaults in\n%s", len(defaults), out)
	}
	table := []string{settingsBegin, "", "| setting | variable | default | what it is |", "|---|---|---|---|"}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[server.Config]()) {
		name, isFlag := f.Tag.Lookup("name")
		if !isFlag {
			continue // NIDAN_KEYRING, which the text below the table explains
		}
		help := strings.ReplaceAll(inBrackets.ReplaceAllString(f.Tag.Get("help"), ""), "|", `\|`)
		table = append(table, "| `--"+name+"` | `"+f.Tag.Get("env")+"` | "+defaults[name]+" | "+help+" |")
	}
	want := strings.Join(append(table, "", settingsEnd), "\n")

	path := filepath.Join(root, "docs/operate.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(b), settingsBegin)
	_, after, ends := strings.Cut(rest, settingsEnd)
	if !begins || !ends {
		t.Fatal("docs/operate.md has no place for the settings")
	}
	if string(b) == before+want+after {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("the table of settings is not the code's; run with UPDATE=1, or write:\n%s", want)
	}
	if err := os.WriteFile(path, []byte(before+want+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// firstCells returns what stands in backquotes in the first column of the table
// under a heading.
func firstCells(t *testing.T, name, under string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(b), "\n## "+under+"\n")
	if !found {
		t.Fatalf("%s has no section %q", name, under)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var cells []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		cells = append(cells, m[1])
	}
	return cells
}

// What docs/operate.md says of a line of the access log, of the two health
// routes and of the commands is what the program has.
func TestLogHealthAndCommands(t *testing.T) {
	s := newSandbox(t)
	s.start(block{file: "test"}, command{text: "nidan serve --log json --listen 127.0.0.1:0"})
	fetch := func(path string, header ...string) map[string]any {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.at+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := once.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() // read to its end
		var got map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	here, through := fetch("/readyz"), fetch("/readyz", "X-Forwarded-For", "203.0.113.5")
	if here["missing"] == nil || here["version"] == nil || through["missing"] != nil || through["version"] != nil {
		t.Errorf("/readyz tells this machine %v and others %v", here, through)
	}
	back := s.back
	s.stop() // then everything is written

	var request map[string]any
	for _, line := range back.lines() {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil && fields["msg"] == "request" {
			request = fields
		}
	}
	var fields []string
	for name := range request {
		fields = append(fields, name)
	}
	same(t, "fields of a request", firstCells(t, "docs/operate.md", "The log"), fields)

	help, err := s.command(t.Context(), "nidan --help").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(help), "Commands:\n")
	list, _, _ = strings.Cut(list, "\nFlags:")
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z][a-z-]*(?: [a-z-]+)?)  +\S`).FindAllStringSubmatch(list, -1) {
		names = append(names, m[1])
	}
	same(t, "commands", firstCells(t, "docs/operate.md", "The commands"), names)
}

func same(t *testing.T, what string, written, found []string) {
	t.Helper()
	slices.Sort(written)
	slices.Sort(found)
	if len(found) < 5 || !slices.Equal(written, found) {
		t.Errorf("%s: docs/operate.md has %q, the program %q", what, written, found)
	}
}

// The address that the texts use is the one the program listens on by itself.
func TestDefaultAddress(t *testing.T) {
	out, err := newSandbox(t).command(t.Context(), "nidan config").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "http://127.0.0.1:8080 ") {
		t.Errorf("by default it listens elsewhere:\n%s", out)
	}
}
