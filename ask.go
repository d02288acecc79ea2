package nidan

import (
	"context"
	"errors"
	"time"
)

// asksAnHour is how often a link of a kind may be asked for, per name.
const asksAnHour = 3

// AskLink mails a link to whoever reads an address: TicketRegister for a new
// account, TicketReset, or TicketBrowser. Anybody may ask, for any address; the
// answer, the work done and the cookies are the same whatever comes of it
// (SECURITY P1, P2): who is named is looked up by [Service.Message] alone, away
// from the request. It writes no document; the request is queued for what
// stands for the address. Outcomes: OK, whether or not anything is mailed;
// NameInvalid, NoMail; NoSuchWay where accounts are made by invitation only;
// FirstStepWait with Until, for a network that asks too much.
func (s *Service) AskLink(ctx context.Context, p TicketPurpose, login string, from From) (Outcome, error) {
	now, suspended := s.watch.now()
	switch {
	case suspended:
		return Outcome{}, ErrClock
	case !s.mails:
		return Outcome{Reason: NoMail}, nil
	case p != TicketReset && p != TicketBrowser && (p != TicketRegister || !s.anybody):
		return Outcome{Reason: NoSuchWay}, nil
	}
	name, ok := s.first.Name(login)
	if !ok {
		return Outcome{Reason: NameInvalid}, nil
	}
	if until := s.networks.until(from.Network, now); !until.IsZero() {
		return Outcome{Reason: FirstStepWait, Until: until}, nil
	}
	s.networks.count(from.Network, now)
	var asked bool
	_, err := s.store.Gate(ctx, []string{s.gateKey("ask", string(p), name)}, func(rows []GateRow) []GateRow {
		rows, asked = gateAsk(rows[0], now)
		return rows
	})
	if err != nil {
		return Outcome{}, err
	}
	n := Notice{Name: name, At: now, Language: from.Language, Address: from.Address, Browser: from.Browser}
	if asked {
		n.Asked = p
	}
	q := queued{id: newID(s.random), due: now, notice: n}
	row, err := q.row(s.sealer, s.postbox(name), 0)
	if err != nil {
		return Outcome{}, err
	}
	if row.Expires = now.Add(linkFor); p == TicketRegister {
		row.Expires = now.Add(proofFor)
	}
	return Outcome{Reason: OK}, s.store.Queue(ctx, []OutboxRow{row})
}

// gateAsk counts one request, unless there were enough within the hour.
func gateAsk(r GateRow, now time.Time) ([]GateRow, bool) {
	if now.Sub(r.Last) >= time.Hour {
		r = GateRow{}
	}
	if r.Wrong >= asksAnHour {
		return []GateRow{r}, false
	}
	return []GateRow{{Wrong: r.Wrong + 1, Last: now}}, true
}

// askedFor is the message that answers a request, with an empty To where there
// is none. An account that cannot be read gets none: its operator has to mend
// it first.
func (s *Service) askedFor(ctx context.Context, n Notice) (Notice, error) {
	a, err := s.named(ctx, n.Name)
	var fault *Fault
	switch {
	case errors.Is(err, ErrNotFound):
		a = nil
	case errors.As(err, &fault), errors.Is(err, ErrFrozen):
		return n, nil
	case err != nil:
		return Notice{}, err
	}
	t := &ticket{Purpose: n.Asked, Name: n.Name, Issued: n.At, Expires: n.At.Add(linkFor), Mailed: true}
	switch {
	case n.Asked == TicketRegister && a == nil:
		n.Kind, t.Expires = NoticeRegister, n.At.Add(proofFor)
	case n.Asked == TicketRegister:
		n.Kind, t.Purpose = NoticeHasAccount, TicketReset
	case n.Asked == TicketBrowser:
		n.Kind = NoticeBrowserLink
	default:
		n.Kind = NoticeResetLink
	}
	if a != nil {
		t.Account, t.Epoch, t.Revision, t.Made = a.ID, a.Epoch, a.Revision, a.stamp()
		if a.Language != "" {
			n.Language = a.Language
		}
	}
	if a != nil || n.Kind == NoticeRegister {
		n.To = n.Name
	}
	n.Asked, n.Until = "", t.Expires
	n.Link = MailedLink{Purpose: t.Purpose, Ticket: s.sealTicket(t).Reveal()}
	return n, nil
}

// unlessTaken tells the holder of an address that has an account so, where a
// change of another account's address would have it proven.
func (s *Service) unlessTaken(ctx context.Context, n Notice) (Notice, error) {
	_, err := s.named(ctx, n.To)
	var fault *Fault
	switch {
	case errors.Is(err, ErrNotFound):
		return n, nil
	case err == nil, errors.As(err, &fault), errors.Is(err, ErrFrozen):
		n.Kind, n.Link = NoticeHasAccount, MailedLink{}
		return n, nil
	}
	return Notice{}, err
}

// postbox stands for an address in the outbox where no account may: what is
// queued for it says nothing of whether there is one.
func (s *Service) postbox(name string) AccountID {
	return AccountID(idEncoding.EncodeToString(s.sealer.MAC(ForGate, "postbox", name)[:16]))
}
