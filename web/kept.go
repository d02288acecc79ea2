package web

import (
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/nidan-auth/nidan"
)

// Somebody whose account a product keeps has no password here, and comes by a
// mailed link without having been led by that product. The pages that follow the
// link know of no account; they name the product by what stands in ledCookie.

// follow remembers whose account a link is about: that of a product of this
// name, or, where it is empty, one of ours.
func (v *visit) follow(kept string) {
	if kept == "" {
		v.drop(ledCookie)
		return
	}
	v.set(ledCookie, nidan.NewSecret(base64.RawURLEncoding.EncodeToString([]byte(kept))))
}

// keeper is the product of a link that was followed here. Empty: none was, or it
// is not registered: a cookie puts no words on a page.
func (v *visit) keeper() (string, error) {
	value, _ := v.cookie(ledCookie)
	name, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || value == "" || value == ledHere.Reveal() {
		return "", nil
	}
	all, err := v.p.svc.Parties(v.r.Context())
	if err != nil || !slices.ContainsFunc(all, func(p nidan.Party) bool { return p.Name == string(name) }) {
		return "", err
	}
	return string(name), nil
}

// A keptView names the product that keeps the account; empty: we do.
type keptView struct{ Kept string }

// showAfterLink is the page that follows a link which may be about an account
// of either kind.
func showAfterLink(page string) anonymous {
	return func(v *visit) error {
		kept, err := v.keeper()
		if err != nil {
			return err
		}
		return v.show(http.StatusOK, page, keptView{kept})
	}
}
