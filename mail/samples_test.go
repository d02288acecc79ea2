package mail

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Languages and the zone in which each is tested.
var zones = map[string]*time.Location{
	"en": time.FixedZone("JST", 9*3600),
	"ja": time.FixedZone("JST", 9*3600),
	"ko": time.FixedZone("KST", 9*3600),
}

var noon = time.Date(2026, 11, 22, 5, 5, 7, 0, time.UTC)

// A ticket as long as they get for an account with a long address.
var ticket = "nt_" + strings.Repeat("Zm9yIHlvdXIgZXllcyBvbmx5_-", 11)

const owner = "mina.yamamoto-fernandez@customers.example.co.jp"

// samples is every kind of notice in every variant worth looking at.
func samples() map[string]nidan.Notice {
	about := func(k nidan.NoticeKind, change func(*nidan.Notice)) nidan.Notice {
		n := nidan.Notice{
			Kind: k, To: owner, Name: owner, At: noon, Version: 7,
			Address: "203.0.113.7", Browser: "Firefox on Windows",
			Undo: nidan.MailedLink{Purpose: nidan.TicketNotMe, Ticket: ticket},
		}
		if change != nil {
			change(&n)
		}
		return n
	}
	by := func(m nidan.MethodName, count int) func(*nidan.Notice) {
		return func(n *nidan.Notice) { n.Method, n.Count = m, count }
	}
	item := func(item string, count int) func(*nidan.Notice) {
		return func(n *nidan.Notice) { n.Item, n.Count, n.Method = item, count, "backup" }
	}
	code := func(n *nidan.Notice) {
		n.Code, n.Until, n.Undo = "48291053", noon.Add(10*time.Minute), nidan.MailedLink{}
	}
	leads := func(p nidan.TicketPurpose, d time.Duration) func(*nidan.Notice) {
		return func(n *nidan.Notice) {
			n.Link, n.Until, n.Undo = nidan.MailedLink{Purpose: p, Ticket: ticket}, noon.Add(d), nidan.MailedLink{}
		}
	}
	recovers := func(d time.Duration) func(*nidan.Notice) {
		return func(n *nidan.Notice) {
			n.Until, n.Undo.Purpose = noon.Add(d), nidan.TicketCancel
		}
	}
	noUndo := func(n *nidan.Notice) { n.Undo = nidan.MailedLink{} }
	const day = 24 * time.Hour

	all := map[string]nidan.Notice{
		"turned_on":                     about(nidan.NoticeOn, by("totp", 0)),
		"turned_off":                    about(nidan.NoticeOff, nil),
		"turned_off-no_link":            about(nidan.NoticeOff, noUndo),
		"method_added":                  about(nidan.NoticeAdded, by("passkey", 0)),
		"method_added-totp":             about(nidan.NoticeAdded, by("totp", 0)),
		"method_added-mail":             about(nidan.NoticeAdded, by("mail", 0)),
		"method_replaced":               about(nidan.NoticeReplaced, by("passkey", 0)),
		"method_replaced-totp":          about(nidan.NoticeReplaced, by("totp", 0)),
		"method_replaced-mail":          about(nidan.NoticeReplaced, by("mail", 0)),
		"method_removed":                about(nidan.NoticeRemoved, by("passkey", 0)),
		"method_removed-totp":           about(nidan.NoticeRemoved, by("totp", 0)),
		"method_removed-mail":           about(nidan.NoticeRemoved, by("mail", 0)),
		"method_removed-backup":         about(nidan.NoticeRemoved, by("backup", 0)),
		"backup_code_used":              about(nidan.NoticeBackupUsed, item("04", 9)),
		"backup_code_used-few":          about(nidan.NoticeBackupUsed, item("07", 1)),
		"backup_code_used-none":         about(nidan.NoticeBackupUsed, item("10", 0)),
		"backup_codes_reissued":         about(nidan.NoticeCodesIssued, by("backup", 0)),
		"backup_code_replaced":          about(nidan.NoticeCodeReplaced, item("04", 0)),
		"password_right_code_not":       about(nidan.NoticeStranger, nil),
		"password_stopped":              about(nidan.NoticePasswordStopped, by("", 20)),
		"authenticator_disabled":        about(nidan.NoticeDisabled, by("passkey", 50)),
		"authenticator_disabled-totp":   about(nidan.NoticeDisabled, by("totp", 50)),
		"authenticator_disabled-backup": about(nidan.NoticeDisabled, by("backup", 20)),
		"password_reset":                about(nidan.NoticePasswordReset, nil),
		"password_changed":              about(nidan.NoticePasswordChanged, nil),
		"address_change_asked":          about(nidan.NoticeAddressAsked, func(n *nidan.Notice) { n.Item = "m•••@example.com" }),
		"address_changed":               about(nidan.NoticeAddressChanged, func(n *nidan.Notice) { n.Item = "m•••@example.com" }),
		"second_address_added":          about(nidan.NoticeSecondAdded, func(n *nidan.Notice) { n.Item = "m•••@example.com" }),
		"second_address_recovers":       about(nidan.NoticeSecondRecovers, func(n *nidan.Notice) { n.Item = "m•••@example.com" }),
		"second_address_removed":        about(nidan.NoticeSecondRemoved, func(n *nidan.Notice) { n.Item, n.To = "m•••@example.com", "mina.second@example.com" }),
		"reported_not_me":               about(nidan.NoticeNotMe, leads(nidan.TicketReset, 30*time.Minute)),
		"reported_not_me-linkless":      about(nidan.NoticeNotMe, noUndo),
		"recovery_started":              about(nidan.NoticeRecoveryStarted, recovers(72*time.Hour)),
		"recovery_half":                 about(nidan.NoticeRecoveryHalf, recovers(36*time.Hour)),
		"recovery_ready":                about(nidan.NoticeRecoveryReady, recovers(7*day)),
		"recovery_cancelled":            about(nidan.NoticeRecoveryGone, nil),
		"recovered":                     about(nidan.NoticeRecovered, nil),
		"account_deleted":               about(nidan.NoticeDeleted, noUndo),

		"code_sign_in": about(nidan.NoticeSignInCode, code),
		"code_confirm": about(nidan.NoticeConfirmCode, code),
		"code_set_up":  about(nidan.NoticeSetUpCode, code),
		"code_address": about(nidan.NoticeAddressCode, code),

		"link_invite":         about(nidan.NoticeInvite, leads(nidan.TicketInvite, 7*day)),
		"link_register":       about(nidan.NoticeRegister, leads(nidan.TicketRegister, day)),
		"link_register_taken": about(nidan.NoticeHasAccount, leads(nidan.TicketReset, 30*time.Minute)),
		"link_register_taken-linkless": about(nidan.NoticeHasAccount, func(n *nidan.Notice) {
			n.To, n.Until, n.Undo = "mina.new@example.com", noon.Add(30*time.Minute), nidan.MailedLink{}
		}),
		"link_reset":          about(nidan.NoticeResetLink, leads(nidan.TicketReset, 30*time.Minute)),
		"link_browser":        about(nidan.NoticeBrowserLink, leads(nidan.TicketBrowser, 30*time.Minute)),
		"link_address":        about(nidan.NoticeAddressLink, leads(nidan.TicketAddress, 30*time.Minute)),
		"link_second_address": about(nidan.NoticeSecondLink, leads(nidan.TicketSecond, day)),
		"link_recovery":       about(nidan.NoticeRecoveryLink, leads(nidan.TicketRecovery, 30*time.Minute)),
	}
	for _, name := range []string{"link_address", "link_second_address"} {
		n := all[name]
		n.To = "mina.new@example.com"
		all[name] = n
	}
	// Where a product keeps the account, those that say something else then.
	defer func() {
		for _, name := range []string{
			"turned_on", "turned_off-no_link", "password_stopped", "address_changed", "reported_not_me-linkless", "recovery_ready",
			"code_sign_in", "code_confirm", "link_recovery",
		} {
			n := all[name]
			n.Kept, n.Name = "Yamamoto & Söhne Ticket Shop of the Arena", "Mina Yamamoto-Fernandez (customer 4711-0815)"
			all[name+"-kept"] = n
		}
	}()
	n := all["link_recovery"]
	n.Undo = nidan.MailedLink{Purpose: nidan.TicketCancel, Ticket: ticket}
	all["link_recovery"] = n
	n = all["link_invite"]
	n.Address, n.Browser = "", "" // an operator's act
	all["link_invite"] = n
	return all
}

// composer returns one of its own for every caller: some change it.
func composer(t testing.TB, language string) *Composer {
	t.Helper()
	c, err := newComposers()
	if err != nil {
		t.Fatal(err)
	}
	own := *c[language]
	return &own
}

var newComposers = sync.OnceValues(func() (map[string]*Composer, error) {
	all := map[string]*Composer{}
	for language, zone := range zones {
		c, err := NewComposer(Letterhead{
			Brand: "Example VPN", PublicURL: "https://login.example.com", Support: "help@example.com", Zone: zone,
		})
		if err != nil {
			return nil, err
		}
		all[language] = c
	}
	return all, nil
})

// compose writes a sample in a language.
func compose(t testing.TB, n nidan.Notice, language string) Message {
	t.Helper()
	n.Language = language
	m, err := composer(t, language).Compose(n)
	if err != nil {
		t.Fatal(err)
	}
	m.ID, m.Date = "mpv3xq2k5yq6tc4wz7d5ae7g3u", noon
	return m
}

// eachSample runs f with every sample in every language.
func eachSample(t *testing.T, f func(t *testing.T, name string, n nidan.Notice, m Message)) {
	for name, n := range samples() {
		for language := range zones {
			t.Run(language+"/"+name, func(t *testing.T) { f(t, name, n, compose(t, n, language)) })
		}
	}
}

// TestGolden compares every mail with what was looked at and found good.
func TestGolden(t *testing.T) {
	eachSample(t, func(t *testing.T, name string, _ nidan.Notice, m Message) {
		golden(t, filepath.Join("testdata", m.Language, name+".txt"), "Subject: "+m.Subject+"\n\n"+m.Text)
	})
	for _, name := range []string{"turned_off", "code_sign_in", "link_reset"} { // the layout, once per form
		for language := range zones {
			golden(t, filepath.Join("testdata", language, name+".html"), compose(t, samples()[name], language).HTML)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: if this is how it should be now, run the test with -update\n%s", file, got)
	}
}

// TestSamples writes every mail as files to look at, if NIDAN_SAMPLES names a
// folder for them.
func TestSamples(t *testing.T) {
	dir := os.Getenv("NIDAN_SAMPLES")
	eachSample(t, func(t *testing.T, name string, _ nidan.Notice, m Message) {
		raw := encoded(t, m)
		if dir == "" {
			return
		}
		base := filepath.Join(dir, m.Language+"-"+name)
		for file, content := range map[string]string{base + ".eml": raw, base + ".html": m.HTML} {
			if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// encoded is a message as it goes over the wire.
func encoded(t testing.TB, m Message) string {
	t.Helper()
	s, err := NewSMTP(SMTPConfig{Host: "mail.example.com", From: "no-reply@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	msg, err := s.encode(m)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := msg.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
