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

func (t *Tab) complains(of string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.faults, func(f string) bool { return strings.Contains(f, of) })
}
