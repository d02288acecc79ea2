package web

import "net/http"

// showForgot is the same for everyone: it asks for nothing and tells nothing.
func showForgot(v *visit) error {
	return v.show(http.StatusOK, "forgot", nil)
}
