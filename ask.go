package nidan

import (
	"context"
	"time"
)

// asksAnHour is how often a link of a kind may be asked for, per name.
const asksAnHour = 3

// AskLink mails a link to whoever reads an address: TicketRegister for a new
// account, TicketReset, or TicketBrowser. Anybody may ask, for any address; the
// answer, the work done and the cookies are the same whatever comes of it
// (SECURITY P1, P2). It writes no document: the message is queued for what
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
	acct := s.find(ctx, name)
	n := s.askedFor(p, acct, name, now)
	if !asked {
		n = Notice{}
	}
	n.Name, n.At, n.Language, n.Address, n.Browser = name, now, from.Language, from.Address, from.Browser
	if acct.Language != "" {
		n.Language = acct.Language
	}
	q := queued{id: newID(s.random), due: now, notice: n}
	row, err := q.row(s.sealer, s.postbox(name), 0)
	if err != nil {
		return Outcome{}, err
	}
	if n.To == "" {
		row.Expires = now.Add(time.Minute)
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
// is none. A ticket is sealed either way.
func (s *Service) askedFor(p TicketPurpose, a *Account, name string, now time.Time) Notice {
	exists := a.Name == name && name != ""
	t := &ticket{Purpose: p, Name: name, Issued: now, Expires: now.Add(linkFor), Mailed: true}
	n := Notice{To: name, Kind: NoticeResetLink}
	switch {
	case p == TicketRegister && !exists:
		n.Kind, t.Expires = NoticeRegister, now.Add(proofFor)
	case p == TicketRegister:
		n.Kind, t.Purpose = NoticeHasAccount, TicketReset
	case p == TicketBrowser:
		n.Kind = NoticeBrowserLink
	}
	if exists {
		now = s.nowFor(a)
		t.Account, t.Epoch, t.Revision, t.Made = a.ID, a.Epoch, a.Revision, a.stamp()
		t.Issued, t.Expires = now, now.Add(linkFor)
	} else if p != TicketRegister {
		n.To = "" // nobody is there to be told
	}
	n.Until = t.Expires
	n.Link = MailedLink{Purpose: t.Purpose, Ticket: s.sealTicket(t).Reveal()}
	return n
}

// postbox stands for an address in the outbox where no account may: what is
// queued for it says nothing of whether there is one.
func (s *Service) postbox(name string) AccountID {
	return AccountID(idEncoding.EncodeToString(s.sealer.MAC(ForGate, "postbox", name)[:16]))
}
