package web

// A Feature is something that a program made of these pages may offer or not.
// The help speaks only of what is there.
type Feature string

// The features that the help has words for, beside the authenticator app and
// the backup codes.
const (
	FeatureMail     Feature = "mail"     // notices are mailed
	FeatureMailCode Feature = "mailcode" // codes by e-mail are a method
	FeatureReset    Feature = "reset"    // a forgotten password is reset by mail, without support
	FeatureReplace  Feature = "replace"  // a phone is replaced without turning off
	FeatureRecovery Feature = "recovery" // an account is recovered after a waiting period
	FeatureRemember Feature = "remember" // a browser is not asked for 30 days
	FeatureNotMe    Feature = "notme"    // "it wasn't me" is a button
	FeatureMandate  Feature = "mandate"  // organisations can require two-step verification

	FeatureRegistration Feature = "registration" // anybody can make an account; the help says nothing of it
)

// Features returns all of them.
func Features() []Feature {
	return []Feature{
		FeatureMail, FeatureMailCode, FeatureReset, FeatureReplace, FeatureRecovery, FeatureRemember, FeatureNotMe, FeatureMandate,
		FeatureRegistration,
	}
}

// A helpGroup is a heading of the list with its questions.
type helpGroup struct {
	name    string
	entries []helpEntry
}

// A helpEntry is what is the same of a question in every language. Its words
// stand in help/ under the slug.
type helpEntry struct {
	slug  string
	needs Feature  // without it the question does not arise; may be empty
	page  string   // where the answer is carried out; may be empty
	see   []string // slugs
}

// helpIndex is the only place where questions are declared: a new one is a line
// here and its words in each file of help/.
var helpIndex = []helpGroup{
	{"start", []helpEntry{
		{slug: "what-it-is", page: "/security", see: []string{"which-app", "no-phone", "lost-phone"}},
		{slug: "which-app", page: "/security", see: []string{"no-phone", "keep-codes"}},
		{slug: "no-phone", page: "/security", see: []string{"which-app", "keep-codes"}},
		{slug: "keep-codes", page: "/security/codes", see: []string{"codes-used-up", "lost-phone"}},
	}},
	{"code", []helpEntry{
		{slug: "code-refused", see: []string{"lost-phone", "mail-missing", "why-wait"}},
		{slug: "mail-missing", needs: FeatureMail, see: []string{"code-refused", "support"}},
		{slug: "why-wait", page: "/forgot", see: []string{"code-refused", "not-me", "forgot-password"}},
		{slug: "shared-computer", page: "/security", see: []string{"not-me", "forgot-password"}},
	}},
	{"phone", []helpEntry{
		{slug: "new-phone", needs: FeatureReplace, page: "/security", see: []string{"lost-phone", "which-app"}},
		{slug: "lost-phone", page: "/login", see: []string{"lost-both", "no-phone", "codes-used-up"}},
		{slug: "lost-both", needs: FeatureRecovery, page: "/login", see: []string{"lost-phone", "forgot-password", "support"}},
		{slug: "codes-used-up", page: "/security/codes", see: []string{"keep-codes", "lost-phone"}},
	}},
	{"account", []helpEntry{
		{slug: "forgot-password", page: "/forgot", see: []string{"lost-phone", "mail-missing", "why-wait"}},
		{slug: "turn-off", page: "/security/off", see: []string{"new-phone", "lost-phone", "codes-used-up"}},
		{slug: "not-me", page: "/security", see: []string{"forgot-password", "lost-phone", "shared-computer"}},
		{slug: "support", see: []string{"not-me", "lost-phone", "forgot-password"}},
	}},
}

// helpPages are the pages that an answer can lead to, by their own headings.
var helpPages = map[string]*message{
	"/login":          msg("login.h1"),
	"/forgot":         msg("login.forgot"),
	"/security":       msg("layout.settings"),
	"/security/codes": msg("reissue.h1"),
	"/security/off":   msg("off.h1"),
}
