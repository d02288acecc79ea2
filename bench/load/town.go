package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/totp"
	"github.com/nidan-auth/nidan/password"
	"github.com/nidan-auth/nidan/server"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
)

const ourPassword = "correct horse battery staple"

// person is an account with an app.
type person struct {
	name string
	way  string
	seed []byte
	used int64 // step of the newest code that was given
}

// town is everybody, and the key of the product that drives.
type town struct {
	key  string
	kept []*person // of the product
	own  []*person // ours, with a password
	ses  []string  // sessions of ours
	at   int       // next of kept to answer
	turn int       // next of own to log in
}

// cheap hashes nothing: backup codes that nobody will ever give.
type cheap struct{ *password.FirstStep }

// Hash implements [nidan.FirstStep].
func (c cheap) Hash(ctx context.Context, h nidan.SlowHash) (nidan.Hashed, error) {
	if h.Cost == nidan.CostPassword || strings.HasPrefix(h.Like, "$argon2id") && !strings.Contains(h.Like, "cheap") {
		return c.FirstStep.Hash(ctx, h)
	}
	prefix := h.Like[:strings.LastIndexByte(h.Like, '$')+1]
	if prefix == "" {
		prefix = "$cheap$" + rand.Text() + "$"
	}
	sum := sha256.Sum256([]byte(prefix + h.Input.Reveal()))
	return nidan.Hashed{Of: h, Hash: prefix + base64.RawStdEncoding.EncodeToString(sum[:])}, nil
}

// prepare fills a database by the library: what is measured is not how accounts
// come about.
func prepare(dir string) (*town, error) {
	ctx := context.Background()
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	db, err := store.CreateSQLite(ctx, filepath.Join(data, "nidan.db"), store.Options{})
	if err != nil {
		return nil, err
	}
	keys, err := vault.Start(ctx, filepath.Join(data, "keyring", "keyring.json"), store.Shelf{SQLite: db})
	if err != nil {
		return nil, err
	}
	first, err := password.New(password.Options{Keys: keys, Random: rand.Reader, Brand: "Nidan"})
	if err != nil {
		return nil, err
	}
	svc, err := nidan.New(nidan.Config{
		Store: db, Archive: db, Sealer: keys, FirstStep: cheap{first}, Clock: server.SystemClock(), Random: nidan.Randomness,
		Methods: []nidan.Method{totp.New(), backup.New()}, Issuer: "Nidan",
	})
	if err != nil {
		return nil, err
	}
	t := new(town)
	if err := t.settle(ctx, svc); err != nil {
		return nil, err
	}
	return t, db.Close()
}

func (t *town) settle(ctx context.Context, svc *nidan.Service) error {
	if out, err := svc.PutParty(ctx, nidan.Party{ID: "shop", Name: "Shop"}, "load"); err != nil || !out.Passed() {
		return errors.Join(err, errors.New(string(out.Reason)))
	}
	key, _, out, err := svc.CreateKey(ctx, "shop", nidan.Scopes(), nil, time.Hour, "load")
	if err != nil || !out.Passed() {
		return errors.Join(err, errors.New(string(out.Reason)))
	}
	t.key = key.Reveal()
	caller, err := svc.Caller(ctx, key, netip.Addr{})
	if err != nil {
		return err
	}
	t.kept, t.own = make([]*person, rounds*answers/2+2000), make([]*person, rounds*logins/2+20)
	if err := parallel(clients, len(t.kept), func(i int) (err error) {
		t.kept[i], err = keep(ctx, svc, caller, fmt.Sprintf("person-%d", i))
		return err
	}); err != nil {
		return err
	}
	t.ses = make([]string, len(t.own))
	return parallel(cores(), len(t.own), func(i int) (err error) {
		t.own[i], t.ses[i], err = ours(ctx, svc, fmt.Sprintf("person%d@example.com", i))
		return err
	})
}

// parallel does n things on so many goroutines.
func parallel(by, n int, do func(int) error) error {
	var all sync.WaitGroup
	errs := make([]error, by)
	for c := range by {
		all.Go(func() {
			for i := c; i < n && errs[c] == nil; i += by {
				errs[c] = do(i)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// keep registers a person of the product's and sets an app up.
func keep(ctx context.Context, svc *nidan.Service, c *nidan.Caller, ref string) (*person, error) {
	if out, err := svc.Register(ctx, c, ref, nidan.Details{Label: ref}, nidan.From{}); err != nil || !out.Passed() {
		return nil, errors.Join(err, errors.New(string(out.Reason)))
	}
	k, _, err := svc.Kept(ctx, c, ref)
	if err != nil {
		return nil, err
	}
	k, _, err = svc.State(ctx, k, time.Time{}, false, nidan.From{})
	if err != nil {
		return nil, err
	}
	p, _, err := setUp(ctx, svc, k, ref)
	if err != nil {
		return nil, err
	}
	v, err := svc.ShowKept(ctx, k)
	if err != nil {
		return nil, err
	}
	p.way = v.Authenticators[0].ID
	return p, nil
}

// ours makes an account with a password, sets an app up, and stays logged in.
func ours(ctx context.Context, svc *nidan.Service, name string) (*person, string, error) {
	link, _, err := svc.PrintLink(ctx, nidan.TicketInvite, name, "load")
	if err != nil {
		return nil, "", err
	}
	if out, err := svc.AcceptInvite(ctx, link.Ticket, nidan.NewSecret(ourPassword), "", nidan.From{}); err != nil || !out.Passed() {
		return nil, "", errors.Join(err, errors.New(string(out.Reason)))
	}
	out, err := svc.SignIn(ctx, name, nidan.NewSecret(ourPassword), nidan.From{Network: name})
	if err != nil || out.Session == nil {
		return nil, "", errors.Join(err, errors.New(string(out.Reason)))
	}
	tok, _ := nidan.ParseSession(out.Session.Token.Reveal())
	p, out, err := setUp(ctx, svc, tok, name)
	if err != nil {
		return nil, "", err
	}
	ses := out.Session.Token.Reveal()
	tok, _ = nidan.ParseSession(ses)
	v, err := svc.Overview(ctx, tok)
	if err != nil {
		return nil, "", err
	}
	p.way = v.Authenticators[0].ID
	return p, ses, nil
}

func setUp(ctx context.Context, svc *nidan.Service, who nidan.Bearer, name string) (*person, nidan.Outcome, error) {
	out, err := svc.BeginSetUp(ctx, who, totp.Name, nidan.Secret{}, nidan.From{})
	if err != nil || !out.Passed() {
		return nil, out, errors.Join(err, errors.New(string(out.Reason)))
	}
	h, _, err := svc.Held(ctx, who, nidan.TicketSetUp, out.Ticket)
	if err != nil {
		return nil, out, err
	}
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(h.Handout.Key)
	if err != nil {
		return nil, out, err
	}
	p, ticket := &person{name: name, seed: seed}, out.Ticket
	carried := func() nidan.Carried { return nidan.Carried{Ticket: ticket, Drawn: nidan.TicketHash(ticket)} }
	for range 2 { // the code runs out in between where a step of time ends
		// A code of the time before last: those of now are for what is measured.
		p.used = time.Now().Unix()/30 - 2
		out, err = svc.Confirm(ctx, who, carried(), nidan.NewSecret(p.code(p.used)), nidan.From{})
		if !out.Ticket.Empty() {
			ticket = out.Ticket
		}
		if out.Reason != nidan.ClockBehind {
			break
		}
	}
	if err == nil && out.Passed() {
		out, err = svc.Complete(ctx, who, nidan.TicketSetUp, carried(), true, nidan.From{})
	}
	if err != nil || !out.Passed() {
		return nil, out, errors.Join(err, errors.New(string(out.Reason)))
	}
	return p, out, nil
}

// code is what the app shows in a step.
func (p *person) code(step int64) string {
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], uint64(step))
	mac := hmac.New(sha1.New, p.seed)
	mac.Write(msg[:])
	sum := mac.Sum(nil)
	o := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[o:])&0x7fffffff)%1000000)
}

// next is a code that was not given yet and is taken now; "" if there is none
// at this moment.
func (p *person) next() string {
	now := time.Now().Unix() / 30
	for step := now - 1; step <= now; step++ {
		if step > p.used {
			p.used = step
			return p.code(step)
		}
	}
	return ""
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
