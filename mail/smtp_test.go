package mail

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/mail/mailtest"
)

// to returns a transport to a catcher.
func to(t testing.TB, c *mailtest.Catcher, change func(*SMTPConfig)) *SMTP {
	t.Helper()
	config := SMTPConfig{Host: c.Host, Port: c.Port, Security: Plain, From: "no-reply@example.com"}
	if change != nil {
		change(&config)
	}
	s, err := NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSMTP(t *testing.T) {
	for name, c := range map[string]struct {
		options mailtest.Options
		config  func(*mailtest.Catcher, *SMTPConfig)
	}{
		"plain": {mailtest.Options{}, func(_ *mailtest.Catcher, c *SMTPConfig) {}},
		"plain, authenticated": {mailtest.Options{Username: "nidan", Password: "open sesame"}, func(_ *mailtest.Catcher, c *SMTPConfig) {
			c.Username, c.Password = "nidan", nidan.NewSecret("open sesame")
		}},
		"STARTTLS": {mailtest.Options{Security: mailtest.StartTLS}, func(k *mailtest.Catcher, c *SMTPConfig) {
			c.Security, c.Roots = StartTLS, k.Roots
		}},
		"STARTTLS, authenticated": {mailtest.Options{Security: mailtest.StartTLS, Username: "nidan", Password: "open sesame"}, func(k *mailtest.Catcher, c *SMTPConfig) {
			c.Security, c.Roots, c.Username, c.Password = StartTLS, k.Roots, "nidan", nidan.NewSecret("open sesame")
		}},
		"TLS": {mailtest.Options{Security: mailtest.TLS, Username: "nidan", Password: "open sesame"}, func(k *mailtest.Catcher, c *SMTPConfig) {
			c.Security, c.Roots, c.Username, c.Password = ImplicitTLS, k.Roots, "nidan", nidan.NewSecret("open sesame")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := mailtest.StartWith(t, c.options)
			s := to(t, k, func(config *SMTPConfig) { c.config(k, config) })
			m := compose(t, samples()["code_sign_in"], "ja")
			if err := s.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			all := k.All()
			if len(all) != 1 || all[0].EnvelopeTo != m.To || all[0].EnvelopeFrom != "no-reply@example.com" || all[0].Hello != "example.com" {
				t.Fatalf("%+v", all)
			}
			if all[0].TLS != (c.options.Security != mailtest.Clear) || all[0].User != c.options.Username {
				t.Errorf("TLS %v, as %q", all[0].TLS, all[0].User)
			}
		})
	}
}

// TestAsSent compares what arrives with what was written, in every language.
func TestAsSent(t *testing.T) {
	k := mailtest.Start(t)
	s := to(t, k, func(c *SMTPConfig) { c.Envelope, c.Hello = "bounces@example.net", "nidan.example.net" })
	eachSample(t, func(t *testing.T, name string, n nidan.Notice, m Message) {
		if strings.Contains(name, "-") {
			return // a variant travels as its kind does
		}
		before := len(k.All())
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got := k.All()[before]
		if got.Text != m.Text || got.HTML != m.HTML || got.Subject != m.Subject || got.To != "<"+m.To+">" || got.From != `"Example VPN" <no-reply@example.com>` {
			t.Errorf("something was changed on its way: %+v", got)
		}
		if got.EnvelopeFrom != "bounces@example.net" || got.Hello != "nidan.example.net" {
			t.Errorf("from %s, by %s", got.EnvelopeFrom, got.Hello)
		}
		want := map[string]string{
			"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Content-Language": m.Language,
			"Date": "Sun, 22 Nov 2026 05:05:07 +0000", "Message-Id": "<mpv3xq2k5yq6tc4wz7d5ae7g3u@example.com>",
			"Mime-Version": "1.0", "From": "", "To": "", "Subject": "", "Content-Type": "",
		}
		if names := slices.Sorted(maps.Keys(got.Header)); !slices.Equal(names, slices.Sorted(maps.Keys(want))) {
			t.Errorf("headers %v", names)
		}
		for name, value := range want {
			if value != "" && got.Header.Get(name) != value {
				t.Errorf("%s: %s", name, got.Header.Get(name))
			}
		}
		for line := range strings.SplitSeq(got.Raw, "\r\n") {
			if len(line) > 78 || strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) || strings.Contains(line, "\n") {
				t.Errorf("a line that may not survive every server: %q", line)
			}
		}
		encoding := "base64"
		if m.Language == "en" {
			encoding = "quoted-printable"
		}
		if !strings.Contains(got.Raw, "Content-Transfer-Encoding: "+encoding) {
			t.Errorf("not sent as %s", encoding)
		}
		if n.Code != "" && got.Code() != n.Code || n.Link.Purpose != "" && len(got.Links()) == 0 {
			t.Errorf("a reader finds %q, %v", got.Code(), got.Links())
		}
	})
}

// TestNothingInTheClear: without the TLS that was asked for nothing is sent.
func TestNothingInTheClear(t *testing.T) {
	m := compose(t, samples()["code_sign_in"], "en")
	for name, c := range map[string]struct {
		speaks mailtest.Security
		config func(*mailtest.Catcher, *SMTPConfig)
	}{
		"STARTTLS is not offered": {mailtest.Clear, func(_ *mailtest.Catcher, c *SMTPConfig) { c.Security = StartTLS }},
		"nobody vouches for it":   {mailtest.StartTLS, func(_ *mailtest.Catcher, c *SMTPConfig) { c.Security = StartTLS }},
		"the same, TLS":           {mailtest.TLS, func(_ *mailtest.Catcher, c *SMTPConfig) { c.Security = ImplicitTLS }},
		"no TLS where it has to be": {mailtest.Clear, func(k *mailtest.Catcher, c *SMTPConfig) {
			c.Security, c.Roots, c.Timeout = ImplicitTLS, k.Roots, 5*time.Second
		}},
		"a server that insists": {mailtest.StartTLS, func(_ *mailtest.Catcher, c *SMTPConfig) {}},
	} {
		t.Run(name, func(t *testing.T) {
			k := mailtest.StartWith(t, mailtest.Options{Security: c.speaks})
			s := to(t, k, func(config *SMTPConfig) { c.config(k, config) })
			err := s.Send(t.Context(), m)
			var answer *Answer
			if err == nil || errors.As(err, &answer) && answer.Final || len(k.All()) > 0 {
				t.Errorf("%v, %d arrived", err, len(k.All()))
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	k := mailtest.Start(t)
	s := to(t, k, nil)
	m := compose(t, samples()["code_sign_in"], "en")
	for _, c := range []struct {
		fault mailtest.Fault
		final bool
		want  string
	}{
		{mailtest.Fault{Step: "MAIL", Code: 451}, false, "the mail server answered 451 4.1.1 to MAIL FROM"},
		{mailtest.Fault{Step: "MAIL", Code: 550}, false, "the mail server answered 550 5.1.1 to MAIL FROM"},
		{mailtest.Fault{Step: "RCPT", Code: 450}, false, "the mail server answered 450 4.1.1 to RCPT TO"},
		{mailtest.Fault{Step: "RCPT", Code: 530}, false, "the mail server answered 530 5.1.1 to RCPT TO"},
		{mailtest.Fault{Step: "RCPT", Code: 550}, true, "the mail server answered 550 5.1.1 to RCPT TO"},
		{mailtest.Fault{Step: "DATA", Code: 452}, false, "the mail server answered 452 4.1.1 to the message"},
		{mailtest.Fault{Step: "DATA", Code: 554}, true, "the mail server answered 554 5.1.1 to the message"},
		{mailtest.Fault{Step: "MAIL"}, false, "mail: the connection ended: sending SMTP MAIL FROM command"},
		{mailtest.Fault{Step: "RCPT"}, false, "mail: the connection ended: sending SMTP RCPT TO command"},
		{mailtest.Fault{Step: "DATA"}, false, "mail: the connection ended: closing SMTP DATA writer"},
		{mailtest.Fault{Step: "TAKEN"}, false, "mail: the connection ended: closing SMTP DATA writer"},
	} {
		k.Fail("", c.fault)
		err := s.Send(t.Context(), m)
		k.Heal("")
		var answer *Answer
		final := errors.As(err, &answer) && answer.Final
		if err == nil || err.Error() != c.want || final != c.final {
			t.Errorf("%+v: final %v, %v", c.fault, final, err)
		}
	}
	if n := len(k.All()); n != 1 {
		t.Errorf("%d arrived; the last was taken without saying so", n)
	}
}

func TestNobodyAnswers(t *testing.T) {
	m := compose(t, samples()["code_sign_in"], "en")
	t.Run("wrong password", func(t *testing.T) {
		k := mailtest.StartWith(t, mailtest.Options{Username: "nidan", Password: "open sesame"})
		s := to(t, k, func(c *SMTPConfig) { c.Username, c.Password = "nidan", nidan.NewSecret("xyzzy") })
		err := s.Send(t.Context(), m)
		var answer *Answer
		if !errors.As(err, &answer) || answer.Final || answer.Code != 535 || strings.Contains(err.Error(), "xyzzy") {
			t.Error(err)
		}
	})
	t.Run("silence", func(t *testing.T) {
		k := mailtest.Start(t)
		release := k.Stall(m.To)
		defer release()
		done := make(chan error)
		go func() { done <- to(t, k, func(c *SMTPConfig) { c.Timeout = time.Second }).Send(t.Context(), m) }()
		k.Stalled(t, m.To)
		if err := <-done; err == nil || strings.Contains(err.Error(), m.To) {
			t.Error(err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		k := mailtest.Start(t)
		release := k.Stall(m.To)
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- to(t, k, func(c *SMTPConfig) { c.Timeout = time.Hour }).Send(ctx, m) }()
		k.Stalled(t, m.To)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestSMTPConfig(t *testing.T) {
	good := SMTPConfig{Host: "mail.example.com", From: "no-reply@example.com"}
	if _, err := NewSMTP(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*SMTPConfig){
		"no sender":          func(c *SMTPConfig) { c.From = "" },
		"a name":             func(c *SMTPConfig) { c.From = "Nidan <no-reply@example.com>" },
		"two senders":        func(c *SMTPConfig) { c.From = "a@example.com,b@example.com" },
		"a header":           func(c *SMTPConfig) { c.From = "a@example.com\r\nBcc: b@example.com" },
		"bounces":            func(c *SMTPConfig) { c.Envelope = "nowhere" },
		"HELO":               func(c *SMTPConfig) { c.Hello = "a b" },
		"a port in the host": func(c *SMTPConfig) { c.Host = "mail.example.com:25" },
		"no host":            func(c *SMTPConfig) { c.Host = "" },
		"a socket":           func(c *SMTPConfig) { c.Host = "unix:///run/smtp" },
		"a port":             func(c *SMTPConfig) { c.Port = 70000 },
		"no TLS, elsewhere":  func(c *SMTPConfig) { c.Security = Plain },
		"no TLS, by address": func(c *SMTPConfig) { c.Security, c.Host = Plain, "192.0.2.1" },
		"unknown security":   func(c *SMTPConfig) { c.Security = 7 },
	} {
		c := good
		change(&c)
		if _, err := NewSMTP(c); err == nil {
			t.Errorf("%s: %+v was taken", name, c)
		}
	}
}

// TestHostileMessages: what would become a header or a second recipient is not
// sent (SECURITY F4, J5).
func TestHostileMessages(t *testing.T) {
	k := mailtest.Start(t)
	s := to(t, k, nil)
	for name, change := range map[string]func(*Message){
		"two recipients":  func(m *Message) { m.To = "a@example.com,b@example.com" },
		"a list":          func(m *Message) { m.To = `["a@example.com"]` },
		"a name":          func(m *Message) { m.To = "B <b@example.com>" },
		"quotes":          func(m *Message) { m.To = `"a@example.com> x"@example.net` },
		"a command":       func(m *Message) { m.To = "a@example.com>\r\nRCPT TO:<b@example.com" },
		"a look-alike":    func(m *Message) { m.To = "a＠example.com" },
		"another letter":  func(m *Message) { m.To = "mına@example.com" },
		"percent":         func(m *Message) { m.To = "a%0ab@example.com" },
		"a relay":         func(m *Message) { m.To = "b%example.net@example.com" },
		"nobody":          func(m *Message) { m.To = "" },
		"no mailbox":      func(m *Message) { m.To = "@example.com" },
		"two dots":        func(m *Message) { m.To = "a..b@example.com" },
		"no host":         func(m *Message) { m.To = "a@" },
		"a host's hyphen": func(m *Message) { m.To = "a@-example.com" },
		"in the subject":  func(m *Message) { m.Subject += "\r\nBcc: b@example.com" },
		"in the sender":   func(m *Message) { m.Sender = "x\nBcc: b@example.com" },
		"in the id":       func(m *Message) { m.ID = "x>\r\nBcc: b@example.com" },
		"turned around":   func(m *Message) { m.Subject = "\u202e" + m.Subject },
		"without a name":  func(m *Message) { m.ID = "" },
		"a line and more": func(m *Message) { m.Sender = "x\u2028y" },
	} {
		m := compose(t, samples()["code_sign_in"], "en")
		change(&m)
		if err := s.Send(t.Context(), m); err == nil || strings.Contains(err.Error(), "b@example.com") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(k.All()); n > 0 {
		t.Errorf("%d arrived", n)
	}
}
