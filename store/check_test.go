package store_test

import (
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// A change touches one account, and says what it follows.
func TestCheck(t *testing.T) {
	good := func() nidan.Change {
		c := signIn("ann", 3)
		c.Queue = []nidan.OutboxRow{{Account: "ann", ID: "m", Sealed: []byte{1}}}
		c.Claim = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: "a", Account: "ann"}}
		c.Release = []nidan.Lookup{{Kind: nidan.LookupLogin, Key: "b", Account: "ann"}}
		return c
	}
	if err := store.Check(good()); err != nil {
		t.Fatalf("a good change: %v", err)
	}
	for name, spoil := range map[string]func(*nidan.Change){
		"no commit id":        func(c *nidan.Change) { c.ID = "" },
		"no account":          func(c *nidan.Change) { c.Record.ID = "" },
		"no kind":             func(c *nidan.Change) { c.Record.Kind = "" },
		"the same version":    func(c *nidan.Change) { c.Record.Version = c.From },
		"a negative version":  func(c *nidan.Change) { c.From, c.Record.Version = -1, 0 },
		"another's event":     func(c *nidan.Change) { c.Events[0].Owner = "bob" },
		"an event elsewhere":  func(c *nidan.Change) { c.Events[0].Commit = "other" },
		"another's session":   func(c *nidan.Change) { c.Mint[0].Account = "bob" },
		"another's message":   func(c *nidan.Change) { c.Queue[0].Account = "bob" },
		"a claim for another": func(c *nidan.Change) { c.Claim[0].Account = "bob" },
		"another's key":       func(c *nidan.Change) { c.Release[0].Account = "bob" },
	} {
		c := good()
		spoil(&c)
		if err := store.Check(c); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}
