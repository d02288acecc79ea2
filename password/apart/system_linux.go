package apart

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// start begins a process of the lower priority. On Linux that belongs to a thread,
// and the process has it from the one that began it, before its first instruction.
// The thread ends with the goroutine, as it could not be raised again. Where none
// may be lowered the process hashes all the same.
func start(cmd *exec.Cmd) error {
	begun := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness)
		begun <- cmd.Start()
	}()
	return <-begun
}

// named gives the process a name of its own, which it would have of the path by
// which it was called; nothing depends on it.
func named() { _ = os.WriteFile("/proc/self/comm", []byte("nidan-hash"), 0) }
