package web

import "github.com/nidan-auth/nidan"

// A shape says how the answers of a method are typed. What is said about a
// method stands in the catalogue under "method.NAME.…".
type shape struct {
	Digits   bool   // a keyboard of digits, filled in by the browser or the password manager
	Mailed   bool   // a number is mailed first
	Keep     bool   // what failed is left in the field: here a typing error is corrected, elsewhere a new code is due
	Period   int    // seconds after which the code changes by itself; 0: it does not
	Numbered bool   // each of its codes has a number
	Help     string // the question that its code raises; see helpindex.go
}

// shapes lists the methods that these pages know to ask for.
var shapes = map[nidan.MethodName]shape{
	"totp":   {Digits: true, Period: 30, Help: "code-refused"},
	"mail":   {Digits: true, Mailed: true, Keep: true},
	"backup": {Keep: true, Numbered: true},
}

// methodParts are the sentences that every method has.
var methodParts = []string{"name", "h1", "lead", "label", "hint", "use", "needs"}

// setUpParts are those of a method that can be chosen at set-up.
var setUpParts = []string{"choose.needs", "choose.then", "choose.drawback", "choose.why", "add", "replace", "instead"}

// changeParts are those of a method that somebody has, offered or not.
var changeParts = []string{"keep", "remove"}
