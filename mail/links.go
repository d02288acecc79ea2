package mail

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/nidan-auth/nidan"
)

// paths lead from the purpose of a ticket to the page that takes it. The pages
// stand under the same paths; a ticket is the last segment.
var paths = map[nidan.TicketPurpose]string{
	nidan.TicketInvite:   "invite",
	nidan.TicketReset:    "reset",
	nidan.TicketBrowser:  "browser",
	nidan.TicketRegister: "register",
	nidan.TicketAddress:  "address",
	nidan.TicketSecond:   "second",
	nidan.TicketRecovery: "recovery",
	nidan.TicketNotMe:    "notme",
	nidan.TicketCancel:   "cancel",
}

// A base is the address of the pages, from the configuration and never from a
// request (SECURITY R5).
type base struct {
	url  string // without a slash at its end
	host string // as a bound number names it: without a port
}

func newBase(public string) (base, error) {
	u, err := url.Parse(public)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return base{}, fmt.Errorf("mail: the public URL %q is no address that links can be built on: it has to be https://HOST, with a path if there is one", public)
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	case !isDomain(host):
		return base{}, fmt.Errorf("mail: the public URL %q has to name its host in ASCII, as the DNS does", public)
	}
	return base{url: strings.TrimRight(u.String(), "/"), host: host}, nil
}

// link returns the address that a mailed ticket is part of.
func (b base) link(l nidan.MailedLink) (string, error) {
	path, ok := paths[l.Purpose]
	if !ok {
		return "", fmt.Errorf("no page takes a ticket for %q", l.Purpose)
	}
	if !isAtom(l.Ticket) {
		return "", errors.New("its ticket is no path segment")
	}
	return b.url + "/" + path + "/" + l.Ticket, nil
}
