package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

// accessLog writes one line per request: method, route pattern, status,
// duration, size and request id. Never the path, the query, a header or a
// cookie: a mailed ticket is the last segment of a path (SECURITY Q4). The
// pattern is the one that the innermost router matched.
func accessLog(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		r = r.WithContext(context.WithValue(r.Context(), requestID{}, rand.Text()[:16]))
		rec := &recorder{ResponseWriter: w}
		defer func() {
			v := recover()
			abort := v == http.ErrAbortHandler
			if v != nil && !abort {
				abort = rec.panicked(r.Context(), log, v)
			}
			took := time.Since(start)
			line := slog.NewRecord(start.Add(took), slog.LevelInfo, "request", 0) // not by a Logger, which looks for its caller
			line.AddAttrs(slog.String("method", methodOf(r)), slog.String("route", routeOf(r)),
				slog.Int("status", rec.code()), slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int64("bytes", rec.bytes))
			if h := log.Handler(); h.Enabled(r.Context(), line.Level) {
				_ = h.Handle(r.Context(), line) // who cannot log cannot say so either
			}
			if abort {
				panic(http.ErrAbortHandler) // drop the connection: what was sent is not the whole answer
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// routeOf is the pattern without what a stranger can choose.
func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// methodOf keeps a stranger's words out of the log.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// A recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements [http.ResponseWriter].
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// panicked logs where a handler failed and answers, if it can still be
// answered; it returns whether not. Of the value only what cannot hold a
// request's content is printed.
func (w *recorder) panicked(ctx context.Context, log *slog.Logger, v any) (begun bool) {
	cause := fmt.Sprintf("%T", v)
	switch v := v.(type) {
	case runtime.Error:
		cause = v.Error()
	case string:
		cause = v
	}
	log.ErrorContext(ctx, "panic", "cause", cause, "stack", string(debug.Stack()))
	if w.status != 0 {
		return true
	}
	http.Error(w, "Internal error.", http.StatusInternalServerError)
	return false
}

// requestID is the key under which a context has the id of its request. With
// cancellation, it is all that a context carries.
type requestID struct{}
