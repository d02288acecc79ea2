package mail

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/catalogue"
	"github.com/nidan-auth/nidan/catalogue/cataloguetest"
)

// What is true of every mail, of every kind and in every language.

func TestEveryKindHasSentencesAndASample(t *testing.T) {
	sampled := map[nidan.NoticeKind]bool{}
	for _, n := range samples() {
		sampled[n.Kind] = true
	}
	for _, k := range nidan.Kinds() {
		if forms[k] == 0 || !sampled[k] {
			t.Errorf("%s: form %d, sampled %v", k, forms[k], sampled[k])
		}
	}
	if len(forms) != len(nidan.Kinds()) {
		t.Errorf("%d forms for %d kinds", len(forms), len(nidan.Kinds()))
	}
}

func TestCatalogue(t *testing.T) {
	cataloguetest.Run(t, composer(t, "en").languages, "brand", "service")
}

// TestEverySentenceIsSaid: one that no mail says is one that nobody has read.
func TestEverySentenceIsSaid(t *testing.T) {
	c := composer(t, "en")
	en := c.languages.Of("en")
	marked := map[string]any{}
	for _, key := range en.Keys() {
		s, _ := en.Sentence(key)
		marked[key] = s.Other + "<" + key + ">"
	}
	file, err := json.Marshal(map[string]any{"messages": marked})
	if err != nil {
		t.Fatal(err)
	}
	if c.languages, err = catalogue.Load(fstest.MapFS{"en.json": {Data: file}}, ".", time.UTC); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for _, n := range samples() {
		for _, support := range []string{"help@example.com", "https://help.example.com"} {
			for _, browser := range []string{"Firefox on Windows", "Netscape"} {
				for _, undo := range []nidan.MailedLink{n.Undo, {}} {
					n.Browser, n.Undo, c.head.Support = browser, undo, support
					m, err := c.Compose(n)
					if err != nil {
						t.Fatal(err)
					}
					said.WriteString(m.Subject + strings.ReplaceAll(m.Text, "\n", "") + html.UnescapeString(m.HTML))
				}
			}
		}
	}
	for _, key := range en.Keys() {
		if !strings.Contains(said.String(), "<"+key+">") {
			t.Errorf("nothing says %q", key)
		}
	}
}

// unsaid are words that no mail needs: a greeting, pressure, or a place to
// press that does not say what it does.
var unsaid = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(hello|hi|dear|greetings|thank|urgent\w*|immediately|click|here:|suspicious|alert|warning|kindly|regards)\b|!`),
	"ja": regexp.MustCompile(`お世話|ありがとう|こんにちは|様|至急|緊急|直ちに|クリック|こちらから|警告|不審`),
	"ko": regexp.MustCompile(`안녕|감사|고객님|긴급|즉시|클릭|경고|의심|[}] ?(이|가|을|를|은|는|과|와|으로|로)([ .,]|$)`),
}

func TestUnsaidWords(t *testing.T) {
	for _, l := range composer(t, "en").languages.All() {
		for _, key := range l.Keys() {
			s, _ := l.Sentence(key)
			for _, text := range []string{s.One, s.Other} {
				if m := unsaid[l.Tag()].FindString(text); m != "" {
					t.Errorf("%s: %q says %q", l.Tag(), key, m)
				}
			}
		}
	}
}

func TestSubjects(t *testing.T) {
	begins := map[string]string{"en": "Example VPN: ", "ja": "【Example VPN】 ", "ko": "[Example VPN] "}
	kinds := map[string]nidan.NoticeKind{}
	eachSample(t, func(t *testing.T, _ string, n nidan.Notice, m Message) {
		if !strings.HasPrefix(m.Subject, begins[m.Language]) {
			t.Errorf("the subject begins without the brand: %s", m.Subject)
		}
		if k, taken := kinds[m.Subject]; taken && k != n.Kind {
			t.Errorf("%s and %s are both called %q", k, n.Kind, m.Subject)
		}
		kinds[m.Subject] = n.Kind
		if n.Code != "" && strings.Contains(m.Subject, n.Code) {
			t.Errorf("the subject has the number: %s", m.Subject)
		}
		if w := width(m.Subject); w > 78 {
			t.Errorf("the subject has %d columns: %s", w, m.Subject)
		}
	})
}

// doubt is how each language asks whether it was the reader.
var doubt = map[string]string{"en": "Not you?", "ja": "心当たりがない", "ko": "본인이 아니라면"}

// TestBeginning looks at what a list of mails shows of each: the number, or the
// fact, and until when; or the fact and "Not you?".
func TestBeginning(t *testing.T) {
	eachSample(t, func(t *testing.T, _ string, n nidan.Notice, m Message) {
		seen, between := 80, " "
		if m.Language != "en" {
			seen = 40
		}
		if m.Language == "ja" {
			between = ""
		}
		all := []rune(strings.ReplaceAll(m.Text, "\n", between))
		shown := string(all[:seen])
		l := composer(t, m.Language).languages.Of(m.Language)
		f := forms[n.Kind]
		var want []string
		switch {
		case f == number:
			want = []string{n.Code, l.Clock(n.Until)}
		case f == recovery:
			want = []string{l.Moment(n.Until)}
		case f.dies() && n.Link.Purpose != "":
			want = []string{l.Clock(n.Until)}
			if !strings.Contains(shown, want[0]) {
				want[0] = l.Moment(n.Until)
			}
		case f == told:
			want = []string{doubt[m.Language]}
		}
		for _, w := range want {
			if !strings.Contains(shown, w) {
				t.Errorf("%q is not among the first %d characters: %s", w, seen, shown)
			}
		}
		if f == number && !strings.Contains(strings.SplitN(m.Text, "\n", 2)[0], n.Code) {
			t.Error("the number is not in the first line")
		}
		visible := strings.Join(strings.Fields(textOf(m.HTML)), " ")
		first := strings.Join(strings.Fields(strings.SplitN(m.Text, "\n\n", 2)[0]), " ")
		if !strings.HasPrefix(squeezed(visible), squeezed(first)) {
			t.Errorf("the HTML begins with something else: %.80s", visible)
		}
	})
}

var aLink = regexp.MustCompile(`^https://login\.example\.com/(` + strings.Join(allPaths(), "|") + `)/[A-Za-z0-9_-]+$`)

func allPaths() []string {
	var out []string
	for _, p := range paths {
		out = append(out, p)
	}
	return out
}

func TestPlainText(t *testing.T) {
	eachSample(t, func(t *testing.T, name string, n nidan.Notice, m Message) {
		lines := strings.Split(m.Text, "\n")
		links := 0
		for i, line := range lines {
			if strings.Contains(line, "://") {
				links++
				if !aLink.MatchString(line) || lines[i-1] != "" || i+1 < len(lines) && lines[i+1] != "" {
					t.Errorf("this link does not stand alone: %q", line)
				}
				continue
			}
			if w := width(line); w > columns(m.Language) {
				t.Errorf("%d columns: %s", w, line)
			}
			if line != strings.TrimSpace(line) || strings.HasPrefix(line, "--") || strings.HasPrefix(line, "From ") || line == "." {
				t.Errorf("a mail program may take this line for something else: %q", line)
			}
		}
		want := 0
		for _, l := range []nidan.MailedLink{n.Link, n.Undo} {
			if l.Purpose != "" {
				want++
			}
		}
		if links != want {
			t.Errorf("%d links, and the notice has %d", links, want)
		}
		if strings.ContainsAny(m.Text+m.Subject, "{}<>\r\t") || strings.Contains(m.Text, "\n\n\n") || strings.HasSuffix(m.Text, "\n") || strings.Contains(m.Text, "0001") {
			t.Errorf("something was not filled in:\n%s", m.Text)
		}
		if strings.Count(m.Text, n.To) != 1 {
			t.Errorf("the recipient stands there %d times", strings.Count(m.Text, n.To))
		}
	})
}

var eightDigits = regexp.MustCompile(`\d{8}`)

// TestNumbers reads each mail as a browser would that fills in numbers.
func TestNumbers(t *testing.T) {
	eachSample(t, func(t *testing.T, _ string, n nidan.Notice, m Message) {
		host, code, ok := boundCode(m.Text)
		if n.Code == "" {
			if ok || eightDigits.MatchString(m.Text) {
				t.Error("there is a number in it")
			}
			return
		}
		if !ok || host != "login.example.com" || code != n.Code {
			t.Errorf("a browser reads %q for %q", code, host)
		}
		if c := strings.Count(m.Text, n.Code); c != 2 {
			t.Errorf("the number stands there %d times", c)
		}
		if strings.Contains(m.Text+m.HTML, "://") || strings.Contains(m.HTML, "href") {
			t.Error("a number and a link in one mail")
		}
	})
}

// TestNumberWithoutLinks gives a number's notice all that it must not show.
func TestNumberWithoutLinks(t *testing.T) {
	n := samples()["code_sign_in"]
	n.Link = nidan.MailedLink{Purpose: nidan.TicketReset, Ticket: ticket}
	n.Undo = nidan.MailedLink{Purpose: nidan.TicketNotMe, Ticket: ticket}
	c, err := NewComposer(Letterhead{Brand: "Example VPN", PublicURL: "https://login.example.com", Support: "https://help.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Compose(n)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.Text+m.HTML, "://") || strings.Contains(m.Text+m.HTML, ticket) {
		t.Errorf("a number and a link in one mail:\n%s", m.Text)
	}
	n = samples()["turned_off"]
	n.Code = "48291053"
	if m := compose(t, n, "en"); strings.Contains(m.Text+m.HTML, n.Code) {
		t.Errorf("a notice tells the number:\n%s", m.Text)
	}
}

// boundCode is the algorithm of https://wicg.github.io/sms-one-time-codes/#parsing.
func boundCode(message string) (host, code string, ok bool) {
	message = strings.ReplaceAll(strings.ReplaceAll(message, "\r\n", "\n"), "\r", "\n")
	line := message[strings.LastIndexByte(message, '\n')+1:]
	marked := func(marker byte) (string, bool) {
		if line == "" || line[0] != marker {
			return "", false
		}
		end := strings.IndexAny(line, " \t\n\f\r")
		if end < 0 {
			end = len(line)
		}
		word := line[1:end]
		line = line[end:]
		return word, word != ""
	}
	if host, ok = marked('@'); !ok || !strings.HasPrefix(line, " ") {
		return "", "", false
	}
	line = line[1:]
	if code, ok = marked('#'); !ok {
		return "", "", false
	}
	return host, code, true
}

func TestBoundCode(t *testing.T) { // the specification's own examples
	for message, want := range map[string]string{
		"747723 is your ExampleCo authentication code.\n\n@example.com #747723": "example.com 747723",
		"@example.com #747723 %ecommerce.example $future":                       "example.com 747723",
		"something @example.com #747723":                                        " ",
		"#747723 %ecommerce.example @example.com":                               " ",
		"@example.com code #747723":                                             " ",
		"@example.com #747723\n":                                                " ",
	} {
		host, code, _ := boundCode(message)
		if got := host + " " + code; got != want {
			t.Errorf("%q: %q", message, got)
		}
	}
}

var (
	style = regexp.MustCompile(`(?s)<head>.*</head>`)
	tag   = regexp.MustCompile(`<[^>]*>`)
	href  = regexp.MustCompile(`href="([^"]*)"`)
)

func textOf(markup string) string {
	return html.UnescapeString(tag.ReplaceAllString(style.ReplaceAllString(markup, ""), " "))
}

func squeezed(s string) string {
	return strings.NewReplacer(" ", "", "\n", "", ":", "", "：", "").Replace(s)
}

// TestHTML finds that the HTML says what the plain text says, and fetches and
// runs nothing.
func TestHTML(t *testing.T) {
	eachSample(t, func(t *testing.T, _ string, _ nidan.Notice, m Message) {
		visible := squeezed(textOf(m.HTML))
		var links []string
		for _, h := range href.FindAllStringSubmatch(m.HTML, -1) {
			links = append(links, h[1])
		}
		for part := range strings.SplitSeq(m.Text, "\n\n") {
			if strings.Contains(part, "://") {
				if !slices.Contains(links, part) {
					t.Errorf("the HTML does not lead to %s", part)
				}
				links = slices.DeleteFunc(links, func(l string) bool { return l == part })
				continue
			}
			if !strings.Contains(visible, squeezed(part)) {
				t.Errorf("the HTML does not say: %s", part)
			}
		}
		if len(links) > 0 || strings.Count(m.HTML, "://") != strings.Count(m.Text, "://") {
			t.Errorf("the HTML leads elsewhere: %s", links)
		}
		for _, bad := range []string{"src=", "url(", "<img", "<script", "<form", "<link", "@import", "{{", "ZgotmplZ"} {
			if strings.Contains(strings.ToLower(m.HTML), strings.ToLower(bad)) {
				t.Errorf("the HTML has %s in it", bad)
			}
		}
		if !strings.Contains(m.HTML, `<html lang="`+m.Language+`">`) || len(m.HTML) > 20_000 {
			t.Errorf("%d bytes, or not marked as %s", len(m.HTML), m.Language)
		}
	})
}

func TestUntil(t *testing.T) {
	n := samples()["link_reset"]
	if m := compose(t, n, "en"); !strings.HasPrefix(m.Text, "The link works until 14:35 JST.") {
		t.Errorf("a near time: %.60s", m.Text)
	}
	n.Until = n.At.Add(24 * 3600e9)
	if m := compose(t, n, "en"); !strings.HasPrefix(m.Text, "The link works until 23 November 2026, 14:05 JST.") {
		t.Errorf("a far time: %.60s", m.Text)
	}
}
