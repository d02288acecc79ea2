package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/nidan-auth/nidan"
)

// Security is how the way to a mail server is protected.
type Security int

// The ways. A number in a mail is worth a log-in, so there is no "if the server
// can": whoever sits in between would answer that it cannot.
const (
	StartTLS    Security = iota // begin in the clear, go on in TLS or not at all; port 587
	ImplicitTLS                 // TLS from the first byte; port 465
	Plain                       // no TLS; only to this very machine; port 25
)

// SMTPConfig names a mail server and who sends by it. Host and From are needed.
type SMTPConfig struct {
	Host     string
	Port     int // 0: the usual one
	Security Security
	Roots    *x509.CertPool // nil: those of the system

	Username string // empty: no authentication
	Password nidan.Secret

	From     string        // the address in the header
	Envelope string        // where bounces go; empty: From
	Hello    string        // what the server is told we are; empty: the domain of From
	Timeout  time.Duration // for one message, from dialling to the answer; 0: 30 s
}

// SMTP hands messages over to a mail server, each on a connection of its own.
type SMTP struct {
	c       SMTPConfig
	options []gomail.Option
}

var _ Transport = (*SMTP)(nil)

// NewSMTP checks the configuration. It does not connect.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	if c.Envelope == "" {
		c.Envelope = c.From
	}
	if c.Hello == "" {
		c.Hello = domainOf(c.From)
	}
	if c.Port == 0 {
		c.Port = map[Security]int{StartTLS: 587, ImplicitTLS: 465, Plain: 25}[c.Security]
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	ip := net.ParseIP(c.Host)
	switch {
	case checkAddress(c.From) != nil:
		return nil, fmt.Errorf("mail: %q cannot be the sender: %w", c.From, errAddress)
	case checkAddress(c.Envelope) != nil:
		return nil, fmt.Errorf("mail: bounces cannot go to %q: %w", c.Envelope, errAddress)
	case !isDomain(c.Hello):
		return nil, fmt.Errorf("mail: %q cannot be said in HELO: it has to be the name of a host", c.Hello)
	case ip == nil && !isDomain(c.Host):
		return nil, fmt.Errorf("mail: the mail server %q has to be a host name or an IP address, without a port", c.Host)
	case c.Port < 1 || c.Port > 65535:
		return nil, fmt.Errorf("mail: there is no port %d", c.Port)
	case c.Security == Plain && c.Host != "localhost" && (ip == nil || !ip.IsLoopback()):
		return nil, fmt.Errorf("mail: without TLS only this machine (localhost) can be the mail server, not %q: use STARTTLS", c.Host)
	}
	s := &SMTP{c: c}
	s.options = []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithTimeout(c.Timeout), gomail.WithHELO(c.Hello),
		gomail.WithoutNoop(), gomail.WithoutRset(), // one message per connection
		gomail.WithTLSConfig(s.tls()), gomail.WithTLSPolicy(gomail.TLSMandatory),
	}
	switch c.Security {
	case StartTLS:
	case ImplicitTLS:
		s.options = append(s.options, gomail.WithSSL())
	case Plain:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("mail: there is no security %d", c.Security)
	}
	if c.Username != "" {
		s.options = append(s.options,
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin),
			gomail.WithUsername(c.Username), gomail.WithPassword(c.Password.Reveal()))
	}
	return s, nil
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.c.Host, RootCAs: s.c.Roots, MinVersion: tls.VersionTLS12}
}

// Send implements [Transport].
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := s.encode(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	// The library knows the context only while it dials, and leaves some
	// connections open. This one ends with the context.
	dial := func(dialling context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(dialling, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
	client, err := gomail.NewClient(s.c.Host, append([]gomail.Option{gomail.WithDialContextFunc(dial)}, s.options...)...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	err = deliver(ctx, client, msg)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("mail: the mail server %s did not take the message in time: %w", s.c.Host, ctx.Err())
	}
	return err
}

func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.c.Security == ImplicitTLS {
		return (&tls.Dialer{Config: s.tls()}).DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// goodbye is how long a server that has accepted a message may take to say so
// a second time.
const goodbye = 2 * time.Second

func deliver(ctx context.Context, client *gomail.Client, msg *gomail.Msg) error {
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return notReached(err)
	}
	err = client.SendWithSMTPClient(conn, msg)
	if !msg.IsDelivered() {
		return notTaken(err)
	}
	if conn.UpdateDeadline(goodbye) == nil {
		_ = conn.Quit() // the message is theirs already
	}
	return nil
}

// notReached tells of a connection on which no message was offered. That is
// never the message's fault.
func notReached(err error) error {
	var said *textproto.Error
	if errors.As(err, &said) {
		return &Answer{Step: "greeting, STARTTLS or AUTH", Code: said.Code, Status: status.FindString(said.Msg)}
	}
	return fmt.Errorf("mail: %w", err)
}

// status is what RFC 3463 calls an enhanced status code.
var status = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// steps are what the library calls the parts of a conversation.
var steps = map[gomail.SendErrReason]string{
	gomail.ErrSMTPMailFrom:  "MAIL FROM",
	gomail.ErrSMTPRcptTo:    "RCPT TO",
	gomail.ErrSMTPData:      "DATA",
	gomail.ErrSMTPDataClose: "the message",
}

// ours are final answers that are about the sender: the operator can set them
// right, and then the message is as good as before.
var ours = []int{503, 521, 530, 534, 535, 538}

// notTaken tells of a message that was offered. The library's own words have
// the recipient in them.
func notTaken(err error) error {
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		return errors.New("mail: the mail server did not take the message")
	}
	code := sent.ErrorCode()
	if code == 0 {
		return fmt.Errorf("mail: the connection ended: %s", sent.Reason)
	}
	return &Answer{
		Step: steps[sent.Reason], Code: code, Status: sent.EnhancedStatusCode(),
		Final: code >= 500 && sent.Reason != gomail.ErrSMTPMailFrom && !slices.Contains(ours, code),
	}
}

// encode writes a message as RFC 5322 and MIME have it.
func (s *SMTP) encode(m Message) (*gomail.Msg, error) {
	switch {
	case checkAddress(m.To) != nil:
		return nil, errAddress
	case !isAtom(m.ID):
		return nil, errors.New("mail: a message needs an id of letters, digits and hyphens")
	case strings.ContainsFunc(m.Subject+m.Sender, unseen):
		return nil, errors.New("mail: a header has characters in it that cannot be seen")
	}
	msg := gomail.NewMsg(gomail.WithEncoding(encodingOf(m.Text)), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&mail.Address{Name: m.Sender, Address: s.c.From})
	msg.EnvelopeFromMailAddress(&mail.Address{Address: s.c.Envelope})
	msg.ToMailAddress(&mail.Address{Address: m.To})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.ID + "@" + domainOf(s.c.From))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no vacation notice answers it
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange
	msg.SetGenHeader("Content-Language", m.Language)
	msg.SetBodyString(gomail.TypeTextPlain, crlf(m.Text))
	msg.AddAlternativeString(gomail.TypeTextHTML, crlf(m.HTML))
	return msg, nil
}

// encodingOf takes what stays readable, unless most of it would not.
func encodingOf(text string) gomail.Encoding {
	if others := len(text) - utf8.RuneCountInString(text); others > len(text)/6 {
		return gomail.EncodingB64
	}
	return gomail.EncodingQP
}

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
