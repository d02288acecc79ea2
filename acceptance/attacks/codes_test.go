package attacks

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// Two-step verification is turned off by a session, or by the password alone.
func TestG1TurnOffWithOneProof(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := protected(t, r)
	totp, backup, code := p.Way("totp"), p.Way("backup"), p.Phone.Code()
	for name, fields := range map[string][]string{
		"session alone":               {},
		"password alone":              {"password", p.Password},
		"password, no code":           {"password", p.Password, "way", totp, "code", ""},
		"password, wrong code":        {"password", p.Password, "way", totp, "code", p.Phone.Wrong()},
		"password, wrong backup code": {"password", p.Password, "way", backup, "code", "03-0000-0000-0000-0000"},
		"password, no such way":       {"password", p.Password, "way", "none", "code", code},
		"password as the code":        {"password", p.Password, "way", totp, "code", strings.ToUpper(p.Password)},
		"code alone":                  {"way", totp, "code", code},
		"code, wrong password":        {"password", "not the password of this one", "way", totp, "code", code},
		"code as the password":        {"password", code, "way", totp, "code", code},
		"backup code, no password":    {"password", "", "way", backup, "code", typed(p.Codes[0])},
	} {
		if page := b.Post("/security/off", fields...); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d to %q", name, page.Status, page.Location)
		}
		if page := b.Post("/security/codes", fields...); page.Status != http.StatusUnprocessableEntity && page.Status != http.StatusTooManyRequests || b.Cookie("reissue") != "" {
			t.Errorf("%s, for new codes: status %d to %q", name, page.Status, page.Location)
		}
		if v := show(t, r, p); v.Protected.IsZero() || len(v.Authenticators) != 2 {
			t.Fatalf("%s: it is off", name)
		}
		r.Clock.Advance(10 * time.Minute) // so that no wait answers in the place of the rule
		p.LogIn(b)                        // and no count is left
		code = p.Phone.Code()
	}
	for _, at := range []string{"/security/off", "/security/off/done", "/security/off?password=" + strings.ReplaceAll(p.Password, " ", "+") + "&way=" + totp + "&code=" + code} {
		b.Get(at)
	}
	if show(t, r, p).Protected.IsZero() {
		t.Fatal("a GET has turned it off")
	}
	if n := told(t, r, p, nidan.NoticeOff); n != 0 {
		t.Errorf("%d notices", n)
	}

	r.Clock.Advance(time.Minute)
	other := r.Browser()
	p.LogIn(other)
	r.Clock.Advance(time.Minute)
	if page := b.Post("/security/off", "password", p.Password, "way", totp, "code", p.Phone.Code()); page.Location != "/security/off/done" {
		t.Fatalf("both proofs: %d %s", page.Status, page.Text())
	}
	if told(t, r, p, nidan.NoticeOff) != 1 || loggedIn(other) || !show(t, r, p).Protected.IsZero() {
		t.Errorf("notices of it: %d, another session lives: %v", told(t, r, p, nidan.NoticeOff), loggedIn(other))
	}
	c := r.Browser()
	if p.First(c); !loggedIn(c) {
		t.Error("a second step is asked all the same")
	}
}

var codeForm = regexp.MustCompile(`^\d\d-(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`)

// Backup codes are guessed.
func TestI1FormOfBackupCodes(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	q, _ := protected(t, r)
	seen := map[string]bool{}
	symbols := map[rune]int{}
	for _, codes := range [][]string{p.Codes, q.Codes} {
		if len(codes) != 10 {
			t.Fatalf("%d codes", len(codes))
		}
		for i, c := range codes {
			if !codeForm.MatchString(c) || c[:2] != []string{"01", "02", "03", "04", "05", "06", "07", "08", "09", "10"}[i] {
				t.Errorf("code %d has another form", i+1)
			}
			if seen[c[3:]] {
				t.Error("a code twice")
			}
			seen[c[3:]] = true
			for _, s := range c[3:] {
				symbols[s]++
			}
		}
	}
	// 320 symbols of 32: fewer than 24 different ones are no chance (p < 1e-9).
	if len(symbols) < 25 {
		t.Errorf("only %d different characters", len(symbols))
	}

	// The number picks one code: a right text under another number is wrong.
	b := r.Browser()
	p.First(b)
	if p.Backup(b, typed("02"+p.Codes[0][2:])); b.Cookie("session") != "" {
		t.Error("a code is accepted under another number")
	}
	// One character less, or another one, is wrong.
	for _, c := range []string{p.Codes[0][:len(p.Codes[0])-1], p.Codes[0][3:], swap(p.Codes[0])} {
		if p.Backup(b, typed(c)); b.Cookie("session") != "" {
			t.Error("a code is accepted that is none")
		}
	}
	if n := judged(t, r, p); n != 2 {
		t.Errorf("%d of the wrong ones are counted", n)
	}
	if p.Backup(b, typed(p.Codes[0])); b.Cookie("session") == "" {
		t.Error("the code itself is refused")
	}
}

// swap makes another code by changing its last character.
func swap(code string) string {
	last := "0"
	if strings.HasSuffix(code, "0") {
		last = "1"
	}
	return code[:len(code)-1] + last
}

// reissue replaces a person's backup codes and returns the old ones.
func reissue(t *testing.T, r *rig.Rig, p *rig.Person, b *rig.Browser) (old []string) {
	t.Helper()
	r.Clock.Advance(time.Minute)
	if page := b.Post("/security/codes", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code()); page.Location != "/security/codes/new" {
		t.Fatalf("reissue: %d %s", page.Status, page.Text())
	}
	old, p.Codes = p.Codes, r.ReadCodes(b.Get("/security/codes/new"))
	if page := b.Post("/security/codes/new", "ticket", b.Hash("reissue"), "saved", "yes"); page.Location != "/security/codes/done" {
		t.Fatalf("new codes: %d %s", page.Status, page.Text())
	}
	return old
}

// A set of codes lives on after it was replaced, or after everything was turned
// off.
func TestI2OldSetOfCodes(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := protected(t, r)
	used := r.Browser()
	p.First(used)
	p.Backup(used, p.Codes[9])
	for set := range 4 { // one more than is kept to be told apart
		old := reissue(t, r, p, b)
		c := r.Browser()
		p.First(c)
		before := judged(t, r, p)
		page := p.Backup(c, typed(old[0]))
		if c.Cookie("session") != "" || !page.SaysReason(nidan.ReplacedAnswer) {
			t.Errorf("set %d: status %d, %s", set, page.Status, page.Text())
		}
		if p.Backup(c, typed(old[9])); c.Cookie("session") != "" {
			t.Errorf("set %d: another code of it logs in", set)
		}
		if n := judged(t, r, p) - before; n != 2 {
			t.Errorf("set %d: %d of two old codes are counted as wrong", set, n)
		}
		if p.Backup(c, p.Codes[set]); c.Cookie("session") == "" {
			t.Errorf("set %d: a new code does not log in", set)
		}
		if page := b.Post("/security/off", "password", p.Password, "way", p.Way("backup"), "code", typed(old[1])); page.Location != "" {
			t.Errorf("set %d: an old code turns it off", set)
		}
		r.Clock.Advance(time.Minute)
	}
	r.Clock.Advance(time.Minute)
	if page := b.Post("/security/off", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code()); page.Location != "/security/off/done" {
		t.Fatalf("turn off: %d %s", page.Status, page.Text())
	}
	old := p.Codes
	p.TurnOn(b)
	c := r.Browser()
	p.First(c)
	if page := p.Backup(c, typed(old[5])); c.Cookie("session") != "" {
		t.Errorf("a code from before it was turned off logs in: %d", page.Status)
	}
}

// The codes are read again, from the page, the file, a cache or with Back; or
// they are reissued in silence.
func TestI3CodesReadAgain(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, b := protected(t, r)
	told0 := len(notices(t, r, p))
	// A session alone begins nothing.
	if page := b.Post("/security/codes"); page.Status != http.StatusUnprocessableEntity || b.Cookie("reissue") != "" {
		t.Errorf("a session alone: %d", page.Status)
	}
	r.Clock.Advance(time.Minute)
	b.Post("/security/codes", "password", p.Password, "way", p.Way("totp"), "code", p.Phone.Code())
	carried, drawn := b.Cookie("reissue"), b.Hash("reissue")
	for _, at := range []string{"/security/codes/new", "/security/codes/new/file"} {
		page := b.Get(at)
		codes := r.ReadCodes(page)
		if len(codes) != 10 || page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d codes, kept by caches: %q", at, len(codes), page.Header.Get("Cache-Control"))
		}
		if slices.Equal(codes, p.Codes) {
			t.Error("the new codes are the old ones")
		}
	}
	// Another session of the account does not see them, nor anybody else's.
	other := r.Browser()
	r.Clock.Advance(time.Minute)
	p.LogIn(other)
	mallory, evil := protected(t, r)
	for _, c := range []*rig.Browser{other, evil} {
		c.SetCookie("reissue", carried)
		for _, at := range []string{"/security/codes/new", "/security/codes/new/file"} {
			if page := c.Get(at); page.Status == http.StatusOK {
				t.Errorf("%s: another session reads the codes", at)
			}
		}
		if page := c.Post("/security/codes/new", "ticket", drawn, "saved", "yes"); page.Location == "/security/codes/done" {
			t.Error("another session completes it")
		}
	}
	if n := len(notices(t, r, mallory)); n != 1 {
		t.Errorf("another account has %d notices", n)
	}

	if page := b.Post("/security/codes/new", "ticket", drawn, "saved", "yes"); page.Location != "/security/codes/done" {
		t.Fatalf("complete: %d", page.Status)
	}
	if told(t, r, p, nidan.NoticeCodesIssued) != 1 || len(notices(t, r, p)) != told0+1 {
		t.Errorf("the owner is told: %+v", notices(t, r, p))
	}
	for name, dress := range map[string]func(*rig.Browser){
		"Back":                 func(*rig.Browser) {},
		"with the old ticket":  func(c *rig.Browser) { c.SetCookie("reissue", carried) },
		"in another's cookie":  func(c *rig.Browser) { c.SetCookie("setup", carried); c.SetCookie("renew", carried) },
		"without any session":  func(c *rig.Browser) { c.SetCookie("session", ""); c.SetCookie("reissue", carried) },
		"with the hash as one": func(c *rig.Browser) { c.SetCookie("reissue", "nt_"+drawn) },
	} {
		for _, at := range []string{"/security/codes/new", "/security/codes/new/file", "/security/codes", "/security/codes/done", "/security", "/security/on/codes", "/security/on/codes/file", "/security/code", "/security/code/file"} {
			c := b.Clone()
			dress(c)
			if page := c.Get(at); backupCode.MatchString(page.Body) {
				t.Errorf("%s, %s: status %d with codes", at, name, page.Status)
			}
		}
	}
}

var backupCode = regexp.MustCompile(`\b\d\d-(?:[0-9A-HJKMNP-TV-Z]{4}-){3}`)

// The last code is used and none is left; or the successor of a used code is
// live before it was saved, or shown twice.
func TestI4CodeAndItsSuccessor(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	b := r.Browser()
	p.First(b)
	if page := p.Backup(b, p.Codes[2]); page.Location != "/security/code" {
		t.Fatalf("after a backup code: %d to %q", page.Status, page.Location)
	}
	page := b.Get("/security/code")
	next := r.ReadCodes(page)
	if len(next) != 1 || next[0][:3] != "03-" || next[0] == p.Codes[2] || page.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the page offers %d codes", len(next))
	}
	carried, drawn := b.Cookie("renew"), b.Hash("renew")
	in := func(code string) bool {
		r.Clock.Advance(time.Minute)
		c := r.Browser()
		p.First(c)
		p.Backup(c, typed(code))
		return c.Cookie("session") != ""
	}
	if in(next[0]) {
		t.Error("the successor works before it is saved")
	}
	if in(p.Codes[2]) {
		t.Error("the used code works again")
	}
	for _, saved := range []string{"", "no"} {
		b.AsBearer().Post("/security/code", "ticket", drawn, "saved", saved)
	}
	if in(next[0]) {
		t.Error("the successor works though it was not saved")
	}
	if page := b.Post("/security/code", "ticket", drawn, "saved", "yes"); page.Location != "/security" {
		t.Fatalf("saved: %d %s", page.Status, page.Text())
	}
	if told(t, r, p, nidan.NoticeBackupUsed) != 1 || told(t, r, p, nidan.NoticeCodeReplaced) != 1 {
		t.Errorf("the owner is told: %+v", notices(t, r, p))
	}
	b.SetCookie("renew", carried)
	for _, at := range []string{"/security/code", "/security/code/file"} {
		if page := b.Get(at); page.Status == http.StatusOK || backupCode.MatchString(page.Body) {
			t.Errorf("%s shows it again: %d", at, page.Status)
		}
	}
	b.Post("/security/code", "ticket", drawn, "saved", "yes")
	if n := count(t, r, p, nidan.EventCodeReplaced); n != 1 {
		t.Errorf("it is saved %d times", n)
	}
	if in(p.Codes[2]) {
		t.Error("the used code works again once it has a successor")
	}
	if !in(next[0]) || in(next[0]) {
		t.Error("the successor does not work, or works twice")
	}
	if sheet := show(t, r, p).Authenticators[1].Sheet; sheet.Left != 9 {
		t.Errorf("%d codes are left", sheet.Left)
	}
	// To the last one: after it the account still takes the app, and says what
	// to do.
	for i := range 10 {
		if i == 2 {
			continue
		}
		if !in(p.Codes[i]) {
			t.Fatalf("code %d does not log in", i+1)
		}
	}
	if sheet := show(t, r, p).Authenticators[1].Sheet; sheet.Left != 0 {
		t.Errorf("%d codes are left", sheet.Left)
	}
	c := r.Browser()
	r.Clock.Advance(time.Hour)
	p.LogIn(c)
	if page := c.Get("/security"); !page.Says("security.none_left") {
		t.Error("the settings do not say that none is left")
	}
}
