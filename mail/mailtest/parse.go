package mailtest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

// A Mail is one message as it came.
type Mail struct {
	EnvelopeFrom string
	EnvelopeTo   string // several are joined by commas
	Hello        string // what the client called itself
	TLS          bool
	User         string // who had authenticated

	Header  mail.Header
	From    string // as a reader sees it: decoded
	To      string
	Subject string
	Text    string // lines end in \n
	HTML    string
	Raw     string
}

// Links returns the addresses that stand alone on a line of the text.
func (m Mail) Links() []string {
	var out []string
	for line := range strings.SplitSeq(m.Text, "\n") {
		if strings.Contains(line, "://") && !strings.Contains(line, " ") {
			out = append(out, line)
		}
	}
	return out
}

// Code returns the number that the last line binds to a host, or nothing.
func (m Mail) Code() string {
	_, code, ok := strings.Cut(m.Text[strings.LastIndexByte(m.Text, '\n')+1:], " #")
	if !ok || !strings.HasPrefix(m.Text[strings.LastIndexByte(m.Text, '\n')+1:], "@") {
		return ""
	}
	return code
}

// parse reads a message strictly: what it does not understand is an error, for
// a mailbox would not understand it either.
func parse(m Mail, raw []byte) (Mail, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.Raw, m.Header = string(raw), msg.Header
	for name, into := range map[string]*string{"From": &m.From, "To": &m.To, "Subject": &m.Subject} {
		if n := len(msg.Header[name]); n != 1 {
			return m, fmt.Errorf("there are %d headers %s", n, name)
		}
		if *into, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get(name)); err != nil {
			return m, fmt.Errorf("%s: %w", name, err)
		}
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	if kind != "multipart/alternative" {
		m.Text, err = body(textproto.MIMEHeader(msg.Header), msg.Body)
		return m, err
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		text, err := body(p.Header, p)
		if err != nil {
			return m, err
		}
		switch kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); kind {
		case "text/plain":
			m.Text = text
		case "text/html":
			m.HTML = text
		default:
			return m, fmt.Errorf("a part is %q", kind)
		}
	}
}

func body(h textproto.MIMEHeader, r io.Reader) (string, error) {
	switch enc := strings.ToLower(h.Get("Content-Transfer-Encoding")); enc {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "", "7bit", "8bit":
	default:
		return "", fmt.Errorf("encoded as %q", enc)
	}
	b, err := io.ReadAll(r)
	if text := strings.ReplaceAll(string(b), "\r\n", ""); strings.ContainsAny(text, "\r\n") {
		return "", errors.New("a line ends in something else than CRLF (RFC 2046 §4.1.1)")
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n"), err
}
