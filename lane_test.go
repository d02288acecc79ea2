package nidan_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// slowDisk keeps each commit until it may go on.
type slowDisk struct {
	nidan.Store
	came, on chan struct{}
}

func (d slowDisk) Commit(ctx context.Context, c nidan.Change) error {
	d.came <- struct{}{}
	<-d.on
	return d.Store.Commit(ctx, c)
}

// leads registers an account with a product and returns the product, and what opens a
// link for its holder.
func leads(t *testing.T, r *room) (caller *nidan.Caller, open func() string) {
	t.Helper()
	out, err := r.svc.PutParty(ctx, shop(nidan.LevelPassword), "test")
	if err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	key, _, _, err := r.svc.CreateKey(ctx, "shop", nidan.Scopes(), nil, time.Hour, "test")
	if err != nil {
		t.Fatal(err)
	}
	if caller, err = r.svc.Caller(ctx, key, netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	from := nidan.From{Door: caller}
	if out, err := r.svc.Register(ctx, caller, "mina", nidan.Details{Label: "Mina"}, from); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	return caller, func() string {
		k, _, _ := r.svc.Kept(ctx, caller, "mina")
		k, _, err := r.svc.State(ctx, k, time.Time{}, false, from)
		if err != nil {
			t.Fatal(err)
		}
		out, err := r.svc.OpenHandover(ctx, k, nidan.HandoverRequest{Use: nidan.HandoverSignIn, Level: nidan.LevelPassword, Return: shopBack, Bind: bindOf("value")}, from)
		if err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
		return out.Handover.Token.Reveal()
	}
}

// The id of an account that a product keeps can be worked out by whoever knows the
// product's own. Tokens that are made up for it take no place among those who wait
// for the account's turn: they are refused while somebody has it.
func TestGuessesDoNotWait(t *testing.T) {
	r := newRoom()
	caller, open := leads(t, r)
	link := open()
	disk := slowDisk{r, make(chan struct{}), make(chan struct{})}
	svc := process(t, r, disk)
	taken := make(chan nidan.Reason)
	go func() {
		tok, _ := nidan.ParseHandover(link)
		out, err := svc.AcceptHandover(ctx, tok, nidan.From{})
		if err != nil {
			out.Reason = nidan.Reason(err.Error())
		}
		taken <- out.Reason
	}()
	<-disk.came // the account's turn is taken, for as long as the disk needs

	made := strings.TrimPrefix(link, "nh_")[:26] + strings.Repeat("A", 43)
	impatient, cancel := context.WithCancel(ctx)
	cancel() // who would have to wait gives up at once
	for name, guess := range map[string]func() (nidan.Outcome, error){
		"a link": func() (nidan.Outcome, error) {
			tok, _ := nidan.ParseHandover("nh_" + made)
			return svc.AcceptHandover(impatient, tok, nidan.From{})
		},
		"a result": func() (nidan.Outcome, error) {
			tok, _ := nidan.ParseResult("nu_" + made)
			return svc.Redeem(impatient, caller, tok, nidan.NewSecret("value"), nidan.From{})
		},
		"a sign-in": func() (nidan.Outcome, error) {
			tok, _ := nidan.ParsePending("np_" + made)
			return svc.Answer(impatient, tok, nidan.Answer{Code: nidan.NewSecret("123456")}, nidan.From{Door: caller})
		},
		"a session": func() (nidan.Outcome, error) {
			tok, _ := nidan.ParseSession("ns_" + made)
			return svc.LogOut(impatient, tok, nidan.From{})
		},
		"a sign-in that asks for a number": func() (nidan.Outcome, error) {
			tok, _ := nidan.ParsePending("np_" + made)
			return svc.SendCode(impatient, tok, "any", nidan.From{Door: caller})
		},
	} {
		out, err := guess()
		if errors.Is(err, context.Canceled) {
			t.Errorf("%s that nobody was given waits for the account", name)
		} else if err != nil || out.Passed() {
			t.Errorf("%s that nobody was given: %s, %v", name, out.Reason, err)
		}
	}
	disk.on <- struct{}{}
	if reason := <-taken; reason != nidan.OK {
		t.Errorf("the one who has the link is answered %s", reason)
	}
}

// A link that an old state of the account does not have is dead there, and the
// browser that comes with it has seen that there was more.
func TestPutBackBeforeTheLink(t *testing.T) {
	r := newRoom()
	_, open := leads(t, r)
	old := r.db.clone()
	tok, _ := nidan.ParseHandover(open())
	out, err := r.svc.AcceptHandover(ctx, tok, nidan.From{})
	if err != nil || !out.Passed() || out.Browser.Empty() {
		t.Fatal(out.Reason, err)
	}
	known := out.Browser
	tok, _ = nidan.ParseHandover(open())
	r.db = old
	if out, err := process(t, r, r).AcceptHandover(ctx, tok, nidan.From{Cookie: known}); err != nil || out.Reason != nidan.LinkDead {
		t.Errorf("on the old state: %s, %v", out.Reason, err)
	}
	for _, d := range r.db.docs {
		if d.Kind != nidan.KindAccount {
			continue
		}
		if l, err := r.Load(ctx, nidan.KindAccount, d.ID, ""); err != nil || l.Frozen == nil {
			t.Errorf("the account is not frozen: %v", err)
		}
	}
}
