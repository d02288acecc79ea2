package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

// TestSettingsOfAProduct: set-up without a password of ours, and back with what
// was asked for.
func TestSettingsOfAProduct(t *testing.T) {
	s := newHouse(t).shop()
	p := s.register("mina", "")
	b := s.led(p)
	b.at("/security/on", http.StatusOK)
	b.leadsBack(true)
	if strings.Contains(b.shown.html, `type="password"`) || strings.Contains(b.shown.html, `action="/logout"`) {
		t.Error("asks for a password, or offers to log out, where neither is ours")
	}
	b.setUp(p)
	b.says("Two-step verification is on", "Back to Tea & Cakes", "Other browsers were logged out of these pages, not of Tea & Cakes")
	b.saysNot("This one stays logged in")
	b.leadsBack(true)
	if strings.Contains(b.shown.html, testBrand.Home) || strings.Count(b.shown.html, `action="/back"`) != 2 {
		t.Error("the page leads somewhere else than to the shop")
	}
	b.open("/security")
	if !strings.Contains(b.shown.html, "<span>mina of the shop</span>") || strings.Count(b.shown.html, `action="/back"`) != 1 {
		t.Error("no way back")
	}
	b.send("/back")
	out := s.redeem(b.brought(), shopValue)
	if !out.Passed() || out.Assertion.Level != nidan.LevelAAL2 {
		t.Fatalf("%s, %+v", out.Reason, out.Assertion)
	}
	b.open("/security")
	b.at("/security", http.StatusGone)
	b.says("What you had open here has ended")

	plain := s.register("nora", "")
	b = s.led(plain)
	b.send("/back")
	if result := b.brought(); result != "" {
		t.Error("nothing was shown, and it is worth something")
	}
}

// TestSettingsOfAProductAreFresh: five minutes after its log-in nothing changes
// here, and the page says how it goes on.
func TestSettingsOfAProductAreFresh(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "")
	b := s.led(p)
	way := b.appWay()
	b.saysNot("Password")
	s.pass(6 * time.Minute)
	const late = "Go back to Tea & Cakes, log in there again, and come here once more"
	b.send(offPath, "way", way, "code", p.code(s.house))
	b.at(offPath, http.StatusUnprocessableEntity)
	b.says(late, "Back to Tea & Cakes")
	for _, at := range []string{offPath, "/security/codes", addPath + "/mail", addPath + "/totp", resyncPath, "/security/methods/" + way + "/replace/totp"} {
		if b.open(at); b.shown.status == http.StatusNotFound {
			continue
		}
		b.says(late)
		b.leadsBack(true)
		if strings.Contains(b.shown.html, `name="code"`) || strings.Contains(b.shown.html, `type="password"`) {
			t.Errorf("%s asks for what is of no use", at)
		}
	}
	b.send("/back")
	b.brought()

	b = s.led(p)
	way = b.appWay()
	b.saysNot(late)
	b.send(offPath, "way", way, "code", "000000")
	b.at(offPath, http.StatusUnprocessableEntity)
	b.focused("code")
	s.pass(time.Minute)
	b.send(offPath, "way", way, "code", p.code(s.house))
	b.at("/security/off/done", http.StatusOK)
	b.says("Other browsers were logged out of these pages, not of Tea & Cakes")
	s.pass(6 * time.Minute)
	b.open("/security/on")
	b.says(late)
	b.send("/security/on", "method", "totp")
	b.at("/security/on", http.StatusUnprocessableEntity)
	b.says(late)
}

// TestWhatAProductKeepsIsChangedThere: no page of ours about it, by any address.
func TestWhatAProductKeepsIsChangedThere(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "mina@example.com")
	b := s.led(p)
	for _, at := range []string{"/security/password", "/security/address", "/security/second", "/security/second/remove", "/security/delete"} {
		b.open(at)
		b.at("/security", http.StatusOK)
		b.send(at, "password", goodPassword, "chosen", otherPassword, "item", "new@example.com")
		b.at("/security", http.StatusOK)
	}
	for _, at := range []string{"/security", "/security/account"} {
		b.open(at)
		b.at(at, http.StatusOK)
		for _, no := range []string{`href="/security/password"`, `href="/security/address"`, `href="/security/second"`, `href="/security/delete"`} {
			if strings.Contains(b.shown.html, no) {
				t.Errorf("%s has %s", at, no)
			}
		}
	}
	b.says("mina of the shop", "changed at Tea & Cakes")
	b.open("/security/browsers")
	b.says("The browsers in which these settings are open. Log-ins at Tea & Cakes are shown there.")
	b.saysNot("The browsers that are logged in to this account")

	b.open("/security/notme")
	b.says("Set a new one at Tea & Cakes", "Nobody is logged out of Tea & Cakes: do that there.")
	b.saysNot("with a link that we mail you")
	b.send("/security/notme")
	b.says("Every browser is logged out", "Now set a new password at Tea & Cakes")
	if b.linkOf("Back to Tea & Cakes") != shopReturn {
		t.Error("leads elsewhere")
	}
	b.leadsBack(false)
	b.open("/security")
	b.at("/security", http.StatusGone)
}

// TestWhatEndsAVisitLeadsBack: where everything ends, this session with it, the
// way on is the product's and not our log-in page.
func TestWhatEndsAVisitLeadsBack(t *testing.T) {
	s := newHouse(t).shop()
	p := s.protected("mina", "")
	b := s.led(p)
	s.pass(10 * time.Minute)
	b.send("/security/sessions/end-all")
	b.at("/security/sessions/end-all", http.StatusOK)
	b.says("Every browser was logged out, this one too", "Back to Tea & Cakes")

	nora := s.protected("nora", "nora@example.com")
	b = s.led(nora)
	app := b.appWay()
	s.pass(time.Minute)
	b.send("/security/methods/"+app+"/remove", "way", app, "code", nora.code(s.house))
	b.says("The method is removed", "this browser was logged out too", "Back to Tea & Cakes")
	b.leadsBack(false)

	b = s.led(p)
	s.pass(61 * time.Minute)
	b.cookies[ledCookie] = "yes" // a little later it has run out as well
	b.open("/security")
	b.at("/security", http.StatusGone)
	b.says("log in again at the service that you came from")
}
