package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/nidan-auth/nidan"
)

// Brand is what makes the pages somebody's own.
type Brand struct {
	Name    string // at the top of every page
	Area    string // what the account area is called, for example "My Page"; may be empty
	Support string // how to reach a person: an address, an https URL or a sentence; may be empty
	Sender  string // the name that our mails come from; empty: Name
	Home    string // an https URL to lead on to after log-in; may be empty
	Accent  string // colour of links and buttons, #rrggbb; see CheckAccent; may be empty
	Logo    []byte // an SVG or PNG in front of the name; see CheckLogo; may be empty
}

// Config is what Pages are made of. Features, Zone and Log may be left out.
type Config struct {
	Service *nidan.Service
	Brand   Brand
	Public  *url.URL // where people reach the pages: scheme and host
	Base    string   // the path that they stand under, for example /two-step; empty: all of the host is theirs

	// Mount puts the pages into an application; nil: they stand for themselves.
	Mount *Mount

	// From says where a request came from, as far as its headers can be
	// believed. The known-browser cookie is added here.
	From func(*http.Request) nidan.From

	// Features are what is offered beyond the app and its backup codes; pages
	// and help speak of nothing else.
	Features []Feature

	// Languages are the tags of those that the pages speak, the first one for
	// whoever asks for none of them; nil: all there are, English first.
	Languages []string

	Zone *time.Location // in which times are shown; UTC if nil
	Log  *slog.Logger
}

// Pages is the handler of all pages. It holds nothing that changes.
type Pages struct {
	svc     *nidan.Service
	from    func(*http.Request) nidan.From
	log     *slog.Logger
	brand   brand
	host    string // of the public URL, without a default port
	scheme  string // … and that of every proxied host
	base    string
	mount   *Mount // nil: the pages stand for themselves
	headers http.Header
	origin  *http.CrossOriginProtection
	assets  assets
	locales *locales
	routes  []Route
	mux     *http.ServeMux
}

// New parses templates and catalogues and checks the table of routes. It is an
// error if a route does not declare what it needs, or a configured method has
// no sentences.
func New(c Config) (*Pages, error) {
	switch {
	case c.Service == nil || c.From == nil:
		return nil, errors.New("web: a Service and From are required")
	case c.Public == nil || c.Public.Host == "" || c.Public.Scheme != "https" && c.Public.Scheme != "http":
		return nil, errors.New("web: the public URL must have a scheme and a host")
	case c.Brand.Name == "":
		return nil, errors.New("web: the brand needs a name")
	case c.Base != "" && !basePath.MatchString(c.Base):
		return nil, fmt.Errorf("web: the base %q is no path of a–z, 0–9 and hyphens that begins with a slash and ends without", c.Base)
	}
	b, err := newBrand(c.Brand)
	if err != nil {
		return nil, err
	}
	for _, m := range c.Service.Methods() {
		if _, ok := shapes[m]; !ok {
			return nil, fmt.Errorf("web: method %q has no shape; see methods.go", m)
		}
	}
	p := &Pages{
		svc: c.Service, from: c.From, log: c.Log, brand: b, host: canonicalHost(c.Public.Scheme, c.Public.Host), scheme: c.Public.Scheme,
		base: c.Base, headers: securityHeaders(c.Public, c.Mount != nil), origin: http.NewCrossOriginProtection(),
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	if p.assets, err = newAssets(c.Brand, c.Base); err != nil {
		return nil, err
	}
	if p.mount = c.Mount; p.mount != nil {
		if err := p.mount.check(c.Base); err != nil {
			return nil, err
		}
	}
	p.brand.Logo = p.assets.logo
	if p.locales, err = newLocales(p.brand, c.Languages, zone, p.assets, c.Base); err != nil {
		return nil, err
	}
	if err := p.locales.openHelp(b, c.Features); err != nil {
		return nil, err
	}
	p.routes = table(c.Mount != nil)
	if p.mux, err = p.newMux(); err != nil {
		return nil, err
	}
	return p, nil
}

// Routes returns the table of routes, for the tests that are driven by it.
func (p *Pages) Routes() []Route { return p.routes }

// ServeHTTP implements [http.Handler].
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.setHeaders(w.Header())
	inner, err := p.under(r)
	if err == nil {
		err = p.admit(inner)
	}
	if err != nil {
		p.handle("", func(*visit) error { return err })(w, r)
		return
	}
	p.mux.ServeHTTP(w, inner)
	r.Pattern = inner.Pattern // for whoever logs it
}
