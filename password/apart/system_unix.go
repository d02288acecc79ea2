//go:build unix

package apart

import (
	"fmt"
	"os"
	"syscall"
)

// ownGroup keeps the terminal's signals away.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

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
