package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// The cookies. A pending sign-in and a session have different ones, as they
// have different types; each kind of ticket has its own.
const (
	sessionCookie = "__Host-nidan_session"
	pendingCookie = "__Host-nidan_pending"
	browserCookie = "__Host-nidan_browser"
	setUpCookie   = "__Host-nidan_setup"
	reissueCookie = "__Host-nidan_reissue"
	renewCookie   = "__Host-nidan_renew"

	rememberedCookie = "__Host-nidan_remembered"
	bindCookie       = "__Host-nidan_bind"

	ledCookie  = "__Host-nidan_led"  // see led
	passCookie = "__Host-nidan_pass" // a passAsk
)

// How long the cookies live that outlive the browser. The first is worth nothing
// but budgets of its own; the second stands in for the second step; the third
// only chooses between pages that say to begin again; the fourth says where a
// log-in leads on to.
const (
	knownFor      = 180 * 24 * time.Hour
	rememberedFor = 30 * 24 * time.Hour
	ledFor        = time.Hour // as a session that a product led to lives at most
	passFor       = 10 * time.Minute
)

// cookie returns the value of a cookie and whether it came at all.
func (v *visit) cookie(name string) (string, bool) {
	c, err := v.r.Cookie(name)
	if err != nil {
		return "", false
	}
	return c.Value, true
}

func (v *visit) set(name string, value nidan.Secret) {
	c := newCookie(name)
	c.Value = value.Reveal()
	switch name {
	case browserCookie:
		c.MaxAge = int(knownFor / time.Second)
	case rememberedCookie:
		c.MaxAge = int(rememberedFor / time.Second)
	case ledCookie:
		c.MaxAge = int(ledFor / time.Second)
	case passCookie:
		c.MaxAge = int(passFor / time.Second)
	}
	http.SetCookie(v.w, c)
}

func (v *visit) drop(names ...string) {
	for _, name := range names {
		c := newCookie(name)
		c.MaxAge = -1
		http.SetCookie(v.w, c)
	}
}

// dropSession forgets everything but that the browser is known.
func (v *visit) dropSession() {
	v.drop(sessionCookie, pendingCookie, setUpCookie, reissueCookie, renewCookie)
}

func newCookie(name string) *http.Cookie {
	return &http.Cookie{Name: name, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// keep stores what an outcome handed out: a new session, a known or remembered
// browser.
func (v *visit) keep(out nidan.Outcome) {
	if out.Session != nil {
		v.set(sessionCookie, out.Session.Token)
	}
	if !out.Browser.Empty() {
		v.set(browserCookie, out.Browser)
	}
	if !out.Remembered.Empty() {
		v.set(rememberedCookie, out.Remembered)
	}
}
