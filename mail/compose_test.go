package mail

import (
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nidan-auth/nidan"
)

func TestLanguageOfANotice(t *testing.T) {
	for asked, want := range map[string]string{
		"en": "en", "ja": "ja", "ko": "ko", "": "en", "pt": "en", "ja-JP": "ja", "ko-Kore-KR": "ko", "x\r\nBcc: y": "en", "../ja": "en",
	} {
		n := samples()["turned_off"]
		n.Language = asked
		m, err := composer(t, "en").Compose(n)
		if err != nil || m.Language != want {
			t.Errorf("%q: %s, %v", asked, m.Language, err)
		}
	}
}

func TestLetterhead(t *testing.T) {
	good := Letterhead{Brand: "Example VPN", PublicURL: "https://login.example.com"}
	for name, change := range map[string]func(*Letterhead){
		"no brand":           func(h *Letterhead) { h.Brand = "" },
		"a long brand":       func(h *Letterhead) { h.Brand = strings.Repeat("x", 41) },
		"a header":           func(h *Letterhead) { h.Brand = "x\r\nBcc: b@example.com" },
		"turned around":      func(h *Letterhead) { h.Brand = "x\u202e" },
		"support, two lines": func(h *Letterhead) { h.Support = "x\ny" },
		"no address":         func(h *Letterhead) { h.PublicURL = "" },
		"a path only":        func(h *Letterhead) { h.PublicURL = "/login" },
		"another scheme":     func(h *Letterhead) { h.PublicURL = "javascript://login.example.com" },
		"a query":            func(h *Letterhead) { h.PublicURL = "https://login.example.com/?x=y" },
		"a password":         func(h *Letterhead) { h.PublicURL = "https://a:b@login.example.com" },
		"a host in Unicode":  func(h *Letterhead) { h.PublicURL = "https://例え.example" },
	} {
		h := good
		change(&h)
		if _, err := NewComposer(h); err == nil {
			t.Errorf("%s: %+v was taken", name, h)
		}
	}
	// What the page is called by, and by what a number is bound to it.
	for public, want := range map[string][2]string{
		"https://login.example.com/":         {"https://login.example.com", "login.example.com"},
		"https://Example.com:8443/account/":  {"https://Example.com:8443/account", "example.com"},
		"http://127.0.0.1:8080":              {"http://127.0.0.1:8080", "127.0.0.1"},
		"http://[::1]:8080":                  {"http://[::1]:8080", "[::1]"},
		"https://xn--r8jz45g.example/my%20x": {"https://xn--r8jz45g.example/my%20x", "xn--r8jz45g.example"},
	} {
		b, err := newBase(public)
		if err != nil || b.url != want[0] || b.host != want[1] {
			t.Errorf("%s: %+v, %v", public, b, err)
		}
	}
}

// TestSupport: an https contact stands alone on a line, and nowhere near a number.
func TestSupport(t *testing.T) {
	for support, want := range map[string]string{
		"help@example.com":         "Help: help@example.com",
		"https://help.example.com": "Help:\nhttps://help.example.com",
		"call extension 12":        "Help: call extension 12",
	} {
		c := composer(t, "en")
		c.head.Support = support
		m, err := c.Compose(samples()["turned_off"])
		if err != nil || !strings.HasSuffix(m.Text, "\n"+want) {
			t.Errorf("%s: %v\n%s", support, err, m.Text)
		}
	}
}

// TestRefusedNotices: what cannot be a mail is an error that has nothing of it.
func TestRefusedNotices(t *testing.T) {
	for name, c := range map[string]struct {
		sample string
		change func(*nidan.Notice)
	}{
		"an unknown kind":        {"turned_on", func(n *nidan.Notice) { n.Kind = "birthday" }},
		"no kind":                {"turned_on", func(n *nidan.Notice) { n.Kind = "" }},
		"nobody":                 {"turned_on", func(n *nidan.Notice) { n.To = "" }},
		"two recipients":         {"turned_on", func(n *nidan.Notice) { n.To += "," + n.To }},
		"no time":                {"turned_on", func(n *nidan.Notice) { n.At = n.Until }},
		"no number":              {"code_sign_in", func(n *nidan.Notice) { n.Code = "" }},
		"a short number":         {"code_sign_in", func(n *nidan.Notice) { n.Code = "4829105" }},
		"a number with a space":  {"code_sign_in", func(n *nidan.Notice) { n.Code = "4829 053" }},
		"a number for ever":      {"code_sign_in", func(n *nidan.Notice) { n.Until = samples()["turned_on"].Until }},
		"no link":                {"link_reset", func(n *nidan.Notice) { n.Link = nidan.MailedLink{} }},
		"a link for ever":        {"link_reset", func(n *nidan.Notice) { n.Until = samples()["turned_on"].Until }},
		"a link to a wizard":     {"link_reset", func(n *nidan.Notice) { n.Link.Purpose = nidan.TicketSetUp }},
		"a link without ticket":  {"link_reset", func(n *nidan.Notice) { n.Link.Ticket = "" }},
		"a link to elsewhere":    {"link_reset", func(n *nidan.Notice) { n.Link.Ticket = "../../@evil.example/" }},
		"a link with a line":     {"link_reset", func(n *nidan.Notice) { n.Link.Ticket += "\n" }},
		"a recovery for ever":    {"recovery_started", func(n *nidan.Notice) { n.Until = samples()["turned_on"].Until }},
		"a way back to nowhere":  {"turned_off", func(n *nidan.Notice) { n.Undo.Purpose = "home" }},
		"a code that is a word":  {"backup_code_used", func(n *nidan.Notice) { n.Item = "call 0120 now" }},
		"an address that speaks": {"address_changed", func(n *nidan.Notice) { n.Item = "call 0120 now@example.com" }},
	} {
		n := samples()[c.sample]
		c.change(&n)
		_, err := composer(t, "en").Compose(n)
		if err == nil {
			t.Errorf("%s: it was written", name)
			continue
		}
		for _, secret := range []string{owner, "48291053", ticket, "evil", "0120"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error tells: %v", name, err)
			}
		}
	}
}

// TestHostileFacts: a request's words never come into a mail (SECURITY J5).
func TestHostileFacts(t *testing.T) {
	hostile := []string{
		"<a href=https://evil.example>evil</a>", "evil\r\nBcc: evil@example.com", "evil\n\n.\n", "https://evil.example", "{{evil}}", "{evil}",
		"Firefox on evil", "evil on Windows", "fe80::1%evil", "Firefox on Windows on evil", "203.0.113.7 evil", "\u202eevil", strings.Repeat("evil ", 1000),
	}
	for name, n := range samples() {
		for _, text := range hostile {
			for language := range zones {
				n.Address, n.Browser, n.Name, n.Method = text, text, text, nidan.MethodName(text)
				m := compose(t, n, language)
				for part, s := range map[string]string{"subject": m.Subject, "text": m.Text, "HTML": m.HTML} {
					if strings.Contains(s, "evil") || strings.Contains(s, "\u202e") {
						t.Fatalf("%s, %s: the %s repeats %q", name, language, part, text)
					}
				}
			}
		}
	}
}

// TestOrigins: what is known of a request is said in the reader's words.
func TestOrigins(t *testing.T) {
	for _, c := range []struct{ address, browser, en, ja string }{
		{"203.0.113.7", "Firefox on Windows", "From: 203.0.113.7, Firefox on Windows", "アクセス元：203.0.113.7（WindowsのFirefox）"},
		{"2001:db8::8a2e:370:7334", "Safari", "From: 2001:db8::8a2e:370:7334, Safari", "アクセス元：2001:db8::8a2e:370:7334（Safari）"},
		{"::ffff:203.0.113.7", "", "From: 203.0.113.7", "アクセス元：203.0.113.7"},
		{"203.0.113.7", "Netscape", "From: 203.0.113.7, an unknown browser", "アクセス元：203.0.113.7（不明なブラウザ）"},
		{"", "Android", "From: Android", "アクセス元：Android"},
		{"", "", "", ""},
	} {
		n := samples()["turned_on"]
		n.Address, n.Browser = c.address, c.browser
		en, ja := compose(t, n, "en").Text, compose(t, n, "ja").Text
		if c.en == "" {
			if strings.Contains(en, "From:") || strings.Contains(ja, "アクセス元") {
				t.Errorf("from nowhere:\n%s\n%s", en, ja)
			}
			continue
		}
		if !strings.Contains(en, "\n"+c.en+"\n") || !strings.Contains(ja, "\n"+c.ja+"\n") {
			t.Errorf("%s, %s:\n%s\n%s", c.address, c.browser, en, ja)
		}
	}
}

// TestVocabulary reads what package web calls browsers and systems.
func TestVocabulary(t *testing.T) {
	source, err := os.ReadFile("../web/family.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\{"([A-Za-z ]+)", "[^"]+"\}`).FindAllStringSubmatch(string(source), -1)
	for _, name := range names {
		if !slices.Contains(browsers, name[1]) && !slices.Contains(systems, name[1]) {
			t.Errorf("mails would call %s an unknown browser", name[1])
		}
	}
	if len(names) < len(browsers)+len(systems) {
		t.Errorf("only %d names: is this still where they stand?", len(names))
	}
}

// TestLinksLeadToPages: each purpose has a path of its own, under which the
// pages take its tickets.
func TestLinksLeadToPages(t *testing.T) {
	taken := map[string]bool{}
	for purpose, path := range paths {
		if taken[path] || !isAtom(path) {
			t.Errorf("%s: %q", purpose, path)
		}
		taken[path] = true
	}
}

func TestMessagesPrintNothing(t *testing.T) {
	m := compose(t, samples()["code_sign_in"], "en")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "message", m, "in", []any{m, &m})
	for _, s := range []string{fmt.Sprint(m), fmt.Sprintf("%v %+v %#v %s %q", m, m, m, m, &m), log.String()} {
		if strings.Contains(s, "48291053") || strings.Contains(s, owner) {
			t.Errorf("printed: %s", s)
		}
	}
}

// Whatever a text is, no line is too wide that could have been broken, and
// nothing is lost but spaces.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abc  de.,()（）「」、。あいうっャおご漢字認証カタ가나다 “”:9")), 0, 200, -1).Draw(t, "text")
		limit := rapid.IntRange(8, 72).Draw(t, "limit")
		text = strings.Join(strings.Fields(text), " ")
		lines := wrap(text, limit)
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(text, " ", "") {
			t.Fatalf("%q became %q", text, lines)
		}
		for _, line := range lines {
			if width(line) <= limit {
				continue
			}
			runes := []rune(line)
			for i := 1; i < len(runes); i++ {
				if canBreak(runes[i-1], runes[i]) {
					t.Fatalf("%d columns of %d, and it can be broken: %q", width(line), limit, line)
				}
			}
		}
	})
}

func TestWrapByPhrase(t *testing.T) {
	for text, want := range map[string][]string{
		"one two three":        {"one two", "three"},
		"onetwothreefour five": {"onetwothreefour", "five"},
		"認証コードを入力して、お待ちください。":                     {"認証コードを", "入力して、", "お待ちくださ", "い。"},
		"復旧を取り消します。":                              {"復旧を", "取り消しま", "す。"},
		"비밀번호를 입력하세요":                             {"비밀번호를", "입력하세요"},
		"「設定」を開く":                                 {"「設定」を", "開く"},
		"":                                        {""},
		"mina.yamamoto@customers.example.co.jp 宛": {"mina.yamamoto@customers.example.co.jp", "宛"},
	} {
		if got := wrap(text, 12); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}
