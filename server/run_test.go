package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// Where it listens beyond this machine, TLS has to be in front (SECURITY R5).
func TestListenBeyondLoopback(t *testing.T) {
	for _, x := range []struct {
		name string
		c    Config
		says string // empty: may listen
	}{
		{"this machine", Config{}, ""},
		{"this machine, IPv6", Config{Listen: "[::1]:0"}, ""},
		{"this machine, by name", Config{Listen: "localhost:0"}, ""},
		{"every address", Config{Listen: "0.0.0.0:0"}, "--public-url"},
		{"every address, unwritten", Config{Listen: ":0"}, "--public-url"},
		{"every address, IPv6", Config{Listen: "[::]:0"}, "--public-url"},
		{"https only", Config{Listen: "0.0.0.0:0", PublicURL: "https://example.com"}, "--tls-proxy"},
		{"proxy only", Config{Listen: "0.0.0.0:0", TLSProxy: []string{"10.0.0.1"}}, "--public-url"},
		{"http and a proxy", Config{Listen: "0.0.0.0:0", PublicURL: "http://127.0.0.1", TLSProxy: []string{"10.0.0.1"}}, "--public-url"},
		{"both", Config{Listen: "0.0.0.0:0", PublicURL: "https://example.com", TLSProxy: []string{"10.0.0.1"}}, ""},
	} {
		set, err := x.c.check()
		must(t, err)
		if x.c.Listen == "" {
			set.Listen = "127.0.0.1:0"
		}
		ln, err := set.listen()
		if ln != nil {
			_ = ln.Close()
		}
		switch {
		case x.says == "" && err != nil:
			if strings.Contains(x.name, "IPv6") && !errors.Is(err, ErrExposed) {
				t.Logf("%s: this machine has no IPv6: %v", x.name, err)
				continue
			}
			t.Errorf("%s: %v", x.name, err)
		case x.says != "" && (!errors.Is(err, ErrExposed) || !strings.Contains(err.Error(), x.says)):
			t.Errorf("%s: got %v, want a refusal that says %s", x.name, err, x.says)
		}
	}
}

// Run refuses too: a program that embeds the server brings its own listener.
func TestRunRefusesAnExposedListener(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir()})
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	must(t, err)
	if err := s.Run(t.Context(), ln); !errors.Is(err, ErrExposed) {
		t.Errorf("got %v", err)
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is still open: %v", err)
	}
}

// Beyond this machine only a declared proxy may bring a page's request.
func TestClearTextIsRefused(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir(), PublicURL: "https://login.example.com", TLSProxy: []string{"10.0.0.0/24"}})
	for _, x := range []struct {
		peer, path string
		want       int
	}{
		{"10.0.0.9:1", "/login", http.StatusOK},
		{here, "/login", http.StatusOK},
		{stranger, "/login", http.StatusMisdirectedRequest},
		{stranger, "/healthz", http.StatusOK},
		{stranger, "/readyz", http.StatusOK},
	} {
		if w := get(t, s, x.peer, x.path, "X-Forwarded-For", "127.0.0.1"); w.Code != x.want {
			t.Errorf("%s from %s: %d, want %d", x.path, x.peer, w.Code, x.want)
		}
	}
}

// A listener that says when a connection came in.
func listenHere(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	return ln
}

// A stop finishes what was begun and accepts nothing more.
func TestGracefulStop(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir(), PublicURL: "http://127.0.0.1:8080"})
	begun, finish := make(chan struct{}), make(chan struct{})
	inner := s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-finish
		}
		inner.ServeHTTP(w, r)
	})
	ln := listenHere(t)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, ln) }()

	answered := make(chan int, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String() + "/slow")
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		answered <- resp.StatusCode
	}()
	<-begun
	stop()
	waitFor(t, "the listener to close", func() bool {
		c, err := net.DialTimeout("tcp", ln.Addr().String(), time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	select {
	case err := <-ran:
		t.Fatalf("it returned while a request was being answered: %v", err)
	default:
	}
	close(finish)
	if code := <-answered; code == 0 {
		t.Error("the request that had begun was not answered")
	}
	if err := <-ran; err != nil {
		t.Error(err)
	}
	shut(t, s)
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// A line of the log has the route and never the path: a mailed ticket is its
// last segment (SECURITY Q4).
func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	book := &logbook{to: &log}
	s, err := New(t.Context(), Config{Data: t.TempDir()}, Deps{Log: book.logger("json")})
	must(t, err)
	defer s.Close()
	for _, path := range []string{"/invite/nt_swordfish", "/nowhere/swordfish?q=swordfish", "/login?name=swordfish", "/healthz"} {
		get(t, s, here, path, "Cookie", "a=swordfish", "User-Agent", "swordfish")
	}
	r := httptest.NewRequest("SWORDFISH", "/login", nil)
	r.Host = s.set.public.Host
	s.Handler().ServeHTTP(httptest.NewRecorder(), r)

	book.flush()
	text := log.String()
	if strings.Contains(strings.ToLower(text), "swordfish") {
		t.Errorf("the log holds what a request said:\n%s", text)
	}
	for _, want := range []string{`"route":"GET /invite/{ticket}"`, `"route":"GET /login"`, `"route":"/healthz"`, `"method":"other"`, `"status":404`, `"request":"`, `"ms":`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n"); n != 5 {
		t.Errorf("%d lines for 5 requests", n)
	}
	var warnings bytes.Buffer
	quiet := slog.New(slog.NewTextHandler(&warnings, &slog.HandlerOptions{Level: slog.LevelWarn}))
	accessLog(quiet, http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	if warnings.Len() > 0 {
		t.Errorf("whoever wants warnings only gets %s", &warnings)
	}
}

func TestPanicIsAnswered(t *testing.T) {
	var log bytes.Buffer
	for _, x := range []struct {
		name  string
		value any
		logs  string
	}{
		{"of ours", "server: unreachable", "server: unreachable"},
		{"of the runtime", nil, "index out of range"},
		{"that may hold a request's content", errors.New("swordfish"), "*errors.errorString"},
	} {
		log.Reset()
		h := accessLog(slog.New(slog.NewTextHandler(&log, nil)), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if x.value == nil {
				var none []int
				_ = none[len(none)]
			}
			panic(x.value)
		}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != http.StatusInternalServerError || !strings.Contains(log.String(), x.logs) || strings.Contains(log.String(), "swordfish") {
			t.Errorf("%s: %d, %s", x.name, w.Code, log.String())
		}
	}
}

// Half an answer must not look like a whole one.
func TestPanicBehindTheFirstByte(t *testing.T) {
	h := accessLog(slog.New(slog.DiscardHandler), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("then")
	}))
	srv := httptest.NewServer(h)
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
	}
	if err == nil {
		t.Error("the connection was not dropped")
	}
}

// Healthy after a start: a generous bound, the figure is measured elsewhere.
func TestServeAndStop(t *testing.T) {
	bare(t)
	for _, command := range []string{"serve", "demo"} {
		t.Run(command, func(t *testing.T) {
			out := new(buffer)
			ctx, stop := context.WithCancel(t.Context())
			code := make(chan int, 1)
			dir := t.TempDir()
			go func() {
				code <- Main(ctx, Invocation{
					Args:   []string{"nidan", command, "--listen=127.0.0.1:0", "--data", dir},
					Stdout: out, Stderr: io.Discard, Deps: quiet(),
				})
			}()
			at := ""
			waitFor(t, "an address", func() bool {
				at = wordAfter(out.String(), "http://127.0.0.1:")
				return at != ""
			})
			waitFor(t, "its health", func() bool {
				resp, err := http.Get("http://127.0.0.1:" + at + "/healthz")
				if err == nil {
					_ = resp.Body.Close()
				}
				return err == nil && resp.StatusCode == http.StatusOK
			})
			// The pages answer under the address that was printed.
			resp, err := http.Get("http://127.0.0.1:" + at + "/login")
			must(t, err)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("the log-in page: %s", resp.Status)
			}
			stop()
			if got := <-code; got != exitOK {
				t.Errorf("exit %d: %s", got, out)
			}
		})
	}
}

// A server that cannot have its passwords hashed does not start: not where nothing
// can be called, nor where something else is.
func TestCannotHash(t *testing.T) {
	bare(t)
	for program, why := range map[string]string{filepath.Join(t.TempDir(), "none"): "no such file", "/bin/true": "exit status"} {
		var out, problems bytes.Buffer
		d := quiet()
		d.Program = program
		dir := t.TempDir()
		code := Main(t.Context(), Invocation{Args: []string{"nidan", "serve", "--listen=127.0.0.1:0", "--data", dir}, Stdout: &out, Stderr: &problems, Deps: d})
		if code != exitFailed || !strings.Contains(problems.String(), "hashes passwords") || !strings.Contains(problems.String(), why) || strings.Contains(out.String(), "listening") {
			t.Errorf("%s: exit %d: %s%s", program, code, out.String(), problems.String())
		}
		shut(t, opened(t, Config{Data: dir}))
	}
}

// What fails while the program is put together is said, and the database closed.
func TestNoRandomness(t *testing.T) {
	c := started(t)
	d := quiet()
	d.Random = strings.NewReader("")
	if _, err := New(t.Context(), c, d); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
	shut(t, opened(t, c))
}

// wordAfter returns the digits after a mark.
func wordAfter(text, mark string) string {
	_, rest, ok := strings.Cut(text, mark)
	if !ok {
		return ""
	}
	if i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); i > 0 {
		return rest[:i]
	}
	return ""
}

// A buffer may be written and read at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// When the disk has failed to keep something the program ends and says so: a new
// one reads what is there.
func TestEndsWhenTheDiskFails(t *testing.T) {
	broken := errors.New("input/output error")
	var failing atomic.Bool
	s, err := New(t.Context(), Config{Data: t.TempDir()}, Deps{Log: slog.New(slog.DiscardHandler), Sync: func(log *os.File) error {
		if failing.Load() {
			return broken
		}
		return log.Sync()
	}})
	must(t, err)
	ran := make(chan error, 1)
	go func() { ran <- s.Run(t.Context(), listenHere(t)) }()
	_, _, err = s.Service().PrintLink(t.Context(), nidan.TicketInvite, "ann@example.com", "on trial")
	must(t, err)
	failing.Store(true)
	if _, _, err := s.Service().PrintLink(t.Context(), nidan.TicketInvite, "bob@example.com", "on trial"); !errors.Is(err, store.ErrLost) {
		t.Errorf("what was not kept is answered with %v", err)
	}
	if err := <-ran; !errors.Is(err, store.ErrLost) || !errors.Is(err, broken) {
		t.Errorf("it ended with %v", err)
	}
	if err := s.Close(); !errors.Is(err, store.ErrLost) {
		t.Errorf("Close = %v", err)
	}
}
