// Package accessible holds every page, in every state and language, in light and
// in dark, against the rules of axe-core: what a screen reader, a weak eye or a
// hand without a mouse needs.
package accessible

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// The rules, as scripts/test.sh fetches them.
const (
	rules = "bin/axe-core-4.14.1.js"
	sum   = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// In another theme only the colours are other ones.
var themes = map[string]string{
	"light": `{}`,
	"dark":  `{ runOnly: ["color-contrast", "link-in-text-block"] }`,
}

func TestAccessible(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join(rig.Source(), rules))
	if err != nil {
		t.Fatalf("%v: scripts/test.sh tools fetches it", err)
	}
	if got := sha256.Sum256(axe); hex.EncodeToString(got[:]) != sum {
		t.Fatalf("%s is not the one that was chosen", rules)
	}
	dir, pages := samples(t)
	if len(pages) < 200 {
		t.Fatalf("only %d pages", len(pages))
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(srv.Close)
	for theme, options := range themes {
		t.Run(theme, func(t *testing.T) {
			t.Parallel()
			ctx := browser(t, theme, string(axe), srv.URL+"/"+pages[0])
			for _, p := range pages {
				if theme == "dark" && !strings.HasPrefix(p, "en/") {
					continue // its colours are those of every language
				}
				for _, v := range judge(t, ctx, srv.URL+"/"+p, options) {
					t.Errorf("%s: %s", p, v)
				}
			}
		})
	}
}

// A page with a fault of each kind is found out: the rules are at work.
func TestRules(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join(rig.Source(), rules))
	if err != nil {
		t.Fatalf("%v: scripts/test.sh tools fetches it", err)
	}
	const bad = `<!doctype html><html lang="en"><title>A page</title><style>@media (prefers-color-scheme: dark) { p { color: #333; background: #222 } }</style>
		<main><h1>A page</h1><p>A text</p><input></main></html>`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(bad))
	}))
	t.Cleanup(srv.Close)
	for theme, want := range map[string]string{"light": "label", "dark": "color-contrast"} {
		found := judge(t, browser(t, theme, string(axe), srv.URL), srv.URL, themes[theme])
		if len(found) != 1 || found[0].Rule != want {
			t.Errorf("in %s it finds %v", theme, found)
		}
	}
}

// samples lets the tests of the pages write every page as a file, and lists them.
func samples(t *testing.T) (string, []string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run=^TestSamples$", "./web")
	cmd.Dir, cmd.Env = rig.Source(), append(os.Environ(), "NIDAN_SAMPLES="+dir)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("write the pages: %v\n%s", err, text)
	}
	var pages []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".html") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, pages
}

// browser starts a Chromium that has the rules and the style of a page.
func browser(t *testing.T, theme, axe, url string) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("Chromium is missing: apt-get install chromium")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(3*time.Minute))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	inTheme := chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	})
	if err := chromedp.Do(ctx, inTheme, chromedp.Navigate(url), chromedp.Evaluate[chromedp.Void](axe+"\n0")); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return ctx
}

// put puts a page in the place of the one that is shown, which is quicker than
// opening it: all have one style. What a script would show is shown.
const put = `fetch(%q).then((r) => r.text()).then((html) => {
	const page = new DOMParser().parseFromString(html, "text/html");
	document.title = page.title;
	document.documentElement.lang = page.documentElement.lang;
	document.body.replaceWith(document.adoptNode(page.body));
	for (const el of document.querySelectorAll("[data-copy],[data-print],[data-period]")) el.hidden = false;
	return axe.run(document, Object.assign({ resultTypes: ["violations"], iframes: false, preload: false }, %s));
}).then((r) => JSON.stringify(r.violations.map((v) =>
	({ rule: v.id, help: v.help, at: v.nodes.map((n) => n.html).join(" and ") }))))`

// A violation is a rule that a page breaks, and where.
type violation struct {
	Rule string `json:"rule"`
	Help string `json:"help"`
	At   string `json:"at"`
}

func (v violation) String() string { return v.Rule + ": " + v.Help + ": " + v.At }

// judge returns what the rules say against a page.
func judge(t *testing.T, ctx context.Context, url, options string) []violation {
	t.Helper()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(put, url, options), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	var found []violation
	if err := json.Unmarshal([]byte(said), &found); err != nil {
		t.Fatal(err)
	}
	return found
}
