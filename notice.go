package nidan

import (
	"encoding/json"
	"fmt"
	"time"
)

// NoticeKind is a kind of message to the account holder.
type NoticeKind string

// The notices.
const (
	NoticeOn              NoticeKind = "turned_on"
	NoticeOff             NoticeKind = "turned_off"
	NoticeBackupUsed      NoticeKind = "backup_code_used"
	NoticeCodesIssued     NoticeKind = "backup_codes_reissued"
	NoticeCodeReplaced    NoticeKind = "backup_code_replaced"
	NoticeStranger        NoticeKind = "password_right_code_not" // from a browser the account does not know
	NoticePasswordStopped NoticeKind = "password_stopped"
	NoticeDisabled        NoticeKind = "authenticator_disabled"
	NoticePasswordReset   NoticeKind = "password_reset"
)

// noticeLife is how long a notice waits to be sent before it is no news.
const noticeLife = 7 * 24 * time.Hour

// A Notice is what is told to the account holder: the facts, without any text
// that a person chose and without any secret. It is queued, sealed together
// with its recipient, in the commit that causes it.
type Notice struct {
	Kind     NoticeKind `json:"k"`
	To       string     `json:"to"`
	Language string     `json:"lang,omitempty"`
	At       time.Time  `json:"t"`
	Version  int64      `json:"v"`
	Method   MethodName `json:"m,omitempty"`
	Count    int        `json:"x,omitempty"`
	Item     string     `json:"o,omitempty"`
	Address  string     `json:"a,omitempty"`
	Browser  string     `json:"b,omitempty"`
}

// queued is a notice with its place in the outbox.
type queued struct {
	id     string
	due    time.Time
	notice Notice
}

// tell queues a notice to go out at once.
func (d *decision) tell(n Notice) { d.tellAt(d.now, n) }

// tellAt queues a notice to go out at a time, and returns its id so that it
// can be dropped before.
func (d *decision) tellAt(due time.Time, n Notice) string {
	n.To, n.Language, n.At = d.acct.Name, d.acct.Language, d.now
	if n.Address == "" {
		n.Address, n.Browser = d.from.Address, d.from.Browser
	}
	q := queued{id: newID(d.random), due: due, notice: n}
	d.notices = append(d.notices, q)
	return q.id
}

// drop takes a queued notice back.
func (d *decision) drop(id string) {
	if id != "" {
		d.dropped = append(d.dropped, id)
	}
}

func (q queued) row(s Sealer, a AccountID, version int64) (OutboxRow, error) {
	q.notice.Version = version
	b, err := json.Marshal(q.notice)
	if err != nil {
		return OutboxRow{}, fmt.Errorf("encode notice %s: %w", q.notice.Kind, err)
	}
	return OutboxRow{
		Account: a, ID: q.id, Due: q.due, Expires: q.due.Add(noticeLife),
		Sealed: s.Seal(ForOutbox, string(a), []byte(q.id), b),
	}, nil
}

// OpenNotice opens a queued message, for the one who sends it.
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
