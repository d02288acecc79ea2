//go:build !linux

package server

import "errors"

// errNotHere: this system is not asked.
var errNotHere = errors.New("not known on this system")

func freeSpace(string) (uint64, error) { return 0, errNotHere }

func synchronised() (bool, error) { return false, errNotHere }
