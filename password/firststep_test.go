package password

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"github.com/nidan-auth/nidan"
)

// keys are two keys, of which the first is the current one.
type keys []string

func (k keys) KeyID() string { return k[0] }

func (k keys) MACWith(id string, p nidan.Purpose, parts ...string) ([]byte, error) {
	for _, known := range k {
		if known == id {
			m := hmac.New(sha256.New, []byte(id+"/"+string(p)))
			for _, part := range parts {
				_, _ = io.WriteString(m, part)
			}
			return m.Sum(nil), nil
		}
	}
	return nil, errNoKey
}

var errNoKey = errors.New("no such key")

func newFirstStep(t testing.TB) *FirstStep {
	t.Helper()
	return with(t, Options{Brand: "Nidan"})
}

func with(t testing.TB, o Options) *FirstStep {
	t.Helper()
	o.Keys, o.Random = keys{"00c0ffee", "5eedcafe"}, rand.Reader
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNewRefuses(t *testing.T) {
	good := Options{Keys: keys{"00c0ffee"}, Random: rand.Reader}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"length 7":      func(o *Options) { o.Length = 7 },
		"length 65":     func(o *Options) { o.Length = 65 },
		"length -1":     func(o *Options) { o.Length = -1 },
		"no randomness": func(o *Options) { o.Random = io.LimitReader(rand.Reader, 40) },
		"key id of two": func(o *Options) { o.Keys = keys{"a,b"} },
		"key id empty":  func(o *Options) { o.Keys = keys{""} },
		"key id long":   func(o *Options) { o.Keys = keys{"123456789012"} },
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			change(&o)
			if _, err := New(o); err == nil {
				t.Error("accepted")
			}
		})
	}
}
