package methodtest_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/internal/state"
	"github.com/nidan-auth/nidan/method/methodtest"
)

// counter is the smallest method that passes: numbered codes of one key, each
// good once and in order. Its fault, if any, is what the suite has to find.
type counter struct {
	fault string
	calls *int
}

type memory struct {
	Key  []byte `json:"k"`
	Next int    `json:"n"`
	Pad  string `json:"pad,omitempty"`
}

func code(key []byte, n int) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strconv.Itoa(n)))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)[:8]))
}

func (c counter) Traits() nidan.Traits {
	t := nidan.Traits{Method: "counter", Channel: nidan.ChannelApp, AMR: "otp", Level: nidan.LevelAAL2, DisableAfter: 50}
	if c.fault == "never disabled" {
		t.DisableAfter = 1000
	}
	return t
}

func (c counter) Enrol(_ nidan.Enrolment, _ time.Time, random io.Reader) (nidan.Draft, error) {
	key := make([]byte, 20)
	if c.fault == "own randomness" {
		random = rand.Reader
	}
	_, err := io.ReadFull(random, key)
	switch c.fault {
	case "one key for all":
		clear(key)
	case "no error without randomness":
	default:
		if err != nil {
			return nidan.Draft{}, err
		}
	}
	m := memory{Key: key, Next: -1}
	switch c.fault {
	case "draft is live":
		m.Next = 0
	case "large draft":
		m.Pad = strings.Repeat("x", 2000)
	}
	s, _ := state.Encode(m)
	return nidan.Draft{State: s, Handout: nidan.Handout{Key: hex.EncodeToString(key)}}, nil
}

func (c counter) Confirm(_ nidan.State, d nidan.Draft, answer string, _ []nidan.Hashed, _ time.Time) nidan.Verdict {
	m, ok := c.decode(d.State)
	if !ok || m.Next > 0 || m.Next == 0 && c.fault != "draft is live" {
		return nidan.Verdict{}
	}
	m.Next = 0
	if c.fault == "confirming code not claimed" {
		if v := c.judge(m, answer); v.Judgement == nidan.Accepted {
			return c.accept(m, 0)
		}
	}
	return c.judge(m, answer)
}

func (c counter) Check(s nidan.State, answer string, _ []nidan.Hashed, now time.Time) nidan.Verdict {
	switch c.fault {
	case "panics on a long answer":
		if len(answer) > 1000 {
			panic("too long")
		}
	case "panics on no state":
		_ = s[0]
	case "accepts zeros":
		if answer == "000000" {
			return c.accept(memory{Key: make([]byte, 20)}, 1)
		}
	case "accepts before 1970":
		if now.Unix() < 0 {
			return c.accept(memory{Key: make([]byte, 20)}, 1)
		}
	case "writes into its input":
		if len(s) > 0 {
			defer func() { s[len(s)-1] = '}' + 1 }()
		}
	case "state without acceptance":
		return nidan.Verdict{State: s}
	}
	if answer == "" && c.fault != "counts garbage" {
		return nidan.Verdict{Judgement: nidan.Malformed}
	}
	m, ok := c.decode(s)
	if !ok || m.Next < 0 {
		return nidan.Verdict{}
	}
	return c.judge(m, answer)
}

func (c counter) judge(m memory, answer string) nidan.Verdict {
	*c.calls++
	first := m.Next
	if c.fault == "goes back" {
		first = max(0, m.Next-2)
	}
	answer = strings.NewReplacer(" ", "", "-", "", "\n", "").Replace(strings.ToUpper(answer))
	for n := first; n < m.Next+10; n++ {
		if answer == code(m.Key, n) {
			return c.accept(m, n)
		}
	}
	return nidan.Verdict{}
}

func (c counter) accept(m memory, n int) nidan.Verdict {
	if m.Next = n + 1; c.fault == "not consumed" && n > 0 {
		m.Next = 1
		m.Pad = strings.Repeat("x", n)
	}
	if c.fault == "confirming code not claimed" && n == 0 {
		m.Next = 0
	}
	if c.fault == "large state" {
		m.Pad = strings.Repeat("x", 5000)
	}
	s, _ := state.Encode(m)
	v := nidan.Verdict{Judgement: nidan.Accepted, State: s, Step: int64(n)}
	switch c.fault {
	case "prints a code":
		v.Item = code(m.Key, n)
	case "remembers elsewhere":
		v.Step = int64(*c.calls)
	case "state is not JSON":
		v.State = append(v.State, 0)
	}
	return v
}

func (c counter) decode(s nidan.State) (m memory, ok bool) {
	if c.fault == "reads unknown fields" {
		return m, json.Unmarshal(s, &m) == nil && len(m.Key) == 20
	}
	return m, state.Decode(s, &m) && len(m.Key) == 20
}

// faults are what the suite has to find, each with a part that finds it.
var faults = map[string]string{
	"never disabled":              "traits",
	"one key for all":             "another's_answer",
	"no error without randomness": "enrolment",
	"own randomness":              "purity",
	"draft is live":               "abandoned_enrolment",
	"confirming code not claimed": "confirmation",
	"panics on a long answer":     "garbage",
	"panics on no state":          "unreadable_state",
	"accepts zeros":               "garbage",
	"accepts before 1970":         "garbage",
	"counts garbage":              "garbage",
	"state without acceptance":    "garbage",
	"writes into its input":       "purity",
	"goes back":                   "an_answer_is_taken_once",
	"not consumed":                "an_answer_is_taken_once",
	"large state":                 "confirmation",
	"large draft":                 "enrolment",
	"prints a code":               "secrecy",
	"remembers elsewhere":         "purity",
	"state is not JSON":           "confirmation",
	"reads unknown fields":        "unreadable_state",
}

func run(t *testing.T, fault string) {
	answer := func(h nidan.Handout, n int) string {
		key, err := hex.DecodeString(h.Key)
		if err != nil {
			t.Fatal(err)
		}
		return code(key, n)
	}
	methodtest.Run(t, counter{fault, new(int)}, methodtest.Harness{
		Confirm: func(h nidan.Handout, _ time.Time) string { return answer(h, 0) },
		Answer:  func(h nidan.Handout, n int, _ time.Time) string { return answer(h, n+1) },
	})
}

// TestSound runs the suite on a sound method, or on the faulty one that TestFaults
// asks for.
func TestSound(t *testing.T) { run(t, os.Getenv("METHODTEST_FAULT")) }

func TestFaults(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for fault, part := range faults {
		t.Run(fault, func(t *testing.T) {
			cmd := exec.Command(self, "-test.run=^TestSound$/^"+part+"$")
			cmd.Env = append(os.Environ(), "METHODTEST_FAULT="+fault)
			out, err := cmd.CombinedOutput()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || !strings.Contains(string(out), "--- FAIL: TestSound/"+part) {
				t.Errorf("%q passed:\n%s", part, out)
			}
		})
	}
}
