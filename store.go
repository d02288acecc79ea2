package nidan

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"io"
	"strings"
	"time"
)

// AccountID names an account for ever: 128 random bits, 26 characters of
// lower-case base32.
type AccountID string

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newID draws 128 bits from r. An error of r ends the process: nothing may go
// on without randomness.
func newID(r io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		panic("nidan: no randomness: " + err.Error())
	}
	return idEncoding.EncodeToString(b[:])
}

// Randomness is the source to give a Service outside tests.
var Randomness io.Reader = rand.Reader

// Instance is the id of the instance's own document and event chain, where
// what operators do is recorded.
const Instance AccountID = "instance"

// Kind is a kind of sealed document.
type Kind string

// The kinds.
const (
	KindAccount  Kind = "account"
	KindInstance Kind = "instance"
)

// A Record is a sealed document as it is stored.
type Record struct {
	Kind    Kind
	ID      AccountID
	Format  int   // of the document's JSON, part of what the seal binds
	Version int64 // first 1; the sealed document holds it too
	Sealed  []byte

	// The projections: for lists only, never for a decision.
	Projection Projection
}

// Projection is what lists show without opening a document.
type Projection struct {
	Name       string
	Protected  bool
	Methods    []MethodName
	LastSignIn time.Time
	Created    time.Time
}

// SessionID names a session in the database: the first 128 bits of the
// SHA-256 of its token, as 26 characters of lower-case base32.
type SessionID string

// A SessionRow is a session as it is stored.
type SessionRow struct {
	Account AccountID
	ID      SessionID
	Sealed  []byte
	Seen    time.Time // the only part that changes
}

// An EventRow is one line of an audit trail as it is stored.
type EventRow struct {
	Owner  AccountID // an account, or Instance
	Seq    int64     // 1, 2, 3 … without a gap
	Commit string    // id of the commit that appended it
	Body   []byte    // canonical JSON of an Event
}

// An OutboxRow is a message to be sent, as it is stored. Its recipient stands
// inside the seal.
type OutboxRow struct {
	Account AccountID // or what stands for an address without an account
	ID      string
	Sealed  []byte // empty once it has been given up
	Due     time.Time
	Expires time.Time
	Tries   int    // how often it was taken to be sent
	Cause   string // why it was given up; empty while it may still be sent
}

// LookupKind is a kind of look-up row.
type LookupKind string

// LookupLogin leads from a canonical login name to an account.
const LookupLogin LookupKind = "login"

// A Lookup leads to an account. It is a hint: the opened document must confirm
// it.
type Lookup struct {
	Kind    LookupKind
	Key     string
	Account AccountID
}

// A Freeze records that something of an account was older than an artefact
// shown with it. While it stands nothing of the account is accepted.
type Freeze struct {
	Account AccountID
	Part    string
	Shown   int64
	Found   int64
	At      time.Time
}

// A GateRow counts first-step tries for one key. Nothing in it is secret, and
// tampering with it only resets a delay.
type GateRow struct {
	Wrong int       // in a row
	Last  time.Time // when the newest was counted
}

// A Change is everything one decision changes, saved in one transaction or not
// at all.
type Change struct {
	ID     string // random; stands in every event of the commit
	From   int64  // version the stored document must have; 0: there must be none
	Record Record // the new document; its Version is greater than From

	// Read, if not nil, is what the stored document must be besides. It is for a
	// decision on what a process remembers: the commit reads in its place.
	Read *Read

	Events []EventRow

	EndAll bool        // end every session of the account, before Mint
	End    []SessionID // end these
	Mint   []SessionRow

	Queue []OutboxRow
	Drop  []string // outbox ids of this account, no longer to be sent

	Claim   []Lookup
	Release []Lookup

	Unfreeze bool
}

// A Read is what a load before the decision would have found.
type Read struct {
	Format int
	Sealed []byte
	Trail  int64 // the owner's trail goes no further
}

// Loaded is an account's document with what is always read along with it, as
// of one instant.
type Loaded struct {
	Record  Record
	Frozen  *Freeze
	Session *SessionRow // the one asked for, if it exists
	Trail   int64       // sequence of the owner's newest event; 0: there is none, -1: it is no number
}

// Store is what the rules ask of a database. An implementation has to pass
// storetest. All methods may be called concurrently.
//
// No method may return a nil error before what it wrote is durable, except
// Seen.
type Store interface {
	// Load returns the newest committed document, how far its trail goes and,
	// if session is not empty, that session of it. Of the projections it returns
	// LastSignIn alone. ErrNotFound if there is no document.
	Load(ctx context.Context, kind Kind, id AccountID, session SessionID) (Loaded, error)

	// Lookup returns the account a key leads to, or ErrNotFound.
	Lookup(ctx context.Context, kind LookupKind, key string) (AccountID, error)

	// Commit applies c if the stored document has version c.From, is what
	// c.Read says and, unless c unfreezes it, the account is not frozen. It
	// fails with ErrConflict if that is not so, with ErrTaken if a claimed
	// look-up key is another account's, with a *Fault if an event of that
	// owner and sequence exists already, and with ErrUnknown if it cannot
	// tell whether the change was applied. On any other outcome than nil and
	// ErrUnknown no row of c is left in any table.
	//
	// It does not use the context to interrupt the writing.
	Commit(ctx context.Context, c Change) error

	// Committed reports whether the commit with this id was applied. Its
	// answer is final: a commit still under way is waited for.
	Committed(ctx context.Context, owner AccountID, commit string) (bool, error)

	// Gate replaces the rows of keys by what step makes of them, atomically
	// and in the order given. step is pure and may run more than once; a key
	// never seen is the zero row. It returns what step returned; step never
	// runs after Gate has returned.
	Gate(ctx context.Context, keys []string, step func([]GateRow) []GateRow) ([]GateRow, error)

	// Queue adds messages that no decision about an account causes: to an
	// address that has none, or that must not be told apart from one.
	Queue(ctx context.Context, rows []OutboxRow) error

	// Seen notes that a session was used. It is not waited for and may be
	// lost.
	Seen(account AccountID, session SessionID, at time.Time)

	// Freeze inserts f unless the account is frozen already.
	Freeze(ctx context.Context, f Freeze) error
}

// Archive is what the operator's commands and the lists ask of a database,
// beyond what decisions need.
type Archive interface {
	// Accounts lists the documents of accounts by id after the given one, at
	// most limit.
	Accounts(ctx context.Context, after AccountID, limit int) ([]Record, error)

	// Record returns an account's document with all that lists show of it, or
	// ErrNotFound.
	Record(ctx context.Context, id AccountID) (Record, error)

	// Events lists an owner's events from a sequence on, at most limit.
	Events(ctx context.Context, owner AccountID, from int64, limit int) ([]EventRow, error)

	// EventOwners lists who has events, after the given one, at most limit.
	EventOwners(ctx context.Context, after AccountID, limit int) ([]AccountID, error)

	// Sessions lists an account's sessions.
	Sessions(ctx context.Context, account AccountID) ([]SessionRow, error)

	// Lookups lists the look-up rows that lead to an account.
	Lookups(ctx context.Context, account AccountID) ([]Lookup, error)

	// Outbox lists an account's queued messages by due time.
	Outbox(ctx context.Context, account AccountID) ([]OutboxRow, error)

	// Tidy deletes what has lost its meaning: messages that expired before
	// now, and gate rows whose newest try was counted before idle.
	Tidy(ctx context.Context, now, idle time.Time) error
}

// A Post is what sending asks of a database.
type Post interface {
	// Lease returns messages that are due at now and have not expired, at
	// most limit: what expires within an hour first, the soonest at the head,
	// then the longest due. In the same transaction it puts each
	// off until until and counts a try, so that nobody else takes it
	// meanwhile and a sender that dies leaves it to be sent again.
	Lease(ctx context.Context, now, until time.Time, limit int) ([]OutboxRow, error)

	// Sent deletes a message that was handed over, or is not to be sent. It
	// is no error if there is none any more.
	Sent(ctx context.Context, account AccountID, id string) error

	// Later puts a message off, to be tried again. It is no error if there
	// is none any more.
	Later(ctx context.Context, account AccountID, id string, due time.Time) error

	// Bury gives a message up: its body is erased, and the row stays until it
	// expires, for the operator to see why.
	Bury(ctx context.Context, account AccountID, id, cause string) error
}

// Purpose separates what the keys are used for. A value sealed for one purpose
// does not open for another.
type Purpose string

// The purposes.
const (
	ForDocument Purpose = "document"
	ForSession  Purpose = "session"
	ForOutbox   Purpose = "outbox"
	ForTicket   Purpose = "ticket"
	ForBrowser  Purpose = "browser"
	ForGate     Purpose = "gate"
	ForPassword Purpose = "password" // the keyed part of slow hashes
	ForPass     Purpose = "pass"     // host passes
)

// Sealer encrypts, authenticates and keys under keys that the database never
// sees.
type Sealer interface {
	// Seal encrypts plain so that it opens for the same purpose, owner and
	// associated data only.
	Seal(p Purpose, owner string, ad, plain []byte) []byte

	// Open undoes Seal. Any error means "not proven".
	Open(p Purpose, owner string, ad, sealed []byte) ([]byte, error)

	// MAC returns 32 bytes that depend on the key, the purpose and the parts,
	// each taken with its length.
	MAC(p Purpose, parts ...string) []byte
}

// FirstStep is the craft of passwords and login names.
type FirstStep interface {
	// Hash computes one slow hash under admission. ErrBusy if it would have
	// to wait too long. A hash of unknown form or key is an error.
	Hash(ctx context.Context, h SlowHash) (Hashed, error)

	// Decoy returns a stored hash with today's parameters which no password
	// matches, to be compared where there is no account.
	Decoy() string

	// Normal returns the form in which a password is hashed (NFC, NIST SP
	// 800-63B-4 §3.1.1.2). The reason is OK, PasswordLong beyond 256 bytes, or
	// PasswordUnreadable for what is not text.
	Normal(password Secret) (Secret, Reason)

	// Judge says whether a new password will do; limit is the least length
	// in characters.
	Judge(password Secret, name string) (r Reason, limit int)

	// Name returns the canonical form of a login name, or false.
	Name(login string) (string, bool)
}

// hashPrefix is everything of a stored hash but the hash itself.
func hashPrefix(h string) string {
	i := strings.LastIndexByte(h, '$')
	if i < 0 {
		return ""
	}
	return h[:i]
}
