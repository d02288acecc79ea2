package web

import (
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// place names the functions that a panic came through, nearest first.
func place() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs[:])])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, "nidan") {
			b.WriteString(" at " + filepath.Base(f.File) + ":" + strconv.Itoa(f.Line))
		}
		if !more {
			return b.String()
		}
	}
}
