package nidan

import (
	"encoding/json"
	"slices"
	"time"
)

// knownFor is how long a known browser stays known after it was last seen.
const knownFor = 180 * 24 * time.Hour

// A Class tells the browsers an account knows from all others. Budgets are
// kept apart, so that neither a stranger nor someone who knows the password
// can use ours against the owner (law 5).
type Class int

// The classes.
const (
	Other Class = iota
	Known
)

// A KnownBrowser completed a sign-in once. It is worth nothing but budgets of
// its own, and survives the epoch.
type KnownBrowser struct {
	ID     string    `json:"i"`
	Family string    `json:"b,omitempty"`
	Since  time.Time `json:"t"`
	Seen   time.Time `json:"s"`
}

// From says where a request came from, as far as it can be believed.
type From struct {
	Network string `json:"-"`           // what first-step tries are counted by: IPv4 address or IPv6 /64
	Address string `json:"a,omitempty"` // for activity and notices
	Browser string `json:"b,omitempty"` // family and system, for example "Firefox on Windows"
	Cookie  Secret `json:"-"`           // the known-browser cookie, if one came

	Remembered Secret `json:"-"` // the remembered-browser cookie, if one came
	Language   string `json:"-"` // the page's, for mails to whoever has not chosen one

	Session Secret `json:"-"` // the session cookie, if one came: a new sign-in ends what it had

	Door    *Caller `json:"-"` // the product that asks by the API; nil: a person on our pages
	Unsaid  bool    `json:"-"` // that product says nothing of a browser
	Request Request `json:"-"` // what that product calls this write
}

// browserCookie is what the cookie seals.
type browserCookie struct {
	Account AccountID `json:"a"`
	ID      string    `json:"i"`
	Made    Stamp     `json:"v"`
}

func (s *Service) sealBrowser(c browserCookie) Secret {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // unreachable: strings and a number
	}
	return NewSecret(browserPrefix + s.sealCarried(ForBrowser, browserPrefix, b))
}

// openBrowser returns the zero value for anything that is not such a cookie:
// a browser that shows nothing is simply not known.
func (s *Service) openBrowser(c Secret) browserCookie {
	var out browserCookie
	if !s.open(ForBrowser, browserPrefix, browserPrefix, c, &out) {
		return browserCookie{}
	}
	return out
}

// browser returns the known browser that a cookie names, or nil.
func (a *Account) browser(c browserCookie, now time.Time) *KnownBrowser {
	if c.Account != a.ID || c.ID == "" {
		return nil
	}
	for i := range a.Browsers {
		if b := &a.Browsers[i]; b.ID == c.ID && now.Sub(b.Seen) <= knownFor {
			return b
		}
	}
	return nil
}

// knowOnly forgets every known browser but that of this request. Before the
// first Complete a password alone made them known; whoever had it then must not
// draw on the owner's budgets now.
func (d *decision) knowOnly(from From) Secret {
	c := d.s.openBrowser(from.Cookie)
	d.acct.Browsers = slices.DeleteFunc(d.acct.Browsers, func(b KnownBrowser) bool { return c.Account != d.acct.ID || b.ID != c.ID })
	return d.know(from)
}

// know makes the browser of this request known, or notes that it was seen, and
// returns its cookie for another 180 days. Of one that nothing is said of nobody
// would keep the cookie, and it would push out one that is somebody's.
func (d *decision) know(from From) Secret {
	if from.Unsaid {
		return Secret{}
	}
	c := d.s.openBrowser(from.Cookie)
	if b := d.acct.browser(c, d.now); b != nil {
		b.Seen = d.now
		c.Made = d.stamp()
		return d.s.sealBrowser(c)
	}
	b := KnownBrowser{ID: newID(d.random), Family: from.Browser, Since: d.now, Seen: d.now}
	a := d.acct
	a.Browsers = slices.DeleteFunc(a.Browsers, func(b KnownBrowser) bool { return d.now.Sub(b.Seen) > knownFor })
	if len(a.Browsers) >= maxBrowsers {
		unseen := 0
		for i := range a.Browsers {
			if a.Browsers[i].Seen.Before(a.Browsers[unseen].Seen) {
				unseen = i
			}
		}
		a.Browsers = slices.Delete(a.Browsers, unseen, unseen+1)
	}
	a.Browsers = append(a.Browsers, b)
	return d.s.sealBrowser(browserCookie{Account: a.ID, ID: b.ID, Made: d.stamp()})
}
