package nidan

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Host passes: what a browser shows to a proxied host in the place of a session,
// whose cookie never leaves our own host; and the keys that sign what such a host is
// told.

// A passBody is what a host pass seals.
type passBody struct {
	Account AccountID `json:"a"`
	Session SessionID `json:"s"`
	Host    string    `json:"h"`
	Made    Stamp     `json:"v"` // of the document that made it
	Ends    time.Time `json:"x"`
}

// crossing is what leads to one: sealed, so that the GET on which a browser is
// sent on writes nothing (law 10). Whoever has it needs the cookie beside it
// that the host has set; once redeemed, that cookie is gone.
type crossing struct {
	passBody
	Bind string    `json:"b"` // hash of that cookie's value
	Till time.Time `json:"t"`
}

// A PassGrant is a host pass just made.
type PassGrant struct {
	Token   Secret
	Expires time.Time // it ends earlier with the session behind it
}

// OpenPass begins a host pass in a session, and changes nothing. bind is the
// hash of a value that the host has put into a cookie when it sent the browser
// here; what is handed out is of use only beside that cookie, on that host and
// for 60 seconds. Outcomes: OK with Return, which leads to the host; HostInvalid
// for a host that is not registered; BindInvalid; NoSuchWay in a session that is
// for our pages alone; LevelTooLow where the session is not worth what the host
// asks for; Gone.
func (s *Service) OpenPass(ctx context.Context, tok SessionToken, host, bind string) (Outcome, error) {
	ask, err := s.HostLevel(ctx, host)
	switch {
	case errors.Is(err, ErrNotFound):
		return Outcome{Reason: HostInvalid}, nil
	case err != nil:
		return Outcome{}, err
	case !isHash(bind):
		return Outcome{Reason: BindInvalid}, nil
	}
	if s.Suspended() {
		return Outcome{}, ErrClock
	}
	ses, err := s.Session(ctx, tok)
	if err != nil {
		return gone(err)
	}
	switch {
	case ses.acct.Party != "":
		return Outcome{Reason: NoSuchWay}, nil
	case ses.Level < ask:
		return Outcome{Reason: LevelTooLow}, nil
	}
	sealed := s.sealPass(crossPrefix, crossing{
		passBody: passBody{Account: ses.Account, Session: ses.ID, Host: host, Made: ses.acct.stamp(), Ends: ses.Ends},
		Bind:     bind, Till: s.nowFor(ses.acct).Add(resultFor),
	})
	return Outcome{Reason: OK, Return: &ReturnGrant{To: host, Token: sealed}}, nil
}

// HostLevel is what a proxied host asks a session to be worth. ErrNotFound: it
// is not registered.
func (s *Service) HostLevel(ctx context.Context, host string) (Level, error) {
	in, err := s.seenWith(ctx, func(in *instance) bool { return in.host(host) != nil })
	if err != nil {
		return LevelNone, err
	}
	p := in.host(host)
	if p == nil {
		return LevelNone, ErrNotFound
	}
	return p.proxied(host).Level, nil
}

// RedeemPass makes the host pass, on the host and with the value out of the
// cookie that it set. It may be asked again within its 60 seconds by the browser
// that still has that cookie. Outcomes: OK with Pass; ResultDead, for whatever
// reason.
func (s *Service) RedeemPass(ctx context.Context, token Secret, host string, value Secret) (Outcome, error) {
	dead := Outcome{Reason: ResultDead}
	if s.Suspended() {
		return Outcome{}, ErrClock
	}
	var c crossing
	if !s.open(ForPass, crossPrefix, crossPrefix, token, &c) || c.Host != host || !NewSecret(c.Bind).Equal(hashOf(value)) || !s.Now().Before(c.Till) {
		return dead, nil
	}
	pass := s.sealPass(passPrefix, c.passBody)
	switch _, err := s.CheckPass(ctx, pass, host); {
	case notSignedIn(err):
		return dead, nil
	case err != nil:
		return Outcome{}, err
	}
	return Outcome{Reason: OK, Pass: &PassGrant{Token: pass, Expires: c.Ends}}, nil
}

// hashOf is how a value stands where only its bearer can show it.
func hashOf(value Secret) Secret {
	sum := sha256.Sum256([]byte(value.Reveal()))
	return NewSecret(strict.EncodeToString(sum[:]))
}

func (s *Service) sealPass(prefix string, p any) Secret {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // unreachable: strings, numbers and times
	}
	return NewSecret(prefix + s.sealCarried(ForPass, prefix, b))
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
	ask, err := s.HostLevel(ctx, host)
	if err != nil {
		return nil, err
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
	if !now.Before(p.Ends) || ses.Level < ask {
		return nil, ErrNotFound
	}
	if now.Sub(l.session.Seen) >= seenEvery {
		s.store.Seen(p.Account, p.Session, now)
	}
	return ses, nil
}

// signingKey is one with which we sign what others check.
type signingKey struct {
	ID   string    `json:"i"`
	Key  []byte    `json:"k"` // PKCS #8
	Made time.Time `json:"t"`
}

// SigningKeys returns the keys (ES256) with which we sign, the newest last: that
// one signs, and all are published. There are none before a host is registered.
func (s *Service) SigningKeys(ctx context.Context) (ids []string, keys []*ecdsa.PrivateKey, err error) {
	in, err := s.seen(ctx, glanceFor)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range in.Signing {
		key, err := x509.ParsePKCS8PrivateKey(k.Key)
		signs, ok := key.(*ecdsa.PrivateKey)
		if err != nil || !ok {
			return nil, nil, &Fault{Account: Instance, Part: "document", Cause: "a signing key does not parse"}
		}
		ids, keys = append(ids, k.ID), append(keys, signs)
	}
	return ids, keys, nil
}

func (s *Service) newSigningKey() (signingKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), s.random)
	if err != nil {
		return signingKey{}, fmt.Errorf("make a signing key: %w", err)
	}
	body, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return signingKey{}, fmt.Errorf("make a signing key: %w", err)
	}
	return signingKey{ID: newID(s.random), Key: body}, nil
}
