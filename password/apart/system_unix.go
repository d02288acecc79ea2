//go:build unix

package apart

import (
	"fmt"
	"os"
	"syscall"
)

// niceness: where both have enough to do, a thread that hashes gets a tenth of
// what a thread of the program gets.
const niceness = 10

// ownGroup keeps the terminal's signals away, and makes a group to lower.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// lower gives the group of a process the lower priority, which on Linux means
// all threads that it has, and those that they begin. Where that is not allowed
// it hashes all the same.
func lower(pid int) { _ = syscall.Setpriority(syscall.PRIO_PGRP, pid, niceness) }

// named gives the process a name of its own, which it would have of the path by
// which it was called. Linux has that file; nothing depends on it.
func named() { _ = os.WriteFile("/proc/self/comm", []byte("nidan-hash"), 0) }

// polled is f as the runtime's poller waits for it. A read that blocks keeps its
// thread's share of the scheduler for up to 10 ms, and whatever hash was begun
// just before waits so long.
func polled(f *os.File) (*os.File, error) {
	fd := f.Fd()
	if err := syscall.SetNonblock(int(fd), true); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return os.NewFile(fd, f.Name()), nil
}
