package backup

import (
	"encoding/base32"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/typed"
)

const (
	sheetSize  = 10 // codes
	randomSize = 10 // bytes: 80 bits, above the 64 of NIST SP 800-63B-4 §3.1.2.1
	symbols    = randomSize * 8 / 5
	group      = 4
)

// crockford is the alphabet of https://www.crockford.com/base32.html: no I, L, O
// or U, so that nothing printed can be read as something else.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var base32Crockford = base32.NewEncoding(crockford).WithPadding(base32.NoPadding)

// A backupCode is one code of a sheet.
type backupCode struct {
	number int    // 1 to 10
	random string // 16 symbols
}

func drawCode(number int, random io.Reader) (backupCode, error) {
	var b [randomSize]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return backupCode{}, err
	}
	return backupCode{number, base32Crockford.EncodeToString(b[:])}, nil
}

// parseCode reads a code as people type it: blind to case, spaces and hyphens,
// with the letters that Crockford's alphabet leaves out read as the digits they
// look like.
func parseCode(answer string) (backupCode, bool) {
	plain, ok := typed.Plain(answer)
	if !ok {
		return backupCode{}, false
	}
	plain = strings.Map(symbol, plain)
	if len(plain) != 2+symbols || strings.Trim(plain, crockford) != "" {
		return backupCode{}, false
	}
	number, ok := parseNumber(plain[:2])
	return backupCode{number, plain[2:]}, ok
}

// symbol folds ASCII only: other letters that upper-case into it are not what is
// printed on a sheet.
func symbol(r rune) rune {
	if 'a' <= r && r <= 'z' {
		r += 'A' - 'a'
	}
	switch r {
	case 'I', 'L':
		return '1'
	case 'O':
		return '0'
	}
	return r
}

// printed returns the code as it stands on the sheet.
func (c backupCode) printed() string {
	var b strings.Builder
	b.WriteString(formatNumber(c.number))
	for i := 0; i < len(c.random); i += group {
		b.WriteString("-" + c.random[i:i+group])
	}
	return b.String()
}

// input is what is hashed. The number is part of it.
func (c backupCode) input() nidan.Secret {
	return nidan.NewSecret(formatNumber(c.number) + c.random)
}

func formatNumber(n int) string { return fmt.Sprintf("%02d", n) }

// parseNumber accepts exactly what formatNumber writes.
func parseNumber(s string) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > sheetSize || formatNumber(n) != s {
		return 0, false
	}
	return n, true
}

func everyNumber() []int {
	numbers := make([]int, sheetSize)
	for i := range numbers {
		numbers[i] = i + 1
	}
	return numbers
}
