// Package languages walks through the pages in several languages, and changes
// from one to the other in the middle of what is being done.
package languages

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

const english, japanese, korean = "English", "日本語", "한국어"

func inTokyo(c *server.Config) {
	c.BrandName, c.BrandArea, c.Zone = "Example VPN", "", "Asia/Tokyo"
}

// change presses a language at the foot of the page: it is the same page, and
// it fits the smallest phone.
func change(t *chrome.Tab, language, heading string) {
	t.T.Helper()
	at := t.Path()
	if status := t.Press(language); status >= 400 {
		t.T.Errorf("%s on %s: %d", language, at, status)
	}
	if got := t.Path(); got != at {
		t.T.Errorf("%s on %s leads to %s", language, at, got)
	}
	if got := strings.TrimSpace(t.Title()); !strings.HasPrefix(got, heading+" · ") {
		t.T.Errorf("in %s the title of %s is %q, not %q", language, at, got, heading)
	}
	t.Fits()
}

// Every page is changed to another language and back without JavaScript, on the
// smallest phone there is, and nothing that was done is lost.
func TestTheLanguageIsChangedOnTheWay(t *testing.T) {
	t.Parallel()
	r := rig.New(t, inTokyo)
	tab := chrome.Open(r, chrome.NoScripts, chrome.Sized(320, 640, 1))
	name, password := r.Name(), r.Secret("a password", "ten little ducks went out")

	tab.Go(r.Link(nidan.TicketInvite, name))
	change(tab, japanese, "パスワードを設定してください")
	tab.Sees("日本時間")
	tab.Fill("新しいパスワード", password)
	tab.Press("アカウントを作成する")
	tab.Expect("ログイン", "アカウントを作成しました。")

	change(tab, korean, "로그인")
	tab.Fill("이메일 주소", name)
	tab.Fill("비밀번호", password)
	tab.Press("로그인")
	tab.Expect("보안 설정", "2단계 인증 꺼짐", "일본 시간")
	tab.Press("켜기")
	change(tab, english, "Choose a method")
	tab.Press("Get started")

	// The key is the same in every language, and after a wrong code too.
	tab.Expect("Scan the QR code")
	app := tab.App(link(tab, "Open the app on this device"))
	tab.Fill("6-digit code", app.Wrong())
	tab.Press("Continue")
	change(tab, japanese, "QRコードを読み取ってください")
	if again := tab.App(link(tab, "この端末の認証アプリを開く")); again.Key != app.Key {
		t.Error("another key after the language was changed")
	}
	tab.Fill("6桁の認証コード", app.Code())
	tab.Press("次へ")

	tab.Expect("バックアップコードを保存してください")
	codes := tab.List("codes")
	change(tab, korean, "백업 코드를 저장하세요")
	if again := tab.List("codes"); len(codes) != 10 || !slices.Equal(again, codes) {
		t.Errorf("%d codes, other ones after the language was changed", len(again))
	}
	for _, c := range codes {
		r.Secret("a backup code", c)
	}
	tab.Tick("안전한 곳에 저장했습니다")
	tab.Press("완료")
	tab.Expect("설정을 마쳤습니다", "2단계 인증을 켰습니다.")
	change(tab, japanese, "設定が完了しました")
	tab.Press("セキュリティ設定")
	change(tab, korean, "보안 설정")
	tab.Press("로그아웃")

	// A second step that was refused is still that step, by that way.
	tab.Expect("로그인")
	tab.Fill("이메일 주소", name)
	tab.Fill("비밀번호", password)
	tab.Press("로그인")
	tab.Expect("인증 앱의 코드를 입력하세요")
	tab.Press("백업 코드 사용하기")
	tab.Fill("백업 코드", "01-AAAA-AAAA-AAAA-AAAA")
	tab.Press("계속")
	change(tab, japanese, "バックアップコードを入力してください")
	r.Clock.Advance(time.Minute)
	tab.Fill("バックアップコード", codes[0])
	tab.Press("次へ")
	tab.Expect("01番のバックアップコードを交換する")
}

// link returns where a link leads that opens an app.
func link(t *chrome.Tab, words string) string {
	t.T.Helper()
	at, err := url.Parse(t.Link(words))
	if err != nil || at.Scheme != "otpauth" {
		t.T.Fatalf("“%s” leads to %v", words, at)
	}
	return at.String()
}
