package nidan

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// An application may have the Service in its own process, and our pages in its
// own origin. It is a relying party that calls without a key, and is told at
// once what others have to fetch with a result: there is no way on which somebody
// else could take a link up, or bring one back.

// Inside makes the application that this process belongs to a relying party, or
// finds it, and returns it as a caller with every scope. It belongs into the
// application's start; p.Name is what its people know it by. It fails for an id
// or a name that no party may have.
func (s *Service) Inside(ctx context.Context, p Party) (*Caller, error) {
	if len(p.Returns) > 0 || len(p.Hosts) > 0 {
		return nil, errors.New("nidan: an application has no return addresses and no hosts inside its own process")
	}
	in, _, err := s.loadInstance(ctx)
	if err != nil {
		return nil, err
	}
	old := in.party(p.ID)
	if old != nil && (len(old.Returns) > 0 || len(old.Hosts) > 0 || slices.ContainsFunc(in.Keys, func(k keyRef) bool { return k.Party == p.ID })) {
		return nil, fmt.Errorf("nidan: %q is a product that comes from elsewhere, with addresses, hosts or keys", p.ID)
	}
	if i := slices.IndexFunc(in.Parties, func(q Party) bool { return old == nil && len(q.Returns) == 0 && len(q.Hosts) == 0 }); i >= 0 {
		return nil, fmt.Errorf("nidan: the application's id was %q, and with %q nobody would have a second step", in.Parties[i].ID, p.ID)
	}
	if old == nil || old.Name != p.Name {
		out, err := s.PutParty(ctx, p, "embedded")
		switch {
		case err != nil:
			return nil, err
		case !out.Passed():
			return nil, fmt.Errorf("nidan: party %q named %q: %s", p.ID, p.Name, out.Reason)
		}
	}
	return &Caller{party: p, key: keyRef{Party: p.ID, Scopes: slices.Clone(Scopes())}, inside: true}, nil
}

// Lead takes the stated first step of an account whose application has our pages
// in its process. least is what the sign-in has to be worth. Outcomes: SecondStep
// with Pending; OK with Assertion, where there is no second step to take; OK with
// Session, for the settings, or where a set-up has to come first; LevelInvalid;
// StepUp where no first step is stated; FirstStepStopped; ScopeMissing for a
// caller from elsewhere; Gone.
func (s *Service) Lead(ctx context.Context, k Kept, use HandoverUse, least Level, from From) (Outcome, error) {
	switch {
	case !k.caller.inside:
		return Outcome{Reason: ScopeMissing}, nil
	case least < LevelPassword || least > LevelAAL2, use != HandoverSignIn && use != HandoverSettings:
		return Outcome{Reason: LevelInvalid}, nil
	}
	return s.in(ctx, k, command{from: from}, func(d *decision, ses *Session) Outcome {
		return d.firstStepPassed(ses.body.Proofs[0], &handover{
			Party: d.acct.Party, Use: use, Level: least, At: d.now, Address: from.Address, Browser: from.Browser,
		})
	})
}

// Epoch is that of an account now. It moves on when everything ends that was
// begun before: another password, a method removed or replaced, the first
// set-up, turning off, a recovery, another address, a log-out everywhere.
// ErrNotFound: the account is gone; ErrFrozen: nothing of it is accepted.
func (s *Service) Epoch(ctx context.Context, k Kept) (int64, error) {
	l, err := s.load(ctx, k.account, "")
	if err != nil {
		return 0, err
	}
	_, err = k.stand(ctx, s, l, s.nowFor(l.acct))
	return l.acct.Epoch, err
}

// isInside reports whether the product that led here is told at once: it has no
// address to be sent back to.
func (h *handover) isInside() bool { return h.Return == "" }
