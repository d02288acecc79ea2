package nidan

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// Between hashing and deciding the document may have changed so that nothing
// has to be hashed any more, or something else.
func TestCovers(t *testing.T) {
	like := func(prefix string) SlowHash { return SlowHash{Like: prefix + "$stored"} }
	got := []Hashed{{Of: like("$a$salt"), Hash: "$a$salt$computed"}}
	for name, c := range map[string]struct {
		got  []Hashed
		want []SlowHash
		ok   bool
	}{
		"nothing is needed":               {nil, nil, true},
		"nothing is needed any more":      {got, nil, true},
		"the same":                        {got, []SlowHash{like("$a$salt")}, true},
		"another stored hash, same salt":  {got, []SlowHash{{Like: "$a$salt$other"}}, true},
		"another salt":                    {got, []SlowHash{like("$a$pepper")}, false},
		"nothing was hashed":              {nil, []SlowHash{like("$a$salt")}, false},
		"one more":                        {got, []SlowHash{like("$a$salt"), like("$a$salt")}, false},
		"a new one, of which one is here": {got, []SlowHash{{Salt: []byte("x")}}, true},
	} {
		if covers(c.got, c.want) != c.ok {
			t.Errorf("%s: %v", name, !c.ok)
		}
	}
}

// A lane takes 32 and no more, and whoever gives up waiting leaves no trace.
func TestLanes(t *testing.T) {
	var ls lanes
	leave, err := ls.enter(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	waiting, giveUp := context.WithCancel(t.Context())
	left := make(chan error)
	for range laneLength - 1 {
		go func() {
			_, err := ls.enter(waiting, "a")
			left <- err
		}()
	}
	for full := false; !full; {
		ls.mu.Lock()
		full = ls.lanes["a"].n == laneLength
		ls.mu.Unlock()
	}
	if _, err := ls.enter(t.Context(), "a"); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	other, err := ls.enter(t.Context(), "b")
	if err != nil {
		t.Errorf("another account: %v", err)
	}
	other()
	giveUp()
	for range laneLength - 1 {
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("gave up with %v", err)
		}
	}
	leave()
	if n := len(ls.lanes); n != 0 {
		t.Errorf("%d lanes are left", n)
	}
}

// What hands something out and records nothing is a mistake in the rules; it is
// not answered as if it had been committed.
func TestHandingOutWithoutRecord(t *testing.T) {
	s := &Service{watch: newWatch(new(twoClocks)), random: zeros(1)}
	for name, decide := range map[string]func(*decision) Outcome{
		"a session": func(*decision) Outcome { return Outcome{Reason: OK, Session: new(SessionGrant)} },
		"a ticket":  func(*decision) Outcome { return Outcome{Reason: OK, Ticket: NewSecret("t")} },
		"a notice":  func(d *decision) Outcome { d.tell(Notice{Kind: NoticeOn}); return Outcome{Reason: OK} },
		"no reason": func(*decision) Outcome { return Outcome{} },
	} {
		_, _, err := s.attempt(t.Context(), loaded{acct: full()}, command{}, nil, s.random, decide)
		if err == nil || strings.Contains(err.Error(), "SEED") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
