package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// writes remembers each system call that a file would have had.
type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(p))
	return len(p), nil
}

// taken is what was written since it was last asked for, without times.
func (w *writes) taken() (got []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range w.all {
		words := ""
		for line := range strings.Lines(text) {
			_, word, _ := strings.Cut(line, "msg=")
			words += strings.TrimSpace(word) + " "
		}
		got = append(got, strings.TrimSpace(words))
	}
	w.all = nil
	return got
}

// Lines that may wait are written together; one that says what went wrong is
// written at once, and stands behind what happened before it.
func TestLogbook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(writes)
		book := &logbook{to: out}
		log := book.logger("text")
		says := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			if got := out.taken(); strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		log.Info("one")
		log.Info("two")
		says("while it waits")
		log.Warn("three")
		says("what went wrong", "one two three")
		log.With(slog.String("a", "b")).WithGroup("c").Error("four", "d", 1)
		says("with attributes", "four a=b c.d=1")
		time.Sleep(gatherFor) // of the bubble's clock, as all of these
		says("where nothing is gathered")
		log.Info("five")
		log.Info("six")
		time.Sleep(gatherFor - 1)
		says("a moment before")
		time.Sleep(time.Nanosecond)
		says("in time", "five six")
		log.Info("seven")
		book.flush()
		book.flush()
		says("flushed", "seven")
	})
}

// However much comes at once, what is gathered stays small and no line is torn,
// lost or written twice.
func TestLogbookIsBounded(t *testing.T) {
	out := new(writes)
	book := &logbook{to: out}
	log := book.logger("json")
	const each, sides = 500, 8
	var all sync.WaitGroup
	for side := range sides {
		all.Go(func() {
			for i := range each {
				if side == 0 && i%250 == 249 {
					log.Warn(strconv.Itoa(side*each + i))
					continue
				}
				log.Info(strconv.Itoa(side*each + i))
			}
		})
	}
	all.Wait()
	book.flush()
	seen := make(map[string]bool)
	for _, text := range out.all {
		if len(text) > gatherMost+1<<10 {
			t.Errorf("%d bytes were gathered", len(text))
		}
		for line := range bytes.Lines([]byte(text)) {
			var said struct{ Msg string }
			if err := json.Unmarshal(line, &said); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			if seen[said.Msg] {
				t.Errorf("%s stands there twice", said.Msg)
			}
			seen[said.Msg] = true
		}
	}
	if len(seen) != each*sides || len(out.all) > each*sides/10 {
		t.Errorf("%d lines of %d, in %d writes", len(seen), each*sides, len(out.all))
	}
}
