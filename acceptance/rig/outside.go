package rig

import (
	"bufio"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/server"
)

// Outside is a program in a process of its own: one that can be killed, and
// whose memory can be measured. It has the machine's clock.
type Outside struct {
	*Rig
	command func() *exec.Cmd
	process *exec.Cmd
}

// NewOutside starts the program that command makes: "serve" on the folder data
// and a free port of this machine. public is the address that people use, empty
// for the one it listens on.
func NewOutside(t testing.TB, data, public string, command func() *exec.Cmd) *Outside {
	t.Helper()
	o := &Outside{
		Rig: &Rig{
			T: t, Clock: NewClock(time.Now()), Data: data, log: new(buffer), secrets: make(map[string]string),
			config: server.Config{Data: data, PublicURL: public},
		},
		command: command,
	}
	o.Start()
	t.Cleanup(func() {
		o.Kill()
		o.searchForSecrets()
	})
	return o
}

// Both "serve" and "demo" say where they are.
var listening = regexp.MustCompile(`(?: listening on |^  open +http://)(127\.0\.0\.1:\d+)`)

// Start starts the program and returns when it listens.
func (o *Outside) Start() {
	o.T.Helper()
	c := o.command()
	c.Stderr = o.log
	out, err := c.StdoutPipe()
	if err != nil {
		o.T.Fatal(err)
	}
	if err := c.Start(); err != nil {
		o.T.Fatal(err)
	}
	o.process = c
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			o.URL = "http://" + m[1]
			// The rest is read so that it can be written.
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	o.T.Fatalf("the program does not listen: %v\n%s", c.Wait(), o.Log())
}

// Kill ends the program as a power cut would end it (SIGKILL).
func (o *Outside) Kill() {
	if o.process == nil {
		return
	}
	_ = o.process.Process.Signal(syscall.SIGKILL)
	_ = o.process.Wait() // it says that it was killed
	o.process = nil
}

// Pid is the number of its process.
func (o *Outside) Pid() int { return o.process.Process.Pid }
