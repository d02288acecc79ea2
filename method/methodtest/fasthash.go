package methodtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/nidan-auth/nidan"
)

// FastHash computes a slow hash fast: one HMAC in the form that a real one has,
// with a prefix taken over from Like or made from Salt.
func FastHash(h nidan.SlowHash) nidan.Hashed {
	prefix := "$fast$v=1$" + base64.RawStdEncoding.EncodeToString(h.Salt)
	if h.Like != "" {
		prefix = h.Like[:strings.LastIndexByte(h.Like, '$')]
	}
	mac := hmac.New(sha256.New, []byte(prefix))
	mac.Write([]byte(h.Input.Reveal()))
	return nidan.Hashed{Of: h, Hash: prefix + "$" + base64.RawStdEncoding.EncodeToString(mac.Sum(nil))}
}
