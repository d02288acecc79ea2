package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

func TestLinks(t *testing.T) {
	bare(t)
	c := started(t)
	s := opened(t, Config{Data: c.Data, PublicURL: "https://login.example.com"})
	for _, x := range []struct {
		args []string
		path string
	}{
		{[]string{"account", "create", "new@example.com"}, "/invite/"},
		{[]string{"account", "link", "new@example.com", "--invite"}, "/invite/"},
		{[]string{"account", "link", demoAddress, "--reset"}, "/reset/"},
		{[]string{"account", "link", demoAddress, "--browser"}, "/browser/"},
	} {
		code, out, errs := shell(t, append(x.args, "--reason=asked by phone", "--data", c.Data, "--public-url=https://login.example.com")...)
		line, rest, _ := strings.Cut(out, "\n")
		if code != exitOK || errs != "" || !strings.HasPrefix(line, "https://login.example.com"+x.path) || !strings.Contains(rest, "It works once, until 20") {
			t.Errorf("%v: exit %d\n%s%s", x.args, code, out, errs)
			continue
		}
		// What was printed opens the page of the running server.
		u, err := url.Parse(line)
		must(t, err)
		if w := get(t, s, here, u.Path); w.Code != http.StatusOK {
			t.Errorf("%v: its page answers %d", x.args, w.Code)
		}
	}
	if _, err := s.Service().Show(t.Context(), "new@example.com"); err == nil {
		t.Error("an invitation stored an account")
	}
	// The operator's acts are in the trail, and no ticket is.
	_, out, _ := shell(t, "audit", "show", "instance", "--data", c.Data)
	if strings.Count(out, "link_printed") != 5 || !strings.Contains(out, `"asked by phone"`) || strings.Contains(out, "nt_") {
		t.Errorf("the trail:\n%s", out)
	}
}

func TestLinksRefused(t *testing.T) {
	bare(t)
	c := started(t)
	for _, x := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"account", "create", demoAddress, "--reason=x"}, exitFailed, "has an account already"},
		{[]string{"account", "create", "nobody", "--reason=x"}, exitFailed, "is not a mail address"},
		{[]string{"account", "link", "a@example.com", "--reset", "--reason=x"}, exitFailed, "no account has the address a@example.com"},
		{[]string{"account", "link", demoAddress, "--reason=x"}, exitUsage, "--reset"},
		{[]string{"account", "link", demoAddress, "--reset", "--browser", "--reason=x"}, exitUsage, "can't be used together"},
		{[]string{"account", "link", demoAddress, "--reset"}, exitUsage, "--reason"},
		{[]string{"account", "link", demoAddress, "--reset", "--reason= "}, exitUsage, "say why"},
		{[]string{"account", "link", demoAddress, "--reset", "--reason=" + strings.Repeat("x", 201)}, exitUsage, "longer than 200"},
		{[]string{"account", "link", demoAddress, "--reset", "--reason=a\x1b[2Jb"}, exitUsage, "cannot be shown"},
		{[]string{"account", "show", "a@example.com"}, exitFailed, "no account has the address"},
		{[]string{"account", "log-out", "a@example.com", "--reason=x"}, exitFailed, "no account has the address"},
		{[]string{"account", "unfreeze", demoAddress, "--reason=x"}, exitFailed, "is not frozen"},
		{[]string{"audit", "show", "a@example.com"}, exitFailed, "no account has the address"},
		{[]string{"doctor", "--clock-ok"}, exitUsage, "--reason"},
	} {
		code, out, errs := shell(t, append(x.args, "--data", c.Data)...)
		if code != x.code || !strings.Contains(errs, x.says) || strings.Contains(out, "nt_") {
			t.Errorf("%q: exit %d, want %d and …%s…\n%s%s", x.args, code, x.code, x.says, out, errs)
		}
	}
}

func TestAccountCommands(t *testing.T) {
	bare(t)
	c := started(t)
	code, out, errs := shell(t, "account", "show", strings.ToUpper(demoAddress), "--data", c.Data, "--zone=Asia/Tokyo")
	if code != exitOK || !hasLine(out, []string{"address", demoAddress}) || !hasLine(out, []string{"two", "steps", "off"}) || !strings.Contains(out, " JST") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs = shell(t, "account", "log-out", demoAddress, "--reason=lost laptop", "--data", c.Data)
	if code != exitOK || !strings.Contains(out, "Logged out everywhere") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, _ = shell(t, "audit", "show", demoAddress, "--data", c.Data)
	if code != exitOK || !strings.Contains(out, "account_created") || !strings.Contains(out, "logged_out_everywhere") {
		t.Errorf("exit %d\n%s", code, out)
	}
	code, out, _ = shell(t, "audit", "show", demoAddress, "--from=2", "--data", c.Data)
	if code != exitOK || strings.Contains(out, "account_created") {
		t.Errorf("from the second line: exit %d\n%s", code, out)
	}
}

// An account frozen by a database that was put back is shown, and goes on only
// by an operator's word.
func TestFreezeAndUnfreeze(t *testing.T) {
	bare(t)
	c := started(t)
	s := opened(t, c)
	v, err := s.Service().Show(t.Context(), demoAddress)
	must(t, err)
	must(t, s.db.Freeze(t.Context(), nidan.Freeze{Account: v.ID, Part: "session", Shown: 9, Found: 2, At: s.svc.Now()}))
	code, out, errs := shell(t, "account", "show", demoAddress, "--data", c.Data)
	if code != exitOK || !strings.Contains(out, "the session shown was of version 9, the document of 2") || !strings.Contains(out, "account unfreeze "+demoAddress) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := shell(t, "account", "unfreeze", demoAddress, "--reason=restored", "--data", c.Data); code != exitOK {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if _, out, _ := shell(t, "account", "show", demoAddress, "--data", c.Data); strings.Contains(out, "frozen") {
		t.Errorf("still frozen:\n%s", out)
	}
}

func TestAuditVerify(t *testing.T) {
	bare(t)
	c := started(t)
	code, out, errs := shell(t, "audit", "verify", "--data", c.Data)
	if code != exitOK || !strings.Contains(out, "checked 1 accounts, 2 events") || !strings.Contains(out, ": 0 faults") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	// Somebody who can write the database adds to an account's trail.
	s := opened(t, c)
	v, err := s.Service().Show(t.Context(), demoAddress)
	must(t, err)
	forge(t, s, v.ID)
	code, out, errs = shell(t, "audit", "verify", "--data", c.Data)
	if code != exitFailed || !regexp.MustCompile(`(?m)^account `+string(v.ID)+`  \w+  \S`).MatchString(out) || strings.Contains(out, ": 0 faults") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// forge puts an event beyond the head of an owner's trail, under a document
// that nobody sealed.
func forge(t *testing.T, s *Server, id nidan.AccountID) {
	t.Helper()
	l, err := s.db.Load(t.Context(), nidan.KindAccount, id, "")
	must(t, err)
	rec := l.Record
	rec.Version++
	must(t, s.db.Commit(t.Context(), nidan.Change{
		ID: strings.Repeat("a", 26), From: l.Record.Version, Record: rec,
		Events: []nidan.EventRow{{Owner: id, Seq: 2, Commit: strings.Repeat("a", 26), Body: []byte(`{}`)}},
	}))
}

func TestDoctor(t *testing.T) {
	bare(t)
	c := started(t)
	code, out, errs := shell(t, "doctor", "--data", c.Data, "--listen=127.0.0.1:9") // discard: nobody is there
	if code != exitOK || strings.Contains(out, "fail — ") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	for _, want := range []string{
		"ok   — keyring is private", "ok   — keyring and database belong together", "— disk: ", "— clock: ",
		"ok   — outbox: 0 messages of 1 accounts", "warn — server: nothing of Nidan answers", "warn — public URL", "warn — mail",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if (strings.HasPrefix(line, "warn") || strings.HasPrefix(line, "fail")) && strings.Count(line, " — ") < 2 {
			t.Errorf("does not say what to do: %s", line)
		}
	}
}

func TestDoctorFinds(t *testing.T) {
	bare(t)
	for _, x := range []struct {
		name  string
		args  []string
		spoil func(c Config) error
		code  int
		says  string
	}{
		{"a setting", []string{"--zone=x", "--log=x"}, nil, exitFailed, "fail — setting --zone"},
		{"short passwords", []string{"--password-min=8"}, nil, exitOK, "warn — passwords of 8 characters are accepted — --password-min 15"},
		{"an open data folder", nil, func(c Config) error { return os.Chmod(c.Data, 0o755) }, exitOK, "chmod go= "},
		{"an open keyring", nil, func(c Config) error { return os.Chmod(keyringOf(c), 0o644) }, exitFailed, "chmod 600"},
		{"no keyring", nil, func(c Config) error { return os.RemoveAll(filepath.Dir(keyringOf(c))) }, exitFailed, "fail — keyring and database"},
	} {
		c := started(t)
		if x.spoil != nil {
			must(t, x.spoil(c))
		}
		code, out, errs := shell(t, append(x.args, "doctor", "--data", c.Data, "--listen=127.0.0.1:9")...)
		if code != x.code || !strings.Contains(out, x.says) {
			t.Errorf("%s: exit %d, want %d and …%s…\n%s%s", x.name, code, x.code, x.says, out, errs)
		}
	}
}

// Doctor asks the running server for what only that one can have seen.
func TestDoctorAsksTheServer(t *testing.T) {
	bare(t)
	c := started(t)
	c.Listen = "127.0.0.1:0"
	s := opened(t, c)
	var parted atomic.Bool
	s.health.look = func(context.Context) (bool, error) { return parted.Load(), nil }
	ln := listenHere(t)
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- s.Run(ctx, ln) }()
	defer func() { stop(); <-done }()
	code, out, errs := shell(t, "doctor", "--data", c.Data, "--listen", ln.Addr().String())
	if code != exitOK || !strings.Contains(out, "ok   — server: ready at") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	parted.Store(true)
	time.Sleep(2 * lookAgain)
	code, out, _ = shell(t, "doctor", "--data", c.Data, "--listen", ln.Addr().String())
	if code != exitFailed || !strings.Contains(out, "fail — server: not ready: clock") || !strings.Contains(out, "doctor --clock-ok --reason") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestDemoIsForThisMachine(t *testing.T) {
	bare(t)
	for _, args := range [][]string{
		{"--listen=0.0.0.0:0"},
		{"--listen=:0"},
		{"--public-url=https://example.com"},
		{"--listen=0.0.0.0:0", "--public-url=https://example.com", "--tls-proxy=10.0.0.1"},
	} {
		dir := t.TempDir()
		code, _, errs := shell(t, append(args, "demo", "--data", dir)...)
		if code != exitFailed || !strings.Contains(errs, "this machine only") || folder(t, dir) != "" {
			t.Errorf("%v: exit %d, %s; left %s", args, code, errs, folder(t, dir))
		}
	}
}

// The demo's account is made once; its password is fresh, long enough for the
// rules and known to nobody else.
func TestDemoAccount(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir()})
	made, password, err := s.demoAccount(t.Context(), nidan.Randomness)
	if err != nil || !made || len(password.Reveal()) < 15 {
		t.Fatalf("%t %v", made, err)
	}
	out, err := s.Service().SignIn(t.Context(), demoAddress, password, nidan.From{Network: "n"})
	if err != nil || out.Reason != nidan.OK || out.Session == nil {
		t.Errorf("cannot log in: %v %v", out.Reason, err)
	}
	if made, password, err := s.demoAccount(t.Context(), nidan.Randomness); made || err != nil || !password.Empty() {
		t.Errorf("made again: %t %v", made, err)
	}
	other, err := sayable(nidan.Randomness)
	if err != nil || other.Equal(password) {
		t.Errorf("two demos share a password: %v", err)
	}
}

// A password that the rules refuse, as it happens to say "demo", is drawn again.
func TestDemoPasswordIsNoName(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir()})
	said := bytes.NewReader([]byte{1, 1, 8, 3, 0, 0, 2, 1, 4, 2, 9, 3, 5, 4, 7, 0, 6, 1, 3, 2})
	made, password, err := s.demoAccount(t.Context(), io.MultiReader(said, nidan.Randomness))
	if err != nil || !made || strings.Contains(password.Reveal(), "demo") || said.Len() > 0 {
		t.Errorf("%t %v, %d bytes left", made, err, said.Len())
	}
}

// In a folder that is really used, demo makes no account.
func TestDemoAmongOthers(t *testing.T) {
	s := opened(t, Config{Data: t.TempDir()})
	link, _, err := s.svc.PrintLink(t.Context(), nidan.TicketInvite, "real@example.com", "test")
	must(t, err)
	out, err := s.svc.AcceptInvite(t.Context(), link.Ticket, nidan.NewSecret("a long enough phrase to do"), "en", nidan.From{})
	if err != nil || out.Reason != nidan.OK {
		t.Fatal(out.Reason, err)
	}
	if made, _, err := s.demoAccount(t.Context(), nidan.Randomness); made || err == nil || !strings.Contains(err.Error(), "name another folder") {
		t.Errorf("made %t, %v", made, err)
	}
}

func TestVersion(t *testing.T) {
	if code, out, _ := shell(t, "version"); code != exitOK || !strings.HasPrefix(out, "nidan ") || !strings.Contains(out, "go1.") {
		t.Errorf("exit %d %q", code, out)
	}
}

func TestHelp(t *testing.T) {
	if code, out, _ := shell(t, "account", "link", "--help"); code != exitOK || !strings.Contains(out, "--browser") {
		t.Errorf("exit %d %s", code, out)
	}
	if code, _, errs := shell(t); code != exitUsage || !strings.Contains(errs, "serve") {
		t.Errorf("no command: exit %d %s", code, errs)
	}
}

func TestCommandsArePrintedForAShell(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "two words": "'two words'", "it's": `'it'\''s'`, "": "''", "a$b": "'a$b'", "~": "'~'",
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
	s, err := Config{Data: "/srv/my data", BrandName: "X", TLSProxy: []string{"10.0.0.1", "10.0.0.2"}}.check()
	must(t, err)
	want := `nidan serve --brand-name Y --data '/srv/my data' --tls-proxy 10.0.0.1,10.0.0.2`
	if got := s.command("serve", "--brand-name", "Y"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestRecoveryLine: an operator reads how far a recovery is, and why it waits.
func TestRecoveryLine(t *testing.T) {
	s := &Server{set: &settings{zone: time.UTC}}
	at := func(hour int) time.Time { return time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC) }
	view := nidan.RecoveryView{Started: at(1), Ripe: at(2), Gone: at(3), Told: true, Address: "192.0.2.1"}
	for want, change := range map[string]func(*nidan.RecoveryView){
		"waits until 2026-11-22 02:00:00 UTC":             func(*nidan.RecoveryView) {},
		"waits: the mail server has not taken its second": func(v *nidan.RecoveryView) { v.Untold = true },
		"waits: the mail server has not taken its first":  func(v *nidan.RecoveryView) { v.Told = false },
		"can be completed until 2026-11-22 03:00:00 UTC":  func(v *nidan.RecoveryView) { v.State = nidan.RecoveryRipe },
		"ran out 2026-11-22 03:00:00 UTC":                 func(v *nidan.RecoveryView) { v.State = nidan.RecoveryPast },
	} {
		v := view
		change(&v)
		if got := s.recovery(&v); !strings.HasPrefix(got, "started 2026-11-22 01:00:00 UTC from 192.0.2.1, "+want) {
			t.Errorf("%q", got)
		}
	}
}
