package nidan

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// EventKind is a kind of line in an audit trail.
type EventKind string

// The events of an account.
const (
	EventCreated         EventKind = "account_created"
	EventSignIn          EventKind = "signed_in"
	EventFirstStep       EventKind = "first_step_passed"
	EventRefused         EventKind = "second_step_refused"
	EventStepPassed      EventKind = "second_step_passed" // to change something, in a session
	EventPasswordStopped EventKind = "password_stopped"
	EventDisabled        EventKind = "authenticator_disabled"
	EventOn              EventKind = "turned_on"
	EventOff             EventKind = "turned_off"
	EventCodesIssued     EventKind = "backup_codes_reissued"
	EventCodeReplaced    EventKind = "backup_code_replaced"
	EventPasswordReset   EventKind = "password_reset"
	EventBrowserKnown    EventKind = "browser_made_known"
	EventLogOut          EventKind = "logged_out"
	EventSessionEnded    EventKind = "session_ended"
	EventLogOutAll       EventKind = "logged_out_everywhere"
	EventUnfrozen        EventKind = "unfrozen"
	EventCodeSent        EventKind = "code_mailed"
	EventRemembered      EventKind = "browser_remembered"
	EventForgotten       EventKind = "browser_forgotten"
	EventAdded           EventKind = "authenticator_added"
	EventReplaced        EventKind = "authenticator_replaced"
	EventRemoved         EventKind = "authenticator_removed"
	EventNamed           EventKind = "authenticator_named"
	EventDefault         EventKind = "default_chosen"
	EventResynced        EventKind = "clock_matched"
	EventAddressProven   EventKind = "address_proven"
	EventAddressAsked    EventKind = "address_change_asked"
	EventAddressChanged  EventKind = "address_changed"
	EventSecondAsked     EventKind = "second_address_asked"
	EventSecondAdded     EventKind = "second_address_added"
	EventSecondRemoved   EventKind = "second_address_removed"
	EventPasswordChanged EventKind = "password_changed"
	EventNotMe           EventKind = "reported_not_me"
	EventLanguage        EventKind = "language_chosen"
	EventRecoveryStarted EventKind = "recovery_started"
	EventRecoveryTold    EventKind = "recovery_announced"
	EventRecoveryLink    EventKind = "recovery_link_mailed"
	EventRecoveryGone    EventKind = "recovery_cancelled"
	EventRecovered       EventKind = "recovered"
	EventDeleted         EventKind = "account_deleted"
	EventDescribed       EventKind = "account_described" // by the product that keeps it
	EventHandedOver      EventKind = "handed_over"       // by a product, to our pages
	EventRedeemed        EventKind = "result_redeemed"
)

// ItemOldPassword is the item of an [EventDescribed] by which we learned of a change of
// the password that was made before the account came: no news to its holder.
const ItemOldPassword = "old_password"

// The events of the instance: what operators did.
const (
	EventLink       EventKind = "link_printed"
	EventOpLogOut   EventKind = "operator_logged_out_account"
	EventOpUnfreeze EventKind = "operator_unfroze_account"
	EventClock      EventKind = "clock_confirmed"

	EventParty        EventKind = "party_put"
	EventPartyRemoved EventKind = "party_removed"
	EventKey          EventKind = "key_created"
	EventKeyRevoked   EventKind = "key_revoked"
)

// An Event is one line of an audit trail. It names accounts, authenticators
// and places, never a secret. Events of one owner are chained: each holds the
// hash of the one before, and the sealed document holds the head.
type Event struct {
	Seq     int64     `json:"n"`
	At      time.Time `json:"t"`
	Kind    EventKind `json:"k"`
	Commit  string    `json:"c"`
	Version int64     `json:"v"` // of the document that this commit made
	Prev    string    `json:"p"` // hash of the event before; empty for the first

	Method        MethodName `json:"m,omitempty"`
	Authenticator string     `json:"i,omitempty"`
	Subject       AccountID  `json:"s,omitempty"` // whom an operator acted on
	Detail        string     `json:"d,omitempty"` // a reason, or what an operator wrote
	Count         int        `json:"x,omitempty"`
	Item          string     `json:"o,omitempty"`
	Known         bool       `json:"w,omitempty"` // from a browser the account knows
	Address       string     `json:"a,omitempty"`
	Browser       string     `json:"b,omitempty"`
}

// Chain is the head of an event chain.
type Chain struct {
	Seq  int64  `json:"n"`
	Hash string `json:"h"`
}

// eventHash is the hash of an event's stored body.
func eventHash(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// append chains events and returns their rows.
func (c *Chain) append(owner AccountID, commit string, version int64, events []Event) ([]EventRow, error) {
	rows := make([]EventRow, len(events))
	for i, e := range events {
		e.Seq, e.Prev, e.Commit, e.Version = c.Seq+1, c.Hash, commit, version
		t := text{b: make([]byte, 0, 320)}
		t.event(&e)
		if t.err != nil {
			return nil, fmt.Errorf("encode event %s of %s: %w", e.Kind, owner, t.err)
		}
		rows[i] = EventRow{Owner: owner, Seq: e.Seq, Commit: commit, Body: t.b}
		c.Seq, c.Hash = e.Seq, eventHash(t.b)
	}
	return rows, nil
}

// version is that of the document whose commit appended the event, as the row
// has it. 0: it cannot be read.
func (row EventRow) version() int64 {
	var e Event
	if json.Unmarshal(row.Body, &e) != nil {
		return 0
	}
	return e.Version
}

// follow checks that row is the successor of c and moves c onto it.
func (c *Chain) follow(row EventRow) (Event, error) {
	d := json.NewDecoder(bytes.NewReader(row.Body))
	d.DisallowUnknownFields()
	var e Event
	if err := d.Decode(&e); err != nil {
		return Event{}, fmt.Errorf("event %d does not parse", row.Seq)
	}
	switch {
	case row.Seq != c.Seq+1:
		return e, fmt.Errorf("event %d is missing", c.Seq+1)
	case e.Seq != row.Seq || e.Commit != row.Commit:
		return e, fmt.Errorf("event %d does not stand in its own place", row.Seq)
	case e.Prev != c.Hash:
		return e, fmt.Errorf("event %d does not follow the one before it", row.Seq)
	}
	c.Seq, c.Hash = row.Seq, eventHash(row.Body)
	return e, nil
}
