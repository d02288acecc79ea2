package mail

import (
	"context"
	"slices"
	"sync"
)

// kept is how many messages a Sink has room for.
const kept = 200

// A Kept is a message that a [Sink] has.
type Kept = Message

// A Sink is a [Transport] to memory, for a demonstration without a mail server:
// its newest 200 messages can be read on a page. The zero Sink is empty.
type Sink struct {
	mu       sync.Mutex
	messages []Kept // oldest first
}

var _ Transport = (*Sink)(nil)

// Send implements [Transport]. It always succeeds.
func (s *Sink) Send(_ context.Context, m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.messages) == kept {
		s.messages = slices.Delete(s.messages, 0, 1)
	}
	s.messages = append(s.messages, m)
	return nil
}

// Messages returns what there is, newest first.
func (s *Sink) Messages() []Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.messages)
	slices.Reverse(out)
	return out
}
