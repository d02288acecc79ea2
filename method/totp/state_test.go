package totp

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
)

// What encode writes is what package json writes, and decode reads it.
func TestEncodesLikeJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := app{
			Seed:  rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "seed"),
			Third: rapid.SampledFrom([]int64{0, earliest, latest, -1 << 63}).Draw(t, "third"),
			Last:  rapid.Int64().Draw(t, "last"),
		}
		want, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(a.encode()); got != string(want) {
			t.Fatalf("encoded %s, want %s", got, want)
		}
		var b app
		if !b.decode(want) || !reflect.DeepEqual(a, b) {
			t.Fatalf("decoded %+v of %s", b, want)
		}
	})
}

// What decode reads the strict reader reads, and as the same: nothing becomes
// readable by being read faster.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, s []byte) {
		var fast, strict app
		if !fast.decode(s) {
			return
		}
		if !state.Decode(nidan.State(s), &strict) || !reflect.DeepEqual(fast, strict) {
			t.Fatalf("%q is read as %+v, and by the strict reader as %+v", s, fast, strict)
		}
	})
}

// The forms around the one that encode writes.
func TestDecodeIsStrict(t *testing.T) {
	s := app{Seed: rfcSeed, Third: latest, Last: 7}.encode()
	if !new(app).decode(s) {
		t.Fatalf("%s is not read", s)
	}
	k := string(s[:len(`{"k":"`)+28])
	for _, s := range []string{
		"", "{", k, k + `"}`, k + `","c":7`, k + `","c":7}}`, k + `","c":07}`, k + `","c":+7}`, k + `", "c":7}`, k + `","c":7,"d":1}`,
		k + `","d":0,"c":7}`, k + `","d":,"c":7}`, k + `","d":1}`, k + `","c":7e0}`, k + `","c":7} `, " " + k + `","c":7}`, k[1:] + `","c":7}`,
	} {
		if new(app).decode(nidan.State(s)) {
			t.Errorf("%q was read", s)
		}
	}
}
