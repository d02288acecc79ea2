package nidan

import (
	"context"
	"crypto/sha256"
	"errors"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Register makes an account for a person of the product's. Outcomes: OK;
// RefInvalid for an id that is not 1 to 128 visible ASCII characters;
// NameInvalid for a label that is not 1 to 120 characters of one line, or an
// address we cannot take; AccountExists; ScopeMissing.
func (s *Service) Register(ctx context.Context, c *Caller, ref string, about Details, from From) (Outcome, error) {
	now, suspended := s.watch.now()
	if suspended {
		return Outcome{}, ErrClock
	}
	if !c.May(ScopeAdmin) {
		return Outcome{Reason: ScopeMissing}, nil
	}
	if !validRef(ref) {
		return Outcome{Reason: RefInvalid}, nil
	}
	about, ok := s.details(about)
	if !ok {
		return Outcome{Reason: NameInvalid}, nil
	}
	a := &Account{
		Form: Format, ID: keptID(c.party.ID, ref), Party: c.party.ID, Brand: c.party.Name, Ref: ref, Name: about.Label, Address: about.Address,
		Language: about.Language, Created: now, Last: now, Epoch: 1, Revision: 1,
	}
	switch old, err := s.left(ctx, a.ID); {
	case errors.Is(err, ErrTaken):
		return s.repeated(ctx, c, ref, from)
	case err != nil:
		return Outcome{}, err
	case old != nil: // its trail goes on, and nothing that was handed out comes back
		if r := old.request(from.Request, now); r != nil { // sent again behind the deletion
			out := r.outcome(from.Request, old, now)
			if out.Passed() {
				out = Outcome{Reason: Gone}
			}
			return out, nil
		}
		a.Requests = old.Requests
		a.Version, a.Branch, a.Chain, a.Epoch, a.Revision = old.Version, old.Branch, old.Chain, old.Epoch+1, old.Revision+1
		if now.Before(old.Last) {
			now = old.Last
		}
	}
	d := &decision{loaded: loaded{acct: a}, s: s, now: now, random: s.random, from: from, base: a.Version}
	d.record(Event{Kind: EventCreated, Detail: a.Party})
	d.answered(from, Outcome{Reason: OK})
	change, err := d.assemble()
	if err != nil {
		return Outcome{}, err
	}
	switch err := s.commit(ctx, change); {
	case errors.Is(err, ErrConflict): // another request was faster
		return s.repeated(ctx, c, ref, from)
	case err != nil:
		return Outcome{}, err
	}
	return Outcome{Reason: OK}, nil
}

// keptID is the id of an account that a product keeps: it follows from the
// product's, so no row has to lead there, and none can lead elsewhere.
func keptID(party, ref string) AccountID {
	sum := sha256.Sum256([]byte(party + "/" + ref)) // no id of a party has a slash
	return AccountID(idEncoding.EncodeToString(sum[:16]))
}

// left returns what is left of an account that was deleted; nil: there never was
// one. ErrTaken: there is one.
func (s *Service) left(ctx context.Context, id AccountID) (*Account, error) {
	l, err := s.store.Load(ctx, KindAccount, id, "")
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case l.Frozen != nil:
		return nil, ErrFrozen
	}
	a, err := s.openAccount(l.Record)
	if err == nil && a.Deleted.IsZero() {
		return nil, ErrTaken
	}
	return a, err
}

// repeated tells a registration that is made again from another one's.
func (s *Service) repeated(ctx context.Context, c *Caller, ref string, from From) (Outcome, error) {
	k, out, err := s.Kept(ctx, c, ref)
	if err != nil || !out.Passed() {
		return out, err
	}
	l, err := s.load(ctx, k.account, "")
	if err != nil {
		return Outcome{}, err
	}
	now := s.nowFor(l.acct)
	if r := l.acct.request(from.Request, now); r != nil {
		return r.outcome(from.Request, l.acct, now), nil
	}
	return Outcome{Reason: AccountExists}, nil
}

func validRef(ref string) bool {
	return len(ref) > 0 && len(ref) <= maxRef && path.Clean("/"+ref) == "/"+ref && !strings.ContainsFunc(ref, func(r rune) bool { return r <= ' ' || r > '~' })
}

// details brings what a product says into the form that is stored.
func (s *Service) details(about Details) (Details, bool) {
	about.Label = strings.Join(strings.Fields(about.Label), " ")
	if n := utf8.RuneCountInString(about.Label); n == 0 || n > maxLabel || !utf8.ValidString(about.Label) || strings.ContainsFunc(about.Label, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return Details{}, false
	}
	if len(about.Language) > maxLanguage {
		about.Language = "" // no language has such a name; label and address are not lost for it
	}
	if about.Address != "" {
		name, ok := s.first.Name(about.Address)
		if !ok {
			return Details{}, false
		}
		about.Address = name
	}
	return about, true
}

// lookups are what leads to an account.
func (a *Account) lookups() []Lookup {
	if a.Party != "" {
		return nil
	}
	return []Lookup{{Kind: LookupLogin, Key: a.Name, Account: a.ID}}
}
