package nidan_test

import (
	"testing"

	"github.com/nidan-auth/nidan"
)

// Where nothing can be mailed, nothing is offered that would need it, and
// nothing is queued.
func TestWithoutMail(t *testing.T) {
	r := newRoom()
	all, found := seeds(r)
	if found != nil {
		t.Fatalf("law %q is broken: %s", found.law, found.how)
	}
	w := all["a recovery to start"].w.clone()
	r.enter(w)
	svc := r.serve(nidan.Config{})
	pending, _ := nidan.ParsePending(w.jars[home].pending.value)
	for what, do := range map[string]func() (nidan.Outcome, error){
		"a registration": func() (nidan.Outcome, error) {
			return svc.AskLink(ctx, nidan.TicketRegister, names[alice], places[away])
		},
		"a reset":    func() (nidan.Outcome, error) { return svc.AskLink(ctx, nidan.TicketReset, names[alice], places[away]) },
		"a recovery": func() (nidan.Outcome, error) { return svc.StartRecovery(ctx, pending, places[home]) },
	} {
		if o, err := do(); err != nil || o.Reason != nidan.NoMail {
			t.Errorf("%s: %s, %v", what, o.Reason, err)
		}
	}
	w = all["an account, logged in"].w.clone()
	r.enter(w)
	session, _ := nidan.ParseSession(w.jars[home].session.value)
	p := &play{room: r, w: w}
	_, code, _ := appCode(0)(p, alice, ask{})
	ans := nidan.Answer{Authenticator: p.wayID(alice, wayApp), Code: nidan.NewSecret(code)}
	o, err := svc.BeginAddress(ctx, session, moved, nidan.NewSecret(w.truth[alice].password), ans, places[home])
	if err != nil || o.Reason != nidan.NoMail {
		t.Errorf("a change of address: %s, %v", o.Reason, err)
	}
	if len(r.queued) > 0 {
		t.Errorf("%d messages are queued", len(r.queued))
	}
	if o, err = svc.TurnOff(ctx, session, nidan.NewSecret(w.truth[alice].password), ans, places[home]); err != nil || o.Reason != nidan.OK {
		t.Fatalf("turning off: %s, %v", o.Reason, err)
	}
	for _, l := range r.queued {
		if l.notice.Link.Purpose != "" || l.notice.Undo.Purpose != "" {
			t.Errorf("%s carries a link that nobody can be sent", l.notice.Kind)
		}
	}
}
