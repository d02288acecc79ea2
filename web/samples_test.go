package web

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// A sample is one state of one page.
type sample struct {
	name  string
	page  string
	view  any  // or a func(*locale) any, where it differs by language
	guest bool // nobody is logged in
	bad   bool
	bare  bool // of pages that offer nothing beyond the app and its backup codes
}

// sampled are the pages that a sample is shown by, with everything offered or
// nothing.
func sampled(t testing.TB) func(sample) *Pages {
	all, bare := helpPagesWith(t, Features()...), newPages(t)
	return func(s sample) *Pages {
		if s.bare {
			return bare
		}
		return all
	}
}

// samples returns every page in every state worth looking at. The address is
// a long one, the numbers are large: what fits here fits everywhere.
func samples(t testing.TB) []sample {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	const aDay = 24 * time.Hour
	const account = "mina.yamamoto-fernandez@customers.example.co.jp"
	app := nidan.Way{ID: "wayapp", Method: "totp", Name: "Pixel 9"}
	sheetWay := nidan.Way{ID: "waysheet", Method: "backup", Reserve: true}
	qr, err := newQR("otpauth://totp/Example%20VPN:mina.yamamoto-fernandez%40customers.example.co.jp?secret=JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC&issuer=Example%20VPN&algorithm=SHA1&digits=6&period=30")
	if err != nil {
		t.Fatal(err)
	}
	used := []nidan.UsedCode{{Number: "04", At: ago(9 * aDay)}, {Number: "07", At: ago(2 * aDay)}, {Number: "10", At: ago(aDay)}}
	full := nidan.Sheet{Issued: ago(30 * aDay), Total: 10, Left: 10}
	some := nidan.Sheet{Issued: ago(260 * aDay), Total: 10, Left: 3, Used: used}
	ten := []string{
		"01-7K3M-9QXT-4HBC-W2RN", "02-E5VD-1ZPA-8JYS-6FGT", "03-QH4Z-T0RM-5WXK-9CBD", "04-2NPY-G8VE-J3SA-7TFK", "05-XM6R-C1DW-0QHB-4ZGE",
		"06-9SJT-K5YN-V2PA-3RXC", "07-B7FD-W8MQ-6EZH-1GTK", "08-0YRC-N4XS-P9VJ-5DAM", "09-T3GE-2KWB-H6QZ-8FNY", "10-J1VX-5RAS-D7CM-0PTE",
	}
	scan := scanView{
		QR: qr, Link: "otpauth://totp/Example", Groups: groups("JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC"), Key: "JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC",
		Account: account, Method: "totp", Ticket: "aaaaaaaaaaaaaaaa", Now: noon,
	}
	wrongScan := scan
	wrongScan.Code = wrong(msg("reason.clock_ahead", "n", 3), "")
	codes := codesView{At: "/security/on/codes", SetUp: true, Account: account, Issued: noon, Codes: ten, Ticket: "aaaaaaaaaaaaaaaa"}
	unsaved := codes
	unsaved.Wrong = msg("reason.not_saved")
	renewed := codesView{At: "/security/code", Account: account, Issued: noon, Codes: ten[3:4], Item: "04", Ticket: "aaaaaaaaaaaaaaaa"}
	reissued := codes
	reissued.At, reissued.SetUp = "/security/codes/new", false
	second := secondView{Way: app, Others: []nidan.Way{sheetWay}, Code: field{Focus: true}, Expires: noon.Add(10 * time.Minute), Now: noon}
	wrongOnce, wrongThrice, waiting, onSheet := second, second, second, second
	wrongOnce.Code = wrong(msg("reason.clock_behind", "n", 3), "")
	wrongThrice.Code, wrongThrice.Stuck, wrongThrice.Known = wrong(msg("reason.used_answer.totp"), ""), true, true
	waiting.Waits = msg("reason.waiting", "n", 7, "wait", 2*time.Minute, "when", inAWhile(2*time.Minute))
	onSheet.Way, onSheet.Others = sheetWay, []nidan.Way{app}
	onSheet.Code = wrong(msg("reason.replaced_answer", "date", day(ago(40*aDay))), "04-2npy g8ve j3sa 7tfk")
	both := bothView{At: "/security/codes", Way: app, Others: []nidan.Way{sheetWay}, Codes: &some, Now: noon, Password: field{Focus: true}}
	wrongBoth := both
	wrongBoth.Password = wrong(msg("reason.wrong_password"), "")
	off := both
	off.At = offPath
	wrongOff := off
	wrongOff.Password = field{}
	wrongOff.Code = wrong(msg("reason.wrong_answer.totp"), "")
	sessions := []nidan.SessionView{
		{ID: "s1", Current: true, At: ago(3 * time.Hour), Seen: noon, Address: "203.0.113.7", Browser: "Firefox on Windows"},
		{ID: "s2", At: ago(8 * time.Hour), Seen: ago(40 * time.Minute), Address: "2001:db8:85a3::8a2e:370:7334", Browser: "Samsung Internet on Android"},
	}
	where := func(e nidan.Event) nidan.Event {
		if e.Address == "" {
			e.Address, e.Browser = "203.0.113.7", "Firefox on Windows"
		}
		return e
	}
	var events []nidan.Event
	for i, e := range []nidan.Event{
		{Kind: nidan.EventSignIn, Method: "totp"}, {Kind: nidan.EventFirstStep},
		{Kind: nidan.EventRefused, Method: "totp", Address: "198.51.100.23", Browser: "Chrome on Linux"},
		{Kind: nidan.EventRefused, Method: "totp", Address: "198.51.100.23", Browser: "Chrome on Linux"},
		{Kind: nidan.EventFirstStep, Address: "198.51.100.23", Browser: "Chrome on Linux"},
		{Kind: nidan.EventCodeReplaced, Method: "backup", Item: "04"}, {Kind: nidan.EventSignIn, Method: "backup", Item: "04"},
		{Kind: nidan.EventOn, Method: "totp"}, {Kind: nidan.EventCreated, Browser: "<b>", Address: "192.0.2.1"},
	} {
		e.At = ago(time.Duration(i) * 5 * time.Hour)
		events = append(events, where(e))
	}
	appView := nidan.AuthenticatorView{ID: "wayapp", Method: "totp", Name: "Pixel 9", Added: ago(260 * aDay), LastUsed: ago(3 * time.Hour)}
	sheetView := nidan.AuthenticatorView{ID: "waysheet", Method: "backup", Reserve: true, Added: ago(260 * aDay), LastUsed: ago(aDay), Sheet: &some}
	overview := nidan.Overview{
		Name: account, Protected: ago(260 * aDay), PasswordFresh: true,
		Authenticators: []nidan.AuthenticatorView{appView, sheetView}, Ways: []nidan.Way{app, sheetWay}, Sessions: sessions, Events: events,
	}
	fresh := overview
	fresh.Authenticators = []nidan.AuthenticatorView{appView, {ID: "waysheet", Method: "backup", Reserve: true, Added: ago(30 * aDay), Sheet: &full}}
	stuck := overview
	appDead := appView
	appDead.Disabled = ago(aDay)
	gone := nidan.AuthenticatorView{ID: "x", Method: "carrier_pigeon", Added: ago(400 * aDay), Disabled: ago(aDay)}
	empty := some
	empty.Left = 0
	none := sheetView
	none.Sheet = &empty
	stuck.Authenticators = []nidan.AuthenticatorView{none, appDead, gone}
	bare := nidan.Overview{Name: account, Sessions: sessions[:1], Events: events[8:]}
	link := linkView{LinkView: nidan.LinkView{Name: account, Protected: true, Expires: noon.Add(30 * time.Minute), Limit: 15}, Password: field{Focus: true}}
	wrongLink := link
	wrongLink.Password = wrong(msg("reason.password_short", "n", 15), "")
	choose := onView{Methods: []nidan.MethodName{"totp"}, Chosen: "totp"}
	stale := choose
	stale.AskPassword, stale.Password = true, wrong(msg("reason.step_up"), "")

	list := []sample{
		{name: "login", page: "login", view: loginView{}, guest: true},
		{name: "login-wrong", page: "login", view: loginView{Login: account, Wrong: msg("reason.wrong_first_step")}, guest: true, bad: true},
		{name: "login-wait", page: "login", view: loginView{Login: account, Wrong: msg("reason.first_step_wait", "wait", 32*time.Second, "when", inAWhile(32*time.Second)), Waits: true}, guest: true, bad: true},
		{name: "login-done", page: "login", view: loginView{Done: msg("login.after.password")}, guest: true},
		{name: "login-ended", page: "login", view: loginView{Ended: msg("reason.sign_in_ended")}, guest: true, bad: true},
		{name: "forgot", page: "forgot", guest: true, bare: true},
		{name: "second", page: "second", view: second, guest: true},
		{name: "second-wrong", page: "second", view: wrongOnce, guest: true, bad: true},
		{name: "second-stuck", page: "second", view: wrongThrice, guest: true, bad: true},
		{name: "second-waiting", page: "second", view: waiting, guest: true},
		{name: "second-backup", page: "second", view: onSheet, guest: true, bad: true},
		{name: "lost", page: "lost", view: lostView{Reserve: []nidan.Way{sheetWay}, Apps: []nidan.Way{app}}, guest: true},
		{name: "lost-nothing", page: "lost", view: lostView{}, guest: true, bare: true},
		{name: "invite", page: "invite", view: link, guest: true},
		{name: "invite-wrong", page: "invite", view: wrongLink, guest: true, bad: true},
		{name: "reset", page: "reset", view: link, guest: true},
		{name: "browser", page: "browser", view: link, guest: true},
		{name: "security-off", page: "security", view: securityView{Overview: bare, Activity: activities(bare.Events), Unfinished: true}},
		{name: "security-on", page: "security", view: securityView{Overview: fresh, Activity: activities(events)}},
		{name: "security-few", page: "security", view: securityView{Overview: overview, Activity: activities(events), Renewal: "04"}},
		{name: "security-stuck", page: "security", view: securityView{Overview: stuck, Activity: activities(events)}},
		{name: "on", page: "on", view: choose},
		{name: "on-password", page: "on", view: stale, bad: true},
		{name: "scan", page: "scan", view: scan},
		{name: "scan-wrong", page: "scan", view: wrongScan, bad: true},
		{name: "scan-confirmed", page: "stop", view: stopView{msg("scan.confirmed"), msg("scan.confirmed.text"), msg("stop.go_on"), setUpCodes.at}},
		{name: "codes", page: "codes", view: codes},
		{name: "codes-unsaved", page: "codes", view: unsaved, bad: true},
		{name: "codes-reissued", page: "codes", view: reissued},
		{name: "done", page: "done", view: doneView{overview}},
		{name: "code", page: "code", view: renewed},
		{name: "reissue", page: "reissue", view: both},
		{name: "reissue-wrong", page: "reissue", view: wrongBoth, bad: true},
		{name: "reissued", page: "reissued", view: full},
		{name: "off", page: "off", view: off},
		{name: "off-wrong", page: "off", view: wrongOff, bad: true},
		{name: "offdone", page: "offdone"},
		{name: "other-tab", page: "stop", view: stopView{msg("stop.other_tab"), msg("reason.other_tab"), msg("stop.go_on"), setUp.here}},
		{name: "fault-500", page: "fault", view: faultView{Key: "fault.500", Reference: "K7Q2M4X9TB"}},
		{name: "fault-busy", page: "fault", view: faultView{Key: "fault.busy"}, guest: true},
		{name: "fault-clock", page: "fault", view: faultView{Key: "fault.clock"}, guest: true},
		{name: "fault-404", page: "fault", view: faultView{Key: "fault.404"}, guest: true},
	}
	list = append(list, signInSamples(t)...)
	list = append(list, linkSamples(t)...)
	return append(list, helpSamples(t)...)
}

func inAWhile(after time.Duration) second { return second(noon.Add(after)) }

// render executes a sample in a language.
func (s sample) render(p *Pages, l *locale) (string, error) {
	pg := page{
		Lang: l.Tag(), Languages: p.locales.all, Here: "/login", Brand: p.brand, Failed: s.bad, View: s.view,
		Account: "mina.yamamoto-fernandez@customers.example.co.jp",
	}
	if s.guest {
		pg.Account = ""
	}
	if view, ok := s.view.(func(*locale) any); ok {
		pg.View = view(l)
	}
	var b bytes.Buffer
	err := l.execute(&b, s.page, pg)
	return b.String(), err
}

// TestSamples writes every page in every state and language as a file, to be
// looked at: NIDAN_SAMPLES=/tmp/pages go test -run TestSamples ./web, then
// serve that folder.
func TestSamples(t *testing.T) {
	dir := os.Getenv("NIDAN_SAMPLES")
	if dir == "" {
		dir = t.TempDir()
	}
	p := newPages(t)
	write := func(name string, body []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, a := range p.assets.served {
		write("static/"+name, a.body)
	}
	by := sampled(t)
	for i, l := range p.locales.all {
		for _, s := range samples(t) {
			html, err := s.render(by(s), by(s).locales.all[i])
			if err != nil {
				t.Fatal(err)
			}
			write(l.Tag()+"/"+s.name+".html", []byte(html))
		}
	}
}
