package chrome

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// navigate leaves the waiting to the caller.
func navigate(ctx context.Context, tab *chromedp.Target, url string) error {
	res, err := cdp.Call(ctx, tab, page.Navigate, page.NavigateParams{URL: url})
	if err == nil && res.ErrorText != "" {
		return errors.New(res.ErrorText)
	}
	return err
}

// Text is what can be read on the page, the whitespace made even.
func (t *Tab) Text() string {
	t.T.Helper()
	return strings.Join(strings.Fields(see(t, "read the page", chromedp.Evaluate[string](`document.body?.innerText ?? ""`))), " ")
}

// Title is what stands on the tab.
func (t *Tab) Title() string {
	t.T.Helper()
	return see(t, "read the title", chromedp.Title())
}

// Path is the address of the page, without the host.
func (t *Tab) Path() string {
	t.T.Helper()
	return see(t, "read the address", chromedp.Evaluate[string]("location.pathname"))
}

// Expect fails the test unless the page has this heading and, with it, this
// title, and says each of the texts.
func (t *Tab) Expect(heading string, texts ...string) {
	t.T.Helper()
	if got := strings.TrimSpace(see(t, "read the heading", chromedp.Evaluate[string](`document.querySelector("h1")?.innerText ?? "no heading"`))); got != heading {
		t.T.Fatalf("the heading is %q instead of %q\n%s", got, heading, t.page())
	}
	if title := t.Title(); !strings.HasPrefix(strings.TrimPrefix(title, "Error: "), heading+" · ") {
		t.T.Errorf("the title is %q under the heading %q", title, heading)
	}
	t.Sees(texts...)
}

// Refused fails the test unless the page says that something was wrong: in its
// title, in its text, and with the focus where it can be put right.
func (t *Tab) Refused(heading, sentence, label string) {
	t.T.Helper()
	t.Expect(heading, sentence)
	if title := t.Title(); !strings.HasPrefix(title, "Error: ") {
		t.T.Errorf("the title is %q after “%s”", title, sentence)
	}
	t.FocusIs(label)
	if d := see(t, "read the description", chromedp.Evaluate[string](described)); !strings.Contains(d, sentence) {
		t.T.Errorf("the field is described by %q instead of “%s”", d, sentence)
	}
}

// described is what a screen reader says of the field that has the focus.
const described = `(document.activeElement.getAttribute("aria-describedby") ?? "").split(" ")
	.map((id) => document.getElementById(id)?.innerText ?? "").join(" ").replace(/\s+/g, " ")`

// Sees fails the test unless each of the texts can be read on the page.
func (t *Tab) Sees(texts ...string) {
	t.T.Helper()
	all := t.Text()
	for _, s := range texts {
		if !strings.Contains(all, s) {
			t.T.Fatalf("the page does not say “%s”\n%s", s, t.page())
		}
	}
}

// SeesNot fails the test if one of the texts can be read on the page.
func (t *Tab) SeesNot(texts ...string) {
	t.T.Helper()
	all := t.Text()
	for _, s := range texts {
		if strings.Contains(all, s) {
			t.T.Fatalf("the page says “%s”\n%s", s, t.page())
		}
	}
}

// Await waits until a text can be read on the page.
func (t *Tab) Await(text string) {
	t.T.Helper()
	t.AwaitAfter(func() {}, text)
}

// AwaitAfter makes a move and waits until a text can be read on the page, even
// if it is there for a moment only.
func (t *Tab) AwaitAfter(move func(), text string) {
	t.T.Helper()
	want, err := json.Marshal(text)
	if err != nil {
		t.T.Fatal(err)
	}
	t.do("look out for “"+text+"”", chromedp.Evaluate[chromedp.Void](`globalThis.lookout = new Promise((yes) => {
		const look = () => document.body.innerText.replace(/\s+/g, " ").includes(`+string(want)+`) && yes();
		new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
		look();
	}), 0`))
	move()
	t.do("wait for “"+text+"”", chromedp.Evaluate[chromedp.Void](`globalThis.lookout`, chromedp.EvalAwaitPromise))
}

// CountsDown waits until the number between two texts is smaller than it is now.
func (t *Tab) CountsDown(before, after string) {
	t.T.Helper()
	number := func() int {
		_, rest, _ := strings.Cut(t.Text(), before)
		digits, _, ok := strings.Cut(rest, after)
		n, err := strconv.Atoi(digits)
		if !ok || err != nil {
			t.T.Fatalf("nothing counts between “%s” and “%s”:\n%s", before, after, t.page())
		}
		return n
	}
	for first, end := number(), time.Now().Add(patience); number() >= first; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.T.Fatalf("“%s%d%s” stays", before, first, after)
		}
	}
}

// Focus is the name of what the keys go to: the words on it, or on its label.
func (t *Tab) Focus() string {
	t.T.Helper()
	return see(t, "look for the focus", chromedp.Evaluate[string](`(() => {
		const el = document.activeElement;
		if (!el || el === document.body) return "";
		return (el.labels?.[0]?.innerText ?? el.innerText).replace(/\s+/g, " ").trim();
	})()`))
}

// FocusIs fails the test unless the focus is where it has to be.
func (t *Tab) FocusIs(label string) {
	t.T.Helper()
	if t.Focus() != label {
		t.Picture() // it is set with the first frame, which may still be due
	}
	if f := t.Focus(); f != label {
		t.T.Errorf("the focus is on %q instead of %q on “%s”", f, label, t.Title())
	}
}

// seesFocus fails the test unless the focus can be seen.
func (t *Tab) seesFocus(words string) {
	t.T.Helper()
	if see(t, "look for the ring", chromedp.Evaluate[string](ring)) == "none" {
		t.T.Errorf("nothing shows that the focus is on “%s”", words)
	}
}

// ring is the line around what has the focus.
const ring = `getComputedStyle(document.activeElement).outlineStyle`

// List returns what stands in a list of the page, by the id of the list: the
// numbered codes have no words to be found by.
func (t *Tab) List(id string) []string {
	t.T.Helper()
	return see(t, "read the list", chromedp.Evaluate[[]string](`[...document.querySelectorAll("#`+id+` > *")].map((el) => el.innerText.trim())`))
}

// Struck returns what is crossed out.
func (t *Tab) Struck() []string {
	t.T.Helper()
	return see(t, "look for what is crossed out", chromedp.Evaluate[[]string](`[...document.querySelectorAll("s")].filter((el) => el.checkVisibility()).map((el) => el.innerText.trim())`))
}

// Complaint is what Chromium itself says of a box that must be ticked.
func (t *Tab) Complaint(label string) string {
	t.T.Helper()
	id := t.find("tick", label, "").ID
	return see(t, "read the complaint", chromedp.Evaluate[string](`document.getElementById("`+id+`").validationMessage`))
}

// Forgive keeps Chromium from checking the form that a box is in, as browsers
// did that knew no such check.
func (t *Tab) Forgive(label string) {
	t.T.Helper()
	id := t.find("tick", label, "").ID
	t.do("forgive", chromedp.Evaluate[chromedp.Void](`document.getElementById("`+id+`").form.noValidate = true`))
}

// Clipboard is what was copied.
func (t *Tab) Clipboard() string {
	t.T.Helper()
	return see(t, "read the clipboard", chromedp.Evaluate[string]("navigator.clipboard.readText()", chromedp.EvalAwaitPromise))
}

// Printed is what would stand on paper.
func (t *Tab) Printed() string {
	t.T.Helper()
	media := func(kind string) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: kind})
			return err
		})
	}
	t.do("put it on paper", media("print"))
	text := t.Text()
	t.do("put it on the screen", media(""))
	return text
}

// Fits fails the test if the page has to be pushed sideways to be read.
func (t *Tab) Fits() {
	t.T.Helper()
	if over := see(t, "measure", chromedp.Evaluate[int]("document.documentElement.scrollWidth - innerWidth")); over > 0 {
		t.T.Errorf("%s is %d pixels wider than the screen", t.Path(), over)
	}
}

// smallest is the smallest phone that people still have (WCAG 1.4.10).
var smallest = screen{width: 320, height: 640, scale: 1}

// narrow fails the test if the page would have to be pushed sideways there.
func (t *Tab) narrow() {
	t.T.Helper()
	if over := t.beyond(); over > 0 {
		t.T.Errorf("at %d pixels %s is %d too wide", smallest.width, t.Path(), over)
	}
}

// beyond is by how many pixels the page is wider than the smallest phone.
func (t *Tab) beyond() int {
	t.T.Helper()
	return see(t, "look at it on a small phone", func(ctx context.Context, tab *chromedp.Target) (int, error) {
		at, err := chromedp.Evaluate[float64]("scrollY")(ctx, tab)
		if err == nil {
			err = smallest.sized(ctx, tab)
		}
		if err != nil {
			return 0, err
		}
		over, err := chromedp.Evaluate[int](`document.scrollingElement.scrollWidth - innerWidth`)(ctx, tab)
		if err == nil {
			err = t.as.sized(ctx, tab)
		}
		if err == nil {
			_, err = chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`scrollTo({ top: %f, behavior: "instant" })`, at))(ctx, tab)
		}
		return over, err
	})
}

// Picture is what is on the screen.
func (t *Tab) Picture() []byte {
	t.T.Helper()
	return see(t, "take a picture", chromedp.CaptureScreenshot())
}

// Portrait is the page from its top to at most so many pixels below, with the
// focus on nothing: a caret blinks.
func (t *Tab) Portrait(tallest int) []byte {
	t.T.Helper()
	height := see(t, "measure", chromedp.Evaluate[int](`(document.activeElement?.blur(), document.documentElement.scrollHeight)`))
	return see(t, "take a picture of the page", func(ctx context.Context, tab *chromedp.Target) ([]byte, error) {
		res, err := cdp.Call(ctx, tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true), FromSurface: new(true),
			Clip: &page.Viewport{Width: float64(t.as.width), Height: float64(min(height, tallest)), Scale: 1},
		})
		return res.Data, err
	})
}

// page describes the page for a failed test.
func (t *Tab) page() string {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + document.title + '\\n' + (document.body?.innerText ?? '')"))
	if err != nil {
		return "(the page cannot be read: " + err.Error() + ")"
	}
	return "--- " + text
}
