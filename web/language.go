package web

import (
	"net/http"
	"net/url"
	"path"
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
	back, err := url.ParseRequestURI(v.form.text("at"))
	if err != nil {
		return v.to("/")
	}
	return v.to(v.p.ours(back))
}

// keepLanguage remembers a chosen language: in this browser.
func (v *visit) keepLanguage(l *locale) error {
	c := newCookie(languageCookie)
	c.Value, c.MaxAge = l.Tag(), int(languageFor/time.Second)
	http.SetCookie(v.w, c)
	return nil
}

// here is where a change of the language leads back to: the page as its GET
// shows it, also after its form was posted and refused.
func (v *visit) here() string {
	at := &url.URL{Path: v.r.URL.Path, RawQuery: v.r.URL.RawQuery}
	if way := v.form.text("way"); way != "" {
		at.RawQuery = url.Values{"way": {way}}.Encode()
	}
	return v.p.ours(at)
}

// inQuery are the names that our own links and forms put into a query.
var inQuery = []string{"way", "q"}

// ours returns an address as we write it ourselves, the start if it is not one
// that a GET of ours answers. Nothing of it is taken over but a path that a
// route has, and what a page of ours asks by its query.
func (p *Pages) ours(u *url.URL) string {
	if u.IsAbs() || u.Host != "" || u.User != nil || u.Path != path.Clean(u.Path) || !strings.HasPrefix(u.Path, "/") {
		return "/"
	}
	_, pattern := p.mux.Handler(&http.Request{Method: http.MethodGet, Host: p.host, URL: &url.URL{Path: u.Path}})
	if !strings.HasPrefix(pattern, http.MethodGet+" ") {
		return "/"
	}
	at := url.URL{Path: u.Path}
	if _, known := afterwards[u.RawQuery]; known {
		at.RawQuery = u.RawQuery
		return at.RequestURI()
	}
	asked, kept := u.Query(), url.Values{}
	for _, name := range inQuery {
		if asked.Has(name) {
			kept.Set(name, asked.Get(name))
		}
	}
	at.RawQuery = kept.Encode()
	return at.RequestURI()
}
