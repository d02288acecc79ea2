package web

import (
	"cmp"
	"fmt"
	"html/template"
	"net/mail"
	"net/url"
)

// brand is a Brand made ready for templates.
type brand struct {
	Name    string
	Area    string
	Home    string
	Logo    string        // where it is served; empty: our mark is shown
	sender  string        // the name that our mails come from
	support template.HTML // empty: the catalogue names somebody
}

func newBrand(b Brand) (brand, error) {
	out := brand{Name: b.Name, Area: b.Area, Home: b.Home, sender: cmp.Or(b.Sender, b.Name)}
	if b.Home != "" {
		if u, err := url.Parse(b.Home); err != nil || u.Scheme != "https" || u.Host == "" {
			return brand{}, fmt.Errorf("web: the home link %q is not an https URL", b.Home)
		}
	}
	out.support = contact(b.Support)
	return out, nil
}

// contact makes a link of an address or an https URL, and leaves a sentence as
// it is. It comes from the configuration, never from a request.
func contact(s string) template.HTML {
	text := template.HTMLEscapeString(s)
	if a, err := mail.ParseAddress(s); err == nil && a.Address == s {
		return template.HTML(`<a href="mailto:` + template.HTMLEscapeString((&url.URL{Path: s}).EscapedPath()) + `">` + text + `</a>`)
	}
	if u, err := url.Parse(s); err == nil && u.Scheme == "https" && u.Host != "" {
		return template.HTML(`<a href="` + template.HTMLEscapeString(u.String()) + `">` + template.HTMLEscapeString(u.Host+u.Path) + `</a>`)
	}
	return template.HTML(text)
}
