package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// What is driven, one function for each kind.

const prefix = "/api/v1"

// opened is a sign-in that waits for its second step.
type opened struct {
	who   *person
	token string
}

func (t *town) echo() request {
	return post(t.key, prefix+"/sign-ins/answer", []byte(`{"sign_in":"np_aaaaaaaaaaaaaaaaaaaaaaaaaaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","way":"aaaaaaaaaaaaaaaaaaaaaaaaaa","code":"123456"}`), 200)
}

// signIns prepares sign-ins by the API, each of somebody with a code to give.
func (t *town) signIns(on *target, n int) ([]opened, error) {
	open := make([]opened, n)
	people := make([]*person, n)
	for i := range people {
		people[i] = t.kept[t.at%len(t.kept)]
		t.at++
	}
	_, err := each(on, clients, n, func(c *client, i int) error {
		status, body, err := c.do(post(t.key, prefix+"/accounts/"+people[i].name+"/sign-ins", []byte(`{"first_step":{}}`), 200))
		if err != nil || status != 200 {
			return errors.Join(err, fmt.Errorf("start a sign-in: %d %s", status, body))
		}
		var out struct {
			SignIn string `json:"sign_in"`
		}
		open[i] = opened{people[i], ""}
		if err := json.Unmarshal(body, &out); err != nil {
			return err
		}
		open[i].token = out.SignIn
		return nil
	})
	return open, err
}

func (t *town) answer(o opened) request {
	return post(t.key, prefix+"/sign-ins/answer", encode(map[string]string{"sign_in": o.token, "way": o.who.way, "code": o.who.next()}), 200)
}

func (t *town) check(i int) request {
	return post(t.key, prefix+"/sessions/check", encode(map[string]string{"session": t.ses[i%len(t.ses)]}), 200)
}

// wholeLogins logs people of ours in, with both steps, as many at a time as hash
// at a time and one more.
func (t *town) wholeLogins(on *target, n int) (float64, error) {
	people := make([]*person, n)
	for i := range people {
		people[i] = t.own[t.turn%len(t.own)]
		t.turn++
	}
	took, err := each(on, 2*cores(), n, func(c *client, i int) error { return t.logIn(c, people[i]) })
	return float64(n) / took.Seconds(), err
}

func (t *town) logIn(c *client, p *person) error {
	status, body, err := c.do(post(t.key, prefix+"/sign-ins", encode(map[string]any{
		"address": p.name, "password": ourPassword, "browser": map[string]string{"address": "127.0.0.1"},
	}), 200))
	if err != nil || status != 200 {
		return errors.Join(err, fmt.Errorf("log in: %d %s", status, body))
	}
	var out struct {
		SignIn string `json:"sign_in"`
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return err
	}
	status, body, err = c.do(t.answer(opened{p, out.SignIn}))
	if err != nil || status != 200 {
		return errors.Join(err, fmt.Errorf("the second step: %d %s", status, body))
	}
	return nil
}

// whileHashing measures second steps while passwords are hashed without a pause:
// how late the slowest of a hundred is, and how much was hashed meanwhile.
func (t *town) whileHashing(on *target) (p99 time.Duration, hashed float64, err error) {
	const n = 2000
	open, err := t.signIns(on, n)
	if err != nil {
		return 0, 0, err
	}
	var over atomic.Bool
	var wrong atomic.Int64
	busy := make(chan error, 1)
	begun := time.Now()
	go func() {
		_, err := each(on, 4*cores(), 1<<30, func(c *client, i int) error {
			if over.Load() {
				return errOver
			}
			_, _, err := c.do(post(t.key, prefix+"/sign-ins", encode(map[string]any{
				"address": fmt.Sprintf("nobody%d@example.com", i), "password": ourPassword, "browser": map[string]string{"address": fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)},
			}), 401))
			wrong.Add(1)
			return err
		})
		busy <- err
	}()
	time.Sleep(500 * time.Millisecond) // until the hashers have work
	took := make([]time.Duration, n)
	_, err = each(on, 4, n, func(c *client, i int) error {
		r := t.answer(open[i])
		at := time.Now()
		status, body, err := c.do(r)
		took[i] = time.Since(at)
		if err == nil && status != 200 {
			err = fmt.Errorf("answered %d: %s", status, body)
		}
		return err
	})
	elapsed := time.Since(begun)
	over.Store(true)
	if e := <-busy; e != nil && !errors.Is(e, errOver) {
		err = errors.Join(err, e)
	}
	slices.Sort(took)
	return took[n*99/100], float64(wrong.Load()) / elapsed.Seconds(), err
}

var errOver = errors.New("over")

// hashes is how many passwords a second the machine can hash, on all processors.
func hashes() float64 {
	const n = 40
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	begun := time.Now()
	done := make(chan struct{})
	for c := range cores() {
		go func() {
			for i := c; i < n; i += cores() {
				argon2.IDKey([]byte(ourPassword), salt, 2, 19456, 1, 32)
			}
			done <- struct{}{}
		}()
	}
	for range cores() {
		<-done
	}
	return n / time.Since(begun).Seconds()
}

// commits is how many commits a second the engine does by itself, of documents
// as large as those that are driven.
func commits(dir string) float64 {
	ctx := context.Background()
	db, err := store.CreateSQLite(ctx, filepath.Join(dir, fmt.Sprintf("engine-%d.db", time.Now().UnixNano())), store.Options{})
	if err != nil {
		return 0
	}
	defer db.Close()
	const n = 12000
	sealed := make([]byte, 1500)
	begun := time.Now()
	err = parallel(clients, clients, func(c int) error {
		id := nidan.AccountID(fmt.Sprintf("%026d", c))
		for v := range int64(n / clients) {
			change := nidan.Change{ID: fmt.Sprintf("%d-%d", c, v), From: v, Record: nidan.Record{Kind: nidan.KindAccount, ID: id, Format: 1, Version: v + 1, Sealed: sealed}}
			change.Events = []nidan.EventRow{{Owner: id, Seq: v + 1, Commit: change.ID, Body: make([]byte, 250)}}
			if err := db.Commit(ctx, change); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0
	}
	return n / time.Since(begun).Seconds()
}
