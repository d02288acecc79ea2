package backup

import "crypto/subtle"

// marks recognise codes that are no longer live by the beginning of their
// hashes, run together in one string. They never accept anything.
type marks string

// markSize is in characters of base64: 66 bits.
const markSize = 11

func (m marks) valid() bool { return len(m)%markSize == 0 }

func (m marks) with(sum string) marks { return m + marks(sum[:markSize]) }

func (m marks) newest(n int) marks { return m[max(0, len(m)-n*markSize):] }

func (m marks) have(sum string) bool {
	found := 0
	for i := 0; i < len(m); i += markSize {
		found |= subtle.ConstantTimeCompare([]byte(m[i:i+markSize]), []byte(sum[:markSize]))
	}
	return found == 1
}
