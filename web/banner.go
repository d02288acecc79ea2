package web

import "github.com/nidan-auth/nidan"

// A banner stands on every page of a session while a recovery is under way:
// whoever is logged in can cancel it.
type banner struct {
	nidan.RecoveryView
	Ready bool // a new method can be set up now
}

// recovering is nil where there is nothing to cancel.
func recovering(r *nidan.RecoveryView) *banner {
	if r == nil || r.State == nidan.RecoveryPast {
		return nil
	}
	return &banner{*r, r.State == nidan.RecoveryRipe}
}
