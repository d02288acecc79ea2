// Package apart computes slow hashes in a process of its own.
//
// A hash of a password takes a processor for 20 to 50 ms, and Go's scheduler,
// which knows no priorities, makes everybody's answer wait behind it. The kernel
// knows them: what is computed here has a lower one than the program that asked.
//
// The process is the same program, called again with words by which it knows
// that it is to [Serve]. It is given no environment, reads no file and keeps
// nothing. It ends when the program that began it does, however that ends, and
// is begun again when it is missed.
package apart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/nidan-auth/nidan/password"
)

const (
	// niceness: where there is enough else to do for all processors, a thread that
	// hashes gets a third of what a thread of the program gets. With 10 it would be a
	// tenth, and whoever asks for pages without end kept everybody from logging in.
	niceness = 5

	// patience is how long a hash may take. One takes a thousandth of that, and no
	// more than there are threads are asked for at a time; a process that was stopped
	// would otherwise keep all of them for ever.
	patience = time.Minute

	// grace is how long a process may take to end by itself, which a hash that is
	// being computed delays.
	grace = 200 * time.Millisecond
)

// errClosed: a hash was asked for after Close.
var errClosed = errors.New("the process that hashes passwords was closed")

// A Process computes hashes. It may be used concurrently.
type Process struct {
	program  string
	words    []string
	threads  int
	patience time.Duration
	died     func(why error, how string)

	mu     sync.Mutex
	live   *child // nil: not begun, or it ended
	closed bool
}

// New prepares to call program with words, which has to [Serve] then. The
// process computes as many hashes at a time as the program may use processors
// now ([runtime.GOMAXPROCS]). died is told, one at a time, when a process did not
// answer, and how it ended.
func New(died func(why error, how string), program string, words ...string) *Process {
	return &Process{died: died, program: program, words: words, threads: runtime.GOMAXPROCS(0), patience: patience}
}

// Start begins the process, unless it lives already, and sees that it hashes. Hash
// would do so too: who calls Start wants to know it beforehand.
func (p *Process) Start() error {
	_, err := p.begun()
	return err
}

func (p *Process) begun() (*child, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, errClosed
	case p.live != nil:
		return p.live, nil
	}
	c, err := p.begin()
	if err != nil {
		return nil, fmt.Errorf("begin the process that hashes passwords: %w", err)
	}
	p.live = c
	return c, nil
}

// child is the other process while it lives.
type child struct {
	*rpc.Client
	cmd *exec.Cmd
}

func (p *Process) begin() (*child, error) {
	cmd := exec.Command(p.program, p.words...)
	cmd.Args[0] = os.Args[0] // what lists of processes show
	// Not ours: it may hold the keyring.
	cmd.Env = []string{"GOMAXPROCS=" + strconv.Itoa(p.threads)}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = ownGroup()
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	if err := start(cmd); err != nil {
		return nil, err
	}
	c := &child{rpc.NewClient(pipes{out, in}), cmd}
	hash, err := c.hash(proof, p.patience)
	if err == nil && !bytes.Equal(hash, proof.Hash()) {
		err = errors.New("it does not hash")
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, c.end())
	}
	return c, nil
}

// proof is a small hash by which a process shows that it is one of ours, and may
// do what it has to.
var proof = password.Work{Input: []byte("nidan"), Salt: []byte("sixteen bytes ok"), Passes: 1, Memory: 64, Lanes: 1}

// end ends it, and says how it ended: by itself if it can, as its input does.
func (c *child) end() string {
	_ = c.Close()
	stuck := time.AfterFunc(grace, func() { _ = c.cmd.Process.Kill() })
	defer stuck.Stop()
	_ = c.cmd.Wait()
	return c.cmd.ProcessState.String()
}

// Hash has a hash computed, and waits for it. Where the process has ended, by
// whatever, or does not answer within a minute, another is begun; an error if that
// one ends too, or cannot be begun.
func (p *Process) Hash(w password.Work) ([]byte, error) {
	for again := false; ; again = true {
		c, err := p.begun()
		if err != nil {
			return nil, err
		}
		hash, err := c.hash(w, p.patience)
		if err == nil {
			return hash, nil
		}
		p.bury(c, err)
		if again {
			return nil, fmt.Errorf("the process that hashes passwords has ended: %w", err)
		}
	}
}

var errSilent = errors.New("it does not answer")

func (c *child) hash(w password.Work, within time.Duration) ([]byte, error) {
	var hash []byte
	call := c.Go("Hasher.Hash", w, &hash, make(chan *rpc.Call, 1))
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case <-call.Done:
		return hash, call.Error
	case <-limit.C:
		return nil, errSilent
	}
}

// bury ends a process that left something unanswered. Whoever waits for it too
// is told so, and asks the next.
func (p *Process) bury(c *child, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live == c {
		p.live = nil
		p.died(why, c.end())
	}
}

// Close ends the process. Whoever waits for a hash is told an error. It may be
// called twice.
func (p *Process) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.live != nil {
		p.live.end()
		p.live = nil
	}
}

// Serve is the other side: it computes what is asked for on the standard input
// until that ends. What asks a program to end is said to all its processes at
// once; this one is needed until the last request was answered.
func Serve() error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	named()
	debug.SetGCPercent(50) // what a hash leaves is 19 MiB: another should take its place soon
	in, err := polled(os.Stdin)
	if err != nil {
		return err
	}
	out, err := polled(os.Stdout)
	if err != nil {
		return err
	}
	s := rpc.NewServer()
	if err := s.Register(Hasher{}); err != nil {
		return err
	}
	s.ServeConn(pipes{in, out})
	return nil
}

// Hasher is what package rpc calls.
type Hasher struct{}

// Hash computes one.
func (Hasher) Hash(w password.Work, hash *[]byte) error {
	*hash = w.Hash()
	return nil
}

// pipes is what one process reads from the other, and writes to it.
type pipes struct {
	io.ReadCloser
	io.WriteCloser
}

// Close implements [io.Closer].
func (p pipes) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }
