package server

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// A logbook is where the log is written. What is said about requests that went
// as they should is gathered for a moment and written together, as a system call
// for each is a tenth of what a session check costs. What went wrong is written at
// once and takes along what was gathered before it, so that the lines stand in
// their order. Who ends the program in an orderly way flushes it.
type logbook struct {
	to io.Writer

	mu       sync.Mutex
	gathered []byte
}

// Bounds of what is gathered: a program that is killed loses this much of the
// lines about its last requests, and of nothing else.
const (
	gatherFor  = 100 * time.Millisecond
	gatherMost = 32 << 10
)

// gathering is the side of a logbook whose lines may wait.
type gathering struct{ *logbook }

// Write implements [io.Writer].
func (b gathering) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.gathered) == 0 {
		time.AfterFunc(gatherFor, b.flush)
	}
	b.gathered = append(b.gathered, line...)
	if len(b.gathered) >= gatherMost {
		b.write()
	}
	return len(line), nil
}

// Write implements [io.Writer] for lines that do not wait.
func (b *logbook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gathered = append(b.gathered, line...)
	b.write()
	return len(line), nil
}

func (b *logbook) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.gathered) > 0 {
		b.write()
	}
}

func (b *logbook) write() {
	_, _ = b.to.Write(b.gathered) // who cannot log cannot say so either
	b.gathered = b.gathered[:0]
}

// logger writes into b, as JSON or as text.
func (b *logbook) logger(form string) *slog.Logger {
	if form == "json" {
		return slog.New(byUrgency{slog.NewJSONHandler(gathering{b}, nil), slog.NewJSONHandler(b, nil)})
	}
	return slog.New(byUrgency{slog.NewTextHandler(gathering{b}, nil), slog.NewTextHandler(b, nil)})
}

// byUrgency hands warnings and what is worse to the one that writes at once, and
// adds the request's id to whatever is logged on its behalf.
type byUrgency struct{ may, now slog.Handler }

// Enabled implements [slog.Handler].
func (h byUrgency) Enabled(ctx context.Context, level slog.Level) bool {
	return h.now.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h byUrgency) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestID{}).(string); ok {
		r.AddAttrs(slog.String("request", id))
	}
	if r.Level < slog.LevelWarn {
		return h.may.Handle(ctx, r)
	}
	return h.now.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h byUrgency) WithAttrs(a []slog.Attr) slog.Handler {
	return byUrgency{h.may.WithAttrs(a), h.now.WithAttrs(a)}
}

// WithGroup implements [slog.Handler].
func (h byUrgency) WithGroup(name string) slog.Handler {
	return byUrgency{h.may.WithGroup(name), h.now.WithGroup(name)}
}
