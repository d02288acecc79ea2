// Command pictures takes a picture of every page in every state and language,
// on a phone and on a desk, in light and in dark, to be looked at by a person.
package main

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// out is the folder for the pictures; the pages stand in it too.
const out = "pictures"

// A screen is what a page is looked at on.
type screen struct {
	name          string
	width, height int64
	scheme        string
}

var screens = []screen{
	{"phone-light", 390, 844, "light"},
	{"phone-dark", 390, 844, "dark"},
	{"desk-light", 1280, 800, "light"},
	{"desk-dark", 1280, 800, "dark"},
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal("pictures: ", err)
	}
}

func run(ctx context.Context) error {
	pages, err := writePages(ctx)
	if err != nil {
		return err
	}
	// Over HTTP: the pages name their style sheet by a path.
	srv := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(out, "pages"))))
	defer srv.Close()

	opts := slices.Clone(chromedp.DefaultExecAllocatorOptions[:])
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox) // Chromium's sandbox refuses root
	}
	ctx, cancel := chromedp.NewExecAllocator(ctx, opts...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	for _, page := range pages {
		for _, s := range screens {
			if err := s.take(ctx, srv.URL, page); err != nil {
				return fmt.Errorf("%s on %s: %w", page, s.name, err)
			}
		}
	}
	fmt.Printf("%d pictures of %d pages are in %s\n", len(pages)*len(screens), len(pages), out)
	return nil
}

// writePages lets the tests of the pages write their samples and lists them.
func writePages(ctx context.Context) ([]string, error) {
	if err := os.RemoveAll(out); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Join(out, "pages"))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-run=^TestSamples$", "./web")
	cmd.Env = append(os.Environ(), "NIDAN_SAMPLES="+dir)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	var pages []string
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".html") {
			pages = append(pages, path)
		}
		return err
	})
	return pages, err
}

// take takes one picture of the whole page.
func (s screen) take(ctx context.Context, base, page string) error {
	scheme := chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}},
		})
		return err
	})
	err := chromedp.Do(ctx, chromedp.EmulateViewport(s.width, s.height), scheme, chromedp.Navigate(base+"/"+page))
	if err != nil {
		return err
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return err
	}
	path := filepath.Join(out, strings.TrimSuffix(page, ".html")+"."+s.name+".png")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, png, 0o644)
}
