package rig

import (
	"fmt"
	"net/url"
	"regexp"
	"testing"

	"github.com/nidan-auth/nidan/mail/mailtest"
	"github.com/nidan-auth/nidan/server"
)

// Mailed gives the program a real mail server, on loopback, that keeps what it
// is handed. Registration is open, and the e-mail code is one of the methods.
func Mailed(t testing.TB) (Option, *Mailbox) {
	t.Helper()
	box := &Mailbox{Catcher: mailtest.Start(t), read: make(map[string]int)}
	return func(c *server.Config) {
		c.SMTP, c.SMTPSecurity = fmt.Sprintf("%s:%d", box.Host, box.Port), "none"
		c.MailFrom = "no-reply@vpn.example.com"
		c.Registration = "open"
		c.ProveAddress = "never"
	}, box
}

// A Mailbox is where all mail arrives.
type Mailbox struct {
	*mailtest.Catcher
	read map[string]int // how many mails to an address were read
}

var (
	mailedCode = regexp.MustCompile(`\b\d{8}\b`)
	mailedLink = regexp.MustCompile(`(?m)^https?://\S+$`)
)

// A Letter is a mail as its reader takes it.
type Letter struct {
	mailtest.Mail
	Code string   // the number in its first line, if it has one
	Link []string // paths of its links, in order
}

// Next returns the next mail to somebody that was not read yet, waiting for it
// to come. What it carries is remembered as a secret.
func (m *Mailbox) Next(r *Rig, to string) Letter {
	r.T.Helper()
	n := m.read[to]
	m.read[to]++
	l := Letter{Mail: m.Wait(r.T, to, n+1)[n]}
	l.Code = mailedCode.FindString(l.Text)
	for _, link := range mailedLink.FindAllString(l.Text, -1) {
		u, err := url.Parse(link)
		if err != nil {
			r.T.Fatalf("a link in %q: %v", l.Subject, err)
		}
		l.Link = append(l.Link, r.Secret("a mailed link", u.Path))
	}
	return l
}
