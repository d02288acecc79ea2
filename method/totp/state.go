package totp

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
)

// A draft is an app before it has shown a code.
type draft struct {
	Seed []byte `json:"seed"`
}

// An app is one enrolled authenticator app.
type app struct {
	Seed []byte `json:"k"`

	// Third is the step besides t and t−1 that is live, relative to t: −2 for a
	// clock behind, +1 for one ahead, 0 for none. It was shown at set-up.
	Third int64 `json:"d,omitempty"`

	// Last is the highest step ever accepted; set-up accepts the first. It
	// only grows.
	Last int64 `json:"c"`
}

func decodeDraft(s nidan.State) (seed []byte, ok bool) {
	var d draft
	if !state.Decode(s, &d) || len(d.Seed) != seedSize {
		return nil, false
	}
	return d.Seed, true
}

// encode returns what package json would write.
func (a app) encode() nidan.State {
	s := make(nidan.State, 0, 80)
	s = append(base64.StdEncoding.AppendEncode(append(s, `{"k":"`...), a.Seed), '"')
	if a.Third != 0 {
		s = strconv.AppendInt(append(s, `,"d":`...), a.Third, 10)
	}
	return append(strconv.AppendInt(append(s, `,"c":`...), a.Last, 10), '}')
}

// decode reads what encode writes. Anything else is for the strict reader, which
// takes five times as long.
func (a *app) decode(s nidan.State) bool {
	text := string(s)
	seed, rest, ok := strings.Cut(strings.TrimPrefix(text, `{"k":"`), `"`)
	if !ok {
		return false
	}
	var err error
	if a.Seed, err = base64.StdEncoding.DecodeString(seed); err != nil {
		return false
	}
	if d, after, ok := strings.Cut(strings.TrimPrefix(rest, `,"d":`), `,"c":`); ok && d != "" {
		rest = `,"c":` + after
		if a.Third, err = strconv.ParseInt(d, 10, 64); err != nil {
			return false
		}
	}
	a.Last, err = strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(rest, `,"c":`), "}"), 10, 64)
	return err == nil && string(a.encode()) == text
}

func decodeApp(s nidan.State) (app, bool) {
	var a app
	if !a.decode(s) {
		a = app{}
		if !state.Decode(s, &a) {
			return app{}, false
		}
	}
	if len(a.Seed) != seedSize || a.Last <= 0 {
		return app{}, false
	}
	switch a.Third {
	case 0, earliest, latest:
		return a, true
	}
	return app{}, false
}
