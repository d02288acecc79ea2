package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/nidan-auth/nidan"
)

type demoCommand struct{}

const (
	demoAddress = "demo@example.com"
	demoBrand   = "Nidan demo"

	demoPort  = 8080 // or the next free one
	demoPorts = 20
)

// Run differs from serve in what it makes, and in that nothing lifts its
// restriction to this machine.
func (demoCommand) Run(r *run) error {
	c := &r.grammar.Config
	if c.PublicURL != "" || len(c.TLSProxy) > 0 {
		return errors.New("demo is for this machine only: leave --public-url and --tls-proxy out, or use serve")
	}
	temporary := c.Data == ""
	if temporary {
		dir, err := os.MkdirTemp("", "nidan-demo-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }() // the system clears the folder of temporary files
		c.Data = dir
	}
	anyPort := c.Listen == ""
	if c.BrandName == "" {
		c.BrandName = demoBrand
	}
	if r.mailbox = c.SMTP == ""; r.mailbox {
		c.Registration = cmp.Or(c.Registration, byAnybody)
		c.ProveAddress = cmp.Or(c.ProveAddress, "never") // the mailbox is everybody's
	}
	set, err := r.settings()
	if err != nil {
		return err
	}
	ln, err := demoListen(set, anyPort)
	if err != nil {
		return err
	}
	set.servesAt(ln.Addr())
	set.repeat = []string{"--data", absolute(set.Data)}
	if set.Listen != defaultListen {
		set.repeat = append(set.repeat, "--listen", set.Listen) // links lead there
	}
	return r.serve(set, ln, func(s *Server) error { return r.demo(s, temporary) })
}

// demoListen opens the port asked for, or the first free one from demoPort on.
func demoListen(set *settings, anyPort bool) (net.Listener, error) {
	a, err := net.ResolveTCPAddr("tcp", set.Listen)
	if err != nil {
		return nil, err
	}
	if !isLoopback(a) {
		return nil, fmt.Errorf("%w (%s): demo is for this machine only; use serve", ErrExposed, a)
	}
	if !anyPort {
		ln, err := net.ListenTCP("tcp", a)
		return ln, portError(err)
	}
	for port := demoPort; port < demoPort+demoPorts; port++ {
		var ln net.Listener
		if ln, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); !errors.Is(err, syscall.EADDRINUSE) {
			return ln, err
		}
	}
	return nil, portError(err)
}

// demo sees that there is an account and says how to go on.
func (r *run) demo(s *Server, temporary bool) error {
	made, password, err := s.demoAccount(r.ctx, r.random())
	if err != nil {
		return fmt.Errorf("make the demo account: %w", err)
	}
	where := "kept in " + s.set.Data
	if temporary {
		where = "in " + s.set.Data + " until it stops"
	}
	r.printf("Nidan demo: everything is %s.\n\n", where)
	r.printf("  open       %s\n", s.set.public)
	if s.mailbox != nil {
		r.printf("  mailbox    %s%s   what would be mailed\n", s.set.public, mailboxPath)
	}
	r.printf("  address    %s\n", demoAddress)
	if made {
		r.printf("  password   %s\n", password.Reveal())
	} else {
		r.printf("  password   the one printed when this folder was new; for a new one:\n")
		r.printf("             %s\n", s.set.command("account", "link", demoAddress, "--reset", "--reason", "demo"))
	}
	r.printf(`
Try this:
  1. Log in, and turn two-step verification on in the security settings.
     Scan the QR code with any authenticator app, and save the backup codes.
  2. Log out and in again: now the code is asked for, and works once.
  3. Log in with a backup code, as if the phone were lost.
  4. Register an account of your own, or forget the password: what would be
     mailed is in the mailbox.

In another terminal, as the operator:
`)
	for _, words := range [][]string{
		{"account", "show", demoAddress},
		{"audit", "show", demoAddress},
		{"audit", "verify"},
		{"account", "create", "friend@example.com", "--reason", "demo"},
		{"doctor"},
	} {
		r.printf("  %s\n", s.set.command(words...))
	}
	r.printf("\nCtrl-C stops it.\n\n")
	return nil
}

// demoAccount makes the account as a person would: by an invitation. made is
// false if it is there already. Among other people's accounts it makes none: a
// password that was printed has no place there.
func (s *Server) demoAccount(ctx context.Context, random io.Reader) (made bool, password nidan.Secret, err error) {
	if _, err := s.svc.Show(ctx, demoAddress); errors.Is(err, nidan.ErrNotFound) && !s.noAccount(ctx) {
		return false, nidan.Secret{}, fmt.Errorf("%q has accounts that demo did not make: name another folder with --data, or use serve", s.set.Data)
	}
	link, out, err := s.svc.PrintLink(ctx, nidan.TicketInvite, demoAddress, "demo")
	if err != nil || out.Reason == nidan.NameTaken {
		return false, nidan.Secret{}, err
	}
	if out.Reason != nidan.OK {
		return false, nidan.Secret{}, refused(s.set, demoAddress, out.Reason)
	}
	for range 10 {
		if password, err = sayable(random); err != nil {
			return false, nidan.Secret{}, err
		}
		out, err = s.svc.AcceptInvite(ctx, link.Ticket, password, "", nidan.From{})
		if err != nil || out.Reason != nidan.PasswordPersonal { // "demo" is a word of two syllables
			break
		}
	}
	if err == nil && out.Reason != nidan.OK {
		err = refused(s.set, demoAddress, out.Reason)
	}
	return err == nil, password, err
}

// random is where the demo's password comes from.
func (r *run) random() io.Reader {
	if r.deps.Random != nil {
		return r.deps.Random
	}
	return nidan.Randomness
}

// sayable draws a password that can be read out and typed: ten syllables of 75
// are 62 bits.
func sayable(random io.Reader) (nidan.Secret, error) {
	const consonants, vowels = "bdfghjklmnprstz", "aeiou"
	var b strings.Builder
	for i := range 10 {
		if i > 0 && i%2 == 0 {
			b.WriteByte('-')
		}
		c, err := draw(random, len(consonants))
		if err != nil {
			return nidan.Secret{}, err
		}
		v, err := draw(random, len(vowels))
		if err != nil {
			return nidan.Secret{}, err
		}
		b.WriteByte(consonants[c])
		b.WriteByte(vowels[v])
	}
	return nidan.NewSecret(b.String()), nil
}

// draw returns a number below n, all of them as likely.
func draw(random io.Reader, n int) (int, error) {
	for {
		var b [1]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, err
		}
		if int(b[0]) < 256-256%n {
			return int(b[0]) % n, nil
		}
	}
}
