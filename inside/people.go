package inside

import (
	"context"
	"errors"
	"fmt"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/web"
)

// What an application tells of its people, or asks, outside a log-in. ref is its
// own id of an account; one that was never told of has nothing to end.

// Holds reports whether sessions that the application began when it was told of
// this epoch (nidan.Assertion.Epoch) still hold. It is to be asked at each
// request, as one look at the database; where it fails nobody is logged in.
func (a *App) Holds(ctx context.Context, ref string, epoch int64) (bool, error) {
	k, known, err := a.kept(ctx, ref)
	if err != nil || !known {
		return false, err
	}
	now, err := a.svc.Epoch(ctx, k)
	if errors.Is(err, nidan.ErrNotFound) || errors.Is(err, nidan.ErrFrozen) {
		return false, nil
	}
	return err == nil && now == epoch, err
}

// PasswordChanged says that a person has another password since
// who.PasswordChanged. Whatever was begun with the old one ends: log-ins, visits
// to the settings, and the application's sessions with their epoch. Without the
// time nothing would end: that is an error.
func (a *App) PasswordChanged(ctx context.Context, who web.Person) error {
	if who.PasswordChanged.IsZero() {
		return errors.New("inside: a password that was changed at no time")
	}
	k, known, err := a.kept(ctx, who.Ref)
	if err != nil || !known {
		return err
	}
	_, out, err := a.svc.State(ctx, k, who.PasswordChanged, who.ByMail, nidan.From{})
	return passed(out, err)
}

// LogOutEverywhere ends everything that was begun: for a person who is blocked,
// or asks for it.
func (a *App) LogOutEverywhere(ctx context.Context, ref string) error {
	k, known, err := a.kept(ctx, ref)
	if err != nil || !known {
		return err
	}
	return passed(a.svc.EndKeptSessions(ctx, k, nidan.From{}))
}

// Forget deletes the second step of an account that the application deletes. Its
// trail is left. The id must not be given to another person.
func (a *App) Forget(ctx context.Context, ref string) error {
	k, known, err := a.kept(ctx, ref)
	if err != nil || !known {
		return err
	}
	return passed(a.svc.Erase(ctx, k, nidan.From{}))
}

func (a *App) kept(ctx context.Context, ref string) (k nidan.Kept, known bool, err error) {
	k, out, err := a.svc.Kept(ctx, a.as, ref)
	if errors.Is(err, nidan.ErrFrozen) {
		return k, true, nil // whoever asks next is told
	}
	return k, err == nil && out.Passed(), err
}

func passed(out nidan.Outcome, err error) error {
	if err == nil && !out.Passed() {
		err = fmt.Errorf("inside: refused: %s", out.Reason)
	}
	return err
}
