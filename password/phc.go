package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// errForm is all that is said of a stored hash that is not one: it may come
// from another system's export, and no part of it belongs into a log.
var errForm = errors.New("password: a stored hash is of unknown form or out of bounds")

// Bounds of stored hashes. They are generous to what is imported and keep a
// hostile one from taking the machine.
const (
	maxMemory = 64 << 10 // KiB
	maxPasses = 10
	maxLanes  = 4
	minSalt   = 8 // bytes; NIST asks for 4
	maxSalt   = 64
	hashSize  = 32
	maxKeyID  = 11 // characters: base64 of the 8 bytes that Argon2's own format allows
	maxStored = 256
)

// A form is a stored hash taken apart.
type form struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
	keyID  string
	salt   []byte
	hash   []byte
}

var phcBase64 = base64.RawStdEncoding.Strict()

// String returns the stored hash.
func (f form) String() string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d,keyid=%s$%s$%s", f.memory, f.passes, f.lanes, f.keyID,
		phcBase64.EncodeToString(f.salt), phcBase64.EncodeToString(f.hash))
}

// parseForm accepts exactly what String writes, so that two stored hashes with
// the same meaning are the same bytes.
func parseForm(stored string) (form, error) {
	if len(stored) > maxStored {
		return form{}, errForm
	}
	fields := strings.Split(stored, "$")
	if len(fields) != 6 {
		return form{}, errForm
	}
	var f form
	params := strings.Split(fields[3], ",")
	if len(params) != 4 {
		return form{}, errForm
	}
	f.memory = number(params[0], "m=")
	f.passes = number(params[1], "t=")
	lanes := number(params[2], "p=")
	f.keyID = strings.TrimPrefix(params[3], "keyid=")
	f.salt, _ = phcBase64.DecodeString(fields[4])
	f.hash, _ = phcBase64.DecodeString(fields[5])
	if lanes > maxLanes {
		return form{}, errForm
	}
	f.lanes = uint8(lanes)
	if !f.inBounds() || f.String() != stored {
		return form{}, errForm
	}
	return f, nil
}

func (f form) inBounds() bool {
	return f.lanes >= 1 && f.lanes <= maxLanes &&
		f.memory >= 8*uint32(f.lanes) && f.memory <= maxMemory && // RFC 9106 §3.1
		f.passes >= 1 && f.passes <= maxPasses &&
		len(f.salt) >= minSalt && len(f.salt) <= maxSalt &&
		len(f.hash) == hashSize &&
		isKeyID(f.keyID)
}

// number reads a parameter; 0, which no bound admits, where there is none.
func number(param, name string) uint32 {
	n, err := strconv.ParseUint(strings.TrimPrefix(param, name), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

func isKeyID(s string) bool {
	for _, c := range []byte(s) {
		if !isAlphanumeric(c) {
			return false
		}
	}
	return s != "" && len(s) <= maxKeyID
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
