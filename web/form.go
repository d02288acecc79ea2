package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/nidan-auth/nidan"
)

// maxForm is the largest form that is read (SECURITY R1).
const maxForm = 8 << 10

// A form is what a POST carried in its body, each field once. It never prints.
type form struct{ fields map[string]string }

// readForm reads a body strictly. Two fields of one name are refused rather
// than one of them chosen: what checks and what uses must see the same value.
func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.Header.Get("Content-Encoding") != "" {
		return form{}, &fault{status: http.StatusUnsupportedMediaType}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return form{}, &fault{status: http.StatusRequestEntityTooLarge}
		}
		return form{}, &fault{status: http.StatusBadRequest}
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return form{}, &fault{status: http.StatusBadRequest}
	}
	f := form{make(map[string]string, len(values))}
	for name, all := range values {
		if len(all) != 1 || !text(name) || !text(all[0]) {
			return form{}, &fault{status: http.StatusBadRequest}
		}
		f.fields[name] = all[0]
	}
	return f, nil
}

// text reports whether s is something that a person can have typed.
func text(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func (f form) text(name string) string { return f.fields[name] }

func (f form) secret(name string) nidan.Secret { return nidan.NewSecret(f.fields[name]) }

// ticked reports whether a box was ticked.
func (f form) ticked(name string) bool { return f.fields[name] == "yes" }
