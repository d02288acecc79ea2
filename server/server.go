package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/clock"
	"github.com/nidan-auth/nidan/inside"
	"github.com/nidan-auth/nidan/mail"
	"github.com/nidan-auth/nidan/password"
	"github.com/nidan-auth/nidan/password/apart"
	"github.com/nidan-auth/nidan/protocol/api"
	"github.com/nidan-auth/nidan/protocol/forwardauth"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
	"github.com/nidan-auth/nidan/web"
)

// Deps is what only a test may choose; none of it is a setting. What is nil is
// the real thing: the machine's clock, its randomness, a log on stderr.
type Deps struct {
	Clock  nidan.Clock
	Random io.Reader // safe for concurrent use
	Log    *slog.Logger
	Sync   func(*os.File) error // see [store.Options]

	// Program is what to call for the process that hashes passwords, see
	// [apart]: the one that runs, or "", and they are hashed in this process.
	Program string

	flush func() // writes what Log has gathered
}

// Program is the one that runs, for [Deps]; "" where the system does not know.
func Program() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe" // also after another was put in its place
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}

// SystemClock is the machine's time.
func SystemClock() nidan.Clock { return clock.System() }

func (d Deps) fill(form string) Deps {
	if d.Clock == nil {
		d.Clock = SystemClock()
	}
	if d.Random == nil {
		d.Random = nidan.Randomness
	}
	d.flush = func() {}
	if d.Log == nil {
		book := &logbook{to: os.Stderr}
		d.Log, d.flush = book.logger(form), book.flush
	}
	return d
}

// A Server is the program: keyring, database, rules and pages put together.
type Server struct {
	set      *settings
	log      *slog.Logger
	db       *store.SQLite
	vault    *vault.Vault
	svc      *nidan.Service
	desk     *mail.Desk
	post     *mail.Worker // nil: nothing is mailed
	mailbox  *mail.Sink   // of the demo
	visitors visitors
	handler  http.Handler
	table    []Route
	health   health
	inUse    atomic.Bool    // there is an account
	hasher   *apart.Process // nil: passwords are hashed in this process
	close    func() error
}

// New opens the keyring and the database of c, making both where there is
// neither, and puts the program together. It fails if they do not belong
// together, and on any setting that is wrong. The caller has to Close what it
// got.
func New(ctx context.Context, c Config, d Deps) (*Server, error) {
	set, err := c.check()
	if err != nil {
		return nil, err
	}
	return build(ctx, set, d)
}

// build is New for settings that were checked.
func build(ctx context.Context, set *settings, d Deps) (*Server, error) {
	s, err := assemble(ctx, set, d, true)
	if err != nil {
		return nil, err
	}
	if s.handler, err = s.routes(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// assemble is New for settings that were checked, without the pages: what a
// command needs. Without create there has to be a database already.
func assemble(ctx context.Context, set *settings, d Deps, create bool) (s *Server, err error) {
	d = d.fill(set.Log)
	s = &Server{set: set, log: d.Log, visitors: visitors{set.proxies}}
	if s.db, s.vault, err = set.open(ctx, create, store.Options{Sync: d.Sync}); err != nil {
		return nil, err
	}
	made := s // a return of an error takes s away
	s.close = sync.OnceValue(func() error {
		defer d.flush()
		if made.hasher != nil {
			made.hasher.Close()
		}
		return made.db.Close()
	})
	defer func() {
		if err != nil {
			err = errors.Join(err, made.close())
		}
	}()
	options := password.Options{Keys: s.vault, Random: d.Random, Brand: set.BrandName, Length: set.PasswordMin}
	if d.Program != "" {
		s.hasher = apart.New(func(why error, how string) {
			d.Log.Warn("the process that hashes passwords is begun again", "cause", why.Error(), "ended", how)
		}, d.Program, hashPasswords)
		options.Slow = s.hasher.Hash
	}
	first, err := password.New(options)
	if err != nil {
		return nil, err
	}
	s.desk = &mail.Desk{Store: s.db}
	s.svc, err = nidan.New(nidan.Config{
		Store: s.desk, Archive: s.db, Sealer: s.vault, FirstStep: first,
		Clock: d.Clock, Random: d.Random, Methods: inside.Methods(set.mails()), Offered: set.offered(),
		Mails: set.mails(), Open: set.Registration == byAnybody, Prove: set.prove, Issuer: set.BrandName, Log: d.Log,
	})
	if err != nil {
		return nil, err
	}
	if err := s.openPost(d); err != nil {
		return nil, err
	}
	s.health.look = s.svc.CheckClock
	s.health.free = func() (uint64, error) { return freeSpace(set.Data) }
	return s, nil
}

// routes puts the pages, the two health routes and the access log together.
func (s *Server) routes() (http.Handler, error) {
	set := s.set
	pages, err := web.New(web.Config{
		Service: s.svc,
		Brand: web.Brand{
			Name: set.BrandName, Area: set.BrandArea, Support: set.BrandSupport, Home: set.BrandHome,
			Accent: set.BrandAccent, Logo: set.logo,
		},
		Languages: set.Languages,
		Features:  set.features(),
		Public:    set.public,
		From:      s.visitors.from,
		Zone:      set.zone,
		Log:       s.log,
	})
	if err != nil {
		return nil, err
	}
	door, err := api.New(api.Config{
		Service: s.svc, Public: set.public, Address: s.visitors.address, Network: web.Network, Family: web.BrowserFamily, Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	proxied, err := forwardauth.New(forwardauth.Config{Service: s.svc, Public: set.public, Log: s.log})
	if err != nil {
		return nil, err
	}
	if s.table, err = s.declared(pages, door); err != nil {
		return nil, err
	}
	// No ServeMux: it answers a path that is written in another way with a
	// redirect built from the request (law 15). The pages have their own.
	ours := s.own()
	route := func(w http.ResponseWriter, r *http.Request) {
		i := slices.IndexFunc(ours, func(o own) bool { return o.path == r.URL.Path })
		switch {
		case i >= 0:
			r.Pattern = ours[i].path
			ours[i].do(w, r)
		case strings.HasPrefix(r.URL.Path, "/api/"):
			s.overTLS(door, w, r)
		case forwardauth.Serves(r.URL.Path):
			s.overTLS(proxied, w, r)
		default:
			s.overTLS(pages, w, r)
		}
	}
	return accessLog(s.log, http.HandlerFunc(route)), nil
}

// overTLS refuses requests that crossed the network in clear text: where we
// listen beyond this machine, only a declared proxy may bring a password.
func (s *Server) overTLS(pages http.Handler, w http.ResponseWriter, r *http.Request) {
	if !s.visitors.admitted(r) {
		plainText(w, http.StatusMisdirectedRequest, "This port answers the declared TLS proxies only. Use "+s.set.public.String()+"\n")
		return
	}
	pages.ServeHTTP(w, r)
}

// Handler answers every route of the program.
func (s *Server) Handler() http.Handler { return s.handler }

// Service is the rules behind the pages.
func (s *Server) Service() *nidan.Service { return s.svc }

// Limits of the HTTP server. A person behind a slow line sends a form within
// seconds; whoever takes longer holds a connection and nothing else.
const (
	readHeaderWithin = 5 * time.Second
	readWithin       = 10 * time.Second
	writeWithin      = 30 * time.Second // a password may wait for its hash
	idleFor          = 60 * time.Second
	maxHeader        = 32 << 10 // three tickets of 3,500 bytes are cookies at once, at the most

	stopWithin = 10 * time.Second
	tidyEvery  = time.Hour // messages that expired, wrong tries that nobody repeated
)

// Run serves ln until ctx is done, and closes it. Then it stops accepting,
// finishes the requests it has within ten seconds, and returns; Close is still
// the caller's. It refuses a listener beyond loopback unless an https address
// and a TLS proxy are declared (ErrExposed). It ends by itself when the disk has
// failed to keep something ([store.ErrLost]).
func (s *Server) Run(ctx context.Context, ln net.Listener) error {
	if err := s.set.mayListen(ln.Addr()); err != nil {
		return errors.Join(err, ln.Close())
	}
	hs := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: readHeaderWithin,
		ReadTimeout:       readWithin,
		WriteTimeout:      writeWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	// The background ends before Run does, so that Close finds nobody at work.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { s.background(background) })
	work.Go(func() { s.send(background) })
	defer work.Wait()
	defer stop()

	s.log.Info("serving", "listen", ln.Addr().String(), "public", s.set.public.String(), "version", version())
	served := make(chan error, 1)
	go func() { served <- hs.Serve(ln) }()
	var lost error
	select {
	case err := <-served:
		return fmt.Errorf("listen on %s: %w", ln.Addr(), err)
	case lost = <-s.db.Lost():
	case <-ctx.Done():
	}
	s.log.Info("stopping", "within", stopWithin.String())
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := hs.Shutdown(bound); err != nil {
		return errors.Join(lost, fmt.Errorf("requests were still being answered after %s: %w", stopWithin, err), hs.Close())
	}
	return lost
}

// background is what goes on without a request.
func (s *Server) background(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	tidy := time.NewTicker(tidyEvery)
	defer tidy.Stop()
	was := ""
	for {
		// Said once when it changes: the log is read by people.
		reasons := s.health.reasons(ctx)
		now := strings.Join(slices.Sorted(maps.Keys(reasons)), " ")
		switch {
		case now == was:
		case now == "":
			s.log.Info("ready again")
		default:
			for word, why := range reasons {
				s.log.Warn("not ready", "reason", word, "cause", why)
			}
		}
		was = now
		select {
		case <-tick.C:
		case <-tidy.C:
			if err := s.svc.Tidy(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("tidying failed", "cause", err.Error())
			}
		case <-ctx.Done():
			return
		}
	}
}

// Close writes what is outstanding and closes the database. It may be called
// twice.
func (s *Server) Close() error { return s.close() }
