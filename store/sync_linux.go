package store

import (
	"errors"
	"os"
	"syscall"
)

// syncData leaves the file's dates to the kernel: where nothing else of it changed,
// as in a log that is written over, that saves the file system a journal of its own.
func syncData(log *os.File) error {
	raw, err := log.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for {
			if failed = syscall.Fdatasync(int(fd)); failed != syscall.EINTR {
				return
			}
		}
	})
	if failed != nil {
		failed = &os.PathError{Op: "fdatasync", Path: log.Name(), Err: failed}
	}
	return errors.Join(err, failed)
}
