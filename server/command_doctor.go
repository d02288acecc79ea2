package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/vault"
)

type doctorCommand struct {
	ClockOK bool   `name:"clock-ok" and:"clock" help:"Confirm that the machine's time is right, after it was moved."`
	Reason  reason `and:"clock" placeholder:"TEXT" help:"Why you are sure; kept in the audit trail."`
}

// Run prints one line per thing looked at and fails if one of them is broken.
func (c doctorCommand) Run(r *run) error {
	if c.ClockOK {
		return r.operate(func(s *Server) error {
			if err := s.svc.ConfirmClock(r.ctx, string(c.Reason)); err != nil {
				return err
			}
			r.printf("Confirmed. A running server goes on within %s.\n", lookEvery)
			return nil
		})
	}
	d := &doctor{r: r}
	d.examine(r.ctx)
	if d.failed {
		return errFound
	}
	return nil
}

// A doctor looks at an instance from outside and changes nothing.
type doctor struct {
	r      *run
	failed bool
}

func (d *doctor) ok(what string)       { d.r.printf("ok   — %s\n", what) }
func (d *doctor) warn(what, do string) { d.r.printf("warn — %s — %s\n", what, do) }
func (d *doctor) fail(what, do string) { d.failed = true; d.r.printf("fail — %s — %s\n", what, do) }

func (d *doctor) examine(ctx context.Context) {
	set, err := d.r.settings()
	if err != nil {
		for _, problem := range split(err) {
			d.fail("setting "+problem.Error(), "correct it; 'nidan config' shows where it comes from")
		}
		return // without settings there is nothing to look at
	}
	d.settings(set)
	d.permissions(set)
	d.space(set)
	s, err := assemble(ctx, set, d.r.deps, false)
	if err != nil {
		d.fail("keyring and database: "+err.Error(), "nothing starts until this is right")
		return
	}
	defer func() { _ = s.Close() }() // only looked at
	d.ok(fmt.Sprintf("keyring and database belong together: store %s, generation %d", s.vault.StoreID(), s.vault.Generation()))
	d.database(ctx, s)
	d.clock(ctx, s)
	d.outbox(ctx, s)
	d.running(ctx, s)
	for _, m := range s.Missing(ctx) {
		d.warn(m.What+": "+m.Why, m.Command)
	}
}

// split takes joined errors apart.
func split(err error) []error {
	if e, ok := err.(settingsError); ok {
		err = e.error
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return j.Unwrap()
	}
	return []error{err}
}

func (d *doctor) settings(set *settings) {
	if set.PasswordMin < defaultPasswordMin {
		d.warn(fmt.Sprintf("passwords of %d characters are accepted", set.PasswordMin),
			fmt.Sprintf("--password-min %d: where a password can be the only step, shorter ones fall to guessing at a stolen database (NIST SP 800-63B-4 §3.1.1.2)", defaultPasswordMin))
	} else {
		d.ok(fmt.Sprintf("settings: new passwords have at least %d characters", set.PasswordMin))
	}
	for _, stray := range strayVariables(settingFlags(d.r.line.Model)) {
		d.warn("variable "+stray, "rename or remove it")
	}
}

// permissions looks at what others on the machine could read. The keyring's
// own are a reason not to start; assemble says so.
func (d *doctor) permissions(set *settings) {
	for _, path := range []string{set.Data, set.database()} {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			d.fail(fmt.Sprintf("there is no %q", absolute(path)), "name the folder with --data, or start 'nidan serve' there first")
			return
		case err != nil:
			d.fail(err.Error(), "run this as the user that the server runs as")
			return
		case info.Mode().Perm()&0o077 != 0:
			d.warn(fmt.Sprintf("%q has mode %04o: others on this machine can read addresses and copy the database", absolute(path), info.Mode().Perm()),
				"chmod go= "+quote(absolute(path)))
		}
	}
	if set.KeyringFile == "" && set.Keyring.Empty() {
		d.keyring(set)
	}
}

func (d *doctor) keyring(set *settings) {
	_, err := vault.Load(set.keyring())
	switch {
	case err == nil:
		d.ok("keyring is private: " + absolute(set.keyring()))
	case errors.Is(err, fs.ErrNotExist): // told with the database
	default:
		d.fail(err.Error(), "nothing starts until this is right")
	}
}

// How much space there has to be. A commit that does not fit accepts nothing.
const (
	leastSpace  = 64 << 20
	littleSpace = 1 << 30
)

func (d *doctor) space(set *settings) {
	dir := set.Data
	if p, err := filepath.EvalSymlinks(dir); err == nil {
		dir = p
	}
	free, err := freeSpace(dir)
	what := fmt.Sprintf("disk: %d MiB free in %q", free>>20, absolute(set.Data))
	switch {
	case err != nil:
		d.warn("disk: "+err.Error(), "look at the free space yourself")
	case free < leastSpace:
		d.fail(what, "make room: nobody can log in once it is full")
	case free < littleSpace:
		d.warn(what, "make room")
	default:
		d.ok(what)
	}
}

func (d *doctor) database(ctx context.Context, s *Server) {
	if err := s.db.Check(ctx); err != nil {
		d.fail("database: "+err.Error(), "stop the server and restore the database from its backup")
		return
	}
	d.ok("database is sound; 'nidan audit verify' reads all of it")
}

// clock compares this process's time with what is written down already. Times
// that parted while a server runs are that server's to see; running asks it.
func (d *doctor) clock(ctx context.Context, s *Server) {
	newest, err := s.newest(ctx)
	if err != nil {
		d.fail("clock: the trails cannot be read: "+err.Error(), "see the other lines")
		return
	}
	now := s.svc.Now()
	if ahead := newest.Sub(now); ahead > 5*time.Second {
		d.fail(fmt.Sprintf("clock: it is %s, and something is recorded for %s", s.local(now), s.local(newest)),
			"set the machine's clock right; times never run backwards here, so until then accounts keep their own later time")
		return
	}
	switch right, err := synchronised(); {
	case err != nil:
		d.ok("clock: " + s.local(now) + "; whether something keeps it right is not known here")
	case !right:
		d.warn("clock: "+s.local(now)+", and nothing keeps it right", "run a time service such as chrony or systemd-timesyncd: codes depend on the time")
	default:
		d.ok("clock: " + s.local(now) + ", kept right by a time service")
	}
}

// newest is the latest time that is written down of what operators and
// accounts did.
func (s *Server) newest(ctx context.Context) (time.Time, error) {
	var newest time.Time
	for from := int64(1); ; {
		events, err := s.svc.Events(ctx, string(nidan.Instance), from, trailPage)
		if err != nil {
			return newest, err
		}
		for _, e := range events {
			newest, from = latest(newest, e.At), e.Seq+1
		}
		if len(events) < trailPage {
			break
		}
	}
	err := s.svc.EachAccount(ctx, func(r nidan.Record) error {
		newest = latest(newest, latest(r.Projection.Created, r.Projection.LastSignIn))
		return nil
	})
	return newest, err
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// outbox looks at what waits to be sent, and what could not be.
func (d *doctor) outbox(ctx context.Context, s *Server) {
	queued, late, givenUp, accounts := 0, 0, 0, 0
	why := ""
	err := s.svc.EachAccount(ctx, func(r nidan.Record) error {
		rows, err := s.db.Outbox(ctx, r.ID)
		accounts++
		for _, row := range rows {
			if row.Cause == "" {
				queued++
				if row.Tries > 1 { // the first try may be under way
					late++
				}
				continue
			}
			givenUp++
			why = fmt.Sprintf("the newest of account %s: %s", r.ID, row.Cause)
		}
		return err
	})
	switch what := fmt.Sprintf("outbox: %d messages of %d accounts are waiting", queued, accounts); {
	case err != nil:
		d.fail("outbox: "+err.Error(), "see the other lines")
	case givenUp > 0:
		d.warn(fmt.Sprintf("%s, and %d could not be sent; %s", what, givenUp, why), "see that the mail server takes messages from --mail-from; what was given up is told in the activity of the account")
	case late > 0:
		d.warn(fmt.Sprintf("%s, and %d were not taken yet", what, late), "see the log for “a message was not accepted”: the mail server cannot be reached, or refuses")
	case !s.set.mails():
		d.ok(what + "; nothing is mailed without --smtp")
	default:
		d.ok(what)
	}
}
