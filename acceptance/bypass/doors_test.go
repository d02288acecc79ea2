package bypass

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/server"
)

// Beside the right session nothing opens a step of a wizard but its own ticket.
func (s *stage) carried(t *testing.T) {
	steps := 0
	for _, r := range s.routes {
		if r.Needs != "any session" {
			continue
		}
		c := s.plain(r)
		c.cookies["session"] = s.usKit["session"]
		base := s.try(r, c, "")
		if s.changed("") {
			continue // it rests on what is typed, not on a ticket
		}
		for _, cookie := range []string{"setup", "reissue", "renew"} {
			c := s.plain(r)
			c.cookies["session"] = s.usKit["session"]
			c.cookies[cookie] = s.usKit[cookie]
			if right := s.try(r, c, s.usKit[cookie]); !s.changed("") && same(right, base) {
				continue
			}
			steps++
			for _, x := range s.artefacts {
				if x.kind == cookie && x.whose == ours {
					continue
				}
				c.cookies[cookie] = x.text
				a := s.try(r, c, x.text)
				if said := says(a, s.marks[s.them]...); said != "" {
					t.Errorf("%s, %s in the cookie %s: says %q", name(r), x.name, cookie, said)
				}
				if a.status < 300 && !same(a, base) || len(a.set) > 0 {
					t.Errorf("%s, %s in the cookie %s: %d, sets %v", name(r), x.name, cookie, a.status, slices.Collect(maps.Keys(a.set)))
				}
				if s.changed("") {
					t.Errorf("%s, %s in the cookie %s: something was stored", name(r), x.name, cookie)
				}
			}
		}
	}
	if steps < 8 {
		t.Errorf("only %d steps of wizards", steps)
	}
}

// What opens a route does: it would prove nothing that all are refused.
func (s *stage) reached(t *testing.T) {
	for _, r := range s.routes {
		if r.Needs == server.Anonymous && !strings.Contains(r.Path, "{ticket}") && r.Path != "/pass" {
			continue
		}
		base, c := s.try(r, s.plain(r), ""), s.holder(r)
		s.putBack()
		a := s.try(r, c, cmp.Or(s.ticketOf(r), ""))
		in := !same(a, base) && a.status != 401 && a.status != 403 || s.stored("") != s.at
		if s.putBack(); r.Needs == "any session" && r.Method == "GET" && a.location == "/login" || !in {
			t.Errorf("%s with all that is ours: %d to %q; with nothing %d to %q: %.200s", name(r), a.status, a.location, base.status, base.location, a.body)
		}
	}
}

// No route has another method than it declares.
func (s *stage) methods(t *testing.T) {
	has := make(map[string]bool)
	for _, r := range s.routes {
		has[name(r)] = true
	}
	for _, r := range s.routes {
		for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"} {
			if r.Method == "" || has[m+" "+r.Path] || m == "HEAD" && has["GET "+r.Path] {
				continue
			}
			c := s.holder(r)
			c.method = m
			if a := s.ask(c); a.status < 400 || len(a.set) > 0 || s.changed("") {
				t.Errorf("%s as %s: %d", name(r), m, a.status)
			}
		}
	}
}

// A host gets what it asks for: its own pass, of a session that is worth enough
// now.
func (s *stage) levels(t *testing.T) {
	b := s.Browser()
	s.Person().LogIn(b)
	remembered := s.Browser()
	remembered.SetCookie("remembered", s.usKit["remembered"])
	s.us.LogIn(remembered)
	asked := func(session, host string) answer {
		return s.ask(call{method: "GET", path: "/pass", query: "host=" + host + "&bind=" + bindOf(awayValue), cookies: map[string]string{"session": session}})
	}
	enter := func(session, host string) string {
		a := asked(session, host)
		_, ticket, ok := strings.Cut(a.location, "https://"+host+"/_nidan/done?ticket=")
		if !ok {
			t.Fatalf("%s: %d to %q", host, a.status, a.location)
		}
		return s.ask(call{method: "GET", path: "/_nidan/done", query: "ticket=" + ticket, cookies: map[string]string{"away": awayValue}, host: host}).set["host"]
	}
	check := func(pass, host string) int {
		a := s.ask(call{method: "GET", path: "/forward-auth", cookies: map[string]string{"host": pass}, host: host})
		if (a.status == 200) != (a.header.Get("Nidan-Account") != "") {
			t.Errorf("%d says who it is: %v", a.status, a.header)
		}
		return a.status
	}
	for name, session := range map[string]string{"a password": b.Cookie("session"), "a remembered browser": remembered.Cookie("session"), "a product": s.led} {
		if a := asked(session, vaultHost); a.location != "" || len(a.set) > 1 || strings.Contains(a.body, "nx_") {
			t.Errorf("the session of %s leads to %s: %d to %q", name, vaultHost, a.status, a.location)
		}
	}
	weak, strong := enter(b.Cookie("session"), wikiHost), enter(s.usKit["session"], wikiHost)
	for host, want := range map[string]int{wikiHost: 200, vaultHost: 401, "else.example": 401} {
		if got := check(weak, host); got != want {
			t.Errorf("a pass for %s at %s: %d", wikiHost, host, got)
		}
		if got := check(strong, host); got != want {
			t.Errorf("a pass of both steps for %s at %s: %d", wikiHost, host, got)
		}
	}
	for what, c := range map[string]call{
		"another browser": {query: "ticket=" + s.usKit["crossing"], cookies: map[string]string{"away": awayValue + "x"}},
		"another host":    {query: "ticket=" + s.usKit["crossing"], cookies: map[string]string{"away": awayValue}, host: wikiHost},
	} {
		c.method, c.path = "GET", "/_nidan/done"
		if a := s.ask(c); a.status != 410 || len(a.set) > 0 {
			t.Errorf("what leads to a pass, in %s: %d", what, a.status)
		}
	}
	// What a host asks for holds at the next request.
	s.hosts(nidan.LevelAAL2)
	if low, high := check(weak, wikiHost), check(strong, wikiHost); low != 401 || high != 200 {
		t.Errorf("after %s asks for more: a password %d, both steps %d", wikiHost, low, high)
	}
	if out, err := s.Service().LogOutAccount(t.Context(), s.us.Name, "test"); err != nil || !out.Passed() {
		t.Fatal(out.Reason, err)
	}
	if got := check(strong, wikiHost); got != 401 {
		t.Errorf("after everything was ended: %d", got)
	}
}
