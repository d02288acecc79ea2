package nidan

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// NoticeKind is a kind of message to the account holder.
type NoticeKind string

// What was done, or tried, with an account: told to each of its addresses.
const (
	NoticeOn              NoticeKind = "turned_on"
	NoticeOff             NoticeKind = "turned_off"
	NoticeAdded           NoticeKind = "method_added"
	NoticeReplaced        NoticeKind = "method_replaced"
	NoticeRemoved         NoticeKind = "method_removed"
	NoticeBackupUsed      NoticeKind = "backup_code_used"
	NoticeCodesIssued     NoticeKind = "backup_codes_reissued"
	NoticeCodeReplaced    NoticeKind = "backup_code_replaced"
	NoticeStranger        NoticeKind = "password_right_code_not" // from a browser the account does not know
	NoticePasswordStopped NoticeKind = "password_stopped"
	NoticeDisabled        NoticeKind = "authenticator_disabled"
	NoticePasswordReset   NoticeKind = "password_reset"
	NoticePasswordChanged NoticeKind = "password_changed"
	NoticeAddressAsked    NoticeKind = "address_change_asked"    // Item: the new one
	NoticeAddressChanged  NoticeKind = "address_changed"         // Item: the new one
	NoticeSecondAdded     NoticeKind = "second_address_added"    // Item: which
	NoticeSecondRecovers  NoticeKind = "second_address_recovers" // … and a recovery may end there
	NoticeSecondRemoved   NoticeKind = "second_address_removed"
	NoticeNotMe           NoticeKind = "reported_not_me" // sessions ended, a new password is needed
	NoticeRecoveryStarted NoticeKind = "recovery_started"
	NoticeRecoveryHalf    NoticeKind = "recovery_half"
	NoticeRecoveryReady   NoticeKind = "recovery_ready"
	NoticeRecoveryGone    NoticeKind = "recovery_cancelled"
	NoticeRecovered       NoticeKind = "recovered"
	NoticeDeleted         NoticeKind = "account_deleted"
)

// Mailed numbers: Code until Until.
const (
	NoticeSignInCode  NoticeKind = "code_sign_in"
	NoticeConfirmCode NoticeKind = "code_confirm" // to change something, in a session
	NoticeSetUpCode   NoticeKind = "code_set_up"  // to turn the e-mail code on
	NoticeAddressCode NoticeKind = "code_address" // to prove the address during a set-up
)

// Mailed links: Link until Until.
const (
	NoticeInvite       NoticeKind = "link_invite"
	NoticeRegister     NoticeKind = "link_register"
	NoticeHasAccount   NoticeKind = "link_register_taken" // of a registration for an address that has an account: Link resets
	NoticeResetLink    NoticeKind = "link_reset"
	NoticeBrowserLink  NoticeKind = "link_browser"
	NoticeAddressLink  NoticeKind = "link_address" // to the new address
	NoticeSecondLink   NoticeKind = "link_second_address"
	NoticeRecoveryLink NoticeKind = "link_recovery"
)

// Kinds lists every kind of message, for whoever has to have words for each.
func Kinds() []NoticeKind {
	return []NoticeKind{
		NoticeOn, NoticeOff, NoticeAdded, NoticeReplaced, NoticeRemoved, NoticeBackupUsed, NoticeCodesIssued,
		NoticeCodeReplaced, NoticeStranger, NoticePasswordStopped, NoticeDisabled, NoticePasswordReset,
		NoticePasswordChanged, NoticeAddressAsked, NoticeAddressChanged, NoticeSecondAdded, NoticeSecondRecovers, NoticeSecondRemoved,
		NoticeNotMe, NoticeRecoveryStarted, NoticeRecoveryHalf, NoticeRecoveryReady, NoticeRecoveryGone,
		NoticeRecovered, NoticeDeleted,
		NoticeSignInCode, NoticeConfirmCode, NoticeSetUpCode, NoticeAddressCode,
		NoticeInvite, NoticeRegister, NoticeHasAccount, NoticeResetLink, NoticeBrowserLink, NoticeAddressLink,
		NoticeSecondLink, NoticeRecoveryLink,
	}
}

// noticeLife is how long a notice waits to be sent before it is no news.
const noticeLife = 7 * 24 * time.Hour

// A Notice is a message to the account holder: the facts, without any text that
// a person chose but addresses. It is queued, sealed together with its
// recipient, in the commit that causes it. It may hold a number or a link and
// so prints as a placeholder.
type Notice struct {
	Kind     NoticeKind `json:"k"`
	To       string     `json:"to"`             // empty: work done for nobody, to be thrown away unsent
	Name     string     `json:"name,omitempty"` // login name of the account it is about
	Kept     string     `json:"kept,omitempty"` // name of the product that keeps the account; empty: we do
	Language string     `json:"lang,omitempty"`
	At       time.Time  `json:"t"`
	Version  int64      `json:"v"`
	Method   MethodName `json:"m,omitempty"`
	Count    int        `json:"x,omitempty"`
	Item     string     `json:"o,omitempty"`
	Address  string     `json:"a,omitempty"` // network address of the request that caused it
	Browser  string     `json:"b,omitempty"`

	// Asked is the link that somebody asked for, for whoever Name is: what to
	// send, if anything, is found out when it is sent. See [Service.Message].
	Asked TicketPurpose `json:"q,omitempty"`

	Until time.Time  `json:"u,omitzero"`  // the number or link works until then; of a recovery: when it ripens or is gone
	Code  string     `json:"c,omitempty"` // a mailed number
	Link  MailedLink `json:"l,omitzero"`  // what the message is for
	Undo  MailedLink `json:"n,omitzero"`  // "it wasn't me", or "cancel"; opens a page with one button
}

// A MailedLink is a ticket on its way to a mailbox.
type MailedLink struct {
	Purpose TicketPurpose `json:"p"`
	Ticket  string        `json:"t"` // the last path segment of its address
}

// Format implements [fmt.Formatter].
func (n Notice) Format(f fmt.State, _ rune) { placeholder(f, "notice "+string(n.Kind)) }

// LogValue implements [slog.LogValuer].
func (n Notice) LogValue() slog.Value { return slog.StringValue("notice " + string(n.Kind)) }

// Format implements [fmt.Formatter].
func (l MailedLink) Format(f fmt.State, _ rune) { placeholder(f, "link "+string(l.Purpose)) }

// LogValue implements [slog.LogValuer].
func (l MailedLink) LogValue() slog.Value { return slog.StringValue("link " + string(l.Purpose)) }

// queued is a notice with its place in the outbox.
type queued struct {
	id     string
	due    time.Time
	notice Notice
}

// tell queues a notice to go out at once, to each address of the account. A
// link that does something goes to the account's own address alone: the second
// one is there to be told (SECURITY F4).
func (d *decision) tell(n Notice) { d.tellAt(d.now, n) }

// tellAt queues a notice to go out at a time, and returns its id so that it can
// be dropped before. It offers "it wasn't me", unless it offers another way
// back.
func (d *decision) tellAt(due time.Time, n Notice) string {
	if n.Undo.Purpose == "" && n.Link.Purpose == "" && n.Kind != NoticeDeleted && d.s.mails {
		t := d.link(TicketNotMe, due, noticeLife)
		n.Undo = MailedLink{Purpose: t.Purpose, Ticket: d.s.sealTicket(t).Reveal()}
	}
	id := d.queue(due, n)
	if second := d.acct.Second.Address; second != "" {
		n.To, n.Link = second, MailedLink{}
		d.notices = append(d.notices, queued{id: copyOf(id), due: due, notice: d.addressed(n)})
	}
	return id
}

// copyOf names the copy of a notice for the second address.
func copyOf(id string) string { return id + "-2" }

// tellOnly queues a message to the account's own address alone: what it carries
// is of use to one reader.
func (d *decision) tellOnly(n Notice) string { return d.queue(d.now, n) }

func (d *decision) queue(due time.Time, n Notice) string {
	if n.To == "" && d.acct.mailbox() == "" {
		return "" // the product that keeps the account has named no address
	}
	q := queued{id: newID(d.random), due: due, notice: d.addressed(n)}
	d.notices = append(d.notices, q)
	return q.id
}

// addressed fills in whom a notice is for and where its cause came from.
func (d *decision) addressed(n Notice) Notice {
	if n.To == "" {
		n.To = d.acct.mailbox()
	}
	n.Name, n.Kept, n.At = d.acct.Name, d.acct.Brand, d.now
	if n.Language = d.acct.Language; n.Language == "" {
		n.Language = d.from.Language
	}
	if n.Address == "" {
		n.Address, n.Browser = d.from.Address, d.from.Browser
	}
	return n
}

// drop takes a queued notice back.
func (d *decision) drop(id string) {
	if id != "" {
		d.dropped = append(d.dropped, id, copyOf(id))
	}
}

func (q queued) row(s Sealer, a AccountID, version int64) (OutboxRow, error) {
	q.notice.Version = version
	b, err := json.Marshal(q.notice)
	if err != nil {
		return OutboxRow{}, fmt.Errorf("encode notice %s: %w", q.notice.Kind, err)
	}
	expires := q.due.Add(noticeLife)
	if until := q.notice.Until; q.notice.Code != "" || q.notice.Link.Purpose != "" {
		expires = until // nothing is sent that no longer works
	}
	return OutboxRow{
		Account: a, ID: q.id, Due: q.due, Expires: expires,
		Sealed: s.Seal(ForOutbox, string(a), []byte(q.id), b),
	}, nil
}

// Message opens a queued message, for the one who sends it: To is empty where
// there is nothing to send. Errors: a [*Fault] for one that can never be sent,
// any other to try again later.
func (s *Service) Message(ctx context.Context, row OutboxRow) (Notice, error) {
	n, err := OpenNotice(s.sealer, row)
	switch {
	case err != nil:
		return Notice{}, err
	case n.Asked != "":
		return s.askedFor(ctx, n)
	case n.Kind == NoticeAddressLink:
		return s.unlessTaken(ctx, n)
	}
	return n, nil
}

// OpenNotice opens a queued message as it stands in the outbox.
func OpenNotice(s Sealer, row OutboxRow) (Notice, error) {
	b, err := s.Open(ForOutbox, string(row.Account), []byte(row.ID), row.Sealed)
	if err != nil {
		return Notice{}, &Fault{Account: row.Account, Part: "outbox", Cause: "does not open"}
	}
	var n Notice
	if err := json.Unmarshal(b, &n); err != nil {
		return Notice{}, &Fault{Account: row.Account, Part: "outbox", Cause: "does not parse"}
	}
	return n, nil
}
