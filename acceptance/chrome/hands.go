package chrome

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed find.js
var findScript string

// A thing is something on the page that has a name.
type thing struct {
	Why      string  `json:"why"` // it was not found
	X        float64 `json:"x"`
	Y        float64 `json:"y"`
	Href     string  `json:"href"`
	Disabled bool    `json:"disabled"`
	Type     string  `json:"type"`
	ID       string  `json:"id"`
	Value    string  `json:"value"`
	Checked  bool    `json:"checked"`
}

func (t *Tab) find(wanted, words, region string) thing {
	t.T.Helper()
	args, err := json.Marshal([]string{wanted, words, region})
	if err != nil {
		t.T.Fatal(err)
	}
	th := see(t, "look for “"+words+"”", chromedp.Evaluate[thing]("("+findScript+")(..."+string(args)+")"))
	if th.Why == "" && th.Disabled {
		th.Why = fmt.Sprintf("“%s” cannot be pressed", words)
	}
	if th.Why != "" {
		t.T.Fatalf("%s\n%s", th.Why, t.page())
	}
	return th
}

// touch presses the middle of a thing with the mouse, with a finger, or by its
// key.
func (t *Tab) touch(th thing) chromedp.Action[chromedp.Void] {
	switch {
	case t.as.keys:
		return t.key(th)
	case t.as.phone:
		return chromedp.TapXY(th.X, th.Y)
	}
	return chromedp.MouseClickXY(th.X, th.Y)
}

// leads makes a move that leads to another page, waits until it is there, and
// returns its status.
func (t *Tab) leads(what string, a chromedp.Action[chromedp.Void]) int {
	t.T.Helper()
	resp := see(t, what, func(ctx context.Context, _ *chromedp.Target) (*network.Response, error) {
		return chromedp.RunResponse(ctx, a)
	})
	if resp == nil {
		return 0 // a place on the same page
	}
	t.narrow()
	return int(resp.Status)
}

// Go opens an address of Nidan's as if it had been typed in.
func (t *Tab) Go(path string) int {
	t.T.Helper()
	return t.leads("open "+path, func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, navigate(ctx, tab, t.r.URL+path)
	})
}

// Press presses a button or a link and waits for the page that it leads to.
// It returns that page's status.
func (t *Tab) Press(words string) int {
	t.T.Helper()
	return t.leads("press “"+words+"”", t.touch(t.find("press", words, "")))
}

// PressIn presses a button or a link in the part of the page that is named.
func (t *Tab) PressIn(region, words string) int {
	t.T.Helper()
	return t.leads("press “"+words+"”", t.touch(t.find("press", words, region)))
}

// Touch presses a button that leads nowhere.
func (t *Tab) Touch(words string) {
	t.T.Helper()
	t.do("press “"+words+"”", t.touch(t.find("press", words, "")))
}

// Link returns where a link leads.
func (t *Tab) Link(words string) string {
	t.T.Helper()
	return t.find("press", words, "").Href
}

// Has fails the test unless a button or link of that name can be pressed.
func (t *Tab) Has(words string) {
	t.T.Helper()
	t.find("press", words, "")
}

// Tick presses a box or a choice.
func (t *Tab) Tick(words string) {
	t.T.Helper()
	t.do("tick “"+words+"”", t.touch(t.find("tick", words, "")))
	if !t.find("tick", words, "").Checked {
		t.T.Fatalf("“%s” was pressed and is not ticked", words)
	}
}

// Ticked tells whether a box or a choice is ticked.
func (t *Tab) Ticked(words string) bool {
	t.T.Helper()
	return t.find("tick", words, "").Checked
}

// Fill puts a text into the field of a label, in place of what was in it.
func (t *Tab) Fill(label, text string) {
	t.T.Helper()
	if t.as.keys {
		t.enter(label, text, chromedp.KeyEvent(text))
		return
	}
	t.enter(label, text, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// Paste puts a text into the field of a label by way of the clipboard.
func (t *Tab) Paste(label, text string) {
	t.T.Helper()
	put, err := json.Marshal(text)
	if err != nil {
		t.T.Fatal(err)
	}
	t.enter(label, text,
		chromedp.Evaluate[chromedp.Void]("navigator.clipboard.writeText("+string(put)+")", chromedp.EvalAwaitPromise),
		chromedp.KeyEvent("v", chromedp.KeyModifiers(chromedp.ModifierCtrl), command("paste")))
}

func (t *Tab) enter(label, text string, moves ...chromedp.Action[chromedp.Void]) {
	t.T.Helper()
	moves = append([]chromedp.Action[chromedp.Void]{
		t.touch(t.find("field", label, "")),
		chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl), command("selectAll")),
	}, moves...)
	t.do("fill “"+label+"”", moves...)
	if got := t.Field(label); got != text {
		t.T.Fatalf("“%s” was filled with %q and holds %q", label, text, got)
	}
}

// command is what the platform makes of a shortcut; headless Chromium has no
// platform.
func command(name string) chromedp.KeyOption {
	return func(p *input.DispatchKeyEventParams) { p.Commands = []string{name} }
}

// Field returns what a field holds.
func (t *Tab) Field(label string) string {
	t.T.Helper()
	return t.find("field", label, "").Value
}

// Type presses the keys of a text, wherever the focus is.
func (t *Tab) Type(text string) {
	t.T.Helper()
	t.do("type", chromedp.KeyEvent(text))
}

// TabTo presses Tab until the focus is on something that is called like this.
func (t *Tab) TabTo(words string) {
	t.T.Helper()
	var seen []string
	for range 30 {
		name := t.Focus()
		if name == words {
			t.seesFocus(words)
			return
		}
		seen = append(seen, name)
		t.Type(kb.Tab)
	}
	t.T.Fatalf("Tab does not get to “%s”, only to %q", words, seen)
}

// Enter presses Enter and waits for the page that it leads to.
func (t *Tab) Enter() int {
	t.T.Helper()
	return t.leads("press Enter", chromedp.KeyEvent(kb.Enter))
}

// Back goes back by the browser's own button. What is shown then is the page
// that was left, as it was, or the page loaded anew.
func (t *Tab) Back() {
	t.T.Helper()
	t.do("go back", chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		history, err := chromedp.NavigationEntries()(ctx, tab)
		if err != nil {
			return err
		}
		if history.CurrentIndex == 0 {
			return errors.New("there is nothing to go back to")
		}
		arrivals := cdp.Events(ctx, tab, page.FrameNavigated)
		loads := cdp.Events(ctx, tab, page.LoadEventFired)
		to := page.NavigateToHistoryEntryParams{EntryID: history.Entries[history.CurrentIndex-1].ID}
		if _, err := cdp.Call(ctx, tab, page.NavigateToHistoryEntry, to); err != nil {
			return err
		}
		for ev, err := range arrivals {
			if err != nil || ev.Type == page.NavigationTypeBackForwardCacheRestore {
				return err
			}
			break
		}
		for _, err := range loads {
			return err
		}
		return ctx.Err()
	}))
}

// Reload loads the page again.
func (t *Tab) Reload() {
	t.T.Helper()
	t.do("reload", chromedp.Reload())
}

// Top scrolls to where the page begins.
func (t *Tab) Top() {
	t.T.Helper()
	t.do("scroll up", chromedp.Evaluate[chromedp.Void](`scrollTo({ top: 0, behavior: "instant" })`))
}

// Download presses a link, waits for the file and returns what is in it.
func (t *Tab) Download(words string) string {
	t.T.Helper()
	dir := t.T.TempDir()
	allow := browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, EventsEnabled: new(true),
	}
	press := t.touch(t.find("press", words, ""))
	name := see(t, "download by “"+words+"”", func(ctx context.Context, tab *chromedp.Target) (string, error) {
		if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, allow); err != nil {
			return "", err
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		begins := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin)
		goes := chromedp.BrowserEvents(ctx, browser.DownloadProgress)
		if _, err := press(ctx, tab); err != nil {
			return "", err
		}
		name := ""
		for ev, err := range begins {
			if err != nil {
				return "", err
			}
			name = ev.SuggestedFilename
			break
		}
		for ev, err := range goes {
			switch {
			case err != nil:
				return "", err
			case ev.State == browser.DownloadProgressStateCompleted:
				return name, nil
			case ev.State == browser.DownloadProgressStateCanceled:
				return "", fmt.Errorf("the download of %s was cancelled", name)
			}
		}
		return "", ctx.Err()
	})
	if strings.ContainsAny(name, `/\`) {
		t.T.Fatalf("the file is called %q", name)
	}
	b, err := os.ReadFile(dir + "/" + name)
	if err != nil {
		t.T.Fatal(err)
	}
	return string(b)
}
