package cataloguetest

import (
	"regexp"
	"testing"

	"github.com/nidan-auth/nidan/catalogue"
)

// forbidden are the words that each language leaves out: those of the code,
// those that blame, and other names of what has one here.
var forbidden = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(proofs?|enrol\w*|assurance|mandate\w*|tokens?|otp|totp|locked|lock|invalid|valid|mfa|2fa|factors?|two-factor|credentials?|devices? id|users?|please|sorry|oops|success\w*|recovery codes?|one-time (code|password)|security code|log ?in code|sign[- ]?(in|out))\b`),
	"ja": regexp.MustCompile(`(?i)あなた|正常に|成功しました|！|ロック|二段階|2段階 |無効な|無効です|トークン|otp|確認コード|ワンタイム|リカバリ`),
	"ko": regexp.MustCompile(`(?i)당신|성공적으로|활성화|토큰|인증번호|잠금|잠겼|유효하지|이중 인증|복구 코드|\} ?(이|가|을|를|은|는|과|와|으로|로)\b`),
}

func words(t *testing.T, l *catalogue.Language) {
	list := forbidden[l.Tag()]
	if list == nil {
		t.Errorf("there is no list of words to leave out")
		return
	}
	for _, key := range l.Keys() {
		s, _ := l.Sentence(key)
		if m := list.FindString(s.One + " " + s.Other); m != "" {
			t.Errorf("%q says %q", key, m)
		}
	}
}
