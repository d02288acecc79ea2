// Package recipes follows the pages of docs/recipes to the letter, as somebody
// would who has nothing else, and then attacks what they have built: the real
// program, the real example, real browsers, somebody else's authenticator.
//
// A block of the kind "console" has commands behind "$ " and, below each, what
// it prints; "…" stands for anything within a line, and alone for any lines. One
// of the kind "http" is a call of the API and its answer. A block of another kind
// is quoted from the example and stands there. A comment "not run: builds the
// project itself" leaves the next block out, as "takes the place of a line" does, and "do: STEP" is what a person does
// in the browser. The ports of the page are replaced by free ones. What "serve"
// prints is compared by acceptance/readme.
package recipes

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// patience is how long anything may take. It is never waited for where all is
// well.
const patience = time.Minute

// A recipe is one page, followed in a checkout of its own.
type recipe struct {
	t       *testing.T
	dir     string
	example string // text of the example
	steps   map[string]func()
	proxies func(command string) // starts the proxy of a page that has one
	program func(command string) // starts the application of a page that has Nidan inside
	send    func(call string)    // makes a call of the API
	others  []string             // ports of the page beside Nidan's and the product's, and those in their place
	data    string               // Nidan's folder

	nidan   *rig.Outside
	at      string       // host and port of Nidan
	shop    string       // and of the product
	kept    net.Listener // keeps the product's port until it starts
	product *product
}

// newRecipe makes the folder in which a page is followed: the program and the
// examples are where they are in a checkout.
func newRecipe(t *testing.T, example string) *recipe {
	t.Helper()
	r := &recipe{t: t, dir: filepath.Join(t.TempDir(), "checkout"), at: "127.0.0.1:0", data: "shop-data"}
	var err error
	r.kept = reserve(t)
	t.Cleanup(func() { r.kept.Close() }) // where the product did not get as far
	r.shop = "localhost:" + port(r.kept.Addr().String())
	text, err := os.ReadFile(filepath.Join(rig.Source(), example))
	if err != nil {
		t.Fatal(err)
	}
	r.example = string(text)
	if err := os.MkdirAll(filepath.Join(r.dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"bin/nidan": program(t), "examples": filepath.Join(rig.Source(), "examples")} {
		if err := os.Symlink(to, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// reserve takes a port out of those that the system gives to nobody by itself: it
// stays free between its being let go and the start of whoever is to listen on it.
func reserve(t *testing.T) net.Listener {
	t.Helper()
	for range 100 {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))); err == nil {
			return l
		}
	}
	t.Fatal("no port is free")
	return nil
}

// port is that of an address.
func port(at string) string { return at[strings.LastIndexByte(at, ':')+1:] }

// here puts the ports in use in place of those of the page.
func (r *recipe) here(text string) string {
	return strings.NewReplacer(append([]string{"8080", port(r.at), "3000", port(r.shop)}, r.others...)...).Replace(text)
}

// program is the one that make test has built, or a new one.
func program(t *testing.T) string {
	t.Helper()
	if p := os.Getenv("NIDAN_BINARY"); p != "" {
		abs, err := filepath.Abs(p)
		if err != nil {
			t.Fatal(err)
		}
		return abs
	}
	path := filepath.Join(t.TempDir(), "nidan")
	cmd := exec.Command("go", "build", "-mod=readonly", "-trimpath", "-o", path, "./cmd/nidan")
	cmd.Dir, cmd.Env = rig.Source(), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

var (
	comment = regexp.MustCompile(`^<!-- (do|not run): (.+) -->$`)
	parts   = regexp.MustCompile("(?ms)^(<!-- [^\n]+ -->\n)|^```(\\w*)\n(.*?)^```\n")
)

// follow does everything that a page says.
func (r *recipe) follow(name string) {
	r.t.Helper()
	page, err := os.ReadFile(filepath.Join(rig.Source(), name))
	if err != nil {
		r.t.Fatal(err)
	}
	leave := false
	for _, m := range parts.FindAllStringSubmatch(string(page), -1) {
		kind, text := m[2], m[3]
		switch said := comment.FindStringSubmatch(strings.TrimSpace(m[1])); {
		case said != nil && said[1] == "do":
			step, ok := r.steps[said[2]]
			if !ok {
				r.t.Fatalf("%s: nobody knows how to %q", name, said[2])
			}
			step()
		case said != nil:
			leave = said[2] == "builds the project itself" || said[2] == "takes the place of a line" // see tunnels
		case leave:
			leave = false
		case kind == "console":
			r.console(text)
		case kind == "http":
			r.send(text)
		case !strings.Contains(r.example, text):
			r.t.Errorf("%s: the example has no such lines:\n%s", name, text)
		}
	}
}

// console runs the commands of a block.
func (r *recipe) console(text string) {
	r.t.Helper()
	for _, part := range strings.Split("\n"+text, "\n$ ")[1:] {
		command, want, _ := strings.Cut(r.here(strings.TrimRight(part, "\n")+"\n"), "\n")
		r.t.Logf("$ %s", command)
		switch {
		case strings.HasPrefix(command, "bin/nidan serve "):
			r.serve(command)
		case strings.HasPrefix(command, "nginx "), strings.HasPrefix(command, "caddy "):
			r.proxies(command)
		case r.program != nil && strings.Contains(command, "LISTEN="):
			r.program(command)
		case strings.Contains(command, " node "):
			r.start(command, want)
		default:
			r.run(command, want)
		}
	}
}

// command is what a shell in the reader's folder makes of a line.
func (r *recipe) command(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = r.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin", "HOME=" + r.dir, "LC_ALL=C.UTF-8", "NIDAN_LISTEN=" + r.at}
	return cmd
}

// run runs a command to its end and compares what it printed.
func (r *recipe) run(line, want string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	got, err := r.command(ctx, line).CombinedOutput()
	if err != nil || !pattern(want).Match(plain(got)) {
		r.t.Fatalf("%s (%v)\nis written to print:\n%s\nand printed:\n%s", line, err, want, got)
	}
}

// serve starts Nidan.
func (r *recipe) serve(line string) {
	r.t.Helper()
	r.nidan = rig.NewOutside(r.t, filepath.Join(r.dir, "bin", r.data), "", func() *exec.Cmd {
		return r.command(context.WithoutCancel(r.t.Context()), "exec "+line)
	})
	r.at = strings.TrimPrefix(r.nidan.URL, "http://")
	// Two origins are looked at: a browser is told the host with every path.
	r.nidan.URL = "http:/"
}

// calls makes a call of the API as a page shows it, and compares the answer.
func (r *recipe) calls(key, asked, told string) (answer []byte) {
	r.t.Helper()
	line, sent, _ := strings.Cut(asked, "\n")
	status, want, _ := strings.Cut(told, "\n")
	r.t.Log(line)
	method, path, _ := strings.Cut(line, " ")
	answered, got := r.call(key, method, path, sent)
	if strconv.Itoa(answered) != status || !pattern(indented(r.t, want)).Match(plain([]byte(indented(r.t, string(got))))) {
		r.t.Fatalf("%s\nis written to answer %s\n%s\nand answers %d\n%s", asked, status, want, answered, got)
	}
	return got
}

// call calls the API.
func (r *recipe) call(key, method, path, body string) (status int, answer []byte) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.at+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// A product is the example, running.
type product struct {
	cmd *exec.Cmd
	out io.Reader
	log bytes.Buffer // to be read once it has ended
}

// start starts the product and returns when it has printed what is written.
func (r *recipe) start(line, want string) {
	r.t.Helper()
	p := &product{cmd: r.command(context.WithoutCancel(r.t.Context()), "exec env "+line)}
	var err error
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		r.t.Fatal(err)
	}
	p.cmd.Stderr = &p.log
	r.kept.Close()
	if err := p.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.product = p
	r.t.Cleanup(func() { r.stop() })
	first, err := bufio.NewReader(p.out).ReadString('\n')
	if err != nil || !pattern(want).Match(plain([]byte(first))) {
		r.t.Fatalf("%s (%v)\nis written to print:\n%s\nand printed:\n%s%s", line, err, want, first, r.stop())
	}
}

// stop ends the product, and returns what it has written to its log.
func (r *recipe) stop() string {
	r.t.Helper()
	p := r.product
	if p == nil {
		return ""
	}
	r.product = nil
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Errorf("the product has ended by itself: %v", err)
	}
	_ = p.cmd.Wait() // it says that it was told to
	return p.log.String()
}

var (
	moment = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?`)
	blanks = regexp.MustCompile(` +`)
)

// plain leaves out what the day and the width of a column decide.
func plain(text []byte) []byte {
	return blanks.ReplaceAll(moment.ReplaceAll(text, []byte("TIME")), []byte(" "))
}

// pattern is what a text with placeholders matches.
func pattern(want string) *regexp.Regexp {
	p := regexp.QuoteMeta(string(plain([]byte(want))))
	p = regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(p, `(?:.*\n)*`)
	return regexp.MustCompile("^" + strings.ReplaceAll(p, "…", ".*") + "$")
}
