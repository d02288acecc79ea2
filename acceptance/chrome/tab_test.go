package chrome

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// The watch that every test relies on sees what it is there for.
func TestWatch(t *testing.T) {
	tab := Open(rig.New(t))
	tab.Go("/login")
	for _, c := range [][2]string{
		{`fetch("https://tracker.example/").catch(() => {})`, `connect-src blocked "https://tracker.example`},
		{`new Image().src = "https://pictures.example/x.png"`, `img-src blocked "https://pictures.example`},
		{`new Image().src = "https://others.example/x.png"`, `asked for https://others.example`},
		{`document.querySelector("h1").setAttribute("style", "color: red")`, `style-src-attr blocked`},
		{`try { document.querySelector("h1").innerHTML = "<b>" } catch {}`, `require-trusted-types-for`},
		{`console.error("oh")`, `wrote to the console: error`},
		{`setTimeout(() => { throw new Error("oh") })`, `a script failed`},
		{`new Image().src = "/nothing.png"`, `answered 404`},
	} {
		script, want := c[0], c[1]
		tab.do(want, chromedp.Evaluate[chromedp.Void](script))
		begun := time.Now()
		for !tab.complains(want) {
			tab.Text() // events are delivered before the answer to what is asked after them
			if time.Since(begun) > patience/2 {
				t.Fatalf("%s: not noticed. What was: %q", script, tab.faults)
			}
		}
	}
	tab.faults = nil
}

// So does the one that every page is put to when it is opened.
func TestNarrow(t *testing.T) {
	tab := Open(rig.New(t))
	tab.Go("/login")
	if over := tab.beyond(); over > 0 {
		t.Errorf("the page is %d pixels too wide", over)
	}
	tab.do("make it wide", chromedp.Evaluate[chromedp.Void](`document.querySelector("main").style.width = "400px"`))
	if over := tab.beyond(); over < 80 {
		t.Errorf("a page of 400 pixels is %d too wide", over)
	}
	if width := see(tab, "measure", chromedp.Evaluate[int]("innerWidth")); width != 1280 {
		t.Errorf("the screen was left at %d pixels", width)
	}
}

// With the keys alone everything is got at, and a choice is changed.
func TestKeys(t *testing.T) {
	r := rig.New(t)
	p := r.Person()
	tab := Open(r, Keys)
	tab.Go("/login")
	tab.Fill("E-mail address", p.Name)
	tab.Fill("Password", p.Password)
	tab.Press("Log in")
	tab.Expect("Security settings")
	tab.do("add a choice", chromedp.Evaluate[chromedp.Void](`document.querySelector("main").insertAdjacentElement("beforeend",
		document.createElement("p")).append(...["one", "two"].map((name) => {
			const label = document.createElement("label"), radio = document.createElement("input");
			radio.type = "radio"; radio.name = "which"; radio.value = name; radio.checked = name === "one";
			label.append(radio, name);
			return label;
		}))`))
	tab.Tick("two")
	if tab.Ticked("one") {
		t.Error("both are ticked")
	}
	tab.PressIn("Account", "Log out")
	tab.Expect("Log in to My Page")
}

func (t *Tab) complains(of string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.faults, func(f string) bool { return strings.Contains(f, of) })
}
