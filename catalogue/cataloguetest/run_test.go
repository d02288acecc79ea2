package cataloguetest

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nidan-auth/nidan/catalogue"
)

// newSet is a catalogue of one sentence.
func newSet(t *testing.T, english, tag, other string) *catalogue.Set {
	t.Helper()
	file := func(text string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`{"messages": {` + text + `}}`)}
	}
	fsys := fstest.MapFS{"x/en.json": file(english)}
	if tag != "en" {
		fsys["x/"+tag+".json"] = file(other)
	}
	s, err := catalogue.Load(fsys, "x", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStraysAreFound(t *testing.T) {
	for name, c := range map[string]struct{ en, ko, fault string }{
		"a missing key":       {`"a": "x", "b": "y"`, `"a": "x"`, `"b" is missing`},
		"a key of its own":    {`"a": "x"`, `"a": "x", "c": "y"`, "is not an English key"},
		"a place lost":        {`"a": "{n} of {total}"`, `"a": "{n}"`, "English has [n total]"},
		"another place":       {`"a": "{when}"`, `"a": "{date}"`, "English has [when]"},
		"a singular of less":  {`"a": {"one": "1", "other": "{n} {x}"}`, `"a": "{x} {n}"`, ""},
		"a stray brace":       {`"a": "x"`, `"a": "x {Y}"`, "stray brace"},
		"a space at the end":  {`"a": "x"`, `"a": "x "`, "a space too many"},
		"two spaces":          {`"a": "x"`, `"a": "x  y"`, "a space too many"},
		"what may be left":    {`"a": "x {brand}"`, `"a": "x"`, ""},
		"what may be told":    {`"a": "x"`, `"a": "x {brand}"`, ""},
		"the same, elsewhere": {`"a": "{n} of {total}"`, `"a": "{total}: {n}, {n}"`, ""},
	} {
		s := newSet(t, c.en, "ko", c.ko)
		faults := Faults(s, s.Of("ko"), "brand")
		if found := strings.Contains(strings.Join(faults, "\n"), c.fault); !found || (c.fault == "") != (len(faults) == 0) {
			t.Errorf("%s: %q", name, faults)
		}
	}
	s := newSet(t, `"a": {"one": "1 {x}", "other": "{n}"}`, "en", "")
	if len(Faults(s, s.Of("en"))) == 0 {
		t.Error("a singular with a place of its own was taken")
	}
}

func TestWordsAreFound(t *testing.T) {
	for tag, said := range map[string]struct{ bad, good []string }{
		"en": {
			bad:  []string{"Invalid code.", "Your account is locked", "Please wait", "Done!", "Sign in", "your OTP", "a user", "Successfully saved"},
			good: []string{"Log in", "The clock is behind", "Anyone can block it"},
		},
		"ja": {
			bad: []string{
				"あなたのコード", "正常に完了", "変更に成功しました", "完了です！", "アカウントをロック", "2段階 認証", "２段階認証", "二段階認証",
				"無効なコードです", "コードは無効です", "確認コード", "１個", "保存してください.", "「{brand}」,", "ユーザー名", "“完了”",
			},
			good: []string{
				"2段階認証を無効にする", "無効", "2段階認証が無効になりました", "無効にできません", "有効期限が切れたか、",
				"backup-codes.txt というファイル", "エラー:", "残り{n}個（{total}個中）",
			},
		},
		"ko": {
			bad: []string{
				"당신의 코드", "성공적으로 저장", "정상적으로 처리", "활성화 되었습니다", "인증번호", "계정이 잠겼습니다", "유효하지 않은", "2단계인증",
				"확인해 주십시오", "저장했어요", "입력해요", "완료!", "{name}을 삭제", "{name}이", "‘{brand}’를", "{name} 은", "{n}으로", "{name}라는", "(‘{x}’와)", "OTP 번호",
			},
			good: []string{
				"{date}에 추가", "{when}부터", "{time}까지", "{masked} 주소로", "{brand} 항목", "{area} 로그인", "{n}개", "{n}일", "{item}번을", "인증 앱(OTP 앱)을 열고",
				"필요합니다", "잊으셨나요?", "하세요", "{browser}({system})",
			},
		},
	} {
		for want, texts := range map[bool][]string{true: said.bad, false: said.good} {
			for _, text := range texts {
				if found := leftOut[tag].find(text); (found != "") != want {
					t.Errorf("%s: %s: found %q", tag, text, found)
				}
			}
		}
	}
}

func TestALanguageWithoutAListIsAFault(t *testing.T) {
	s := newSet(t, `"a": "x"`, "ko", `"a": "x"`)
	kept := leftOut["ko"]
	delete(leftOut, "ko")
	defer func() { leftOut["ko"] = kept }()
	if got := fmt.Sprint(Faults(s, s.Of("ko"))); !strings.Contains(got, "no list") {
		t.Error(got)
	}
}
