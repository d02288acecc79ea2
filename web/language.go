package web

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// languageCookie holds the language that somebody chose in this browser. It
// wins over what the browser asks for, and tells nothing else.
const (
	languageCookie = "__Host-nidan_language"
	languageFor    = 365 * 24 * time.Hour
)

// of returns the language that a request is answered in.
func (ls *locales) of(r *http.Request) *locale {
	if c, err := r.Cookie(languageCookie); err == nil {
		if l, ok := ls.byTag[c.Value]; ok {
			return l
		}
	}
	return ls.match(r.Header.Get("Accept-Language"))
}

// postLanguage changes the language and leads back to where it was changed.
func postLanguage(v *visit) error {
	l, ok := v.p.locales.byTag[v.form.text("language")]
	if !ok {
		return &fault{status: http.StatusBadRequest}
	}
	if err := v.keepLanguage(l); err != nil {
		return err
	}
	return v.to(v.back())
}

// keepLanguage remembers a chosen language: in this browser, and in the account.
func (v *visit) keepLanguage(l *locale) error {
	c := newCookie(languageCookie)
	c.Value, c.MaxAge = l.Tag(), int(languageFor/time.Second)
	http.SetCookie(v.w, c)
	v.keepInAccount(l)
	return nil
}

// here is where a change of the language leads back to: the page as its GET
// shows it, also after its form was posted and refused. It is written in the
// table of routes; of what was sent no page repeats anything. Empty: only the
// address itself says it.
func (v *visit) here() string {
	at := v.pattern[strings.Index(v.pattern, " ")+1:] // after a method, or all of it
	shown := slices.ContainsFunc(v.p.routes, func(r Route) bool { return r.Method == http.MethodGet && r.Pattern == at })
	switch {
	case !shown || at == "/{$}":
		return "/"
	case strings.Contains(at, "{"):
		return ""
	}
	return at
}

// back is where the form at the foot of a page was sent from. Where the page
// did not say it, the browser does.
func (v *visit) back() string {
	from, err := url.ParseRequestURI(v.form.text("at"))
	if err != nil {
		if from, err = url.Parse(v.r.Referer()); err != nil || canonicalHost(from.Scheme, from.Host) != v.p.host {
			return "/"
		}
		from = &url.URL{Path: strings.TrimPrefix(from.Path, v.p.base), RawQuery: from.RawQuery}
	}
	return v.p.ours(from)
}

// wayID is what the id of one of an account's ways looks like.
var wayID = regexp.MustCompile(`^[a-z2-7]{1,32}$`)

// ours returns an address as we write it ourselves, the start if it is not one
// that a GET of ours answers. Nothing of it is taken over but a path that a
// route has, and what the page of that route is asked by its query.
func (p *Pages) ours(u *url.URL) string {
	if u.IsAbs() || u.Host != "" || u.User != nil || u.Path != path.Clean(u.Path) || !strings.HasPrefix(u.Path, "/") {
		return "/"
	}
	at := url.URL{Path: u.Path}
	_, pattern := p.mux.Handler(&http.Request{Method: http.MethodGet, Host: p.host, URL: &at})
	i := slices.IndexFunc(p.routes, func(r Route) bool { return r.Method+" "+r.Pattern == pattern })
	if i < 0 {
		return "/"
	}
	route, asked := p.routes[i], u.Query()
	switch _, done := afterwards[u.RawQuery]; {
	case route.Pattern == "/login" && done:
		at.RawQuery = u.RawQuery
	case route.Pattern == "/help" && asked.Has("q"):
		at.RawQuery = url.Values{"q": asked["q"][:1]}.Encode()
	case route.Needs != Anonymous && wayID.MatchString(asked.Get("way")):
		at.RawQuery = url.Values{"way": asked["way"][:1]}.Encode()
	}
	return at.RequestURI()
}
