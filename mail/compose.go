package mail

import (
	"cmp"
	"embed"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/catalogue"
)

//go:embed locale/*.json
var sentences embed.FS

// A Letterhead is what every mail has of the product. All of it comes from the
// configuration.
type Letterhead struct {
	Brand     string         // the product's name: in the subject, the sender and the text; 1 to 40 characters
	PublicURL string         // the address of the pages; every link is built on it
	Support   string         // whom to ask for help: an address, an https URL, or a sentence; may be empty
	Zone      *time.Location // of the times told; nil is UTC
	Languages []string       // tags of those that are written, the first one for whoever chose none of them; nil: all there are
}

// A Composer writes messages. It is safe for concurrent use.
type Composer struct {
	head      Letterhead
	base      base
	languages *catalogue.Set
}

// NewComposer checks the letterhead and reads the sentences.
func NewComposer(h Letterhead) (*Composer, error) {
	if n := utf8.RuneCountInString(h.Brand); n == 0 || n > 40 || strings.ContainsFunc(h.Brand, unseen) {
		return nil, fmt.Errorf("mail: the brand %q stands in every subject: it needs 1 to 40 characters that can be seen", h.Brand)
	}
	if strings.ContainsFunc(h.Support, unseen) {
		return nil, fmt.Errorf("mail: the support contact %q has characters in it that cannot be seen", h.Support)
	}
	b, err := newBase(h.PublicURL)
	if err != nil {
		return nil, err
	}
	if h.Zone == nil {
		h.Zone = time.UTC
	}
	set, err := catalogue.Load(sentences, "locale", h.Zone)
	if err != nil {
		return nil, err
	}
	if set, err = set.Only(h.Languages); err != nil {
		return nil, err
	}
	return &Composer{head: h, base: b, languages: set}, nil
}

// unseen finds what could end a header, or turn the direction of a text.
func unseen(r rune) bool { return !unicode.IsPrint(r) }

// Compose writes the message of a notice, in the language it asks for or in
// English. The notice must have a recipient. An error means that it will never
// be a message, and holds nothing of it.
func (c *Composer) Compose(n nidan.Notice) (Message, error) {
	f, ok := forms[n.Kind]
	if !ok {
		return Message{}, fmt.Errorf("mail: there are no sentences for notices of kind %q", n.Kind)
	}
	w := &letter{base: c.base, form: f, variant: variantOf(n), notice: n}
	w.language = c.languages.Of(n.Language).With(map[string]any{"brand": c.head.Brand, "service": cmp.Or(n.Kept, c.head.Brand)})
	if err := w.check(); err != nil {
		return Message{}, fmt.Errorf("mail: %s: %w", n.Kind, err)
	}
	w.write(c.head.Support)
	m := Message{
		To: n.To, Sender: c.head.Brand, Language: w.language.Tag(),
		Subject: w.sayWith("subject", "subject", w.say("subject")),
		Text:    plain(w.blocks, columns(w.language.Tag())),
	}
	if w.err != nil {
		return Message{}, fmt.Errorf("mail: %s: %w", n.Kind, w.err)
	}
	var err error
	if m.HTML, err = markup(m, c.head.Brand, n.Code, w.blocks); err != nil {
		return Message{}, fmt.Errorf("mail: %s: %w", n.Kind, err)
	}
	return m, nil
}
