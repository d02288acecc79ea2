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
	name   string
	page   string
	view   any  // or a func(*locale) any, where it differs by language
	guest  bool // nobody is logged in
	bad    bool
	banner *banner

	product *nidan.HandoverView // that led here
	kept    string              // that keeps the account of a ticket, though nobody was led here
	led     bool                // one did not long ago
	pass    *passAsk            // that waits
	bare    bool                // of pages that offer nothing beyond the app and its backup codes
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
	const account = "mina.yamamoto-fernandez@customers.example.co.jp"
	app := nidan.Way{ID: "wayapp", Method: "totp", Name: "Pixel 9"}
	second := secondView{Way: app, Others: []nidan.Way{sheetWay}, Code: field{Focus: true}, Expires: noon.Add(10 * time.Minute), Now: noon}
	wrongOnce, wrongThrice, waiting, onSheet := second, second, second, second
	wrongOnce.Code = wrong(msg("reason.clock_behind", "n", 3), "")
	wrongThrice.Code, wrongThrice.Stuck, wrongThrice.Known = wrong(msg("reason.used_answer.totp"), ""), true, true
	waiting.Waits = msg("reason.waiting", "n", 7, "wait", 2*time.Minute, "when", inAWhile(2*time.Minute))
	onSheet.Way, onSheet.Others = sheetWay, []nidan.Way{app}
	onSheet.Code = wrong(msg("reason.replaced_answer", "date", day(ago(40*aDay))), "04-2npy g8ve j3sa 7tfk")
	link := linkView{LinkView: nidan.LinkView{Name: account, Protected: true, Expires: noon.Add(30 * time.Minute), Limit: 15}, Password: field{Focus: true}}
	wrongLink := link
	wrongLink.Password = wrong(msg("reason.password_short", "n", 15), "")
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
		{name: "fault-500", page: "fault", view: faultView{Key: "fault.500", Reference: "K7Q2M4X9TB"}},
		{name: "fault-busy", page: "fault", view: faultView{Key: "fault.busy"}, guest: true},
		{name: "fault-clock", page: "fault", view: faultView{Key: "fault.clock"}, guest: true},
		{name: "fault-404", page: "fault", view: faultView{Key: "fault.404"}, guest: true},
	}
	list = append(list, signInSamples(t)...)
	list = append(list, linkSamples(t)...)
	list = append(list, bindSamples(t)...)
	list = append(list, settingsSamples(t)...)
	list = append(list, stepSamples(t)...)
	list = append(list, passSamples()...)
	list = append(list, keptLinkSamples()...)
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
	pg.Recovery, pg.Product, pg.Pass = s.banner, s.product, s.pass
	pg.Kept, pg.Led = s.kept, s.led || s.product != nil
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
