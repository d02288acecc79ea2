//go:build linux

package apart

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/password"
)

// The test's own program is the other process, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "hash":
			if err := Serve(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		case "end":
			return
		case "lie": // it answers, and not with hashes
			s := rpc.NewServer()
			if err := s.RegisterName("Hasher", liar{}); err != nil {
				panic(err)
			}
			s.ServeConn(pipes{os.Stdin, os.Stdout})
			return
		case "program": // has one hash computed, says whose it was, and is killed
			p := New(nobody, os.Args[0], "hash")
			if _, err := p.Hash(cheap("x")); err != nil {
				panic(err)
			}
			fmt.Println(p.live.cmd.Process.Pid)
			select {}
		}
	}
	os.Exit(m.Run())
}

type liar struct{}

func (liar) Hash(_ password.Work, hash *[]byte) error {
	*hash = make([]byte, 32)
	return nil
}

func nobody(error, string) {}

func cheap(input string) password.Work {
	return password.Work{Input: []byte(input), Salt: []byte("sixteen bytes ok"), Passes: 1, Memory: 64, Lanes: 1}
}

func started(t *testing.T) *Process {
	t.Helper()
	p := New(nobody, os.Args[0], "hash")
	t.Cleanup(p.Close)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func hash(t *testing.T, p *Process, w password.Work) []byte {
	t.Helper()
	got, err := p.Hash(w)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// pid of the process that has just hashed.
func pid(t *testing.T, p *Process) int {
	t.Helper()
	hash(t, p, cheap("x"))
	return p.live.cmd.Process.Pid
}

// stop stops a process and waits until it stands.
func stop(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var state syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &state, syscall.WUNTRACED, nil); err != nil || !state.Stopped() {
		t.Fatalf("it does not stop: %v, %v", state, err)
	}
}

// The vector is the reference implementation's (its test.c: version 0x13,
// Argon2id, m=2^8 KiB).
func TestHash(t *testing.T) {
	p := started(t)
	w := password.Work{Input: []byte("password"), Salt: []byte("somesalt"), Passes: 2, Memory: 256, Lanes: 1}
	if got, want := hex.EncodeToString(hash(t, p, w)), "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	w.Lanes = 4
	if got := hash(t, p, w); !bytes.Equal(got, w.Hash()) {
		t.Errorf("four lanes: got %x", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	p := started(t)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			w := cheap(strconv.Itoa(i))
			if got, err := p.Hash(w); err != nil || !bytes.Equal(got, w.Hash()) {
				t.Errorf("%d: got %x, %v", i, got, err)
			}
		})
	}
	all.Wait()
}

func TestBegunAgain(t *testing.T) {
	p := started(t)
	first := pid(t, p)
	var told []string
	p.died = func(why error, how string) { told = append(told, how) }
	for range 3 {
		if err := syscall.Kill(p.live.cmd.Process.Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if got := hash(t, p, cheap("y")); !bytes.Equal(got, cheap("y").Hash()) {
			t.Errorf("got %x", got)
		}
	}
	if pid(t, p) == first {
		t.Error("the same process")
	}
	if want := []string{"signal: killed", "signal: killed", "signal: killed"}; !slices.Equal(told, want) {
		t.Errorf("it was said that they ended by %q", told)
	}
	if err := syscall.Kill(first, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the one that was killed is still there: %v", err)
	}
}

// Everybody who waits for a process that is killed gets their hash by the next,
// and there is one next.
func TestKilledAtWork(t *testing.T) {
	p := started(t)
	pid := pid(t, p)
	stop(t, pid)
	var all sync.WaitGroup
	for i := range 8 {
		w := cheap(strconv.Itoa(i))
		all.Go(func() {
			if got, err := p.Hash(w); err != nil || !bytes.Equal(got, w.Hash()) {
				t.Errorf("got %x, %v", got, err)
			}
		})
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	p.Close()
	if other, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("another process is left: %d, %v", other, err)
	}
}

// A process that was stopped is given up, and whoever waits is served by another.
func TestStopped(t *testing.T) {
	p := started(t)
	was := pid(t, p)
	usual := p.patience
	p.patience = 200 * time.Millisecond
	p.died = func(error, string) { p.patience = usual } // the next one has to start first
	stop(t, was)
	if got := hash(t, p, cheap("y")); !bytes.Equal(got, cheap("y").Hash()) {
		t.Errorf("got %x", got)
	}
	if pid(t, p) == was {
		t.Error("the same process")
	}
	if err := syscall.Kill(was, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the one that was stopped is still there: %v", err)
	}
}

func TestCannotBegin(t *testing.T) {
	none := New(nobody, filepath.Join(t.TempDir(), "none"), "hash")
	if err := none.Start(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
	if _, err := none.Hash(cheap("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
	for word, why := range map[string]string{"end": "exit status 0", "lie": "it does not hash"} {
		p := New(nobody, os.Args[0], word)
		if err := p.Start(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", word, err)
		}
		if got, err := p.Hash(cheap("x")); err == nil {
			t.Errorf("%s: %x", word, got)
		}
	}
	if other, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("a process is left: %d, %v", other, err)
	}
}

func TestClose(t *testing.T) {
	p := started(t)
	pid := pid(t, p)
	p.Close()
	p.Close()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process is still there: %v", err)
	}
	if _, err := p.Hash(cheap("x")); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
	if err := p.Start(); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}

// What ends a server by its group, as a terminal and systemd do, leaves the
// process until the server has done.
func TestKeepsOnUntilTheLast(t *testing.T) {
	p := started(t)
	was := pid(t, p)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if err := syscall.Kill(was, s); err != nil {
			t.Fatal(err)
		}
		if pid(t, p) != was {
			t.Fatalf("%s ended it", s)
		}
	}
	if group, err := syscall.Getpgid(was); err != nil || group != was {
		t.Errorf("it is in the group %d, %v", group, err)
	}
}

// A program that is killed leaves no process behind: both have the pipe's other
// end, and it ends when nobody has it.
func TestEndsWithTheProgram(t *testing.T) {
	both, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	program := exec.Command(os.Args[0], "program")
	program.Stderr = theirs
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("there is no process: %v", err)
	}
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(both); err != nil || len(said) > 0 {
		t.Errorf("%s %v", said, err)
	}
	_ = program.Wait()
}

// It gets no environment, as that may hold the keyring, and no file that the
// program has open.
func TestIsGivenNothing(t *testing.T) {
	t.Setenv("NIDAN_KEYRING", "secret")
	ours, err := os.Create(filepath.Join(t.TempDir(), "database"))
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	p := started(t)
	proc := fmt.Sprintf("/proc/%d/", pid(t, p))
	env, err := os.ReadFile(proc + "environ")
	if want := fmt.Sprintf("GOMAXPROCS=%d\x00", p.threads); err != nil || string(env) != want {
		t.Errorf("its environment is %q, %v", env, err)
	}
	open, err := os.ReadDir(proc + "fd")
	if err != nil || len(open) < 3 {
		t.Fatalf("%d files are open, %v", len(open), err)
	}
	for _, f := range open {
		if to, err := os.Readlink(proc + "fd/" + f.Name()); err != nil || to == ours.Name() {
			t.Errorf("%s is %s, %v", f.Name(), to, err)
		}
	}
}

func TestLowerPriority(t *testing.T) {
	p := started(t)
	proc := fmt.Sprintf("/proc/%d/", pid(t, p))
	threads, err := filepath.Glob(proc + "task/*/stat")
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		if got := strings.Fields(rest)[16]; got != strconv.Itoa(niceness) {
			t.Errorf("%s: niceness %s", path, got)
		}
	}
	if name, err := os.ReadFile(proc + "comm"); err != nil || string(name) != "nidan-hash\n" {
		t.Errorf("it is called %q, %v", name, err)
	}
}
