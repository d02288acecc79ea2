package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/nidan-auth/nidan"
)

// Errors of opening and creating.
var (
	// ErrNoDatabase: there is no file, or a file without Nidan's tables.
	ErrNoDatabase = errors.New("store: there is no Nidan database here")

	// ErrExists: there is a Nidan database already, or what is left of one.
	ErrExists = errors.New("store: there is a Nidan database here already")

	// ErrNewer: a newer program has been at work on this database.
	ErrNewer = errors.New("store: the database is newer than this program")

	// ErrLost: the disk could not keep what was written. This process loads and
	// writes nothing of that file any more. Once every process that has it open has
	// ended, a new one finds what is there.
	ErrLost = errors.New("store: the disk has failed to keep what was written; see to the disk, then start the program again")

	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store: closed")
)

// Options of an engine. The zero value is right for nearly everybody.
type Options struct {
	// Readers is the number of connections that read. Default: two per CPU,
	// at least 4. Loads have half as many of their own.
	Readers int

	// Queue is the number of writing requests that may wait; more are
	// answered [nidan.ErrBusy]. Default: 1024.
	Queue int

	// Sync brings the log to the disk before anybody is answered: its bytes and its
	// length, as SQLite asks for itself. Default: fdatasync where there is one, else
	// [os.File.Sync]. Tests put a disk there that is slow or fails.
	Sync func(log *os.File) error
}

func (o Options) withDefaults() Options {
	if o.Readers <= 0 {
		o.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	if o.Queue <= 0 {
		o.Queue = 1024
	}
	if o.Sync == nil {
		o.Sync = syncData
	}
	return o
}

// SQLite keeps everything in one SQLite file with a write-ahead log. Several
// processes may use the file at once, on one machine and on a local disk;
// each sees what the others have committed.
//
// The process must not open the file by other means while a SQLite is open:
// closing any descriptor of it would drop the locks that keep processes apart
// (POSIX locks belong to the process). A backup is another process's work.
type SQLite struct {
	read   *sql.DB
	load   *readers
	lookup *sql.Stmt
	w      *writer
}

var (
	_ nidan.Store   = (*SQLite)(nil)
	_ nidan.Archive = (*SQLite)(nil)
	_ nidan.Post    = (*SQLite)(nil)
)

// OpenSQLite opens the database in the file at path and brings its tables up
// to date. It never makes one: it fails with [ErrNoDatabase] where there is
// none, so that a mistyped path or a disk that is not mounted is not taken for
// a fresh start, and with [ErrNewer] where this program is too old for it.
func OpenSQLite(ctx context.Context, path string, o Options) (*SQLite, error) {
	return openSQLite(ctx, path, o, func(version int64) error {
		if version == 0 {
			return ErrNoDatabase
		}
		return nil
	})
}

// CreateSQLite makes a database in the file at path and opens it. The file is
// made if there is none, readable for its owner only; an application's own
// SQLite file is taken as it is and set to use a write-ahead log. It fails with
// [ErrExists] where Nidan's tables are there already. A creation that was
// interrupted may be repeated.
func CreateSQLite(ctx context.Context, path string, o Options) (*SQLite, error) {
	if err := makeFile(path); err != nil {
		return nil, err
	}
	return openSQLite(ctx, path, o, func(version int64) error {
		if version != 0 {
			return ErrExists
		}
		return nil
	})
}

// makeFile makes an empty file for a new database, unless there is one. SQLite
// gives its log and index the mode of the file.
func makeFile(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	// A log without its database would be played into the new file.
	for _, suffix := range []string{"-wal", "-journal"} {
		if _, err := os.Lstat(path + suffix); err == nil {
			return fmt.Errorf("%w: %s is left of it; put its database back, or move it away", ErrExists, path+suffix)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// openSQLite opens the file at path if accept is content with the version of
// its tables.
func openSQLite(ctx context.Context, path string, o Options, accept func(version int64) error) (*SQLite, error) {
	o = o.withDefaults()
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	if lost, ok := lostFiles.Load(path); ok {
		return nil, lost.(error)
	}
	if err := prepareFile(ctx, path, accept); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	s := new(SQLite)
	if s.read, err = openDB(path, reading, o.Readers); err != nil {
		return nil, err
	}
	if s.lookup, err = s.read.PrepareContext(ctx, sqlLookup); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), s.read.Close())
	}
	if s.load, err = startReaders(path, sqlLoad, max(1, o.Readers/2)); err != nil {
		return nil, errors.Join(err, s.read.Close())
	}
	if s.w, err = startWriter(path, o); err != nil {
		return nil, errors.Join(err, s.load.close(), s.read.Close())
	}
	return s, nil
}

// realPath returns the absolute path of an existing file: SQLite puts the log
// beside the file itself, not beside a link to it.
func realPath(path string) (string, error) {
	p, err := filepath.Abs(path)
	if err == nil {
		p, err = filepath.EvalSymlinks(p)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w (%s)", ErrNoDatabase, path)
	}
	if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	return p, nil
}

// prepareFile brings the tables up to date and makes sure that a commit will
// be as durable as we say: a file system that cannot do a write-ahead log
// makes SQLite fall back without an error. It also moves a log that was left
// behind into the database, so that the next commit begins it anew: nothing is
// added to a log of which parts may have been lost.
func prepareFile(ctx context.Context, path string, accept func(version int64) error) (err error) {
	db, err := openDB(path, looking, 1)
	if err != nil {
		return err
	}
	version, err := sqliteVersion(ctx, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := accept(version); err != nil {
		return err
	}
	if db, err = openDB(path, writing, 1); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrate(ctx, db, goose.DialectSQLite3, version); err != nil {
		return err
	}
	var mode string
	var sync int
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if mode != "wal" || sync != 2 {
		return fmt.Errorf("store: journal mode %q, synchronous %d: this file system cannot keep a write-ahead log", mode, sync)
	}
	if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// A use of a connection decides how it is set up.
type use int

const (
	looking use = iota // changes nothing, whosever file it is
	reading
	writing
	committing // writing, and the log is brought to the disk by who commits
)

// logLimit is the size to which the log is cut back once it has grown beyond.
const logLimit = 32 << 20

// openDB returns a pool of at most n connections to an existing file.
func openDB(path string, u use, n int) (*sql.DB, error) {
	pragmas := []string{
		"busy_timeout(10000)", // first: the others may have to wait
		"trusted_schema(0)",
	}
	q := url.Values{"mode": {"rw"}, "_dqs": {"0"}, "_defensive": {"1"}}
	switch u {
	case looking, reading:
		pragmas = append(pragmas, "query_only(1)")
	case writing, committing:
		q.Set("_txlock", "immediate")
		synchronous := "synchronous(full)"
		if u == committing {
			synchronous = "synchronous(normal)"
		}
		pragmas = append(pragmas, "journal_mode(wal)", synchronous, "wal_autocheckpoint(0)",
			fmt.Sprintf("journal_size_limit(%d)", logLimit))
	}
	q["_pragma"] = pragmas
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// Close waits for the requests that are queued, writes what was seen last and
// closes the file.
func (s *SQLite) Close() error {
	// The writer's connection goes last: it empties the log.
	return errors.Join(s.load.close(), s.read.Close(), s.w.close())
}

// Lost receives the [ErrLost] after which nothing is loaded or written any more.
func (s *SQLite) Lost() <-chan error { return s.w.broke }

// Stats are counts since the store was opened, for metrics and readiness.
type Stats struct {
	Transactions int64 // COMMITs that returned
	Requests     int64 // requests that were part of them
	Split        int64 // transactions that failed and were run again one by one
	Failed       int64 // requests answered with a failure of the database
	Refused      int64 // requests answered ErrBusy because the queue was full
	Queued       int   // requests waiting now
}

// Stats returns the counts.
func (s *SQLite) Stats() Stats { return s.w.stats() }
