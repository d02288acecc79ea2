package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/mail/mailtest"
)

func TestPass(t *testing.T) {
	o := newOffice(t)
	var all []nidan.Notice
	for i := range 50 {
		all = append(all, notice("turned_off", fmt.Sprintf("p%d@example.com", i)))
	}
	o.queue(all...)
	o.pass(50)
	for _, n := range all {
		if got := o.server.Wait(t, n.To, 1); len(got) != 1 || got[0].Subject != "Example VPN: Two-step verification was turned off" {
			t.Errorf("%s: %d mails", n.To, len(got))
		}
	}
	if len(o.rows()) != 0 || len(o.told) != 50 {
		t.Errorf("%d left, told of %d", len(o.rows()), len(o.told))
	}
	if s := o.worker.Stats(); s != (Stats{Sent: 50}) {
		t.Errorf("%+v", s)
	}
	o.pass(0)
}

// TestNotSent: what is for nobody, what has run out and what was tampered with.
func TestNotSent(t *testing.T) {
	o := newOffice(t)
	gone := notice("link_reset", owner)
	gone.Until = noon
	o.queue(notice("turned_off", ""), gone, notice("birthday", owner), notice("code_sign_in", owner))
	if err := o.db.Queue(t.Context(), []nidan.OutboxRow{{
		Account: account, ID: "changed", Due: noon, Expires: noon.Add(time.Hour), Sealed: []byte("sealed by somebody else"),
	}, {
		Account: account, ID: "moved", Due: noon, Expires: noon.Add(time.Hour), Sealed: o.rows()[0].Sealed,
	}}); err != nil {
		t.Fatal(err)
	}
	o.later(10 * time.Minute) // the number has expired with its row
	o.pass(5)
	if n := len(o.server.All()); n > 0 {
		t.Errorf("%d were sent", n)
	}
	causes := map[string]int{}
	for _, r := range o.rows() {
		if r.Cause != "" && len(r.Sealed) > 0 {
			t.Errorf("%s was given up and is still there", r.ID)
		}
		causes[r.Cause]++
	}
	if causes[causeSealed] != 2 || causes[causeLate] != 1 || causes[causeWords] != 1 || causes[""] != 1 || len(o.told) > 0 {
		t.Errorf("%v", causes)
	}
	if s := o.worker.Stats(); s != (Stats{Buried: 4, Discarded: 1}) {
		t.Errorf("%+v", s)
	}
	for _, id := range []string{"message=changed", "message=moved", "account=" + string(account)} {
		if !strings.Contains(o.log.String(), id) {
			t.Errorf("the log does not name %s", id)
		}
	}
}

// TestLater follows a message that a server does not take for a day.
func TestLater(t *testing.T) {
	o := newOffice(t)
	o.server.Fail(owner, mailtest.Fault{Step: "RCPT", Code: 451})
	o.queue(notice("turned_off", owner))
	var waits []time.Duration
	var total time.Duration
	for len(o.rows()) == 1 && o.rows()[0].Cause == "" {
		o.pass(1)
		o.pass(0) // not before it is due
		if r := o.rows()[0]; r.Cause == "" {
			wait := r.Due.Sub(o.Now().Wall)
			waits = append(waits, wait)
			total += wait
			o.later(wait)
		}
	}
	want := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour}
	for i, w := range want {
		if waits[i] != w {
			t.Errorf("wait %d: %s, not %s", i+1, waits[i], w)
		}
	}
	if total < 22*time.Hour || total > 26*time.Hour {
		t.Errorf("given up after %s", total)
	}
	if cause := o.rows()[0].Cause; cause != causeTries+"the mail server answered 451 4.1.1 to RCPT TO" {
		t.Errorf("cause %q", cause)
	}
	if s := o.worker.Stats(); s.Buried != 1 || s.Deferred != int64(len(waits)) || s.Sent != 0 {
		t.Errorf("%+v", s)
	}
}

func TestTriedAgain(t *testing.T) {
	o := newOffice(t)
	for i, f := range []mailtest.Fault{{Step: "RCPT", Code: 451}, {Step: "DATA"}, {Step: "MAIL", Code: 550}} {
		to := fmt.Sprintf("p%d@example.com", i)
		if f.Step == "MAIL" {
			to = ""
		}
		o.server.Fail(to, f)
		n := notice("turned_off", "p"+fmt.Sprint(i)+"@example.com")
		o.queue(n)
		o.pass(1)
		o.server.Heal(to)
		o.later(30 * time.Second)
		o.pass(1)
		if got := o.server.Wait(t, n.To, 1); len(got) != 1 || len(o.rows()) != 0 {
			t.Errorf("%+v: %d mails, %d rows", f, len(got), len(o.rows()))
		}
	}
}

// TestAnswerLost: a message may come twice, and is the same then.
func TestAnswerLost(t *testing.T) {
	o := newOffice(t)
	o.server.Fail(owner, mailtest.Fault{Step: "TAKEN"})
	o.queue(notice("turned_off", owner))
	o.pass(1)
	o.server.Heal(owner)
	o.later(time.Minute)
	o.pass(1)
	got := o.server.Wait(t, owner, 2)
	if a, b := got[0].Header.Get("Message-Id"), got[1].Header.Get("Message-Id"); a != b || a == "" {
		t.Errorf("%s and %s", a, b)
	}
	if len(o.told) != 1 {
		t.Errorf("told %d times", len(o.told))
	}
}

func TestRefusedForGood(t *testing.T) {
	o := newOffice(t)
	o.server.Fail(owner, mailtest.Fault{Step: "RCPT", Code: 550})
	o.queue(notice("turned_off", owner))
	o.pass(1)
	if r := o.rows()[0]; r.Cause != causeRefused+"the mail server answered 550 5.1.1 to RCPT TO" || len(r.Sealed) > 0 {
		t.Errorf("cause %q, %d bytes", r.Cause, len(r.Sealed))
	}
	if len(o.told) > 0 {
		t.Error("told of a message that was refused")
	}
	o.later(time.Hour)
	o.pass(0)
}

// TestNumberRunsOut: a number is not tried again when it would arrive dead.
func TestNumberRunsOut(t *testing.T) {
	o := newOffice(t)
	o.server.Fail(owner, mailtest.Fault{Step: "RCPT", Code: 451})
	o.queue(notice("code_sign_in", owner))
	tries := 0
	for o.rows()[0].Cause == "" {
		o.pass(1)
		tries++
		if r := o.rows()[0]; r.Cause == "" {
			o.later(r.Due.Sub(o.Now().Wall))
		}
	}
	if o.Now().Wall.Sub(noon) >= 10*time.Minute || tries != 5 || !strings.HasPrefix(o.rows()[0].Cause, causeSoon) {
		t.Errorf("after %s and %d tries: %s", o.Now().Wall.Sub(noon), tries, o.rows()[0].Cause)
	}
}

// TestRecordedBeforeForgotten: what was accepted and could not be recorded is
// not sent again, and not forgotten either.
func TestRecordedBeforeForgotten(t *testing.T) {
	o := newOffice(t)
	o.fail = errors.New("no connection")
	n := notice("recovery_started", owner)
	o.queue(n)
	o.pass(1)
	if len(o.rows()) != 1 || len(o.told) > 0 {
		t.Fatalf("%d rows, told %d times", len(o.rows()), len(o.told))
	}
	o.later(30 * time.Second)
	o.fail = nil
	o.pass(1)
	if len(o.rows()) != 0 || len(o.told) != 1 || len(o.server.All()) != 1 {
		t.Errorf("%d rows, told %d times, %d mails", len(o.rows()), len(o.told), len(o.server.All()))
	}
	if got := o.told[0]; got.Kind != n.Kind || got.Item != n.Item || got.To != n.To {
		t.Error("told of something else")
	}
	if s := o.worker.Stats(); s != (Stats{Sent: 1}) {
		t.Errorf("%+v", s)
	}

	// It is not tried for ever.
	o.fail = errors.New("no connection")
	o.queue(n)
	for range maxTries {
		o.pass(1)
		o.later(2 * time.Hour)
	}
	if r := o.rows(); len(r) != 1 || r[0].Cause != causeRecorded || len(o.server.All()) != 2 {
		t.Errorf("%+v, %d mails", r, len(o.server.All()))
	}
}

// TestSenderDies: what was leased and never settled is sent by somebody else,
// once the lease has ended.
func TestSenderDies(t *testing.T) {
	o := newOffice(t)
	o.queue(notice("turned_off", owner))
	if rows, err := o.db.Lease(t.Context(), noon, noon.Add(leaseFor), 1); err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	o.pass(0)
	o.later(leaseFor)
	o.pass(1)
	o.server.Wait(t, owner, 1)
}

// TestTwoWorkers: each message goes out once, whoever takes it.
func TestTwoWorkers(t *testing.T) {
	o := newOffice(t)
	var all []nidan.Notice
	for i := range 60 {
		all = append(all, notice("turned_off", fmt.Sprintf("p%d@example.com", i)))
	}
	o.queue(all...)
	var g sync.WaitGroup
	for range 3 {
		w := o.another(nil)
		g.Go(func() {
			if _, err := w.Pass(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if n := len(o.server.All()); n != 60 || len(o.rows()) != 0 {
		t.Errorf("%d mails, %d rows", n, len(o.rows()))
	}
}

// TestSlowServer: one recipient's server holds up nobody else, in a pass and
// while running.
func TestSlowServer(t *testing.T) {
	o := newOffice(t)
	release := o.server.Stall("slow@example.com")
	o.queue(notice("turned_off", "slow@example.com"), notice("turned_off", "a@example.com"), notice("turned_off", "b@example.com"))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	o.worker = o.another(func(c *WorkerConfig) { c.Parallel = 2 })
	wake := make(chan time.Time)
	go func() {
		defer close(done)
		o.worker.Run(ctx, wake)
	}()
	o.server.Wait(t, "a@example.com", 1)
	o.server.Wait(t, "b@example.com", 1)
	o.server.Stalled(t, "slow@example.com")

	// What comes now is seen by a nudge or a tick, and goes past it too.
	for i, prod := range []func(){o.worker.Nudge, func() { wake <- noon }} {
		to := fmt.Sprintf("c%d@example.com", i)
		n := notice("turned_off", to)
		b, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.db.Queue(t.Context(), []nidan.OutboxRow{{
			Account: account, ID: to[:2], Due: noon, Expires: noon.Add(time.Hour),
			Sealed: o.keys.Seal(nidan.ForOutbox, string(account), []byte(to[:2]), b),
		}}); err != nil {
			t.Fatal(err)
		}
		prod()
		o.server.Wait(t, to, 1)
	}

	// It does not break off what is on its way.
	stop()
	select {
	case <-done:
		t.Error("it ended with a message on its way")
	default:
	}
	release()
	<-done
	o.server.Wait(t, "slow@example.com", 1)
	if len(o.rows()) != 0 {
		t.Errorf("%d rows", len(o.rows()))
	}
}

func TestPassIsBounded(t *testing.T) {
	o := newOffice(t)
	o.worker = o.another(func(c *WorkerConfig) { c.Parallel = 1 })
	o.queue(notice("turned_off", "a@example.com"), notice("turned_off", "b@example.com"), notice("turned_off", "c@example.com"))
	o.pass(3)
	if got := o.server.All(); len(got) != 3 {
		t.Errorf("%d mails", len(got))
	}
}

func TestDatabaseIsAway(t *testing.T) {
	o := newOffice(t)
	o.queue(notice("turned_off", owner))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := o.worker.Pass(ctx); err == nil && n == 0 {
		t.Error("a pass that could not look says that there is nothing")
	}
}

func TestWaits(t *testing.T) {
	for tries, want := range map[int]time.Duration{0: 30 * time.Second, 1: 30 * time.Second, 2: time.Minute, 8: time.Hour, 9: time.Hour, 1000: time.Hour} {
		if got := waitAfter(tries, zeros{}); got != want {
			t.Errorf("after %d tries: %s, not %s", tries, got, want)
		}
		for range 100 {
			if got := waitAfter(tries, nidan.Randomness); got < want || got >= want+want/4 {
				t.Errorf("after %d tries: %s", tries, got)
			}
		}
	}
	if got := waitAfter(1, strings.NewReader("")); got != 30*time.Second {
		t.Errorf("without chance: %s", got)
	}
}

func TestSink(t *testing.T) {
	var s Sink
	for i := range kept + 5 {
		if err := s.Send(t.Context(), Message{ID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Messages()
	if len(got) != kept || got[0].ID != "204" || got[kept-1].ID != "5" {
		t.Errorf("%d, from %s to %s", len(got), got[0].ID, got[len(got)-1].ID)
	}
}
