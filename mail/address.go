package mail

import (
	"errors"
	"strings"
)

var errAddress = errors.New("it is no address that mail is sent to: letters, digits and any of . _ + - ' = & ~ before the @, and a domain in ASCII behind it")

// checkAddress reports whether s is one bare address, without a name, a comment
// or quotes. What is allowed before the @ is what package password allows in
// login names: with it nothing can be said to a reader, a header or a shell.
func checkAddress(s string) error {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > 254 || len(local) > 64 || !isDomain(domain) {
		return errAddress
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.Trim(atom, alphanumeric+"_+-'=&~") != "" {
			return errAddress
		}
	}
	return nil
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// isDomain reports whether s is a name of the DNS in ASCII, of one label or more.
func isDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, alphanumeric+"-") != "" {
			return false
		}
	}
	return len(s) <= 253
}

// domainOf returns what follows the @ of a checked address.
func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}

// masked is what [nidan.Mask] puts in an address.
const masked = "•••"

// isAtom reports whether s is a word that needs no quoting in any header or URL.
func isAtom(s string) bool { return s != "" && strings.Trim(s, alphanumeric+"-_") == "" }
