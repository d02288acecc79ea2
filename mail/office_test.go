package mail

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/mail/mailtest"
	"github.com/nidan-auth/nidan/store"
	"github.com/nidan-auth/nidan/vault"
)

const account nidan.AccountID = "aaaaaaaaaaaaaaaaaaaaaaaaaa"

// A post office: a real database, a real keyring and a real mail server, with a
// clock that stands still until it is moved.
type office struct {
	t      *testing.T
	db     *store.SQLite
	keys   *vault.Vault
	server *mailtest.Catcher
	worker *Worker
	log    bytes.Buffer

	mu   sync.Mutex
	wall time.Time
	told []nidan.Notice // by Delivered
	fail error          // of Delivered
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, server: mailtest.Start(t), wall: noon}
	dir := t.TempDir()
	var err error
	if o.db, err = store.CreateSQLite(t.Context(), filepath.Join(dir, "nidan.db"), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if o.keys, err = vault.Create(filepath.Join(dir, "keys", "keyring.json")); err != nil {
		t.Fatal(err)
	}
	o.worker = o.another(nil)
	t.Cleanup(func() {
		for _, secret := range []string{"48291053", "example.com", "203.0.113.7", ticket} {
			if strings.Contains(o.log.String(), secret) {
				t.Errorf("the log has %q in it:\n%s", secret, o.log.String())
			}
		}
	})
	return o
}

// message opens what was leased.
func (o *office) message(_ context.Context, row nidan.OutboxRow) (nidan.Notice, error) {
	return nidan.OpenNotice(o.keys, row)
}

// another returns one more worker on the same queue.
func (o *office) another(change func(*WorkerConfig)) *Worker {
	c := WorkerConfig{
		Post: o.db, Message: o.message, Composer: composer(o.t, "en"), Transport: to(o.t, o.server, nil), Clock: o,
		Random: zeros{}, Delivered: o.delivered, Log: slog.New(slog.NewTextHandler(&locked{w: &o.log, mu: &o.mu}, nil)),
	}
	if change != nil {
		change(&c)
	}
	return NewWorker(c)
}

// locked is a log that several goroutines write.
type locked struct {
	w  *bytes.Buffer
	mu *sync.Mutex
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// zeros is chance that adds nothing to a wait.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// Now implements [nidan.Clock].
func (o *office) Now() nidan.Instant {
	o.mu.Lock()
	defer o.mu.Unlock()
	return nidan.Instant{Wall: o.wall}
}

func (o *office) later(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wall = o.wall.Add(d)
}

func (o *office) delivered(ctx context.Context, a nidan.AccountID, n nidan.Notice) error {
	rows, err := o.db.Outbox(ctx, a)
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("told of a message that is forgotten: %d rows, %w", len(rows), err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	o.told = append(o.told, n)
	return nil
}

// queue puts notices in the queue, due now, as a commit does.
func (o *office) queue(notices ...nidan.Notice) {
	o.t.Helper()
	var rows []nidan.OutboxRow
	for i, n := range notices {
		b, err := json.Marshal(n)
		if err != nil {
			o.t.Fatal(err)
		}
		id := fmt.Sprintf("message%019d", i)
		now := o.Now().Wall
		expires := now.Add(7 * 24 * time.Hour)
		if n.Code != "" {
			expires = n.Until
		}
		rows = append(rows, nidan.OutboxRow{
			Account: account, ID: id, Due: now, Expires: expires,
			Sealed: o.keys.Seal(nidan.ForOutbox, string(account), []byte(id), b),
		})
	}
	if err := o.db.Queue(o.t.Context(), rows); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) rows() []nidan.OutboxRow {
	o.t.Helper()
	rows, err := o.db.Outbox(o.t.Context(), account)
	if err != nil {
		o.t.Fatal(err)
	}
	return rows
}

func (o *office) pass(want int) {
	o.t.Helper()
	n, err := o.worker.Pass(o.t.Context())
	if err != nil || n != want {
		o.t.Fatalf("a pass took %d messages, not %d: %v", n, want, err)
	}
}

// notice is a sample to another recipient.
func notice(name, recipient string) nidan.Notice {
	n := samples()[name]
	n.To = recipient
	return n
}
