package web

// home leads to where there is something to do.
func home(v *visit) error {
	if _, ok := v.cookie(sessionCookie); ok {
		return v.to("/security")
	}
	if v.p.mount != nil {
		return v.loginAgain()
	}
	return v.to("/login")
}
