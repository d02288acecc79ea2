package backup

import (
	"strings"

	"github.com/nidan-auth/nidan"
)

// bind returns the common prefix and the last fields of hashes, if these are
// exactly the hashes of codes, in order.
func bind(codes []backupCode, hashes []nidan.Hashed) (prefix string, sums []string, ok bool) {
	if len(codes) == 0 || len(hashes) != len(codes) {
		return "", nil, false
	}
	prefix = prefixOf(hashes[0].Hash)
	for i, h := range hashes {
		sum, same := strings.CutPrefix(h.Hash, prefix+"$")
		if prefix == "" || !same || !validSum(sum) || !h.Of.Input.Equal(codes[i].input()) {
			return "", nil, false
		}
		sums = append(sums, sum)
	}
	return prefix, sums, true
}

// prefixOf returns all of a PHC string but its last field.
func prefixOf(hash string) string {
	i := strings.LastIndexByte(hash, '$')
	return hash[:max(i, 0)]
}

// validSum reports whether s can be the last field of a hash: at least 128 bits
// in either base64. A shorter one would be easier to meet than a code to guess.
func validSum(s string) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
	return len(s) >= 22 && strings.Trim(s, alphabet) == ""
}
