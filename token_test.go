package nidan

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// zeros is an endless source of one byte.
type zeros byte

func (z zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(z)
	}
	return len(p), nil
}

// A token is one string: nothing that looks like it is taken for it (SECURITY
// E5).
func TestTokensAreStrict(t *testing.T) {
	secret, tok := drawToken(sessionPrefix, AccountID(newID(zeros(7))), zeros(9))
	s := secret.Reveal()
	if got, ok := ParseSession(s); !ok || got.token != tok {
		t.Fatal("a token does not parse")
	}
	bad := []string{"", s[:len(s)-1], s + "A", s + "=", " " + s, s + "\n", strings.ToUpper(s), "np_" + s[3:], "ns_" + strings.Repeat("!", len(s)-3), s[:10] + "\x00" + s[11:]}
	for i := range s {
		for _, c := range []byte{'A', 'b', '-', '_', '7', '8'} {
			if v := s[:i] + string(c) + s[i+1:]; v != s {
				bad = append(bad, v)
			}
		}
	}
	for _, v := range bad {
		if got, ok := ParseSession(v); ok && (got.id == tok.id || got.sum == tok.sum) {
			t.Errorf("%q is taken for the token", v)
		}
	}
	// The last character carries two bits that mean nothing: only one of its
	// four spellings counts.
	spellings := 0
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if _, ok := ParseSession(s[:len(s)-1] + string(c)); ok {
			spellings++
		}
	}
	if spellings != 16 {
		t.Errorf("%d last characters are taken, and 16 carry all there is", spellings)
	}
	if _, ok := ParsePending(s); ok {
		t.Error("a session token parses as a pending one")
	}
}

func FuzzTokens(f *testing.F) {
	secret, _ := drawToken(pendingPrefix, AccountID(newID(zeros(1))), zeros(2))
	f.Add(secret.Reveal())
	f.Add("ns_")
	f.Fuzz(func(t *testing.T, s string) {
		for prefix, parse := range map[string]func(string) (token, bool){
			sessionPrefix: func(s string) (token, bool) { x, ok := ParseSession(s); return x.token, ok },
			pendingPrefix: func(s string) (token, bool) { x, ok := ParsePending(s); return x.token, ok },
		} {
			x, ok := parse(s)
			if !ok {
				continue
			}
			if !strings.HasPrefix(s, prefix) || len(s) != tokenLength || string(x.account) != s[3:29] || x != newToken(s) {
				t.Errorf("%q parses as %+v", s, x)
			}
		}
	})
}

func FuzzDocument(f *testing.F) {
	f.Add(must(full().encode(nil)))
	f.Add([]byte(`{"f":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := decodeAccount(b)
		if err != nil {
			return
		}
		again, err := a.encode(nil)
		if err != nil {
			return // over the cap, or a state that is no JSON
		}
		if _, err := decodeAccount(again); err != nil {
			t.Errorf("what was read is not readable when written: %v\n%s", err, again)
		}
	})
}

func FuzzEvent(f *testing.F) {
	var c Chain
	rows, err := c.append("a", "commit", 1, []Event{{Kind: EventCreated}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(rows[0].Body, int64(1))
	f.Add([]byte(`{"n":1,"c":"commit","p":""}`), int64(1))
	f.Fuzz(func(t *testing.T, body []byte, seq int64) {
		var at Chain
		if _, err := at.follow(EventRow{Owner: "a", Seq: seq, Commit: "commit", Body: body}); err != nil {
			if at != (Chain{}) {
				t.Error("a broken event moves the chain on")
			}
			return
		}
		if at.Seq != 1 || at.Hash != eventHash(body) {
			t.Errorf("followed to %+v", at)
		}
	})
}

// carriedSealer seals with a marker instead of a key.
type carriedSealer struct{}

func (carriedSealer) Seal(p Purpose, owner string, ad, plain []byte) []byte {
	return append([]byte(string(p)+owner+string(ad)+"|"), plain...)
}

func (carriedSealer) Open(p Purpose, owner string, ad, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(string(p)+owner+string(ad)+"|"))
	if !ok {
		return nil, ErrNotFound
	}
	return plain, nil
}

func (carriedSealer) MAC(Purpose, ...string) []byte { return make([]byte, 32) }

// Tickets and known-browser cookies come from anybody. The seal lets nothing
// foreign through; this looks at what stands around it, and at what a sealed
// value of an older or newer program could be.
func FuzzCarried(f *testing.F) {
	s := &Service{sealer: carriedSealer{}, random: zeros(3)}
	f.Add(s.sealTicket(&ticket{Purpose: TicketSetUp, Account: "a"}).Reveal())
	f.Add(s.sealBrowser(browserCookie{Account: "a", ID: "b", Made: Stamp{Version: 3}}).Reveal())
	f.Add("nt_" + strings.Repeat("a", carriedSalt))
	f.Add("nt_")
	f.Fuzz(func(t *testing.T, v string) {
		for _, p := range []TicketPurpose{TicketSetUp, TicketReissue, TicketRenew, TicketInvite, TicketReset, TicketBrowser} {
			if got, _ := s.openTicket(p, NewSecret(v), time.Time{}); got != nil && got.Purpose != p {
				t.Errorf("%q opens as a ticket of %s for %s", v, got.Purpose, p)
			}
		}
		s.openBrowser(NewSecret(v))
	})
}
