package attacks

import (
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// A reset of the password logs in, or leaves the second step out.
func TestF1ResetSkipsNothing(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	wrongAnswers(t, r, p, r.Browser(), 7)
	was := show(t, r, p)
	b := r.Browser()
	p.Password = r.Secret("a password", "violet kettle under ice")
	page := b.Post(r.Link(nidan.TicketReset, p.Name), "password", p.Password)
	if page.Location != "/login?password" || slices.Contains(page.SetNames, "session") || slices.Contains(page.SetNames, "pending") {
		t.Fatalf("the reset leads to %q and sets %v", page.Location, page.SetNames)
	}
	anonymous(t, r, b)
	is := show(t, r, p)
	if is.Protected != was.Protected || !reflect.DeepEqual(is.Authenticators, was.Authenticators) || is.WrongOther != was.WrongOther || is.WrongKnown != was.WrongKnown {
		t.Errorf("before: %+v\nafter: %+v", was, is)
	}
	if page := p.First(b); page.Location != "/login/second" || b.Cookie("session") != "" {
		t.Errorf("the new password leads to %q", page.Location)
	}
	// Nor does a browser that the reset made known offer a new set-up.
	for _, at := range []string{"/security/on", "/security/on/scan"} {
		if page := b.Post(at, "method", "totp", "password", p.Password); page.Location != "/login" {
			t.Errorf("%s: %d to %q", at, page.Status, page.Location)
		}
	}
	if p.Second(b, p.Phone.Code()); b.Cookie("session") == "" {
		t.Error("the app does not log in after a reset")
	}
	if told(t, r, p, nidan.NoticePasswordReset) != 1 {
		t.Error("the owner is not told")
	}
}

// A link is used again, too late, for something else, or after another one.
func TestF5LinkAgain(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	words := 0
	works := func(at string) bool {
		words++
		page := r.Browser().Post(at, "password", r.Secret("a password", fmt.Sprintf("violet kettle under ice %d", words)))
		if page.Status != http.StatusSeeOther && (page.Status != http.StatusGone || !page.SaysReason(nidan.LinkDead)) {
			t.Errorf("a link that is dead: %d %s", page.Status, page.Text())
		}
		return page.Status == http.StatusSeeOther
	}
	one, other := r.Link(nidan.TicketReset, p.Name), r.Link(nidan.TicketReset, p.Name)
	if one == other {
		t.Error("two links are the same")
	}
	if !works(one) || works(one) || works(other) {
		t.Error("a reset link works twice, or after another one was used")
	}
	for purpose, life := range map[nidan.TicketPurpose]time.Duration{nidan.TicketReset: 30 * time.Minute, nidan.TicketBrowser: 30 * time.Minute, nidan.TicketInvite: 7 * 24 * time.Hour} {
		name := p.Name
		if purpose == nidan.TicketInvite {
			name = r.Name()
		}
		late, inTime := r.Link(purpose, name), r.Link(purpose, name)
		ticket := filepath.Base(late)
		for _, door := range []string{"reset", "browser", "invite"} {
			if door != string(purpose) && works("/"+door+"/"+ticket) {
				t.Errorf("a ticket for %s opens %s", purpose, door)
			}
		}
		for _, altered := range []string{ticket[:len(ticket)-1], ticket + "A", strings.ToLower(ticket), "nt_" + ticket, ticket[3:]} {
			if altered != ticket && works("/"+string(purpose)+"/"+altered) {
				t.Errorf("an altered ticket for %s works", purpose)
			}
		}
		r.Clock.Advance(life - time.Second)
		if page := r.Browser().Get(inTime); page.Status != http.StatusOK {
			t.Errorf("%s: a second before its end: %d", purpose, page.Status)
		}
		r.Clock.Advance(time.Second)
		if works(late) {
			t.Errorf("%s: it works after %v", purpose, life)
		}
	}
	// After a change of the protection that ends no session, too.
	someone, b := protected(t, r)
	before := r.Link(nidan.TicketReset, someone.Name)
	reissue(t, r, someone, b)
	if works(before) {
		t.Error("a reset link outlives new backup codes")
	}
	known := r.Link(nidan.TicketBrowser, p.Name)
	later := r.Link(nidan.TicketReset, p.Name)
	r.Clock.Advance(time.Second)
	if !works(later) || works(known) {
		t.Error("a browser link outlives a new password")
	}
}

// A mail scanner opens the link before its reader does.
func TestF6ScannerOpensTheLink(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	p, _ := protected(t, r)
	scanner := r.Browser()
	scanner.Header.Set("Sec-Fetch-Site", "")
	version := show(t, r, p).Version
	for purpose, done := range map[nidan.TicketPurpose]string{nidan.TicketReset: "/login?password", nidan.TicketInvite: "/login?account", nidan.TicketBrowser: "/login?browser"} {
		name := p.Name
		if purpose == nidan.TicketInvite {
			name = r.Name()
		}
		at := r.Link(purpose, name)
		for range 5 {
			for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
				if page := scanner.Do(method, at, "", nil); page.Header.Get("Set-Cookie") != "" || page.Location != "" {
					t.Errorf("%s %s: it sets a cookie or leads to %q", method, purpose, page.Location)
				}
			}
		}
		if purpose != nidan.TicketInvite && show(t, r, p).Version != version {
			t.Errorf("%s: opening it has changed the account", purpose)
		}
		if page := r.Browser().Post(at, "password", r.Secret("a password", "violet kettle under ice "+string(purpose))); page.Location != done {
			t.Errorf("%s: its reader gets %d to %q", purpose, page.Status, page.Location)
		}
		version = show(t, r, p).Version
	}
}
