package web

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/nidan-auth/nidan"
)

// A proxied host sends a browser that has no pass here. What it asked for is
// remembered while its holder logs in, and then the browser is led on to it.

const passPath = "/pass"

// maxHost is the longest host that is remembered, as the longest that can be
// registered.
const maxHost = 259

// A passAsk is what a host pass is asked with. Nothing of it is secret: it is of
// use only beside the cookie that the host has set.
type passAsk struct {
	Host string
	Bind string // hash of that cookie's value
}

// newPassAsk refuses what no host that is registered here would have sent.
func newPassAsk(host, bind string) (passAsk, bool) {
	const length = 43 // said, as decoding overlooks line breaks
	sum, err := base64.RawURLEncoding.Strict().DecodeString(bind)
	if err != nil || len(bind) != length || len(sum) != sha256.Size || len(host) > maxHost || !namedHost.MatchString(host) {
		return passAsk{}, false
	}
	return passAsk{host, bind}, true
}

// parsePassAsk reads what [passAsk.String] wrote, into a cookie or a form.
func parsePassAsk(value string) (passAsk, bool) {
	bind, host, _ := strings.Cut(value, ".")
	return newPassAsk(host, bind)
}

// String implements [fmt.Stringer].
func (a passAsk) String() string { return a.Bind + "." + a.Host }

// askedHere is the one that the address names, or, where it names none, the one
// that is remembered.
func (v *visit) askedHere() (passAsk, bool) {
	asked := v.r.URL.Query()
	if !asked.Has("host") && !asked.Has("bind") {
		value, _ := v.cookie(passCookie)
		return parsePassAsk(value)
	}
	if len(asked["host"]) != 1 || len(asked["bind"]) != 1 {
		return passAsk{}, false
	}
	return newPassAsk(asked.Get("host"), asked.Get("bind"))
}

// awaited is the remembered one, while its host is registered; nil: none is.
func (v *visit) awaited() (*passAsk, error) {
	value, _ := v.cookie(passCookie)
	return v.registered(value)
}

func (v *visit) registered(value string) (*passAsk, error) {
	a, ok := parsePassAsk(value)
	if !ok {
		return nil, nil
	}
	switch _, err := v.p.svc.HostLevel(v.r.Context(), a.Host); {
	case errors.Is(err, nidan.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &a, nil
}

// leadOn lets a form of this page lead on to the host that waits. A form says
// what its page was drawn for: several tabs can wait for several hosts, and
// browsers hold where a form leads to against the policy of its own page.
func (v *visit) leadOn() (err error) {
	drawn, says := v.form.fields["pass"]
	if !says {
		v.pass, err = v.awaited()
		return err
	}
	v.pass, err = v.registered(drawn)
	if value, _ := v.cookie(passCookie); v.pass != nil && value != drawn {
		v.set(passCookie, nidan.NewSecret(drawn))
	}
	return err
}

// onward is where a log-in leads to: to the host that waits for it, or to path.
func (v *visit) onward(path string) string {
	if v.pass != nil {
		return passPath
	}
	return path
}

// at is the origin of a proxied host. Its scheme is ours (law 15).
func (p *Pages) at(host string) string { return p.scheme + "://" + host }

// A passView says what is missing for a host.
type passView struct {
	Host      string
	Protected bool // the log-in was worth too little; else two-step verification is off
}

// showPass leads on to a host, or to what has to come before.
func showPass(v *visit) error {
	a, ok := v.askedHere()
	if !ok {
		return v.passIsDead()
	}
	level, err := v.p.svc.HostLevel(v.r.Context(), a.Host)
	switch {
	case errors.Is(err, nidan.ErrNotFound), level > nidan.LevelAAL2: // no way that these pages have is worth so much
		return v.passIsDead()
	case err != nil:
		return err
	}
	s, ok, err := v.alive()
	switch {
	case err != nil:
		return err
	case !ok:
		return v.passNeedsLogin(a)
	}
	return v.crossTo(a, s)
}

func (v *visit) passNeedsLogin(a passAsk) error {
	v.set(passCookie, nidan.NewSecret(a.String()))
	return v.to("/login")
}

// crossTo asks for the pass in a session.
func (v *visit) crossTo(a passAsk, s session) error {
	out, err := v.p.svc.OpenPass(v.r.Context(), s.token, a.Host, a.Bind)
	if err != nil {
		return err
	}
	switch out.Reason {
	case nidan.OK:
		v.drop(passCookie)
		return v.away(v.p.at(out.Return.To) + "/_nidan/done?" + url.Values{"ticket": {out.Return.Token.Reveal()}}.Encode())
	case nidan.LevelTooLow:
		v.set(passCookie, nidan.NewSecret(a.String()))
		v.pass = &a // a change of the language comes by here again
		return v.show(http.StatusOK, "pass", passView{a.Host, s.Protected})
	case nidan.NoSuchWay:
		v.drop(passCookie)
		return v.show(http.StatusForbidden, "passdead", a)
	case nidan.Gone:
		return v.passNeedsLogin(a)
	}
	return v.passIsDead()
}

// passIsDead says that nothing leads on. It knows nobody, and repeats nothing.
func (v *visit) passIsDead() error {
	v.drop(passCookie)
	v.account, v.banner, v.product, v.leadsBack = "", nil, nil, false
	return v.show(http.StatusNotFound, "passdead", passAsk{})
}

// postPassAgain logs out, so that the next log-in takes the code: a remembered
// browser stands in for none.
func postPassAgain(v *visit, s session) error {
	if _, err := v.p.svc.LogOut(v.r.Context(), s.token, v.from()); err != nil {
		return err
	}
	v.dropSession()
	v.drop(rememberedCookie)
	return v.to("/login")
}
