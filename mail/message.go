package mail

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// A Message is a mail before it is on its way. It may hold a number or a link
// and so prints as a placeholder.
type Message struct {
	ID   string    // what its Message-ID is made of; the same at every try, so that a mailbox may drop the second copy
	Date time.Time // of this try

	To       string // one address, and no name
	Sender   string // the name beside the sending address
	Language string // BCP 47 tag
	Subject  string
	Text     string // lines end in \n, the last one in nothing
	HTML     string
}

// Format implements [fmt.Formatter].
func (m Message) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "message "+m.ID) }

// LogValue implements [slog.LogValuer].
func (m Message) LogValue() slog.Value { return slog.StringValue("message " + m.ID) }

// A Transport hands messages over to whoever delivers them. It may be called
// concurrently.
type Transport interface {
	// Send returns nil once the message was accepted, and only then. An
	// [Answer] that is final means that no other try will do; after any other
	// error the message is tried again. An error names no recipient and
	// nothing of the message: it is logged and kept.
	Send(ctx context.Context, m Message) error
}

// An Answer is what a mail server said instead of accepting a message, without
// its words: servers like to repeat the address in them.
type Answer struct {
	Step   string // what it answered to
	Code   int    // RFC 5321 §4.2
	Status string // RFC 3463, if the server gives one
	Final  bool   // the message itself was refused for good
}

// Error implements error.
func (a *Answer) Error() string {
	s := fmt.Sprintf("the mail server answered %d", a.Code)
	if a.Status != "" {
		s += " " + a.Status
	}
	return s + " to " + a.Step
}
