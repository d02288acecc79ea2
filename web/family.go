package web

import (
	"slices"
	"strings"
)

// What a browser is called: a closed vocabulary. A header's own words are never
// stored or shown.
var (
	browsers = []mark{ // the first that is found
		{"Edge", "Edg"}, {"Opera", "OPR/"}, {"Samsung Internet", "SamsungBrowser/"}, {"Vivaldi", "Vivaldi/"},
		{"Firefox", "Firefox/"}, {"Firefox", "FxiOS/"}, {"Chrome", "CriOS/"}, {"Chrome", "Chrome/"}, {"Safari", "Safari/"},
	}
	systems = []mark{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"ChromeOS", "CrOS"},
		{"Windows", "Windows"}, {"Mac", "Macintosh"}, {"Linux", "Linux"},
	}
)

type mark struct{ name, sign string }

// on joins the two halves in what is stored.
const on = " on "

// BrowserFamily tells which browser on which system a User-Agent header stands
// for, for example "Firefox on Windows"; empty if neither is known.
func BrowserFamily(userAgent string) string {
	find := func(marks []mark) string {
		for _, m := range marks {
			if strings.Contains(userAgent, m.sign) {
				return m.name
			}
		}
		return ""
	}
	browser, system := find(browsers), find(systems)
	if browser != "" && system != "" {
		return browser + on + system
	}
	return browser + system
}

// family says a stored family in the reader's language. What is not of the
// vocabulary is not repeated.
func family(stored string) *message {
	listed := func(marks []mark, name string) bool {
		return slices.ContainsFunc(marks, func(m mark) bool { return m.name == name })
	}
	browser, system, both := strings.Cut(stored, on)
	switch {
	case both && listed(browsers, browser) && listed(systems, system):
		return msg("family.both", "browser", browser, "system", system)
	case !both && listed(browsers, stored):
		return msg("family.browser", "browser", stored)
	case !both && listed(systems, stored):
		return msg("family.system", "system", stored)
	}
	return msg("family.unknown")
}
