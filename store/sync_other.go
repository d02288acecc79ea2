//go:build !linux

package store

import "os"

func syncData(log *os.File) error { return log.Sync() }
