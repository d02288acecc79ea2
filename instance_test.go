package nidan_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/totp"
)

// late does not find a document the first time, as where it is committed between
// that and the next question.
type late struct {
	nidan.Store
	asked int
}

func (l *late) Load(ctx context.Context, kind nidan.Kind, id nidan.AccountID, session nidan.SessionID) (nidan.Loaded, error) {
	if l.asked++; kind == nidan.KindInstance && l.asked == 1 {
		return nidan.Loaded{}, nidan.ErrNotFound
	}
	return l.Store.Load(ctx, kind, id, session)
}

// trailed says of every owner that there is a trail.
type trailed struct{ nidan.Archive }

func (trailed) Events(_ context.Context, owner nidan.AccountID, _ int64, _ int) ([]nidan.EventRow, error) {
	return []nidan.EventRow{{Owner: owner, Seq: 1}}, nil
}

// An operator's first act that comes between two readings is not taken for a
// document that somebody took away; one that stays away is.
func TestFirstActMeanwhile(t *testing.T) {
	r := newRoom()
	if err := r.svc.ConfirmClock(ctx, "the first"); err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]nidan.Store{"it came": &late{Store: r}, "it is away": &late{Store: &late{Store: newRoom()}}} {
		svc, err := nidan.New(nidan.Config{Store: store, Archive: trailed{r}, Sealer: openSeal{}, FirstStep: fastFirst{}, Clock: r, Random: r, Issuer: "Example",
			Methods: []nidan.Method{totp.New(), backup.New()}})
		if err != nil {
			t.Fatal(err)
		}
		if err := svc.ConfirmClock(ctx, "on trial"); (err == nil) != (name == "it came") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// counting counts how often the instance's document is loaded. What the first loads
// have read may be held back.
type counting struct {
	nidan.Store
	loads int
	held  []chan struct{} // of the first, the second …
}

func (c *counting) Load(ctx context.Context, kind nidan.Kind, id nidan.AccountID, session nidan.SessionID) (nidan.Loaded, error) {
	l, err := c.Store.Load(ctx, kind, id, session)
	if kind == nidan.KindInstance {
		if c.loads++; c.loads <= len(c.held) {
			<-c.held[c.loads-1]
		}
	}
	return l, err
}

// process is one more service over a room's database, or what is in front of it.
func process(t *testing.T, r *room, store nidan.Store) *nidan.Service {
	t.Helper()
	svc, err := nidan.New(nidan.Config{Store: store, Archive: r, Sealer: openSeal{}, FirstStep: fastFirst{}, Clock: r, Random: r, Issuer: "Example",
		Methods: []nidan.Method{totp.New(), backup.New()}})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

// A key and a host that another process made a moment ago are known, and who asks
// again and again for what nobody made does not load each time.
func TestMadeElsewhere(t *testing.T) {
	r := newRoom()
	seen := &counting{Store: r}
	server, shell := process(t, r, seen), process(t, r, r)
	var keys []nidan.Secret
	for _, id := range []string{"shop", "bank"} {
		host := id + ".example"
		known := func(when string) bool {
			_, err := server.HostLevel(ctx, host)
			if err != nil && !errors.Is(err, nidan.ErrNotFound) {
				t.Fatal(when, err)
			}
			return err == nil
		}
		if known("before") {
			t.Errorf("%s is known before it is registered", host)
		}
		if out, err := shell.PutParty(ctx, nidan.Party{ID: id, Name: id, Hosts: []nidan.Proxied{{Host: host, Level: nidan.LevelTwoStep}}}, "test"); err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
		key, _, out, err := shell.CreateKey(ctx, id, nidan.Scopes(), nil, time.Hour, "test")
		if err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
		r.now += 10 * time.Millisecond
		if !known("after") {
			t.Errorf("%s is not known after 10 ms", host)
		}
		keys = append(keys, key)
	}
	key, _, _, _ := shell.CreateKey(ctx, "shop", nidan.Scopes(), nil, time.Hour, "test")
	r.now += 10 * time.Millisecond
	for _, k := range append(keys, key) {
		if _, err := server.Caller(ctx, k, netip.Addr{}); err != nil {
			t.Errorf("a key is not known after 10 ms: %v", err)
		}
	}
	seen.loads = 0
	for i := range 1000 {
		if i%100 == 0 {
			r.now += 10 * time.Millisecond
		}
		if _, err := server.HostLevel(ctx, "nobody.example"); !errors.Is(err, nidan.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if seen.loads > 11 { // in 100 ms
		t.Errorf("%d loads for what nobody made", seen.loads)
	}
}

// opens counts what is opened.
type opens struct {
	openSeal
	n *int
}

func (o opens) Open(p nidan.Purpose, owner string, ad, sealed []byte) ([]byte, error) {
	*o.n++
	return o.openSeal.Open(p, owner, ad, sealed)
}

// Asked again and again for what nobody made, a process loads the instance's document
// and opens it only where it has changed.
func TestOpenedOnce(t *testing.T) {
	r, n := newRoom(), 0
	shell := process(t, r, r)
	server, err := nidan.New(nidan.Config{Store: r, Archive: r, Sealer: opens{n: &n}, FirstStep: fastFirst{}, Clock: r, Random: r, Issuer: "Example",
		Methods: []nidan.Method{totp.New(), backup.New()}})
	if err != nil {
		t.Fatal(err)
	}
	for i, host := range []string{"shop.example", "bank.example"} {
		if out, err := shell.PutParty(ctx, nidan.Party{ID: "shop", Name: "Shop", Hosts: []nidan.Proxied{{Host: host, Level: nidan.LevelTwoStep}}}, "test"); err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
		for range 100 {
			r.now += 10 * time.Millisecond
			if _, err := server.HostLevel(ctx, host); err != nil {
				t.Fatal(err)
			}
			if _, err := server.HostLevel(ctx, "nobody.example"); !errors.Is(err, nidan.ErrNotFound) {
				t.Fatal(err)
			}
		}
		if n != i+1 {
			t.Errorf("%d documents were opened %d times", i+1, n)
		}
	}
	// What somebody has changed is not what was opened.
	i := slices.IndexFunc(r.db.docs, func(d nidan.Record) bool { return d.Kind == nidan.KindInstance })
	good := r.db.docs[i]
	for part, change := range map[string]func(*nidan.Record){
		"seal":    func(d *nidan.Record) { d.Sealed = append([]byte{'?'}, d.Sealed...) },
		"version": func(d *nidan.Record) { d.Version++ },
		"format":  func(d *nidan.Record) { d.Format++ },
	} {
		r.db.docs[i] = good
		change(&r.db.docs[i])
		r.now += 10 * time.Millisecond
		if _, err := server.HostLevel(ctx, "nobody.example"); err == nil || errors.Is(err, nidan.ErrNotFound) {
			t.Errorf("another %s: %v", part, err)
		}
	}
}

// hanging never answers a load that nobody gives up.
type hanging struct{ nidan.Store }

func (hanging) Load(ctx context.Context, _ nidan.Kind, _ nidan.AccountID, _ nidan.SessionID) (nidan.Loaded, error) {
	<-ctx.Done()
	return nidan.Loaded{}, ctx.Err()
}

// A look at the instance's document comes to an end also where the database does
// not answer and nobody who waits gives up.
func TestLookEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom()
		server := process(t, r, hanging{r})
		for range 3 {
			if _, err := server.HostLevel(context.Background(), "shop.example"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("it ends with %v", err)
			}
		}
	})
}

// Whoever comes while the instance's document is read waits for that, and what was
// read before the process itself changed it is not relied on.
func TestOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom()
		slow := &counting{Store: r, held: []chan struct{}{make(chan struct{})}}
		server, shell := process(t, r, slow), process(t, r, r)
		if out, err := shell.PutParty(ctx, nidan.Party{ID: "shop", Name: "Shop"}, "test"); err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
		key, made, out, err := shell.CreateKey(ctx, "shop", nidan.Scopes(), nil, time.Hour, "test")
		if err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
		const many = 50
		came := make(chan error, many)
		for range many {
			go func() {
				_, err := server.Caller(ctx, key, netip.Addr{})
				came <- err
			}()
		}
		synctest.Wait()
		if slow.loads != 1 {
			t.Errorf("%d loads for %d who came at the same time", slow.loads, many)
		}
		if out, err := server.RevokeKey(ctx, made.ID, "test"); err != nil || !out.Passed() {
			t.Fatal(out.Reason, err)
		}
		close(slow.held[0])
		for range many {
			if err := <-came; err != nil {
				t.Errorf("who came before it was revoked: %v", err)
			}
		}
		if _, err := server.Caller(ctx, key, netip.Addr{}); !errors.Is(err, nidan.ErrNotFound) {
			t.Errorf("a key that this process has revoked: %v", err)
		}
	})
}

// Where reading takes long, what was read is used although somebody has begun to
// read anew meanwhile, and never in the place of what is newer.
func TestSlowLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, order := range [][]int{{0, 1}, {1, 0}} {
			r := newRoom()
			slow := &counting{Store: r, held: []chan struct{}{make(chan struct{}), make(chan struct{})}}
			server, shell := process(t, r, slow), process(t, r, r)
			put := func(id string) {
				if out, err := shell.PutParty(ctx, nidan.Party{ID: id, Name: id, Hosts: []nidan.Proxied{{Host: id + ".example", Level: nidan.LevelTwoStep}}}, "test"); err != nil || !out.Passed() {
					t.Fatal(out.Reason, err)
				}
			}
			known := func(host string) bool {
				_, err := server.HostLevel(ctx, host)
				return err == nil
			}
			put("shop")
			go known("shop.example")
			synctest.Wait()
			put("bank")
			r.now += 2 * time.Second
			go known("bank.example")
			synctest.Wait()
			if slow.loads != 2 {
				t.Fatalf("%d loads", slow.loads)
			}
			close(slow.held[order[0]])
			synctest.Wait()
			r.now -= time.Second // neither is too old
			if !known("shop.example") || slow.loads != 2 {
				t.Errorf("%v: what was read first is not used: %d loads", order, slow.loads)
			}
			close(slow.held[order[1]])
			synctest.Wait()
			if !known("bank.example") || slow.loads != 2 {
				t.Errorf("%v: what was read last is not used: %d loads", order, slow.loads)
			}
		}
	})
}
