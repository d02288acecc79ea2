package web

// postLogout ends the session and forgets everything but that the browser is
// known. Where the session is gone already, that is what was asked for.
func postLogout(v *visit, s session) error {
	if _, err := v.p.svc.LogOut(v.r.Context(), s.token, v.from()); err != nil {
		return err
	}
	v.dropSession()
	v.drop(passCookie) // it waits for whoever left
	return v.to("/login")
}
