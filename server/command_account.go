package server

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/nidan-auth/nidan"
)

type accountCommands struct {
	Create   accountCreate   `cmd:"" help:"Print an invitation. The account is made when the person opens it and chooses a password."`
	Link     accountLink     `cmd:"" help:"Print a link that would otherwise be mailed, with the same lifetime and power."`
	Show     accountShow     `cmd:"" help:"Show an account."`
	LogOut   accountLogOut   `cmd:"" help:"End every session, open sign-in and link of an account."`
	Unfreeze accountUnfreeze `cmd:"" help:"Let a frozen account go on, after you have found out why it froze."`
}

// A reason is what an operator writes into the audit trail.
type reason string

// Validate implements kong's check of a value.
func (r reason) Validate() error {
	s := strings.TrimSpace(string(r))
	if s == "" {
		return errors.New("say why; it is kept in the audit trail")
	}
	if utf8.RuneCountInString(s) > 200 {
		return errors.New("longer than 200 characters")
	}
	return shortText(s, 200, "")
}

type accountCreate struct {
	Address string `arg:"" help:"Mail address the person will log in with."`
	Reason  reason `required:"" placeholder:"TEXT" help:"Why; kept in the audit trail."`
}

// Run stores no account: an invitation is a ticket that the person carries.
func (c accountCreate) Run(r *run) error {
	return r.printLink(nidan.TicketInvite, c.Address, c.Reason)
}

type accountLink struct {
	Address string `arg:"" help:"Address of the account."`
	Invite  bool   `xor:"purpose" required:"" help:"For a new person: choose a password and have an account."`
	Reset   bool   `xor:"purpose" required:"" help:"Forgot the password: choose a new one. It skips no second step."`
	Browser bool   `xor:"purpose" required:"" help:"Cannot log in because of others' wrong passwords: make this browser a known one."`
	Reason  reason `required:"" placeholder:"TEXT" help:"Why; kept in the audit trail."`
}

// Run prints the link, and the link alone has the ticket in it.
func (c accountLink) Run(r *run) error {
	p := nidan.TicketInvite
	switch {
	case c.Reset:
		p = nidan.TicketReset
	case c.Browser:
		p = nidan.TicketBrowser
	}
	return r.printLink(p, c.Address, c.Reason)
}

// printLink prints a link on a line of its own, then what to know of it.
func (r *run) printLink(p nidan.TicketPurpose, address string, why reason) error {
	return r.operate(func(s *Server) error {
		link, out, err := s.svc.PrintLink(r.ctx, p, address, string(why))
		if err != nil {
			return fmt.Errorf("%s: %w", address, err)
		}
		if out.Reason != nidan.OK {
			return refused(s.set, address, out.Reason)
		}
		r.printf("%s\n", s.linkURL(link))
		r.printf("It works once, until %s. Give it to the owner of %s and to nobody else.\n", s.local(link.Expires), address)
		if !s.set.given {
			r.warnf("the link leads to this machine only, as no --public-url is set")
		}
		return nil
	})
}

// linkURL is the address of a link: the ticket is its last segment, and logs
// know the route's pattern only (SECURITY Q4).
func (s *Server) linkURL(l nidan.Link) string {
	return s.set.public.JoinPath(string(l.Purpose), l.Ticket.Reveal()).String()
}

// local writes a time with its zone.
func (s *Server) local(t time.Time) string { return t.In(s.set.zone).Format("2006-01-02 15:04:05 MST") }

// operate runs a command on an instance that exists.
func (r *run) operate(do func(*Server) error) error {
	s, err := r.open()
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}

// refused says why a command did nothing, and what to do.
func refused(set *settings, address string, why nidan.Reason) error {
	switch why {
	case nidan.NameInvalid:
		return fmt.Errorf("%q is not a mail address that an account can have", address)
	case nidan.NameTaken:
		return fmt.Errorf("%s has an account already; if its owner cannot log in: %s", address, set.command("account", "link", address, "--reset", "--reason", "TEXT"))
	case nidan.NoAccount:
		if !strings.Contains(address, "@") {
			return fmt.Errorf("there is no account %s; one that a product keeps is named by the product's id and its own, with a slash between", address)
		}
		return fmt.Errorf("no account has the address %s; to invite: %s", address, set.command("account", "create", address, "--reason", "TEXT"))
	case nidan.NotFrozen:
		return fmt.Errorf("%s is not frozen", address)
	}
	return fmt.Errorf("%s: refused: %s", address, why)
}

type accountShow struct {
	Address string `arg:"" help:"Address of the account, or its id."`
}

// Run shows also a frozen account, and what can be known of a damaged one.
func (c accountShow) Run(r *run) error {
	return r.operate(func(s *Server) error {
		v, err := s.svc.Show(r.ctx, c.Address)
		if errors.Is(err, nidan.ErrNotFound) {
			return refused(s.set, c.Address, nidan.NoAccount)
		}
		if v.ID != "" {
			r.printAccount(s, v, err == nil)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.Address, err)
		}
		return nil
	})
}

func (r *run) printAccount(s *Server, v nidan.AccountView, whole bool) {
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	line := func(what, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	line("address", "%s", v.Name)
	line("account", "%s", v.ID)
	if v.Kept != "" {
		line("kept by", "%s", v.Kept)
	}
	if f := v.Frozen; f != nil {
		line("frozen", "since %s: the %s shown was of version %d, the document of %d", s.local(f.At), f.Part, f.Shown, f.Found)
		line("", "%s", s.set.command("account", "unfreeze", v.Name, "--reason", "TEXT"))
	}
	if whole {
		r.printState(s, v, line)
	}
	_ = w.Flush() // where the output is gone nobody is left to be told
}

func (r *run) printState(s *Server, v nidan.AccountView, line func(what, format string, args ...any)) {
	line("created", "%s", s.local(v.Created))
	if v.Protected.IsZero() {
		line("two steps", "off")
	} else {
		line("two steps", "on since %s", s.local(v.Protected))
	}
	if !v.Stopped.IsZero() {
		line("password", "stopped on %s by too many wrong second steps, or by “it wasn't me”", s.local(v.Stopped))
		line("", "%s", s.set.command("account", "link", v.Name, "--reset", "--reason", "TEXT"))
	}
	for _, a := range v.Authenticators {
		line(string(a.Method), "%s", s.authenticator(a))
	}
	if v.Recovery != nil {
		line("recovery", "%s", s.recovery(v.Recovery))
	}
	line("wrong in a row", "%d from known browsers, %d from others", v.WrongKnown, v.WrongOther)
	line("sessions", "%d", v.Sessions)
	line("open sign-ins", "%d", v.PendingSignIns)
	line("known browsers", "%d", v.KnownBrowsers)
	line("messages", "%d waiting, %d could not be sent", v.Queued, v.GivenUp)
	line("version", "%d, epoch %d", v.Version, v.Epoch)
}

// recovery describes one in a line.
func (s *Server) recovery(r *nidan.RecoveryView) string {
	started := "started " + s.local(r.Started)
	if r.Address != "" {
		started += " from " + r.Address
	}
	switch {
	case r.State == nidan.RecoveryPast:
		return started + ", ran out " + s.local(r.Gone)
	case r.State == nidan.RecoveryRipe:
		return started + ", can be completed until " + s.local(r.Gone)
	case !r.Told:
		return started + ", waits: the mail server has not taken its first notice, from which the wait counts"
	case r.Untold:
		return started + ", waits: the mail server has not taken its second notice"
	}
	return started + ", waits until " + s.local(r.Ripe)
}

// authenticator describes one in a line.
func (s *Server) authenticator(a nidan.AuthenticatorView) string {
	words := []string{"added " + s.local(a.Added)}
	if a.Name != "" {
		words = append([]string{fmt.Sprintf("%q", a.Name)}, words...)
	}
	if !a.LastUsed.IsZero() {
		words = append(words, "last used "+s.local(a.LastUsed))
	}
	if a.Sheet != nil {
		words = append(words, fmt.Sprintf("%d of %d left", a.Sheet.Left, a.Sheet.Total))
	}
	if !a.Disabled.IsZero() {
		words = append(words, "DISABLED on "+s.local(a.Disabled)+" after too many wrong answers")
	}
	return strings.Join(words, ", ")
}

type accountLogOut struct {
	Address string `arg:"" help:"Address of the account, or its id."`
	Reason  reason `required:"" placeholder:"TEXT" help:"Why; kept in the audit trail."`
}

// Run takes nothing away that the person cannot get by logging in.
func (c accountLogOut) Run(r *run) error {
	return r.operate(func(s *Server) error {
		out, err := s.svc.LogOutAccount(r.ctx, c.Address, string(c.Reason))
		return r.answer(s, c.Address, out, err, "Logged out everywhere; links given before do not work any more.")
	})
}

type accountUnfreeze struct {
	Address string `arg:"" help:"Address of the account or its id, or instance for the operators' own trail."`
	Reason  reason `required:"" placeholder:"TEXT" help:"Why; kept in the audit trail."`
}

// Run lets the account go on from the state that the database now holds, and
// shows it: what was put back may be a state without two-step verification.
func (c accountUnfreeze) Run(r *run) error {
	return r.operate(func(s *Server) error {
		out, err := s.svc.Unfreeze(r.ctx, c.Address, string(c.Reason))
		if err := r.answer(s, c.Address, out, err, "Goes on from the state in the database; everything handed out before is void, a recovery under way too."); err != nil || c.Address == string(nidan.Instance) {
			return err
		}
		v, err := s.svc.Show(r.ctx, c.Address)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Address, err)
		}
		r.printAccount(s, v, true)
		return nil
	})
}

func (r *run) answer(s *Server, address string, out nidan.Outcome, err error, done string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if out.Reason != nidan.OK {
		return refused(s.set, address, out.Reason)
	}
	r.printf("%s: %s\n", address, done)
	return nil
}
