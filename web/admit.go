package web

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// policy is the content security policy of every answer: nothing inline, no
// data: URL, nobody else's anything.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " +
	ownForms + "; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// ownForms is where forms may be sent to, and be led on to from there: browsers
// hold a redirect to it too.
const ownForms = "form-action 'self'"

// namedHost is a host as a policy can name it: nothing that ends its own name,
// or stands for others (law 15).
var namedHost = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?$`)

// leadingTo is the policy of a page whose form may lead on to an address that is
// stored: to its origin and to nothing else.
func leadingTo(at string) string {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !namedHost.MatchString(u.Host) {
		return policy
	}
	return strings.Replace(policy, ownForms, ownForms+" "+u.Scheme+"://"+u.Host, 1)
}

// securityHeaders are the headers of every answer.
func securityHeaders(public *url.URL, mounted bool) http.Header {
	h := http.Header{
		"Cache-Control":                {"no-store"},
		"Content-Security-Policy":      {policy},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Permissions-Policy": {"accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), " +
			"gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), clipboard-write=(self)"},
		// Not "no-referrer": that makes browsers send "Origin: null" with our own forms.
		"Referrer-Policy":        {"same-origin"},
		"Vary":                   {"Accept-Language"},
		"X-Content-Type-Options": {"nosniff"},
		"X-Frame-Options":        {"DENY"},
		"X-Robots-Tag":           {"noindex"},
	}
	if public.Scheme == "https" && !mounted { // there it is said of the application's whole host
		h["Strict-Transport-Security"] = []string{"max-age=63072000"}
	}
	return h
}

// setHeaders puts our headers in the place of what stands there, but for what an
// application's answers vary by.
func (p *Pages) setHeaders(h http.Header) {
	for k, v := range p.headers {
		if k == "Vary" {
			v = append(slices.Clone(h[k]), v...)
		}
		h[k] = v
	}
}

// basePath is what pages may stand under: nothing that has to be escaped.
var basePath = regexp.MustCompile(`^(/[a-z0-9-]+)+$`)

// under is the request as the routes see it, without the base.
func (p *Pages) under(r *http.Request) (*http.Request, error) {
	if p.base == "" {
		return r, nil
	}
	rest, ours := strings.CutPrefix(r.URL.Path, p.base)
	if !ours || rest != "" && rest[0] != '/' {
		return r, &fault{status: http.StatusNotFound}
	}
	inner := *r
	inner.URL = &url.URL{Path: cmp.Or(rest, "/"), RawPath: strings.TrimPrefix(r.URL.RawPath, p.base), RawQuery: r.URL.RawQuery}
	return &inner, nil
}

// admit checks what no route has to know of: that the request was meant for
// this host (SECURITY R5), that its path is written the one way we write it,
// and that a form was sent from our own pages (R3).
func (p *Pages) admit(r *http.Request) error {
	if canonicalHost(p.scheme, r.Host) != p.host {
		return &fault{status: http.StatusMisdirectedRequest}
	}
	// ServeMux would answer with a redirect built from the request's own path.
	if r.URL.Path != path.Clean(r.URL.Path) || r.URL.Path[0] != '/' {
		return &fault{status: http.StatusNotFound}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	// Every browser of the last years sends one of them with a form; what
	// sends neither is not shown to be ours.
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" || p.origin.Check(r) != nil {
		return &fault{status: http.StatusForbidden}
	}
	return nil
}

// canonicalHost is a host in lower case and without its scheme's default port.
func canonicalHost(scheme, host string) string {
	host = strings.ToLower(host)
	defaultPort := map[string]string{"https": "443", "http": "80"}[scheme]
	if h, port, err := net.SplitHostPort(host); err == nil && port == defaultPort {
		if strings.Contains(h, ":") {
			return "[" + h + "]"
		}
		return h
	}
	return host
}
