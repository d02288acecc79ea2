package recipes

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

const (
	mina         = "mina@example.com"
	minaPassword = "green tea at seven"

	notHere = "That log-in was not begun in this browser, or is over. Log in again."
)

// A node is the recipe of docs/recipes/node.md, and what its reader has in hand.
type node struct {
	*recipe
	tab    *chrome.Tab // the account holder's
	app    chrome.App
	sheet  []string // backup codes that are left
	result string   // of the page's own hand-over
}

func TestNode(t *testing.T) {
	n := &node{recipe: newRecipe(t, "examples/shop-node/server.mjs")}
	n.steps = map[string]func(){"log in, turn it on and log in with the code": func() {
		n.nidan.Secret("the key", n.key())
		n.tab = chrome.Open(n.nidan.Rig)
		n.turnOn()
		n.logInWithCode()
	}}
	n.send = n.sendCall
	n.follow("docs/recipes/node.md")

	n.mayNotRead()
	n.back()
	n.linkIsSent()
	n.linkIsSentToSomebodyAtIt()
	n.resultIsSent()
	n.formOfAnother()
	n.elsewhere()
	n.silence()
}

// No packages: what stands in front of “from” is Node's own.
func TestNodeAlone(t *testing.T) {
	n := newRecipe(t, "examples/shop-node/server.mjs")
	for _, m := range regexp.MustCompile(`(?m)^import .* from '(.*)'`).FindAllStringSubmatch(n.example, -1) {
		if !strings.HasPrefix(m[1], "node:") {
			t.Errorf("imports %s", m[1])
		}
	}
}

func (n *node) key() string {
	n.t.Helper()
	key, err := os.ReadFile(filepath.Join(n.dir, "bin", "shop.key"))
	if err != nil {
		n.t.Fatal(err)
	}
	return strings.TrimSpace(string(key))
}

// atShop and atNidan are addresses as the browsers of this test are told them.
func (n *node) atShop(path string) string  { return "/" + n.shop + path }
func (n *node) atNidan(path string) string { return "/" + n.at + path }

// opens opens any whole address.
func opens(tab *chrome.Tab, address string) int {
	return tab.Go(strings.TrimPrefix(address, "http:/"))
}

// first takes the first step at the shop.
func (n *node) first(tab *chrome.Tab) {
	n.t.Helper()
	tab.Go(n.atShop("/login"))
	tab.Expect("Log in")
	tab.Fill("Address", mina)
	tab.Fill("Password", minaPassword)
	tab.Press("Log in")
}

// backup takes the second step with the next backup code.
func (n *node) backup(tab *chrome.Tab) {
	n.t.Helper()
	tab.Press("Continue")
	tab.Expect("Enter the code from your app")
	tab.Press("Use a backup code")
	tab.Fill("Backup code", n.nextCode())
	tab.Press("Continue")
}

func (n *node) nextCode() string {
	code := n.sheet[0]
	n.sheet = n.sheet[1:]
	return code
}

// out demands that nobody is logged in.
func (n *node) out(tab *chrome.Tab) {
	n.t.Helper()
	tab.Go(n.atShop("/"))
	tab.Expect("Log in")
}

// turnOn is what the page says under 1 and 2.
func (n *node) turnOn() {
	n.t.Helper()
	n.out(n.tab)
	n.tab.Fill("Address", mina)
	n.tab.Fill("Password", "green tea at eight")
	n.tab.Press("Log in")
	n.tab.Expect("Log in", "The address or the password is not right.")
	n.first(n.tab)
	n.tab.Expect("My account", mina+", logged in with the password alone")
	elsewhere := n.script()
	n.leads(elsewhere.Post(n.atShop("/login"), "name", mina, "password", minaPassword), "/")
	n.leads(elsewhere.Get(n.atShop("/security")), "")

	n.tab.Press("Security")
	n.tab.Expect("Security")
	n.tab.Fill("Password", minaPassword)
	n.tab.Press("Open")
	n.tab.Expect("Open your security settings", "Tea & Cakes", mina, "127.0.0.1")
	n.tab.Press("Continue")
	n.tab.Expect("Choose a method")
	n.tab.Press("Get started")
	n.tab.Expect("Scan the QR code", "Name in the app: Tea & Cakes, "+mina)
	n.tab.Top()
	n.app = n.tab.Scan()
	// The code before the present one is still good, and leaves that one for the
	// log-in: nobody has to wait.
	n.tab.Fill("6-digit code", n.app.At(time.Now().Add(-30*time.Second)))
	n.tab.Press("Continue")
	n.tab.Expect("Save your backup codes")
	n.sheet = n.tab.List("codes")
	for _, code := range n.sheet {
		n.nidan.Secret("a backup code", code)
	}
	n.tab.Tick("I have saved them in a safe place")
	n.tab.Press("Complete")
	n.tab.Expect("The set-up is complete")
	n.tab.PressIn("Account", "Back to Tea & Cakes")
	n.tab.Expect("My account", mina+", logged in with the second step")
	n.leads(elsewhere.Get(n.atShop("/security")), "/login") // it was from before
}

// logInWithCode is what it says under 3, with a wrong code first.
func (n *node) logInWithCode() {
	n.t.Helper()
	n.tab.Press("Log out")
	n.out(n.tab)
	n.first(n.tab)
	n.tab.Expect("Go on with your log-in", "Tea & Cakes", mina, "Continue only if you yourself have just logged in at Tea & Cakes.")
	n.out(n.tab.Other()) // the password alone has made no session
	n.tab.Press("Continue")
	const heading = "Enter the code from your app"
	n.tab.Expect(heading, "For Tea & Cakes, account "+mina)
	n.tab.Fill("6-digit code", n.app.Wrong())
	n.tab.Press("Continue")
	n.tab.Refused(heading, "That code did not match. Enter the code your app shows now.", "6-digit code")
	n.tab.Fill("6-digit code", n.app.At(time.Now()))
	n.tab.Press("Continue")
	n.tab.Expect("My account", mina+", logged in with the second step")
}

// back goes back from the shop over every page of the log-in: none of them leads
// to another result.
func (n *node) back() {
	n.t.Log("Back after the log-in")
	for range 2 { // of the wrong code, and before it
		n.tab.Back()
		n.tab.Expect("Start again", "What you had open here has ended.", "log in again at the service that you came from")
	}
	n.tab.Back()
	n.tab.Expect("This link does nothing any more")
	n.tab.Go(n.atShop("/"))
	n.tab.Expect("My account", mina)
}

// linkIsSent: somebody who knows the password has its owner take the second
// step.
func (n *node) linkIsSent() {
	n.t.Log("a link is sent to its victim")
	attacker, victim := chrome.Open(n.nidan.Rig), chrome.Open(n.nidan.Rig)
	n.first(attacker)
	attacker.Expect("Go on with your log-in")
	link := n.atNidan(attacker.Path())
	victim.Go(link)
	victim.Expect("Go on with your log-in", "Did someone send you this link, by mail or in a chat? Then it is not for you.")
	n.backup(victim)
	victim.Expect("Log in", notHere)
	n.out(victim)

	n.out(attacker)
	if status := attacker.Go(link); status != http.StatusGone {
		n.t.Errorf("the link answers %d to the one who had it first", status)
	}
	attacker.Go(n.atNidan("/login/second"))
	attacker.SeesNot("6-digit code", "Backup code")
	attacker.Go(n.atShop("/second-step"))
	attacker.Expect("Log in", "The second step was not taken. Log in again.")
	n.out(attacker)
}

// linkIsSentToSomebodyAtIt: the victim is about to log in, and has a value of
// their own.
func (n *node) linkIsSentToSomebodyAtIt() {
	n.t.Log("a link is sent to a victim who logs in just then")
	attacker, victim := chrome.Open(n.nidan.Rig), chrome.Open(n.nidan.Rig)
	n.first(victim)
	n.first(attacker)
	victim.Go(n.atNidan(attacker.Path()))
	n.backup(victim)
	victim.Expect("Log in", notHere)
	n.out(victim)
	n.out(attacker)
}

// resultIsSent: somebody takes the second step and keeps the result, to log
// another person in to their own account.
func (n *node) resultIsSent() {
	n.t.Log("a result is sent to its victim")
	attacker := n.script()
	attacker.Header.Set("Cookie", "shop_session=planted")
	began := attacker.Post(n.atShop("/login"), "name", mina, "password", minaPassword)
	cookies := strings.Join(began.Header["Set-Cookie"], "\n")
	value := regexp.MustCompile(`^shop_step=([^;]+); Path=/; HttpOnly; SameSite=Lax$`).FindStringSubmatch(cookies)
	if value == nil {
		n.t.Fatalf("after the password: %d, cookies %q", began.Status, began.SetNames)
	}
	address := n.taken(attacker, began.Location)

	victim := chrome.Open(n.nidan.Rig)
	opens(victim, address)
	victim.Expect("Log in", notHere)
	n.out(victim)
	opens(n.tab, address) // logged in as somebody, and stays so
	n.tab.Expect("Log in", notHere)
	n.tab.Go(n.atShop("/"))
	n.tab.Expect("My account")

	n.t.Log("it is replayed")
	path := strings.TrimPrefix(address, "http:/")
	back := attacker.Get(path)
	n.leads(back, "/")
	if strings.Contains(strings.Join(back.Header["Set-Cookie"], "\n"), "planted") {
		n.t.Error("the session has the id of the one that was planted")
	}
	n.leads(attacker.Get(path), "/login?why=other")
	u, err := url.Parse(address)
	if err != nil {
		n.t.Fatal(err)
	}
	if reason := n.redeem(u.Query().Get("result"), value[1]); reason != "result_dead" {
		n.t.Errorf("redeemed twice with its own value: %q", reason)
	}
	opens(victim, address)
	victim.Expect("Log in", notHere)

	n.t.Log("a copied cookie outlives no log-out")
	attacker.Header.Del("Cookie")
	thief := attacker.Clone()
	n.leads(thief.Get(n.atShop("/security")), "")
	n.leads(attacker.Post(n.atShop("/logout")), "/login")
	n.leads(thief.Get(n.atShop("/security")), "/login")
}

// leads demands that an answer redirects to an address; empty: nowhere.
func (n *node) leads(p rig.Page, to string) {
	n.t.Helper()
	if p.Location != to {
		n.t.Errorf("%d to %q instead of %q: %s", p.Status, p.Location, to, p.Text())
	}
}

// script is an attacker without a browser, who sees every redirect. It is told
// which origin to claim with each of the two.
func (n *node) script() *rig.Browser {
	b := n.nidan.Browser()
	b.Header.Set("Origin", "http://"+n.shop)
	return b
}

// taken takes the second step behind a link, and returns where it leads.
func (n *node) taken(b *rig.Browser, link string) string {
	n.t.Helper()
	b.Header.Set("Origin", "http://"+n.at)
	defer b.Header.Set("Origin", "http://"+n.shop)
	if p := b.Post(strings.TrimPrefix(link, "http:/")); p.Location != "/login/second" {
		n.t.Fatalf("behind the link: %d to %q: %s", p.Status, p.Location, p.Text())
	}
	way := regexp.MustCompile(`/login/second\?way=[a-z2-7]+`).FindString(b.Get(n.atNidan("/login/second")).Body)
	p := b.Post(n.atNidan("/login/second"), "way", b.Get(n.atNidan(way)).Field("way"), "code", n.nextCode())
	if !strings.HasPrefix(p.Location, "http://"+n.shop+"/second-step?result=") {
		n.t.Fatalf("after the second step: %d to %q: %s", p.Status, p.Location, p.Text())
	}
	return p.Location
}

// redeem redeems a result as the shop would, and returns why it was refused.
func (n *node) redeem(result, value string) string {
	n.t.Helper()
	body, err := json.Marshal(map[string]string{"result": result, "value": value})
	if err != nil {
		n.t.Fatal(err)
	}
	_, answer := n.call(n.key(), http.MethodPost, "/api/v1/results/redeem", string(body))
	var said struct{ Reason string }
	if err := json.Unmarshal(answer, &said); err != nil {
		n.t.Fatal(err)
	}
	return said.Reason
}

// formOfAnother: a page of somebody else's sends the shop's form.
func (n *node) formOfAnother() {
	n.t.Log("a form from elsewhere")
	b := n.script()
	for _, origin := range []string{"http://" + n.at, "null", ""} {
		b.Header["Origin"] = []string{origin}
		if p := b.Post(n.atShop("/login"), "name", mina, "password", minaPassword); p.Status != http.StatusForbidden || len(p.SetNames) > 0 {
			n.t.Errorf("from %q: %d, %q", origin, p.Status, p.SetNames)
		}
	}
}

// silence: without Nidan nobody gets in, as nobody knows who has it on. What the
// shop writes into its log then is searched for secrets.
func (n *node) silence() {
	n.t.Log("Nidan is not there")
	b := n.script()
	address := n.taken(b, b.Post(n.atShop("/login"), "name", mina, "password", minaPassword).Location)
	n.nidan.Secret("a result", address[strings.LastIndexByte(address, '=')+1:])
	n.nidan.Kill()
	for _, p := range []rig.Page{
		n.script().Post(n.atShop("/login"), "name", mina, "password", minaPassword),
		b.Get(strings.TrimPrefix(address, "http:/")),
	} {
		if p.Status != http.StatusServiceUnavailable || len(p.SetNames) > 0 {
			n.t.Errorf("without Nidan: %d, %q", p.Status, p.SetNames)
		}
	}
	log := n.stop()
	if want := "GET /second-step no answer from Nidan at http://" + n.at + ": ECONNREFUSED\n"; !strings.Contains(log, want) {
		n.t.Errorf("the shop does not say %q: %q", want, log)
	}
	if found := rig.Find(log, n.nidan.Secrets()); len(found) > 0 {
		n.t.Errorf("%q stand in the log of the shop", found)
	}
}
