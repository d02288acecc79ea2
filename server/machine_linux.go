package server

import "golang.org/x/sys/unix"

// freeSpace returns how many bytes may still be written to a folder's file
// system.
func freeSpace(dir string) (uint64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}

// synchronised reports what the kernel says about whether something keeps its
// time right; an error where it may not be asked.
func synchronised() (bool, error) {
	state, err := unix.Adjtimex(&unix.Timex{}) // no mode set: reading only
	return state != unix.TIME_ERROR, err
}
