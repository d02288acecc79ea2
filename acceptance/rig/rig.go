// Package rig puts the program under test together as its main does, with a
// clock that the test owns, and gives tests the hands of a person: a browser
// that keeps cookies, a phone that shows codes, an operator's command line.
//
// Every secret that passes through it is remembered. When a test ends, the
// database, the log and every page that told of an error are searched for all
// of them (SECURITY Q1, Q4).
package rig

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/server"
	"github.com/nidan-auth/nidan/vault"
)

// A Rig is one running program and what is known of it.
type Rig struct {
	T     testing.TB
	Clock *Clock
	Data  string // its folder
	URL   string // its public address

	config server.Config
	srv    *server.Server
	stop   context.CancelFunc
	done   chan error
	log    *buffer

	mu      sync.Mutex
	secrets map[string]string // value → what it is
	errors  []string          // bodies of pages with a status of 400 and more
	serial  int
}

// An Option changes the settings before the start.
type Option func(*server.Config)

// BehindProxy declares loopback as TLS proxy, so that a test can say where a
// request comes from.
func BehindProxy(c *server.Config) {
	c.TLSProxy = []string{"127.0.0.0/8"}
	c.PublicURL = "https://login.example.com"
}

// DataIn puts the data somewhere else than into a temporary folder.
func DataIn(dir string) Option { return func(c *server.Config) { c.Data = dir } }

// Start is the wall time at which every clock begins.
var Start = time.Date(2026, 11, 22, 9, 0, 10, 0, time.UTC)

// New starts a program on an empty folder.
func New(t testing.TB, options ...Option) *Rig {
	t.Helper()
	r := &Rig{T: t, Clock: NewClock(Start), log: new(buffer), secrets: make(map[string]string)}
	r.config = server.Config{Data: filepath.Join(t.TempDir(), "data"), BrandName: "Example VPN", BrandArea: "My Page", BrandSupport: "https://example.com/help", Log: "json"}
	for _, o := range options {
		o(&r.config)
	}
	r.Data = r.config.Data
	r.start()
	t.Cleanup(func() {
		r.Stop()
		r.searchForSecrets()
	})
	return r
}

func (r *Rig) start() {
	r.T.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.T.Fatal(err)
	}
	c := r.config
	c.Listen = ln.Addr().String()
	r.URL = "http://" + c.Listen
	if c.PublicURL == "" {
		c.PublicURL = r.URL
	}
	ctx, stop := context.WithCancel(context.Background())
	srv, err := server.New(ctx, c, server.Deps{Clock: r.Clock, Log: slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		stop()
		r.T.Fatal(err)
	}
	r.srv, r.stop, r.done = srv, stop, make(chan error, 1)
	go func() { r.done <- srv.Run(ctx, ln) }()
}

// Stop ends the program as an operator would.
func (r *Rig) Stop() {
	if r.stop == nil {
		return
	}
	r.stop()
	if err := <-r.done; err != nil {
		r.T.Errorf("stop: %v", err)
	}
	if err := r.srv.Close(); err != nil {
		r.T.Errorf("close: %v", err)
	}
	r.stop = nil
}

// Restart stops the program and starts it again on the same data. Browsers
// made before go on under the new port.
func (r *Rig) Restart() {
	r.Stop()
	r.start()
}

// Service is the rules behind the pages, for what an operator does.
func (r *Rig) Service() *nidan.Service { return r.srv.Service() }

// Server is the program.
func (r *Rig) Server() *server.Server { return r.srv }

// Database is the file.
func (r *Rig) Database() string { return filepath.Join(r.Data, "nidan.db") }

// Sealer opens what the program sealed, for tests that look into the database.
func (r *Rig) Sealer() *vault.Vault {
	r.T.Helper()
	v, err := vault.Load(filepath.Join(r.Data, "keyring", "keyring.json"))
	if err != nil {
		r.T.Fatal(err)
	}
	return v
}

// Log is what the program has logged so far.
func (r *Rig) Log() string { return r.log.String() }

// Secret remembers a value that must not turn up anywhere, and returns it.
func (r *Rig) Secret(what, value string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(value) >= 12 { // a six-digit code would be found by chance
		r.secrets[value] = what
	}
	return value
}

// erred keeps a page that told of an error. What a person typed as an address or
// as a backup code stays in its own field there, so that a typing error can be
// corrected; it is looked away from.
func (r *Rig) erred(body string) {
	body = keptField.ReplaceAllString(body, "")
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.errors) < 2000 {
		r.errors = append(r.errors, body)
	}
}

var keptField = regexp.MustCompile(`<input [^>]*\bname="(?:login|code)"[^>]* value="[^"<>]*"`)

// searchForSecrets looks for every secret that was issued in everything the
// program has left behind.
func (r *Rig) searchForSecrets() {
	places := map[string][]byte{"the log": []byte(r.log.String()), "a page with an error": []byte(strings.Join(r.errors, "\n"))}
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if b, err := os.ReadFile(r.Database() + suffix); err == nil {
			places["the database"+suffix] = b
		}
	}
	for value, what := range r.secrets {
		for place, b := range places {
			if bytes.Contains(b, []byte(value)) {
				r.T.Errorf("%s stands in %s", what, place)
			}
		}
	}
}

// Name returns an address that nobody has yet.
func (r *Rig) Name() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serial++
	return fmt.Sprintf("person%d@example.com", r.serial)
}

// buffer is a log that can be written and read at once.
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
