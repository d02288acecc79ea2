package nidan

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strings"
)

// What a person carries has one of these forms, told apart by its first three
// characters. A pending sign-in and a session are different Go types; nothing
// turns one into the other but the mint (law 2).
const (
	sessionPrefix  = "ns_"
	pendingPrefix  = "np_"
	browserPrefix  = "nb_"
	keyPrefix      = "nk_" // of the API, with the key's id in the place of an account's
	handoverPrefix = "nh_" // of a link that leads to a second step here
	resultPrefix   = "nu_" // of what a product redeems
	crossPrefix    = "nx_" // of what leads to a host pass
	passPrefix     = "nq_" // of a host pass

	rememberedPrefix = "nr_"
	ticketPrefix     = "nt_"

	idLength     = 26 // of an AccountID
	secretLength = 43 // 256 bits in base64url
	tokenLength  = 3 + idLength + secretLength
)

// strict refuses the second spelling that base64 has for most values: one
// token, one string (ASVS 7.2.3).
var strict = base64.RawURLEncoding.Strict()

// A SessionToken is the bearer's half of a session.
type SessionToken struct{ token }

// A PendingToken is the bearer's half of a pending sign-in.
type PendingToken struct{ token }

type token struct {
	account AccountID
	id      string // what the database knows of it
	sum     string // SHA-256 of the whole, base64url
}

// ParseSession reads a session token; false if it cannot be one.
func ParseSession(s string) (SessionToken, bool) {
	t, ok := parseToken(sessionPrefix, s)
	return SessionToken{t}, ok
}

// ParsePending reads the token of a pending sign-in; false if it cannot be one.
func ParsePending(s string) (PendingToken, bool) {
	t, ok := parseToken(pendingPrefix, s)
	return PendingToken{t}, ok
}

func parseToken(prefix, s string) (token, bool) {
	if len(s) != tokenLength || !strings.HasPrefix(s, prefix) {
		return token{}, false
	}
	id, secret := s[3:3+idLength], s[3+idLength:]
	if _, err := idEncoding.DecodeString(id); err != nil {
		return token{}, false
	}
	if _, err := strict.DecodeString(secret); err != nil {
		return token{}, false
	}
	return newToken(s), true
}

func newToken(s string) token {
	sum := sha256.Sum256([]byte(s))
	return token{
		account: AccountID(s[3 : 3+idLength]),
		id:      idEncoding.EncodeToString(sum[:16]),
		sum:     strict.EncodeToString(sum[:]),
	}
}

// drawToken makes a new token of 256 bits.
func drawToken(prefix string, a AccountID, random io.Reader) (Secret, token) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		panic("nidan: no randomness: " + err.Error())
	}
	s := prefix + string(a) + strict.EncodeToString(b[:])
	return NewSecret(s), newToken(s)
}
