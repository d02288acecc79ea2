package server

import (
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"strconv"
)

// The demo's mailbox: what would have been mailed, to read on a page. It is
// there on loopback only, and answers only whoever calls it by a loopback name:
// another site's page that a name of its own leads here gets nothing.

//go:embed mailbox.html
var mailboxText string

var mailboxPage = template.Must(template.New("mailbox").Parse(mailboxText))

// mailboxPath is where it is.
const mailboxPath = "/mailbox"

// showMailbox answers GET /mailbox, and /mailbox?N with the Nth message alone.
func (s *Server) showMailbox(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	switch {
	case err != nil || !isLoopbackName(host):
		plainText(w, http.StatusForbidden, "The mailbox answers this machine only.\n")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		plainText(w, http.StatusMethodNotAllowed, "The mailbox is for reading.\n")
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	messages := s.mailbox.Messages()
	if n, err := strconv.Atoi(r.URL.RawQuery); err == nil {
		if n < 0 || n >= len(messages) {
			plainText(w, http.StatusNotFound, "There is no such message.\n")
			return
		}
		// The message as its reader gets it; its own style, no script, nothing
		// fetched.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(messages[n].HTML))
		return
	}
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_ = mailboxPage.Execute(w, messages) // whoever asked has gone
}
