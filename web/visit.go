package web

import (
	"bytes"
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/nidan-auth/nidan"
)

// A visit is one request and its answer, on the way through a route.
type visit struct {
	p       *Pages
	w       http.ResponseWriter
	r       *http.Request
	pattern string // of the route; all that a log may know of a link's address
	locale  *locale
	form    form
	account string  // of the session, once it was checked
	banner  *banner // of a recovery under way in that account

	product   *nidan.HandoverView // that led here, nil: none
	kept      string              // the product that keeps the account of a ticket; empty: none was held, or we keep it
	leadsBack bool                // a form of the page may lead back to it
	pass      *passAsk            // of the proxied host that a form of the page may lead on to, nil: none
}

func (p *Pages) handle(pattern string, do func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{p: p, w: w, r: r, pattern: pattern, locale: p.locales.of(r)}
		defer v.recovered()
		if err := do(v); err != nil {
			v.failed(err)
		}
	}
}

// from says where the request came from, with the cookies of known and remembered
// browsers and the session that a new sign-in ends.
func (v *visit) from() nidan.From {
	f := v.p.from(v.r)
	known, _ := v.cookie(browserCookie)
	remembered, _ := v.cookie(rememberedCookie)
	former, _ := v.cookie(sessionCookie)
	f.Cookie, f.Remembered, f.Session = nidan.NewSecret(known), nidan.NewSecret(remembered), nidan.NewSecret(former)
	f.Language = v.locale.Tag()
	return f
}

// to leads on after a POST. path is one of our own, written in the code.
func (v *visit) to(path string) error { return v.away(v.p.base + path) }

// away leads out of the pages: to a product or a proxied host, see goBack and
// crossTo, or into the application that they are mounted in.
func (v *visit) away(at string) error {
	v.w.Header().Set("Location", at)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// standsAt says where a page is that a form refuses which has no page of its
// own: there it can be come back to.
func (v *visit) standsAt(path string) { v.pattern = v.r.Method + " " + path }

// A page is what every template is given.
type page struct {
	Lang      string
	Languages []*locale // that there are
	Here      string    // where a change of the language leads back to
	Brand     brand
	Account   string              // empty: nobody is logged in
	Recovery  *banner             // under way in that account
	Product   *nidan.HandoverView // that led here, nil: none
	Kept      string              // a product that keeps the account though none led here now; empty: see Product
	Led       bool                // one led here not long ago
	Pass      *passAsk            // of the proxied host that a log-in leads on to, nil: none
	Failed    bool                // the title says so
	Posted    bool                // it answers a form, and stands in for the page of Here
	View      any
}

// Entry is what the account is called by in authenticator apps, and on a sheet
// of its backup codes: by the name of the product that keeps it, or by ours.
func (pg page) Entry() string {
	if pg.Kept == "" && pg.Product != nil {
		return pg.Product.Party
	}
	return cmp.Or(pg.Kept, pg.Brand.Name)
}

// show writes a page. It is rendered whole before the first byte leaves.
func (v *visit) show(status int, name string, view any) error {
	return v.write(status, name, page{View: view})
}

// refuse shows a form again after it failed, with the status that the outcome
// asks for.
func (v *visit) refuse(out nidan.Outcome, name string, view any) error {
	status := http.StatusUnprocessableEntity
	if !out.Until.IsZero() {
		status = http.StatusTooManyRequests
		v.retryAfter(out.Until.Sub(v.p.svc.Now()))
	}
	return v.write(status, name, page{View: view, Failed: true})
}

func (v *visit) retryAfter(d time.Duration) {
	seconds := max(1, int((d+time.Second-1)/time.Second))
	v.w.Header().Set("Retry-After", strconv.Itoa(seconds))
}

func (v *visit) write(status int, name string, pg page) error {
	pg.Lang, pg.Languages, pg.Here = v.locale.Tag(), v.p.locales.all, v.here()
	pg.Brand, pg.Account, pg.Recovery, pg.Product = v.p.brand, v.account, v.banner, v.product
	pg.Kept, pg.Led, pg.Pass = v.kept, v.led(), v.pass
	pg.Posted = v.r.Method == http.MethodPost
	var b bytes.Buffer
	if err := v.locale.execute(&b, name, pg); err != nil {
		return err
	}
	switch {
	case v.leadsBack && v.product != nil:
		v.w.Header().Set("Content-Security-Policy", leadingTo(v.product.Return))
	case v.pass != nil:
		v.w.Header().Set("Content-Security-Policy", leadingTo(v.p.at(v.pass.Host)))
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.locale.Tag())
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // whoever asked has gone
	return nil
}
