package backup

import (
	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
)

// A draft is a sheet, or one code, that is not saved yet. Its codes stand in the
// handout; the salt is drawn with them, so that hashing them again in another
// request gives the same hashes.
type draft struct {
	Salt []byte `json:"salt"`
}

// decodeDraft returns the salt and the codes: all ten by number, or the one that
// the handout names.
func decodeDraft(d nidan.Draft) (salt []byte, codes []backupCode, ok bool) {
	var own draft
	if !state.Decode(d.State, &own) || len(own.Salt) != saltSize {
		return nil, nil, false
	}
	numbers := everyNumber()
	if d.Handout.Item != "" {
		n, ok := parseNumber(d.Handout.Item)
		if !ok {
			return nil, nil, false
		}
		numbers = []int{n}
	}
	if len(d.Handout.Codes) != len(numbers) {
		return nil, nil, false
	}
	for i, n := range numbers {
		c, ok := parseCode(d.Handout.Codes[i])
		if !ok || c.number != n {
			return nil, nil, false
		}
		codes = append(codes, c)
	}
	return own.Salt, codes, true
}
