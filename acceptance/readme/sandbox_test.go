package readme

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A sandbox is a reader's terminal: an empty folder, the program on the PATH,
// and nothing else of this machine's environment.
type sandbox struct {
	t    *testing.T
	dir  string
	bin  string
	at   string // where the server listens
	back *background

	printed string // by the newest command that ended, or by the server so far
	person  *person
}

// patience is how long anything may take. It is never waited for where all is
// well.
const patience = time.Minute

// build makes sure that there is a program: the one make test has built, or a
// new one.
var build = sync.OnceValues(func() (string, error) {
	if p := os.Getenv("NIDAN_BINARY"); p != "" {
		return filepath.Abs(p)
	}
	dir, err := os.MkdirTemp("", "nidan-readme-")
	if err != nil {
		return "", err
	}
	built = dir
	cmd := exec.Command("go", "build", "-mod=readonly", "-trimpath", "-o", filepath.Join(dir, "nidan"), "./cmd/nidan")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return filepath.Join(dir, "nidan"), nil
})

// built is the folder that build made, if it made one.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built) // the system clears its folder of temporary files
	}
	os.Exit(code)
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	s := &sandbox{t: t, dir: filepath.Join(t.TempDir(), "try"), bin: t.TempDir()}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(s.bin, "nidan")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// starts tells the commands that go on until they are stopped.
var starts = regexp.MustCompile(`^nidan (serve|demo)\b`)

func (s *sandbox) command(ctx context.Context, text string) *exec.Cmd {
	shell := text
	if starts.MatchString(text) {
		shell = "exec " + text // so that a signal reaches it
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", shell)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.bin + ":/usr/bin:/bin", "HOME=" + s.dir, "TMPDIR=" + s.t.TempDir(), "LC_ALL=C.UTF-8"}
	switch {
	case strings.Contains(text, "--listen"), strings.HasPrefix(text, "nidan config"), strings.HasPrefix(text, "nidan demo"):
	case starts.MatchString(text):
		cmd.Env = append(cmd.Env, "NIDAN_LISTEN=127.0.0.1:0")
	case s.at != "":
		cmd.Env = append(cmd.Env, "NIDAN_LISTEN="+s.at)
	}
	return cmd
}

// run runs a command to its end and compares.
func (s *sandbox) run(where block, c command, exit int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	cmd := s.command(ctx, c.text)
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != exit {
		s.t.Errorf("%s:%d: %s: exit %d, want %d (%v)\n%s", where.file, where.line, c.text, got, exit, err, out)
		return
	}
	s.printed = string(out)
	s.compare(where, c.text, c.want, lines(s.printed))
}

func lines(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func (s *sandbox) compare(where block, text string, want, got []string) {
	s.t.Helper()
	if n, ok := match(want, got, false); !ok {
		s.t.Errorf("%s:%d: %s\nis written to print:\n  %s\nand printed:\n  %s\nthe first %d lines are right",
			where.file, where.line, text, strings.Join(want, "\n  "), strings.Join(got, "\n  "), n)
	}
}

// A background is a command that goes on.
type background struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error

	mu    sync.Mutex
	out   bytes.Buffer
	grown chan struct{} // holds one
}

// Write implements [io.Writer].
func (b *background) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.out.Write(p)
	select {
	case b.grown <- struct{}{}:
	default:
	}
	return n, err
}

// lines returns the whole lines printed so far.
func (b *background) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.out.String()
	return lines(text[:strings.LastIndexByte(text, '\n')+1])
}

var listening = regexp.MustCompile(` (?:listening on |listen=)(127\.0\.0\.1:\d+)`)

// start runs a command in the background until it has printed what is written.
func (s *sandbox) start(where block, c command) {
	s.t.Helper()
	if s.back != nil {
		s.t.Fatalf("%s:%d: %s: the one before has not been stopped", where.file, where.line, c.text)
	}
	b := &background{done: make(chan struct{}), grown: make(chan struct{}, 1)}
	b.cmd = s.command(context.WithoutCancel(s.t.Context()), c.text)
	b.cmd.Stdout, b.cmd.Stderr = b, b
	if err := b.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { b.err = b.cmd.Wait(); close(b.done) }()
	s.back, s.at = b, ""

	want, after, stops := cut(c.want, "^C")
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		got := b.lines()
		s.printed = strings.Join(got, "\n")
		if m := listening.FindStringSubmatch(s.printed); m != nil {
			s.at = m[1]
		}
		n, ok := match(want, got, true)
		if ok && s.at != "" {
			break
		}
		select {
		case <-b.grown:
		case <-b.done:
			s.t.Fatalf("%s:%d: %s ended (%v)\n%s", where.file, where.line, c.text, b.err, s.printed)
		case <-late.C:
			s.t.Fatalf("%s:%d: %s\nis written to print:\n  %s\nand printed:\n  %s\nthe first %d lines are right",
				where.file, where.line, c.text, strings.Join(want, "\n  "), strings.Join(got, "\n  "), n)
		}
	}
	if stops {
		s.stop()
		s.compare(where, c.text+" ^C", append(want, append([]string{anything}, after...)...), b.lines())
	}
}

func cut(list []string, at string) (before, after []string, found bool) {
	for i, s := range list {
		if s == at {
			return list[:i], list[i+1:], true
		}
	}
	return list, nil, false
}

// stop ends the command in the background as Ctrl-C does.
func (s *sandbox) stop() {
	if s.back == nil {
		return
	}
	b := s.back
	s.back, s.at = nil, ""
	if err := b.cmd.Process.Signal(syscall.SIGINT); err != nil {
		s.t.Errorf("stop: %v", err)
	}
	select {
	case <-b.done:
		if b.err != nil {
			s.t.Errorf("stop: %v\n%s", b.err, strings.Join(b.lines(), "\n"))
		}
	case <-time.After(patience):
		_ = b.cmd.Process.Kill() // told of below
		s.t.Errorf("it does not stop\n%s", strings.Join(b.lines(), "\n"))
	}
}
