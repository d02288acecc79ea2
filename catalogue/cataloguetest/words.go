package cataloguetest

import (
	"regexp"
	"strings"
)

// A list is what a language leaves out, and where one of it may stand after
// all.
type list struct {
	words  *regexp.Regexp
	except *regexp.Regexp // nil: nowhere
}

// find returns what of the list stands in a text; empty: nothing.
func (l list) find(text string) string {
	if l.words == nil {
		return ""
	}
	if l.except != nil {
		text = l.except.ReplaceAllString(text, "…")
	}
	return l.words.FindString(text)
}

func anyOf(parts ...string) *regexp.Regexp {
	return regexp.MustCompile("(?i)" + strings.Join(parts, "|"))
}

// leftOut is what no page and no mail says: words of the code, words that blame
// or praise, and other names of what has one in docs/glossary.md.
var leftOut = map[string]list{
	"en": {words: anyOf(
		`\b(proofs?|enrol\w*|assurance|mandate\w*|credentials?|factors?|tokens?|otp|totp|mfa|2fa|two-factor|users?|device id)\b`,
		`\b(locked|lock|invalid|valid|please|sorry|oops|success\w*)\b`,
		`\b(recovery codes?|one-time (code|password)|security codes?|log ?in code|sign[- ]?(in|out))\b`,
		`!`,
	)},
	"ja": {
		words: anyOf(
			`あなた|ユーザー?|トークン|ポリシー|otp|サインイン|サインアウト`,
			`正常に|成功しました|申し訳|すみません|お手数|ロック|有効な|無効`,
			// One name for one thing, written in one way.
			`[二２]\s?段階|2\s段階|2段階\s|段階\s認証|段階確認|2要素|二要素|多要素`,
			`確認コード|セキュリティコード|ワンタイム|リカバリ|スマホ|携帯電話|ブラウザー|パスワードマネージャ|下さい|出来[まる]`,
			// Signs and figures: 、。？ full, digits and letters half width.
			`[！!‘’“”０-９Ａ-Ｚａ-ｚ]|[\p{Han}\p{Hiragana}\p{Katakana}ー」）][,.?;]`,
		),
		// Nothing but the verification as a whole is turned off.
		except: regexp.MustCompile(`^無効$|無効に(する|し|なり|でき)`),
	},
	"ko": {
		words: anyOf(
			`당신|사용자|유저|토큰|otp|로그온|사인인`,
			`성공적으로|정상적으로|성공했|죄송|잠금|잠겼|잠긴|활성화|유효하지|유효한|무효`,
			`2단계인증|2 단계|이단계|이중 인증|인증 ?번호|확인 코드|보안 코드|일회용|원타임|복구 코드|리커버리`,
			// 합니다 and 하세요 only.
			`십시오|(해|어|아|여|워|와|돼|에|예|네|지|까)요`,
			`[！!。、「」（）："]`,
			// The last sound of a value is not known, so the particle is not either.
			`\}[’”)\]]?(이|가|을|를|은|는|과|와|으로|로|이나|나|이라[는고]?|라[는고]?|이란|란|이며|며|이고|이랑|랑)([^\p{Hangul}]|$)`,
			`\}[’”)\]]? (을|를|은|는|과|와|으로|로)([^\p{Hangul}]|$)`,
		),
		// By this name the app is known in the shops.
		except: regexp.MustCompile(`인증 앱\(OTP 앱\)`),
	},
}
