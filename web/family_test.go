package web

import (
	"slices"
	"strings"
	"testing"
)

func TestBrowserFamily(t *testing.T) {
	for ua, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                        "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                                   "Chrome on Linux",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36":     "Samsung Internet on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1":       "Chrome on iPad",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0":     "Opera on Mac",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                          "Chrome on ChromeOS",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0":             "Edge on Android",
		"curl/8.15.0": "",
		"":            "",
	} {
		if got := BrowserFamily(ua); got != want {
			t.Errorf("%q, want %q, for %s", got, want, ua)
		}
	}
}

// FuzzBrowserFamily: whatever the header, its words do not get through, and
// what is stored can be said again.
func FuzzBrowserFamily(f *testing.F) {
	for _, s := range []string{"Firefox/1 Windows", "<script>", "Edg on Linux", strings.Repeat("A", 9000)} {
		f.Add(s)
	}
	var vocabulary []string
	for _, b := range append(slices.Clone(browsers), mark{}) {
		for _, s := range append(slices.Clone(systems), mark{}) {
			switch {
			case b.name == "" || s.name == "":
				vocabulary = append(vocabulary, b.name+s.name)
			default:
				vocabulary = append(vocabulary, b.name+on+s.name)
			}
		}
	}
	p := newPages(f)
	f.Fuzz(func(t *testing.T, ua string) {
		got := BrowserFamily(ua)
		if !slices.Contains(vocabulary, got) {
			t.Fatalf("%q is not of the vocabulary", got)
		}
		said, err := p.locales.all[0].Say(family(got))
		if err != nil || got != "" && !strings.Contains(string(said), strings.Split(got, on)[0]) {
			t.Errorf("%q is said as %q, %v", got, said, err)
		}
		// A stored text that is not ours is not repeated.
		if !slices.Contains(vocabulary, ua) {
			if m := family(ua); m.Key != "family.unknown" {
				t.Errorf("%q is said as %s", ua, m.Key)
			}
		}
	})
}
