// Package mailtest catches mail in tests: a real mail server on loopback that
// keeps what it is given, and refuses, stalls or hangs up when it is told to.
package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Security is how the server can be spoken to.
type Security int

// The ways.
const (
	Clear    Security = iota // without TLS
	StartTLS                 // STARTTLS is offered, and no mail is taken before it
	TLS                      // TLS from the first byte
)

// Options are what a server asks of those who bring mail. The zero value asks
// nothing.
type Options struct {
	Security Security
	Username string // empty: no authentication
	Password string
}

// A Catcher is a running mail server.
type Catcher struct {
	Host  string         // 127.0.0.1
	Port  int            // chosen by the system
	Roots *x509.CertPool // whom to trust, if it speaks TLS
	PEM   []byte         // the same as a file would have it

	options Options

	mu     sync.Mutex
	mails  []Mail
	came   chan struct{}            // closed at each arrival and replaced
	faults map[string]Fault         // by recipient; "" is everybody
	stalls map[string]chan struct{} // by recipient, until closed
	begun  chan struct{}            // as came, for whoever waits for a stall to begin
	held   map[string]int           // how many are stalled, by recipient
}

// Start starts a server without TLS that takes everything. It ends with the
// test.
func Start(t testing.TB) *Catcher { return StartWith(t, Options{}) }

// StartWith starts a server that asks for what o says.
func StartWith(t testing.TB, o Options) *Catcher {
	t.Helper()
	cert, pool, pem, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	c := &Catcher{
		Host: "127.0.0.1", Roots: pool, PEM: pem, options: o,
		came: make(chan struct{}), begun: make(chan struct{}),
		faults: map[string]Fault{}, stalls: map[string]chan struct{}{}, held: map[string]int{},
	}
	s := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{c: c, conn: conn}, nil
	}))
	s.Domain = "catcher.test"
	s.ErrorLog = log.New(io.Discard, "", 0) // clients that break off are part of the tests
	s.AllowInsecureAuth = o.Security == Clear
	s.EnableSMTPUTF8 = true
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	if o.Security == StartTLS {
		s.TLSConfig = config
	}
	l, err := net.Listen("tcp", c.Host+":0")
	if err != nil {
		t.Fatal(err)
	}
	c.Port = l.Addr().(*net.TCPAddr).Port
	if o.Security == TLS {
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // ends when the test does
	}()
	t.Cleanup(func() {
		c.mu.Lock()
		for to := range c.stalls {
			close(c.stalls[to])
			delete(c.stalls, to)
		}
		c.mu.Unlock()
		_ = s.Close()
		_ = l.Close() // of which s knows nothing yet where the test was quick
		<-done
	})
	return c
}

// A Fault is how the server fails at a step: it answers Code, or hangs up
// without a word if that is 0.
type Fault struct {
	Step string // "MAIL", "RCPT", "DATA", or "TAKEN": it keeps the message and hangs up before it says so
	Code int
}

// Fail makes the server fail for a recipient, or for everybody if to is empty,
// until Heal. At MAIL no recipient is known yet.
func (c *Catcher) Fail(to string, f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults[to] = f
}

// Heal undoes Fail.
func (c *Catcher) Heal(to string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.faults, to)
}

// Everybody is a recipient for Stall: whoever it is.
const Everybody = "*"

// Stall makes the server fall silent when it is given a recipient, until the
// returned function is called.
func (c *Catcher) Stall(to string) (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	gate := make(chan struct{})
	c.stalls[to] = gate
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.stalls[to] == gate {
			close(gate)
			delete(c.stalls, to)
		}
	}
}

// patience is how long tests wait for what has to come.
const patience = time.Minute

// Wait returns the mails for a recipient, oldest first, once there are n.
func (c *Catcher) Wait(t testing.TB, to string, n int) []Mail {
	t.Helper()
	var got []Mail
	c.await(t, &c.came, func() bool {
		got = c.to(to)
		return len(got) >= n
	}, func() { t.Fatalf("%d mails for %s have come, not %d", len(got), to, n) })
	return got
}

// Stalled waits until somebody waits for the server to say something about a
// recipient.
func (c *Catcher) Stalled(t testing.TB, to string) {
	t.Helper()
	c.await(t, &c.begun, func() bool { return c.held[to] > 0 }, func() { t.Fatalf("nobody waits for an answer about %s", to) })
}

// await asks again whenever something happens. until is called under the lock.
func (c *Catcher) await(t testing.TB, event *chan struct{}, until func() bool, late func()) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		c.mu.Lock()
		ok, next := until(), *event
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-next:
		case <-deadline.C:
			late()
		}
	}
}

// All returns every mail that has come, oldest first.
func (c *Catcher) All() []Mail {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Mail(nil), c.mails...)
}

func (c *Catcher) to(address string) []Mail {
	var out []Mail
	for _, m := range c.mails {
		if m.EnvelopeTo == address {
			out = append(out, m)
		}
	}
	return out
}

// A session is one client's conversation.
type session struct {
	c    *Catcher
	conn *smtp.Conn
	mail Mail
	user string
}

var _ smtp.AuthSession = (*session)(nil)

// AuthMechanisms implements [smtp.AuthSession].
func (s *session) AuthMechanisms() []string {
	if s.c.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements [smtp.AuthSession].
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != s.c.options.Username || password != s.c.options.Password {
			return smtp.ErrAuthFailed
		}
		s.user = username
		return nil
	}), nil
}

// Mail implements [smtp.Session].
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	_, encrypted := s.conn.TLSConnectionState()
	switch {
	case s.c.options.Security != Clear && !encrypted:
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "STARTTLS first"}
	case s.c.options.Username != "" && s.user == "":
		return smtp.ErrAuthRequired
	}
	s.mail = Mail{EnvelopeFrom: from, Hello: s.conn.Hostname(), TLS: encrypted, User: s.user}
	return s.fail("MAIL", "")
}

// Rcpt implements [smtp.Session].
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.c.mu.Lock()
	gate := s.c.stalls[to]
	if gate == nil {
		gate = s.c.stalls[Everybody]
	}
	if gate != nil {
		s.c.held[to]++
		close(s.c.begun)
		s.c.begun = make(chan struct{})
	}
	s.c.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if s.mail.EnvelopeTo != "" {
		s.mail.EnvelopeTo += ","
	}
	s.mail.EnvelopeTo += to
	return s.fail("RCPT", to)
}

// Data implements [smtp.Session].
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.fail("DATA", s.mail.EnvelopeTo); err != nil {
		return err
	}
	m, err := parse(s.mail, raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	s.c.mu.Lock()
	s.c.mails = append(s.c.mails, m)
	close(s.c.came)
	s.c.came = make(chan struct{})
	s.c.mu.Unlock()
	return s.fail("TAKEN", s.mail.EnvelopeTo)
}

// fail fails if it was told to at this step. Like many servers it repeats the
// recipient in what it says.
func (s *session) fail(step, to string) error {
	s.c.mu.Lock()
	f, ok := s.c.faults[to]
	if !ok || f.Step != step {
		f, ok = s.c.faults[""]
	}
	s.c.mu.Unlock()
	switch {
	case !ok || f.Step != step:
		return nil
	case f.Code == 0:
		_ = s.conn.Conn().Close()
		return errors.New("hung up")
	}
	return &smtp.SMTPError{Code: f.Code, EnhancedCode: smtp.EnhancedCode{f.Code / 100, 1, 1}, Message: "<" + to + "> is not wanted"}
}

// Reset implements [smtp.Session].
func (s *session) Reset() { s.mail = Mail{} }

// Logout implements [smtp.Session].
func (s *session) Logout() error { return nil }
