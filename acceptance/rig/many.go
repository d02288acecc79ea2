package rig

import (
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/nidan-auth/nidan"
)

// Together runs all of them at once: none begins before every one is ready.
func Together(do ...func()) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for _, f := range do {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			f()
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
}

// Source is the folder of the repository.
func Source() string {
	dir, err := os.Getwd() // of a test: the folder of its package
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	panic("rig: this is not run inside the project")
}

var sentences = sync.OnceValue(func() map[string]any {
	text, err := os.ReadFile(filepath.Join(Source(), "web", "locale", "en.json"))
	if err != nil {
		panic(err)
	}
	var catalogue struct {
		Messages map[string]any `json:"messages"`
	}
	if err := json.Unmarshal(text, &catalogue); err != nil {
		panic(err)
	}
	return catalogue.Messages
})

var hole = regexp.MustCompile(`\{[a-z_]+\}`)

// Says reports whether a page says a sentence of the English catalogue,
// whatever stands in its placeholders.
func (p Page) Says(key string) bool {
	var forms []string
	switch s := sentences()[key].(type) {
	case string:
		forms = []string{s}
	case map[string]any:
		forms = []string{s["one"].(string), s["other"].(string)}
	default:
		panic("the catalogue has no sentence " + key)
	}
	text := p.Text()
	for _, form := range forms {
		at, all := 0, true
		for _, part := range hole.Split(form, -1) {
			part = strings.TrimSpace(space.ReplaceAllString(part, " "))
			i := strings.Index(text[at:], part)
			if i < 0 {
				all = false
				break
			}
			at += i + len(part)
		}
		if all {
			return true
		}
	}
	return false
}

// SaysReason reports whether a page gives a reason of the closed list, for a
// method or in general.
func (p Page) SaysReason(r nidan.Reason) bool {
	prefix := "reason." + string(r)
	for key := range sentences() {
		if (key == prefix || strings.HasPrefix(key, prefix+".")) && p.Says(key) {
			return true
		}
	}
	return false
}

// Ours reports whether a page is one of the program's own: in its layout, with
// a heading.
func (p Page) Ours() bool {
	return strings.HasPrefix(p.Body, "<!doctype html>") && strings.Contains(p.Body, `<main id="main"`) && strings.Contains(p.Body, "<h1") && strings.HasSuffix(strings.TrimSpace(p.Body), "</html>")
}

var heading = regexp.MustCompile(`(?s)<h1[^>]*>(.*?)</h1>`)

// Heading is the page's title as its reader sees it.
func (p Page) Heading() string {
	m := heading.FindStringSubmatch(p.Body)
	if m == nil {
		return ""
	}
	return strings.TrimSpace(html.UnescapeString(tag.ReplaceAllString(m[1], "")))
}
