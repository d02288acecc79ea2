// Package crash kills the shipped program, under load and at random moments,
// fills its disk, and looks at what is left: nothing that was acknowledged is
// lost, nothing needs a hand (SECURITY C3, law 6).
package crash

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// shipped is the program as it is shipped. It is always built here, from what
// the test was built from.
var shipped string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "nidan-crash-")
	if err != nil {
		panic(err)
	}
	shipped = filepath.Join(dir, "nidan")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", shipped, "./cmd/nidan")
	build.Dir = rig.Source()
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// seeded is a source of randomness whose seed is in the log, and can be given
// again as NIDAN_SEED.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	if s := os.Getenv("NIDAN_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("NIDAN_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// A program is one instance of it on one folder, through all its deaths.
type program struct {
	t    *testing.T
	data string

	cmd  *exec.Cmd
	url  string
	dead chan struct{} // closed when the process is gone
	said chan string   // where it listens

	asked atomic.Int64 // requests that are not answered yet
	dying atomic.Bool  // it was told to, or is dead

	out, err buffer // everything it has ever said
	secrets  secrets

	mu     sync.Mutex
	broken []answer // with a status of 500 and more that is not "busy"
}

func newProgram(t *testing.T, data string) *program {
	p := &program{t: t, data: data}
	t.Cleanup(func() {
		p.kill()
		p.search()
	})
	return p
}

// start starts it and waits until it is ready.
func (p *program) start() {
	p.t.Helper()
	if err := p.tryStart(); err != nil {
		p.t.Fatalf("start: %v\n%s", err, p.err.String())
	}
}

func (p *program) tryStart() error {
	if err := p.launch(); err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); ; {
		select {
		case <-p.dead:
			return fmt.Errorf("it ended by itself")
		default:
		}
		if p.ready() {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("it is not ready after 30 s")
		}
		time.Sleep(3 * time.Millisecond)
	}
}

// launch starts it and waits for nothing but the word where it listens.
func (p *program) launch() error {
	if err := p.spawn(); err != nil {
		return err
	}
	select {
	case p.url = <-p.said:
		return nil
	case <-p.dead:
		return fmt.Errorf("it ended before it listened")
	case <-time.After(30 * time.Second):
		return fmt.Errorf("it says nothing")
	}
}

// spawn starts the process.
func (p *program) spawn() error {
	p.cmd = exec.Command(shipped, "serve", "--data", p.data, "--listen", "127.0.0.1:0", "--brand-name", "Example VPN", "--log", "json")
	p.cmd.Stderr = &p.err
	p.cmd.Env = quiet()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.url = ""
	p.dying.Store(false)
	cmd, dead, said := p.cmd, make(chan struct{}), make(chan string, 1)
	p.dead, p.said = dead, said
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.out.Write(append(lines.Bytes(), '\n'))
			if _, at, ok := strings.Cut(lines.Text(), " is listening on "); ok {
				said <- "http://" + at
			}
		}
		_ = cmd.Wait() // how it ended stands in ProcessState
		close(dead)
	}()
	return nil
}

func (p *program) ready() bool {
	resp, err := http.Get(p.url + "/readyz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var state struct{ Ready bool }
	return json.NewDecoder(resp.Body).Decode(&state) == nil && state.Ready
}

// kill ends it as the kernel does, without a word.
func (p *program) kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	p.dying.Store(true)
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.dead
	p.cmd = nil
}

// alive reports whether the process is there.
func (p *program) alive() bool {
	select {
	case <-p.dead:
		return false
	default:
		return true
	}
}

// quiet is the environment without settings.
func quiet() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "NIDAN_") {
			env = append(env, kv)
		}
	}
	return env
}

// run runs a command of the operator's on the same folder.
func (p *program) run(words ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, shipped, append(words, "--data", p.data)...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &err, quiet()
	if e := cmd.Run(); e != nil {
		if _, exited := e.(*exec.ExitError); !exited {
			p.t.Fatalf("nidan %s: %v", words[0], e)
		}
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// verified is that everything stored is sound, by the operator's own command.
func (p *program) verified() {
	p.t.Helper()
	out, stderr, code := p.run("audit", "verify")
	if code != 0 || !strings.Contains(out, " 0 faults") {
		p.t.Errorf("nidan audit verify: exit code %d\n%s%s", code, out, stderr)
	}
	p.secrets.missing(p.t, "what audit verify says", out+stderr)
}

// link has a link printed and returns its path. It stands on stdout alone.
func (p *program) link(words ...string) string {
	p.t.Helper()
	out, stderr, code := p.run(append(words, "--reason", "test")...)
	first, _, _ := strings.Cut(out, "\n")
	i := strings.Index(first, "://")
	if code != 0 || i < 0 {
		p.t.Fatalf("nidan %v: exit code %d\n%s%s", words, code, out, stderr)
	}
	host, path, _ := strings.Cut(first[i+3:], "/")
	if host == "" || path == "" {
		p.t.Fatalf("no link in %q", first)
	}
	ticket := path[strings.LastIndexByte(path, '/')+1:]
	if strings.Count(out, ticket) != 1 || strings.Contains(stderr, ticket) {
		p.t.Errorf("the ticket does not stand once on stdout and nowhere else")
	}
	p.secrets.add("a link", ticket)
	return "/" + path
}

// search looks for every secret in what the program has said and stored.
func (p *program) search() {
	p.t.Helper()
	p.secrets.missing(p.t, "stdout of serve", p.out.String())
	p.secrets.missing(p.t, "stderr of serve", p.err.String())
	for _, suffix := range []string{"", "-wal", "-journal"} {
		b, err := os.ReadFile(filepath.Join(p.data, "nidan.db"+suffix))
		if err == nil {
			p.secrets.missing(p.t, "nidan.db"+suffix, string(b))
		}
	}
	if !strings.Contains(p.out.String(), "is listening on") {
		p.t.Error("nothing of stdout was kept")
	}
	if strings.Contains(p.err.String(), "panic") {
		p.t.Errorf("it panicked:\n%s", p.err.String())
	}
}

// secrets are what must not turn up anywhere.
type secrets struct {
	mu   sync.Mutex
	what map[string]string
}

func (s *secrets) add(what, value string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.what == nil {
		s.what = make(map[string]string)
	}
	if len(value) >= 12 {
		s.what[value] = what
	}
	return value
}

func (s *secrets) missing(t *testing.T, place, text string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, what := range rig.Find(text, s.what) {
		t.Errorf("%s stands in %s", what, place)
	}
}

// buffer can be written and read at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var _ io.Writer = (*buffer)(nil)

// isAsked waits until something is under way: a quick machine is idle most of the
// time, and a kill then shows little.
func (p *program) isAsked() {
	for end := time.Now().Add(time.Second); p.asked.Load() == 0 && time.Now().Before(end); {
		time.Sleep(100 * time.Microsecond)
	}
}
