package web

import (
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestHelpFinds(t *testing.T) {
	books := map[string]*helpBook{}
	for _, tag := range helpTags {
		books[tag] = bookIn(t, tag, Features()...)
	}
	for _, c := range []struct{ tag, query, first string }{
		{"en", "authenticator", "which-app"},
		{"en", "lost phone", "lost-phone"},
		{"en", "I lost my phone!", "lost-phone"},
		{"en", "NEW PHONE", "new-phone"},
		{"en", "new phones", "new-phone"},
		{"en", "disable 2fa", "turn-off"},
		{"en", "code doesn't work", "code-refused"},
		{"en", "no e-mail", "mail-missing"},
		{"en", "spam", "mail-missing"},
		{"en", "locked", "why-wait"},
		{"en", "password manager", "no-phone"},
		{"en", "how long is recovery", "lost-both"},
		{"en", "print codes", "keep-codes"},
		{"en", "forgot password", "forgot-password"},
		{"en", "hacked", "not-me"},
		{"en", "機種変更", "new-phone"},
		{"ja", "機種変更", "new-phone"},
		{"ja", "スマホを機種変更した", "new-phone"},
		{"ja", "ｽﾏﾎ 紛失", "lost-phone"},
		{"ja", "スマホをなくした", "lost-phone"},
		{"ja", "二段階認証 解除", "turn-off"},
		{"ja", "メールが届かない", "mail-missing"},
		{"ja", "認証コードのメールがこない", "mail-missing"},
		{"ja", "ロック", "why-wait"},
		{"ja", "パスワードを忘れた場合", "forgot-password"},
		{"ja", "二段階認証とは", "what-it-is"},
		{"ja", "パソコン", "no-phone"},
		{"ko", "휴대폰 분실", "lost-phone"},
		{"ko", "휴대폰을 분실했어요", "lost-phone"},
		{"ko", "해제", "turn-off"},
		{"ko", "기기변경", "new-phone"},
		{"ko", "OTP 앱", "which-app"},
		{"ko", "ｏｔｐ　앱", "which-app"},
		{"ko", "메일이 안 와요", "mail-missing"},
		{"ko", "계정이 잠겼어요", "why-wait"},
		{"ko", "비밀번호 찾기", "forgot-password"},
		{"ko", "피싱", "not-me"},
	} {
		var slugs []string
		for _, a := range books[c.tag].find(typed(c.query)) {
			slugs = append(slugs, a.Slug)
		}
		if len(slugs) == 0 || slugs[0] != c.first {
			t.Errorf("%s: %q finds %v, not %s", c.tag, c.query, slugs, c.first)
		}
		if len(slugs) > 9 {
			t.Errorf("%s: %q finds %d answers", c.tag, c.query, len(slugs))
		}
	}
	for _, q := range []string{"zzzz", "!?", "…", "ﷺ", "-", "qq 77"} {
		if found := books["en"].find(typed(q)); found != nil {
			t.Errorf("%q finds %s", q, found[0].Slug)
		}
	}
	if page := get(t, newPages(t), "/help?q="+url.QueryEscape("해제")); !strings.Contains(page, `<li><a href="/help/turn-off">`) {
		t.Error("the words of other languages are not looked through")
	}
	// Every question is found by its own title.
	for tag, book := range books {
		for slug, a := range book.answers {
			if found := book.find(typed(a.Title)); len(found) == 0 || found[0].Slug != slug {
				t.Errorf("%s: %q does not find itself", tag, a.Title)
			}
		}
	}
}

// TestHelpAnswersAnything: whatever is searched for, the status is the same, and
// what is shown of it is short and harmless.
func TestHelpAnswersAnything(t *testing.T) {
	p := newPages(t)
	for _, q := range []string{
		"", "   ", "phone", "<script>alert(1)</script>", `"><img src=x>`, "\x00\x01", "\xff\xfe", "\u202egnp.exe", "\u200b", "{query}{brand}",
		strings.Repeat("a", 7000), strings.Repeat("🔥", 500), strings.Repeat("a ", 2000), "a\nb\r\nX: y", "ﷺ", "{{.View}}", "' OR 1=1 --",
	} {
		res := ask(p, http.MethodGet, "/help?q="+url.QueryEscape(q), nil)
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		body := string(b)
		if res.StatusCode != http.StatusOK || len(res.Cookies()) != 0 {
			t.Errorf("%.20q: %d, %v", q, res.StatusCode, res.Cookies())
		}
		for _, bad := range []string{"<script>", "<img", "\u202e", "\x00", strings.Repeat("a", maxQuery+1), strings.Repeat("🔥", maxQuery+1), "%00", "%E2%80%8B"} {
			if strings.Contains(body, bad) {
				t.Errorf("%.20q: the page has %q", q, bad)
			}
		}
		if !utf8.ValidString(body) || strings.ContainsFunc(body, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
			t.Errorf("%.20q: the page has control characters", q)
		}
	}
	for _, raw := range []string{"/help?%zz", "/help?q=%zz", "/help?q=a&q=b", "/help?x=y", "/help?q", "/help?;"} {
		if res := ask(p, http.MethodGet, raw, nil); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", raw, res.StatusCode)
		}
	}
	view := bookIn(t, "en").list(`{brand} <b>"`)
	if want := template.HTML(`Nothing was found for “<bdi>{brand} &lt;b&gt;&#34;</bdi>”.`); !strings.HasPrefix(string(view.Result), string(want)) {
		t.Errorf("%s", view.Result)
	}
}
