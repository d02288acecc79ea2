package server

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the program has to know its zones on a machine that has none
	"unicode"
	"unicode/utf8"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/mail"
	"github.com/nidan-auth/nidan/web"
)

// settings are a Config that was checked and filled in.
type settings struct {
	Config // with defaults filled in

	public  *url.URL
	given   bool // public was set, not derived from where we listen
	proxies []netip.Prefix
	zone    *time.Location
	logo    []byte
	prove   nidan.Prove
	smtp    *mail.SMTP // nil: nothing is mailed
	mailbox bool       // of the demo: what would be mailed is shown there

	program string   // as it was called, to print commands that can be run as they are
	repeat  []string // flags to give again for a command to mean the same instance
}

// check fills in what is not set and returns every problem at once. Each one
// names the setting.
func (c Config) check() (*settings, error) { return c.checkFor(false) }

// checkFor is check for a program that keeps what it would mail in a mailbox of
// its own, if it has no mail server.
func (c Config) checkFor(mailbox bool) (*settings, error) {
	s := &settings{Config: c, mailbox: mailbox && c.SMTP == "", given: c.PublicURL != "", program: "nidan", repeat: c.flags()}
	s.Data = cmp.Or(c.Data, defaultData)
	s.Listen = cmp.Or(c.Listen, defaultListen)
	s.PublicURL = cmp.Or(c.PublicURL, "http://"+reachable(s.Listen))
	s.BrandName = cmp.Or(c.BrandName, defaultBrand)
	s.Zone = cmp.Or(c.Zone, defaultZone)
	s.PasswordMin = cmp.Or(c.PasswordMin, defaultPasswordMin)
	s.Log = cmp.Or(c.Log, defaultLog)

	var problems []error
	check := func(name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("--%s: %w", name, err))
		}
	}
	var err error
	check("listen", hostPort(s.Listen))
	s.public, err = publicURL(s.PublicURL)
	check("public-url", err)
	for _, p := range c.TLSProxy {
		prefix, err := proxy(p)
		check("tls-proxy", err)
		s.proxies = append(s.proxies, prefix)
	}
	check("brand-name", shortText(s.BrandName, 40, ":")) // the colon ends the name in an authenticator app
	check("brand-area", shortText(c.BrandArea, 40, ""))
	check("brand-support", shortText(c.BrandSupport, 200, ""))
	if c.BrandHome != "" {
		u, err := absoluteURL(c.BrandHome)
		if err == nil && u.Scheme != "https" {
			err = errors.New("must begin with https://")
		}
		check("brand-home", err)
	}
	if c.BrandAccent != "" {
		check("brand-accent", web.CheckAccent(c.BrandAccent))
	}
	if c.BrandLogo != "" {
		s.logo, err = os.ReadFile(c.BrandLogo)
		if err == nil {
			err = web.CheckLogo(s.logo)
		}
		check("brand-logo", err)
	}
	if len(s.Languages) == 0 {
		s.Languages = strings.Split(defaultLanguages, ",")
	}
	for i, tag := range s.Languages {
		switch {
		case !slices.Contains(strings.Split(defaultLanguages, ","), tag):
			check("languages", fmt.Errorf("%q is none of %s", tag, defaultLanguages))
		case slices.Contains(s.Languages[:i], tag):
			check("languages", fmt.Errorf("%q stands there twice", tag))
		}
	}
	s.zone, err = time.LoadLocation(s.Zone)
	check("zone", err)
	if s.PasswordMin < 8 || s.PasswordMin > 64 {
		check("password-min", fmt.Errorf("%d is not from 8 to 64", s.PasswordMin))
	}
	if s.Log != "text" && s.Log != "json" {
		check("log", fmt.Errorf("%q is neither text nor json", s.Log))
	}
	s.checkMail(check)
	if c.KeyringFile != "" && !c.Keyring.Empty() {
		check("keyring-file", errors.New("NIDAN_KEYRING is set too; give one of the two"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return s, nil
}

// flags writes what is set as flags.
func (c Config) flags() []string {
	var words []string
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		name, ok := v.Type().Field(i).Tag.Lookup("name")
		if !ok || v.Field(i).IsZero() {
			continue
		}
		value := fmt.Sprint(v.Field(i).Interface())
		if list, ok := v.Field(i).Interface().([]string); ok {
			value = strings.Join(list, ",")
		}
		words = append(words, "--"+name, value)
	}
	return words
}

// servesAt notes where the program listens in the end. Without a public URL
// links lead there.
func (s *settings) servesAt(a net.Addr) {
	s.Listen = a.String()
	if !s.given {
		s.PublicURL = "http://" + reachable(s.Listen)
		s.public = &url.URL{Scheme: "http", Host: reachable(s.Listen)}
	}
}

// reachable is the address at which this machine reaches what listens at addr.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func hostPort(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("%q is not an address and port such as %s", addr, defaultListen)
	}
	return nil
}

// absoluteURL takes an https address, or an http one on this machine.
func absoluteURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		// The parser's error quotes its input, which may hold a password.
		return nil, errors.New("not an address such as https://login.example.com")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("must not contain a name or password")
	case u.Host == "" || u.Hostname() == "":
		return nil, errors.New("has no host; write it like https://login.example.com")
	case u.Scheme == "https", u.Scheme == "http" && isLoopbackName(u.Hostname()):
		return u, nil
	}
	return nil, errors.New("must begin with https:// (http:// only for this machine itself)")
}

// publicURL takes an origin: cookies bound to a host belong to all of it, so
// the program cannot live under a path.
func publicURL(s string) (*url.URL, error) {
	u, err := absoluteURL(s)
	if err != nil {
		return nil, err
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("must be an origin, without a path, query or fragment")
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

func isLoopbackName(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// The widest networks that may be declared as proxies. Whoever is inside says
// who a visitor is, so "everybody" must not fit.
const (
	widestIPv4 = 8
	widestIPv6 = 16
)

// private is the IPv6 network of private addresses, wider than widestIPv6.
var private = netip.MustParsePrefix("fc00::/7")

func proxy(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	p, err := netip.ParsePrefix(s)
	if err != nil {
		ip, err := netip.ParseAddr(s)
		if err != nil || ip.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/24", s)
		}
		p = netip.PrefixFrom(ip, ip.BitLen())
	}
	switch ip := p.Addr(); {
	case ip.Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q: write an IPv4 network as IPv4", s)
	case ip.Is4() && p.Bits() < widestIPv4, ip.Is6() && p.Bits() < widestIPv6 && (p.Bits() < private.Bits() || !private.Contains(ip)):
		return netip.Prefix{}, fmt.Errorf("%q is too wide: everybody in it could claim to be anybody", s)
	}
	return p.Masked(), nil
}

func shortText(s string, most int, without string) error {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("has characters that cannot be shown")
	case utf8.RuneCountInString(s) > most:
		return fmt.Errorf("is longer than %d characters", most)
	case without != "" && strings.Contains(s, without):
		return fmt.Errorf("must not contain %q", without)
	}
	return nil
}
