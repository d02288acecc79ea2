package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/nidan-auth/nidan"
)

type securityView struct {
	nidan.Overview
	Rows       []methodRow
	Activity   []activity
	More       bool     // there is more of it than is shown
	Unfinished bool     // a set-up was begun and left
	Renewal    string   // the number of a used code whose successor waits to be saved
	Resync     string   // the app that was refused before its holder came in by another way
	Done       *message // what has just been done
}

// fewLines is how much of the activity stands beside the settings.
const fewLines = 3

// recoveryCancelled is what the settings are led to with; see did.
const recoveryCancelled = "recovery"

func showSecurity(v *visit, s session) error {
	o, err := v.p.svc.Overview(v.r.Context(), s.token)
	if err != nil {
		return err
	}
	view := securityView{Overview: o, Rows: v.rows(o), Activity: activities(o.Events), Resync: refusedBefore(o), Done: v.did()}
	if len(view.Activity) > fewLines {
		view.Activity, view.More = view.Activity[:fewLines], true
	}
	if _, ok := v.cookie(setUp.cookie); ok {
		_, out, err := v.held(s, setUp)
		if err != nil {
			return err
		}
		view.Unfinished = out.Passed()
	}
	if _, ok := v.cookie(renew.cookie); ok {
		h, out, err := v.held(s, renew)
		if err != nil {
			return err
		}
		if out.Passed() {
			view.Renewal = h.Codes.Item
		}
	}
	return v.show(http.StatusOK, "security", view)
}

// sameTry is how long after a refused code a log-in by another way counts as
// one with it.
const sameTry = 15 * time.Minute

// refusedBefore returns the app whose code did not match shortly before the
// newest log-in, which then was by another way: its clock may be off.
func refusedBefore(o nidan.Overview) string {
	i := slices.IndexFunc(o.Events, func(e nidan.Event) bool { return e.Kind == nidan.EventSignIn })
	if i < 0 {
		return ""
	}
	in := o.Events[i]
	for _, e := range o.Events[i+1:] {
		if e.Kind != nidan.EventRefused || e.Authenticator == in.Authenticator || in.At.Sub(e.At) > sameTry {
			continue
		}
		for _, x := range o.Authenticators {
			// Matched or used since: then there is nothing left to mend.
			if x.ID == e.Authenticator && x.Resyncs && x.Disabled.IsZero() && x.LastUsed.Before(in.At) {
				return x.ID
			}
		}
	}
	return ""
}

// cancelRecovery ends a recovery. One that is over already is what was asked
// for.
func cancelRecovery(v *visit, s session) error {
	out, err := v.p.svc.CancelRecovery(v.r.Context(), s.token, v.from())
	switch {
	case err != nil:
		return err
	case out.Reason == nidan.Gone:
		return nidan.ErrNotFound
	}
	return v.to("/security?" + recoveryCancelled)
}

// dids are what the pages of a session are led to with after a change. The list
// is closed: an address cannot put words on a page.
var dids = map[string]*message{
	recoveryCancelled: msg("did.recovery"),
	"renamed":         msg("did.renamed"),
	"first":           msg("did.first"),
	"removed":         msg("did.removed"),
	"resynced":        msg("did.resynced"),
	"forgotten":       msg("did.forgotten"),
	"ended":           msg("did.ended"),
	"everywhere":      msg("did.ended_all"),
	"password":        msg("did.password"),
	"second":          msg("did.second"),
}

// did says what has just been done, or nothing. That a recovery is cancelled is
// not said beside one that is under way: anybody can send somebody a link.
func (v *visit) did() *message {
	if v.r.URL.RawQuery == recoveryCancelled && v.banner != nil {
		return nil
	}
	return dids[v.r.URL.RawQuery]
}
