package methodtest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
)

// secrets returns what a handout shows and nobody else may see.
func secrets(h nidan.Handout) []string {
	all := append([]string{h.URI, h.Key}, h.Codes...)
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (s suite) secrecy(t *testing.T) {
	d := s.enrol(t, 1)
	confirmed := s.confirm(nil, d, s.h.Confirm(d.Handout, start), start)
	answer := s.h.Answer(d.Handout, 0, login(0))
	checked := s.check(confirmed.State, answer, login(0))

	hidden := append(secrets(d.Handout), answer, string(d.State), string(confirmed.State), string(checked.State))
	for name, v := range map[string]any{
		"draft": d, "handout": d.Handout, "draft's state": d.State, "request": nidan.Enrolment{Old: confirmed.State},
		"confirmation": confirmed, "verdict": checked, "state": checked.State,
	} {
		var ways []string
		for how, printed := range prints(v) {
			if slices.ContainsFunc(hidden, func(secret string) bool { return shows(printed, secret) }) {
				ways = append(ways, how)
			}
		}
		if slices.Sort(ways); len(ways) > 0 {
			t.Errorf("the %s shows a secret when printed with %s", name, strings.Join(ways, ", "))
		}
	}
}

// prints returns v in the ways in which values end up in logs.
func prints(v any) map[string]string {
	out := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out[verb] = fmt.Sprintf(verb, v)
		out[verb+" of a pointer"] = fmt.Sprintf(verb, &v)
		out[verb+" inside a struct"] = fmt.Sprintf(verb, struct{ V any }{v})
		out[verb+" inside a slice"] = fmt.Sprintf(verb, []any{v})
	}
	for name, handler := range map[string]func(io.Writer) slog.Handler{
		"slog text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"slog JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("x", "v", v)
		out[name] = b.String()
	}
	return out
}

// shows reports whether a secret stands in what was printed, in any form.
func shows(printed, secret string) bool {
	decimals := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
	return slices.ContainsFunc([]string{
		secret,
		strings.Trim(fmt.Sprintf("%q", secret), `"`),
		hex.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)),
		decimals,
		strings.ReplaceAll(decimals, " ", ", "),
	}, func(form string) bool { return strings.Contains(printed, form) })
}
