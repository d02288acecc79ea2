package nidan

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Host passes: what a browser shows to a proxied host in the place of a session,
// whose cookie never leaves our own host.

// A passBody is what a host pass seals.
type passBody struct {
	Account AccountID `json:"a"`
	Session SessionID `json:"s"`
	Host    string    `json:"h"`
	Made    Stamp     `json:"v"` // of the document that made it
	Ends    time.Time `json:"x"`
}

// A PassGrant is a host pass just made.
type PassGrant struct {
	Token   Secret
	Expires time.Time // it ends earlier with the session behind it
}

// OpenPass begins a host pass in a session. bind is the hash of a value that the
// host has put into a cookie when it sent the browser here; what is handed out
// is of use only beside that cookie. Outcomes: OK with Return, which leads to
// the host; HostInvalid for a host that is not registered; BindInvalid;
// LevelTooLow where the session is not worth what the host asks for; Gone.
func (s *Service) OpenPass(ctx context.Context, tok SessionToken, host, bind string, from From) (Outcome, error) {
	in, err := s.seen(ctx)
	if err != nil {
		return Outcome{}, err
	}
	p := in.host(host)
	switch {
	case p == nil:
		return Outcome{Reason: HostInvalid}, nil
	case !isHash(bind):
		return Outcome{Reason: BindInvalid}, nil
	}
	party, ask := p.ID, p.proxied(host).Level
	return s.in(ctx, tok, command{from: from}, func(d *decision, ses *Session) Outcome {
		switch {
		case d.acct.Party != "":
			return Outcome{Reason: NoSuchWay} // its sessions are for our pages alone
		case ses.Level < ask:
			return Outcome{Reason: LevelTooLow}
		}
		d.record(Event{Kind: EventPass, Detail: party, Item: host})
		return Outcome{Reason: OK, Return: &ReturnGrant{To: host, Token: d.hand(result{
			Party: party, Host: host, Session: ses.ID, Bind: bind, Level: ses.Level, AMR: ses.AMR, AuthAt: ses.AuthAt,
		})}}
	})
}

// RedeemPass makes the host pass, on the host and with the value out of the
// cookie that it set. Outcomes: OK with Pass; ResultDead, for whatever reason.
func (s *Service) RedeemPass(ctx context.Context, tok ResultToken, host string, value Secret, from From) (Outcome, error) {
	return s.redeem(ctx, tok, from, func(d *decision) Outcome {
		r := d.take(tok, value, func(r result) bool { return r.Host == host && host != "" })
		if r == nil {
			return Outcome{Reason: ResultDead}
		}
		i := slices.IndexFunc(d.acct.Sessions, func(x SessionRef) bool { return x.ID == r.Session })
		if i < 0 {
			return Outcome{Reason: ResultDead}
		}
		body := passBody{Account: d.acct.ID, Session: r.Session, Host: host, Made: d.stamp(), Ends: d.acct.Sessions[i].Ends}
		d.record(Event{Kind: EventPassed, Detail: r.Party, Item: host})
		return Outcome{Reason: OK, Pass: &PassGrant{Token: s.sealPass(body), Expires: body.Ends}}
	})
}

func (s *Service) sealPass(p passBody) Secret {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // unreachable: strings, numbers and a time
	}
	return NewSecret(passPrefix + s.sealCarried(ForPass, passPrefix, b))
}

// CheckPass says whose pass is shown to a host. It is good for that host alone,
// while the session behind it lives and is worth what the host asks for now.
// ErrNotFound: it is none, or no longer; a *Fault or ErrFrozen means the same to
// who shows it.
func (s *Service) CheckPass(ctx context.Context, pass Secret, host string) (*Session, error) {
	var p passBody
	if !s.open(ForPass, passPrefix, passPrefix, pass, &p) || p.Host != host {
		return nil, ErrNotFound
	}
	in, err := s.seen(ctx)
	if err != nil {
		return nil, err
	}
	party := in.host(host)
	if party == nil {
		return nil, ErrNotFound
	}
	l, err := s.load(ctx, p.Account, p.Session)
	if err != nil {
		return nil, err
	}
	if err := s.notOlder(ctx, l.acct, "pass", p.Made); err != nil {
		return nil, err
	}
	now := s.nowFor(l.acct)
	ses, err := s.checkRow(ctx, l, p.Session, now)
	if err != nil {
		return nil, err
	}
	if !now.Before(p.Ends) || ses.Level < party.proxied(host).Level {
		return nil, ErrNotFound
	}
	if now.Sub(l.session.Seen) >= seenEvery {
		s.store.Seen(p.Account, p.Session, now)
	}
	return ses, nil
}
