package server

import (
	"context"
	"time"

	"github.com/nidan-auth/nidan/mail"
)

// postEvery is how often the queue is looked at for what has come due by
// itself. What a commit queues is sent at once.
const postEvery = time.Second

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
		Post: s.db, Suspended: s.svc.Suspended, Message: s.svc.Message, Composer: composer, Transport: to, Clock: d.Clock, Random: d.Random,
		Delivered: s.svc.Delivered, Log: s.log,
	})
	s.desk.Nudge = s.post.Nudge
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
