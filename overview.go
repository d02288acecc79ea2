package nidan

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// An AuthenticatorView is what may be shown of an authenticator.
type AuthenticatorView struct {
	ID       string
	Method   MethodName
	Name     string
	Reserve  bool
	Added    time.Time
	LastUsed time.Time
	Disabled time.Time
	Barred   bool   // it would prove nothing beside a password that a mail set
	Resyncs  bool   // two codes in a row can show how far its clock is off
	Sheet    *Sheet // of methods that hand out a number of codes
}

// A RememberedView is one browser that is not asked for the second step.
type RememberedView struct {
	ID      string
	Browser string
	Address string
	Since   time.Time
	Expires time.Time
}

// A SessionView is one signed-in browser of an account.
type SessionView struct {
	ID      SessionID
	Current bool
	At      time.Time
	Seen    time.Time
	Address string
	Browser string
}

// An Overview is what the security settings show.
type Overview struct {
	Name           string
	Language       string    // of pages and mails; empty: none was chosen
	Protected      time.Time // zero: off
	Level          Level
	PasswordFresh  bool
	Limit          int                 // least length in characters of a new password
	Authenticators []AuthenticatorView // daily ones first, reserves last
	Ways           []Way               // for the second step of a change
	Mailbox        string              // where numbers go, masked; empty: nowhere
	Mailed         *Mailed             // the number outstanding for a change in this session, nil: none
	Sessions       []SessionView       // newest first
	Remembered     []RememberedView    // newest first
	Second         string              // the second address, masked; empty: there is none
	Recovers       bool                // … which may be used for recovery
	Events         []Event             // newest first
}

// How many lines of activity the security settings show, and their own page.
const (
	overviewEvents = 12
	activityEvents = 100
)

// Overview returns what the security settings show. ErrNotFound: log in again.
func (s *Service) Overview(ctx context.Context, tok SessionToken) (Overview, error) {
	ses, err := s.Session(ctx, tok)
	if err != nil {
		return Overview{}, err
	}
	a, now := ses.acct, s.nowFor(ses.acct)
	o := Overview{
		Name: a.Name, Language: a.Language, Protected: a.Protected, Level: ses.Level, PasswordFresh: ses.PasswordFresh(now),
		Authenticators: s.authenticators(a), Ways: s.ways(a, nil), Remembered: a.rememberedViews(now), Recovers: a.Second.Recovers,
	}
	o.Mailbox = a.masked()
	_, o.Limit = s.first.Judge(Secret{}, a.Name)
	if a.Second.Address != "" {
		o.Second = Mask(a.Second.Address)
	}
	if p := a.outstanding(ses.body.Lineage, PromptConfirm); p != nil {
		o.Mailed = a.mailedView(ses.body.Lineage, PromptConfirm, p.Class, now)
	}
	if o.Sessions, err = s.sessions(ctx, a, now); err != nil {
		return Overview{}, err
	}
	for i := range o.Sessions {
		o.Sessions[i].Current = o.Sessions[i].ID == ses.ID
	}
	if o.Events, err = s.recent(ctx, a, overviewEvents); err != nil {
		return Overview{}, err
	}
	return o, nil
}

// Activity returns the newest 100 events of an account, newest first.
// ErrNotFound: log in again.
func (s *Service) Activity(ctx context.Context, tok SessionToken) ([]Event, error) {
	ses, err := s.Session(ctx, tok)
	if err != nil {
		return nil, err
	}
	return s.recent(ctx, ses.acct, activityEvents)
}

// sessions lists those of an account that would be accepted now, newest first.
func (s *Service) sessions(ctx context.Context, a *Account, now time.Time) ([]SessionView, error) {
	rows, err := s.archive.Sessions(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	var views []SessionView
	for _, row := range rows {
		if v, ok := s.sessionView(ctx, a, row, now); ok {
			views = append(views, v)
		}
	}
	slices.SortFunc(views, func(x, y SessionView) int { return y.At.Compare(x.At) })
	return views, nil
}

// sessionView shows a session that would be accepted now.
func (s *Service) sessionView(ctx context.Context, a *Account, row SessionRow, now time.Time) (SessionView, bool) {
	if !slices.ContainsFunc(a.Sessions, func(r SessionRef) bool { return r.ID == row.ID }) {
		return SessionView{}, false
	}
	body, err := openSession(s.sealer, row)
	if err != nil {
		s.report(ctx, "list sessions", err)
		return SessionView{}, false
	}
	if body.Epoch != a.Epoch || !now.Before(body.Ends) || now.Sub(row.Seen) >= sessionIdle {
		return SessionView{}, false
	}
	return SessionView{ID: row.ID, At: body.At, Seen: row.Seen, Address: body.From.Address, Browser: body.From.Browser}, true
}

func (s *Service) authenticators(a *Account) []AuthenticatorView {
	var views []AuthenticatorView
	for _, w := range s.ways(a, nil) {
		x := a.authenticator(w.ID)
		v := AuthenticatorView{
			ID: x.ID, Method: x.Method, Name: x.Name, Reserve: w.Reserve,
			Added: x.Added, LastUsed: x.LastUsed, Disabled: x.Disabled, Barred: w.Barred, Sheet: w.Sheet,
		}
		if m, ok := s.methods[x.Method]; ok {
			_, v.Resyncs = m.(Resyncing)
		}
		views = append(views, v)
	}
	return views
}

// rememberedViews lists the browsers that are not asked for the second step,
// newest first.
func (a *Account) rememberedViews(now time.Time) []RememberedView {
	var views []RememberedView
	for _, b := range slices.Backward(a.Remembered) {
		if now.Before(b.Expires) {
			views = append(views, RememberedView{ID: b.ID, Browser: b.Family, Address: b.Address, Since: b.Since, Expires: b.Expires})
		}
	}
	return views
}

// recent reads the newest events, checked against the chain's head: what was
// tampered with is not shown as if it had happened.
func (s *Service) recent(ctx context.Context, a *Account, n int) ([]Event, error) {
	rows, err := s.archive.Events(ctx, a.ID, max(1, a.Chain.Seq-int64(n)+1), n)
	if err != nil {
		return nil, err
	}
	var events []Event
	want := a.Chain.Hash
	for _, row := range slices.Backward(rows) {
		if row.Seq > a.Chain.Seq {
			continue // committed since the document was read
		}
		if eventHash(row.Body) != want {
			s.report(ctx, "list activity", &Fault{Account: a.ID, Part: "event", Cause: "is not the one that was recorded"})
			break
		}
		var e Event
		d := json.NewDecoder(bytes.NewReader(row.Body))
		if err := d.Decode(&e); err != nil {
			break // unreachable: its hash is right
		}
		events, want = append(events, e), e.Prev
	}
	return events, nil
}
