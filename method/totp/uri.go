package totp

import (
	"net/url"
	"strings"
)

// uri returns what the QR code holds, in the form of Google Authenticator's
// "Key Uri Format", which every app reads:
//
//	otpauth://totp/Issuer:account?secret=…&issuer=Issuer&algorithm=SHA1&digits=6&period=30
//
// The issuer stands twice because older apps read only the label.
func uri(issuer, account, key string) string {
	issuer, account = part(issuer), part(account)
	return "otpauth://totp/" + issuer + ":" + account +
		"?secret=" + key + "&issuer=" + issuer + "&algorithm=SHA1&digits=6&period=30"
}

// part escapes a name for use in label and parameter alike. A space has to be
// %20 and a plus sign %2B, since some apps show "+" as it is and others turn it
// into a space. A colon is left out: it separates the label's parts, and apps
// look for it after unescaping.
func part(name string) string {
	name = strings.ReplaceAll(name, ":", "")
	return strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
