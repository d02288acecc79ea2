package inside

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/clock"
	"github.com/nidan-auth/nidan/mail"
	"github.com/nidan-auth/nidan/password"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
	"github.com/nidan-auth/nidan/web"
)

// Config is what an application says of itself. Database, Keyring, ID, Name,
// Public, LogIn and Host are required.
type Config struct {
	// Database is an SQLite file, which may be the application's own. It is made
	// if there is none, and the tables with it. An application that opens it too
	// has to do so with modernc.org/sqlite: another SQLite in the same process
	// would drop the locks that keep the two apart.
	Database string

	// Keyring is the file with the keys to it: in a folder of its own, on a backup
	// of its own, never beside the database's. It is made on the first start.
	Keyring string

	ID   string // of the application as a relying party: a–z, 0–9 and hyphen, for ever the same
	Name string // as its people know it: stands in their authenticator apps, on pages and in mails

	Public string         // where browsers reach the application: https://HOST; links in mails are built on it
	Base   string         // the path that the pages stand under; empty: /two-step
	LogIn  string         // the path of the application's log-in
	Home   string         // … and of where leaving the settings leads to; empty: LogIn
	Host   web.Host       // begins the application's sessions
	Least  nidan.Level    // what a log-in has to be worth; zero: the password, where nothing else is turned on
	Brand  web.Brand      // of the pages; its Name is Name
	Zone   *time.Location // of the times shown; nil: UTC

	// Address says who sent a request; nil: the other end of the connection.
	// Behind a proxy it reads what that proxy sets, and nothing that a browser
	// could write.
	Address func(*http.Request) netip.Addr

	// Mail hands mails over, for example [mail.NewSMTP]; nil: none are sent, and
	// what needs one (codes by mail, recovery, notices) is not offered.
	Mail mail.Transport

	Log *slog.Logger // nil: silence

	// For tests; nil: the machine's.
	Clock  nidan.Clock
	Random io.Reader
	Sync   func(*os.File) error // see [store.Options]
}

// App is Nidan inside an application. Its methods of [web.Pages] answer requests.
type App struct {
	*web.Pages
	svc  *nidan.Service
	as   *nidan.Caller
	db   *store.SQLite
	post *mail.Worker // nil: nothing is mailed
	base string
	log  *slog.Logger
	shut func() error // once
}

// Open opens the database and the keyring, making both where there is neither,
// and puts the rest together. It fails where they do not belong together, and for
// what Config says wrongly. Until Close, which the caller owes, it sends mails,
// watches the clock and tidies.
func Open(ctx context.Context, c Config) (*App, error) {
	c.Public = strings.TrimSuffix(c.Public, "/")
	public, err := url.Parse(c.Public)
	switch {
	case err != nil || public.Host == "" || public.Path != "" || public.Scheme != "https" && public.Scheme != "http":
		return nil, fmt.Errorf("inside: Public is %q, and has to be https:// and a host", c.Public)
	case public.Scheme == "http" && !isLocal(public.Hostname()):
		return nil, fmt.Errorf("inside: Public is %q: beyond this machine it has to be https, or browsers do not take the cookies", c.Public)
	case c.Database == "" || c.Keyring == "" || c.ID == "" || c.Name == "":
		return nil, errors.New("inside: Database, Keyring, ID and Name are required")
	case c.Host == nil || c.LogIn == "":
		return nil, errors.New("inside: Host and LogIn are required: who begins the application's sessions, and the path of its log-in")
	}
	c.Base = cmp.Or(c.Base, "/two-step")
	if c.Brand.Name = c.Name; c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Random == nil {
		c.Random = nidan.Randomness
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Address == nil {
		c.Address = web.Peer
	}
	a := &App{base: c.Base, log: c.Log}
	if a.db, err = openStore(ctx, c.Database, c.Keyring, store.Options{Sync: c.Sync}); err != nil {
		return nil, err
	}
	if err := a.assemble(ctx, c, public); err != nil {
		return nil, errors.Join(err, a.db.Close())
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { a.watch(background) })
	if a.post != nil {
		work.Go(func() { a.send(background) })
	}
	a.shut = sync.OnceValue(func() error {
		stop()
		work.Wait()
		return a.db.Close()
	})
	return a, nil
}

// isLocal reports whether browsers take a host for this machine.
func isLocal(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// openStore opens the database, or makes it: unless there is a keyring that was
// in use, whose database is missing then.
func openStore(ctx context.Context, path, keyring string, o store.Options) (*store.SQLite, error) {
	db, err := store.OpenSQLite(ctx, path, o)
	if !errors.Is(err, store.ErrNoDatabase) {
		return db, err
	}
	switch v, err := vault.Load(keyring); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case v.Used():
		return nil, fmt.Errorf("%w: the keyring %q has been in use, but %q has no tables of Nidan's; restore the database from its backup", vault.ErrNoDatabase, keyring, path)
	}
	db, err = store.CreateSQLite(ctx, path, o)
	if errors.Is(err, store.ErrExists) {
		return store.OpenSQLite(ctx, path, o) // another process was faster
	}
	return db, err
}

func (a *App) assemble(ctx context.Context, c Config, public *url.URL) error {
	keys, err := vault.Start(ctx, c.Keyring, store.Shelf{SQLite: a.db})
	if err != nil {
		return err
	}
	first, err := password.New(password.Options{Keys: keys, Random: c.Random, Brand: c.Name}) // no password of ours: it hashes backup codes
	if err != nil {
		return err
	}
	desk := &mail.Desk{Store: a.db}
	features := []web.Feature{web.FeatureReplace, web.FeatureRemember}
	if c.Mail != nil {
		features = append(features, web.FeatureMail, web.FeatureMailCode, web.FeatureRecovery, web.FeatureNotMe)
	}
	a.svc, err = nidan.New(nidan.Config{
		Store: desk, Archive: a.db, Sealer: keys, FirstStep: first, Clock: c.Clock, Random: c.Random,
		Methods: Methods(c.Mail != nil), Mails: c.Mail != nil, Prove: nidan.ProveUnproven, Issuer: c.Name, Log: c.Log,
	})
	if err != nil {
		return err
	}
	if a.as, err = a.svc.Inside(ctx, nidan.Party{ID: c.ID, Name: c.Name}); err != nil {
		return err
	}
	a.Pages, err = web.New(web.Config{
		Service: a.svc, Brand: c.Brand, Public: public, Base: c.Base, Features: features, Zone: c.Zone, Log: c.Log,
		Mount: &web.Mount{As: a.as, Host: c.Host, LogIn: c.LogIn, Home: c.Home, Least: c.Least},
		From:  func(r *http.Request) nidan.From { return web.From(c.Address(r), r) },
	})
	if err != nil || c.Mail == nil {
		return err
	}
	composer, err := mail.NewComposer(mail.Letterhead{Brand: c.Name, PublicURL: c.Public + c.Base, Support: c.Brand.Support, Zone: c.Zone})
	if err != nil {
		return err
	}
	a.post = mail.NewWorker(mail.WorkerConfig{
		Post: a.db, Suspended: a.svc.Suspended, Message: a.svc.Message, Delivered: a.svc.Delivered,
		Composer: composer, Transport: c.Mail, Clock: c.Clock, Random: c.Random, Log: c.Log,
	})
	desk.Nudge = a.post.Nudge
	return nil
}

// Base is the path that the pages stand under.
func (a *App) Base() string { return a.base }

// Service is the rules behind the pages: for the application's own operator, who
// shows accounts, reads trails, takes up frozen accounts and confirms the time.
func (a *App) Service() *nidan.Service { return a.svc }

// How often is looked at what comes due by itself.
const (
	lookEvery = 10 * time.Second // at the clock, also while nobody logs in
	postEvery = time.Second      // at the queue; what a request queues is sent at once
	tidyEvery = time.Hour
)

// send works until ctx ends.
func (a *App) send(ctx context.Context) {
	tick := time.NewTicker(postEvery)
	defer tick.Stop()
	a.post.Run(ctx, tick.C)
}

// watch looks at the clock, and tidies, until ctx ends.
func (a *App) watch(ctx context.Context) {
	look, tidy := time.NewTicker(lookEvery), time.NewTicker(tidyEvery)
	defer look.Stop()
	defer tidy.Stop()
	was := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			doubt, err := a.svc.CheckClock(ctx)
			switch {
			case err != nil && ctx.Err() == nil:
				a.log.Error("nidan: the clock cannot be checked", "cause", err.Error())
			case doubt && !was:
				a.log.Error("nidan: wall time and elapsed time have parted, and no second step is taken: see that the time is right, then call Service().ConfirmClock")
			}
			was = doubt
		case <-tidy.C:
			if err := a.svc.Tidy(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("nidan: tidying failed", "cause", err.Error())
			}
		}
	}
}

// Close ends the work in the background, with the mails that are on their way,
// and closes the database. It may be called twice.
func (a *App) Close() error { return a.shut() }

// Lost receives an error when the disk has failed to keep what was written. From
// then on nothing is answered; end the process and see to the disk.
func (a *App) Lost() <-chan error { return a.db.Lost() }
