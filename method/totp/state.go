package totp

import (
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

func decodeApp(s nidan.State) (app, bool) {
	var a app
	if !state.Decode(s, &a) || len(a.Seed) != seedSize || a.Last <= 0 {
		return app{}, false
	}
	switch a.Third {
	case 0, earliest, latest:
		return a, true
	}
	return app{}, false
}
