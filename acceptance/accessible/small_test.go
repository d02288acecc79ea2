package accessible

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A window is what a page is squeezed into.
type window struct {
	width, height int64
	scale         float64
}

// windows are the smallest phone that people still have, and a laptop on which
// everything is drawn twice as large (WCAG 1.4.4, 1.4.10).
var windows = map[string]window{
	"320 pixels":   {320, 640, 1},
	"200 per cent": {640, 400, 2},
}

// TestSmall: in every language no page has to be pushed sideways, no control is
// out of reach and no text is cut off.
func TestSmall(t *testing.T) {
	dir, pages := samples(t)
	if len(pages) < 200 {
		t.Fatalf("only %d pages", len(pages))
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(srv.Close)
	for name, w := range windows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := browser(t, "light", "0", srv.URL+"/"+pages[0])
			w.squeeze(t, ctx)
			for _, p := range pages {
				for _, what := range misfits(t, ctx, srv.URL+"/"+p) {
					t.Errorf("%s: %s", p, what)
				}
			}
		})
	}
}

// Each kind of misfit is found out.
func TestMisfits(t *testing.T) {
	const bad = `<!doctype html><html lang="en"><title>A page</title><body style="margin: 0">
		<p style="width: 400px">wide</p>
		<div style="overflow: hidden; width: 40px; white-space: nowrap">a text that is cut off</div>
		<button style="position: absolute; left: -30px">Out of reach</button>`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(bad))
	}))
	t.Cleanup(srv.Close)
	ctx := browser(t, "light", "0", srv.URL)
	windows["320 pixels"].squeeze(t, ctx)
	if found := misfits(t, ctx, srv.URL); len(found) != 3 {
		t.Errorf("it finds %q", found)
	}
}

func (w window) squeeze(t *testing.T, ctx context.Context) {
	t.Helper()
	size := chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: w.width, Height: w.height, DeviceScaleFactor: w.scale,
		})
		return err
	})
	if err := chromedp.Do(ctx, size); err != nil {
		t.Fatal(err)
	}
}

// measure lists what does not fit, of a page put in the place of the one that is
// shown. What is there for programs alone is one pixel wide.
const measure = `fetch(%q).then((r) => r.text()).then((html) => {
	const page = new DOMParser().parseFromString(html, "text/html");
	document.documentElement.lang = page.documentElement.lang;
	document.body.replaceWith(document.adoptNode(page.body));
	for (const el of document.querySelectorAll("[data-copy],[data-print],[data-period]")) el.hidden = false;
	const found = [], wide = document.documentElement.clientWidth + 1;
	const over = document.scrollingElement.scrollWidth - innerWidth;
	if (over > 0) found.push("it is " + over + " pixels too wide");
	const unseen = (el) => el.closest(".skip, .away") !== null || getComputedStyle(el).visibility === "hidden";
	for (const el of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
		const box = el.getBoundingClientRect();
		if (box.width > 0 && !unseen(el) && (box.left < -1 || box.right > wide)) found.push("out of reach: " + el.outerHTML.slice(0, 90));
	}
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) {
		const text = texts.currentNode, range = document.createRange();
		if (!text.data.trim() || unseen(text.parentElement)) continue;
		range.selectNodeContents(text);
		for (let el = text.parentElement; el !== document.body; el = el.parentElement) {
			const style = getComputedStyle(el);
			if (style.overflowX === "visible" && style.overflowY === "visible") continue;
			const box = el.getBoundingClientRect();
			const cut = [...range.getClientRects()].some((r) => r.right > box.right + 1 || r.left < box.left - 1 || r.bottom > box.bottom + 1 || r.top < box.top - 1);
			if (cut) { found.push("cut off: " + text.data.trim().slice(0, 60)); break; }
		}
	}
	return JSON.stringify(found);
})`

// misfits returns what of a page does not fit.
func misfits(t *testing.T, ctx context.Context, url string) []string {
	t.Helper()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(measure, url), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	var found []string
	if err := json.Unmarshal([]byte(said), &found); err != nil {
		t.Fatal(err)
	}
	return found
}
