package methodtest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/nidan-auth/nidan"
)

// slow checks that hashes are bound to the bytes they were computed for.
func (s suite) slow(t *testing.T) {
	h, state := s.bound(t, 1)
	slow := s.m.(nidan.Slow)
	right, wrong := s.h.Answer(h, 0, login(0)), s.h.Answer(h, 1, login(1))
	hash := func(answer string) nidan.Hashed {
		asked, ok := slow.SlowCheck(state, answer)
		if !ok {
			t.Fatal("a right answer needs no hash")
		}
		return s.h.Hash(asked)
	}
	good := hash(right)
	accepted(t, s.m.Check(state, right, []nidan.Hashed{good}, login(0)))

	elsewhere := good.Of
	elsewhere.Like, elsewhere.Salt = "", bytes.Repeat([]byte{7}, 16)
	for name, hashes := range map[string][]nidan.Hashed{
		"none":             nil,
		"zero":             {{}},
		"asked, not done":  {{Of: good.Of}},
		"no input":         {{Hash: good.Hash}},
		"of another code":  {hash(wrong)},
		"of another input": {{Of: hash(wrong).Of, Hash: good.Hash}},
		"of another salt":  {s.h.Hash(elsewhere)},
		"under old prefix": {{Of: elsewhere, Hash: good.Hash}},
		"cut short":        {{Of: good.Of, Hash: good.Hash[:len(good.Hash)-1]}},
		"longer":           {{Of: good.Of, Hash: good.Hash + "A"}},
		"one too many":     {good, good},
	} {
		refused(t, s.m.Check(state, right, hashes, login(0)), "hashes: %s", name)
	}

	d := s.enrol(t, 2)
	var hashes []nidan.Hashed
	for _, asked := range slow.SlowConfirm(nil, d) {
		hashes = append(hashes, s.h.Hash(asked))
	}
	answer := s.h.Confirm(d.Handout, start)
	accepted(t, s.m.Confirm(nil, d, answer, hashes, start))
	refused(t, s.m.Confirm(nil, d, answer, nil, start), "a draft without hashes")
	refused(t, s.m.Confirm(nil, d, answer, hashes[1:], start), "a draft with too few hashes")
	for i := range hashes {
		swapped := slices.Clone(hashes)
		swapped[i] = good
		refused(t, s.m.Confirm(nil, d, answer, swapped, start), "a draft with hash %d of another code", i)
	}
}
