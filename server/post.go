package server

import (
	"context"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/mail"
	"github.com/nidan-auth/nidan/store"
)

// postEvery is how often the queue is looked at for what has come due by
// itself. What a commit queues is sent at once.
const postEvery = time.Second

// A desk is the database as the rules see it. Whatever they queue wakes the one
// who sends.
type desk struct {
	*store.SQLite
	nudge func()
}

// Commit implements [nidan.Store].
func (d *desk) Commit(ctx context.Context, c nidan.Change) error {
	err := d.SQLite.Commit(ctx, c)
	if err == nil && len(c.Queue) > 0 {
		d.nudge()
	}
	return err
}

// Queue implements [nidan.Store].
func (d *desk) Queue(ctx context.Context, rows []nidan.OutboxRow) error {
	err := d.SQLite.Queue(ctx, rows)
	if err == nil {
		d.nudge()
	}
	return err
}

// watched is what is to be sent while the clock is not in doubt: what is due, and
// what has run out, is a matter of time.
type watched struct {
	*store.SQLite
	suspended func() bool
}

// Lease implements [nidan.Post].
func (w watched) Lease(ctx context.Context, now, until time.Time, limit int) ([]nidan.OutboxRow, error) {
	if w.suspended() {
		return nil, nil
	}
	return w.SQLite.Lease(ctx, now, until, limit)
}

// openPost makes the one who sends, to the mail server or to the demo's own
// mailbox. Without either it makes none.
func (s *Server) openPost(d Deps) error {
	set := s.set
	var to mail.Transport
	switch {
	case set.smtp != nil:
		to = set.smtp
	case set.mailbox:
		s.mailbox = new(mail.Sink)
		to = s.mailbox
	default:
		return nil
	}
	composer, err := mail.NewComposer(mail.Letterhead{
		Brand: set.BrandName, PublicURL: set.public.String(), Support: set.BrandSupport, Zone: set.zone, Languages: set.Languages,
	})
	if err != nil {
		return err
	}
	s.post = mail.NewWorker(mail.WorkerConfig{
		Post: watched{s.db, s.svc.Suspended}, Message: s.svc.Message, Composer: composer, Transport: to, Clock: d.Clock, Random: d.Random,
		Delivered: s.svc.Delivered, Log: s.log,
	})
	s.desk.nudge = s.post.Nudge
	return nil
}

// send works until ctx ends.
func (s *Server) send(ctx context.Context) {
	if s.post == nil {
		return
	}
	tick := time.NewTicker(postEvery)
	defer tick.Stop()
	s.post.Run(ctx, tick.C)
}
