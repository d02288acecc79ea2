package server

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nidan-auth/nidan"
)

type partyCommands struct {
	Put    partyPut    `cmd:"" help:"Add a product that relies on Nidan, or change it: what is given takes the place of what was."`
	List   partyList   `cmd:"" help:"List the products, with their return addresses and hosts."`
	Remove partyRemove `cmd:"" help:"Take a product away, its keys with it. The accounts that it keeps are left and cannot be reached."`
}

type partyPut struct {
	ID     string   `arg:"" help:"Short and for ever the same: a to z, 0 to 9 and hyphen."`
	Name   string   `required:"" placeholder:"NAME" help:"As pages call it."`
	Return []string `placeholder:"URL" help:"Whole address that a browser may be sent back to; again for another."`
	Host   []string `placeholder:"HOST=ACR" help:"Host whose requests a proxy has checked here, and what a log-in has to be worth there: 1, 2step or aal2; again for another."`
	Reason reason   `required:"" placeholder:"TEXT" help:"Why; kept in the audit trail."`
}

// Run tells what is wrong with an address before anything is changed.
func (c partyPut) Run(r *run) error {
	p := nidan.Party{ID: c.ID, Name: c.Name, Returns: c.Return}
	for _, h := range c.Host {
		host, acr, _ := strings.Cut(h, "=")
		level, ok := levels[acr]
		if !ok {
			return fmt.Errorf("--host %s: after the host comes = and what a log-in has to be worth there: 1, 2step or aal2", h)
		}
		p.Hosts = append(p.Hosts, nidan.Proxied{Host: host, Level: level})
	}
	return r.operate(func(s *Server) error {
		for _, h := range p.Hosts {
			if name, _, _ := strings.Cut(h.Host, ":"); name == s.set.public.Hostname() {
				return fmt.Errorf("--host %s is where Nidan itself is (%s), and cookies tell no ports apart: give the application a host name of its own", h.Host, s.set.public)
			}
		}
		out, err := s.svc.PutParty(r.ctx, p, string(c.Reason))
		return r.told(out, err, fmt.Sprintf("The product %s is registered. For a key: %s", c.ID, s.set.command("key", "create", c.ID, "--scope", "SCOPE", "--reason", "TEXT")))
	})
}

var levels = map[string]nidan.Level{
	nidan.LevelPassword.String(): nidan.LevelPassword, nidan.LevelTwoStep.String(): nidan.LevelTwoStep, nidan.LevelAAL2.String(): nidan.LevelAAL2,
}

// told prints what came of an act on products and keys, or says why it was
// refused.
func (r *run) told(out nidan.Outcome, err error, done string) error {
	if err != nil {
		return err
	}
	switch out.Reason {
	case nidan.OK:
		r.printf("%s\n", done)
		return nil
	case nidan.NameInvalid:
		return errors.New("the id has to be 1 to 39 of a to z, 0 to 9 and hyphen, and the name 1 to 40 characters")
	case nidan.ReturnInvalid:
		return errors.New("a return address has to be https (http on this machine only), with a path, in lower case, without query and fragment")
	case nidan.HostInvalid:
		return errors.New("a host is written as browsers name it: in lower case, without scheme and path, with its port unless that is 443")
	case nidan.HostTaken:
		return errors.New("another product has one of these hosts")
	case nidan.NoParty:
		return errors.New("there is no such product; 'party list' shows all")
	case nidan.NoKey:
		return errors.New("there is no such key; 'key list' shows all")
	case nidan.ScopeInvalid:
		return fmt.Errorf("a key has one or more of the scopes %s, each once", scopeList())
	case nidan.LifeInvalid:
		return errors.New("a key lives 1 to 400 days")
	case nidan.TooMany:
		return errors.New("there are as many as there can be: 50 products with 20 return addresses and 20 hosts each, 200 keys")
	}
	return fmt.Errorf("refused: %s", out.Reason)
}

type partyList struct{}

// Run prints one line for each address and host.
func (partyList) Run(r *run) error {
	return r.operate(func(s *Server) error {
		parties, err := s.svc.Parties(r.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
		for _, p := range parties {
			fmt.Fprintf(w, "%s\t%s\tsince %s\n", p.ID, p.Name, s.local(p.Added))
			for _, to := range p.Returns {
				fmt.Fprintf(w, "\treturns to\t%s\n", to)
			}
			for _, h := range p.Hosts {
				fmt.Fprintf(w, "\thost\t%s=%s\n", h.Host, h.Level)
			}
		}
		return w.Flush()
	})
}

type partyRemove struct {
	ID     string `arg:"" help:"Id of the product."`
	Reason reason `required:"" placeholder:"TEXT" help:"Why; kept in the audit trail."`
}

// Run ends the product's keys in the same commit.
func (c partyRemove) Run(r *run) error {
	return r.operate(func(s *Server) error {
		out, err := s.svc.RemoveParty(r.ctx, c.ID, string(c.Reason))
		return r.told(out, err, "Removed, with its keys; every server refuses them within two seconds.")
	})
}

type keyCommands struct {
	Create keyCreate `cmd:"" help:"Make a key of the API. It is printed once, and alone on the output."`
	List   keyList   `cmd:"" help:"List the keys, with their scopes and when they were last used."`
	Revoke keyRevoke `cmd:"" help:"End a key."`
}

type keyCreate struct {
	Party   string         `arg:"" help:"Id of the product."`
	Scope   []nidan.Scope  `required:"" placeholder:"SCOPE" help:"What it may do: sign-in, assert-first-step, enrol, read, admin; again for another. As few as possible."`
	Network []netip.Prefix `placeholder:"CIDR" help:"Network that it may come from; again for another. From anywhere, if not given."`
	Days    int            `default:"90" help:"How long it lives, 1 to 400 days."`
	Reason  reason         `required:"" placeholder:"TEXT" help:"Why; kept in the audit trail."`
}

// Run prints the key, and nothing else to the output.
func (c keyCreate) Run(r *run) error {
	return r.operate(func(s *Server) error {
		if c.Days > 400 {
			return r.told(nidan.Outcome{Reason: nidan.LifeInvalid}, nil, "")
		}
		secret, key, out, err := s.svc.CreateKey(r.ctx, c.Party, c.Scope, c.Network, time.Duration(c.Days)*24*time.Hour, string(c.Reason))
		if err != nil || !out.Passed() {
			return r.told(out, err, "")
		}
		r.printf("%s\n", secret.Reveal())
		// Beside the output, which may lead into a file.
		fmt.Fprintf(r.err, "This is key %s. It is not shown again, and lives until %s. To end it before: %s\n",
			key.ID, s.local(key.Expires), s.set.command("key", "revoke", key.ID, "--reason", "TEXT"))
		return nil
	})
}

func scopeList() string {
	var names []string
	for _, s := range nidan.Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

type keyList struct{}

// Run prints a line for each key.
func (keyList) Run(r *run) error {
	return r.operate(func(s *Server) error {
		keys, err := s.svc.Keys(r.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
		for _, k := range keys {
			var scopes, networks []string
			for _, x := range k.Scopes {
				scopes = append(scopes, string(x))
			}
			for _, n := range k.Networks {
				networks = append(networks, n.String())
			}
			used, where := "never used", "from anywhere"
			if !k.Used.IsZero() {
				used = "last used " + s.local(k.Used)
			}
			if len(networks) > 0 {
				where = "from " + strings.Join(networks, ",")
			}
			until := "until " + s.local(k.Expires)
			if !s.svc.Now().Before(k.Expires) {
				until = "RUN OUT " + s.local(k.Expires)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Party, strings.Join(scopes, ","), where, until, used)
		}
		return w.Flush()
	})
}

type keyRevoke struct {
	ID     string `arg:"" help:"Id of the key, as 'key list' shows it."`
	Reason reason `required:"" placeholder:"TEXT" help:"Why; kept in the audit trail."`
}

// Run waits for nothing: every server looks again within two seconds.
func (c keyRevoke) Run(r *run) error {
	return r.operate(func(s *Server) error {
		out, err := s.svc.RevokeKey(r.ctx, c.ID, string(c.Reason))
		return r.told(out, err, "Ended; every server refuses it within two seconds.")
	})
}
