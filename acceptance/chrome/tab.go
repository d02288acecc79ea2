// Package chrome gives a test the eyes, the hands and the pocket of a person:
// a real Chromium in which buttons, links and fields are found by what is
// written on them, and the real programs that stand for an authenticator app.
//
// A tab keeps watch while a test uses it. Whatever the page asks of anybody
// but Nidan, and whatever Chromium complains of in its console, its log or its
// list of issues, fails the test.
package chrome

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// patience is how long one move may take before the test gives up.
const patience = time.Minute

// A Tab is a page that a person looks at.
type Tab struct {
	T   testing.TB
	r   *rig.Rig
	ctx context.Context
	as  screen

	mu        sync.Mutex
	documents map[string]bool // addresses that were opened as pages
	faults    []string
}

// A screen is what a page is looked at on.
type screen struct {
	width, height int64
	scale         float64
	phone         bool
	dark          bool
	scriptless    bool
	still         bool
	keys          bool
	speaks        string
}

var desk = screen{width: 1280, height: 800, scale: 1, speaks: "en-GB,en"}

// An Option changes what a page is looked at on; without any it is a desk.
type Option func(*screen)

// Phone is a small screen that is touched.
func Phone(s *screen) { s.width, s.height, s.scale, s.phone = 390, 844, 2, true }

// Sized is a screen of so many pixels, each of so many dots.
func Sized(width, height int, dots float64) Option {
	return func(s *screen) { s.width, s.height, s.scale = int64(width), int64(height), dots }
}

// Dark is for people who like it dark.
func Dark(s *screen) { s.dark = true }

// NoScripts is a browser in which scripts are switched off.
func NoScripts(s *screen) { s.scriptless = true }

// Mouse is for people who point at things, which is what a person does who is
// not told otherwise.
func Mouse(*screen) {}

// Keys is for people who use no mouse: whatever is pressed, ticked or filled in
// is gone to with Tab, and pressed with Enter or Space.
func Keys(s *screen) { s.keys = true }

// Speaks is a browser whose owner reads a language.
func Speaks(language string) Option {
	return func(s *screen) { s.speaks = language }
}

// Still is a browser in which no time passes for the scripts of a page.
func Still(s *screen) { s.still = true }

// Open starts a Chromium of its own, with nothing in its profile, and returns
// its first tab. It is closed when the test ends.
func Open(r *rig.Rig, options ...Option) *Tab {
	r.T.Helper()
	s := desk
	for _, o := range options {
		o(&s)
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		r.T.Fatal("Chromium is missing: apt-get install chromium")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("lang", strings.Split(s.speaks, ",")[0]), chromedp.Flag("accept-lang", s.speaks),
		chromedp.WSURLReadTimeout(3*patience), // cold, from a slow disk
	)
	r.T.Cleanup(cancel)
	return open(ctx, r, s)
}

// Other opens a second tab of the same browser.
func (t *Tab) Other() *Tab {
	t.T.Helper()
	return open(t.ctx, t.r, t.as)
}

// As looks at the same page on another screen.
func (t *Tab) As(options ...Option) {
	t.T.Helper()
	t.as = desk
	for _, o := range options {
		o(&t.as)
	}
	t.do("take another screen", chromedp.Func(t.prepare))
}

// open opens a tab in the browser of a context, or starts one.
func open(ctx context.Context, r *rig.Rig, s screen) *Tab {
	r.T.Helper()
	t := &Tab{T: r.T, r: r, as: s, documents: make(map[string]bool)}
	ctx, cancel := chromedp.NewContext(ctx, chromedp.WithListener(t.watch))
	t.ctx = ctx
	r.T.Cleanup(func() {
		if !r.T.Failed() {
			t.Text() // whatever was complained of before this has arrived after it
		}
		cancel()
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, f := range t.faults {
			r.T.Error(f)
		}
	})
	if err := chromedp.Do(ctx); err != nil { // starts it; no deadline, or the browser ends with it
		r.T.Fatalf("start Chromium: %v", err)
	}
	t.do("prepare the tab", chromedp.Func(t.prepare))
	return t
}

// prepare makes the screen and turns the watch on.
func (t *Tab) prepare(ctx context.Context, tab *chromedp.Target) error {
	scheme := "light"
	if t.as.dark {
		scheme = "dark"
	}
	err := t.as.sized(ctx, tab)
	if err == nil {
		_, err = cdp.Call(ctx, tab, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: t.as.phone})
	}
	if err == nil {
		_, err = cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
	}
	if err == nil { // each tab believes that it is the one in front
		_, err = cdp.Call(ctx, tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	}
	if err == nil {
		_, err = cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: t.as.scriptless})
	}
	if err == nil && t.as.still {
		_, err = cdp.Call(ctx, tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "performance.now = () => 0"})
	}
	if err == nil {
		_, err = cdp.Call(ctx, tab, audits.Enable, cdp.Empty{})
	}
	if err == nil { // so that a test can see what was copied
		_, err = chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: "clipboard-read"}, Setting: browser.PermissionSettingGranted,
		})
	}
	return err
}

// sized gives the tab the screen's size.
func (s screen) sized(ctx context.Context, tab *chromedp.Target) error {
	_, err := cdp.Call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: s.height, DeviceScaleFactor: s.scale, Mobile: s.phone,
	})
	return err
}

// watch notes what should not be. It is called for every event of the tab.
func (t *Tab) watch(ev any) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if ev.Type == network.ResourceTypeDocument {
			t.mu.Lock()
			t.documents[ev.Request.URL] = true
			t.mu.Unlock()
		}
		if !strings.HasPrefix(ev.Request.URL, t.r.URL+"/") {
			t.fault("the page asked for %s", ev.Request.URL)
		}
	case *network.EventResponseReceived:
		if ev.Response.Status >= 500 || ev.Response.Status >= 400 && ev.Type != network.ResourceTypeDocument {
			t.fault("%s answered %d", ev.Response.URL, ev.Response.Status)
		}
	case *network.EventWebSocketCreated:
		t.fault("the page opened a socket to %s", ev.URL)
	case *runtime.EventConsoleAPICalled:
		t.fault("the page wrote to the console: %s", ev.Type)
	case *runtime.EventExceptionThrown:
		t.fault("a script failed: %s", ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e := ev.Entry; (e.Level == log.EntryLevelError || e.Level == log.EntryLevelWarning) && !t.refusal(e) {
			t.fault("Chromium says: %s: %s %s (%s)", e.Source, e.Level, e.Text, e.URL)
		}
	case *audits.EventIssueAdded:
		if what := about(ev.Issue.Details); what != "" {
			t.fault("Chromium has an issue: %s: %s", ev.Issue.Code, what)
		}
	}
}

// refusal tells whether an entry is Chromium's remark on a page of ours whose
// status says that a form was refused or that something is over.
func (t *Tab) refusal(e *log.Entry) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return e.Source == log.EntrySourceNetwork && t.documents[e.URL] &&
		strings.HasPrefix(e.Text, "Failed to load resource: the server responded with a status of 4")
}

// about says what an issue is, if it is more than advice.
func about(d *audits.InspectorIssueDetails) string {
	switch {
	case d == nil:
		return "unknown"
	case d.ContentSecurityPolicyIssueDetails != nil:
		c := d.ContentSecurityPolicyIssueDetails
		return fmt.Sprintf("%s blocked %q", c.ViolatedDirective, c.BlockedURL)
	case d.CookieIssueDetails != nil && d.CookieIssueDetails.Cookie != nil:
		return fmt.Sprintf("cookie %s %v", d.CookieIssueDetails.Cookie.Name, d.CookieIssueDetails.CookieExclusionReasons)
	case d.GenericIssueDetails != nil:
		return "" // forms that fillers might not understand
	case d.BounceTrackingIssueDetails != nil:
		return "" // a host led away with a cookie and took back: said some ten seconds later, of every log-in elsewhere
	}
	return "see its code"
}

func (t *Tab) fault(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := fmt.Sprintf(format, args...)
	if !slices.Contains(t.faults, f) {
		t.faults = append(t.faults, f)
	}
}

// do makes a move.
func (t *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	t.T.Helper()
	see(t, what, chromedp.Steps(steps...))
}

// see makes a move that finds something out.
func see[V any](t *Tab, what string, a chromedp.Action[V]) V {
	t.T.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.T.Fatalf("%s: %v\n%s", what, err, t.page())
	}
	return v
}
