// Package forwardauth is the door for proxies: nginx, Caddy and whatever else
// asks, before each request to an application, whether it may pass.
//
// A session's cookie never leaves our own host. Each proxied host therefore has
// a pass of its own: a browser without one is led to our log-in and comes back
// with a sealed ticket, which is redeemed on the host, beside a cookie that the
// host set when it sent the browser away. What a request says about who it is
// from is never believed: who passes is told in headers of the answer.
package forwardauth

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/nidan-auth/nidan"
)

// The paths of this door. The first is asked by the proxy; the two after it are
// reached through the proxied host.
const (
	CheckPath = "/forward-auth"
	StartPath = "/_nidan/start"
	DonePath  = "/_nidan/done"
	KeysPath  = "/.well-known/jwks.json"
)

// The cookies on a proxied host.
const (
	passCookie = "__Host-nidan_host"
	awayCookie = "__Host-nidan_away"
)

const (
	awayFor      = 10 * time.Minute
	assertionFor = time.Minute
	maxReturn    = 2000 // bytes of a path to come back to
)

// Config is what a Door is made of. Log may be left out.
type Config struct {
	Service *nidan.Service
	Public  *url.URL // where people log in
	Log     *slog.Logger
}

// Door is the handler of the four paths.
type Door struct {
	svc    *nidan.Service
	public *url.URL
	log    *slog.Logger
}

// New makes the handler. It is an error if a route does not declare what it
// needs.
func New(c Config) (*Door, error) {
	if c.Service == nil || c.Public == nil {
		return nil, errors.New("forwardauth: a Service and the public URL are required")
	}
	for _, r := range table() {
		if r.Needs.String() == "" {
			return nil, fmt.Errorf("forwardauth: %s does not declare what it needs", r.Path)
		}
	}
	d := &Door{svc: c.Service, public: c.Public, log: c.Log}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	return d, nil
}

// ServeHTTP implements [http.Handler].
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	route, ok := find(r.URL.Path)
	if !ok {
		say(w, http.StatusNotFound, "Nothing is here.")
		return
	}
	r.Pattern = route.Path
	if route.Method == "" || onlyGet(w, r) {
		route.do(d, w, r)
	}
}

func onlyGet(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	say(w, http.StatusMethodNotAllowed, "Only GET.")
	return false
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// host is the host that the proxy names; empty unless it names exactly one.
func host(r *http.Request) string {
	h := r.Header.Values("X-Forwarded-Host")
	if len(h) != 1 || len(h[0]) > 255 {
		return ""
	}
	return h[0]
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$`)

// shown is a host for the log, to which nothing else gets.
func shown(host string) string {
	if !hostName.MatchString(host) {
		return "no host name"
	}
	return host
}

// cookie is the value of a cookie that came exactly once.
func cookie(r *http.Request, name string) string {
	c := r.CookiesNamed(name)
	if len(c) != 1 {
		return ""
	}
	return c[0].Value
}

// check answers 200 with who it is, or a plain refusal: whatever is wrong, the
// answer is the same.
func (d *Door) check(w http.ResponseWriter, r *http.Request) {
	ses, err := d.svc.CheckPass(r.Context(), nidan.NewSecret(cookie(r, passCookie)), host(r))
	if err == nil {
		err = d.identify(w, r, ses)
	}
	if err != nil {
		if !errors.Is(err, nidan.ErrNotFound) && !errors.Is(err, nidan.ErrFrozen) {
			d.log.ErrorContext(r.Context(), "not proven", "step", "forward-auth", "cause", err.Error())
		}
		say(w, http.StatusUnauthorized, "No.")
		return
	}
	w.WriteHeader(http.StatusOK)
}

// identify tells who passes, and signs it.
func (d *Door) identify(w http.ResponseWriter, r *http.Request, ses *nidan.Session) error {
	signed, err := d.sign(r, ses)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Nidan-Account", string(ses.Account))
	h.Set("Nidan-Name", ascii(ses.Name))
	h.Set("Nidan-Acr", ses.Level.String())
	h.Set("Nidan-Auth-Time", strconv.FormatInt(ses.AuthAt.Unix(), 10))
	h.Set("Nidan-Assertion", signed)
	return nil
}

// ascii writes what is not visible ASCII as a URL does: headers are no text.
func ascii(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c > ' ' && c <= '~' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// sign makes the assertion (a JWT, RFC 7519) for one host and one minute.
func (d *Door) sign(r *http.Request, ses *nidan.Session) (string, error) {
	ids, keys, err := d.svc.SigningKeys(r.Context())
	if err == nil && len(keys) == 0 {
		err = errors.New("there is no signing key; it comes with the first host that is registered")
	}
	if err != nil {
		return "", err
	}
	now := d.svc.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": d.public.String(), "aud": host(r), "sub": string(ses.Account), "name": ses.Name, "acr": ses.Level.String(), "amr": ses.AMR,
		"auth_time": ses.AuthAt.Unix(), "iat": now.Unix(), "exp": now.Add(assertionFor).Unix(),
	})
	if err != nil {
		return "", err
	}
	newest := len(keys) - 1
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: keys[newest], KeyID: ids[newest]}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// keys publishes the public halves (RFC 7517).
func (d *Door) keys(w http.ResponseWriter, r *http.Request) {
	ids, keys, err := d.svc.SigningKeys(r.Context())
	if err != nil {
		d.log.ErrorContext(r.Context(), "no signing keys", "cause", err.Error())
		say(w, http.StatusServiceUnavailable, "Try again.")
		return
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for i, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: (*ecdsa.PublicKey)(&k.PublicKey), KeyID: ids[i], Algorithm: string(jose.ES256), Use: "sig"})
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_ = json.NewEncoder(w).Encode(set) // nobody is left to be told
}

// start sends a browser without a pass to our log-in, and remembers in a cookie
// on the host what it wanted there.
func (d *Door) start(w http.ResponseWriter, r *http.Request) {
	h := host(r)
	switch _, err := d.svc.HostLevel(r.Context(), h); {
	case errors.Is(err, nidan.ErrNotFound):
		d.log.WarnContext(r.Context(), "not registered: 'party put --host' does it", "step", "forward-auth", "host", shown(h))
		say(w, http.StatusForbidden, "This address is not set up for logging in. Tell whoever runs it.")
		return
	case err != nil:
		d.log.ErrorContext(r.Context(), "not proven", "step", "forward-auth", "cause", err.Error())
		say(w, http.StatusServiceUnavailable, "Try again in a moment.")
		return
	}
	away := rand.Text() + "." + base64.RawURLEncoding.EncodeToString([]byte(wanted(r)))
	put(w, awayCookie, away, int(awayFor/time.Second))
	sum := sha256.Sum256([]byte(away))
	to := *d.public.JoinPath("pass")
	to.RawQuery = url.Values{"host": {h}, "bind": {base64.RawURLEncoding.EncodeToString(sum[:])}}.Encode()
	lead(w, to.String())
}

// wanted is the path that the request was for, if a browser can be led back to
// it: of a form that was sent nothing is left.
func wanted(r *http.Request) string {
	uri := r.Header.Values("X-Forwarded-Uri")
	method := r.Header.Get("X-Forwarded-Method")
	if len(uri) != 1 || method != "" && method != http.MethodGet || !local(uri[0]) {
		return "/"
	}
	return uri[0]
}

// local reports whether a text is a path on this very host, to every browser.
func local(uri string) bool {
	if len(uri) > maxReturn || !strings.HasPrefix(uri, "/") || strings.HasPrefix(uri, "//") || strings.HasPrefix(uri, "/_nidan/") {
		return false
	}
	return !strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' })
}

// done makes the pass and leads to what was wanted.
func (d *Door) done(w http.ResponseWriter, r *http.Request) {
	away := cookie(r, awayCookie)
	out, err := d.svc.RedeemPass(r.Context(), nidan.NewSecret(r.URL.Query().Get("ticket")), host(r), nidan.NewSecret(away))
	switch {
	case err != nil:
		d.log.ErrorContext(r.Context(), "not proven", "step", "host pass", "cause", err.Error())
		say(w, http.StatusServiceUnavailable, "Try again in a moment.")
	case !out.Passed():
		say(w, http.StatusGone, "This way in has run out, or was begun in another browser. Open the page that you wanted again.")
	default:
		put(w, awayCookie, "", -1)
		put(w, passCookie, out.Pass.Token.Reveal(), max(1, int(out.Pass.Expires.Sub(d.svc.Now())/time.Second)))
		lead(w, returnTo(away))
	}
}

// returnTo is the path in the cookie that the host set.
func returnTo(away string) string {
	_, coded, _ := strings.Cut(away, ".")
	uri, err := base64.RawURLEncoding.DecodeString(coded)
	if err != nil || !local(string(uri)) {
		return "/"
	}
	return string(uri)
}

// put sets a cookie on the proxied host.
func put(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func lead(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}
