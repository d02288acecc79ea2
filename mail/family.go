package mail

import (
	"net/netip"
	"slices"
	"strings"
)

// The closed vocabulary of package web for browsers and systems. What is not of
// it came from somewhere else and is not repeated: a mail is a good place to
// have one's own words said by somebody trusted.
var (
	browsers = []string{"Edge", "Opera", "Samsung Internet", "Vivaldi", "Firefox", "Chrome", "Safari"}
	systems  = []string{"iPhone", "iPad", "Android", "ChromeOS", "Windows", "Mac", "Linux"}
)

// origin says where a request came from, as far as it is known: the network's
// address and the browser's family, and never a place.
func (w *letter) origin() string {
	address, known := "", false
	if a, err := netip.ParseAddr(w.notice.Address); err == nil {
		address, known = a.Unmap().WithZone("").String(), true
	}
	family := w.family(w.notice.Browser)
	switch {
	case known && family != "":
		return w.sayWith("origin", "address", address, "browser", family)
	case known:
		return address
	}
	return family
}

func (w *letter) family(stored string) string {
	if stored == "" {
		return ""
	}
	browser, system, both := strings.Cut(stored, " on ")
	switch {
	case both && slices.Contains(browsers, browser) && slices.Contains(systems, system):
		return w.sayWith("family.both", "browser", browser, "system", system)
	case slices.Contains(browsers, stored), slices.Contains(systems, stored):
		return stored
	}
	return w.sayWith("family.unknown")
}
