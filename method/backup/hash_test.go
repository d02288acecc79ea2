package backup

import (
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/methodtest"
)

func TestHashesThatAreNone(t *testing.T) {
	d := enrol(t, nidan.Enrolment{}, start, 1)
	for name, hash := range map[string]string{
		"empty":        "",
		"text":         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"no prefix":    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"other prefix": "$other$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"only prefix":  "$fast$v=1$c2FsdA$",
		"short":        "$fast$v=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAA",
		"not base64":   "$fast$v=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAA!",
	} {
		all := hashesOf(nil, d)
		for i := range all {
			all[i].Hash = hash
		}
		last := hashesOf(nil, d)
		last[9].Hash = hash
		for _, hashes := range [][]nidan.Hashed{all, last} {
			v := New().Confirm(nil, d, Saved, hashes, start)
			if name == "other prefix" && hashes[0].Hash == hash {
				continue // one prefix for all is fine, whatever it is
			}
			if v.Judgement != nidan.Wrong {
				t.Errorf("%s: judged %d", name, v.Judgement)
			}
		}
	}
}

// The bytes of a stored hash under another prefix are the hash of another text.
func TestHashUnderAnotherPrefix(t *testing.T) {
	codes, s := issued(t)
	asked, _ := New().SlowCheck(s, codes[0])
	good := methodtest.FastHash(asked)
	other := func(hash string) string { return strings.Replace(hash, "$v=1$", "$v=2$", 1) }
	moved := asked
	moved.Like = other(asked.Like)
	for name, h := range map[string]nidan.Hashed{
		"computed":            {Of: asked, Hash: other(good.Hash)},
		"asked for":           {Of: moved, Hash: good.Hash},
		"asked for, computed": {Of: moved, Hash: other(good.Hash)},
	} {
		if v := New().Check(s, codes[0], []nidan.Hashed{h}, start); v.Judgement != nidan.Wrong {
			t.Errorf("%s under another prefix: judged %d", name, v.Judgement)
		}
	}
}

func TestBindKeepsTheOrder(t *testing.T) {
	d := enrol(t, nidan.Enrolment{}, start, 1)
	hashes := hashesOf(nil, d)
	slices.Reverse(hashes)
	if v := New().Confirm(nil, d, Saved, hashes, start); v.Judgement != nidan.Wrong {
		t.Errorf("judged %d", v.Judgement)
	}
}
